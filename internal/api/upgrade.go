package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
)

// Upgrader plans upgrades.
type Upgrader interface {
	Upgrade(ctx context.Context, q assessment.UpgradeAsked) (assessment.Upgrade, error)
}

// Decider records what people decided of IDs.
type Decider interface {
	Decide(ctx context.Context, q assessment.UpgradeAsked, ds []attack.Decision) (recorded []attack.Decision, batch string, err error)
}

// upgradePath is where upgrades are planned and decided.
const upgradePath = "/api/v1/upgrade"

// mappedPath is where upgrades are planned with a mapping.
const mappedPath = upgradePath + "/mapped"

// maxRenames bounds a mapping that is sent, in bytes.
const maxRenames = 1 << 20

// maxDecisionsBody bounds a request that decides, in bytes.
const maxDecisionsBody = 1 << 20

type upgradeInput struct {
	From string `query:"from" doc:"The release in force now" required:"true" maxLength:"20"`
	Asked
	AtSite
}

type upgradeOutput struct{ Body assessment.Upgrade }

// DecisionsRecord is what is decided of IDs that a release does not have in force.
type DecisionsRecord struct {
	From      string           `json:"from" doc:"The release in force before" maxLength:"20"`
	Release   string           `json:"release" doc:"The release from which on it holds" maxLength:"20"`
	Domain    string           `json:"domain,omitempty" doc:"Its domain; enterprise when left out" maxLength:"80"`
	By        string           `json:"by" doc:"Who decides"`
	Decisions []DecisionRecord `json:"decisions" nullable:"false"`
}

// DecisionRecord is what one ID is read as.
type DecisionRecord struct {
	ID       string        `json:"id" doc:"An ATT&CK ID that evidence names"`
	Holder   attack.Holder `json:"holder,omitzero" doc:"Whose naming it is about; all who name it when left out"`
	To       []string      `json:"to" doc:"What it is read as; nothing for what means nothing any more" nullable:"false"`
	Why      string        `json:"why"`
	Withdraw bool          `json:"withdraw,omitempty" doc:"It holds no more"`
}

// Decided is what was recorded.
type Decided struct {
	Recorded []attack.Decision `json:"recorded" doc:"Those that say something new"`
	Batch    string            `json:"batch" doc:"Empty where nothing was new"`
}

func (s *server) registerUpgrade(h huma.API, mux *door.Router) {
	huma.Register(h, operation(h, "plan-upgrade", upgradePath, "What a newer release does to what evidence names, before anything changes: where IDs went, what needs a person, which verdicts move", 404, 409), s.upgrade)
	h.OpenAPI().AddOperation(mappedOperation(h))
	mux.Handle("POST "+mappedPath, identity.Read, mappedPath, s.upgradeMapped)
	if s.ReadOnly != nil {
		mux.Handle("POST "+upgradePath, identity.Read, identity.Upgrades, func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) })
	}
	if s.Decider == nil {
		return
	}
	h.OpenAPI().AddOperation(decideOperation(h))
	mux.Handle("POST "+upgradePath, identity.Push, identity.Upgrades, s.decide)
}

func (s *server) upgrade(ctx context.Context, in *upgradeInput) (*upgradeOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	r.Site = in.Site
	u, err := s.Upgrades.Upgrade(ctx, assessment.UpgradeAsked{Request: r, New: r.Release, Old: attack.ReleaseRef{Domain: r.Release.Domain, Version: in.From}})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &upgradeOutput{Body: u}, nil
}

// decide answers a request of someone who may decide.
func (s *server) decide(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxDecisionsBody)
	made, err := s.decided(r)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case made.Batch != "":
		send(w, http.StatusCreated, "application/json", made)
	default:
		send(w, http.StatusOK, "application/json", made)
	}
}

func (s *server) decided(r *http.Request) (made Decided, err error) {
	var rec DecisionsRecord
	if r.URL.RawQuery != "" {
		return made, fault.New(fault.Usage, "there are no parameters here").At("query %s", r.URL.RawQuery).Next("leave them out; the body says it all")
	}
	if err := body(r, &rec); err != nil {
		return made, err
	}
	of, err := s.asked(Release{}, "")
	if err != nil {
		return made, err
	}
	domain := attack.DomainName(rec.Domain)
	q := assessment.UpgradeAsked{Request: of, Old: attack.ReleaseRef{Domain: domain, Version: rec.From}, New: attack.ReleaseRef{Domain: domain, Version: rec.Release}}
	var ds []attack.Decision
	for _, d := range rec.Decisions {
		id := attack.Decision{ID: attack.SpellID(d.ID), Holder: d.Holder, To: []string{}, Why: d.Why, Withdrawn: d.Withdraw, By: rec.By, At: of.AsOf, RecordedBy: "token:" + door.Who(r.Context()).Name}
		for _, to := range d.To {
			id.To = append(id.To, attack.SpellID(to))
		}
		ds = append(ds, id)
	}
	made.Recorded, made.Batch, err = s.Decider.Decide(r.Context(), q, ds)
	if made.Recorded == nil {
		made.Recorded = []attack.Decision{}
	}
	return made, err
}

// decideOperation describes the address that decisions are recorded at.
func decideOperation(h huma.API) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	op := operation(h, "decide-upgrade", upgradePath, "Decide what IDs are read as that a release does not have in force", 404, 409, 413, 415, 503)
	op.Method = http.MethodPost
	op.Description = "As candor attack upgrade --decide --apply and --withdraw: all of them in one batch and in the ledger when the answer comes, or none. Evidence itself stays as it is. What says the same as before changes nothing."
	op.Security = []map[string][]string{{scheme: {}}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[DecisionsRecord](), true, "")}}}
	decided := map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[Decided](), true, "")}}
	op.Responses["200"] = &huma.Response{Description: "It says this already", Content: decided}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: decided}
	for code, why := range map[int]string{413: "The body is too long", 415: "A content type that is not taken", 503: "The server cannot record it now; nothing was kept"} {
		op.Responses[strconv.Itoa(code)].Description = why
	}
	return &op
}
