package web

import (
	"net/http"

	"candor/internal/gap"
)

// gapsView is the register of gaps, or the techniques that no gap is about.
type gapsView struct {
	frame
	R       gap.Register
	Library bool
	// Gaps are those of R, and Unstated what verdicts say and nobody stated: Paging is of
	// those that are shown.
	Gaps     []gap.Listed
	Unstated []gap.Candidate
	Paging   paging
	// All says that what is not seen and nobody stated is shown instead of the gaps, and
	// Claimed that what is claimed and not reliable is.
	All, Claimed bool
}

func (s *site) gaps(r *http.Request) (view, error) {
	fr, err := s.begin(r, "gaps", "Gaps")
	if err != nil {
		return view{}, err
	}
	v := gapsView{frame: fr, Library: fr.Release.Version != "", All: r.URL.Query().Get("show") == "unstated", Claimed: r.URL.Query().Get("show") == "claimed"}
	if !v.Library {
		return view{name: "gaps", data: v}, nil
	}
	if v.R, err = s.Assessor.Gaps(r.Context(), s.requestFor(fr.Sel, fr.Release)); err != nil {
		return view{}, err
	}
	switch {
	case v.All:
		v.Unstated, v.Paging, err = onPage(r, v.R.Unstated)
	case v.Claimed:
		v.Unstated, v.Paging, err = onPage(r, v.R.Unreliable)
	default:
		v.Gaps, v.Paging, err = onPage(r, v.R.Gaps)
	}
	return view{name: "gaps", data: v}, err
}

// About returns the link to what a gap is about; nil where no verdict is about it.
func (v gapsView) About(g gap.Listed) *link {
	if g.Object == nil {
		return nil
	}
	l := v.Sel.Name(*g.Object)
	return &l
}
