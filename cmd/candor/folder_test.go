package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFoldersOfEarlierVersionsAreOpened opens data folders as earlier versions left them, each
// of which every later version must open, verify to the last alert and write to. None of them
// is made anew: a version that changes a store adds one.
func TestFoldersOfEarlierVersionsAreOpened(t *testing.T) {
	t.Parallel()
	for name, was := range map[string]struct {
		root, day string
		// counts are what was counted of a rule, which no later version may count otherwise.
		counts []string
	}{
		"2026-11": {root: "92d0c563969bf889ec164fc2db53879aed212c5959a0630380e2c9fe94dfe0d6", day: "2026-11-30",
			counts: []string{`"alerts": 3249,`, `"true_positive": 23,`, `"benign_positive": 267,`, `"false_positive": 2453,`, `"labels_not_counted": 302,`}},
	} {
		p := newPlace(t)
		p.unpack(filepath.Join("testdata", "folder", name+".tar.gz"))
		if out := p.ok("ledger", "verify", "--deep", "--json"); !strings.Contains(out, `"root": "`+was.root+`"`) || !strings.Contains(out, `"ok": true`) {
			t.Errorf("%s: %s", name, out)
		}
		measured := p.ok("measure", "--as-of", was.day, "--json")
		for _, c := range was.counts {
			if !strings.Contains(measured, c) {
				t.Errorf("%s: nothing counts %s", name, c)
			}
		}
		before := len(p.batches())
		p.ok("evidence", "add", "feeds", p.feeds("f.csv"))
		if got := len(p.batches()); got != before+1 {
			t.Errorf("%s: %d batches, then %d", name, before, got)
		}
		p.ok("ledger", "verify", "--deep")
		p.ok("assess", "--as-of", was.day, "--summary")
	}
}

// unpack makes the data folder what an archive holds.
func (p place) unpack(archive string) {
	p.t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		p.t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			p.t.Fatal(err)
		}
		at := p.path(h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(at, 0o700)
		} else {
			var b []byte
			if b, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(at, b, 0o600)
			}
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}
