package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/day"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/retention"
	"candor/internal/store"
)

// Expiries says what was removed for retention.
type Expiries interface {
	Expiries(ctx context.Context) ([]store.Expiry, error)
}

// Expirer removes alerts for good.
type Expirer interface {
	Expire(ctx context.Context, r retention.Request) (retention.Expired, error)
}

// ExpiryRecord says which alerts are to be removed, and why.
type ExpiryRecord struct {
	Before string `json:"before" doc:"Alerts that fired before the first moment of this day (UTC) go" format:"date"`
	Entity string `json:"entity,omitempty" doc:"Only those about the entity of this name, primarily or besides, whichever the case of its letters; where names are kept as pseudonyms, the name or the pseudonym. All when left out"`
	Reason string `json:"reason" doc:"Why, for the ledger, where it stands for good: name nobody in it"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Only say what would go"`
}

// ExpiryList is what was removed for retention, oldest first.
type ExpiryList struct {
	Expiries []store.Expiry `json:"expiries" nullable:"false"`
}

type expiriesOutput struct{ Body ExpiryList }

// retentionPath is where it is said what was removed, and asked for.
const retentionPath = "/api/v1/retention"

// maxExpiryBody bounds a request to remove alerts, in bytes.
const maxExpiryBody = 64 << 10

// registerRetention adds the address of what was removed and, where there is someone to
// remove alerts, of asking for it.
func (s *server) registerRetention(h huma.API, mux *door.Router) {
	if s.Expiries != nil {
		huma.Register(h, operation(h, "list-expiries", retentionPath, "What was removed for retention, oldest first"), s.expiries)
	}
	if s.ReadOnly != nil {
		mux.Handle("POST "+retentionPath, identity.Read, identity.Retention, func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) })
	}
	if s.Expirer == nil {
		return
	}
	h.OpenAPI().AddOperation(expiryOperation(h))
	mux.Handle("POST "+retentionPath, identity.Push, identity.Retention, s.expire)
}

func (s *server) expiries(ctx context.Context, _ *nothing) (*expiriesOutput, error) {
	list, err := s.Expiries.Expiries(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &expiriesOutput{Body: ExpiryList{Expiries: append([]store.Expiry{}, list...)}}, nil
}

// expire answers a request to remove alerts, of someone who may ask for it.
func (s *server) expire(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxExpiryBody)
	gone, err := s.expired(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	send(w, http.StatusOK, "application/json", gone)
}

func (s *server) expired(r *http.Request) (gone retention.Expired, err error) {
	var rec ExpiryRecord
	if r.URL.RawQuery != "" {
		return gone, fault.New(fault.Usage, "there are no parameters here").At("query %s", r.URL.RawQuery).Next("leave them out; the body says it all")
	}
	if err := body(r, &rec); err != nil {
		return gone, err
	}
	before, err := day.Parse(rec.Before)
	if err != nil {
		return gone, fault.New(fault.Usage, "%q is not a day", rec.Before).At("before").Next("write it as 2006-01-02: alerts that fired before it go")
	}
	return s.Expirer.Expire(r.Context(), retention.Request{Before: before, Entity: rec.Entity, Reason: rec.Reason, Dry: rec.DryRun, By: "token:" + door.Who(r.Context()).Name})
}

// expiryOperation describes the address that alerts are removed at.
func expiryOperation(h huma.API) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	op := operation(h, "expire-alerts", retentionPath, "Remove alerts for retention, for good", 409, 413, 415, 503)
	op.Method = http.MethodPost
	op.Description = "Removes the rows of alerts as candor evidence expire does: the files are written anew, and the ledger has an entry when the answer comes. It cannot be undone; dry_run says what would go."
	op.Security = []map[string][]string{{scheme: {}}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[ExpiryRecord](), true, "")}}}
	op.Responses["200"] = &huma.Response{Description: "Removed, or with dry_run what would be; rows is 0 where there was nothing",
		Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[retention.Expired](), true, "")}}}
	for code, why := range map[string]string{"409": "Another key of pseudonyms than the folder's is there", "413": "The body is too long", "415": "A content type that is not taken", "503": "The server cannot do it now; nothing was removed"} {
		op.Responses[code].Description = why
	}
	return &op
}
