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
		l.Code, l.Name, l.Meaning = "OV", "outside visibility", "ATT&CK names no log source, or it happens where there is no sensor"
	case assure.Blind:
		l.Code, l.Name, l.Meaning = "BL", "blind", "what it needs is not seen, or not all of it, and no rule that counts claims it"
	case assure.Observable:
		l.Code, l.Name, l.Meaning = "OB", "observable", "what it needs is seen, and no enabled rule that counts claims it"
	case assure.RuleOnly:
		l.Code, l.Name, l.Meaning = "RO", "rule only", "a rule claims it, and what it needs is not seen, or not all of it, or something is in the way of the rule"
	case assure.Unproven:
		l.Code, l.Name, l.Meaning = "UP", "unproven", "a rule claims what is seen, and neither an exercise nor its alerts show that it works"
	case assure.Noisy:
		l.Code, l.Name, l.Meaning = "NO", "noisy", "its alerts are outside policy: precision, volume or workload"
	case assure.Contradicted:
		l.Code, l.Name, l.Meaning = "CO", "contradicted", "a newer exercise or incident says that it does not work"
	case assure.Proven:
		l.Code, l.Name, l.Meaning = "PR", "proven", "an exercise or its alerts show that it works, and no current runbook applies"
	case assure.Reliable:
		l.Code, l.Name, l.Meaning = "RE", "reliable", "an exercise or its alerts show that it works, and a current runbook applies"
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
