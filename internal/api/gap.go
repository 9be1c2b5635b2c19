package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/gap"
	"candor/internal/identity"
)

// Registrar records what somebody states of a gap.
type Registrar interface {
	State(ctx context.Context, r assessment.Request, c gap.Change) (stated gap.Gap, fresh bool, err error)
}

// GapRecord is what is stated of a gap, as it is sent; of one that is there, what is left
// out stays as it is.
type GapRecord struct {
	ID            string  `json:"id,omitempty" doc:"ATT&CK ID of an analytic, detection strategy, technique or tactic, or a name of its own; left out where a target is given" maxLength:"200"`
	Action        string  `json:"action,omitempty" doc:"The next step that is taken on, as verdicts name it" maxLength:"40"`
	Target        string  `json:"target,omitempty" doc:"What the step is to be done to, to take it on for every verdict that names it and not for one object" maxLength:"300"`
	Title         *string `json:"title,omitempty" doc:"What it is called; needed where no verdict is about it"`
	Why           *string `json:"why,omitempty" doc:"Why it cannot be seen or relied on"`
	Owner         *string `json:"owner,omitempty" doc:"Who answers for it"`
	Decision      *string `json:"decision,omitempty" enum:"undecided,accept,transfer,compensate,fix"`
	CompensatedBy *string `json:"compensated_by,omitempty" doc:"What takes its place, named"`
	Until         *string `json:"until,omitempty" doc:"The last day on which the decision holds, or by which it is fixed" format:"date"`
	Note          *string `json:"note,omitempty"`
	Close         bool    `json:"close,omitempty" doc:"It is none any more, for the reason in note"`
	By            string  `json:"by" doc:"Who says so"`
}

// gapsPath is where the register of gaps is.
const gapsPath = "/api/v1/gaps"

// maxGapBody bounds a request that states a gap, in bytes.
const maxGapBody = 128 << 10

type gapsOutput struct{ Body gap.Register }

// registerGaps adds the register, and where there is someone to record it, its address
// for what is stated.
func (s *server) registerGaps(h huma.API, mux *door.Router) {
	huma.Register(h, operation(h, "list-gaps", gapsPath, "What cannot be seen or relied on, who owns it, and what was decided until when", 404), s.gaps)
	if s.ReadOnly != nil {
		mux.Handle("POST "+gapsPath, identity.Read, identity.Gaps, func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) })
	}
	if s.Registrar == nil {
		return
	}
	h.OpenAPI().AddOperation(gapOperation(h))
	mux.Handle("POST "+gapsPath, identity.Push, identity.Gaps, s.stateGap)
}

func (s *server) gaps(ctx context.Context, in *Judged) (*gapsOutput, error) {
	r, err := s.judged(*in)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	reg, err := s.Assessor.Gaps(ctx, r)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &gapsOutput{Body: reg}, nil
}

// stateGap answers a request of someone who may state gaps.
func (s *server) stateGap(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxGapBody)
	made, fresh, err := s.stated(r)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case fresh:
		send(w, http.StatusCreated, "application/json", made)
	default:
		send(w, http.StatusOK, "application/json", made)
	}
}

func (s *server) stated(r *http.Request) (made gap.Gap, fresh bool, err error) {
	var rec GapRecord
	if r.URL.RawQuery != "" {
		return made, false, fault.New(fault.Usage, "there are no parameters here").At("query %s", r.URL.RawQuery).Next("leave them out; the body says it all")
	}
	if err := body(r, &rec); err != nil {
		return made, false, err
	}
	of, err := s.asked(Release{}, "")
	if err != nil {
		return made, false, err
	}
	return s.Registrar.State(r.Context(), of, gap.Change{ID: rec.ID, Action: rec.Action, Target: rec.Target, Title: rec.Title, Why: rec.Why, Owner: rec.Owner, Decision: rec.Decision,
		CompensatedBy: rec.CompensatedBy, Until: rec.Until, Note: rec.Note, Close: rec.Close, By: rec.By, At: of.AsOf, RecordedBy: "token:" + door.Who(r.Context()).Name})
}

// gapOperation describes the address that gaps are stated at.
func gapOperation(h huma.API) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	op := operation(h, "state-gap", gapsPath, "State a gap, take on a next step, or change what is stated of either", 404, 409, 413, 415, 503)
	op.Method = http.MethodPost
	op.Description = "As candor gap set and close, and with action and target as candor next take: it is on the disk, in a batch of its own and in the ledger when the answer comes. What says the same as before changes nothing."
	op.Security = []map[string][]string{{scheme: {}}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[GapRecord](), true, "")}}}
	stated := map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[gap.Gap](), true, "")}}
	op.Responses["200"] = &huma.Response{Description: "It says this already", Content: stated}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: stated}
	for code, why := range map[int]string{413: "The body is too long", 415: "A content type that is not taken", 503: "The server cannot record it now; nothing was kept"} {
		op.Responses[strconv.Itoa(code)].Description = why
	}
	return &op
}
