package assessment

import (
	"context"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/fault"
	"candor/internal/near"
)

// Exercised is an exercise with what it comes to.
type Exercised struct {
	ID string `json:"id"`
	exercise.Exercise
	Batch string `json:"batch"`
	// Analytics is how many analytics it speaks for, and Results says in short what it
	// comes to for them, "corroborated" or "statement" for example, with how many.
	Analytics int           `json:"analytics"`
	Results   []ResultCount `json:"results"`
	// Elsewhere says of a replay or an evaluation that it counts for nothing here.
	Elsewhere string `json:"elsewhere,omitempty"`
}

// ResultCount is for how many analytics an exercise comes to a result on a basis.
type ResultCount struct {
	Result    string       `json:"result"`
	Basis     assure.Basis `json:"basis"`
	Analytics int          `json:"analytics"`
}

// parted returns the exercises that took place here, and those that took place elsewhere.
func parted(all []evidence.Of[exercise.Exercise]) (here, away []evidence.Of[exercise.Exercise]) {
	for _, e := range all {
		if e.Value.Away() {
			away = append(away, e)
		} else {
			here = append(here, e)
		}
	}
	return here, away
}

// Exercises are all exercises that are known, newest first.
type Exercises struct {
	Release attack.Release   `json:"release"`
	AsOf    time.Time        `json:"as_of"`
	Policy  assure.PolicyRef `json:"policy"`
	// Hours and MaxChance are what policy asks of alerts that bear an exercise out.
	Hours     int         `json:"corroborate_hours"`
	MaxChance float64     `json:"max_chance"`
	Exercises []Exercised `json:"exercises"`
}

// TrialOf is what an exercise comes to for one analytic.
type TrialOf struct {
	Analytic   assure.Name   `json:"analytic"`
	Techniques []assure.Name `json:"techniques"`
	Platforms  []string      `json:"platforms"`
	Rung       assure.Rung   `json:"rung"`
	Trial      assure.Trial  `json:"trial"`
}

// ExplainedExercise is one exercise, and why it comes to what it does.
type ExplainedExercise struct {
	Release   attack.Release   `json:"release"`
	AsOf      time.Time        `json:"as_of"`
	Policy    assure.PolicyRef `json:"policy"`
	Hours     int              `json:"corroborate_hours"`
	MaxChance float64          `json:"max_chance"`
	Exercise  Exercised        `json:"exercise"`
	Trials    []TrialOf        `json:"trials"`
	Limits    []string         `json:"limits"`
}

func exerciseLimits() []string {
	return []string{
		"That an alert fell into the time of an exercise does not show that the exercise raised it: the chance of coincidence takes alerts to come one by one and at a steady rate.",
		"An alert that reached the product and was never brought in here is not known.",
		"Which alerts are of the host is told by the entity that they name; hosts that alerts call by another name are not found.",
	}
}

// Exercises lists the exercises up to the day of judgement, each with what it comes to.
func (s *Service) Exercises(ctx context.Context, r Request) (Exercises, error) {
	a, err := s.Assess(ctx, r)
	if err != nil {
		return Exercises{}, err
	}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return Exercises{}, err
	}
	out := Exercises{Release: a.Release, AsOf: r.AsOf, Policy: a.Policy, Hours: r.Policy.Readiness.CorroborateHours, MaxChance: r.Policy.Readiness.MaxChance, Exercises: []Exercised{}}
	results := map[string][]ResultCount{}
	for i := range a.Verdicts {
		for j := range a.Verdicts[i].Exercises.Trials {
			t := &a.Verdicts[i].Exercises.Trials[j]
			results[t.ID] = counted(results[t.ID], t)
		}
	}
	for _, e := range slices.Concat(ev.Exercises, ev.Away) {
		if day.Of(e.Value.Time) <= day.Of(r.AsOf) {
			out.Exercises = append(out.Exercises, exercised(e, results[e.Value.ID()]))
		}
	}
	slices.SortFunc(out.Exercises, func(a, b Exercised) int {
		if n := b.Time.Compare(a.Time); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

func exercised(e evidence.Of[exercise.Exercise], results []ResultCount) Exercised {
	x := Exercised{ID: e.Value.ID(), Exercise: e.Value, Batch: e.Batch, Results: results}
	if x.Results == nil {
		x.Results = []ResultCount{}
	}
	for _, c := range results {
		x.Analytics += c.Analytics
	}
	if e.Value.Away() {
		x.Elsewhere = "took place elsewhere and passes nothing here"
	}
	return x
}

func counted(list []ResultCount, t *assure.Trial) []ResultCount {
	for i := range list {
		if list[i].Result == t.Result && list[i].Basis == t.Basis {
			list[i].Analytics++
			return list
		}
	}
	return append(list, ResultCount{t.Result, t.Basis, 1})
}

// Exercise explains the exercise that id names: its id or the beginning of it, or the name
// of its test where no other is called that. It is fault.NotFound without one, and
// fault.Usage where it could be several.
func (s *Service) Exercise(ctx context.Context, r Request, id string) (ExplainedExercise, error) {
	all, err := s.Exercises(ctx, r)
	if err != nil {
		return ExplainedExercise{}, err
	}
	x, err := exerciseNamed(all.Exercises, strings.TrimSpace(id))
	if err != nil {
		return ExplainedExercise{}, err
	}
	a, err := s.Assess(ctx, r)
	if err != nil {
		return ExplainedExercise{}, err
	}
	out := ExplainedExercise{Release: a.Release, AsOf: r.AsOf, Policy: a.Policy, Hours: all.Hours, MaxChance: all.MaxChance, Exercise: x, Trials: []TrialOf{}, Limits: exerciseLimits()}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		for _, t := range v.Exercises.Trials {
			if t.ID == x.ID {
				out.Trials = append(out.Trials, TrialOf{Analytic: v.Analytic, Techniques: v.Techniques, Platforms: v.Platforms, Rung: v.Rung, Trial: t})
			}
		}
	}
	return out, nil
}

func exerciseNamed(all []Exercised, id string) (Exercised, error) {
	const shortest = 6
	for _, same := range []func(x *Exercised) bool{
		func(x *Exercised) bool { return strings.EqualFold(x.ID, id) },
		func(x *Exercised) bool { return strings.EqualFold(x.Test, id) },
		func(x *Exercised) bool { return len(id) >= shortest && strings.HasPrefix(x.ID, strings.ToLower(id)) },
	} {
		var found []Exercised
		for i := range all {
			if same(&all[i]) {
				found = append(found, all[i])
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			ids := make([]string, 0, len(found))
			for i := range found[:min(len(found), 5)] {
				ids = append(ids, found[i].ID)
			}
			return Exercised{}, fault.New(fault.Usage, "%d exercises are called %q", len(found), id).Next("name one by its id, for example %s", strings.Join(ids, ", "))
		}
	}
	tests := make([]string, len(all))
	for i := range all {
		tests[i] = all[i].Test
	}
	e := fault.New(fault.NotFound, "there is no exercise %q", id)
	if len(all) == 0 {
		return Exercised{}, e.Next("no exercise is known; candor evidence add exercises FILE adds them")
	}
	return Exercised{}, e.Next("%s", near.Hint(id, tests, "candor exercise list shows the ids of those that are known"))
}
