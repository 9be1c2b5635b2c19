package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/roster"
	"candor/internal/runbook"
)

// exercisesRoster lists the exercises with what they come to.
func (s *Service) exercisesRoster(ctx context.Context, r Request) (roster.List, error) {
	releases, err := s.lib.Releases(ctx)
	if err != nil {
		return roster.List{}, err
	}
	l := roster.List{Order: "newest first", Empty: "No exercise is known. candor evidence add exercises FILE adds them, candor evidence template exercises prints a file to start from."}
	if len(releases) == 0 {
		l.Empty = "There is no library yet, so that what an exercise comes to cannot be told. candor attack import FILE imports one."
		roster.Fill(&l, nil, exerciseColumns())
		return l, nil
	}
	x, err := s.Exercises(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	l.About = figure.Sprintf("What was done on purpose, held against the alerts from 5 minutes before it to %d hours after. One that no alert bears out shows at most that an analytic is proven; one that the alerts contradict has failed.", x.Hours)
	l.Limits = exerciseLimits()
	roster.Fill(&l, x.Exercises, exerciseColumns())
	return l, nil
}

// comes says what an exercise comes to, and for how many analytics.
func (x *Exercised) comes() roster.Cell {
	if x.Elsewhere != "" {
		return roster.Words(x.Elsewhere).As("elsewhere")
	}
	if len(x.Results) == 0 {
		return roster.Words("of nothing that is live in this release").As("nothing live")
	}
	var parts, values []string
	for _, c := range x.Results {
		parts = append(parts, c.Result+", "+c.Basis.Words()+" (analytics: "+figure.Count(int64(c.Analytics))+")")
		values = append(values, c.Result+", "+c.Basis.Words())
	}
	return roster.Words(strings.Join(parts, "; ")).As(values...)
}

func exerciseColumns() []roster.Col[Exercised] {
	return []roster.Col[Exercised]{
		{Column: roster.Column{Key: "exercise", Name: "Exercise", Kind: roster.Text, NoteKey: "id"}, Cell: func(x *Exercised) roster.Cell { return roster.To(roster.ToExercise, x.ID, x.Test).With(x.ID) }},
		{Column: roster.Column{Key: "time", Name: "Time", Kind: roster.Moment}, Cell: func(x *Exercised) roster.Cell { return roster.At(x.Time) }},
		{Column: roster.Column{Key: "of", Name: "Of", Kind: roster.Text}, Cell: func(x *Exercised) roster.Cell {
			return roster.ToAll(roster.ToObject, slices.DeleteFunc([]string{x.Technique, x.Analytic}, func(s string) bool { return s == "" }))
		}},
		choice("platforms", "Platform", func(x *Exercised) roster.Cell { return roster.Words(x.Platform) }),
		choice("at_site", "Site", func(x *Exercised) roster.Cell { return roster.Words(x.Site) }),
		words("host", "Host", func(x *Exercised) string { return x.Host }),
		choice("stated", "Stated", func(x *Exercised) roster.Cell { return roster.Words(string(x.Outcome)) }),
		choice("comes_to", "Comes to", func(x *Exercised) roster.Cell { return x.comes() }),
		count("analytics", "Analytics", "that it speaks for", func(x *Exercised) int { return x.Analytics }),
		{Column: roster.Column{Key: "rule", Name: "Rule", Hint: "that is said to have alerted", Kind: roster.Text}, Cell: func(x *Exercised) roster.Cell { return roster.To(roster.ToRule, x.RuleID, "") }},
		batchColumn(func(x *Exercised) string { return x.Batch }),
	}
}

// practised is a runbook with its use.
type practised struct {
	evidence.Of[runbook.Runbook]
	assure.Duty
	analytics int
}

// runbooksRoster lists the runbooks.
func (s *Service) runbooksRoster(ctx context.Context, r Request) (roster.List, error) {
	ev, a, err := s.held(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	today := day.Of(r.AsOf)
	rows := make([]practised, len(ev.Runbooks))
	for i := range ev.Runbooks {
		rows[i] = practised{Of: ev.Runbooks[i], Duty: assure.DutyOf(ev.Runbooks[i], ev.Cases, r.Policy.Readiness, today)}
	}
	for i := range a.Verdicts {
		d := &a.Verdicts[i].Runbook
		if at := slices.IndexFunc(rows, func(p practised) bool { return d.ID != "" && p.Value.ID == d.ID }); at >= 0 {
			rows[at].analytics++
		}
	}
	l := roster.List{Order: "id", Empty: "No runbook is known. candor evidence add runbooks PATH adds them; candor triage ID drafts one.",
		About: figure.Sprintf("What people are to do when a behaviour is seen: who answers for it, when it was reviewed, and in how many cases it was used. Policy takes a review as current for %d days.", r.Policy.Readiness.MaxRunbookAgeDays)}
	roster.Fill(&l, rows, []roster.Col[practised]{
		{Column: roster.Column{Key: "runbook", Name: "Runbook", Kind: roster.Text, NoteKey: "id"}, Cell: func(p *practised) roster.Cell {
			return roster.Words(cmp.Or(p.Value.Title, p.Value.ID)).With(p.Value.ID)
		}},
		choice("state", "State", func(p *practised) roster.Cell { return dutyWords(p.State) }),
		{Column: roster.Column{Key: "applies_to", Name: "Applies to", Kind: roster.Text}, Cell: func(p *practised) roster.Cell { return appliesTo(p.Value.AppliesTo) }},
		choice("owner", "Owner", func(p *practised) roster.Cell { return roster.Words(cmp.Or(p.Value.Owner, "nobody")) }),
		{Column: roster.Column{Key: "reviewed", Name: "Reviewed", Kind: roster.Day}, Cell: func(p *practised) roster.Cell { return roster.Words(cmp.Or(string(p.Value.Reviewed), "never")) }},
		count("analytics", "Analytics", "whose verdicts rest on it", func(p *practised) int { return p.analytics }),
		count("used", "Used in cases", "", func(p *practised) int { return p.Used }),
		{Column: roster.Column{Key: "last_used", Name: "Last used", Kind: roster.Day}, Cell: func(p *practised) roster.Cell { return roster.Words(cmp.Or(p.LastUsed, "never")) }},
		words("path", "File", func(p *practised) string { return p.Value.Path }),
		batchColumn(func(p *practised) string { return p.Batch }),
	})
	slices.SortStableFunc(l.Rows, func(a, b roster.Row) int { return strings.Compare(a.Cells[0].Note, b.Cells[0].Note) })
	return l, nil
}

// dutyWords says how a runbook stands; one without a procedure is empty.
func dutyWords(state string) roster.Cell {
	switch state {
	case "empty":
		return roster.Words("without a procedure").As(state)
	case "expired":
		return roster.Words("review is due").As(state)
	}
	return roster.Words(strings.ReplaceAll(state, "_", " ")).As(state)
}

// appliesTo leads to the objects and rules that a runbook is for.
func appliesTo(ids []string) roster.Cell {
	c := roster.Several(ids)
	for _, id := range ids {
		if rule, ok := strings.CutPrefix(id, "rule:"); ok {
			c.Links = append(c.Links, roster.Link{Text: id, To: roster.ToRule, ID: rule})
		} else {
			c.Links = append(c.Links, roster.Link{Text: id, To: roster.ToObject, ID: id})
		}
	}
	return c
}

// casesRoster lists the cases.
func (s *Service) casesRoster(ctx context.Context, r Request) (roster.List, error) {
	m, err := s.Reviews(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	l := roster.List{Order: "newest first", Empty: "No case is known. candor evidence add cases FILE adds them, candor evidence template cases prints a file to start from.",
		About:  "What was reviewed after the fact. An incident in which an analytic's rules stayed silent counts against it until something newer answers it; one that they led to proves nothing by itself. ",
		Limits: []string{"Incidents that nobody found are in no case."}}
	if k := &m.Known; k.Recall != nil {
		low, high := k.Interval[0], k.Interval[1]
		l.About += figure.Sprintf("An alert of our own led to %d of %d incidents of which it is said how they became known, %s (interval %s); %d were found by a hunt or by others, %d too late.",
			k.ByAlert, k.Incidents, figure.Percent(*k.Recall), figure.Percents(low, high), k.Otherwise, k.Missed)
	} else if len(m.Cases) > 0 {
		l.About += "Of no incident it is said how it became known."
	}
	roster.Fill(&l, m.Cases, []roster.Col[assure.CaseSummary]{
		{Column: roster.Column{Key: "case", Name: "Case", Kind: roster.Text, NoteKey: "title"}, Cell: func(c *assure.CaseSummary) roster.Cell { return roster.To(roster.ToCase, c.ID, "").With(c.Title) }},
		{Column: roster.Column{Key: "occurred", Name: "Occurred", Kind: roster.Moment}, Cell: func(c *assure.CaseSummary) roster.Cell { return roster.At(c.Occurred) }},
		choice("class", "Class", func(c *assure.CaseSummary) roster.Cell {
			return roster.Words(strings.ReplaceAll(string(c.Class), "_", " ")).As(string(c.Class))
		}),
		choice("state", "State", func(c *assure.CaseSummary) roster.Cell {
			if c.Closed {
				return roster.Words("closed")
			}
			return roster.Words("open")
		}),
		choice("found_by", "Found by", func(c *assure.CaseSummary) roster.Cell {
			return roster.Words(cmp.Or(strings.ReplaceAll(string(c.FoundBy), "_", " "), "not said"))
		}),
		{Column: roster.Column{Key: "alerts", Name: "Alerts", Kind: roster.Number}, Cell: func(c *assure.CaseSummary) roster.Cell { return roster.Count(c.Alerts) }},
		{Column: roster.Column{Key: "names", Name: "Names", Kind: roster.Text}, Cell: func(c *assure.CaseSummary) roster.Cell {
			return roster.ToAll(roster.ToObject, append(slices.Clone(c.Techniques), c.Analytics...))
		}},
		batchColumn(func(c *assure.CaseSummary) string { return c.Batch }),
	})
	return l, nil
}
