package web_test

import (
	"fmt"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/assure"
)

func TestMeasurementsAreThoseOfTheService(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today, Policy: d.policy}
	m := must(d.assess.Measure(t.Context(), req, false))(t)
	rule := m.Rules[0]
	must(d.assess.Waive(t.Context(), req, assure.Waiver{ID: rule.RuleID, For: assure.Reporting, Reason: "until it is tuned", By: "ciso", Second: "audit", Made: today, Until: "2026-12-24"}))(t)
	_, doc := d.page("/measurements")
	all := strings.Join(strings.Fields(text(doc)), " ")
	for _, want := range []string{
		rule.RuleName, rule.RuleID, fmt.Sprintf("%d of %d", rule.EpisodeHits, rule.Episodes), "not good enough", "chosen at random", "until it is tuned", "policy default 1",
		"Precision says nothing of what was missed",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, r := range m.Rules {
		if !strings.Contains(all, r.RuleID) {
			t.Errorf("the page does not list %s", r.RuleID)
		}
	}
	if _, doc := newDesk(t).page("/measurements"); !strings.Contains(text(doc), "No rule raised an alert") {
		t.Error("without alerts the page does not say so")
	}
}
