package assessment

import (
	"context"
	"fmt"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/cache"
	"candor/internal/day"
	"candor/internal/measure"
)

// durations returns how long the alerts of the window wait, by the id of the rule
// that they mean. What was said after the moment of judgement is not known yet.
func (s *Service) durations(ctx context.Context, ev *assure.Evidence, r Request) (map[string][]alert.Duration, error) {
	w, until := assure.WindowOf(r.Policy, r.AsOf), moment(r.AsOf)
	holds(ctx, r)
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	key := join(g.alerts, string(w.From), string(w.To), until.Format(time.RFC3339), r.Site)
	all, err := s.waited.Of(ctx, key, func(ctx context.Context) ([]alert.Duration, error) {
		return s.alerts.Durations(ctx, &alert.Waits{From: w.From, To: w.To, Until: until, Site: r.Site})
	})
	if err != nil {
		return nil, fmt.Errorf("count how long alerts took from %s to %s: %w", w.From, w.To, err)
	}
	means := map[string]string{}
	for _, rule := range ev.AlertRules {
		for _, as := range rule.As {
			means[as.Key()] = rule.ID
		}
	}
	by := map[string][]alert.Duration{}
	for _, d := range all {
		if id, ok := means[d.RuleID]; ok {
			d.RuleID = id
		}
		by[d.RuleID] = append(by[d.RuleID], d)
	}
	return by, nil
}

// moment is until when statements are known: the minute, or the end of a day that
// was given as a day, by its first moment or its last second.
func moment(asOf time.Time) time.Time {
	d := day.Of(asOf)
	if end := d.Add(1).Time(); d.Time().Equal(asOf) || end.Sub(asOf) <= time.Second {
		return end
	}
	return asOf.UTC().Truncate(time.Minute)
}

// holds says under ctx that what is made of moment holds until the minute ends, or for
// good where the request names a whole day.
func holds(ctx context.Context, r Request) {
	if m := moment(r.AsOf); !m.After(r.AsOf) {
		cache.Until(ctx, m.Add(time.Minute))
	}
}

func times(r Request, of []alert.Duration) *measure.Times {
	return new(measure.TimesOf(of, r.Policy.Measure.Confidence))
}

// time sets how long the alerts of the analytic's rules wait, each and together.
func (m *MeasuredAnalytic) time(r Request, waited map[string][]alert.Duration) {
	var all []alert.Duration
	for i := range m.Rules {
		of := waited[m.Rules[i].RuleID]
		m.Rules[i].Times = times(r, of)
		all = append(all, of...)
	}
	m.Detail.Times = times(r, all)
}
