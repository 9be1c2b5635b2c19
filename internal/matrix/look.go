package matrix

import (
	"slices"
	"strings"

	"candor/internal/assure"
)

// Look is how a rung is shown wherever it is: a colour is never all that tells it from
// another.
type Look struct {
	Rung assure.Rung
	// Code is two letters, for places without room for the name.
	Code    string
	Name    string
	Meaning string
}

// LookOf returns how a rung is shown.
func LookOf(r assure.Rung) Look {
	l := Look{Rung: r, Code: "??", Name: strings.ReplaceAll(string(r), "_", " ")}
	switch r {
	case assure.NotApplicable:
		l.Code, l.Meaning = "NA", "its platform is not in scope; apart from every denominator"
	case assure.Outside:
		l.Code, l.Meaning = "OV", "ATT&CK names no log source, or it happens where there is no sensor"
	case assure.Blind:
		l.Code, l.Meaning = "BL", "what it needs is not seen, or not all of it, and no rule that counts claims it"
	case assure.Observable:
		l.Code, l.Meaning = "OB", "what it needs is seen, and no enabled rule that counts claims it"
	case assure.RuleOnly:
		l.Code, l.Meaning = "RO", "a rule claims it, and what it needs is not seen, or not all of it, or something is in the way of the rule"
	case assure.Unproven:
		l.Code, l.Meaning = "UP", "a rule claims what is seen, and neither an exercise nor its alerts show that it works"
	case assure.Noisy:
		l.Code, l.Meaning = "NO", "its alerts are outside policy: precision, volume or workload"
	case assure.Contradicted:
		l.Code, l.Meaning = "CO", "a newer exercise or incident says that it does not work"
	case assure.Proven:
		l.Code, l.Meaning = "PR", "an exercise or its alerts show that it works, and no current runbook applies"
	case assure.Reliable:
		l.Code, l.Meaning = "RE", "an exercise or its alerts show that it works, and a current runbook applies"
	}
	return l
}

// Worst lists the rungs of what is applicable, of which the worse case comes first.
func Worst() []assure.Rung {
	rs := slices.DeleteFunc(assure.Rungs(), func(r assure.Rung) bool { return r == assure.NotApplicable })
	slices.SortFunc(rs, assure.CompareWorst)
	return rs
}

// Colour returns the colour of a rung on white paper, #rrggbb. The colours tell apart for
// every common kind of colour vision, and never stand without the code.
func Colour(r assure.Rung) string {
	switch r {
	case assure.NotApplicable:
		return "#e3e7ea"
	case assure.Outside:
		return "#8b969d"
	case assure.Blind:
		return "#434c53"
	case assure.Observable:
		return "#6dbdea"
	case assure.RuleOnly:
		return "#f2dc4b"
	case assure.Unproven:
		return "#e8a325"
	case assure.Noisy:
		return "#cf86b2"
	case assure.Contradicted:
		return "#c04d0a"
	case assure.Proven:
		return "#1769a3"
	}
	return "#007f5f"
}

// Ink returns the colour in which text on the colour of a rung can be read.
func Ink(r assure.Rung) string {
	switch r {
	case assure.Blind, assure.Contradicted, assure.Proven, assure.Reliable:
		return "#ffffff"
	}
	return "#10161a"
}

// Pattern is a line drawing that tells a rung from the others without colour: the path of
// a tile of eight by eight, empty for a plain ground.
func Pattern(r assure.Rung) string {
	switch r {
	case assure.NotApplicable:
		return "M3.5 3.5h1v1h-1z" // a dot
	case assure.Outside:
		return "M0 8L8 0M-2 2L2 -2M6 10L10 6" // rising
	case assure.Observable:
		return "M0 0L8 8M-2 6L2 10M6 -2L10 2" // falling
	case assure.RuleOnly:
		return "M0 4H8" // lying
	case assure.Unproven:
		return "M4 0V8" // standing
	case assure.Noisy:
		return "M0 0L8 8M0 8L8 0" // crossed
	case assure.Contradicted:
		return "M0 4H8M4 0V8" // a grid
	case assure.Proven:
		return "M1 2h2v2h-2zM5 6h2v2h-2z" // dots
	case assure.Reliable:
		return "M0 6L4 2L8 6" // chevrons
	}
	return "" // blind: plain, and the darkest
}
