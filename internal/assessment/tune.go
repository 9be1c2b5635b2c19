package assessment

import (
	"context"
	"maps"
	"slices"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/measure"
	"candor/internal/measure/tune"
	"candor/internal/visibility"
)

// falseDiscovery is the share of false discoveries let pass among the values of
// fields that are found to tell hits from misses (doc/statistics.md).
const falseDiscovery = 0.05

// Tuned is what thresholds and exclusions would have made of a rule's alerts.
type Tuned struct {
	Basis
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name,omitempty"`
	tune.Result
}

// Tune tries thresholds and exclusions on the alerts of a rule in the window.
func (s *Service) Tune(ctx context.Context, r Request, rule string) (Tuned, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return Tuned{}, err
	}
	id, err := findRule(ev, rule)
	if err != nil {
		return Tuned{}, err
	}
	out := Tuned{Basis: basisOf(r), RuleID: id, RuleName: ruleNames(ev)[id]}
	span, ok := spanOf(talliesByRule(ev.Tallies)[id])
	if !ok {
		return Tuned{}, fault.New(fault.NotFound, "rule %s raised no alert from %s to %s", id, out.Window.From, out.Window.To).
			Next("choose other days with --as-of and --window")
	}
	p := tune.Policy{MinPrecision: r.Policy.Measure.MinPrecision, Confidence: r.Policy.Measure.Confidence, FalseDiscovery: falseDiscovery}
	rows := func(yield func(*tune.Row, error) bool) {
		for a, err := range s.alertsOf(ctx, &ev, id, visibility.Window(span)) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(rowOf(a, r.Policy.Measure), nil) {
				return
			}
		}
	}
	out.Result, err = tune.Try(rows, span, p)
	return out, err
}

// spanOf returns the days from the first to the last alert.
func spanOf(tallies []alert.Tally) (measure.Span, bool) {
	if len(tallies) == 0 {
		return measure.Span{}, false
	}
	s := measure.Span{From: day.Date(tallies[0].Day), To: day.Date(tallies[0].Day)}
	for _, t := range tallies {
		s.From, s.To = min(s.From, day.Date(t.Day)), max(s.To, day.Date(t.Day))
	}
	return s, true
}

// rowOf returns an alert as tuning sees it. What an alert has beside its fields
// is tried like a field.
func rowOf(a *alert.Alert, p measure.Policy) *tune.Row {
	r := &tune.Row{ID: a.ID, Time: a.Time, Cluster: a.Cluster(), Case: a.CaseID, Class: alert.Unlabelled, Score: a.Score, Fields: map[string]string{}}
	for f, v := range map[string]string{"site": a.Site, "entity": a.Entity, "severity": a.Severity, "source": a.Source, "tactic": a.Tactic} {
		if v != "" {
			r.Fields[f] = v
		}
	}
	maps.Copy(r.Fields, a.Fields)
	if d := a.Disposition; d != nil {
		if slices.Contains(p.Provenances, string(d.Provenance)) {
			r.Class = d.Class
		} else {
			r.Doubted = d.Class == alert.TruePositive
		}
	}
	return r
}
