package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// reading are the commands that read, each of another part of a data folder.
var reading = [][]string{
	{"ledger", "verify"}, {"ledger", "list"}, {"attack", "show", "AN1543"}, {"attack", "search", "mail"}, {"assess", "--summary"},
	{"measure"}, {"next"}, {"gate", "AN1543", "--for", "reporting"}, {"evidence", "list"}, {"policy", "show"},
}

// demonstrated is a place whose data folder is filled as that of candor demo.
func demonstrated(t *testing.T, engine string) place {
	t.Helper()
	p := engined(t, engine)
	p.ok("demo", "--once", "--keep", "kept")
	if err := os.Rename(p.path("kept/data"), p.path("data")); err != nil {
		t.Fatal(err)
	}
	return p
}

// answers are what the commands that read come to.
func (p place) answers() []said {
	p.t.Helper()
	var all []said
	for _, args := range reading {
		s := p.run(args...)
		if s.code != 0 && s.code != 3 {
			p.t.Errorf("candor %s: exit code %d\n%s%s", strings.Join(args, " "), s.code, s.out, s.err)
		}
		all = append(all, s)
	}
	return all
}

// same compares what commands say of a folder that cannot be written with what they
// said before, and that each says once that it cannot.
func (p place) same(before []said) {
	p.t.Helper()
	for i, s := range p.answers() {
		if s.out != before[i].out || s.code != before[i].code {
			p.t.Errorf("candor %s: exit code %d, before %d\n%s\nbefore\n%s", strings.Join(reading[i], " "), s.code, before[i].code, s.out, before[i].out)
		}
		if opens := reading[i][0] != "policy"; opens && strings.Count(s.err, "cannot be written: it is read as it is") != 1 {
			p.t.Errorf("candor %s says\n%s", strings.Join(reading[i], " "), s.err)
		}
	}
}

// content is the name, size and time of every file of the data folder.
func (p place) content() string {
	p.t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(p.path("data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && !d.IsDir() {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return b.String()
}

// frozenMount makes the data folder one that is mounted for reading alone, until the
// test ends. A test that is not root's runs as the user who may not write.
func (p place) frozenMount() {
	p.t.Helper()
	at := p.path("data")
	if err := syscall.Mount(at, at, "", syscall.MS_BIND, ""); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			p.t.Skipf("only root can mount a folder: %v", err)
		}
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := syscall.Unmount(at, 0); err != nil {
			p.t.Error(err)
		}
	})
	if err := syscall.Mount("", at, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		p.t.Fatal(err)
	}
}

func TestAReadOnlyMountIsReadAndVerified(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := demonstrated(t, engine)
			before, content := p.answers(), p.content()
			p.frozenMount()
			p.same(before)
			p.fails([]string{"written", "next: "}, "evidence", "add", "feeds", p.feeds("more.csv"))
			p.fails([]string{"written", "next: "}, "policy", "set", p.policy())
			if now := p.content(); now != content {
				t.Errorf("before\n%safter\n%s", content, now)
			}
			p.servesReadOnly()
		})
	}
}

// policy writes a policy file and returns its name.
func (p place) policy() string {
	p.write("policy.yaml", p.ok("policy", "show", "--data", "none"))
	return "policy.yaml"
}

// servesReadOnly starts a server on a folder that cannot be written.
func (p place) servesReadOnly() {
	p.t.Helper()
	s := p.serve()
	for path, want := range map[string]int{"": 200, "ledger": 200, "api/v1/releases": 200} {
		answer, err := http.Get(s.address + path)
		if err != nil {
			p.t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			p.t.Errorf("%s: %s", path, answer.Status)
		}
	}
	answer, err := http.Post(s.address+"api/v1/alerts", "application/x-ndjson", strings.NewReader(`{"id":"a","rule_id":"r","time":"2026-05-04T00:00:00Z"}`))
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 503 || !strings.Contains(string(body), "cannot write to, and takes nothing") {
		p.t.Errorf("a push is answered with %s\n%s\n%v", answer.Status, body, err)
	}
	s.stop(p.t)
	if said := s.errs.String(); strings.Count(said, "cannot be written: it is read as it is") != 1 {
		p.t.Errorf("the server said\n%s", said)
	}
}

// TestWhatAKilledServerLeftIsReadWhereNothingCanBeWritten mounts the folder of a server
// that was killed, with its logs, and without what SQLite shares beside them.
func TestWhatAKilledServerLeftIsReadWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			for _, alone := range []bool{false, true} {
				p := demonstrated(t, engine)
				s := p.serve()
				p.ok("evidence", "add", "feeds", p.feeds("late.csv"))
				p.alerts("late.jsonl", 0, 100)
				p.ok("evidence", "add", "alerts", "late.jsonl")
				before := p.ok("evidence", "list")
				s.Process.Kill()
				s.Wait()
				if info, err := os.Stat(p.path("data/evidence.db-wal")); err != nil || info.Size() == 0 {
					t.Fatalf("a killed server left no log: %v", err)
				}
				if alone {
					for _, name := range []string{"evidence.db-shm", "library.db-shm"} {
						if err := os.Remove(p.path("data/" + name)); err != nil {
							t.Fatal(err)
						}
					}
				}
				p.frozenMount()
				content := p.content()
				if now := p.ok("evidence", "list"); now != before {
					t.Errorf("before\n%safter\n%s", before, now)
				}
				p.ok("ledger", "verify")
				p.ok("evidence", "history", "a-99")
				if now := p.content(); now != content {
					t.Errorf("before\n%safter\n%s", content, now)
				}
			}
		})
	}
}

func TestAFolderOnAFullDiskIsReadAndVerified(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			p := demonstrated(t, engine)
			before := p.answers()
			if err := os.Rename(p.path("data"), p.path("filled")); err != nil {
				t.Fatal(err)
			}
			d := p.disk(64 << 10)
			if out, err := exec.Command("cp", "-a", p.path("filled")+"/.", d.at).CombinedOutput(); err != nil {
				t.Fatalf("%s%v", out, err)
			}
			d.leave(0)
			for i, s := range p.answers() {
				if s.out != before[i].out || s.code != before[i].code {
					t.Errorf("candor %s: exit code %d\n%s%s", strings.Join(reading[i], " "), s.code, s.out, s.err)
				}
			}
		})
	}
}

// asNobody returns what makes a command that of a user who owns nothing. Only root can
// choose; whoever else runs the tests may not write to the folder either.
func asNobody(p place) func(*exec.Cmd) {
	p.t.Helper()
	program, err := exec.LookPath("candor")
	if err != nil {
		p.t.Fatal(err)
	}
	reachable := p.path("candor")
	if err := os.Link(program, reachable); err != nil {
		b, err := os.ReadFile(program)
		if err == nil {
			err = os.WriteFile(reachable, b, 0o755)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return func(c *exec.Cmd) {
		if os.Getuid() == 0 {
			const nobody = 65534
			c.Path, c.SysProcAttr = reachable, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}
		}
	}
}

// TestAFolderOfAnotherIsReadAndVerified runs the program as a user who may read the
// folder and not write to it.
func TestAFolderOfAnotherIsReadAndVerified(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := demonstrated(t, engine)
			before := p.answers()
			p.as = asNobody(p)
			for _, path := range []string{".", "data", "data/rejects", "data/alerts"} {
				if err := os.Chmod(p.path(path), 0o555); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { os.Chmod(p.dir, 0o755) })
			files, err := filepath.Glob(p.path("data/*"))
			batches, _ := filepath.Glob(p.path("data/alerts/*"))
			if err != nil || len(files) == 0 || len(batches) == 0 {
				t.Fatal(files, batches, err)
			}
			for _, f := range append(files, batches...) {
				if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() {
					if err := os.Chmod(f, 0o444); err != nil {
						t.Fatal(err)
					}
				}
			}
			content := p.content()
			p.same(before)
			p.fails([]string{"written", "next: "}, "evidence", "withdraw", "none", "--reason", "none")
			if now := p.content(); now != content {
				t.Errorf("before\n%safter\n%s", content, now)
			}
		})
	}
}
