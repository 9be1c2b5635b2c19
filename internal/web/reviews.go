package web

import (
	"context"
	"net/http"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/evidence"
)

// Reviewer says what analytics did in incidents, and what exercises come to.
type Reviewer interface {
	Review(ctx context.Context, r assessment.Request, id string) (assure.Review, error)
	Exercise(ctx context.Context, r assessment.Request, id string) (assessment.ExplainedExercise, error)
}

// reviewView is the review of one incident.
type reviewView struct {
	frame
	R      assure.Review
	Groups []roleView
}

// roleView is the analytics that had one role.
type roleView struct {
	Title string
	Rows  []assure.Involvement
}

func (s *site) review(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "reviews", "Incident")
	if err != nil {
		return view{}, err
	}
	req.Release.Version = fr.Sel.Release // where none is chosen, the one in force on its day
	one, err := s.Reviews.Review(r.Context(), req, r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	fr.Title = "Incident " + one.Case.ID
	v := reviewView{frame: fr, R: one}
	for _, role := range assure.Roles() {
		g := roleView{Title: role.Words()}
		for _, x := range one.Involved {
			if x.Role == role {
				g.Rows = append(g.Rows, x)
			}
		}
		if len(g.Rows) > 0 {
			v.Groups = append(v.Groups, g)
		}
	}
	return view{name: "review", data: v}, nil
}

// asking makes what a page begins with that asks for more than the library.
func (s *site) asking(r *http.Request, here, title string) (frame, assessment.Request, error) {
	fr, err := s.begin(r, here, title)
	return fr, s.requestFor(fr.Sel, fr.Release), err
}

// Refs returns the links to what a review rests on.
func (v reviewView) Refs(refs []evidence.Ref) []link { return v.Sel.Refs(refs) }
