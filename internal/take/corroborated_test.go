package take_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/telemetry"
)

// exercisedEvidence is evidence in which AN1058 is seen, claimed by r0, and exercised forty
// days ago; the exercise is of the rule that is named.
func exercisedEvidence() (assure.Evidence, exercise.Exercise) {
	var ev assure.Evidence
	for _, name := range [][2]string{{"auditd", "execve"}, {"flow", "out"}} {
		for d := range 6 {
			ev.Telemetry.Observations = append(ev.Telemetry.Observations, of(telemetry.Observation{Source: name[0], Channel: name[1], Day: day.Of(asOf).Add(-d), Events: 10, Hosts: 1}))
		}
	}
	ev.Rules = append(ev.Rules, of(detection.Rule{ID: "r0", Name: "rule 0", Enabled: true, Analytics: []string{"AN1058"}}))
	ev.AlertRules = []assure.AlertRule{{ID: "r0", Source: "ids"}}
	e := exercise.Exercise{Technique: "T1046", Analytic: "AN1058", Test: "port scan", Time: asOf.AddDate(0, 0, -40), Outcome: exercise.Alerted}
	ev.Exercises = append(ev.Exercises, of(e))
	return ev, e
}

// around says that r0 raises one alert a day but for the days around the exercise, and n at
// its time.
func around(ev assure.Evidence, e exercise.Exercise, perDay, n int64) assure.Evidence {
	for ago := 120; ago >= 0; ago-- {
		at := asOf.AddDate(0, 0, -ago)
		if ago < 38 || ago > 42 {
			ev.Around.Presence = append(ev.Around.Presence, alert.Presence{RuleID: "r0", Day: string(day.Of(at)), N: perDay, First: at, Last: at})
		}
	}
	if n > 0 {
		ev.Around.Seen = map[string][]assure.Sighting{"exercise " + e.ID(): {{Near: alert.Near{RuleID: "r0", N: n, First: e.Time.Add(time.Minute), ID: "a"}}}}
	}
	return ev
}

func TestATakeSaysWhatAnExerciseRestsOn(t *testing.T) {
	ev, e := exercisedEvidence()
	missed := ev
	missed.Cases = []evidence.Of[alert.Case]{of(alert.Case{ID: "C-1", Occurred: asOf.AddDate(0, 0, -9), Opened: asOf.AddDate(0, 0, -8), Class: alert.TruePositive,
		FoundBy: alert.FoundByOthers, Analytics: []string{"AN1058"}})}
	missed.Around.Seen = map[string][]assure.Sighting{"case C-1": {{Near: alert.Near{RuleID: "r0", N: 3, First: asOf.AddDate(0, 0, -9), ID: "b"}}}}
	codes := []string{"exercise_passed", "exercise_stated", "exercise_contradicted", "exercise_failed", "untied"}
	for _, c := range []struct {
		name string
		ev   assure.Evidence
		says []string
		text string
	}{
		{"borne out", around(ev, e, 0, 1), []string{"exercise_passed"}, "bears that out"},
		{"no alert is known", ev, []string{"exercise_stated"}, "by statement only"},
		{"contradicted", around(ev, e, 1, 0), []string{"exercise_contradicted"}, "contradict that"},
		{"untied", missed, []string{"exercise_stated", "untied"}, "case C-1"},
	} {
		tk := written(small(), c.ev, "AN1058")
		var said []string
		var text strings.Builder
		for _, s := range tk.Sections {
			for _, st := range s.Statements {
				text.WriteString(st.Text)
				if slices.Contains(codes, st.Code) {
					said = append(said, st.Code)
				}
			}
		}
		if !slices.Equal(said, c.says) || !strings.Contains(text.String(), c.text) {
			t.Errorf("%s: it says %v, want %v and %q in %s", c.name, said, c.says, c.text, text.String())
		}
	}
}
