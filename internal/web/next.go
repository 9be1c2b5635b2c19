package web

import (
	"cmp"
	"net/http"
	"slices"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/gap"
	"candor/internal/identity"
	"candor/internal/roster"
)

// nextView is what would change the verdicts, the most first.
type nextView struct {
	rosterView
	P     assessment.Plan
	Rows  []stepView
	Costs bool // policy states what some of it costs
}

// numbered is a step with its place among all.
type numbered struct {
	*assure.Lift
	Number int
}

// stepView is something to do with what it would change.
type stepView struct {
	assure.Lift
	Number int
	Ways   []wayView
	// For are the analytics that need it, where what it would change cannot be
	// supposed.
	For fold[link]
	// Each is what the step is to be done to, where that is more than one.
	Each []partView
	// Taken says who takes on the step, where it is one thing.
	Taken []taking
}

// taking is one thing to do that somebody takes on, or may: who does it until when, the
// address at which that is said, and what it is to be done to where that is one of several.
type taking struct {
	*gap.Listed
	URL, Target string
}

// partView is one of the things that a step is to be done to.
type partView struct {
	assure.Prospect
	Ways  []wayView
	Taken []taking
}

// wayView is the analytics that would move from one rung to another.
type wayView struct {
	From, To assure.Rung
	Links    []link
	More     int
}

// fewMoves is how many analytics are named of those that move alike.
const fewMoves = 8

// stepsAtOnce is how many steps a page lists: some are to be done to dozens of things.
const stepsAtOnce = 20

// nextPage is the page of the steps.
func (s *site) nextPage(r *http.Request) (view, error) {
	v, steps, err := s.next(r)
	if err != nil || v.Release.Version == "" {
		return view{name: "next", data: v}, err
	}
	shown, paging, err := sheetOf(r, steps, stepsAtOnce)
	if err != nil {
		return view{}, err
	}
	v.Paging = paging
	takes, err := s.takings(r, v.frame, s.requestFor(v.Sel, v.Release))
	if err != nil {
		return view{}, err
	}
	for _, l := range shown {
		row := stepOf(*l.Lift, l.Number, v.Sel)
		for k := range row.Each {
			row.Each[k].Taken = takes(&row.Each[k].Prospect)
		}
		if len(l.Parts) == 1 {
			row.Taken = takes(&l.Parts[0])
		}
		v.Rows = append(v.Rows, row)
	}
	return view{name: "next", data: v}, nil
}

// next is the steps as a request asks for them, narrowed and sorted.
func (s *site) next(r *http.Request) (v nextView, steps []numbered, err error) {
	fr, req, err := s.asking(r, "next", "Next steps")
	if v = (nextView{rosterView: rosterView{frame: fr}}); err != nil || fr.Release.Version == "" {
		return v, nil, err
	}
	req.Platform, req.Profile = fr.Sel.Platform, fr.Sel.Profile
	if v.P, err = s.Measurer.Next(r.Context(), req, 0); err != nil {
		return v, nil, err
	}
	v.Costs = slices.ContainsFunc(v.P.Steps, func(l assure.Lift) bool { return l.Cost != nil })
	all := make([]numbered, len(v.P.Steps))
	for i := range all {
		all[i] = numbered{&v.P.Steps[i], i + 1}
	}
	t := listing[numbered]{List: roster.List{Name: "next-steps", Title: "Next steps", Order: "what makes the most reliable for each thing to do"}, Items: all, Cols: stepColumns(v.Costs)}
	if fr.Sel.Platform != "" {
		t.Kept = []field{{"platform", fr.Sel.Platform}}
	}
	v.rosterView, steps, err = listed(r, fr, t)
	for _, f := range v.Filters {
		for i := range f.Choices { // the action, and not the words of one step of it
			f.Choices[i].Name = f.Choices[i].Value
		}
	}
	return v, steps, err
}

// stepColumns are the columns of the steps.
func stepColumns(costs bool) []roster.Col[numbered] {
	cols := []roster.Col[numbered]{
		counted("number", "No.", func(l *numbered) int { return l.Number }),
		noted("action", chosen(kinded(roster.Column{Key: "do", Name: "Do", Kind: roster.Text}, func(l *numbered) roster.Cell {
			return roster.Words(l.Text).As(action(l.Action)).With(l.Action)
		}))),
		column("unlocks", "From and to", func(l *numbered) string { return l.Unlocks }),
		counted("reliable", "Made reliable", func(l *numbered) int { return l.Assured }),
		counted("lifted", "Lifted", func(l *numbered) int { return l.Lifted }),
		counted("worse", "Worse", func(l *numbered) int { return l.Fell }),
		counted("things", "Things to do", func(l *numbered) int { return l.Acts }),
	}
	if costs {
		cols = append(cols, kinded(roster.Column{Key: "cost", Name: "Cost", Kind: roster.Number}, func(l *numbered) roster.Cell {
			if l.Cost == nil {
				return roster.Cell{}
			}
			return roster.Cell{Text: number(*l.Cost), Number: l.Cost}
		}))
	}
	return cols
}

// takings returns what tells who takes on the things that a part of a step is to be done
// to: what somebody took on, and what could be by whoever may say so.
func (s *site) takings(r *http.Request, fr frame, req assessment.Request) (func(*assure.Prospect) []taking, error) {
	reg, err := s.Assessor.Gaps(r.Context(), req)
	if err != nil {
		return nil, err
	}
	by := map[string]*gap.Listed{}
	for i := range reg.Gaps {
		if g := &reg.Gaps[i]; g.Target != "" {
			by[g.ID] = g
		}
	}
	a, err := s.Assessor.Assess(r.Context(), req)
	asked := map[[2]string]bool{}
	for i := range a.Verdicts {
		for _, n := range a.Verdicts[i].Next {
			asked[[2]string{n.Action, n.Target}] = true
		}
	}
	may := fr.Sign.May(identity.Gaps)
	return func(p *assure.Prospect) (list []taking) {
		for _, t := range p.Targets {
			k := taking{Listed: by[(&gap.Change{Action: p.Action, Target: t}).Key()], URL: fr.Sel.Gap("", p.Action, t)}
			if len(p.Targets) > 1 {
				k.Target = t
			}
			if k.Listed != nil && !k.Closed || may && asked[[2]string{p.Action, t}] {
				list = append(list, k)
			}
		}
		return list
	}, err
}

func stepOf(l assure.Lift, number int, sel selection) stepView {
	v := stepView{Lift: l, Number: number, Ways: waysOf(l.Moves(), sel), For: folded(sel.Names(l.Needing()))}
	if len(l.Parts) > 1 {
		for _, p := range l.Parts {
			v.Each = append(v.Each, partView{Prospect: p, Ways: waysOf(p.Moves, sel)})
		}
	}
	return v
}

// waysOf sums moves by where they lead from and to, the most first.
func waysOf(moves []assure.Move, sel selection) []wayView {
	var ways []wayView
	for _, m := range moves {
		i := slices.IndexFunc(ways, func(w wayView) bool { return w.From == m.From && w.To == m.To })
		if i < 0 {
			i = len(ways)
			ways = append(ways, wayView{From: m.From, To: m.To})
		}
		if w := &ways[i]; len(w.Links) < fewMoves {
			w.Links = append(w.Links, sel.Name(m.Analytic).plain()) // the way says it
		} else {
			w.More++
		}
	}
	slices.SortStableFunc(ways, func(a, b wayView) int { return cmp.Compare(b.Count(), a.Count()) })
	return ways
}

// Count is how many analytics move so.
func (w wayView) Count() int { return len(w.Links) + w.More }
