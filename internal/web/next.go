package web

import (
	"cmp"
	"net/http"
	"slices"

	"candor/internal/assessment"
	"candor/internal/assure"
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
}

// partView is one of the things that a step is to be done to.
type partView struct {
	assure.Prospect
	Ways []wayView
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
	req.Platform = fr.Sel.Platform
	if v.P, err = s.Measurer.Next(r.Context(), req, 0); err != nil {
		return view{}, err
	}
	all := v.P.Steps
	v.Costs = slices.ContainsFunc(all, func(l assure.Lift) bool { return l.Cost != nil })
	var shown []assure.Lift
	shown, v.Paging, err = onPage(r, all)
	for i, l := range shown {
		v.Rows = append(v.Rows, stepOf(l, v.Paging.From+i, fr.Sel))
	}
	return view{name: "next", data: v}, err
}

func stepOf(l assure.Lift, number int, sel selection) stepView {
	v := stepView{Lift: l, Number: number, Ways: waysOf(l.Moves(), sel), For: folded(sel.Names(l.Needing()))}
	if len(l.Parts) > 1 {
		for _, p := range l.Parts {
			v.Each = append(v.Each, partView{p, waysOf(p.Moves, sel)})
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
			w.Links = append(w.Links, sel.Name(m.Analytic))
		} else {
			w.More++
		}
	}
	slices.SortStableFunc(ways, func(a, b wayView) int { return cmp.Compare(b.Count(), a.Count()) })
	return ways
}

// Count is how many analytics move so.
func (w wayView) Count() int { return len(w.Links) + w.More }
