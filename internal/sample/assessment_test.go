package sample_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/alert/jsonl"
	"candor/internal/alert/review"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/day"
	"candor/internal/detection/runlog"
	"candor/internal/detection/sigma"
	"candor/internal/evidence"
	"candor/internal/exercise"
	exercises "candor/internal/exercise/tabular"
	"candor/internal/measure"
	"candor/internal/policy"
	"candor/internal/runbook/frontmatter"
	"candor/internal/sample"
	sigtab "candor/internal/signal/tabular"
	"candor/internal/telemetry"
	"candor/internal/telemetry/feed"
	"candor/internal/telemetry/inventory"
)

// library reads the miniature as any release is read.
func library(t *testing.T) *attack.Library {
	t.Helper()
	data := sample.Bundle()
	var objects []*attack.Object
	src := stix.Source{Name: "library.json", Reader: bytes.NewReader(data)}
	sum, err := stix.Read(context.Background(), src, func(s *attack.Snapshot) error {
		o := s.Object
		objects = append(objects, &o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Domain() != sample.Domain || sum.STIX != "2.1" || sum.Collection == nil || sum.Collection.Version != sample.Version {
		t.Errorf("the miniature reads as %s, STIX %s, collection %+v", sum.Domain(), sum.STIX, sum.Collection)
	}
	if len(sum.Oddities) > 0 {
		t.Errorf("oddities: %v", sum.Oddities)
	}
	return attack.NewLibrary(attack.Release{Domain: sample.Domain, Version: sample.Version, STIX: "2.1"}, objects)
}

// with says that values came in a batch.
func with[T any](batch string, values []T) []evidence.Of[T] {
	var out []evidence.Of[T]
	for _, v := range values {
		out = append(out, evidence.Of[T]{Value: v, Batch: batch})
	}
	return out
}

// good returns the records of a file of which nothing was refused or unclear.
func good[T any](t *testing.T, d evidence.Decoded[T], err error) []T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range d.Rejects {
		t.Error(r)
	}
	for _, w := range d.Warnings {
		t.Error(w)
	}
	return d.Records
}

// evidenceOf reads the organisation's files with the decoders of Candor.
func evidenceOf(t *testing.T, content map[string]string) assure.Evidence {
	t.Helper()
	var ev assure.Evidence
	inv, err := inventory.Decode("telemetry.yaml", []byte(content["telemetry.yaml"]))
	if err != nil {
		t.Fatal(err)
	}
	if len(inv.Rejects)+len(inv.Warnings) > 0 {
		t.Errorf("telemetry.yaml: %v %v", inv.Rejects, inv.Warnings)
	}
	ev.Telemetry.Scope = with("telemetry", []telemetry.Scope{*inv.Scope})
	ev.Telemetry.Sources = with("telemetry", inv.Sources)
	ev.Telemetry.Externals = with("telemetry", inv.Externals)
	observations, err := feed.Decode("feeds.csv", strings.NewReader(content["feeds.csv"]))
	ev.Telemetry.Observations = with("feeds", good(t, observations, err))
	signals, err := sigtab.Decode("signals.csv", strings.NewReader(content["signals.csv"]))
	for _, s := range good(t, signals, err) {
		ev.Telemetry.Hearings = append(ev.Telemetry.Hearings, evidence.Of[telemetry.Hearing]{Batch: "signals", Value: telemetry.Hearing{Source: s.Source, Day: day.Of(s.Time)}})
	}
	runs, err := runlog.Decode("runs.csv", strings.NewReader(content["runs.csv"]))
	ev.Runs = with("runs", good(t, runs, err))
	tests, err := exercises.Decode("exercises.csv", strings.NewReader(content["exercises.csv"]))
	ev.Exercises = with("exercises", good(t, tests, err))
	for _, path := range paths(content) {
		switch filepath.Ext(path) {
		case ".yml":
			ev.Rules = append(ev.Rules, with("rules", good(t, sigma.Decode(path, []byte(content[path])), nil))...)
		case ".md":
			ev.Runbooks = append(ev.Runbooks, with("runbooks", good(t, frontmatter.Decode(path, []byte(content[path])), nil))...)
		}
	}
	cases, err := review.Decode("cases.csv", strings.NewReader(content["cases.csv"]))
	ev.Cases = with("cases", good(t, cases, err))
	ev.Tallies, ev.AlertRules = counted(t, content["alerts.jsonl"])
	return ev
}

func paths(content map[string]string) []string {
	var out []string
	for p := range content {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// counted returns what a store would say of the alerts.
func counted(t *testing.T, text string) ([]alert.Tally, []assure.AlertRule) {
	t.Helper()
	tallies, rules := map[alert.Tally]int64{}, map[string]*assure.AlertRule{}
	in := jsonl.Input{
		File: "alerts.jsonl", Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { t.Error(r) }, Warn: func(w string) { t.Error(w) },
	}
	for a, err := range jsonl.Alerts(in) {
		if err != nil {
			t.Fatal(err)
		}
		key := alert.Tally{RuleID: a.RuleID, Cluster: a.Cluster(), Day: a.Day(), Class: alert.Unlabelled, Site: a.Site, Hours: alert.HourSet(a.Hour())}
		if d := a.Disposition; d != nil && d.Class != alert.Unlabelled {
			key.Class, key.Provenance = d.Class, d.Provenance
		}
		tallies[key]++
		if rules[a.RuleID] == nil {
			rules[a.RuleID] = &assure.AlertRule{ID: a.RuleID, Name: a.RuleName, Batches: []string{"alerts"}, Source: "alerts"}
		}
		rules[a.RuleID].Alerts++
	}
	var ts []alert.Tally
	for k, n := range tallies {
		k.N = n
		ts = append(ts, k)
	}
	var rs []assure.AlertRule
	for _, r := range rules {
		rs = append(rs, *r)
	}
	return ts, rs
}

func assess(t *testing.T, seed uint64, last day.Date) assure.Assessment {
	t.Helper()
	_, content := write(t, seed, last)
	lib, ev := library(t), evidenceOf(t, content)
	surround(t, lib, &ev, content["alerts.jsonl"], last)
	return assure.Assess(lib, ev, policy.Default(), last.Time())
}

// surround adds what a store would say of the alerts around exercises and incidents.
func surround(t *testing.T, lib *attack.Library, ev *assure.Evidence, text string, last day.Date) {
	t.Helper()
	book := history.NewBook()
	in := jsonl.Input{File: "alerts.jsonl", Text: strings.NewReader(text), Reject: func(r evidence.Reject) { t.Error(r) }, Warn: func(w string) { t.Error(w) }}
	place := int64(0)
	for a, err := range jsonl.Alerts(in) {
		if err != nil {
			t.Fatal(err)
		}
		b := *a
		b.Source = "" // no two sources of the sample call a rule the same: counted tells its rules by id too
		book.Add(1, place, &b)
		place++
	}
	p := policy.Default()
	qs, from, to := assure.GroundOf(lib, *ev, p, last.Time()).Questions(ev)
	ev.Around = assure.Surroundings{Seen: map[string][]assure.Sighting{}, Presence: book.Presence(from, to)}
	for _, q := range qs {
		for _, n := range book.Near([]alert.Around{q.Around}) {
			list := ev.Around.Seen[q.Of]
			if i := slices.IndexFunc(list, func(s assure.Sighting) bool { return s.RuleID == n.RuleID }); q.Wide && i < 0 {
				ev.Around.Seen[q.Of] = append(list, assure.Sighting{Near: alert.Near{RuleID: n.RuleID}, Wide: n.N})
			} else if i < 0 {
				ev.Around.Seen[q.Of] = append(list, assure.Sighting{Near: n})
			} else {
				list[i].Near = n
			}
		}
	}
	for of, list := range ev.Around.Seen {
		ev.Around.Seen[of] = slices.DeleteFunc(list, func(s assure.Sighting) bool { return s.N == 0 })
	}
}

// rungs are where the analytics of the demonstration stand, whatever the seed.
var rungs = map[string]assure.Rung{
	"AN1278": assure.NotApplicable, // a Mac
	"AN1431": assure.NotApplicable, // a hypervisor
	"AN1545": assure.NotApplicable,
	"AN1989": assure.Outside, // names no log source
	"AN1988": assure.Outside,
	"AN1944": assure.Outside, // its external source expired
	"AN1946": assure.Outside, // names one, where nobody has a sensor
	"AN1973": assure.Outside,
	"AN1955": assure.Outside,
	"AN2010": assure.Outside,
	"AN1547": assure.Blind,
	"AN1007": assure.Blind,
	"AN1277": assure.Blind,      // declared, never measured, no rule
	"AN1544": assure.Blind,      // needs the misspelt source; its rule is switched off
	"AN1337": assure.Blind,      // arrives from one site only
	"AN1962": assure.Observable, // seen by an external source
	"AN1276": assure.Observable,
	"AN1429": assure.Observable, // its rule stopped running
	"AN0298": assure.Observable, // its rule names no platform
	"AN1339": assure.RuleOnly,   // declared, never measured
	"AN1546": assure.RuleOnly,   // stopped arriving
	"AN1005": assure.RuleOnly,   // needs the misspelt source
	"AN0220": assure.Unproven,   // alerts that nobody labelled
	"AN0219": assure.Unproven,   // its exercise is too old
	"AN1428": assure.Unproven,   // its exercise was blocked
	"AN1275": assure.Noisy,
	"AN1543": assure.Contradicted,
	"AN1252": assure.Proven, // no runbook
	"AN0188": assure.Proven, // its runbook is too old
	"AN0655": assure.Reliable,
	"AN1004": assure.Reliable,
	"AN1336": assure.Reliable,
}

func TestDemonstrationReachesEveryRungWhateverTheSeed(t *testing.T) {
	reached := map[assure.Rung]bool{}
	for _, r := range rungs {
		reached[r] = true
	}
	for _, r := range assure.Rungs() {
		if !reached[r] {
			t.Errorf("no analytic is meant to stand on %s", r)
		}
	}
	for seed := range uint64(8) {
		got := map[string]assure.Rung{}
		for _, v := range assess(t, seed, end).Verdicts {
			got[v.Analytic.ATTACKID] = v.Rung
		}
		if diff := cmp.Diff(rungs, got); diff != "" {
			t.Errorf("seed %d:\n%s", seed, diff)
		}
	}
}

func TestDemonstrationDoesNotDependOnTheWeekday(t *testing.T) {
	want := assess(t, 7, end).Totals
	for back := 1; back < 7; back++ {
		if diff := cmp.Diff(want, assess(t, 7, end.Add(-back)).Totals); diff != "" {
			t.Errorf("ending %d days earlier:\n%s", back, diff)
		}
	}
}

func verdict(t *testing.T, a assure.Assessment, id string) assure.Verdict {
	t.Helper()
	for _, v := range a.Verdicts {
		if v.Analytic.ATTACKID == id {
			return v
		}
	}
	t.Fatalf("no verdict on %s", id)
	return assure.Verdict{}
}

func TestEmployeeNamesAreCompensatedByInitialAccess(t *testing.T) {
	v := verdict(t, assess(t, 7, end), "AN1989")
	got := map[string][]string{}
	for _, c := range v.Compensated {
		if c.Tactic.ATTACKID == "TA0001" {
			for _, u := range c.Users {
				got[c.Analytic.ATTACKID] = append(got[c.Analytic.ATTACKID], u.ATTACKID)
			}
		}
	}
	want := map[string][]string{"AN0655": {"G0034", "G0094"}, "AN1004": {"G0034", "G0094"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExternalSourceAloneSeesActiveScanning(t *testing.T) {
	a := assess(t, 7, end)
	if !verdict(t, a, "AN1962").ExternalOnly {
		t.Error("AN1962 is not seen by the external source alone")
	}
	if sights := verdict(t, a, "AN1944").Visibility.Externals; len(sights) != 1 || sights[0].Counts {
		t.Errorf("the expired source of AN1944 is %+v", sights)
	}
}

func TestPowerShellIsClaimedThroughItsOldNumber(t *testing.T) {
	cs := verdict(t, assess(t, 7, end), "AN1252").Claims
	if len(cs) != 1 || cs[0].Via != "T1086" || cs[0].Technique != "T1059.001" {
		t.Errorf("claims on AN1252: %+v", cs)
	}
}

func TestWhatCannotBeMappedIsNamed(t *testing.T) {
	u := assess(t, 7, end).Unmapped
	if len(u.Rules) != 1 || u.Rules[0].Names != "T9907" {
		t.Errorf("rules: %+v", u.Rules)
	}
	if len(u.AlertRules) != 1 || u.AlertRules[0].ID != "legacy-ids-2201" {
		t.Errorf("rules of alerts: %+v", u.AlertRules)
	}
	if !slices.ContainsFunc(u.LogSources, func(s string) bool { return strings.Contains(s, "NSM:Conections") }) {
		t.Errorf("log sources: %v", u.LogSources)
	}
}

func TestOfficialCaveatsOfEmployeeNamesAreFound(t *testing.T) {
	var codes []attack.CaveatCode
	for _, c := range attack.Caveats(library(t).ByATTACKID("AN1989")[0]) {
		codes = append(codes, c.Code)
	}
	want := []attack.CaveatCode{attack.VeryHighOccurrence, attack.MostlyOutside, attack.RelatedStages}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
}

func TestTestsOfTheOrganisationNameItsOwnRules(t *testing.T) {
	_, content := write(t, 7, end)
	ev := evidenceOf(t, content)
	known := map[string]bool{"": true}
	for _, r := range ev.Rules {
		known[r.Value.ID] = true
	}
	outcomes := map[exercise.Outcome]bool{}
	for _, e := range ev.Exercises {
		outcomes[e.Value.Outcome] = true
		if !known[e.Value.RuleID] {
			t.Errorf("%s names rule %s, which is not there", e.Value.Test, e.Value.RuleID)
		}
	}
	if len(outcomes) != 4 {
		t.Errorf("the exercises show %d of 4 outcomes: %v", len(outcomes), outcomes)
	}
}

func TestExercisesAndIncidentsAreOneOfEachWhateverTheSeed(t *testing.T) {
	want := map[string]assure.Basis{"AN0655": assure.Corroborated, "AN1336": assure.Corroborated, "AN1004": assure.ByStatement,
		"AN0188": assure.ByStatement, "AN0220": assure.Contradicting, "AN1428": assure.OtherRule}
	for seed := range uint64(3) {
		a := assess(t, seed, end)
		for id, basis := range want {
			if trials := verdict(t, a, id).Exercises.Trials; !slices.ContainsFunc(trials, func(t assure.Trial) bool { return t.Basis == basis }) {
				t.Errorf("seed %d: no exercise of %s is %s: %+v", seed, id, basis, trials)
			}
		}
		if in := verdict(t, a, "AN1428").Incidents; in.State != "untied" || len(in.Untied) != 1 || in.Untied[0].Case != "MF-rev-019" {
			t.Errorf("seed %d: the incidents of AN1428 are %+v", seed, in)
		}
		silent := verdict(t, a, "AN1955").Visibility.Externals
		if len(silent) != 1 || silent[0].Counts || !strings.Contains(silent[0].Why, "silent") {
			t.Errorf("the external source of AN1955 is %+v", silent)
		}
	}
}

func TestOneEnabledRuleStoppedRunning(t *testing.T) {
	a := assess(t, 7, end)
	var stopped []string
	for _, v := range a.Verdicts {
		for _, r := range v.Reasons {
			if r.Code == "rule_not_running" {
				stopped = append(stopped, v.Analytic.ATTACKID+" "+r.Text)
			}
		}
		for _, l := range v.Limits {
			if strings.Contains(l, "No run is recorded") {
				t.Errorf("%s: %s", v.Analytic.ATTACKID, l)
			}
		}
	}
	want := []string{"AN1429 Rule Network service starts an interpreter is said to be enabled and does not run: " +
		"it last ran on 2026-09-20, and others of its product ran until 2026-10-31."}
	if diff := cmp.Diff(want, stopped); diff != "" {
		t.Error(diff)
	}
}

func TestMeasurementsConcludeWhateverTheSeed(t *testing.T) {
	want := map[string]measure.Conclusion{
		"AN0655": measure.GoodEnough, "AN1004": measure.GoodEnough, "AN1336": measure.GoodEnough, "AN1252": measure.GoodEnough,
		"AN1275": measure.NotGoodEnough, "AN0220": measure.NotMeasurable, "AN0219": measure.NotMeasurable,
	}
	for seed := range uint64(8) {
		a := assess(t, seed, end)
		for id, conclusion := range want {
			if m := verdict(t, a, id).Measurement; m.Conclusion != conclusion {
				t.Errorf("seed %d: %s is %s, want %s", seed, id, m.Conclusion, conclusion)
			}
		}
	}
}
