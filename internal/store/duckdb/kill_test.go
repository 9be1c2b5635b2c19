//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"bufio"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/store"
)

const (
	// killEnv names the folder that a copy of the test binary appends to.
	killEnv = "CANDOR_APPEND_UNTIL_KILLED"
	// perBatch is how many new alerts each batch brings.
	perBatch = 400
)

// TestNothingAcknowledgedIsLostToKill kills a process that appends batches, at
// random moments, and looks at what it left.
func TestNothingAcknowledgedIsLostToKill(t *testing.T) {
	if dir := os.Getenv(killEnv); dir != "" {
		appendUntilKilled(t, dir)
		return
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	rounds := 10
	if long() {
		rounds = 50
	}
	for round := range rounds {
		after := 1 + rand.IntN(3)
		delay := time.Duration(rand.Int64N(int64(60 * time.Millisecond)))
		for _, id := range killedAppender(t, dir, after, delay) {
			acknowledged[id] = true
		}
		t.Logf("round %d: killed %v after %d acknowledged batches", round, delay, after)
		t.Run(strconv.Itoa(round), func(t *testing.T) { checkWhole(t, dir, acknowledged) })
	}
	if len(acknowledged) < rounds {
		t.Errorf("only %d batches were acknowledged", len(acknowledged))
	}
}

// killedAppender runs a process that appends, kills it delay after some batches
// were acknowledged, and returns all that were.
func killedAppender(t *testing.T, dir string, after int, delay time.Duration) (acknowledged []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingAcknowledgedIsLostToKill$")
	cmd.Env = append(os.Environ(), killEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == after {
			time.AfterFunc(delay, func() { cmd.Process.Kill() })
		}
	}
	err = cmd.Wait()
	if len(acknowledged) < after || cmd.ProcessState.Exited() {
		t.Fatalf("the appending process ended by itself after %q: %v", acknowledged, err)
	}
	return acknowledged
}

// appendUntilKilled appends batches and prints the id of each that landed.
func appendUntilKilled(t *testing.T, dir string) {
	ctx := context.Background()
	s := openAlerts(t, dir)
	s.Confine(1000, perBatch/2) // so that a kill can come between two slices
	landed, err := s.Batches(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for n := len(landed); ; n++ {
		id := fmt.Sprintf("alerts-%d", n)
		if _, _, err := s.Append(ctx, store.Batch{ID: id, Kind: "alerts", Hash: id}, killAlerts(n)); err != nil {
			t.Fatal(err)
		}
		fmt.Println(id)
	}
}

// killAlerts yields the new alerts of batch n and labels those of the one before.
func killAlerts(n int) iter.Seq2[*alert.Alert, error] {
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	return func(yield func(*alert.Alert, error) bool) {
		for i := range perBatch {
			a := &alert.Alert{ID: fmt.Sprintf("%d-%d", n, i), RuleID: "r", Time: at, Entity: fmt.Sprintf("h%d", i%50)}
			if !yield(a, nil) {
				return
			}
			if n == 0 {
				continue
			}
			b := *a
			b.ID = fmt.Sprintf("%d-%d", n-1, i)
			b.Disposition = &alert.Disposition{Class: alert.TruePositive, Time: at, Provenance: alert.Analyst}
			if !yield(&b, nil) {
				return
			}
		}
	}
}

// checkWhole checks that the store in dir holds what was acknowledged, and holds
// each batch that it lists whole: all alerts, and all but those of the last
// labelled.
func checkWhole(t *testing.T, dir string, acknowledged map[string]bool) {
	s := openAlerts(t, dir)
	batches, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, b := range batches {
		there[b.ID] = true
	}
	for id := range acknowledged {
		if !there[id] {
			t.Errorf("batch %s was acknowledged and is lost", id)
		}
	}
	n := int64(len(batches))
	tallies, err := s.Tallies(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[alert.Class]int64{}
	for _, c := range tallies {
		got[c.Class] += c.N
	}
	if got[alert.Unlabelled] != perBatch || got[alert.TruePositive] != (n-1)*perBatch {
		t.Errorf("alerts of %d batches by class: %v", n, got)
	}
	rules, err := s.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rules[0].Alerts != n*perBatch || int64(len(rules[0].Batches)) != n {
		t.Errorf("alerts of %d batches: rule %+v", n, rules[0])
	}
}
