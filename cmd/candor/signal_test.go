package main

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestASignalIsTheExitCode ends a command by signal while it imports.
func TestASignalIsTheExitCode(t *testing.T) {
	t.Parallel()
	for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		p := newPlace(t)
		p.alerts("many.jsonl", 0, 2_000_000)
		c := p.command("evidence", "add", "alerts", "many.jsonl", "--quiet")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for { // until it has the folder, it has not begun
			if _, err := os.Stat(p.path("data/writer.lock")); err == nil {
				break
			}
		}
		if err := c.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if code := c.ProcessState.ExitCode(); code != want {
			t.Errorf("%v: exit code %d, want %d", sig, code, want)
		}
	}
}

// TestAPortInUseIsToldBeforeAnythingIsMade has the port taken by another program.
func TestAPortInUseIsToldBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := newPlace(t)
	said := []string{l.Addr().String(), "already in use", "next: choose another port with --addr"}
	p.fails(said, "serve", "--addr", l.Addr().String())
	if s := p.run("demo", "--keep", "demo", "--addr", l.Addr().String()); s.code != 1 || strings.Contains(s.err, "making") {
		t.Errorf("demo: exit code %d: %s", s.code, s.err)
	}
	for _, made := range []string{"data", "demo"} {
		if _, err := os.Stat(p.path(made)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", made, err)
		}
	}
	p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
	p.fails(said, "serve", "--addr", l.Addr().String())
}
