package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// kills is how many times a test kills what it tests: as often as usual, or as is
// asked for.
func kills(usual int) int {
	switch {
	case os.Getenv("CANDOR_TEST_LONG") != "":
		return 60
	case testing.Short():
		return 2
	}
	return usual
}

// TestKilledImportsLoseNothing kills imports of alerts at random moments. Each file
// repeats half of the one before, so that what is there twice would be counted.
func TestKilledImportsLoseNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := engined(t, engine)
			const n = 3000
			p.alerts("0.jsonl", 0, n)
			start := time.Now()
			p.ok("evidence", "add", "alerts", "0.jsonl")
			whole := time.Since(start) // of an import; what is killed dies within it, mostly
			acknowledged, died := 1, 0
			for round := 1; died < kills(10); round++ {
				if round > 9*kills(10) {
					t.Fatalf("of %d imports %d were killed", round, died)
				}
				name := fmt.Sprintf("%d.jsonl", round)
				p.alerts(name, round*n/2, n)
				c := p.command("evidence", "add", "alerts", name)
				start = time.Now()
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				timer := time.AfterFunc(rand.N(whole*5/4), func() { c.Process.Kill() })
				err := c.Wait()
				timer.Stop()
				if err == nil {
					acknowledged, whole = acknowledged+1, time.Since(start)
				} else {
					died++
				}
				p.ok("ledger", "verify")
				p.whole(round, n, err == nil)
				if out := p.ok("evidence", "add", "alerts", name); !strings.Contains(out, "added") && !strings.Contains(out, "unchanged") {
					t.Errorf("round %d: importing again says %s", round, out)
				}
				p.whole(round, n, true)
			}
			t.Logf("%d imports were acknowledged, %d killed", acknowledged, died)
			p.ok("ledger", "verify")
		})
	}
}

// whole checks that the batches of all rounds are there, each whole and nothing
// twice; the one of this round must be there if it was acknowledged.
func (p place) whole(round int, n int64, acknowledged bool) {
	p.t.Helper()
	b := p.batches()
	if acknowledged && len(b) != round+1 || len(b) != round && len(b) != round+1 {
		p.t.Fatalf("round %d, acknowledged %t: %d batches", round, acknowledged, len(b))
	}
	for _, batch := range b {
		if batch.Read != n || batch.New != n && (batch.New != n/2 || batch.Unchanged != n/2) {
			p.t.Fatalf("round %d: batch %+v", round, batch)
		}
	}
}

// TestAFileThatChangesWhileItIsReadIsRefused appends to a file of alerts for as long
// as it is read. Files of records are tested with named pipes.
func TestAFileThatChangesWhileItIsReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"duckdb", "scan"} {
		t.Run(engine, func(t *testing.T) {
			p := engined(t, engine)
			p.alerts("first.jsonl", 0, 10)
			p.ok("evidence", "add", "alerts", "first.jsonl")
			p.alerts("grows.jsonl", 0, 5000)
			f, err := os.OpenFile(p.path("grows.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						fmt.Fprintf(f, `{"id":"more-%d","rule_id":"r","time":"2026-05-04T00:00:00Z"}`+"\n", i)
						time.Sleep(time.Millisecond) // so that the file grows, and does not run away from its reader
					}
				}
			}()
			p.fails([]string{"changed while it was read", "grows.jsonl", "next: "}, "evidence", "add", "alerts", "grows.jsonl")
			close(stop)
			<-stopped
			if b := p.batches(); len(b) != 1 {
				t.Errorf("batches %v", b)
			}
			p.ok("evidence", "add", "alerts", "grows.jsonl")
			p.ok("ledger", "verify")
		})
	}
}
