package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/measure"
)

// Measurer says what the alerts of rules show, and what would change the verdicts.
type Measurer interface {
	MeasureRule(ctx context.Context, r assessment.Request, rule string) (assessment.MeasuredRule, error)
	Next(ctx context.Context, r assessment.Request, limit int) (assessment.Plan, error)
}

// ruleView is what the alerts of one rule say.
type ruleView struct {
	frame
	gauge
	M assessment.MeasuredRule
	// Of are the analytics that the rule claims, those that count first, and Misfits
	// those of another platform or product, of which it names the technique alone.
	Of, Misfits []claimedBy
}

// claimedBy is an analytic that a rule claims.
type claimedBy struct {
	assure.Verdict
	Claim claimLine
}

func (s *site) rule(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "measurements", "Rule")
	if err != nil {
		return view{}, err
	}
	m, err := s.Measurer.MeasureRule(r.Context(), req, r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	fr.Title = "Rule " + m.RuleID
	v := ruleView{frame: fr, M: m, gauge: s.gauge(&m.Statement)}
	if fr.Release.Version == "" {
		return view{name: "rule", data: v}, nil
	}
	a, err := s.Assessor.Assess(r.Context(), req)
	if err != nil {
		return view{}, err
	}
	v.Of, v.Misfits = claimedOf(&a, m.RuleID, fr.Sel)
	return view{name: "rule", data: v}, nil
}

// claimedOf lists the verdicts on what a rule claims, what counts first, and apart
// those on what it cannot claim.
func claimedOf(a *assure.Assessment, rule string, sel selection) (of, misfits []claimedBy) {
	var counting, idle []claimedBy
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		at := slices.IndexFunc(v.Claims, func(c claim.Claim) bool { return c.RuleID == rule })
		if at < 0 {
			continue
		}
		c := claimedBy{Verdict: *v, Claim: claimLine{Claim: v.Claims[at], URL: sel.Batch(v.Claims[at].Batch)}}
		switch {
		case c.Claim.Cannot():
			misfits = append(misfits, c)
		case c.Claim.Reason() == "":
			counting = append(counting, c)
		default:
			idle = append(idle, c)
		}
	}
	return append(counting, idle...), misfits
}

// Settles says what would settle the rule's measurement at the current estimate.
func (v ruleView) Settles() measure.Settling { return v.M.Settling(v.M.ToLabel) }

// mostSource is how much of a rule's text its page shows, in bytes, and lengthy from which
// length on it is folded.
const mostSource, lengthy = 64 << 10, 6 << 10

// Text is the rule's text as the page shows it.
func (v ruleView) Text() string {
	return strings.ToValidUTF8(string(v.M.Text[:min(len(v.M.Text), mostSource)]), "\ufffd")
}

// Lengthy reports whether the text is so long that it is folded.
func (v ruleView) Lengthy() bool { return len(v.M.Text) > lengthy }

// Cut is how long the text is where the page shows a part of it.
func (v ruleView) Cut() int {
	if len(v.M.Text) <= mostSource {
		return 0
	}
	return len(v.M.Text)
}

// Names are the techniques and analytics that a rule names.
func (v ruleView) Names(r *detection.Rule) []link {
	return v.Sel.Called(slices.Concat(r.Techniques, r.Analytics)...)
}

// Alerts returns the links to the batches that brought the rule's alerts.
func (v ruleView) Alerts() []link { return v.Sel.Refs(v.M.Evidence) }
