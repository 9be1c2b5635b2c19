package web

import (
	"cmp"
	"net/http"

	"candor/internal/assure"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/gap"
	"candor/internal/roster"
)

// gapsView is the register of gaps, or the techniques that no gap is about.
type gapsView struct {
	rosterView
	R       gap.Register
	Library bool
	// Gaps are those of R, and Unstated what verdicts say and nobody stated: Paging is of
	// those that are shown.
	Gaps     []gap.Listed
	Unstated []gap.Candidate
	// All says that what is not seen and nobody stated is shown instead of the gaps, and
	// Claimed that what is claimed and not reliable is.
	All, Claimed bool
}

// gapsPage is the page of the register.
func (s *site) gapsPage(r *http.Request) (view, error) {
	v, err := s.gaps(r)
	if err != nil {
		return view{}, err
	}
	if v.All || v.Claimed {
		v.Unstated, v.Paging, err = onPage(r, v.Unstated)
	} else {
		v.Gaps, v.Paging, err = onPage(r, v.Gaps)
	}
	return view{name: "gaps", data: v}, err
}

// gaps is the register as a request asks for it, narrowed and sorted.
func (s *site) gaps(r *http.Request) (v gapsView, err error) {
	fr, err := s.begin(r, "gaps", "Gaps")
	if err != nil {
		return v, err
	}
	show := r.URL.Query().Get("show")
	v = gapsView{rosterView: rosterView{frame: fr}, Library: fr.Release.Version != "", All: show == "unstated", Claimed: show == "claimed"}
	if !v.Library {
		return v, nil
	}
	if v.R, err = s.Assessor.Gaps(r.Context(), s.requestFor(fr.Sel, fr.Release)); err != nil {
		return v, err
	}
	unstated := listing[gap.Candidate]{List: roster.List{Name: "gaps-" + show, Title: "What nobody stated", Order: "ATT&CK ID"}, Cols: candidateColumns(), Kept: []field{{"show", show}}}
	switch {
	case v.All:
		unstated.Items = v.R.Unstated
		v.rosterView, v.Unstated, err = listed(r, fr, unstated)
	case v.Claimed:
		unstated.Items = v.R.Unreliable
		v.rosterView, v.Unstated, err = listed(r, fr, unstated)
	default:
		v.rosterView, v.Gaps, err = listed(r, fr, listing[gap.Listed]{List: roster.List{Name: "gaps", Title: "Gaps", Order: "what is overdue, then what ends first"}, Items: v.R.Gaps, Cols: gapColumns()})
	}
	return v, err
}

// gapColumns are the columns of the gaps that are stated.
func gapColumns() []roster.Col[gap.Listed] {
	return []roster.Col[gap.Listed]{
		noted("title", kinded(roster.Column{Key: "gap", Name: "Gap", Kind: roster.Text}, func(g *gap.Listed) roster.Cell { return roster.Words(g.ID).With(g.Title) })),
		chosen(column("state", "State", func(g *gap.Listed) string { return words(string(g.State)) })),
		noted("compensated_by", chosen(kinded(roster.Column{Key: "decision", Name: "Decision", Kind: roster.Text}, func(g *gap.Listed) roster.Cell {
			return roster.Words(words(string(g.Decision))).With(g.CompensatedBy)
		}))),
		chosen(column("owner", "Owner", func(g *gap.Listed) string { return cmp.Or(g.Owner, "nobody") })),
		kinded(roster.Column{Key: "until", Name: "Until", Kind: roster.Day}, func(g *gap.Listed) roster.Cell { return roster.On(g.Until) }),
		noted("chains", kinded(roster.Column{Key: "now", Name: "Now, in analytics that apply", Kind: roster.Text}, func(g *gap.Listed) roster.Cell {
			return roster.Words(nowOf(g)).With(credit.Looked(g.Chains))
		})),
		noted("note", kinded(roster.Column{Key: "why", Name: "Why", Kind: roster.Text}, func(g *gap.Listed) roster.Cell { return roster.Words(g.Why).With(g.Note) })),
		noted("batch", kinded(roster.Column{Key: "by", Name: "Stated by", Kind: roster.Text}, func(g *gap.Listed) roster.Cell { return roster.Words(g.By).With(g.Batch) })),
		kinded(roster.Column{Key: "on", Name: "On", Kind: roster.Day}, func(g *gap.Listed) roster.Cell { return roster.On(day.Of(g.At)) }),
	}
}

// nowOf says what verdicts say of what a gap is about.
func nowOf(g *gap.Listed) string {
	switch {
	case g.Target != "" && g.Named > 0:
		return plural(g.Named, "verdict names", "verdicts name") + " the step"
	case g.Wanting():
		return "no verdict names the step, as something before it is lacking; what it asks for has not arrived"
	case g.Target != "":
		return "no verdict names the step"
	case g.Object != nil:
		return g.Reach.Words()
	}
	return "no verdict is about it"
}

// candidateColumns are the columns of what nobody stated.
func candidateColumns() []roster.Col[gap.Candidate] {
	return []roster.Col[gap.Candidate]{
		noted("name", kinded(roster.Column{Key: "technique", Name: "Technique", Kind: roster.Text}, func(c *gap.Candidate) roster.Cell {
			return roster.Words(cmp.Or(c.Of.ATTACKID, c.Of.StixID)).With(c.Of.Name)
		})),
		chosen(kinded(roster.Column{Key: "worst", Name: "Worst case", Kind: roster.Rung}, func(c *gap.Candidate) roster.Cell { return roster.Stands(c.Worst) })),
		noted("chains", kinded(roster.Column{Key: "now", Name: "Now, in analytics that apply", Kind: roster.Text}, func(c *gap.Candidate) roster.Cell {
			return roster.Words(c.Reach.Words()).With(credit.Looked(c.Chains))
		})),
		column("why", "Why", func(c *gap.Candidate) string { return c.Why }),
	}
}

// Now says what verdicts say of what a gap is about.
func (v gapsView) Now(g gap.Listed) string { return nowOf(&g) }

// Looked says what chains are worth that look elsewhere.
func (gapsView) Looked(list []credit.Lined) string { return credit.Looked(list) }

// About returns the link to what a gap is about; nil where no verdict is about it.
func (v gapsView) About(g gap.Listed) *link { return aboutOf(v.Sel, g.Object) }

func aboutOf(sel selection, n *assure.Name) *link {
	if n == nil {
		return nil
	}
	l := sel.Name(*n)
	return &l
}
