package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What pages are measured with, and what they are to reach.
const (
	readers    = 4     // connections, each with one request under way
	smallPage  = 60000 // bytes
	smallRatio = 0.15  // of the rate of /healthz
	largeRatio = 0.05
	slowest    = 25  // milliseconds, of 99 %
	coldest    = 150 // milliseconds, an overview after a batch
)

// pagesOf are the pages that are read, of the walk of the README.
var pagesOf = []string{
	"objects/AN1989", "objects/T1059.001", "", "matrix", "verdicts", "measurements", "next", "objects", "gates/AN1989", "reviews",
	"evidence", "ledger", "policy", "api/v1/objects/T1059.001", "api/v1/next", "static/candor.css", "suggest?text=powershell", "suggest?text=powershell&rungs=yes",
}

// pages measures how many pages a second a server of its own process answers on the
// README's walk, beside its own /healthz before and after each.
func pages(data string, each time.Duration) error {
	if data == "" {
		return errors.New("name the input with -data or CANDOR_TEST_DATA")
	}
	dir, err := os.MkdirTemp("", "candor-pages-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &pageServer{binary: filepath.Join(dir, "candor"), data: filepath.Join(dir, "data")}
	if err := build(s.binary); err != nil {
		return err
	}
	if err := s.walk(data); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	defer s.cmd.Process.Kill()
	if err := s.cold(dir); err != nil {
		return err
	}
	fmt.Printf("\n%-36s %9s %9s %9s %7s %7s %7s %7s\n", "page", "bytes", "a second", "healthz", "ratio", "target", "50 % ms", "99 % ms")
	for _, page := range pagesOf {
		if err := s.measure(page, each); err != nil {
			return err
		}
	}
	return s.stop()
}

// pageServer is a server in a process of its own.
type pageServer struct {
	binary, data, url string
	cmd               *exec.Cmd
	added             int // batches of one record
}

func (s *pageServer) candor(args ...string) error {
	if out, err := exec.Command(s.binary, append([]string{"--data", s.data}, args...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("candor %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// walk fills the data folder as the README does.
func (s *pageServer) walk(data string) error {
	alerts, err := filepath.Glob(filepath.Join(data, "alerts", "ait-ads", "*.csv.gz"))
	if err != nil {
		return err
	}
	attack := func(name string) string { return filepath.Join(data, "attack", name+"-attack-18.1.json.gz") }
	for _, args := range [][]string{
		{"attack", "import", attack("enterprise"), attack("ics")},
		{"evidence", "add", "rules", filepath.Join(data, "rules", "sigma-rules.tar.gz")},
		{"evidence", "add", "rules", "examples/ait/rules.csv"},
		{"evidence", "add", "telemetry", "examples/ait/telemetry.yaml"},
		{"evidence", "add", "feeds", "examples/ait/feeds.csv"},
		append([]string{"evidence", "add", "alerts", "--mapping", "examples/ait/mapping.yaml"}, alerts...),
	} {
		if err := s.candor(args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *pageServer) start(args ...string) error {
	s.cmd = exec.Command(s.binary, append([]string{"--data", s.data, "serve", "--addr", "127.0.0.1:0", "--json"}, args...)...)
	s.cmd.Stderr = os.Stderr
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		return err
	}
	var ready struct{ Serving string }
	err = json.Unmarshal([]byte(line), &ready)
	s.url = ready.Serving
	return err
}

func (s *pageServer) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil {
		return err
	}
	if usage, ok := s.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		fmt.Printf("%-44s %9.0f\n", "peak memory of the server, MB", float64(usage.Maxrss)*1024/1e6)
	}
	return nil
}

// cold times the overview after batches of several kinds, each of which another process
// has added, and once more when nothing has changed.
func (s *pageServer) cold(dir string) error {
	address := s.address("")
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	took, _, err := fetch(client, address)
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %9s %7s\n%-44s %9.1f\n", "overview", "ms", "target", "the first of a server", ms(took))
	for _, b := range []struct{ kind, name, text string }{
		{"alerts", "label.jsonl", `{"id":"cold-1","rule_id":"cold","time":"2022-01-20T10:00:00Z","disposition":"false_positive","disposition_time":"2022-01-20T11:00:00Z","disposition_by":"ann","provenance":"analyst"}` + "\n"},
		{"feeds", "feeds.csv", "date,source,channel,events,hosts\n2022-01-20,cold,cold,1,1\n"},
		{"rules", "rules.csv", "rule_id,name,enabled,techniques,analytics,log_sources,owner\ncold,Cold,true,T1059,,,\n"},
	} {
		path := filepath.Join(dir, b.name)
		if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
			return err
		}
		if err := s.candor("evidence", "add", b.kind, path); err != nil {
			return err
		}
		if took, _, err = fetch(client, address); err != nil {
			return err
		}
		fmt.Printf("%-44s %9.1f %7d\n", "after a batch of "+b.kind, ms(took), coldest)
	}
	if took, _, err = fetch(client, address); err == nil {
		fmt.Printf("%-44s %9.1f\n", "when nothing has changed", ms(took))
	}
	return err
}

func (s *pageServer) address(page string) string {
	switch {
	case page == "healthz", strings.HasPrefix(page, "static/"):
		return s.url + page
	case strings.HasPrefix(page, "api/v1/objects"):
		return s.url + page + "?release=18.1"
	case strings.Contains(page, "?"):
		return s.url + page + "&as_of=2022-01-31"
	}
	return s.url + page + "?as_of=2022-01-31"
}

// measure reads a page as often as it can, and /healthz for half of that time before
// and after.
func (s *pageServer) measure(page string, each time.Duration) error {
	before, _, _, err := s.rate("healthz", each/2)
	if err != nil {
		return err
	}
	if _, _, err := fetch(http.DefaultClient, s.address(page)); err != nil { // so that it is there
		return err
	}
	rate, size, took, err := s.rate(page, each)
	if err != nil {
		return err
	}
	after, _, _, err := s.rate("healthz", each/2)
	if err != nil {
		return err
	}
	healthy, target := (before+after)/2, smallRatio
	if size > smallPage {
		target = largeRatio
	}
	fmt.Printf("%-36s %9d %9.0f %9.0f %7.3f %7.2f %7.1f %7.1f  (%d)\n", "/"+page, size, rate, healthy, rate/healthy, target,
		ms(took[len(took)/2]), ms(took[len(took)*99/100]), slowest)
	return nil
}

// rate reads a page over all connections for a time, and returns how often a second it
// was answered, its size, and how long each answer took, shortest first.
func (s *pageServer) rate(page string, length time.Duration) (float64, int, []time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var errs []error
	var wg sync.WaitGroup
	size := 0
	start := time.Now()
	for range readers {
		wg.Go(func() {
			took, n, err := read(s.address(page), start.Add(length))
			mu.Lock()
			defer mu.Unlock()
			all, errs, size = append(all, took...), append(errs, err), n
		})
	}
	wg.Wait()
	wall := time.Since(start)
	slices.Sort(all)
	return float64(len(all)) / wall.Seconds(), size, all, errors.Join(errs...)
}

// read reads an address over one connection until a time.
func read(address string, until time.Time) (took []time.Duration, size int, err error) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	for time.Now().Before(until) {
		d, n, err := fetch(client, address)
		if err != nil {
			return nil, 0, err
		}
		took, size = append(took, d), n
	}
	return took, size, nil
}

func fetch(client *http.Client, address string) (time.Duration, int, error) {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return 0, 0, err
	}
	return do(client, r)
}

// do sends a request, and returns how long the answer took and how many bytes it has.
func do(client *http.Client, r *http.Request) (time.Duration, int, error) {
	start := time.Now()
	answer, err := client.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.URL, answer.Status)
	}
	return time.Since(start), int(n), err
}
