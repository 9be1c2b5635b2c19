package storetest

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
	"candor/internal/evidence"
	"candor/internal/store"
)

const (
	// killEnv names the folder that a copy of the test binary writes to.
	killEnv = "CANDOR_WRITE_UNTIL_KILLED"
	// PerBatch is how many alerts or records a batch of KillBatch or KillRecords brings.
	PerBatch = 400
)

// Killing is a test that kills a process which writes.
type Killing struct {
	Rounds int
	Within time.Duration // of an acknowledgement, one of the first three
	// Write writes to the stores in dir for good, and tells landed what is there.
	Write func(t *testing.T, dir string, landed func(id string))
	// Check looks at what a kill left; acknowledged has all that ever landed.
	Check func(t *testing.T, dir string, acknowledged map[string]bool)
}

// Run starts the test binary again to write, kills it at random moments, and looks
// at what it left. It is to be all that its test does.
func (k *Killing) Run(t *testing.T) {
	if dir := os.Getenv(killEnv); dir != "" {
		k.Write(t, dir, func(id string) { fmt.Println(id) })
		return
	}
	dir, rounds := t.TempDir(), k.Rounds
	if testing.Short() {
		rounds = max(3, rounds/5)
	}
	acknowledged := map[string]bool{}
	for round := range rounds {
		after := 1 + rand.IntN(3)
		delay := time.Duration(rand.Int64N(int64(k.Within)))
		for _, id := range killed(t, dir, after, delay) {
			acknowledged[id] = true
		}
		t.Logf("round %d: killed %v after %d acknowledgements", round, delay, after)
		t.Run(strconv.Itoa(round), func(t *testing.T) { k.Check(t, dir, acknowledged) })
	}
	if len(acknowledged) < rounds {
		t.Errorf("only %d batches were acknowledged", len(acknowledged))
	}
}

// killed runs a process that writes, kills it delay after something was
// acknowledged so many times, and returns all that was.
func killed(t *testing.T, dir string, after int, delay time.Duration) (acknowledged []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
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
		t.Fatalf("the writing process ended by itself after %q: %v", acknowledged, err)
	}
	return acknowledged
}

// KillAlerts appends batch n of alerts, which brings PerBatch alerts and labels
// those of the one before.
func KillAlerts(t *testing.T, s store.Alerts, n int, landed func(id string)) {
	t.Helper()
	b := KillBatch(n)
	if _, _, err := s.Append(context.Background(), b, AlertsOf(n)); err != nil {
		t.Fatal(err)
	}
	landed(b.ID)
}

// KillBatch is batch n of alerts.
func KillBatch(n int) store.Batch {
	id := fmt.Sprintf("alerts-%d", n)
	return store.Batch{ID: id, Kind: evidence.Alerts, Hash: id}
}

// AlertsOf yields what batch n brings.
func AlertsOf(n int) iter.Seq2[*alert.Alert, error] {
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	return func(yield func(*alert.Alert, error) bool) {
		for i := range PerBatch {
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

// KillRecords yields PerBatch records that supersede those of the batch before n.
func KillRecords(n int) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for i := range PerBatch {
			if !yield(store.Record{Kind: evidence.RecordRule, Key: strconv.Itoa(i), Body: fmt.Appendf(nil, "body %d", n)}, nil) {
				return
			}
		}
	}
}

// AllThere checks that all acknowledged batches are there.
func AllThere(t *testing.T, batches []store.Batch, acknowledged map[string]bool) {
	t.Helper()
	there := map[string]bool{}
	for _, b := range batches {
		there[b.ID] = true
	}
	for id := range acknowledged {
		if !there[id] {
			t.Errorf("batch %s was acknowledged and is lost", id)
		}
	}
}

// WholeAlerts checks that s holds n batches of KillAlerts whole: all alerts are
// counted, and all but those of the last are labelled.
func WholeAlerts(t *testing.T, s store.Alerts, n int64) {
	t.Helper()
	list, err := s.Tallies(t.Context(), &alert.Question{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[alert.Class]int64{}
	for _, c := range list {
		got[c.Class] += c.N
	}
	if got[alert.Unlabelled] != PerBatch || got[alert.TruePositive] != (n-1)*PerBatch {
		t.Errorf("alerts of %d batches by class: %v", n, got)
	}
	rules, err := s.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rules[0].Alerts != n*PerBatch || int64(len(rules[0].Batches)) != n {
		t.Errorf("alerts of %d batches: rule %+v", n, rules[0])
	}
}
