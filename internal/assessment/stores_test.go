//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package assessment_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/evidence"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/duckdb"
)

// TestTwoStoresOfTheSameAlertsGiveTheSameStatements asks a service on batch files and
// one on DuckDB, in which the same alerts landed in the same batches, whatever
// rests on them.
func TestTwoStoresOfTheSameAlertsGiveTheSameStatements(t *testing.T) {
	for seed := range 8 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b := newBench(t).small()
			b.feed()
			named := rule
			named.Aliases = []string{"alias"}
			b.add(evidence.RecordRule, named)
			b.add(evidence.RecordCase, incident("c1", 5, alert.FoundByHunt), incident("c2", 8, alert.FoundByAlert))
			folder := filepath.Join(t.TempDir(), "alerts")
			columns, err := batches.Open(t.Context(), folder, duckdb.Engine(folder+".index", folder), batches.Options{Write: true})
			if err != nil {
				t.Fatal(err)
			}
			defer columns.Close()
			for i := range 2 {
				as := rapid.SliceOfN(rapid.Custom(drawAlert), 10, 60).Example(2*seed + i)
				for _, s := range []store.Alerts{b.alerts, columns} {
					landed(t, s, fmt.Sprint("b", i), as)
				}
			}
			if diff := cmp.Diff(statements(t, b.Service), statements(t, assessment.New(b.lib, b.ev, columns))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// drawAlert draws an alert of few rules, entities, days and cases.
func drawAlert(t *rapid.T) alert.Alert {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	a := alert.Alert{ID: fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "id")), RuleID: pick("rule", "r1", "alias", "other"), RuleName: pick("name", "Phishing mail", "Phishing", ""),
		Time: asOf.AddDate(0, 0, -rapid.IntRange(0, 100).Draw(t, "ago")), Entity: pick("entity", "", "h1", "h2", "h3"), CaseID: pick("case", "", "", "c1", "c2", "c3")}
	if rapid.Bool().Draw(t, "said") {
		a.Disposition = &alert.Disposition{Class: rapid.SampledFrom(alert.Classes()).Draw(t, "class"), Provenance: rapid.SampledFrom([]alert.Provenance{alert.Analyst, alert.Automation}).Draw(t, "by"),
			Time: a.Time.AddDate(0, 0, rapid.IntRange(0, 3).Draw(t, "after"))}
	}
	return a
}

// statements is what a service says that rests on alerts.
func statements(t *testing.T, s *assessment.Service) []any {
	check := func(v any, err error) any {
		if err != nil {
			return err.Error()
		}
		return v
	}
	m, err := s.Measure(t.Context(), request(), true)
	out := []any{check(m, err)}
	a, err := s.Assess(t.Context(), request())
	out = append(out, check(a, err))
	p, err := s.Next(t.Context(), request(), 0)
	out = append(out, check(p, err))
	r, err := s.Review(t.Context(), request(), "c1")
	return append(out, check(r, err))
}
