package assure

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/evidence"
	"candor/internal/exercise"
)

// elsewhere adds a test that took place elsewhere.
func (w *world) elsewhere(e exercise.Exercise, ago int) *world {
	e.Test, e.Time = "a recording", asOf.AddDate(0, 0, -ago)
	w.Away = append(w.Away, evidence.Of[exercise.Exercise]{Value: e, Batch: "b-away"})
	return w
}

func TestWhatTookPlaceElsewhereIsSaidAndPassesNothing(t *testing.T) {
	replay := func(rule string, o exercise.Outcome) exercise.Exercise {
		return exercise.Exercise{Provenance: exercise.Replay, RuleID: rule, Outcome: o}
	}
	tried := exercise.Exercise{Provenance: exercise.Evaluation, Analytic: "AN0100", Outcome: exercise.Alerted}
	for name, c := range map[string]struct {
		e                   exercise.Exercise
		ago                 int
		reason, limit, step string
	}{
		"a rule that fired":          {replay("r1", exercise.Alerted), 3, "replay_fired", "a replay passes nothing", "that it does here is what is missing"},
		"a rule that stayed silent":  {replay("r1", exercise.None), 3, "replay_silent", "A replay fails nothing either", "why rule Rule r1 stayed silent"},
		"a rule that claims another": {replay("other", exercise.Alerted), 3, "", "", ""},
		"after the day of judgement": {replay("r1", exercise.Alerted), -3, "", "", ""},
		"a product that was tried":   {tried, 3, "", "It counts for nothing here.", ""},
	} {
		before, after := assess(t, ready()), assess(t, ready().elsewhere(c.e, c.ago))
		v, was := verdict(t, after, "AN0100"), verdict(t, before, "AN0100")
		if v.Rung != was.Rung || v.Rung != Unproven || v.Exercises.State != "none" || v.Exercises.Passed+v.Exercises.Failed > 0 {
			t.Errorf("%s: %s, exercises %+v", name, v.Rung, v.Exercises)
		}
		var codes, steps []string
		for _, r := range v.Reasons {
			if strings.HasPrefix(r.Code, "replay_") {
				codes = append(codes, r.Code)
			}
		}
		for _, s := range v.Next {
			steps = append(steps, s.Text)
		}
		if strings.Join(codes, " ") != c.reason || !strings.Contains(strings.Join(v.Limits, " "), c.limit) || !strings.Contains(strings.Join(steps, " "), c.step) {
			t.Errorf("%s: reasons %q, limits %q, steps %q", name, codes, v.Limits, steps)
		}
		if c.limit == "" && (len(v.Limits) != len(was.Limits) || len(v.Exercises.Away) > 0) {
			t.Errorf("%s: limits %q, away %+v", name, v.Limits, v.Exercises.Away)
		}
	}
}

// Whatever took place elsewhere, and however much of it: no verdict moves.
func TestNoVerdictMovesByWhatTookPlaceElsewhere(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := ready()
		for range rapid.IntRange(1, 6).Draw(r, "tests") {
			w.elsewhere(exercise.Exercise{
				Provenance: rapid.SampledFrom([]exercise.Provenance{exercise.Replay, exercise.Evaluation}).Draw(r, "provenance"),
				RuleID:     rapid.SampledFrom([]string{"", "r1", "other", "unknown"}).Draw(r, "rule"),
				Analytic:   rapid.SampledFrom([]string{"", "AN0100", "AN0300"}).Draw(r, "analytic"),
				Outcome:    rapid.SampledFrom([]exercise.Outcome{exercise.Alerted, exercise.None, exercise.Logged, exercise.Ran}).Draw(r, "outcome"),
			}, rapid.IntRange(-2, 500).Draw(r, "ago"))
		}
		before, after := assess(t, ready()), assess(t, w)
		if !reflect.DeepEqual(before.Totals, after.Totals) {
			r.Fatalf("totals %+v became %+v", before.Totals, after.Totals)
		}
		for i := range before.Verdicts {
			if x, y := before.Verdicts[i], after.Verdicts[i]; x.Rung != y.Rung || x.Claimed != y.Claimed || x.Exercises.State != y.Exercises.State {
				r.Fatalf("%s: %s became %s", x.Analytic, x.Rung, y.Rung)
			}
		}
	})
}
