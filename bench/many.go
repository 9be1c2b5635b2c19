package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/intake"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
)

const (
	fewBatches = 20
	perBatch   = 10  // alerts of each of the many batches
	mostMany   = 1.1 // what many batches may take beside few
)

// many measures what assessments cost in processor time over the same number of alerts in
// n merged batches and in few, in turn.
func many(data string, n, runs int) error {
	if data == "" || runs < 1 {
		return errors.New("name the input with -data or CANDOR_TEST_DATA, and run at least once")
	}
	dir, err := os.MkdirTemp("", "candor-many-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "candor")
	if err := build(binary); err != nil {
		return err
	}
	candor := func(folder string, args ...string) (taken, error) {
		return measure(exec.Command(binary, append([]string{"--data", filepath.Join(dir, folder)}, args...)...))
	}
	of := []struct {
		folder  string
		batches int
		busy    []time.Duration
	}{{"few", fewBatches, nil}, {"many", n, nil}}
	for _, x := range of {
		if _, err := candor(x.folder, "attack", "import", filepath.Join(data, "attack", "enterprise-attack-18.1.json.gz")); err != nil {
			return err
		}
		if err := landed(context.Background(), filepath.Join(dir, x.folder, "alerts"), x.batches, n*perBatch/x.batches); err != nil {
			return err
		}
		if _, err := candor(x.folder, "evidence", "compact"); err != nil { // builds the index, too
			return err
		}
	}
	for range runs {
		for i := range of {
			t, err := candor(of[i].folder, "assess", "--summary", "--as-of", "2026-05-31")
			if err != nil {
				return err
			}
			of[i].busy = append(of[i].busy, t.busy)
		}
	}
	fmt.Printf("%-52s %10s\n", fmt.Sprintf("assess --summary over %d alerts", n*perBatch), "seconds of processor time")
	for _, x := range of {
		fmt.Printf("%-52s %10.2f\n", fmt.Sprintf("in %d batches", x.batches), middle(x.busy).Seconds())
	}
	fmt.Printf("%-52s %10.2f of at most %.1f\n", "ratio", middle(of[1].busy).Seconds()/middle(of[0].busy).Seconds(), mostMany)
	return nil
}

// middle is the median of some times.
func middle(of []time.Duration) time.Duration {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

// landed makes a folder of so many batch files of so many alerts each, as pushing does.
func landed(ctx context.Context, dir string, batchesOf, each int) (err error) {
	s, err := scan.Open(ctx, dir, batches.Options{Write: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m := newMaker(batchesOf * each)
	for i := range batchesOf {
		b := store.Batch{ID: fmt.Sprintf("alerts-%012x", i), Kind: evidence.Alerts, Format: "candor-jsonl", Hash: fmt.Sprintf("%064x", i), By: intake.Author + "bench", Added: m.at}
		if _, _, err := s.Append(ctx, b, m.alerts(each)); err != nil {
			return err
		}
	}
	return nil
}

// alerts yields the next alerts.
func (m *maker) alerts(n int) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for range n {
			if a := m.next(); !yield(a.alert(), nil) {
				return
			}
		}
	}
}

// alert is what stores keep of it.
func (a *made) alert() *alert.Alert {
	x := &alert.Alert{ID: fmt.Sprintf("%016x%016x", a.id[0], a.id[1]), RuleID: fmt.Sprint("rule-", a.rule), Time: a.at, Site: fmt.Sprint("site-", a.host%3),
		Entity: fmt.Sprint("host-", a.host), Severity: "high", Source: "edr"}
	if a.class != "" {
		x.Disposition = &alert.Disposition{Class: alert.Class(a.class), Time: a.at.Add(time.Hour), By: "ann", Provenance: alert.Analyst}
	}
	return x
}
