package assure

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/telemetry"
)

func some[T any](values ...T) []evidence.Of[T] {
	var list []evidence.Of[T]
	for _, v := range values {
		list = append(list, evidence.Of[T]{Value: v, Batch: "b"})
	}
	return list
}

// TestASiteHasWhatNamesItOrNone narrows evidence of which each kind names the site, no site
// and another one.
func TestASiteHasWhatNamesItOrNone(t *testing.T) {
	var e Evidence
	e.Telemetry.Sources = some(telemetry.Source{Name: "west", Sites: []string{"west"}, Hosts: 5}, telemetry.Source{Name: "all", Hosts: 9},
		telemetry.Source{Name: "east", Sites: []string{"east"}, Hosts: 7}, telemetry.Source{Name: "both", Sites: []string{"east", "west"}, Hosts: 12})
	e.Telemetry.Observations = some(telemetry.Observation{Site: "west"}, telemetry.Observation{}, telemetry.Observation{Site: "east"})
	e.Runs = some(detection.Run{Site: "west"}, detection.Run{}, detection.Run{Site: "east"})
	e.Fields = some(telemetry.FieldShare{Site: "west"}, telemetry.FieldShare{}, telemetry.FieldShare{Site: "east"})
	e.AlertRules = []AlertRule{{ID: "r", Sites: []string{"north"}}}
	e.Cases = some(alert.Case{ID: "west"}, alert.Case{ID: "east"}, alert.Case{ID: "both"}, alert.Case{ID: "none"})
	e.Exercises = some(exercise.Exercise{Site: "west"}, exercise.Exercise{}, exercise.Exercise{Site: "east"})
	e.CaseCounts = []alert.CaseCount{{Case: "west", N: 1}, {Case: "east", N: 1}, {Case: "both", N: 2}}
	counts := []alert.CaseCount{{Case: "west", N: 1}, {Case: "both", N: 1}}
	e.Tallies = []alert.Tally{{RuleID: "w", Site: "west"}, {RuleID: "n"}, {RuleID: "e", Site: "east"}}
	if got := e.Sites(); !slices.Equal(got, []string{"east", "north", "west"}) {
		t.Errorf("sites %q", got)
	}
	at := e.At("west", counts)
	var names []string
	for _, s := range at.Telemetry.Sources {
		names = append(names, s.Value.Name)
	}
	for _, c := range at.Cases {
		names = append(names, c.Value.ID)
	}
	for _, a := range at.Tallies {
		names = append(names, a.RuleID)
	}
	if got := strings.Join(names, " "); got != "west all both west both none w n" {
		t.Error(got)
	}
	if len(at.Telemetry.Observations) != 2 || len(at.Runs) != 2 || len(at.Fields) != 2 || len(at.Exercises) != 2 || len(at.CaseCounts) != 2 {
		t.Errorf("%+v", at)
	}
	if s := at.Telemetry.Sources; s[0].Value.Hosts != 5 || s[2].Value.Hosts != 0 || e.Telemetry.Sources[3].Value.Hosts != 12 {
		t.Errorf("hosts: %+v, and before %+v", s, e.Telemetry.Sources)
	}
	for _, says := range []string{"site west", "1 declared source, 1 feed observation, 1 measured share of fields, 1 run of rules, 1 exercise and 1 case that", "hosts of 1 declared source are"} {
		if !strings.Contains(at.Left, says) {
			t.Errorf("%q does not say %q", at.Left, says)
		}
	}
}

// TestAVerdictHoldsWhereASiteStandsNoLower asks of every pair of rungs.
func TestAVerdictHoldsWhereASiteStandsNoLower(t *testing.T) {
	for i, whole := range Rungs() {
		for j, site := range Rungs() {
			want := i == j || j > i && site != Noisy && site != Contradicted
			a := Assessment{Verdicts: []Verdict{{Analytic: Name{StixID: "a"}, Rung: whole}}}
			b := Assessment{Verdicts: []Verdict{{Analytic: Name{StixID: "a"}, Rung: site, Sentence: "why"}}}
			var by BySite
			by.Add("west", &a, &b)
			if got := len(by.Apart) == 0; got != want || by.Sites[0].Apart != len(by.Apart) {
				t.Errorf("%s on the whole and %s at the site: holds %t", whole, site, got)
			}
			if !want && (by.Apart[0].Why != "why" || by.Apart[0].Site != "west") {
				t.Errorf("%+v", by.Apart)
			}
		}
	}
}
