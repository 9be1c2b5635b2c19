package web

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/fault"
	"candor/internal/figure"
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
	// Worst is the worst case among the rows, of a technique with sub-techniques
	// together and apart.
	Worst assure.Group
	// Over says whose analytics Rows are.
	Over string
}

// gauge is what a measurement says in proportions, beside what policy asks for.
type gauge struct {
	M           *measure.Statement
	Proportions []quantity
	Threshold   float64
	Confidence  float64
}

// gauge returns the proportions of a measurement, of which there may be none.
func (s *site) gauge(m *measure.Statement) gauge {
	g := gauge{M: m, Threshold: s.inForce.Measure.MinPrecision, Confidence: s.inForce.Measure.Confidence}
	if m != nil {
		g.Proportions = proportions(m)
	}
	return g
}

// verdictView is the verdict on one analytic.
type verdictView struct {
	frame
	gauge
	V assure.Verdict
	// Claims are those that count, of which More are behind the fold, Idle those that
	// do not, and Misfits those that cannot.
	Claims, More, Idle, Misfits []claimLine
	Gates                       []gateLine
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
	whole.Platform, whole.Profile = "", ""
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
			a.Verdict.Gates, err = s.decide(r.Context(), fr.Sel, s.requestFor(fr.Sel, p.Release), p.Object.ID, assure.Purposes())
			if err != nil {
				s.Log.ErrorContext(r.Context(), "gates for an object's page", "id", p.Object.ID, "error", err)
			}
			return a
		}
		if concerns(v, p.Object) {
			a.Rows = append(a.Rows, *v)
		}
	}
	a.Spread, a.Worst = spreadOver(a.Rows), assure.GroupOf(assure.Name{StixID: p.Object.ID, ATTACKID: p.Object.ATTACKID, Name: p.Object.Name}, a.Rows)
	return a
}

// sumView is the distribution over the analytics of a technique, or of its
// sub-techniques.
type sumView struct {
	assure.Sum
	Name   string
	Spread spread
}

// worstView is a worst case with links to whose it is.
type worstView struct {
	Rung assure.Rung
	fold[link]
}

// Worsts returns the worst case of a sum with links to whose it is.
func (a analysis) Worsts(s assure.Sum) worstView {
	return worstView{s.Worst, folded(a.Sel.Names(s.WorstOf))}
}

// Apart are the sums over a technique's own analytics and over those of its
// sub-techniques; none of what has no sub-technique.
func (a analysis) Apart() []sumView {
	if a.Worst.Subs == nil {
		return nil
	}
	subs := fmt.Sprintf("Its %d sub-techniques", len(a.Worst.Subs.Techniques))
	if len(a.Worst.Subs.Techniques) == 1 {
		subs = "Its sub-technique"
	}
	own := a.Worst.Own
	return []sumView{{*own, "Its own analytics", spreadOf(own.Rungs)}, {*a.Worst.Subs, subs, spreadOf(a.Worst.Subs.Rungs)}}
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
	return slices.ContainsFunc(v.Strategies, is) || slices.ContainsFunc(v.Techniques, is) || slices.ContainsFunc(v.Parents, is) || slices.ContainsFunc(v.Tactics, is)
}

func (s *site) newVerdict(fr frame, v assure.Verdict) *verdictView {
	w := &verdictView{V: v, frame: fr, gauge: s.gauge(v.Measurement)}
	for _, c := range v.Claims {
		line := claimLine{Claim: c, URL: fr.Sel.Batch(c.Batch), Rule: fr.Sel.Rule(c.RuleID)}
		switch {
		case c.Cannot():
			w.Misfits = append(w.Misfits, line)
		case !c.Counts || !c.Enabled:
			w.Idle = append(w.Idle, line)
		case len(w.Claims) < firstEdges:
			w.Claims = append(w.Claims, line)
		default:
			w.More = append(w.More, line)
		}
	}
	return w
}

// Fitting is how many claims are listed, those that cannot count apart.
func (v *verdictView) Fitting() int { return len(v.V.Claims) - len(v.Misfits) }

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

// claimLine is a rule's claim with the addresses of the batch that brought it and
// of what the rule's alerts say.
type claimLine struct {
	claim.Claim
	URL, Rule string
}

// Reason says why the claim does not count; it is empty when it does.
func (c claimLine) Reason() string {
	if !c.Enabled {
		return "the rule is not enabled"
	}
	return c.Why
}

// Level is the level of the intervals, for people.
func (g gauge) Level() string { return figure.Percent(g.Confidence) }

// Plot draws a proportion with its interval and the policy's threshold.
func (g gauge) Plot(q quantity) template.HTML {
	if q.Value == nil || q.Interval == nil {
		return ""
	}
	return whiskers(*q.Value, q.Interval[0], q.Interval[1], g.Threshold)
}

// Grounds says in how many episodes and on how many occasions there are labels; empty
// without any.
func (g gauge) Grounds() string {
	if g.M.Episodes == 0 {
		return ""
	}
	return g.M.Grounds()
}

// Worst says what precision could be if every unlabelled alert were a miss, or a
// hit.
func (g gauge) Worst() string {
	m := g.M
	if m.Bounds == nil || m.Unlabelled == 0 {
		return ""
	}
	all := m.TruePositive + m.BenignPositive + m.FalsePositive + m.Unlabelled
	return "precision between " + group(m.TruePositive) + " of " + group(all) + " (" + figure.Percent(m.Bounds[0]) + ") and " +
		group(m.TruePositive+m.Unlabelled) + " of " + group(all) + " (" + figure.Percent(m.Bounds[1]) + ")"
}
