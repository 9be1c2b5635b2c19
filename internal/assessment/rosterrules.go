package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/figure"
	"candor/internal/measure"
	"candor/internal/roster"
)

// rostered is a rule with what is known of it for a list.
type rostered struct {
	*RuleMade
	alerts  int64
	last    day.Date // the last day up to that of judgement on which it fired
	earlier bool     // it fired, but not in the window
	run     *assure.Operation
	changed *detection.Change
}

// rulesRoster lists the rules in force.
func (s *Service) rulesRoster(ctx context.Context, r Request) (roster.List, error) {
	m, err := s.Rules(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	w := assure.WindowOf(r.Policy, r.AsOf)
	sums, err := s.sumsByRule(ctx, &ev, r)
	if err != nil {
		return roster.List{}, err
	}
	runs, fired := assure.Operations(&ev, r.Policy, r.AsOf), map[string]*assure.AlertRule{}
	for i := range ev.AlertRules {
		fired[ev.AlertRules[i].ID] = &ev.AlertRules[i]
	}
	rows := make([]rostered, len(m.Rules))
	for i := range m.Rules {
		x := rostered{RuleMade: &m.Rules[i], changed: lastChange(ev.Changes[m.Rules[i].ID], w.To)}
		x.fire(sums[x.ID], fired[x.ID], w.To)
		if o, ok := runs[x.ID]; ok {
			x.run = &o
		}
		rows[i] = x
	}
	l := roster.List{Order: "id", Empty: "No rule is in force. candor evidence add rules PATH adds rules.",
		About: fmt.Sprintf("Each rule in force: what it claims of %s and what keeps a claim from counting, and what it raised from %s to %s.", releaseWords(m.Release.String(), m.Release.Version), w.From, w.To)}
	roster.Fill(&l, rows, ruleColumns())
	for i := range rows {
		l.Rows[i].Words = append(slices.Clone(rows[i].Analytics), rows[i].Aliases...)
		for _, c := range rows[i].Claims {
			l.Rows[i].Words = append(l.Rows[i].Words, c.Analytic)
		}
	}
	for _, b := range m.Bases {
		l.Terms = append(l.Terms, roster.Term{Name: b.Basis.Words(), Count: b.Rules, Meaning: b.Basis.Meaning()})
	}
	l.Limits = []string{"That a rule never fired says nothing of whether it works; an exercise does.",
		"Of a rule whose last change decides its measurement, alerts are counted since that change."}
	return l, nil
}

// releaseWords names a release, which there may be none of.
func releaseWords(name, version string) string {
	if version == "" {
		return "a release, of which none is imported yet"
	}
	return name
}

// fire says when the rule fired.
func (x *rostered) fire(sums *alert.Sums, ever *assure.AlertRule, to day.Date) {
	if sums != nil {
		x.alerts, x.last = sums.Alerts, sums.Days[len(sums.Days)-1].Day
		return
	}
	if ever != nil && ever.Alerts > 0 {
		if x.earlier = true; day.Of(ever.Last) <= to {
			x.last = day.Of(ever.Last)
		}
	}
}

// fired says in a list when the rule fired.
func (x *rostered) fired() roster.Cell {
	switch {
	case x.alerts > 0:
		return roster.On(x.last).As("in the window")
	case x.earlier && x.last == "":
		return roster.Words("outside the window").As("outside the window")
	case x.earlier:
		return roster.On(x.last).As("outside the window")
	}
	return roster.Words("never").As("never")
}

// lastChange returns the last of a rule's changes up to a day; nil for none.
func lastChange(changes []detection.Change, to day.Date) *detection.Change {
	var last *detection.Change
	for i := range changes {
		if c := &changes[i]; c.On <= to && (last == nil || c.On >= last.On) {
			last = c
		}
	}
	return last
}

func ruleColumns() []roster.Col[rostered] {
	return []roster.Col[rostered]{
		{Column: roster.Column{Key: "rule", Name: "Rule", Kind: roster.Text, NoteKey: "rule_id"},
			Cell: func(x *rostered) roster.Cell { return roster.To(roster.ToRule, x.ID, x.Name).With(x.ID) }},
		choice("source", "Source", func(x *rostered) roster.Cell { return roster.Words(cmp.Or(x.Origin, x.Format)) }),
		choice("state", "State", func(x *rostered) roster.Cell { return roster.Words(x.state()).With(string(x.Role)) }),
		choice("platforms", "Platforms", func(x *rostered) roster.Cell { return roster.Several(x.Platforms) }),
		words("reads", "Log sources", func(x *rostered) string { return cmp.Or(strings.Join(x.logs(), "; "), x.Source) }),
		{Column: roster.Column{Key: "names", Name: "Techniques", Kind: roster.Text}, Cell: func(x *rostered) roster.Cell { return x.names() }},
		choice("basis", "Basis", func(x *rostered) roster.Cell {
			return roster.Words(x.Basis.Words()).As(cmp.Or(string(x.Basis), "none"))
		}),
		{Column: roster.Column{Key: "claims", Name: "Claims that count", Kind: roster.Number},
			Cell: func(x *rostered) roster.Cell { return roster.Of(int64(x.Counting), int64(len(x.Claims))) }},
		{Column: roster.Column{Key: "alerts", Name: "Alerts", Hint: "in the evidence window", Kind: roster.Number},
			Cell: func(x *rostered) roster.Cell { return roster.Count(x.alerts) }},
		{Column: roster.Column{Key: "fired", Name: "Last fired", Hint: "up to the day of judgement", Kind: roster.Day, Choice: true}, Cell: (*rostered).fired},
		choice("runs", "Runs", func(x *rostered) roster.Cell {
			if x.run == nil {
				return roster.Words("not recorded")
			}
			return roster.Words(x.run.State).With(x.run.Sentence)
		}),
		{Column: roster.Column{Key: "changed", Name: "Changed", Hint: "when it came to look for something else", Kind: roster.Day}, Cell: func(x *rostered) roster.Cell {
			if x.changed == nil {
				return roster.Cell{}
			}
			return roster.On(x.changed.On)
		}},
		count("exceptions", "Exceptions", "", func(x *rostered) int { return len(x.Exceptions) }),
		words("why", "Why not", (*rostered).why),
		batchColumn(func(x *rostered) string { return x.Batch }),
	}
}

// state says whether the rule runs as its source has it.
func (x *rostered) state() string {
	switch {
	case x.Stated:
		return "claim without a rule"
	case x.Enabled:
		return "enabled"
	}
	return "disabled"
}

// why says what keeps claims from counting, and from being claims.
func (x *rostered) why() string {
	all := slices.Clone(x.Why)
	for _, n := range x.Nowhere {
		all = append(all, n.Why+". "+n.Next)
	}
	return strings.Join(all, "; ")
}

// names are the techniques and analytics that the rule names; those that the release
// knows lead to it.
func (x *rostered) names() roster.Cell {
	var c roster.Cell
	for i, id := range append(slices.Clone(x.Techniques), x.Analytics...) {
		if i > 0 {
			c.Text += ", "
		}
		c.Text += id
		l := roster.Link{Text: id}
		if slices.ContainsFunc(x.Claims, func(of AnalyticClaim) bool { return of.Technique == id || of.Analytic == id }) {
			l.To, l.ID = roster.ToObject, id
		}
		c.Links = append(c.Links, l)
	}
	return c
}

// logs says what the rule reads.
func (x *rostered) logs() []string {
	var out []string
	for _, l := range x.Logs {
		name := cmp.Or(l.Name, l.Component)
		if l.Channel != "" {
			name += " / " + l.Channel
		}
		out = append(out, name)
	}
	return out
}

// measurementsRoster lists the rules that raised alerts, with what these say.
func (s *Service) measurementsRoster(ctx context.Context, r Request) (roster.List, error) {
	m, err := s.Measure(ctx, r, false)
	if err != nil {
		return roster.List{}, err
	}
	l := roster.List{Order: "the time that alerts take which are probably not true, the most first", Limits: m.Limits,
		Empty: "No rule raised an alert in these days. candor evidence add alerts FILE adds alerts; another day is chosen above.",
		About: figure.Sprintf("What the alerts of each rule say from %s to %s. Policy %s asks for a precision of %s, by alerts and by episodes. Alerts of one burst are not independent: judge by the clustered interval and by episodes.",
			m.Window.From, m.Window.To, m.Policy, figure.Percent(m.MinPrecision))}
	if m.Silent > 0 {
		l.About += " " + figure.Of(int64(m.Silent), "enabled rule", "enabled rules") + " raised no alert, which says nothing of whether they work."
	}
	if len(m.Revisions) > 0 {
		changed := roster.Part{Title: "Rules that were changed in these days"}
		for _, t := range m.Revisions {
			changed.Lines = append(changed.Lines, roster.To(roster.ToRule, t.RuleID, "").With(t.Sentence))
		}
		l.Parts = append(l.Parts, changed)
	}
	if len(m.Waivers) > 0 {
		waived := roster.Part{Title: "Waivers in force"}
		for _, w := range m.Waivers {
			by := w.By
			if w.Second != "" {
				by += " and " + w.Second
			}
			waived.Lines = append(waived.Lines, roster.Words(fmt.Sprintf("%s, for %s, until %s", w.ID, w.For, w.Until)).With(fmt.Sprintf("%s, by %s, made %s", w.Reason, by, day.Of(w.Made))))
		}
		l.Parts = append(l.Parts, waived)
	}
	roster.Fill(&l, m.Rules, measureColumns())
	return l, nil
}

func measureColumns() []roster.Col[measure.Detail] {
	bound := func(i *measure.Interval) roster.Cell {
		if i == nil {
			return roster.Cell{}
		}
		low := i[0]
		return roster.Cell{Text: figure.Percents(i[0], i[1]), Number: &low}
	}
	return []roster.Col[measure.Detail]{
		{Column: roster.Column{Key: "rule", Name: "Rule", Kind: roster.Text, NoteKey: "rule_id"},
			Cell: func(d *measure.Detail) roster.Cell {
				return roster.To(roster.ToRule, d.RuleID, d.RuleName).With(d.RuleID)
			}},
		choice("conclusion", "Conclusion", func(d *measure.Detail) roster.Cell {
			c := roster.Words(strings.ReplaceAll(string(d.Conclusion), "_", " ")).As(string(d.Conclusion))
			if d.ToLabel > 0 {
				c.Note = d.Settling(d.ToLabel).Words()
			}
			return c
		}),
		choice("policy", "By policy", func(d *measure.Detail) roster.Cell {
			if d.Noisy {
				return roster.Words("outside policy")
			}
			return roster.Cell{}
		}),
		{Column: roster.Column{Key: "alerts", Name: "Alerts", Kind: roster.Number}, Cell: func(d *measure.Detail) roster.Cell { return roster.Count(d.Alerts) }},
		decimal("per_day", "A day", func(d *measure.Detail) float64 { return d.PerDay.Mean }),
		decimal("minutes_per_day", "Minutes a day", func(d *measure.Detail) float64 { return d.WorkloadMinutesPerDay }),
		{Column: roster.Column{Key: "true", Name: "True of labelled", Kind: roster.Number}, Cell: func(d *measure.Detail) roster.Cell {
			return roster.Of(d.TruePositive, d.TruePositive+d.BenignPositive+d.FalsePositive)
		}},
		{Column: roster.Column{Key: "interval", Name: "Interval, clustered", Hint: "sorted by the lower limit", Kind: roster.Share}, Cell: func(d *measure.Detail) roster.Cell { return bound(d.ClusteredInterval) }},
		{Column: roster.Column{Key: "episodes", Name: "Episodes", Kind: roster.Number}, Cell: func(d *measure.Detail) roster.Cell { return roster.Of(int64(d.EpisodeHits), int64(d.Episodes)) }},
		{Column: roster.Column{Key: "episode_interval", Name: "Interval", Hint: "of episodes, sorted by the lower limit", Kind: roster.Share}, Cell: func(d *measure.Detail) roster.Cell { return bound(d.EpisodeInterval) }},
		{Column: roster.Column{Key: "unlabelled", Name: "Unlabelled", Kind: roster.Number}, Cell: func(d *measure.Detail) roster.Cell { return roster.Count(d.Unlabelled) }},
		{Column: roster.Column{Key: "worst", Name: "Worst cases", Hint: "were every unlabelled alert a miss, or a hit", Kind: roster.Share}, Cell: func(d *measure.Detail) roster.Cell { return bound(d.Bounds) }},
	}
}

// decimal is a column of numbers that need not be whole.
func decimal[T any](key, name string, of func(*T) float64) roster.Col[T] {
	return roster.Col[T]{Column: roster.Column{Key: key, Name: name, Kind: roster.Number}, Cell: func(x *T) roster.Cell {
		v := of(x)
		return roster.Cell{Text: figure.Fixed(v, 1), Number: &v}
	}}
}

// exceptionsRoster lists the exceptions of rules.
func (s *Service) exceptionsRoster(ctx context.Context, r Request) (roster.List, error) {
	m, err := s.Exceptions(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	l := roster.List{Order: "rule", Empty: "No exception is in force. candor evidence add exceptions PATH adds some.",
		About: figure.Sprintf("What rules are told to pass over, once for each rule, held against the alerts of %s to %s that are known to be true. %s: %d would have hidden some of those alerts; of %d something is wanting.",
			m.Window.From, m.Window.To, figure.Of(int64(len(m.Exceptions)), "exception", "exceptions"), m.Hiding, m.Wanting)}
	roster.Fill(&l, m.Exceptions, []roster.Col[ExceptionMade]{
		{Column: roster.Column{Key: "rule", Name: "Rule", Kind: roster.Text, NoteKey: "rule_id"}, Cell: func(e *ExceptionMade) roster.Cell {
			if e.Rule == "" {
				return roster.Words(cmp.Or(e.RuleID, e.List))
			}
			return roster.To(roster.ToRule, e.RuleID, e.Rule).With(e.RuleID)
		}},
		{Column: roster.Column{Key: "exception", Name: "Exception", Kind: roster.Text, NoteKey: "reason"}, Cell: func(e *ExceptionMade) roster.Cell { return roster.Words(e.Called()).With(e.Reason) }},
		words("condition", "Condition", func(e *ExceptionMade) string { return e.Condition }),
		choice("owner", "Owner", func(e *ExceptionMade) roster.Cell { return roster.Words(cmp.Or(e.Owner, "nobody")) }),
		{Column: roster.Column{Key: "until", Name: "Until", Kind: roster.Day}, Cell: func(e *ExceptionMade) roster.Cell { return roster.Words(cmp.Or(string(e.Expires), "no end")) }},
		choice("state", "State", func(e *ExceptionMade) roster.Cell { return roster.Words(strings.ReplaceAll(e.State, "_", " ")) }),
		{Column: roster.Column{Key: "hides", Name: "Known true, hidden", Kind: roster.Number, NoteKey: "alerts"}, Cell: hides},
		words("wanting", "What is wanting", func(e *ExceptionMade) string {
			return strings.Join(slices.DeleteFunc([]string{e.Why, e.Sentence}, func(s string) bool { return s == "" }), "; ")
		}),
		batchColumn(func(e *ExceptionMade) string { return e.Batch }),
	})
	return l, nil
}

// hides says which alerts that are known to be true an exception would have hidden.
func hides(e *ExceptionMade) roster.Cell {
	c := roster.Of(e.Hides, e.True).With(strings.Join(e.Alerts, ", "))
	if e.Unknown > 0 {
		c.Note = strings.TrimLeft(c.Note+figure.Sprintf("; of %d it is not known: they do not carry %s", e.Unknown, strings.Join(e.Lacks, ", ")), "; ")
	}
	return c
}
