package assessment

import (
	"context"
	"iter"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/measure"
	"candor/internal/measure/tune"
	"candor/internal/roster"
	"candor/internal/visibility"
)

// RuleDay is how many alerts a rule raised on a day.
type RuleDay struct {
	Day    day.Date `json:"day"`
	Alerts int64    `json:"alerts"`
}

// daysOf returns on which days of the window a rule raised how many alerts, whatever
// became of them, in order.
func (s *Service) daysOf(ctx context.Context, ev *assure.Evidence, r Request, id string) ([]RuleDay, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	sums, err := s.sumsOfSets(ctx, g, ev, r, []alert.Set{namesOf(ev).set([]string{id}, nil)})
	if err != nil {
		return nil, err
	}
	days := make([]RuleDay, len(sums[0].Days))
	for i, d := range sums[0].Days {
		days[i] = RuleDay{d.Day, d.N}
	}
	return days, nil
}

// changesOf returns the changes of a rule up to a day.
func changesOf(ev *assure.Evidence, id string, to day.Date) []detection.Change {
	return slices.DeleteFunc(append([]detection.Change{}, ev.Changes[id]...), func(c detection.Change) bool { return c.On > to })
}

// newest returns the span of the newest days that together have at most so many alerts;
// of the newest day alone, where that has more.
func newest(days []RuleDay, most int64) (span measure.Span, n int64) {
	for _, d := range slices.Backward(days) {
		if span.To == "" {
			span.To = d.Day
		} else if n+d.Alerts > most {
			break
		}
		span.From, n = d.Day, n+d.Alerts
	}
	return span, n
}

// MostExplored is of how many alerts a page explores thresholds and exclusions, and
// MostListed how many it lists at once.
const (
	MostExplored = 20_000
	MostListed   = 2_000
)

// Explored is what thresholds and exclusions, and one that somebody supposes, would have
// made of the newest alerts of a rule.
type Explored struct {
	Tuned
	// Of is how many alerts the rule raised in the window; Result is of the newest of them.
	Of int64 `json:"of"`
	// Supposed is what was asked about, and Then what would have been left with it; nil
	// where nothing was.
	Supposed tune.Supposed `json:"supposed"`
	Then     *tune.Both    `json:"then,omitempty"`
}

// Explore tries thresholds and exclusions, and what is supposed, on the newest alerts of a
// rule: those of the newest days that have at most MostExplored together, or of the newest
// day. It fails as Tune does.
func (s *Service) Explore(ctx context.Context, r Request, rule string, what tune.Supposed) (Explored, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return Explored{}, err
	}
	id, err := findRule(ev, rule)
	if err != nil {
		return Explored{}, err
	}
	out := Explored{Tuned: Tuned{Basis: basisOf(r), RuleID: id, RuleName: ruleNames(ev)[id], Waivers: waiversOf(&ev, r, func(of string) bool { return of == id })}, Supposed: what}
	days, err := s.daysOf(ctx, &ev, r, id)
	if err != nil {
		return out, err
	}
	for _, d := range days {
		out.Of += d.Alerts
	}
	if out.Of == 0 {
		return out, fault.New(fault.NotFound, "rule %s raised no alert from %s to %s", id, out.Window.From, out.Window.To).Next("choose another day above")
	}
	span, n := newest(days, MostExplored)
	rows, p := s.rows(ctx, &ev, r, id, span), tunePolicy(r.Policy.Measure)
	if out.Result, err = tune.Try(rows, span, p); err != nil {
		return out, err
	}
	if n < out.Of {
		out.Limits = append(out.Limits, figure.Sprintf("This is of the newest %d of %d alerts, those from %s to %s; candor tune %s looks at all.", n, out.Of, string(span.From), string(span.To), id))
	}
	if what != (tune.Supposed{}) {
		then, err := tune.Suppose(rows, span, p, what)
		if err != nil {
			return out, err
		}
		out.Then = &then
	}
	return out, s.knobs(ctx, r, &out.Tuned)
}

func tunePolicy(m measure.Policy) tune.Policy {
	return tune.Policy{MinPrecision: m.MinPrecision, Confidence: m.Confidence, MinEpisodes: m.MinEpisodes, FalseDiscovery: falseDiscovery}
}

// rows yields the alerts of a rule as tuning sees them.
func (s *Service) rows(ctx context.Context, ev *assure.Evidence, r Request, id string, span measure.Span) tune.Rows {
	return func(yield func(*tune.Row, error) bool) {
		for a, err := range s.alertsOf(ctx, ev, id, visibility.Window(span)) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(rowOf(a, r.Policy.Measure), nil) {
				return
			}
		}
	}
}

// RuleAlerts lists alerts of a rule in the window, the newest first: MostListed of those up
// to a day, or the newest where that is empty, as they count. Earlier is the day up to
// which the ones before them are, empty where there are none.
func (s *Service) RuleAlerts(ctx context.Context, r Request, rule string, upTo day.Date) (l roster.List, earlier day.Date, err error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return l, "", err
	}
	id, err := findRule(ev, rule)
	if err != nil {
		return l, "", err
	}
	days, err := s.daysOf(ctx, &ev, r, id)
	if err != nil {
		return l, "", err
	}
	if upTo != "" {
		days = slices.DeleteFunc(days, func(d RuleDay) bool { return d.Day > upTo })
	}
	l = roster.List{Name: "alerts", Title: strings.TrimSpace("Alerts of " + id), Order: "newest first", Empty: "The rule raised no alert in these days. Another day is chosen above."}
	span, n := newest(days, MostListed)
	if n == 0 {
		roster.Fill(&l, nil, alertColumns())
		return l, "", nil
	}
	alerts, err := last(s.alertsOf(ctx, &ev, id, visibility.Window(span)), MostListed)
	if err != nil {
		return l, "", err
	}
	if span.From > days[0].Day {
		earlier = span.From.Add(-1)
	}
	l.About = figure.Sprintf("As they count by now, from %s to %s.", string(span.From), string(span.To))
	if n > int64(len(alerts)) {
		l.About += figure.Sprintf(" Of %s only the last %d alerts are listed, of %d.", string(span.To), len(alerts), n)
	}
	slices.Reverse(alerts)
	roster.Fill(&l, alerts, alertColumns())
	return l, earlier, nil
}

// last returns the last of a sequence of alerts, at most so many.
func last(all iter.Seq2[*alert.Alert, error], most int) ([]*alert.Alert, error) {
	var kept []*alert.Alert
	for a, err := range all {
		if err != nil {
			return nil, err
		}
		if kept = append(kept, a); len(kept) >= 2*most {
			kept = append(kept[:0], kept[len(kept)-most:]...)
		}
	}
	return kept[max(0, len(kept)-most):], nil
}
