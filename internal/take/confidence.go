package take

import (
	"slices"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// confidence counts what the statements rest on. Of an object with many analytics
// a point counts when it holds for at least half of those that apply.
func (f *facts) confidence() Confidence {
	p := f.d.Policy.Take
	c := Confidence{Points: []Point{}}
	add := func(when bool, code string, points int, text string) {
		if when {
			c.Points = append(c.Points, Point{Code: code, Points: points, Text: text})
			c.Sum += points
		}
	}
	thin := f.shortText(p.ShortText) && len(f.o.LogSources) == 0
	add(!thin, "official", p.Official, f.officialText())
	add(f.half(func(v *assure.Verdict) bool { return v.Visibility.State == visibility.Verified }), "visibility", p.Visibility, "what it needs measured here")
	add(f.half(concluded), "measured", p.Measured, "labels that allow a conclusion")
	add(f.half(tried), "exercised", p.Exercised, "an exercise or a case")
	add(f.some(contradictory), "contradicted", -p.Contradicted, "evidence against other evidence")
	add(f.half(aged), "aged", -p.Aged, "evidence past its age")
	add(f.half(ratedWorse), "rating", -p.Rating, "an external source that does not count")
	switch {
	case c.Sum >= p.HighFrom:
		c.Level = High
	case c.Sum >= p.MediumFrom:
		c.Level = Medium
	default:
		c.Level = Low
	}
	c.Reason = f.because(c, thin)
	return c
}

// sure says the confidence in a sentence.
func (f *facts) sure(c Confidence) Statement {
	st := Statement{Code: "confidence", Audience: Both, Text: "Confidence is " + string(c.Level) + ". " + c.Reason}
	for _, p := range c.Points {
		st.Sources = append(st.Sources, Source{Kind: Setting, ID: "take." + p.Code, Value: strconv.Itoa(p.Points)})
	}
	sum := Source{Kind: Computation, ID: "sum", Value: strconv.Itoa(c.Sum), Inputs: []string{}}
	for _, p := range c.Points {
		sum.Inputs = append(sum.Inputs, strconv.Itoa(p.Points))
	}
	st.Sources = append(st.Sources, sum, f.lacks(f.o, "description").from[0])
	return st
}

// shortText reports whether the official text has fewer characters than least.
func (f *facts) shortText(least int) bool {
	return len(f.o.Description)+len(f.o.Detection) < least
}

func (f *facts) officialText() string {
	if len(f.o.LogSources) > 0 {
		return "log sources that ATT&CK names"
	}
	return "an official text of some length"
}

// because is the reason: what speaks for it, then what against.
func (f *facts) because(c Confidence, thin bool) string {
	var speaks, against []string
	for _, p := range c.Points {
		if p.Points < 0 {
			against = append(against, p.Text)
		} else {
			speaks = append(speaks, p.Text)
		}
	}
	if thin && f.class == anAnalytic {
		against = append(against, "a short official text that names no log source")
	} else if thin {
		against = append(against, "a short official text")
	}
	if !slices.ContainsFunc(c.Points, func(p Point) bool { return p.Code != "official" }) {
		switch {
		case f.d.Local && f.some(bears) && len(f.about()) == 1:
			against = append(against, "too little measured here to rest on")
		case f.d.Local && f.some(bears):
			against = append(against, "nothing measured here that bears on half of its analytics")
		case f.d.Local:
			against = append(against, "nothing measured here that bears on it")
		default:
			against = append(against, "no evidence of the organisation")
		}
	}
	var text string
	if len(speaks) > 0 {
		text = "For it: " + attack.Listed(speaks) + "."
	}
	if len(against) > 0 {
		text += " Against it: " + attack.Listed(against) + "."
	}
	return strings.TrimSpace(text)
}

// about are the verdicts that confidence is counted over.
func (f *facts) about() []*assure.Verdict {
	if f.class == anAnalytic {
		if f.v == nil || f.v.Rung == assure.NotApplicable {
			return nil
		}
		return []*assure.Verdict{f.v}
	}
	return f.vs
}

func (f *facts) half(so func(*assure.Verdict) bool) bool {
	n := 0
	for _, v := range f.about() {
		if so(v) {
			n++
		}
	}
	return n > 0 && 2*n >= len(f.about())
}

func (f *facts) some(so func(*assure.Verdict) bool) bool {
	return slices.ContainsFunc(f.about(), so)
}

// bears reports whether anything measured here bears on a verdict, enough or not.
func bears(v *assure.Verdict) bool {
	return v.Measurement != nil && v.Measurement.Alerts > 0 || tried(v) ||
		slices.ContainsFunc(v.Visibility.Needs, func(n visibility.Need) bool {
			return n.State == visibility.Measured || n.State == visibility.Thin || n.State == visibility.Old
		})
}

func concluded(v *assure.Verdict) bool {
	return v.Measurement != nil && labelled(v) > 0 && (v.Measurement.Conclusion == measure.GoodEnough || v.Measurement.Conclusion == measure.NotGoodEnough)
}

// contradictory also holds where what is contradicted was never shown: that support
// is taken away must not make a take surer.
func contradictory(v *assure.Verdict) bool {
	return v.Rung == assure.Contradicted || v.Exercises.State == "failed" || v.Incidents.State == "missed"
}

func tried(v *assure.Verdict) bool {
	return v.Exercises.State == "passed" || v.Exercises.State == "failed" || v.Incidents.State == "missed" || v.Incidents.State == "detected" || v.Incidents.State == "answered"
}

func aged(v *assure.Verdict) bool {
	return v.Exercises.State == "expired" || v.Runbook.State == "expired" ||
		slices.ContainsFunc(v.Visibility.Needs, func(n visibility.Need) bool { return n.State == visibility.Old })
}

func ratedWorse(v *assure.Verdict) bool {
	return len(v.Visibility.Externals) > 0 && !slices.ContainsFunc(v.Visibility.Externals, func(x visibility.Sight) bool { return x.Counts })
}
