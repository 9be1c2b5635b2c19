package web

import (
	"html/template"
	"net/http"
	"slices"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/measure"
)

// analysis is Candor's part of an object's page: the verdict on an analytic, or
// the distribution over the verdicts of an object that has analytics.
type analysis struct {
	frame
	Window string
	// Problem says why there is no analysis.
	Problem string
	Verdict *verdictView
	Spread  spread
	// Rows are the verdicts that Spread is over.
	Rows []assure.Verdict
	// Worst is the worst case among the rows.
	Worst assure.Group
	// Over says whose analytics Rows are.
	Over string
}

// verdictView is the verdict on one analytic.
type verdictView struct {
	frame
	V           assure.Verdict
	Proportions []quantity
	Threshold   float64
	Confidence  float64
	Claims      []claimLine
	More        []claimLine // behind the fold
}

// quantity is one proportion with what it is of.
type quantity struct {
	Name    string
	Meaning string
	// Hits of Of gave it; they may be effective numbers and not whole.
	Hits, Of string
	Value    *float64
	Interval *measure.Interval
}

// analyse judges the release and keeps what is about the object. A failure here
// leaves the official part of the page whole.
func (s *site) analyse(r *http.Request, fr frame, p library.Page) analysis {
	a := analysis{frame: fr, Over: kind(p.Object.Kind)}
	if !judged(p.Object.Kind) {
		return a
	}
	whole := fr.Sel
	whole.Platform = ""
	all, err := s.assess(r.Context(), whole, p.Release)
	if err != nil {
		if r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "assess for an object's page", "id", p.Object.ID, "error", err)
		}
		a.Problem = "The assessment failed; the server's log says why."
		if fault.KindOf(err) != fault.Internal {
			a.Problem = "There is no assessment of this release: " + err.Error() + "."
		}
		return a
	}
	a.Window = string(all.Window.From) + " to " + string(all.Window.To)
	for i := range all.Verdicts {
		v := &all.Verdicts[i]
		if v.Analytic.StixID == p.Object.ID {
			a.Verdict = s.newVerdict(fr, *v)
			return a
		}
		if concerns(v, p.Object) {
			a.Rows = append(a.Rows, *v)
		}
	}
	a.Spread, a.Worst = spreadOver(a.Rows), assure.GroupOf(assure.Name{}, a.Rows)
	return a
}

// judged reports whether verdicts can be about objects of a kind.
func judged(k attack.Kind) bool {
	switch k {
	case attack.KindAnalytic, attack.KindStrategy, attack.KindTactic, attack.KindComponent:
		return true
	}
	return k.Technique()
}

// concerns reports whether a verdict is on an analytic of the object.
func concerns(v *assure.Verdict, o attack.Object) bool {
	if o.Kind == attack.KindComponent {
		for _, n := range v.Visibility.Needs {
			if n.Component == o.ID {
				return true
			}
		}
		return false
	}
	is := func(n assure.Name) bool { return n.StixID == o.ID }
	return slices.ContainsFunc(v.Strategies, is) || slices.ContainsFunc(v.Techniques, is) || slices.ContainsFunc(v.Tactics, is)
}

func (s *site) newVerdict(fr frame, v assure.Verdict) *verdictView {
	w := &verdictView{V: v, frame: fr, Threshold: s.inForce.Measure.MinPrecision, Confidence: s.inForce.Measure.Confidence}
	if v.Measurement != nil {
		w.Proportions = proportions(v.Measurement)
	}
	for i, c := range v.Claims {
		if i < firstEdges {
			w.Claims = append(w.Claims, claimLine{Claim: c, URL: fr.Sel.Batch(c.Batch)})
		} else {
			w.More = append(w.More, claimLine{Claim: c, URL: fr.Sel.Batch(c.Batch)})
		}
	}
	return w
}

// proportions lists what a measurement says in proportions, each with its
// numerator, denominator and interval.
func proportions(m *measure.Statement) []quantity {
	n := m.TruePositive + m.BenignPositive + m.FalsePositive
	qs := []quantity{
		{"Actionable precision", "true positives of all labelled alerts", group(m.TruePositive), group(n), m.Precision, m.Interval},
		{"Allowing for bursts", "the same at its effective number", "", "", m.Precision, m.ClusteredInterval},
		{"Episode precision", "bursts with at least one true positive", group(m.EpisodeHits), group(m.Episodes), m.EpisodePrecision, m.EpisodeInterval},
		{"Logic precision", "found what the rule looks for, expected or not", group(m.TruePositive + m.BenignPositive), group(n), m.LogicPrecision, m.LogicInterval},
	}
	if m.EffectiveN != nil && m.Precision != nil {
		qs[1].Hits, qs[1].Of = number(*m.Precision**m.EffectiveN), number(*m.EffectiveN)
	}
	return slices.DeleteFunc(qs, func(q quantity) bool { return q.Value == nil })
}

// claimLine is a rule's claim and the address of the batch that brought it.
type claimLine struct {
	claim.Claim
	URL string
}

// Level is the level of the intervals, for people.
func (v *verdictView) Level() string { return number(100*v.Confidence) + " %" }

// Plot draws a proportion with its interval and the policy's threshold.
func (v *verdictView) Plot(q quantity) template.HTML {
	if q.Value == nil || q.Interval == nil {
		return ""
	}
	return whiskers(*q.Value, q.Interval[0], q.Interval[1], v.Threshold)
}

// Worst says what precision could be if every unlabelled alert were a miss, or a
// hit.
func (v *verdictView) Worst() string {
	m := v.V.Measurement
	if m.Bounds == nil || m.Unlabelled == 0 {
		return ""
	}
	all := m.TruePositive + m.BenignPositive + m.FalsePositive + m.Unlabelled
	return "precision between " + group(m.TruePositive) + " of " + group(all) + " (" + share(m.Bounds[0]) + ") and " +
		group(m.TruePositive+m.Unlabelled) + " of " + group(all) + " (" + share(m.Bounds[1]) + ")"
}
