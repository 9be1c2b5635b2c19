package assessment

import (
	"context"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/exercise"
	"candor/internal/fault"
	"candor/internal/measure"
)

// Recalled is what exercises say of what is detected and, apart from it, what
// incidents say. It stands apart from what alerts say.
type Recalled struct {
	AsOf         time.Time        `json:"as_of"`
	Policy       assure.PolicyRef `json:"policy"`
	Source       string           `json:"source"` // always "exercises"
	Organisation measure.Recall   `json:"organisation"`
	Techniques   []measure.Recall `json:"techniques"`
	Analytics    []measure.Recall `json:"analytics"`
	// Cases is how incidents became known.
	Cases  CasesRecalled `json:"cases"`
	Limits []string      `json:"limits"`
}

// CasesRecalled is how incidents became known: all of them, and those in which a
// technique or an analytic played a part.
type CasesRecalled struct {
	Source       string               `json:"source"` // always "cases"
	Organisation measure.CaseRecall   `json:"organisation"`
	Techniques   []measure.CaseRecall `json:"techniques"`
	Analytics    []measure.CaseRecall `json:"analytics"`
}

func recallLimits() []string {
	return []string{
		"An exercise shows that what was done that day was seen, not that every variant would be.",
		"What was blocked is left out: it says nothing of detection. Logged without an alert counts as not detected unless policy lets it pass.",
		"What the alerts of its time contradict counts as not detected; what another rule raised, or what may be coincidence, is left out (candor exercise explain).",
		"Incidents that nobody ever found are in no case: what cases show is an upper bound in that sense.",
		"That an alert led to an incident does not say which of its techniques the alert was about; candor review CASE does.",
	}
}

// Recall returns the recall that exercises show, and how incidents became known: of
// the whole organisation, and of each technique and analytic that they name. With
// an analytic's id it is of what speaks for that analytic alone.
func (s *Service) Recall(ctx context.Context, r Request, id string) (Recalled, error) {
	out, err := shared(ctx, s, r, func(ctx context.Context) (Recalled, error) { return s.recallNow(ctx, r, id) }, "recall", id)
	out.AsOf = r.AsOf
	return out, err
}

func (s *Service) recallNow(ctx context.Context, r Request, id string) (Recalled, error) {
	out := Recalled{AsOf: r.AsOf, Policy: basisOf(r).Policy, Source: "exercises", Limits: recallLimits()}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return out, err
	}
	all, cases, err := s.named(ctx, r, &ev)
	if err != nil {
		return out, err
	}
	today, p := day.Of(r.AsOf), recallPolicy(r.Policy)
	out.Organisation = measure.RecallOf("organisation", all, today, p)
	out.Cases = CasesRecalled{Source: "cases", Organisation: measure.CaseRecallOf("organisation", cases, today, p.Confidence)}
	if id != "" {
		v, err := s.Verdict(ctx, r, id)
		if err != nil {
			return out, err
		}
		all, cases = speaking(all, &v), involving(cases, &v)
		out.Analytics = []measure.Recall{measure.RecallOf(v.Analytic.ATTACKID, all, today, p)}
		out.Cases.Analytics = []measure.CaseRecall{measure.CaseRecallOf(v.Analytic.ATTACKID, cases, today, p.Confidence)}
	} else {
		out.Analytics = measure.Recalls(all, func(e exercise.Exercise) string { return e.Analytic }, today, p)
		out.Cases.Analytics = measure.CaseRecalls(cases, func(c alert.Case) []string { return c.Analytics }, today, p.Confidence)
	}
	out.Techniques = measure.Recalls(all, func(e exercise.Exercise) string { return e.Technique }, today, p)
	out.Cases.Techniques = measure.CaseRecalls(cases, func(c alert.Case) []string { return c.Techniques }, today, p.Confidence)
	return out, nil
}

// named returns the exercises and the cases as the release names what they are of:
// a revoked technique stands for its successor, as it does for verdicts. Without a
// release they name what they name.
func (s *Service) named(ctx context.Context, r Request, ev *assure.Evidence) ([]exercise.Exercise, []alert.Case, error) {
	es, cs := slices.Clone(values(ev.Exercises)), values(ev.Cases)
	rel, err := s.release(ctx, r.Release.Or(r.Policy.Release))
	if fault.KindOf(err) == fault.NotFound {
		return slices.DeleteFunc(es, func(e exercise.Exercise) bool { return e.Outcome == exercise.Ran }), cs, nil
	}
	if err != nil {
		return nil, nil, err
	}
	a, err := s.whole(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	es = found(es, &a)
	lib, err := s.library(ctx, rel)
	if err != nil {
		return nil, nil, err
	}
	for i := range es {
		es[i].Technique, es[i].Analytic = assure.Current(lib, es[i].Technique), assure.Current(lib, es[i].Analytic)
	}
	for i := range cs {
		cs[i].Techniques, cs[i].Analytics = currents(lib, cs[i].Techniques), currents(lib, cs[i].Analytics)
	}
	return es, cs, nil
}

// found returns the exercises with the outcome that the alerts of their time leave them:
// what those contradict in all that it speaks for was not detected, and of what nobody can
// say whether it was nothing is said.
func found(es []exercise.Exercise, a *assure.Assessment) []exercise.Exercise {
	best := map[string]string{}
	rank := []string{"", "inconclusive", "failed", "passed"}
	for i := range a.Verdicts {
		for _, t := range a.Verdicts[i].Exercises.Trials {
			if t.Basis != assure.ByStatement && slices.Index(rank, t.Result) > slices.Index(rank, best[t.ID]) {
				best[t.ID] = t.Result
			}
		}
	}
	kept := es[:0]
	for _, e := range es {
		switch result := best[e.ID()]; {
		case result == "passed":
			e.Outcome = exercise.Alerted
		case result == "failed":
			e.Outcome = exercise.None
		case result == "inconclusive", e.Outcome == exercise.Ran:
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// currents is assure.Current of each, in a slice of its own.
func currents(lib *attack.Library, ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = assure.Current(lib, id)
	}
	return out
}

// involving returns the cases that name the analytic, or one of its techniques on
// its platform.
func involving(cases []alert.Case, v *assure.Verdict) []alert.Case {
	return slices.DeleteFunc(slices.Clone(cases), func(c alert.Case) bool {
		if slices.ContainsFunc(c.Analytics, func(id string) bool { return strings.EqualFold(id, v.Analytic.ATTACKID) }) {
			return false
		}
		return !slices.ContainsFunc(v.Techniques, func(n assure.Name) bool {
			return slices.ContainsFunc(c.Techniques, func(id string) bool { return strings.EqualFold(id, n.ATTACKID) })
		}) || len(c.Platforms) > 0 && !slices.ContainsFunc(c.Platforms, func(p string) bool { return on(v.Platforms, p) })
	})
}

// on reports whether a platform is among others, or one of them is not said.
func on(platforms []string, platform string) bool {
	return platform == "" || len(platforms) == 0 ||
		slices.ContainsFunc(platforms, func(p string) bool { return strings.EqualFold(p, platform) })
}

func recallPolicy(p assure.Policy) measure.RecallPolicy {
	return measure.RecallPolicy{Passing: p.Readiness.Passing, MaxAgeDays: p.Readiness.MaxExerciseAgeDays, Confidence: p.Measure.Confidence}
}

// speaking returns the exercises that speak for the analytic: those that name it,
// and those that name one of its techniques and no analytic, on its platform.
func speaking(all []exercise.Exercise, v *assure.Verdict) []exercise.Exercise {
	return slices.DeleteFunc(slices.Clone(all), func(e exercise.Exercise) bool {
		if e.Analytic != "" {
			return !strings.EqualFold(e.Analytic, v.Analytic.ATTACKID)
		}
		named := slices.ContainsFunc(v.Techniques, func(n assure.Name) bool { return strings.EqualFold(n.ATTACKID, e.Technique) })
		return !named || !on(v.Platforms, e.Platform)
	})
}
