package assure

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/exercise"
	"candor/internal/figure"
)

// exerciseExpires returns the last day on which the newest exercise counts.
func (a *assessor) exerciseExpires(s *subject) day.Date {
	return day.Of(s.trials.newest.Value.Time).Add(a.policy.Readiness.MaxExerciseAgeDays)
}

// limits lists what the verdict on s cannot know.
func (a *assessor) limits(s *subject) []string {
	l := []string{}
	if len(a.scope.Platforms) == 0 {
		l = append(l, "The scope is not stated: every platform is taken to be operated here.")
	}
	if s.Rung == NotApplicable {
		return l
	}
	l = append(l, externalLimits(s)...)
	if s.Claimed && s.counting[0].Basis != claim.Explicit && s.Rung != Outside {
		l = append(l, fmt.Sprintf("No rule names the analytic: the claim is drawn from %s.", s.counting[0].Basis))
	}
	if !s.Claimed || !s.Visibility.State.Seen() {
		return l
	}
	if text := a.withdrawn(); text != "" {
		l = append(l, text)
	}
	if text := leftOut(a.ev.Batches); text != "" {
		l = append(l, text)
	}
	l = append(l, a.silent...)
	l = append(l, a.operatingLimits(s)...)
	for _, r := range a.strayBounds(s) {
		l = append(l, r.Text)
	}
	l = append(l, a.lifeLimits(s)...)
	l = append(l, a.impairedLimits(s)...)
	l = append(l, a.latencyLimits(s)...)
	l = append(l, measuredLimits(s)...)
	l = append(l, exercisedLimits(s)...)
	l = append(l, awayLimits(s)...)
	return append(l, incidentLimits(s)...)
}

func incidentLimits(s *subject) []string {
	var l []string
	for i := range s.Incidents.Untied {
		if s.Incidents.State != incidentsUntied {
			l = append(l, s.Incidents.Untied[i].text())
		}
	}
	if s.Incidents.State != incidentsMissed && s.Incidents.State != incidentsAnswered {
		return l
	}
	return append(l, fmt.Sprintf("Whether the rules that claim it now were running on %s, when incident %s took place, is not known; none of them is known to have raised an alert there and then.",
		dayOf(&s.reviews.missed.Value), s.reviews.missed.Value.ID))
}

func externalLimits(s *subject) []string {
	var l []string
	for _, x := range s.Visibility.Externals {
		if x.Counts {
			l = append(l, fmt.Sprintf("External source %s is rated, not measured: whether it would report the behaviour in time is not known.", x.Source.Name))
		}
	}
	if s.Rung == Outside {
		l = append(l, "Whether the behaviour takes place cannot be known from here; no alert about it is no evidence of absence.")
	}
	return l
}

func measuredLimits(s *subject) []string {
	m := s.Measurement
	var l []string
	if m.Alerts > 0 {
		l = append(l, "Alerts cannot tell what was missed: recall is known from exercises and incident reviews alone.")
	}
	if m.Unlabelled > 0 {
		l = append(l, figure.Sprintf("%d of %s carry no label that counts; the labelled ones may not be like them.", m.Unlabelled, count(m.Alerts, "alert")))
	}
	if len(s.firing) > 1 {
		l = append(l, fmt.Sprintf("The alerts of %d rules are pooled; each may be better or worse than all together.", len(s.firing)))
	}
	return l
}

func exercisedLimits(s *subject) []string {
	t := &s.trials
	switch {
	case t.State == proofNone:
		return nil
	case t.State == proofPassed && t.newest.alone() != "" && !s.measuredWell():
		l := []string{t.newest.alone()}
		if t.ofTechnique {
			l = append(l, t.namesTechnique())
		}
		return l
	case t.State == proofInconclusive:
		if o := t.newest.Value.Outcome; o == exercise.Blocked || o == exercise.Logged {
			return []string{"Blocked says nothing of detection, and logged shows telemetry without an alert."}
		}
	case t.ofTechnique:
		return []string{t.namesTechnique()}
	}
	return nil
}

func (t *trials) namesTechnique() string {
	return fmt.Sprintf("The exercise names technique %s and not this analytic.", t.newest.Value.Technique)
}

// wholeLimits lists what the assessment as a whole cannot know or left out.
func (a *assessor) wholeLimits() []string {
	l := []string{}
	add := func(when bool, format string, args ...any) {
		if when {
			l = append(l, fmt.Sprintf(format, args...))
		}
	}
	if l0 := a.policy.Ref().looser(); l0 != "" {
		l = append(l, l0)
	}
	add(len(a.ev.Cases) == 0, "Missed incidents are not taken into account: no case is known.")
	add(a.incidents.later > 0, "%s dated after %s left out.", were(a.incidents.later, "case"), a.today)
	add(len(a.subjects) == 0, "Release %s has no analytic, so there is nothing to judge; Enterprise has them from 18.0 on.", a.lib.Release)
	add(len(a.scope.Platforms) == 0, "The scope is not stated: every platform is taken to be operated here.")
	add(len(a.ev.Telemetry.Observations) == len(pulled(a.ev.Telemetry.Observations).Observations), "No feed observation is known, so no log source of the organisation's own counts as seen.")
	add(len(a.ev.Rules) == 0, "No detection rule is known, so nothing is claimed.")
	add(len(a.ev.Rules) > 0 && len(a.operations) == 0, "No run of a rule is recorded: that enabled rules ran is taken on their word.")
	add(!a.alerts.any(), "No alert of the window is known of a rule whose claim counts, so no analytic is measured.")
	add(len(a.ev.Exercises) == 0, "No exercise is known; recall is not measured at all.")
	add(a.exercises.later > 0, "%s dated after %s left out.", were(a.exercises.later, "exercise"), a.today)
	add(a.runbooks.later > 0, "%s left out, with a day of review after %s.", were(a.runbooks.later, "runbook"), a.today)
	l = append(l, unknownLimit("Exercises", a.exercises.unknown(a.lib))...)
	l = append(l, unknownLimit("Cases", a.incidents.unknown(a.lib))...)
	return append(l, unknownLimit("Runbooks", a.runbooks.unknown(a.lib))...)
}

func unknownLimit(what string, ids []string) []string {
	ids = slices.DeleteFunc(ids, func(id string) bool { return strings.TrimSpace(id) == "" })
	if len(ids) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s name what this release does not know, and do not count there: %s.", what, listed(ids, 10))}
}

func were(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return figure.Sprintf("%d %ss are", n, noun)
}
