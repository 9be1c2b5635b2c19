package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAKilledBackupLeavesNothing kills a backup while it copies the stores, which the
// folder that it makes for them tells, and then runs another command.
func TestAKilledBackupLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := engined(t, engine)
			p.alerts("many.jsonl", 0, 20_000)
			p.ok("evidence", "add", "alerts", "many.jsonl")
			there := p.in("backups")
			killed := false
			for try := 0; try < 10 && !killed; try++ {
				c := p.command("backup", "backups/b.tar.gz")
				var errs bytes.Buffer
				c.Stderr = &errs
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- c.Wait() }()
				for waiting := true; waiting && !killed; {
					select {
					case err := <-ended:
						if err != nil {
							t.Fatalf("%v\n%s", err, errs.String())
						}
						waiting = false
						if err := os.Remove(there.path("b.tar.gz")); err != nil {
							t.Fatal(err)
						}
					default:
						if files, _ := filepath.Glob(there.path(".candor-backup-*/*")); len(files) > 0 {
							c.Process.Signal(syscall.SIGKILL)
							killed = <-ended != nil
							waiting = false
						}
					}
				}
			}
			if left, _ := os.ReadDir(there.dir); !killed || len(left) == 0 {
				t.Fatalf("killed %t, left %v", killed, left)
			}
			p.ok("evidence", "list")
			if left, err := os.ReadDir(there.dir); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
			p.ok("backup", "backups/b.tar.gz")
			if s := p.run("restore", "backups/b.tar.gz", "--data", "restored"); s.code != 0 || !strings.Contains(s.err, "unpacking ") {
				t.Errorf("exit code %d\n%s%s", s.code, s.out, s.err)
			}
		})
	}
}
