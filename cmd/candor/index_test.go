//go:build cgo && (linux || darwin) && (amd64 || arm64)

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheIndexIsDeletedWhileServing deletes the index of the alerts under a server, which
// answers and takes batches as before, and which is stopped or killed then: whoever comes
// next finds every alert.
func TestTheIndexIsDeletedWhileServing(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*server, *testing.T){
		"stopped": (*server).stop,
		"killed": func(s *server, t *testing.T) {
			if err := s.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			s.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, "CANDOR_ALERTS=duckdb")
			p.alerts("a.jsonl", 0, 500)
			p.alerts("b.jsonl", 400, 500)
			p.ok("evidence", "add", "alerts", "a.jsonl")
			measured := []string{"measure", "--rule", "r1", "--as-of", "2026-05-10", "--json"}
			s := p.serve()
			before := p.ok(measured...)
			if !strings.Contains(before, `"alerts": 72`) { // of 500, a seventh is of the rule
				t.Fatalf("measured %s", before)
			}
			left, err := filepath.Glob(p.path("data/alerts.index*"))
			if err != nil || len(left) == 0 {
				t.Fatalf("there is no index: %v", err)
			}
			for _, path := range left {
				err = errors.Join(err, os.Remove(path))
			}
			if err != nil {
				t.Fatal(err)
			}
			if after := p.ok(measured...); after != before {
				t.Errorf("the server answers\n%s\nand before\n%s", after, before)
			}
			if said := p.ok("evidence", "add", "alerts", "b.jsonl"); !strings.Contains(said, "400 new, 0 updated, 100 unchanged") {
				t.Errorf("the next batch: %s", said)
			}
			if after := p.ok(measured...); !strings.Contains(after, `"alerts": 129`) {
				t.Errorf("measured after the next batch %s", after)
			}
			if status, body := s.get(t, "api/v1/batches"); status != 200 || strings.Count(body, `"id":"alerts-`) < 2 {
				t.Errorf("%d: %s", status, body)
			}
			end(s, t)
			p.ok("ledger", "verify", "--deep")
			if after := p.ok(measured...); !strings.Contains(after, `"alerts": 129`) {
				t.Errorf("measured once the server is %s: %s", name, after)
			}
		})
	}
}
