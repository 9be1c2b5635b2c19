package web

import (
	"candor/internal/assure"
)

// look is how a rung is shown: a colour is never all that tells it from another.
type look struct {
	Rung assure.Rung
	// Code is two letters, for places without room for the name.
	Code    string
	Name    string
	Meaning string
	// Class is the class of the style that holds the colour.
	Class string
}

// lookOf returns how a rung is shown.
func lookOf(r assure.Rung) look {
	l := look{Rung: r, Class: "r-" + string(r)}
	switch r {
	case assure.NotApplicable:
		l.Code, l.Name, l.Meaning = "NA", "not applicable", "its platform is not in scope; apart from every denominator"
	case assure.Outside:
		l.Code, l.Name, l.Meaning = "OV", "outside visibility", "no log source is named, or it happens where there is no sensor"
	case assure.Blind:
		l.Code, l.Name, l.Meaning = "BL", "blind", "log sources exist for it and none is collected"
	case assure.Observable:
		l.Code, l.Name, l.Meaning = "OB", "observable", "telemetry is verified and nothing looks at it"
	case assure.RuleOnly:
		l.Code, l.Name, l.Meaning = "RO", "rule only", "a rule is enabled on telemetry that is missing, partial or unverified"
	case assure.Unproven:
		l.Code, l.Name, l.Meaning = "UP", "unproven", "rule and telemetry, but no passing exercise in date and too few labels"
	case assure.Noisy:
		l.Code, l.Name, l.Meaning = "NO", "noisy", "measured, and below the policy"
	case assure.Contradicted:
		l.Code, l.Name, l.Meaning = "CO", "contradicted", "newer evidence says that it does not work"
	case assure.Proven:
		l.Code, l.Name, l.Meaning = "PR", "proven", "works, but has no current runbook or owner"
	case assure.Reliable:
		l.Code, l.Name, l.Meaning = "RE", "reliable", "proven, with a current runbook and owner"
	default:
		l.Code, l.Name = "??", string(r)
	}
	return l
}

// tally is how many stand on a rung, out of how many.
type tally struct {
	look
	Count int
	Of    int
}

// spread is a distribution over rungs. What is not applicable is apart.
type spread struct {
	Rungs         []tally // every rung but not applicable, in order
	Applicable    int
	NotApplicable tally
}

// spreadOf returns the distribution of counts.
func spreadOf(counts []assure.RungCount) spread {
	have := map[assure.Rung]int{}
	for _, c := range counts {
		have[c.Rung] += c.Count
	}
	s := spread{NotApplicable: tally{look: lookOf(assure.NotApplicable), Count: have[assure.NotApplicable]}}
	for _, r := range assure.Rungs() {
		if r != assure.NotApplicable {
			s.Applicable += have[r]
		}
	}
	for _, r := range assure.Rungs() {
		if r != assure.NotApplicable {
			s.Rungs = append(s.Rungs, tally{look: lookOf(r), Count: have[r], Of: s.Applicable})
		}
	}
	return s
}

// spreadOver returns the distribution of verdicts.
func spreadOver(vs []assure.Verdict) spread {
	var counts []assure.RungCount
	for i := range vs {
		counts = append(counts, assure.RungCount{Rung: vs[i].Rung, Count: 1})
	}
	return spreadOf(counts)
}

// action returns the words for the action of a step.
func action(code string) string {
	switch code {
	case "collect":
		return "Collect"
	case "verify_feed":
		return "Verify the feed"
	case "register_external":
		return "Register an external source"
	case "write_rule":
		return "Write a rule"
	case "exercise":
		return "Exercise"
	case "label":
		return "Label alerts"
	case "tune":
		return "Tune"
	case "fix":
		return "Fix"
	case "write_runbook":
		return "Write the runbook"
	case "review_runbook":
		return "Review the runbook"
	case "keep":
		return "Keep in date"
	}
	return words(code)
}
