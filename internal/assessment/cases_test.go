package assessment_test

import (
	"fmt"
	"slices"
	"testing"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/fault"
	"candor/internal/measure"
)

// land lands alerts as they are.
func (b *bench) land(alerts ...alert.Alert) {
	b.t.Helper()
	_, _, err := b.alerts.Append(b.t.Context(), b.batch("alerts"), func(yield func(*alert.Alert, error) bool) {
		for i := range alerts {
			if !yield(&alerts[i], nil) {
				return
			}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// of makes n alerts of a rule that belong to a case, so many days ago.
func of(rule, name, caseID string, ago, n int) []alert.Alert {
	var as []alert.Alert
	for i := range n {
		as = append(as, alert.Alert{ID: fmt.Sprintf("%s-%s-%d-%d", rule, caseID, ago, i), RuleID: rule, RuleName: name, CaseID: caseID, Time: asOf.AddDate(0, 0, -ago), Entity: fmt.Sprint(i)})
	}
	return as
}

func incident(id string, ago int, by alert.Discovery) alert.Case {
	at := asOf.AddDate(0, 0, -ago)
	return alert.Case{ID: id, Title: "Incident " + id, Opened: at, Closed: at, Class: alert.TruePositive, FoundBy: by, Techniques: []string{"T1566"}}
}

func TestAlertsInheritTheClassOfTheirCase(t *testing.T) {
	b := newBench(t).small()
	as := of("r1", "", "c1", 3, 4)
	as[0].Disposition = &alert.Disposition{Class: alert.FalseLogic, Time: asOf, Provenance: alert.Analyst}
	b.land(as...)
	b.land(of("r1", "", "c2", 3, 5)...)
	b.add(evidence.RecordRule, rule)
	open := incident("c2", 4, alert.FoundByAlert)
	open.Closed = open.Closed.AddDate(1, 0, 0)
	b.add(evidence.RecordCase, incident("c1", 4, alert.FoundByAlert), open)

	m, err := b.MeasureRule(t.Context(), request(), "r1")
	if err != nil || m.TruePositive != 3 || m.FalsePositive != 1 || m.Unlabelled != 5 {
		t.Fatalf("%d true, %d false, %d unlabelled, error %v; want 3, 1, 5", m.TruePositive, m.FalsePositive, m.Unlabelled, err)
	}
	if !slices.Contains(m.Provenance, measure.LabelCount{Provenance: alert.Incident, Alerts: 3, Counts: true}) {
		t.Errorf("labels by %+v", m.Provenance)
	}
	s, err := b.Sample(t.Context(), request(), "r1", assessment.Sampling{Drawing: measure.Drawing{N: 50, Seed: 1}})
	if err != nil || s.Unlabelled != 5 {
		t.Errorf("%d alerts to draw from, error %v; want the 5 of the open case", s.Unlabelled, err)
	}
	tuned, err := b.Tune(t.Context(), request(), "r1")
	if err != nil || tuned.TruePositive != 3 || tuned.Labelled != 4 {
		t.Errorf("tuned on %d true of %d, error %v; want 3 of 4", tuned.TruePositive, tuned.Labelled, err)
	}
	r := request()
	r.Policy.Measure.Provenances = []string{"analyst"}
	if m, err := b.MeasureRule(t.Context(), r, "r1"); err != nil || m.TruePositive != 0 || m.NotCounted != 3 {
		t.Errorf("where policy does not count incidents: %+v, error %v", m.Statement, err)
	}
}

// The incident and its alert lie before the window of 90 days.
func TestAnOldMissedIncidentStandsAndAnAlertInItClearsTheRule(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	b.add(evidence.RecordRule, rule)
	b.raise(3, 40, 1)
	b.add(evidence.RecordExercise, exercise.Exercise{Technique: "T1566", Test: "mail", Time: asOf.AddDate(0, 0, -170), Outcome: exercise.Alerted})
	if v := b.verdict("AN0001"); v.Rung != assure.Proven {
		t.Fatalf("before: %s", v.Rung)
	}
	batch := b.add(evidence.RecordCase, incident("c1", 120, alert.FoundByOthers))
	v := b.verdict("AN0001")
	if v.Rung != assure.Contradicted || !rests(v, batch) || v.Incidents.LastCase != "c1" {
		t.Fatalf("missed: %s, %+v, %v", v.Rung, v.Incidents, v.Reasons)
	}
	b.land(of("r1", "", "c1", 121, 2)...)
	if v := b.verdict("AN0001"); v.Rung != assure.Proven || v.Incidents.State != "inconclusive" {
		t.Errorf("with alerts of the rule in it: %s, %+v", v.Rung, v.Incidents)
	}
}

func TestAnIncidentIsReviewed(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	ruled := b.add(evidence.RecordRule, rule)
	b.land(of("r1", "", "c1", 1, 2)...)
	batch := b.add(evidence.RecordCase, incident("c1", 1, alert.FoundByAlert), incident("c2", 60, alert.FoundByHunt))
	r, err := b.Review(t.Context(), request(), "C1")
	if err != nil || len(r.Involved) != 2 || r.Involved[0].Role != assure.GaveEvidence || r.Involved[1].Role != assure.CouldNotSee {
		t.Fatalf("%+v, error %v", r.Involved, err)
	}
	if refs := r.Involved[0].Reason.Refs; refs[0].ID != batch || refs[1].ID != ruled || r.Policy.Name != "default" {
		t.Errorf("rests on %v, policy %v", refs, r.Policy)
	}
	// Sixty days ago the feed had not arrived yet: what is silent now was blind then.
	if r, err := b.Review(t.Context(), request(), "c2"); err != nil || r.Involved[0].Role != assure.CouldNotSee {
		t.Errorf("%+v, error %v", r.Involved, err)
	}
	if _, err := b.Review(t.Context(), request(), "c9"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown case: %v", err)
	}
	all, err := b.Reviews(t.Context(), request())
	if err != nil || len(all.Cases) != 2 || all.Cases[0].ID != "c1" || all.Cases[0].Alerts != 2 || all.Known.ByAlert != 1 || all.Known.Incidents != 2 {
		t.Errorf("%+v, error %v", all, err)
	}
	rc, err := b.Recall(t.Context(), request(), "AN0001")
	if err != nil || rc.Cases.Analytics[0].Incidents != 2 || rc.Cases.Techniques[0].Of != "T1566" || rc.Organisation.Exercises != 0 {
		t.Errorf("%+v, error %v", rc, err)
	}
}

func TestAlertsAreJoinedByAliasAndName(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	named := rule
	named.Aliases = []string{"1001"}
	b.add(evidence.RecordRule, named, detection.Rule{ID: "r2", Name: "Twin", Aliases: []string{"7"}}, detection.Rule{ID: "r3", Name: "Twin", Aliases: []string{"7"}})
	b.land(of("r1", "", "", 3, 2)...)
	b.land(of("1001", "", "", 2, 3)...)
	b.land(of("x", "Phishing mail", "", 1, 4)...)
	b.land(of("7", "", "", 1, 5)...)
	for _, name := range []string{"r1", "1001", "x"} {
		if m, err := b.MeasureRule(t.Context(), request(), name); err != nil || m.RuleID != "r1" || m.Alerts != 9 {
			t.Errorf("%s: %d alerts of %s, error %v; want 9 of r1", name, m.Alerts, m.RuleID, err)
		}
	}
	if v := b.verdict("AN0001"); v.Measurement.Alerts != 9 {
		t.Errorf("the verdict rests on %d alerts", v.Measurement.Alerts)
	}
	if s, err := b.Sample(t.Context(), request(), "r1", assessment.Sampling{Drawing: measure.Drawing{N: 50, Seed: 1}}); err != nil || len(s.Alerts) != 9 {
		t.Errorf("%d drawn, error %v", len(s.Alerts), err)
	}
	a, err := b.Assess(t.Context(), request())
	if err != nil || len(a.Unmapped.AlertRules) != 1 || !slices.Equal(a.Unmapped.AlertRules[0].Ambiguous, []string{"r2", "r3"}) {
		t.Errorf("unmapped: %+v, error %v", a.Unmapped.AlertRules, err)
	}
	r := request()
	r.Policy.Claim.JoinAlertsBy = []detection.Join{detection.ByAlias}
	if m, err := b.MeasureRule(t.Context(), r, "r1"); err != nil || m.Alerts != 5 {
		t.Errorf("without names: %d alerts, error %v; want 5", m.Alerts, err)
	}
}

// TestAlertsOfASourceAreOfItsRule lands alerts that name an id which rules of two
// sources have.
func TestAlertsOfASourceAreOfItsRule(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	one, two := rule, rule
	one.Origin, two.Origin = "sigma", "lab"
	b.add(evidence.RecordRule, one, two)
	b.land(of("r1", "", "", 3, 2)...)
	a, err := b.Assess(t.Context(), request())
	if err != nil || len(a.Unmapped.AlertRules) != 1 || !slices.Equal(a.Unmapped.AlertRules[0].Ambiguous, []string{"lab/r1", "sigma/r1"}) {
		t.Errorf("alerts of no source: %+v, error %v", a.Unmapped.AlertRules, err)
	}
	c := newBench(t).small()
	c.feed()
	c.add(evidence.RecordRule, one, two)
	c.from = "lab"
	c.land(of("r1", "", "", 3, 2)...)
	for name, want := range map[string]int64{"lab/r1": 2, "sigma/r1": 0} {
		m, err := c.MeasureRule(t.Context(), request(), name)
		if err != nil || m.Alerts != want {
			t.Errorf("%s: %d alerts, error %v; want %d", name, m.Alerts, err, want)
		}
	}
	if a, err := c.Assess(t.Context(), request()); err != nil || len(a.Unmapped.AlertRules) != 0 {
		t.Errorf("alerts of a source: %+v, error %v", a.Unmapped.AlertRules, err)
	}
}
