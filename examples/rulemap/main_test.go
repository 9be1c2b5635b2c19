package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/assure"
)

// TestTheStudy is what the public map shows, counted from it and the shared Sigma rules.
func TestTheStudy(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA names no folder of real data")
	}
	s, err := read(t.Context(), dir, "18.1")
	if err != nil {
		t.Fatal(err)
	}
	want := tagged{Tests: 522, Untagged: 23, Same: 236, Parent: 11, Other: 177, Lacking: 6, None: 69}
	if got := s.byTag(); got != want || got.Of() != 499 {
		t.Errorf("by tag: %+v, %d in all; want %+v", got, got.Of(), want)
	}
	got, sum := s.judged(), 0
	for _, n := range got.Bases {
		sum += n
	}
	if got.Bases[assure.Corroborated] == 0 || got.Bases[assure.Silent] == 0 || sum != got.Tests || got.Borne == 0 || got.Borne >= got.Claimed {
		t.Errorf("judged: %+v", got)
	}
	var out bytes.Buffer
	got.print(&out)
	if !strings.Contains(out.String(), "Times and hosts are synthetic") {
		t.Error(out.String())
	}
	into := t.TempDir()
	if err := s.write(into); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(filepath.Join(into, "exercises.csv"))
	if err != nil || bytes.Count(rows, []byte("\n")) != 523 {
		t.Errorf("%d lines of exercises, %v", bytes.Count(rows, []byte("\n")), err)
	}
}

// TestTagsAreCompared needs no data: one test for each way in which rules can fire.
func TestTagsAreCompared(t *testing.T) {
	s := made(t)
	want := tagged{Tests: 6, Untagged: 1, Same: 1, Parent: 1, Other: 1, Lacking: 1, None: 1}
	if got := s.byTag(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	var out bytes.Buffer
	s.byTag().print(&out)
	if !strings.Contains(out.String(), "6 tests that were run, 5 of them") || !strings.Contains(out.String(), "which flatters") {
		t.Error(out.String())
	}
	for i, a := range s.alerts(0) {
		if e := s.exercise(0); i > 0 || a.RuleID != "id-1" || a.Entity != e.Host || a.Time.Sub(e.Time) != 3*time.Minute {
			t.Errorf("%+v", a)
		}
	}
}
