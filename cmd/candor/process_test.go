package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is a folder in which candor is run.
type place struct {
	t   *testing.T
	dir string
	env []string // beside the machine's
	// as, if set, changes a command before it starts.
	as func(*exec.Cmd)
}

// newPlace returns a place whose data folder is "data". A test that fails leaves it.
func newPlace(t *testing.T, env ...string) place {
	t.Helper()
	dir, err := os.MkdirTemp("", "c") // a short path leaves room for a socket's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what is left lies in %s", dir)
			return
		}
		os.RemoveAll(dir)
	})
	return place{t: t, dir: dir, env: append(env, "CANDOR_DATA=data", "USER=ann", "NO_COLOR=1")}
}

// in is the same place seen from a folder of it.
func (p place) in(folder string) place {
	p.dir = filepath.Join(p.dir, folder)
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	return p
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }

func (p place) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) command(args ...string) *exec.Cmd {
	c := exec.Command("candor", args...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), p.env...)
	if p.as != nil {
		p.as(c)
	}
	return c
}

// said is what a command came to.
type said struct {
	out, err string
	code     int
}

// run runs candor to its end.
func (p place) run(args ...string) said {
	p.t.Helper()
	c := p.command(args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return said{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// ok runs candor, which must succeed, and returns its output.
func (p place) ok(args ...string) string {
	p.t.Helper()
	s := p.run(args...)
	if s.code != 0 {
		p.t.Fatalf("candor %s: exit code %d\n%s%s", strings.Join(args, " "), s.code, s.out, s.err)
	}
	return s.out
}

// fails runs candor, which must fail and say all of words.
func (p place) fails(words []string, args ...string) {
	p.t.Helper()
	s := p.run(args...)
	if s.code == 0 {
		p.t.Errorf("candor %s succeeded:\n%s", strings.Join(args, " "), s.out)
	}
	for _, w := range words {
		if !strings.Contains(s.err, w) {
			p.t.Errorf("candor %s did not say %q:\n%s", strings.Join(args, " "), w, s.err)
		}
	}
}

// listed is a batch as candor lists it.
type listed struct {
	ID                                      string
	Read, New, Updated, Unchanged, Rejected int64
}

// batches lists the batches by id.
func (p place) batches() map[string]listed {
	p.t.Helper()
	var list struct{ Batches []listed }
	if err := json.Unmarshal([]byte(p.ok("evidence", "list", "--limit", "0", "--json")), &list); err != nil {
		p.t.Fatal(err)
	}
	byID := map[string]listed{}
	for _, b := range list.Batches {
		if _, twice := byID[b.ID]; twice {
			p.t.Errorf("batch %s is listed twice", b.ID)
		}
		byID[b.ID] = b
	}
	return byID
}

// feeds writes a small file of feeds, and returns its name.
func (p place) feeds(name string) string {
	p.t.Helper()
	p.write(name, "date,source,channel,events,hosts\n2026-01-02,"+name+",b,1,1\n")
	return name
}

// alerts writes a file of n alerts in Candor's JSON Lines, numbered from first.
func (p place) alerts(name string, first, n int) {
	p.t.Helper()
	f, err := os.Create(p.path(name))
	if err != nil {
		p.t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	for i := first; i < first+n; i++ {
		fmt.Fprintf(w, `{"id":"a-%d","rule_id":"r%d","rule_name":"Rule %d","time":%q,"entity":"h%d","site":"s","fields":{"command":"%032x"}}`+"\n",
			i, i%7, i%7, at.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i%50, i*i)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		p.t.Fatal(err)
	}
}

// server is candor serve under way.
type server struct {
	*exec.Cmd
	address string
	errs    *bytes.Buffer
}

// serve starts a server, which is stopped when the test ends.
func (p place) serve(args ...string) *server {
	p.t.Helper()
	s, line := p.start(append([]string{"--addr", "127.0.0.1:0"}, args...)...)
	s.address = strings.Fields(line)[1]
	return s
}

// start begins to serve, and returns the first line that the server says.
func (p place) start(args ...string) (s *server, line string) {
	p.t.Helper()
	s = &server{Cmd: p.command(append([]string{"serve"}, args...)...), errs: &bytes.Buffer{}}
	s.Stderr = s.errs
	out, err := s.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Process.Kill(); s.Wait() })
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Wait()
		p.t.Fatalf("the server did not start: %v\n%s", err, s.errs)
	}
	go io.Copy(io.Discard, out)
	return s, line
}

// stop ends the server as an operator does.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, s.errs)
	}
}
