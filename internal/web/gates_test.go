package web_test

import (
	"net/http"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/sample"
)

func TestGatesAreThoseOfTheService(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today, Policy: d.policy}
	for _, v := range d.assessment().Verdicts {
		id := v.Analytic.ATTACKID
		_, doc := d.page("/gates/" + id)
		for _, p := range assure.Purposes() {
			g := must(d.assess.Gate(t.Context(), req, id, p))(t)
			if g.Allowed {
				says(t, doc, g.Reason)
			}
			for _, c := range g.Checks {
				says(t, doc, c.Text)
				if n := strings.Count(text(doc), c.Text); n > len(assure.Purposes()) {
					t.Errorf("%s: the page says %q %d times", id, c.Text, n)
				}
			}
			for _, m := range g.Missing {
				says(t, doc, m)
			}
		}
	}
	_, doc := d.page("/gates/AN1989?for=automation")
	if says(t, doc, "Automation:"); strings.Contains(text(doc), "Reporting:") {
		t.Error("a purpose that was not asked for is shown")
	}
	if a := d.get("/gates/AN1989?for=lunch"); a.Code != http.StatusBadRequest || !strings.Contains(a.body, "no gate for") {
		t.Errorf("an unknown purpose: %d", a.Code)
	}
	if a := d.get("/gates/AN9999"); a.Code != http.StatusNotFound {
		t.Errorf("an unknown analytic: %d", a.Code)
	}
}

func TestAnalyticSaysWhatItMayBeUsedFor(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/objects/AN1275")
	says(t, doc, "May it be used?", "closed . The analytic AN1275 may not be used for reporting.")
	if !linked(doc)["/gates/AN1275"] {
		t.Error("the verdict does not lead to its gates")
	}
	must(d.assess.Waive(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, assure.Waiver{
		ID: "AN1275", For: assure.Automation, Reason: "tuned next week", By: "ciso", Second: "audit", Made: today, Until: "2026-12-24",
	}))(t)
	_, doc = d.page("/gates/AN1275")
	says(t, doc, "open by waiver", "Open by waiver of ciso and audit", "In force until 2026-12-24 : tuned next week")
	_, doc = d.page("/gates/AN1275?as_of=2026-12-25")
	says(t, doc, "Ended on 2026-12-24")
}

func TestRuleSaysWhatItsAlertsSayAndWhatItClaims(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today, Policy: d.policy}
	_, list := d.page("/measurements")
	to := linked(list)
	for _, r := range must(d.assess.Measure(t.Context(), req, false))(t).Rules {
		if !to["/measurements/rules/"+r.RuleID] {
			t.Errorf("the list does not lead to %s", r.RuleID)
			continue
		}
		m := must(d.assess.MeasureRule(t.Context(), req, r.RuleID))(t)
		_, doc := d.page("/measurements/rules/" + r.RuleID)
		for _, reason := range m.Reasons {
			says(t, doc, reason.Text)
		}
		if m.Rule == nil {
			says(t, doc, "only its alerts are known")
		} else if !linked(doc)["/evidence/"+m.RuleBatch] {
			t.Errorf("%s does not lead to the batch that brought the rule", r.RuleID)
		}
		for _, ref := range m.Evidence {
			if !linked(doc)["/evidence/"+ref.ID] {
				t.Errorf("%s does not lead to the batch %s", r.RuleID, ref.ID)
			}
		}
	}
	pages := map[string]map[string]bool{} // what the page of each rule leads to
	for _, v := range d.assessment().Verdicts {
		for _, c := range v.Claims {
			if pages[c.RuleID] == nil {
				_, doc := d.page("/measurements/rules/" + c.RuleID)
				pages[c.RuleID] = linked(doc)
			}
			if !pages[c.RuleID]["/objects/"+v.Analytic.ATTACKID] {
				t.Errorf("%s does not lead to %s, which it claims", c.RuleID, v.Analytic.ATTACKID)
			}
		}
	}
	if a := d.get("/measurements/rules/none"); a.Code != http.StatusNotFound {
		t.Errorf("an unknown rule: %d", a.Code)
	}
}

func TestNextStepsAreThoseOfTheService(t *testing.T) {
	d := demonstration(t)
	d.policy.Costs = assure.Costs{WriteRunbook: 2.5}
	plan := must(d.assess.Next(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, 0))(t)
	_, doc := d.page("/next")
	for _, l := range plan.Steps {
		says(t, doc, l.Text)
		for _, p := range l.Parts {
			says(t, doc, p.Text)
		}
	}
	says(t, doc, "2.5", "not stated", "From and to")
	says(t, doc, plan.Limits...)
	_, doc = newDesk(t).page("/next")
	says(t, doc, "There is no library yet")
	bare := newDesk(t)
	bare.bundle(sample.Bundle(), sample.Version)
	_, doc = bare.page("/next")
	says(t, doc, "Limits")
}
