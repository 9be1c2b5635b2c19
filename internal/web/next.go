package web

import (
	"cmp"
	"net/http"
	"slices"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/gap"
	"candor/internal/identity"
)

// nextView is what would change the verdicts, the most first.
type nextView struct {
	frame
	P      assessment.Plan
	Rows   []stepView
	Paging paging
	Costs  bool // policy states what some of it costs
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

func (s *site) next(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "next", "Next steps")
	if err != nil {
		return view{}, err
	}
	v := nextView{frame: fr}
	if fr.Release.Version == "" {
		return view{name: "next", data: v}, nil
	}
	req.Platform, req.Profile = fr.Sel.Platform, fr.Sel.Profile
	if v.P, err = s.Measurer.Next(r.Context(), req, 0); err != nil {
		return view{}, err
	}
	all := v.P.Steps
	v.Costs = slices.ContainsFunc(all, func(l assure.Lift) bool { return l.Cost != nil })
	var shown []assure.Lift
	shown, v.Paging, err = onPage(r, all)
	if err != nil {
		return view{}, err
	}
	takes, err := s.takings(r, fr, req)
	if err != nil {
		return view{}, err
	}
	for i, l := range shown {
		row := stepOf(l, v.Paging.From+i, fr.Sel)
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
