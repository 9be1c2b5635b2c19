package assure

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// ran records that a rule ran once, so many days ago.
func (w *world) ran(rule, source string, ago int, s detection.RunStatus) *world {
	at := asOf.AddDate(0, 0, -ago)
	w.Runs = append(w.Runs, evidence.Of[detection.Run]{Batch: "b-run", Value: detection.Run{
		RuleID: rule, Source: source, Start: at.Add(-time.Minute), End: at, Status: s, Executions: 1}})
	return w
}

func TestARuleThatDoesNotRunIsNotEnabled(t *testing.T) {
	const ok, late, failed, off = detection.RunOK, detection.RunLate, detection.RunFailed, detection.RunDisabled
	tests := []struct {
		name  string
		world *world
		rung  Rung
		says  string
	}{
		{"nothing is recorded", working(), Reliable, ""},
		{"it ran today", working().ran("r1", "p", 0, ok), Reliable, ""},
		{"it was late", working().ran("r1", "p", 0, late), Reliable, "recorded in the window: 1, of which 0 failed and 1 were late"},
		{"its last run failed", working().ran("r1", "p", 3, ok).ran("r1", "p", 1, failed), Observable, "its last run, on 2026-06-29, failed; it last searched on 2026-06-27"},
		{"it failed and ran again", working().ran("r1", "p", 3, failed).ran("r1", "p", 1, ok), Reliable, "of which 1 failed"},
		{"a failure and a run end at once", working().ran("r1", "p", 1, ok).ran("r1", "p", 1, failed), Observable, "failed"},
		{"its product disabled it", working().ran("r1", "p", 9, ok).ran("r1", "p", 8, off), Observable, "its product had disabled it by 2026-06-22"},
		{"others ran after it", working().ran("r1", "p", 9, ok).ran("r2", "p", 1, ok), Observable, "it last ran on 2026-06-21, and others of its product ran until 2026-06-29"},
		{"the log ends for all", working().ran("r1", "p", 9, ok).ran("r2", "p", 9, ok), Reliable, ""},
		{"others of another product ran", working().ran("r1", "p", 9, ok).ran("r2", "q", 1, ok), Reliable, ""},
		{"it failed long ago and nothing since", working().ran("r1", "p", 200, failed), Observable, "failed"},
		{"it runs at one place of two", working().ran("r1", "p", 1, ok).ran("r1", "q", 1, failed), Reliable, "Rule r1 does not run at q."},
		{"what runs after the day is not known yet", working().ran("r1", "p", -3, failed), Reliable, ""},
		{"only others are recorded", working().ran("r2", "p", 1, ok), Reliable, "No run is recorded of Rule r1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict(t, assess(t, tt.world), "AN0100")
			said := v.Sentence + strings.Join(v.Limits, "\n")
			for _, r := range v.Reasons {
				said += r.Text
			}
			if v.Rung != tt.rung || !strings.Contains(said, tt.says) {
				t.Errorf("%s, want %s saying %q:\n%s", v.Rung, tt.rung, tt.says, said)
			}
			if tt.rung == Observable && (v.Claimed || !strings.Contains(v.Next[0].Text, "does not run")) {
				t.Errorf("claimed %t, next %+v", v.Claimed, v.Next)
			}
		})
	}
}

func TestWhatWorksOnPaperAloneIsSaidSo(t *testing.T) {
	v := verdict(t, assess(t, working()), "AN0100")
	if !strings.Contains(strings.Join(v.Limits, "\n"), "Exercised, never seen in operation") {
		t.Errorf("%q", v.Limits)
	}
	w := working()
	w.AlertRules = append(w.AlertRules, AlertRule{ID: "r1", Alerts: 1})
	if v = verdict(t, assess(t, w), "AN0100"); strings.Contains(strings.Join(v.Limits, "\n"), "never seen in operation") {
		t.Errorf("%q", v.Limits)
	}
}

// A recorded run that searched never takes a rule out of operation that was in it
// without the record.
func TestARunThatSearchedTakesNoRuleOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := working()
		for range rapid.IntRange(0, 6).Draw(t, "runs") {
			w.ran(rapid.SampledFrom([]string{"r1", "r2"}).Draw(t, "rule"), "p", rapid.IntRange(0, 100).Draw(t, "ago"),
				rapid.SampledFrom(detection.RunStatuses()).Draw(t, "status"))
		}
		before := Operations(&w.Evidence, testPolicy(), asOf)["r1"]
		w.ran("r1", "p", 0, detection.RunOK)
		after := Operations(&w.Evidence, testPolicy(), asOf)["r1"]
		if before.Runs() && !after.Runs() {
			t.Fatalf("%+v became %+v", before, after)
		}
	})
}

func TestAShareOfHostsThatNobodyKnowsIsNotPassed(t *testing.T) {
	p := testPolicy()
	p.Visibility.MinHostShare = 0.8
	w := working()
	v := verdict(t, Assess(miniature(), w.Evidence, p, asOf), "AN0100")
	if v.Rung != Proven || !strings.Contains(v.Sentence, "is unknown, since nobody declared how many should") || actions(v)[0] != "verify_feed mail / c" {
		t.Errorf("%s, next %v: %s", v.Rung, actions(v), v.Sentence)
	}
	w.Telemetry.Sources = append(w.Telemetry.Sources, evidence.Of[telemetry.Source]{Batch: "b", Value: telemetry.Source{Name: "mail", Channel: "c", Hosts: 3}})
	if v = verdict(t, Assess(miniature(), w.Evidence, p, asOf), "AN0100"); v.Rung != Reliable {
		t.Errorf("with all hosts of those declared it is %s: %s", v.Rung, v.Sentence)
	}
}
