package main

import (
	"os"
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
