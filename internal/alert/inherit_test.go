package alert

import (
	"testing"
	"time"
)

var closed = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

func TestAlertsInheritFromClosedCasesAlone(t *testing.T) {
	legacy := LegacyOf([]Case{
		{ID: "bad", Class: TruePositive, Opened: closed, Closed: closed},
		{ID: "open", Class: TruePositive, Opened: closed},
		{ID: "unsaid", Class: Unlabelled, Opened: closed, Closed: closed},
		{ID: "later", Class: FalsePositive, Opened: closed, Closed: closed.AddDate(0, 0, 1)},
	}, "2026-05-04")
	tests := []struct {
		cluster string
		class   Class
		by      Provenance
		want    Class
		wantBy  Provenance
	}{
		{"case\x1fbad", Unlabelled, "", TruePositive, Incident},
		{"case\x1fbad", FalsePositive, Analyst, FalsePositive, Analyst},
		{"case\x1fbad", FalsePositive, Automation, FalsePositive, Automation},
		{"case\x1fopen", Unlabelled, "", Unlabelled, ""},
		{"case\x1funsaid", Unlabelled, "", Unlabelled, ""},
		{"case\x1flater", Unlabelled, "", Unlabelled, ""},
		{"case\x1funknown", Unlabelled, "", Unlabelled, ""},
		{"bad\x1fhost\x1f2026-05-04", Unlabelled, "", Unlabelled, ""},
	}
	for _, tt := range tests {
		in := []Tally{{RuleID: "r", Cluster: tt.cluster, Class: tt.class, Provenance: tt.by, N: 3}}
		got := legacy.Tallies(in)
		if got[0].Class != tt.want || got[0].Provenance != tt.wantBy || got[0].N != 3 {
			t.Errorf("%q %s by %s: got %+v", tt.cluster, tt.class, tt.by, got[0])
		}
		if in[0].Class != tt.class {
			t.Errorf("%q: what was given was changed", tt.cluster)
		}
	}
}

func TestASingleAlertInheritsAsItsCountDoes(t *testing.T) {
	legacy := Legacy{"bad": TruePositive}
	a := &Alert{ID: "a", CaseID: "bad", Time: closed}
	if got := legacy.Alert(a); got.Disposition == nil || got.Disposition.Class != TruePositive || got.Disposition.Provenance != Incident || a.Disposition != nil {
		t.Errorf("got %+v of %+v", got.Disposition, a)
	}
	a.Disposition = &Disposition{Class: BenignPositive, Provenance: Analyst}
	if got := legacy.Alert(a); got != a {
		t.Errorf("its own label was lost: %+v", got.Disposition)
	}
	other := &Alert{ID: "b", Site: "case", Entity: "bad", Time: closed}
	if got := legacy.Alert(other); got != other {
		t.Errorf("an alert without a case inherited %+v", got.Disposition)
	}
}
