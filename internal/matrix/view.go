package matrix

import (
	"time"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// View is what the cells of a matrix say of the analytics behind them.
type View string

// The views.
const (
	Rungs      View = "rungs"      // the verdicts
	Visibility View = "visibility" // whether what they need is seen
	Claims     View = "claims"     // how many rules claim them
	Precision  View = "precision"  // what may be concluded from their alerts
	Exercises  View = "exercises"  // whether they were tested, and how that ended
	Age        View = "age"        // how old the oldest kind of evidence about them is
)

// Views lists the views in the order in which they are offered.
func Views() []View { return []View{Rungs, Visibility, Claims, Precision, Exercises, Age} }

// Title says in words what a view shows.
func (v View) Title() string {
	switch v {
	case Visibility:
		return "visibility"
	case Claims:
		return "claims of rules"
	case Precision:
		return "precision of alerts"
	case Exercises:
		return "exercises"
	case Age:
		return "age of evidence"
	}
	return "rungs"
}

// Hint says how a view is to be read.
func (v View) Hint() string {
	switch v {
	case Visibility:
		return "Whether what an analytic needs is seen, whatever rules there are."
	case Claims:
		return "How many enabled rules claim an analytic on a basis that policy counts; that they work is not said."
	case Precision:
		return "What may be concluded from the labelled alerts of the rules that claim an analytic, by the interval and not by the share."
	case Exercises:
		return "What exercises show of an analytic; borne out are those that alerts of their time confirm."
	case Age:
		return "Of each kind of evidence about an analytic (log sources seen, exercise, labelled alert, review of the runbook) the newest; of these the oldest."
	}
	return "The verdict on every analytic."
}

// State is what an analytic can be in a view.
type State struct {
	Key string `json:"state"`
	// Code is two letters or signs, for places without room for the name.
	Code    string `json:"code"`
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	// Paint is the rung whose colour and pattern it has, of all views.
	Paint assure.Rung `json:"-"`
	// Colour is that on white paper, #rrggbb.
	Colour string `json:"colour"`
}

// states lists the states of a view, of which the worse case comes first. What is not
// applicable is in every view and apart from its worst case; it comes last.
func (v View) states() []State {
	ss := rungStates()
	switch v {
	case Visibility:
		ss = visibilityStates()
	case Claims:
		ss = claimStates()
	case Precision:
		ss = precisionStates()
	case Exercises:
		ss = exerciseStates()
	case Age:
		ss = ageStates()
	}
	ss = append(ss, State{Key: none, Code: "NA", Name: "not applicable", Meaning: "its platform is not in scope; apart from every denominator", Paint: assure.NotApplicable})
	for i := range ss {
		ss[i].Colour = Colour(ss[i].Paint)
	}
	return ss
}

// none is the key of what is not applicable.
const none = string(assure.NotApplicable)

func rungStates() []State {
	var ss []State
	for _, r := range Worst() {
		l := LookOf(r)
		ss = append(ss, State{Key: string(r), Code: l.Code, Name: l.Name, Meaning: l.Meaning, Paint: r})
	}
	return ss
}

func visibilityStates() []State {
	return []State{
		{string(visibility.Outside), "OV", "outside visibility", "ATT&CK names no log source, or it happens where there is no sensor", assure.Outside, ""},
		{string(visibility.Blind), "NC", "none collected", "log sources exist, and none is collected", assure.Blind, ""},
		{string(visibility.Partial), "PA", "partly", "some of what it needs is collected, and some is not", assure.RuleOnly, ""},
		{string(visibility.Declared), "DE", "declared", "all is said to be collected, and some was never measured to arrive", assure.Unproven, ""},
		{string(visibility.Stale), "ST", "stale", "all was measured once, and some not lately", assure.Noisy, ""},
		{string(visibility.External), "EX", "external only", "seen by a registered external source alone", assure.Proven, ""},
		{string(visibility.Verified), "VE", "verified", "everything it needs was measured lately", assure.Reliable, ""},
	}
}

func claimStates() []State {
	return []State{
		{"none", "NR", "no rule", "no rule claims it", assure.Blind, ""},
		{"not_counted", "NC", "none that counts", "rules claim it, and none of them is enabled and on a basis that counts", assure.RuleOnly, ""},
		{"one", "1R", "one rule", "one enabled rule claims it on a basis that counts", assure.Observable, ""},
		{"several", "2+", "several rules", "two or more enabled rules claim it on a basis that counts", assure.Proven, ""},
	}
}

func precisionStates() []State {
	return []State{
		{string(measure.NotGoodEnough), "BE", "below policy", "measured, and not good enough by policy", assure.Contradicted, ""},
		{"none", "NM", "not measured", "no alert of a rule that claims it in the window, or no such rule", assure.Blind, ""},
		{string(measure.NotMeasurable), "NL", "not measurable", "alerts, and too little that is labelled to say anything", assure.Outside, ""},
		{string(measure.Undecided), "UN", "undecided", "labelled alerts, and too few of them to conclude", assure.Unproven, ""},
		{string(measure.GoodEnough), "GE", "good enough", "the lower limit of its precision reaches what policy asks", assure.Reliable, ""},
	}
}

func exerciseStates() []State {
	return []State{
		{"failed", "FA", "failed", "the newest exercise failed", assure.Contradicted, ""},
		{"none", "NE", "not exercised", "no exercise of it is known", assure.Blind, ""},
		{"expired", "EX", "out of date", "an exercise passed, too long ago to count", assure.Noisy, ""},
		{"inconclusive", "IN", "inconclusive", "no exercise in date says whether it works", assure.Unproven, ""},
		{"passed", "PS", "passed by statement", "an exercise in date passed, and no alert bears that out", assure.Proven, ""},
		{"corroborated", "PB", "passed, borne out", "an exercise in date passed, and alerts of its time bear that out", assure.Reliable, ""},
	}
}

func ageStates() []State {
	return []State{
		{"none", "NE", "no evidence", "no evidence with a day bears on it", assure.Blind, ""},
		{"over_365", ">1y", "over a year", "366 days and more", assure.Contradicted, ""},
		{"365", "1y", "up to a year", "181 to 365 days", assure.Unproven, ""},
		{"180", "6m", "up to half a year", "91 to 180 days", assure.RuleOnly, ""},
		{"90", "3m", "up to three months", "31 to 90 days", assure.Observable, ""},
		{"30", "1m", "up to a month", "30 days and fewer", assure.Proven, ""},
	}
}

// state returns the key of the state of a verdict in a view, as of a day.
func (v View) state(of *assure.Verdict, today day.Date) string {
	if of.Rung == assure.NotApplicable {
		return none
	}
	switch v {
	case Visibility:
		return string(of.Visibility.State)
	case Claims:
		return claimed(of)
	case Precision:
		if of.Measurement == nil || of.Measurement.Alerts == 0 {
			return "none"
		}
		return string(of.Measurement.Conclusion)
	case Exercises:
		if of.Exercises.State == "passed" && of.Exercises.Corroborated {
			return "corroborated"
		}
		return of.Exercises.State
	case Age:
		return aged(of, today)
	}
	return string(of.Rung)
}

func claimed(v *assure.Verdict) string {
	counting, stated := 0, false
	for i := range v.Claims {
		c := &v.Claims[i]
		if c.Counts && c.Enabled {
			counting++
		}
		stated = stated || !c.Cannot()
	}
	switch {
	case counting > 1:
		return "several"
	case counting == 1:
		return "one"
	case stated:
		return "not_counted"
	}
	return "none"
}

// aged says how old, on a day, the oldest kind of evidence about an analytic is, each
// kind by its newest.
func aged(v *assure.Verdict, today day.Date) string {
	var oldest day.Date
	older := func(d day.Date) {
		if d != "" && (oldest == "" || d < oldest) {
			oldest = d
		}
	}
	for i := range v.Visibility.Needs {
		older(v.Visibility.Needs[i].LastSeen)
	}
	if v.Measurement != nil {
		older(v.Measurement.LastLabelled)
	}
	if t, err := time.Parse(time.RFC3339, v.Exercises.LastTime); err == nil {
		older(day.Of(t))
	}
	if d, err := day.Parse(v.Runbook.Reviewed); err == nil {
		older(d)
	}
	if oldest == "" {
		return "none"
	}
	switch age := oldest.Until(today); {
	case age > 365:
		return "over_365"
	case age > 180:
		return "365"
	case age > 90:
		return "180"
	case age > 30:
		return "90"
	}
	return "30"
}
