package attack_test

import (
	"testing"
	"time"

	"candor/internal/attack"
)

func TestADecisionHoldsFromItsReleaseOnWhereTheIDIsNotInForce(t *testing.T) {
	at := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	rule := attack.Holder{Kind: attack.OfRule, ID: "r1"}
	all := []attack.Decision{
		{Domain: "enterprise-attack", Release: "19.0", ID: "T1562", To: []string{"T1685"}, At: at(1)},
		{Domain: "enterprise-attack", Release: "9.0", ID: "T1562", To: []string{"T9"}, At: at(9)},
		{Domain: "enterprise-attack", Release: "19.0", ID: "T1562", Holder: rule, To: []string{"T1686"}, At: at(1)},
		{Domain: "enterprise-attack", Release: "19.0", ID: "T1000", To: []string{"T1"}, At: at(1)},
		{Domain: "ics-attack", Release: "18.0", ID: "T1562", To: []string{"T0"}, At: at(3)},
		{Domain: "enterprise-attack", Release: "19.0", ID: "T1600", To: []string{"T1"}, At: at(1), Withdrawn: true},
	}
	objects := []*attack.Object{
		{ID: "t--1562", Kind: attack.KindTechnique, ATTACKID: "T1562", Revoked: true},
		{ID: "t--1000", Kind: attack.KindTechnique, ATTACKID: "T1000"},
	}
	view := func(version string) *attack.Library {
		return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: version}, objects).WithDecisions(all)
	}
	for _, c := range []struct {
		version string
		h       attack.Holder
		id, to  string
	}{
		{"19.0", attack.Holder{}, "T1562", "T1685"},
		{"20.1", attack.Holder{}, " t1562 ", "T1685"},
		{"19.0", rule, "T1562", "T1686"},
		{"19.0", attack.Holder{Kind: attack.OfExercise, ID: "r1"}, "T1562", "T1685"},
		{"18.1", rule, "T1562", "T9"},
		{"8.2", rule, "T1562", ""},
		{"19.0", rule, "T1000", ""}, // it is in force
		{"19.0", rule, "T1600", ""}, // taken back
	} {
		got := ""
		if d := view(c.version).Decided(c.h, c.id); d != nil {
			got = d.To[0]
		}
		if got != c.to {
			t.Errorf("%s of %v in %s: %q, want %q", c.id, c.h, c.version, got, c.to)
		}
	}
	if attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "19.0"}, objects).Deciding() {
		t.Error("a view that was told nothing decides")
	}
}
