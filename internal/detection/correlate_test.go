package detection

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestACorrelationReadsWhatItsRulesRead(t *testing.T) {
	logon := Log{Name: "WinEventLog:Security", Channel: "EventCode=4625"}
	rules := []*Rule{
		{ID: "base", Aliases: []string{"Failed logons", "failed_logon"}, Format: "sigma", Platforms: []string{"Windows"}, Logs: []Log{logon}},
		{ID: "many", Format: "sigma", Of: []string{"failed_logon"}},
		{ID: "over", Format: "sigma", Of: []string{"many", "over"}, Generate: true},
		{ID: "twin", Aliases: []string{"failed_logon"}, Format: "elastic"},
		{ID: "lone", Format: "sigma"},
	}
	c := NewCorrelations(rules)
	for i, want := range []struct {
		role  Role
		reads bool
	}{{Base, true}, {Alerts, true}, {Alerts, true}, {Alerts, false}, {Alerts, false}} {
		got := c.Joined(rules[i])
		if got.Role != want.role || slices.Contains(got.Logs, logon) != want.reads || slices.Contains(got.Platforms, "Windows") != want.reads {
			t.Errorf("%s: %+v; want role %q, reads %v", rules[i].ID, got, want.role, want.reads)
		}
	}
	if rules[0].Role != Alerts || len(rules[1].Logs) > 0 {
		t.Error("what was given was changed")
	}
}

func TestCirclesOfCorrelationsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *Rule {
			return &Rule{ID: id.Draw(t, "id"), Of: rapid.SliceOfN(id, 0, 3).Draw(t, "of"), Generate: rapid.Bool().Draw(t, "generate")}
		}), 0, 6).Draw(t, "rules")
		c := NewCorrelations(rules)
		for _, r := range rules {
			if got := c.Joined(r); got.ID != r.ID || !slices.Contains(Roles(), got.Role) {
				t.Fatalf("%+v", got)
			}
		}
	})
}
