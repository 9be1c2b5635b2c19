//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
)

// answers is all that an alert store says.
type answers struct {
	Batches      []store.Batch
	Tallies      []alert.Tally
	Rules        []store.AlertRule
	Dispositions map[string][]alert.Disposition
	Alerts       []alert.Alert
	Durations    []alert.Duration
	Known        map[string]bool
}

// ask asks a store about everything.
func ask(t *rapid.T, s store.Alerts, ids, rules []string) (a answers) {
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Batches(t.Context())
	check(err)
	a.Batches = slices.Clone(list)
	for i := range a.Batches {
		a.Batches[i].Content, a.Batches[i].RowsHash = "", "" // two engines need not agree on it
	}
	a.Tallies, err = s.Tallies(t.Context(), "2026-05-01", "2026-05-31")
	check(err)
	a.Rules, err = s.Rules(t.Context())
	check(err)
	for i := range a.Rules {
		a.Rules[i].Name, a.Rules[i].Batches = "", nil // two engines need not agree on them
	}
	a.Dispositions = map[string][]alert.Disposition{}
	for _, id := range ids {
		list, err := s.Dispositions(t.Context(), id)
		if err != nil {
			list = []alert.Disposition{{Word: err.Error()}}
		}
		a.Dispositions[id] = list
	}
	a.Durations, err = s.Durations(t.Context(), "", "", time.Date(2026, 5, 4, 13, 30, 0, 0, time.UTC))
	check(err)
	a.Known, err = s.Known(t.Context(), ids)
	check(err)
	for _, rule := range rules {
		for al, err := range s.Each(t.Context(), rule, "", "") {
			check(err)
			a.Alerts = append(a.Alerts, *al)
		}
	}
	return a
}

// drawn draws an alert from few values of each field, so that they collide. The
// name of a rule is the same throughout a batch.
func drawn(name string) *rapid.Generator[*alert.Alert] {
	return rapid.Custom(func(t *rapid.T) *alert.Alert {
		pick := func(what string, values ...string) string { return rapid.SampledFrom(values).Draw(t, what) }
		at := time.Date(2026, 5, 4, 12, 0, 0, 1, time.UTC).Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 13, -40}).Draw(t, "hours")) * time.Hour)
		a := &alert.Alert{
			ID: pick("id", "a", "b", "c", "d", "e", "f"), RuleID: pick("rule", "r1", "r1", "r2", "r3"), RuleName: name, Time: at,
			Site: pick("site", "", "s", "s\x1fh1"), Entity: pick("entity", "", "h1", "h2", "h1\x1fh2"), CaseID: pick("case", "", "", "c1", "c2"),
			Severity: pick("severity", "", "high"), Tactic: pick("tactic", "", "impact"), Source: pick("source", "", "edr"),
			Techniques: rapid.SampledFrom([][]string{nil, nil, {"T1"}, {"T1", "T2"}}).Draw(t, "techniques"),
		}
		if score := rapid.SampledFrom([]float64{-1, 0, 0.5}).Draw(t, "score"); score >= 0 {
			a.Score = &score
		}
		if value := pick("value", "", "ann", "\"<ü>\n\u2028"); value != "" {
			a.Fields = map[string]string{pick("field", "user", "author"): value, pick("field", "user", "host"): value}
		}
		if rapid.IntRange(0, 3).Draw(t, "partial at 0") == 0 {
			a.RuleID, a.RuleName, a.Time = "", "", time.Time{}
		}
		if rapid.Bool().Draw(t, "judged") {
			a.Disposition = &alert.Disposition{
				Class: rapid.SampledFrom(alert.Classes()).Draw(t, "class"), Word: pick("word", "", "w"),
				Time: at.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "said")) * time.Hour), By: pick("by", "", "ann"),
				Provenance: rapid.SampledFrom([]alert.Provenance{alert.Analyst, alert.Automation}).Draw(t, "provenance"),
			}
		}
		return a
	})
}

func all(alerts []*alert.Alert) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for _, a := range alerts {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func TestBothEnginesAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		other, err := scan.Open(rt.Context(), filepath.Join(dir, "alerts"), batches.Options{Write: true})
		if err != nil {
			rt.Fatal(err)
		}
		defer other.Close()
		s := openAlerts(t, dir)
		defer s.Close()
		s.Confine(rapid.SampledFrom([]int{3, 1000}).Draw(rt, "terms"), rapid.SampledFrom([]int{2, 5, 1000}).Draw(rt, "slice"))
		for n := range rapid.IntRange(1, 4).Draw(rt, "batches") {
			if n > 0 && rapid.IntRange(0, 3).Draw(rt, "withdraw at 0") == 0 {
				batch, w := fmt.Sprintf("b%d", rapid.IntRange(0, n-1).Draw(rt, "withdrawn")), store.Withdrawal{At: time.Unix(1, 0), Reason: "why"}
				want, got := other.Withdraw(rt.Context(), batch, w), s.Withdraw(rt.Context(), batch, w)
				if fault.KindOf(want) != fault.KindOf(got) {
					rt.Fatalf("withdraw %s: scan says %v, duckdb %v", batch, want, got)
				}
			}
			id := fmt.Sprintf("b%d", n)
			alerts := rapid.SliceOfN(drawn(rapid.SampledFrom([]string{"", "Name", "Other name"}).Draw(rt, "name")), 0, 12).Draw(rt, id)
			want, _, err := other.Append(rt.Context(), store.Batch{ID: id, Kind: "alerts", Hash: id}, all(alerts))
			if err != nil && fault.KindOf(err) != fault.NotFound { // of a statement about an unknown alert
				rt.Fatal(err)
			}
			got, _, again := s.Append(rt.Context(), store.Batch{ID: id, Kind: "alerts", Hash: id}, all(alerts))
			if fault.KindOf(again) != fault.KindOf(err) {
				rt.Fatalf("batch %s: scan says %v, duckdb %v", id, err, again)
			}
			want.Content, want.RowsHash, got.Content = "", "", ""
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("batch %s (-scan +duckdb):\n%s", id, diff)
			}
		}
		ids, rules := []string{"a", "b", "c", "d", "e", "f", ""}, []string{"r1", "r2", "r3", "r4"}
		slices.Sort(ids)
		if diff := cmp.Diff(ask(rt, other, ids, rules), ask(rt, s, ids, rules)); diff != "" {
			rt.Fatalf("answers (-scan +duckdb):\n%s", diff)
		}
		if found := findings(rt, s); len(found) > 0 {
			rt.Fatalf("the audit of an honest store found %v", found)
		}
	})
}
