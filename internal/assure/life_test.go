package assure

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
)

// said reports whether one of the texts holds a part.
func said(texts []string, part string) bool {
	return slices.ContainsFunc(texts, func(l string) bool { return strings.Contains(l, part) })
}

// seenBy is a world in which mail is seen, and rule r claims AN0100.
func seenBy(change func(*detection.Rule)) *world {
	w := new(world)
	w.feed(1, "mail").rule("r", "AN0100")
	change(&w.Rules[0].Value)
	return w
}

// raise adds an alert of a rule on each of so many days from ago backwards.
func (w *world) raise(rule string, ago, days int, class alert.Class) *world {
	for i := range days {
		w.tally(rule, rule+string(class)+string(rune('a'+ago+i)), class, ago+i, 1)
	}
	w.AlertRules = append(w.AlertRules, AlertRule{ID: rule, Batches: []string{"b-alert"}})
	return w
}

func TestThatARuleWasChangedIsSaid(t *testing.T) {
	changed := func(r *detection.Rule) { r.Modified = strings.ReplaceAll(string(day.Of(asOf).Add(-12)), "-", "/") }
	w := seenBy(changed).raise("r", 1, 12, alert.TruePositive)
	if v := verdict(t, assess(t, w), "AN0100"); !said(v.Limits, "Rule Rule r was changed on 2026-06-18, within the window") {
		t.Errorf("%q", v.Limits)
	}
	w = seenBy(func(r *detection.Rule) { r.Modified = "2020-01-01" }).raise("r", 1, 12, alert.TruePositive)
	if v := verdict(t, assess(t, w), "AN0100"); said(v.Limits, "was changed") {
		t.Errorf("%q", v.Limits)
	}
}

func TestARuleInheritsFromThatWhichItReplaces(t *testing.T) {
	replaces := func(r *detection.Rule) { r.Replaces = []string{"old"} }
	w := seenBy(replaces).raise("old", 1, 40, alert.FalsePositive)
	v := verdict(t, assess(t, w), "AN0100")
	if v.Rung != Noisy || v.Measurement.Alerts != 40 || !said(v.Limits, "Rule Rule r replaces rule old, whose alerts of the window count as its own until it has enough: 40 alerts, 0 of 40 labelled true.") {
		t.Errorf("%s, %q", v.Rung, v.Limits)
	}
	w.raise("r", 1, 20, alert.TruePositive)
	if v = verdict(t, assess(t, w), "AN0100"); v.Measurement.Alerts != 20 || !said(v.Limits, "count no more, since it has enough of its own: 40 alerts") {
		t.Errorf("%d, %q", v.Measurement.Alerts, v.Limits)
	}
	w = seenBy(replaces).raise("old", 1, 40, alert.FalsePositive).rule("old", "AN0100")
	if v = verdict(t, assess(t, w), "AN0100"); said(v.Limits, "replaces") || v.Measurement.Alerts != 40 {
		t.Errorf("one that still runs is not replaced: %q", v.Limits)
	}
}

func TestWhatARuleRaisedBeforeItStoppedIsSaid(t *testing.T) {
	w := seenBy(func(r *detection.Rule) { r.Enabled = false }).raise("r", 1, 30, alert.FalsePositive).rule("new", "AN0100")
	v := verdict(t, assess(t, w), "AN0100")
	i := slices.IndexFunc(v.Reasons, func(r evidence.Reason) bool { return r.Code == "rule_stopped" })
	if i < 0 || v.Reasons[i].Text != "Rule Rule r is disabled; what it raised in the window counts no more: 30 alerts, 0 of 30 labelled true." {
		t.Errorf("%v", v.Reasons)
	}
	w = new(world)
	w.feed(1, "mail").rule("new", "AN0100").raise("gone", 1, 9, alert.FalsePositive)
	w.Former = []Former{{Rule: detection.Rule{ID: "gone", Name: "Gone", Enabled: true, Analytics: []string{"AN0100"}}, Batch: "rules-2", Retired: day.Of(asOf).Add(-2)}}
	v = verdict(t, assess(t, w), "AN0100")
	i = slices.IndexFunc(v.Reasons, func(r evidence.Reason) bool { return r.Code == "rule_stopped" })
	if i < 0 || !strings.HasPrefix(v.Reasons[i].Text, "Rule Gone was retired on 2026-06-28, since its source no longer holds it; what it raised") {
		t.Errorf("%v", v.Reasons)
	}
	if w.rule("gone", "AN0100"); slices.Contains(codes(verdict(t, assess(t, w), "AN0100")), "rule_stopped") {
		t.Error("one that is back did not stop")
	}
}

func TestAlertsThatMayBeOfSeveralRulesBound(t *testing.T) {
	w := proven()
	w.AlertRules = append(w.AlertRules, AlertRule{ID: "both", Alerts: 9, Batches: []string{"b-alert"}, Ambiguous: []string{"lab/both", "r"}})
	v := verdict(t, assess(t, w), "AN0100")
	if v.Rung != Proven || !said(v.Limits, "9 alerts that call their rule both may be of any of the rules lab/both, r, so that they are joined to none") || !slices.Equal(actions(v), []string{"clarify_source both"}) {
		t.Errorf("%s %q %v", v.Rung, v.Limits, actions(v))
	}
}
