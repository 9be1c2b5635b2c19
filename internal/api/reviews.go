package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
)

// Reviewer says what analytics did in incidents, and what exercises come to.
type Reviewer interface {
	Reviews(ctx context.Context, r assessment.Request) (assure.Reviews, error)
	Review(ctx context.Context, r assessment.Request, id string) (assure.Review, error)
	Exercises(ctx context.Context, r assessment.Request) (assessment.Exercises, error)
	Exercise(ctx context.Context, r assessment.Request, id string) (assessment.ExplainedExercise, error)
}

// Asked is the parameters that say up to when something is known.
type Asked struct {
	Release
	AsOf string `query:"as_of" doc:"The day up to which cases and evidence are known, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
}

// Tier records which alerts are part of an incident.
type Tier interface {
	Tie(ctx context.Context, r assessment.Request, t assessment.Tying) (assessment.Tied, error)
}

// TieRecord says of alerts whether they are part of an incident.
type TieRecord struct {
	Tie []string `json:"tie,omitempty" doc:"The ids of alerts that are part of the incident; all stands for every untied one at its place and time"`
	Not []string `json:"not,omitempty" doc:"The ids of alerts that are no part of it; all stands for every untied one at its place and time"`
	Why string   `json:"why,omitempty" doc:"Why they are not, or are; needed for those that are not"`
	By  string   `json:"by,omitempty" doc:"Who says so; the name of the token when left out"`
}

// tiesPath is where it is said which alerts are part of an incident.
const tiesPath = "/api/v1/reviews/{id}/ties"

// maxTieBody bounds a request that ties alerts, in bytes.
const maxTieBody = 1 << 20

type reviewInput struct {
	ID string `path:"id" doc:"The id of a case" maxLength:"400"`
	Asked
}

type (
	reviewsOutput struct{ Body assure.Reviews }
	reviewOutput  struct{ Body assure.Review }
)

// registerReviews adds the reviews where there is someone to ask.
func (s *server) registerReviews(h huma.API, mux *door.Router) {
	if s.Reviews == nil {
		return
	}
	huma.Register(h, operation(h, "list-reviews", "/api/v1/reviews", "The cases, and how the incidents became known"), s.reviews)
	huma.Register(h, operation(h, "get-review", "/api/v1/reviews/{id}", "What each analytic that an incident involved did there", 404), s.review)
	s.registerExercises(h)
	if s.ReadOnly != nil {
		mux.Handle("POST "+tiesPath, identity.Read, identity.Reviews, func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) })
	}
	if s.Tier == nil {
		return
	}
	h.OpenAPI().AddOperation(tieOperation(h))
	mux.Handle("POST "+tiesPath, identity.Push, identity.Reviews, s.tie)
}

// tie answers a request of someone who may say which alerts are part of an incident.
func (s *server) tie(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxTieBody)
	tied, err := s.tied(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	send(w, http.StatusCreated, "application/json", tied)
}

func (s *server) tied(r *http.Request) (tied assessment.Tied, err error) {
	var rec TieRecord
	if r.URL.RawQuery != "" {
		return tied, fault.New(fault.Usage, "there are no parameters here").At("query %s", r.URL.RawQuery).Next("leave them out; the body says it all")
	}
	if err := body(r, &rec); err != nil {
		return tied, err
	}
	of, err := s.asked(Release{}, "")
	if err != nil {
		return tied, err
	}
	by := "token:" + door.Who(r.Context()).Name
	if rec.By != "" {
		by = rec.By + ", by " + by
	}
	return s.Tier.Tie(r.Context(), of, assessment.Tying{Case: r.PathValue("id"), Part: rec.Tie, Apart: rec.Not, Why: rec.Why, By: by, Made: of.AsOf})
}

// tieOperation describes the address that alerts are tied at.
func tieOperation(h huma.API) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	op := operation(h, "tie-alerts", tiesPath, "Say which alerts are part of an incident, and which are not", 404, 409, 413, 415, 503)
	op.Method = http.MethodPost
	op.Description = "As candor review --tie and --not: what is said is evidence in a batch of its own, and in the ledger when the answer comes; alerts that are part of the incident are tied to it."
	op.Security = []map[string][]string{{scheme: {}}}
	op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Description: "The id of a case", Schema: &huma.Schema{Type: huma.TypeString}}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[TieRecord](), true, "")}}}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[assessment.Tied](), true, "")}}}
	delete(op.Responses, "200")
	for code, why := range map[string]string{"409": "An alert is tied to another case", "413": "The body is too long", "415": "A content type that is not taken", "503": "The server cannot record it now; nothing was kept"} {
		op.Responses[code].Description = why
	}
	return &op
}

func (s *server) reviews(ctx context.Context, in *Asked) (*reviewsOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out, err := s.Reviews.Reviews(ctx, r)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reviewsOutput{Body: out}, nil
}

func (s *server) review(ctx context.Context, in *reviewInput) (*reviewOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out, err := s.Reviews.Review(ctx, r, in.ID)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reviewOutput{Body: out}, nil
}
