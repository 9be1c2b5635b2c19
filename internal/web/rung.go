package web

import (
	"candor/internal/assure"
	"candor/internal/matrix"
)

// look is how a rung is shown on pages.
type look struct {
	matrix.Look
	// Class is the class of the style that holds the colour.
	Class string
}

// lookOf returns how a rung is shown.
func lookOf(r assure.Rung) look { return look{matrix.LookOf(r), "r-" + string(r)} }

// tally is how many stand on a rung, out of how many.
type tally struct {
	look
	Count int
	Of    int
	// Shortfalls split a rung of what is not seen by what is missing.
	Shortfalls []assure.ShortfallCount
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
	short := map[assure.Rung][]assure.ShortfallCount{}
	for _, c := range counts {
		have[c.Rung] += c.Count
		short[c.Rung] = c.Shortfalls
	}
	s := spread{NotApplicable: tally{look: lookOf(assure.NotApplicable), Count: have[assure.NotApplicable]}}
	for _, r := range assure.Rungs() {
		if r != assure.NotApplicable {
			s.Applicable += have[r]
		}
	}
	for _, r := range assure.Rungs() {
		if r != assure.NotApplicable {
			s.Rungs = append(s.Rungs, tally{look: lookOf(r), Count: have[r], Of: s.Applicable, Shortfalls: short[r]})
		}
	}
	return s
}

// spreadOver returns the distribution of verdicts.
func spreadOver(vs []assure.Verdict) spread { return spreadOf(assure.Distribution(vs)) }

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
	case "enable_rule":
		return "Enable the rule"
	case "wait":
		return "Wait"
	case "clarify_source":
		return "Clarify the log source"
	case "tie_alerts":
		return "Tie the alerts"
	case "keep":
		return "Keep in date"
	}
	return words(code)
}
