package web

import (
	"net/http"
	"strings"

	"candor/internal/figure"
	"candor/internal/pull"
)

// pullsView is how the pulls of a server stand.
type pullsView struct {
	frame
	pull.Standing
}

// pulls is never kept: what it says has to be so now, and follows from no store.
func (s *site) pulls(r *http.Request) (view, error) {
	fr, err := s.begin(r, "evidence", "Pulls")
	return view{name: "pulls", data: pullsView{fr, s.Pulls()}}, err
}

// Tag says how a state is marked.
func (pullsView) Tag(of pull.Status) string {
	switch of.State {
	case pull.Works:
		return "tag live"
	case pull.Never:
		return "tag"
	}
	return "tag dead"
}

// Bad counts the sources that did not answer whole.
func (v pullsView) Bad() (n int) {
	for _, p := range v.Pulls {
		if v.Tag(p) == "tag dead" {
			n++
		}
	}
	return n
}

// Came says what came of a part, and what became of it.
func (pullsView) Came(p pull.PulledPart) string {
	said := []string{figure.Count(p.Came) + " came"}
	for _, x := range []struct {
		n    int64
		what string
	}{{p.Known, "as they were"}, {p.New, "new"}, {p.Updated, "updated"}, {p.Unchanged, "unchanged"}, {p.Rejected, "rejected"}, {p.Retired, "retired"}} {
		if x.n > 0 {
			said = append(said, figure.Count(x.n)+" "+x.what)
		}
	}
	return strings.Join(said, ", ")
}
