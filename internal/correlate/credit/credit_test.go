package credit

import (
	"testing"

	"candor/internal/correlate"
)

func TestAChainJoinsWhatItsStagesSeeApart(t *testing.T) {
	sel := func(kind correlate.Kind, name string) []correlate.Selector {
		return []correlate.Selector{{Kind: kind, Name: name}}
	}
	all := []Chain{
		{Definition: "tactics", Stages: [][]correlate.Selector{sel(correlate.OfTactic, "reconnaissance"), sel(correlate.OfTactic, "TA0001")}, Why: "too few sites"},
		{Definition: "exact", Stages: [][]correlate.Selector{sel(correlate.OfTechnique, "T1589"), sel(correlate.OfTechnique, "T1566")}, Earned: true, Why: "enough"},
		{Definition: "one", Stages: [][]correlate.Selector{sel(correlate.OfTactic, "reconnaissance"), sel(correlate.OfRule, "r")}, Earned: true},
	}
	names := Place{"T1589.003", []string{"TA0043", "reconnaissance", "Reconnaissance"}}
	mail := Place{"T1566", []string{"TA0001", "initial-access"}}
	got := Of(all, names, mail)
	if len(got) != 2 || got[0].Definition != "exact" || got[1].Definition != "tactics" {
		t.Fatalf("joined by %+v", got)
	}
	if w := Words(got); w != "chain exact earned credit: enough (and 1 other chain)" {
		t.Error(w)
	}
	if w := Words(got[1:]); w != "chain tactics earned no credit: too few sites" {
		t.Error(w)
	}
	for _, to := range []Place{{"T15660", nil}, {"T1566", nil}, {"T1595", []string{"TA0043", "reconnaissance"}}} {
		if list := Of(all, Place{"T158", nil}, to); len(list) > 0 || Words(list) != "" {
			t.Errorf("%+v: %+v", to, list)
		}
	}
	// One stage that sees both lines nothing up.
	if list := Of(all[:1], names, Place{"T1595", []string{"reconnaissance"}}); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

func TestChainsAreGatheredWithWhatTheyLookAt(t *testing.T) {
	var l Lines
	if list := l.List(); list == nil || len(list) > 0 || Looked(list) != "" || Shortly(list) != "" {
		t.Errorf("of none: %v", list)
	}
	for _, with := range []string{"T1", "T2", "T1", "T3", "T4", "T5", "T6", "T7"} {
		l.Add([]Joined{{Definition: "weak", Why: "too few sites"}}, with)
	}
	l.Add([]Joined{{Definition: "strong", Earned: true, Why: "enough"}}, "T9")
	got := l.List()
	const want = "chain strong earned credit: enough; it lines this up with T9; " +
		"chain weak earned no credit: too few sites; it lines this up with T1, T2, T3, T4, T5 and 2 other techniques"
	if s := Looked(got); s != want {
		t.Errorf("it says %q", s)
	}
	if s := Shortly(got); s != "chain strong: credit; chain weak: no credit" {
		t.Errorf("it says %q", s)
	}
}
