package alert

import (
	"reflect"
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

func TestAnAlertOpenedAfterItsCaseWasClosedInheritsNothing(t *testing.T) {
	legacy := LegacyOf([]Case{{ID: "bad", Class: TruePositive, Opened: closed, Closed: closed}}, "2026-05-09")
	in := []Tally{
		{Cluster: "case\x1fbad", Class: Unlabelled, Opened: closed.Add(-time.Hour), N: 1},
		{Cluster: "case\x1fbad", Class: Unlabelled, Opened: closed, N: 2},
		{Cluster: "case\x1fbad", Class: Unlabelled, Opened: closed.Add(time.Nanosecond), N: 4},
	}
	got := legacy.Tallies(in)
	if got[0].Class != TruePositive || got[1].Class != TruePositive || got[2] != in[2] {
		t.Errorf("got %+v", got)
	}
}

func TestASingleAlertInheritsAsItsCountDoes(t *testing.T) {
	legacy := Legacy{"bad": {Class: TruePositive, At: closed}}
	a := &Alert{ID: "a", CaseID: "bad", Time: closed}
	if got := legacy.Alert(a); got.Disposition == nil || got.Disposition.Class != TruePositive || got.Disposition.Provenance != Incident || a.Disposition != nil {
		t.Errorf("got %+v of %+v", got.Disposition, a)
	}
	a.Disposition = &Disposition{Class: BenignPositive, Provenance: Analyst}
	if got := legacy.Alert(a); got != a {
		t.Errorf("its own label was lost: %+v", got.Disposition)
	}
	a.Disposition = &Disposition{Class: Unlabelled, Time: closed.Add(time.Hour), Provenance: Analyst}
	if got := legacy.Alert(a); got.Disposition.Class != TruePositive {
		t.Errorf("closed without a word after its case, it is %+v", got.Disposition)
	}
	for after, want := range map[time.Duration]*Disposition{
		-time.Hour: {AlertID: "a", Class: TruePositive, Time: closed, Provenance: Incident},
		0:          {AlertID: "a", Class: TruePositive, Time: closed, Provenance: Incident},
		time.Hour:  nil,
	} {
		a.Disposition = &Disposition{Class: Open, Time: closed.Add(after), Provenance: Analyst}
		if got := legacy.Alert(a).Disposition; !reflect.DeepEqual(got, want) {
			t.Errorf("open %s after its case was closed: %+v, want %+v", after, got, want)
		}
		if got := (Legacy{}).Alert(a).Disposition; got != nil {
			t.Errorf("open and in no closed case: %+v", got)
		}
	}
	other := &Alert{ID: "b", Site: "case", Entity: "bad", Time: closed}
	if got := legacy.Alert(other); got != other {
		t.Errorf("an alert without a case inherited %+v", got.Disposition)
	}
}
