package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/roster"
	"candor/internal/standing"
)

// standingRoster makes the list of how the live objects of some kinds stand.
func standingRoster(of string, kinds ...attack.Kind) func(*Service, context.Context, Request) (roster.List, error) {
	return func(s *Service, ctx context.Context, r Request) (roster.List, error) {
		l := roster.List{Order: "ATT&CK ID", Empty: "There is no library yet. candor attack import FILE imports a release.",
			Limits: []string{"A distribution is over the analytics that apply here, each counted once; it is never a mean, and says nothing of whether an adversary is expected."}}
		releases, err := s.lib.Releases(ctx)
		if err != nil {
			return l, err
		}
		if len(releases) == 0 {
			roster.Fill(&l, nil, standingColumns())
			return l, nil
		}
		d, err := s.desk(ctx, r)
		if err != nil {
			return l, err
		}
		var objects []*attack.Object
		for _, k := range kinds {
			for _, o := range d.Library.OfKind(k) {
				if o.Live() {
					objects = append(objects, o)
				}
			}
		}
		slices.SortStableFunc(objects, func(a, b *attack.Object) int { return strings.Compare(a.ATTACKID, b.ATTACKID) })
		l.About = figure.Sprintf("How the techniques of each of %d %s of %s stand here: the distribution over their analytics that apply, the worst case, and the first reliable chance to see any of them.", len(objects), of, d.Library.Release.String())
		l.Empty = "The release has none of these."
		roster.Fill(&l, each(objects, d.Board().Of), standingColumns())
		return l, nil
	}
}

func standingColumns() []roster.Col[standing.Standing] {
	on := func(s *standing.Standing, rungs ...assure.Rung) int {
		n := 0
		for _, c := range s.Totals.Rungs {
			if slices.Contains(rungs, c.Rung) {
				n += c.Count
			}
		}
		return n
	}
	return []roster.Col[standing.Standing]{
		{Column: roster.Column{Key: "object", Name: "Object", Kind: roster.Text, NoteKey: "name"}, Cell: func(s *standing.Standing) roster.Cell {
			return roster.To(roster.ToObject, cmp.Or(s.Of.ATTACKID, s.Of.StixID), "").With(s.Of.Name)
		}},
		choice("kind", "Kind", func(s *standing.Standing) roster.Cell {
			return roster.Words(strings.ReplaceAll(string(s.Kind), "-", " "))
		}),
		count("techniques", "Techniques", "", func(s *standing.Standing) int { return len(s.Techniques) }),
		{Column: roster.Column{Key: "distribution", Name: "Analytics that apply", Hint: "sorted by the share that is reliable", Kind: roster.Spread}, Cell: func(s *standing.Standing) roster.Cell {
			return roster.Cell{Rungs: s.Totals.Rungs}
		}},
		count("applicable", "Applicable", "analytics that apply here", func(s *standing.Standing) int { return s.Totals.Applicable }),
		count("reliable", "Reliable", "", func(s *standing.Standing) int { return s.Totals.Assured }),
		count("claimed", "Claimed", "", func(s *standing.Standing) int { return s.Totals.Claimed }),
		count("not_seen", "Not seen", "outside visibility or blind", func(s *standing.Standing) int { return on(s, assure.Outside, assure.Blind) }),
		{Column: roster.Column{Key: "worst", Name: "Worst case", Kind: roster.Rung}, Cell: func(s *standing.Standing) roster.Cell { return roster.Stands(worstOf(s)) }},
		{Column: roster.Column{Key: "first", Name: "First reliable chance", Hint: "by the order of tactics", Kind: roster.Text}, Cell: func(s *standing.Standing) roster.Cell {
			if s.First == nil {
				return roster.Words("none")
			}
			c := linked([]assure.Name{s.First.Technique})
			c.Note = s.First.Tactic.Name
			return c
		}},
	}
}

// worstOf is the rung, of the analytics that apply, that is stopped at the earliest
// question; empty without any.
func worstOf(s *standing.Standing) assure.Rung {
	var worst assure.Rung
	for _, c := range s.Totals.Rungs {
		if c.Count > 0 && c.Rung != assure.NotApplicable && (worst == "" || assure.CompareWorst(c.Rung, worst) < 0) {
			worst = c.Rung
		}
	}
	return worst
}

// mostCompared is how many objects are compared at once.
const mostCompared = 8

// compared is a technique with how it stands, and which of the objects have it.
type compared struct {
	standing.Technique
	of map[string]bool // by STIX id
}

// Compare lists the techniques of two or more objects side by side: how each stands, under
// the objects that have it. An object that there is not is fault.NotFound, and fewer than
// two are fault.Usage.
func (s *Service) Compare(ctx context.Context, r Request, ids []string) (roster.List, error) {
	l := roster.List{Name: "compare", Title: "Side by side", Order: "how many have a technique, then the order of tactics"}
	if len(ids) < 2 || len(ids) > mostCompared {
		return l, fault.New(fault.Usage, "%d objects cannot be compared", len(ids)).At("id").Next("name 2 to %d of them by their ATT&CK IDs, for example G0016 and G0032", mostCompared)
	}
	d, err := s.desk(ctx, r)
	if err != nil {
		return l, err
	}
	var of []standing.Standing
	for _, id := range ids {
		o, err := meant(d, id)
		if err != nil {
			return l, err
		}
		if !slices.ContainsFunc(of, func(x standing.Standing) bool { return x.Of.StixID == o.ID }) {
			of = append(of, d.Board().Of(o))
		}
	}
	rows := union(of)
	cols := []roster.Col[compared]{
		{Column: roster.Column{Key: "technique", Name: "Technique", Kind: roster.Text, NoteKey: "name"}, Cell: func(c *compared) roster.Cell {
			return roster.To(roster.ToObject, cmp.Or(c.Of.ATTACKID, c.Of.StixID), "").With(c.Of.Name)
		}},
		choice("tactic", "Tactics", func(c *compared) roster.Cell {
			var names []string
			for _, t := range c.Tactics {
				names = append(names, t.Name)
			}
			return roster.Several(names)
		}),
		count("shared", "Shared by", "of the objects that are compared", func(c *compared) int { return len(c.of) }),
	}
	part := roster.Part{Title: "Each of them"}
	for i := range of {
		x := &of[i]
		id := cmp.Or(x.Of.ATTACKID, x.Of.StixID)
		cols = append(cols, roster.Col[compared]{Column: roster.Column{Key: strings.ToLower(id), Name: id + " " + x.Of.Name, Kind: roster.Rung, Hint: "the worst case of the technique's own analytics"},
			Cell: func(c *compared) roster.Cell {
				switch {
				case !c.of[x.Of.StixID]:
					return roster.Cell{}
				case c.Worst == "":
					return roster.Stands(assure.NotApplicable)
				}
				return roster.Stands(c.Worst)
			}})
		line := roster.To(roster.ToObject, id, id+" "+x.Of.Name).With(figure.Sprintf("%d techniques, %d of %d analytics that apply are reliable, %d claimed", len(x.Techniques), x.Totals.Assured, x.Totals.Applicable, x.Totals.Claimed))
		line.Rungs = x.Totals.Rungs
		part.Lines = append(part.Lines, line)
	}
	l.Parts = []roster.Part{part}
	l.About = figure.Sprintf("%d techniques that any of %d objects of %s has, with how each stands here. An empty field says that the release knows of no such technique of the object.", len(rows), len(of), d.Library.Release.String())
	l.Empty = "None of these has a technique in this release."
	roster.Fill(&l, rows, cols)
	return l, nil
}

// union lists the techniques of all objects, each once, those that most have first.
func union(of []standing.Standing) []compared {
	var rows []compared
	at := map[string]int{}
	for i := range of {
		for _, t := range of[i].Techniques {
			n, known := at[t.Of.StixID]
			if !known {
				n = len(rows)
				at[t.Of.StixID], rows = n, append(rows, compared{t, map[string]bool{}})
			}
			rows[n].of[of[i].Of.StixID] = true
		}
	}
	slices.SortStableFunc(rows, func(a, b compared) int { return len(b.of) - len(a.of) })
	return rows
}
