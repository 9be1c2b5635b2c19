package web_test

import (
	"strings"
	"testing"

	"candor/internal/assessment"
)

func TestPagesSayWhatWasMadeOfEvidence(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today, Policy: d.policy}
	rules := must(d.assess.Rules(t.Context(), req))(t).Rules
	sources := must(d.assess.Telemetry(t.Context(), req))(t).Sources
	if len(rules) == 0 || len(sources) == 0 {
		t.Fatalf("%d rules and %d sources", len(rules), len(sources))
	}
	_, page := d.page("/evidence/rules")
	all := text(page)
	for _, r := range rules[:min(20, len(rules))] {
		for _, want := range append([]string{r.ID, r.Origin, r.Batch}, r.Why...) {
			if !strings.Contains(all, want) {
				t.Errorf("of rule %s the page does not say %q", r.ID, want)
			}
		}
	}
	_, page = d.page("/evidence/telemetry")
	all = text(page)
	for _, s := range sources[:min(20, len(sources))] {
		for _, want := range []string{s.Title(), s.Batch, s.Why} {
			if !strings.Contains(all, want) {
				t.Errorf("of %s the page does not say %q", s.Title(), want)
			}
		}
	}
	if _, page := newDesk(t).page("/evidence/rules"); !strings.Contains(text(page), "No rule is in force") {
		t.Error("without rules the page does not say so")
	}
}
