package assessment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack/stix"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/fault"
	"candor/internal/measure"
	"candor/internal/policy"
)

// open lands unlabelled alerts of rule r1, one of them closed by a machine.
func (b *bench) open(n int) {
	b.t.Helper()
	_, _, err := b.alerts.Append(context.Background(), b.batch("alerts"), func(yield func(*alert.Alert, error) bool) {
		for i := range n {
			score := float64(i)
			a := &alert.Alert{ID: fmt.Sprintf("open-%03d", i), RuleID: "r1", Time: asOf.AddDate(0, 0, -1), Entity: fmt.Sprint("u", i), Score: &score}
			if i == 0 {
				a.Disposition = &alert.Disposition{Class: alert.TruePositive, Time: asOf, Provenance: alert.Automation}
			}
			if !yield(a, nil) {
				return
			}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestRulesAreMeasuredWithoutAnyRelease(t *testing.T) {
	b := newBench(t)
	b.add(evidence.RecordRule, detection.Rule{ID: "r1", Name: "Mail rule", Enabled: true}, detection.Rule{ID: "r2", Name: "Quiet rule", Enabled: true})
	b.raise(3, 8, 2)
	m, err := b.Measure(t.Context(), request(), true)
	if err != nil || len(m.Rules) != 1 || m.Silent != 1 {
		t.Fatalf("%d rules, %d silent, error %v", len(m.Rules), m.Silent, err)
	}
	if r := m.Rules[0]; r.RuleName != "Mail rule" || r.TruePositive != 8 || r.FalsePositive != 2 || r.Trend == nil || r.WindowDays != 90 {
		t.Errorf("measured %+v", r)
	}
	for _, name := range []string{"r1", "R1", "mail RULE"} {
		if one, err := b.MeasureRule(t.Context(), request(), name); err != nil || one.RuleID != "r1" || one.Alerts != 10 {
			t.Errorf("rule %q: %+v, error %v", name, one.Statement, err)
		} else if one.Rule == nil || one.Rule.Name != "Mail rule" || one.RuleBatch == "" {
			t.Errorf("rule %q is %+v of batch %q", name, one.Rule, one.RuleBatch)
		}
	}
	if quiet, err := b.MeasureRule(t.Context(), request(), "r2"); err != nil || quiet.Conclusion != measure.NotMeasurable || len(quiet.Reasons) == 0 {
		t.Errorf("a rule without alerts: %+v, error %v", quiet.Statement, err)
	}
	if _, err := b.MeasureRule(t.Context(), request(), "nonsense"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown rule: %v", err)
	}
}

func TestTheWindowIsTheRequests(t *testing.T) {
	b := newBench(t)
	b.raise(3, 5, 0)
	b.raise(40, 7, 0)
	r := request()
	r.Policy.WindowDays = 30
	if m, err := b.MeasureRule(t.Context(), r, "r1"); err != nil || m.Alerts != 5 || m.WindowDays != 30 || m.Rule != nil {
		t.Errorf("30 days: %d alerts, error %v", m.Alerts, err)
	}
	if m, err := b.MeasureRule(t.Context(), request(), "r1"); err != nil || m.Alerts != 12 {
		t.Errorf("90 days: %d alerts, error %v", m.Alerts, err)
	}
}

func TestAnAnalyticIsMeasuredByAllItsRulesTogether(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	b.add(evidence.RecordRule, detection.Rule{ID: "r1", Name: "r1", Enabled: true, Analytics: []string{"AN0001"}})
	b.raise(3, 8, 2)
	m, err := b.MeasureAnalytics(t.Context(), request(), "AN0001")
	if err != nil || len(m.Analytics) != 1 {
		t.Fatalf("%+v, error %v", m, err)
	}
	a := m.Analytics[0]
	v, _ := b.Verdict(t.Context(), request(), "AN0001")
	if a.Detail.Alerts != 10 || len(a.Rules) != 1 || *a.Detail.ClusteredInterval != *v.Measurement.ClusteredInterval {
		t.Errorf("measured %+v, the verdict has %+v", a.Detail.Statement, v.Measurement)
	}
	if all, err := b.MeasureAnalytics(t.Context(), request(), ""); err != nil || len(all.Analytics) != 1 {
		t.Errorf("%d analytics with alerts, error %v; want 1", len(all.Analytics), err)
	}
}

func TestRecallOfAnAnalyticIsOfTheExercisesThatSpeakForIt(t *testing.T) {
	b := newBench(t).small()
	e := func(technique, analytic, platform string, o exercise.Outcome) exercise.Exercise {
		return exercise.Exercise{Technique: technique, Analytic: analytic, Platform: platform, Time: asOf.AddDate(0, 0, -1), Outcome: o, Test: "t"}
	}
	b.add(evidence.RecordExercise, e("T1566", "", "", exercise.Alerted), e("T1566", "", "Linux", exercise.None), e("", "AN0001", "", exercise.Alerted), e("T1566", "AN1989", "", exercise.None))
	r, err := b.Recall(t.Context(), request(), "AN0001")
	if err != nil || len(r.Analytics) != 1 || r.Analytics[0].Detected != 2 || r.Analytics[0].Exercises != 2 {
		t.Errorf("of AN0001: %+v, error %v; want 2 of 2", r.Analytics, err)
	}
	if all, err := b.Recall(t.Context(), request(), ""); err != nil || all.Organisation.Exercises != 4 || all.Source != "exercises" || len(all.Techniques) != 1 {
		t.Errorf("of all: %+v, error %v", all, err)
	}
}

func TestARevokedTechniqueStandsForItsSuccessorInRecall(t *testing.T) {
	revoked := strings.TrimSuffix(bundle, "\n]}") + `,
{"type":"attack-pattern","id":"attack-pattern--2","spec_version":"2.1","name":"Old phishing","revoked":true,"external_references":[{"source_name":"mitre-attack","external_id":"T1192"}]},
{"type":"relationship","id":"relationship--2","spec_version":"2.1","relationship_type":"revoked-by","source_ref":"attack-pattern--2","target_ref":"attack-pattern--1"}
]}`
	b := newBench(t).release("18.1", stix.Source{Name: "revoked", Reader: strings.NewReader(revoked)})
	at := asOf.AddDate(0, 0, -1)
	b.add(evidence.RecordExercise, exercise.Exercise{Technique: "T1192", Test: "t", Time: at, Outcome: exercise.Alerted},
		exercise.Exercise{Technique: "t1566", Test: "u", Time: at, Outcome: exercise.None})
	b.add(evidence.RecordCase, alert.Case{ID: "c1", Opened: at, Closed: at, Class: alert.TruePositive, FoundBy: alert.FoundByAlert, Techniques: []string{"T1192"}})
	for _, id := range []string{"", "AN0001"} {
		r, err := b.Recall(t.Context(), request(), id)
		if err != nil || len(r.Techniques) != 1 || r.Techniques[0].Of != "T1566" || r.Techniques[0].Detected != 1 || r.Techniques[0].Exercises != 2 {
			t.Errorf("%q: %+v, error %v; want 1 of 2 of T1566", id, r.Techniques, err)
		}
		if len(r.Cases.Techniques) != 1 || r.Cases.Techniques[0].Of != "T1566" {
			t.Errorf("%q: cases of %+v; want T1566", id, r.Cases.Techniques)
		}
	}
	r, err := b.Recall(t.Context(), request(), "AN0001")
	if err != nil || r.Analytics[0].Exercises != 2 || r.Cases.Analytics[0].Incidents != 1 {
		t.Errorf("of AN0001: %+v, %+v, error %v", r.Analytics, r.Cases.Analytics, err)
	}
}

func TestASampleIsOfWhatPolicyCountsAsUnlabelled(t *testing.T) {
	b := newBench(t)
	b.raise(3, 8, 2)
	b.open(30)
	s, err := b.Sample(t.Context(), request(), "r1", assessment.Sampling{Drawing: measure.Drawing{N: 10, Seed: 7}})
	if err != nil || s.Unlabelled != 30 || len(s.Alerts) != 10 {
		t.Fatalf("%d of %d, error %v; want 10 of 30, the one that a machine closed among them", len(s.Alerts), s.Unlabelled, err)
	}
	again, err := b.Sample(t.Context(), request(), "r1", assessment.Sampling{Drawing: measure.Drawing{N: 10, Seed: 7}})
	ids := func(as []*alert.Alert) (ids []string) {
		for _, a := range as {
			ids = append(ids, a.ID)
		}
		return ids
	}
	if err != nil || !slices.Equal(ids(s.Alerts), ids(again.Alerts)) {
		t.Errorf("the same seed drew %v, then %v", ids(s.Alerts), ids(again.Alerts))
	}
	if other, _ := b.Sample(t.Context(), request(), "r1", assessment.Sampling{Drawing: measure.Drawing{N: 10, Seed: 8}}); slices.Equal(ids(s.Alerts), ids(other.Alerts)) {
		t.Error("another seed drew the same")
	}
}

func TestTuningCountsWhatAMachineCalledTrueAsSomethingToLose(t *testing.T) {
	b := newBench(t)
	b.raise(3, 3, 0)
	b.open(30)
	tuned, err := b.Tune(t.Context(), request(), "r1")
	if err != nil || tuned.Alerts != 33 || tuned.Scored != 30 || len(tuned.Thresholds) != 30 {
		t.Fatalf("%d alerts, %d scored, %d thresholds, error %v", tuned.Alerts, tuned.Scored, len(tuned.Thresholds), err)
	}
	last := tuned.Thresholds[len(tuned.Thresholds)-1]
	if last.Older.Lost.Doubted+last.Newer.Lost.Doubted != 1 {
		t.Errorf("the highest threshold loses %+v and %+v; want the one that a machine called true", last.Older.Lost, last.Newer.Lost)
	}
	if _, err := b.Tune(t.Context(), assessment.Request{AsOf: asOf.AddDate(-1, 0, 0), Policy: policy.Default()}, "r1"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a window without alerts: %v", err)
	}
}

func TestAWaiverIsEvidenceAndOpensTheGate(t *testing.T) {
	b := newBench(t).small()
	b.add(evidence.RecordRule, detection.Rule{ID: "r1", Name: "r1", Enabled: true, Analytics: []string{"AN0001"}})
	d, err := b.Gate(t.Context(), request(), "an0001", assure.Reporting)
	if err != nil || d.Allowed || d.ID != "AN0001" || len(d.Missing) == 0 {
		t.Fatalf("%+v, error %v; want it closed", d, err)
	}
	w := assure.Waiver{ID: "an0001", For: assure.Reporting, Reason: "until the sensor is there", By: "ciso", Second: "audit", Made: asOf, Until: day.Of(asOf).Add(30)}
	if _, err := b.Waive(t.Context(), request(), w); err != nil {
		t.Fatal(err)
	}
	if d, err := b.Gate(t.Context(), request(), "AN0001", assure.Reporting); err != nil || !d.Allowed || !d.Waived {
		t.Errorf("%+v, error %v; want it open by waiver", d, err)
	}
	if v, err := b.Verdict(t.Context(), request(), "AN0001"); err != nil || len(v.Waivers) != 1 {
		t.Errorf("the verdict shows %+v, error %v", v.Waivers, err)
	}
	bs, err := b.ev.Batches(t.Context())
	if err != nil || bs[len(bs)-1].Kind != evidence.RecordWaiver || bs[len(bs)-1].By != "ciso" {
		t.Errorf("last batch %+v, error %v; want the waiver's", bs[len(bs)-1], err)
	}
	late := request()
	late.AsOf = asOf.AddDate(0, 0, 31)
	if d, err := b.Gate(t.Context(), late, "AN0001", assure.Reporting); err != nil || d.Allowed || len(d.Waivers) != 1 {
		t.Errorf("after its end: %+v, error %v; want it closed and the waiver shown", d, err)
	}
	for name, bad := range map[string]assure.Waiver{
		"no reason": {ID: "AN0001", For: assure.Reporting, By: "x", Made: asOf, Until: day.Of(asOf)},
		"alone":     {ID: "AN0001", For: assure.Reporting, Reason: "x", By: "x", Second: " X", Made: asOf, Until: day.Of(asOf)},
		"too long":  {ID: "AN0001", For: assure.Reporting, Reason: "x", By: "x", Second: "y", Made: asOf, Until: day.Of(asOf).Add(180)},
		"nobody":    {ID: "AN0001", For: assure.Reporting, Reason: "x", Made: asOf, Until: day.Of(asOf)},
		"ended":     {ID: "AN0001", For: assure.Reporting, Reason: "x", By: "x", Second: "y", Made: asOf, Until: day.Of(asOf).Add(-1)},
		"endless":   {ID: "AN0001", For: assure.Reporting, Reason: "x", By: "x", Second: "y", Made: asOf},
		"nothing":   {ID: "AN0001", For: "paging", Reason: "x", By: "x", Second: "y", Made: asOf, Until: day.Of(asOf)},
	} {
		if _, err := b.Waive(t.Context(), request(), bad); fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v, want a usage error", name, err)
		}
	}
	if _, err := b.Gate(t.Context(), request(), "T1566", assure.Reporting); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a technique: %v", err)
	}
	if d, err := b.Gate(t.Context(), request(), "r1", assure.Automation); err != nil || d.Kind != "rule" || d.Allowed {
		t.Errorf("the rule: %+v, error %v", d, err)
	}
}

func TestNextNamesWhatWouldMove(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	b.add(evidence.RecordRule, detection.Rule{ID: "r1", Name: "r1", Enabled: true, Analytics: []string{"AN0001"}})
	p, err := b.Next(t.Context(), request(), 0)
	if err != nil || p.Found == 0 || p.Found != len(p.Steps) || p.Steps[0].Action != "exercise_and_runbook" || p.Steps[0].Assured != 1 {
		t.Fatalf("%+v, error %v", p.Steps, err)
	}
	if one, err := b.Next(t.Context(), request(), 1); err != nil || len(one.Steps) != 1 || one.Found != p.Found {
		t.Errorf("limited to one: %d of %d, error %v", len(one.Steps), one.Found, err)
	}
}
