package batchfile_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// written writes a batch of n alerts, the youngest first, each with a statement.
func written(t *testing.T, dir, id string, number, n int) (batchfile.Part, batchfile.Head) {
	t.Helper()
	path := filepath.Join(dir, id+".parquet")
	w, err := batchfile.Create(path, id)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abandon()
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	for i := range n {
		a := &alert.Alert{ID: fmt.Sprint(id, "-", i), RuleID: "r", Time: at.Add(-time.Duration(i/3) * time.Minute), Entity: "h", Fields: map[string]string{"a": id},
			Disposition: &alert.Disposition{Class: alert.TruePositive, Time: at.Add(time.Duration(i) * time.Second), By: "ann", Provenance: alert.Analyst}}
		if err := w.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	h, sum, err := w.Seal(number, store.Batch{ID: id, Kind: "alerts", Hash: id})
	if err != nil {
		t.Fatal(err)
	}
	return batchfile.Part{Path: path, SHA256: sum}, h
}

// TestRowsKeepTheirHashInAnotherFile merges batches whose rows do not fill the room that is
// made for them at first, and takes one out again.
func TestRowsKeepTheirHashInAnotherFile(t *testing.T) {
	dir := t.TempDir()
	var parts []batchfile.Part
	var before []batchfile.Head
	for i, n := range []int{1500, 1, 3000} {
		p, h := written(t, dir, fmt.Sprint("b", i), i+1, n)
		parts, before = append(parts, p), append(before, h)
	}
	at := filepath.Join(dir, "merged.parquet")
	heads, sum, err := batchfile.Rewrite(context.Background(), at, parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range heads {
		if w := before[i]; h.Rows != w.Rows || h.RowsHash != w.RowsHash || h.Number != w.Number || h.Landed == nil || h.Landed.SHA256 != parts[i].SHA256 {
			t.Errorf("batch %d: %+v; was %+v", i, h, w)
		}
	}
	if is, err := batchfile.Sum(context.Background(), at); err != nil || is != sum {
		t.Errorf("the file has the hash %s, %v; said %s", is, err, sum)
	}
	hashes := checked(t, at)
	for _, w := range before {
		if hashes[w.Batch.ID] != w.RowsHash {
			t.Errorf("the rows of %s have the hash %s in the file; want %s", w.Batch.ID, hashes[w.Batch.ID], w.RowsHash)
		}
	}

	out := filepath.Join(dir, "out.parquet")
	heads, _, err = batchfile.Rewrite(context.Background(), out, []batchfile.Part{{Path: at, SHA256: sum, Only: "b2"}}, nil)
	if err != nil || len(heads) != 1 || heads[0].RowsHash != before[2].RowsHash || heads[0].Landed.SHA256 != parts[2].SHA256 {
		t.Errorf("taken out: %+v, %v", heads, err)
	}
}

// TestRowsThatGoLeaveThePlacesOfTheOthers drops every other row.
func TestRowsThatGoLeaveThePlacesOfTheOthers(t *testing.T) {
	dir := t.TempDir()
	p, was := written(t, dir, "b", 1, 10)
	at := filepath.Join(dir, "less.parquet")
	heads, _, err := batchfile.Rewrite(context.Background(), at, []batchfile.Part{p}, func(r batchfile.Row) bool { return r.Place%2 == 0 })
	if err != nil {
		t.Fatal(err)
	}
	h := heads[0]
	if h.Rows != 5 || h.RowsHash == was.RowsHash || h.Landed.Rows != 10 || h.Landed.RowsHash != was.RowsHash {
		t.Errorf("%+v; was %+v", h, was)
	}
	if got := checked(t, at)["b"]; got != h.RowsHash {
		t.Errorf("hash %s; the footer says %s", got, h.RowsHash)
	}
	if _, _, err := batchfile.Rewrite(context.Background(), at+"2", []batchfile.Part{p, p}, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a batch twice: %v", err)
	}
}

// checked returns the hashes over the rows of each batch of a file.
func checked(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := batchfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	hashes, err := f.Check(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}
