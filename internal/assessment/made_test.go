package assessment_test

import (
	"slices"
	"testing"

	"candor/internal/assessment"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/telemetry"
)

func TestWhatWasMadeOfRulesAndTelemetry(t *testing.T) {
	b := newBench(t)
	b.add(evidence.RecordRule,
		detection.Rule{ID: "a", Origin: "sigma", Name: "Named", Enabled: true, Analytics: []string{"AN0001"}},
		detection.Rule{ID: "b", Origin: "sigma", Name: "Mapped", Enabled: true, Techniques: []string{"T1566"}, Platforms: []string{"Windows"},
			Logs: []detection.Log{{Name: "mail", Channel: "received"}}},
		detection.Rule{ID: "c", Origin: "lab", Name: "Elsewhere", Enabled: true, Techniques: []string{"T1566"}, Platforms: []string{"Linux"}},
		detection.Rule{ID: "d", Origin: "lab", Name: "Unknown", Enabled: true, Techniques: []string{"T9999"}},
		detection.Rule{ID: "e", Origin: "lab", Name: "Silent"},
	)
	feeds := b.add(evidence.RecordSource,
		telemetry.Source{Name: "mail", Channel: "received", Platforms: []string{"Windows"}}, telemetry.Source{Component: "Aplication Log Content"},
		telemetry.Source{Name: "mail", Platforms: []string{"Linux"}}, telemetry.Source{Component: "Application logs"})
	if m, err := b.Rules(t.Context(), request()); err != nil || len(m.Rules) != 5 || len(m.Rules[0].Why) != 1 {
		t.Errorf("without a release: %+v, error %v", m, err)
	}
	if m, err := b.Telemetry(t.Context(), request()); err != nil || len(m.Sources) != 4 || m.Sources[0].Why == "" {
		t.Errorf("without a release: %+v, error %v", m, err)
	}
	b.small()
	m, err := b.Rules(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		basis            claim.Basis
		claims, counting int
		why              string
	}{
		{claim.Explicit, 1, 1, ""}, {claim.TechniquePlatformLog, 2, 1, "another"}, {claim.Elsewhere, 2, 0, "is of Linux"}, {"", 0, 0, "unknown"}, {"", 0, 0, "names no technique"},
	} {
		r := m.Rules[i]
		if r.Basis != want.basis || len(r.Claims) != want.claims || r.Counting != want.counting || (want.why == "") != (len(r.Why) == 0) {
			t.Errorf("%s: basis %q, claims %+v, counting %d, why %q", r.ID, r.Basis, r.Claims, r.Counting, r.Why)
		}
		if r.Counting > 0 && !r.Claims[0].Counts {
			t.Errorf("%s: what counts does not come first", r.ID)
		}
	}
	if n := m.Rules[2].Nowhere; len(n) != 1 || n[0].Technique != "T1566" || !n[0].Only || n[0].Next == "" {
		t.Errorf("what the rule of Linux names in vain: %+v", n)
	}
	if n := m.Bases[4]; n.Basis != claim.Elsewhere || n.Rules != 1 {
		t.Errorf("%+v", m.Bases)
	}
	if n := m.Bases[0]; n.Basis != claim.Explicit || n.Rules != 1 || n.Enabled != 1 {
		t.Errorf("%+v", m.Bases)
	}
	for n, want := range map[assessment.Narrow][]string{
		{Text: "t1566"}: {"b", "c"}, {Source: "LAB"}: {"c", "d", "e"}, {Basis: "none"}: {"d", "e"}, {Basis: "elsewhere"}: {"c"}, {Basis: "technique"}: nil, {Text: "MAIL"}: {"b"}, {Batch: "x"}: nil, {Text: "named"}: {"a"},
	} {
		only, err := m.Only(n)
		var ids []string
		for _, r := range only.Rules {
			ids = append(ids, r.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%+v: %v, error %v", n, ids, err)
		}
	}
	if _, err := m.Only(assessment.Narrow{Basis: "x"}); fault.KindOf(err) != fault.Usage {
		t.Errorf("error %v", err)
	}
	s, err := b.Telemetry(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		analytics       int
		readAs, nearest string
		why             bool
	}{{1, "", "", false}, {0, "", "Application Log Content", true}, {0, "", "", true}, {1, "Application Log Content", "", false}} {
		got := s.Sources[i]
		if len(got.Analytics) != want.analytics || got.ReadAs != want.readAs || (got.Why != "") != want.why || want.nearest != "" && !slices.Contains(got.Nearest, want.nearest) || got.Batch != feeds {
			t.Errorf("source %d: %+v", i, got)
		}
	}
}
