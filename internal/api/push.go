package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"syscall"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/door"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/inert"
	"candor/internal/intake"
)

// Receiver takes evidence that is pushed. What it accepts is durable.
type Receiver interface {
	Receive(ctx context.Context, p intake.Post) (intake.Receipt, error)
}

// maxPushed bounds the bytes of a body as they come, packed or not. The receiver
// bounds what they unpack to.
const maxPushed = 8 << 20

// scheme is the name of the security scheme in the document.
const scheme = "token"

// jsonLines is the content type of JSON Lines.
const jsonLines = "application/x-ndjson"

// registerPush adds the addresses that evidence is pushed to, where there is
// someone to take it. They are handlers of their own, because a body is a stream.
func (s *server) registerPush(h huma.API, mux *door.Router) {
	h.OpenAPI().Components.SecuritySchemes = map[string]*huma.SecurityScheme{scheme: {
		Type: "http", Scheme: "bearer", Description: "A token that candor token create made: to push, with the endpoint's name among its scopes; to read from a server that asks for one, with the scope read",
	}}
	h.OpenAPI().Security = []map[string][]string{{}, {scheme: {}}} // reading may need one
	if s.ReadOnly != nil {
		for _, kind := range intake.Kinds() {
			mux.Handle("POST /api/v1/"+kind, identity.Read, kind, func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) })
		}
	}
	if s.Intake == nil {
		return
	}
	for _, format := range intake.Hooks() {
		hook := func(w http.ResponseWriter, r *http.Request) {
			s.push(w, r, intake.Post{Kind: evidence.Alerts, Format: format})
		}
		for i, path := range hookPaths(format) {
			h.OpenAPI().AddOperation(hookOperation(h, format, path, i))
			mux.Handle("POST "+path, identity.Push, evidence.Alerts, hook)
		}
	}
	for _, kind := range intake.Kinds() {
		h.OpenAPI().AddOperation(pushOperation(h, kind))
		mux.Handle("POST /api/v1/"+kind, identity.Push, kind, func(w http.ResponseWriter, r *http.Request) { s.push(w, r, intake.Post{Kind: kind}) })
	}
}

// hookPaths are the addresses that take alerts as a product writes them, the first one that
// names its format. Splunk's senders know theirs.
func hookPaths(format string) []string {
	paths := []string{"/api/v1/alerts/from/" + format}
	if format == intake.Collector {
		paths = append(paths, "/services/collector/event", "/services/collector")
	}
	return paths
}

// push answers a request to take evidence of a kind, of someone who may push it.
func (s *server) push(w http.ResponseWriter, r *http.Request, of intake.Post) {
	p, err := posted(w, r, of.Format != "")
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	p.Kind, p.Format, p.Token = of.Kind, of.Format, door.Who(r.Context()).Name
	receipt, err := s.Intake.Receive(r.Context(), p)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case receipt.Accepted == 0:
		unprocessable(w, receipt)
	default:
		send(w, http.StatusOK, "application/json", receipt)
	}
}

// deny answers a request of someone who may not.
func (s *server) deny(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problem(r.Context(), err)
	p.status(door.Refuse(w, r, err))
	s.write(w, p)
}

// posted returns what a request brings, as its headers describe it. What products send by
// themselves is JSON, whatever they call it.
func posted(w http.ResponseWriter, r *http.Request, hook bool) (intake.Post, error) {
	var p intake.Post
	if r.URL.RawQuery != "" && !hook {
		return p, fault.New(fault.Usage, "pushing takes no parameters").At("query %s", r.URL.RawQuery).Next("leave them out; the body says it all")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case hook, err == nil && kind == "application/json":
	case err == nil && (kind == jsonLines || kind == "application/ndjson" || kind == "application/jsonl" || kind == "application/json-lines"):
		p.Lines = true
	default:
		return p, fault.New(fault.Usage, "a body of this content type is not taken").At("header Content-Type").Because(errMedia).
			Next("send one record as application/json, or JSON Lines as %s", jsonLines)
	}
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		p.Gzip = true
	default:
		return p, fault.New(fault.Usage, "a body packed in this way is not taken").At("header Content-Encoding").Because(errMedia).
			Next("send it plain or packed with gzip")
	}
	p.Body = http.MaxBytesReader(w, r.Body, maxPushed)
	return p, nil
}

// errMedia is the cause of refusing a body because of how it is written.
var errMedia = errors.New("unsupported media type")

// refuse answers a request whose evidence was not taken, with the status that
// says whether to send it again.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problem(r.Context(), err)
	var busy intake.Busy
	switch {
	case errors.As(err, &busy):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(max(1, busy.After.Seconds())))))
		p.status(http.StatusTooManyRequests)
	case errors.Is(err, intake.ErrTooLarge), errors.Is(err, errLong):
		p.status(http.StatusRequestEntityTooLarge)
	case errors.Is(err, errMedia):
		w.Header().Set("Accept-Encoding", "gzip")
		p.status(http.StatusUnsupportedMediaType)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		p.status(http.StatusInsufficientStorage)
	case p.Kind == string(fault.Invalid):
		p.status(http.StatusUnprocessableEntity)
	}
	s.write(w, p)
}

// PushProblem is the answer to a push in which no record is good.
type PushProblem struct {
	Problem
	Received int               `json:"received,omitempty" doc:"Records in the body"`
	Rejected int               `json:"rejected,omitempty" doc:"Records that say something wrong"`
	Rejects  []intake.Rejected `json:"rejected_records,omitempty" doc:"The first twenty of them"`
}

// unprocessable answers with the problem of a body in which no record is good.
func unprocessable(w http.ResponseWriter, r intake.Receipt) {
	p := PushProblem{Received: r.Received, Rejected: r.Rejected, Rejects: r.Rejects, Problem: Problem{Kind: string(fault.Invalid),
		Message: "every record of the body is wrong, and none was kept", Hint: "correct them and send them again; see " + documentPath + " for the fields"}}
	if r.Received == 0 {
		p.Message = "the body holds no record"
	}
	p.status(http.StatusUnprocessableEntity)
	send(w, p.Status, problemType, p)
}

// send answers with JSON.
func send(w http.ResponseWriter, status int, kind string, body any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(inert.NewWriter(w, "")).Encode(body)
}

// status sets the status of a problem and its title.
func (p *Problem) status(code int) { p.Status, p.Title = code, http.StatusText(code) }

// pushOperation describes the address that evidence of a kind is pushed to.
func pushOperation(h huma.API, kind string) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	record := schemas.Schema(records()[kind], true, "")
	op := pushing(h, "push-"+kind, "/api/v1/"+kind, "Push "+kind+": one record or JSON Lines, packed with gzip or not")
	op.Description = "An accepted record is on the disk when the answer comes, and is in a batch a few seconds later. " +
		"Records that are wrong do not keep the others out. Sending the same again changes nothing."
	op.RequestBody = &huma.RequestBody{Required: true, Description: "At most 8 MiB, unpacked; a line at most 4 MiB", Content: map[string]*huma.MediaType{
		"application/json": {Schema: record},
		jsonLines:          {Schema: record},
	}}
	op.Responses["400"].Description = "A query parameter"
	return op
}

// hookOperation describes the address at which alerts are taken as a product writes them, the
// i-th of those that take the same.
func hookOperation(h huma.API, format, path string, i int) *huma.Operation {
	id := "push-alerts-from-" + format
	if i > 0 {
		id += "-" + strconv.Itoa(i+1)
	}
	op := pushing(h, id, path, "Push alerts as "+format+" writes them, packed with gzip or not")
	op.Description = "The body is read as " + format + " has it, whatever content type it names. A record that is wrong does not keep the others out, and sending the same again changes nothing. " +
		"The token may come as Bearer, or as Splunk's scheme has it."
	op.RequestBody = &huma.RequestBody{Required: true, Description: "At most 8 MiB, unpacked", Content: map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{}}}}
	return op
}

// pushing describes what all addresses that take evidence have in common.
func pushing(h huma.API, id, path, summary string) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	op := operation(h, id, path, summary, 413, 415, 422, 429, 503, 507)
	op.Method = http.MethodPost
	op.Security = []map[string][]string{{scheme: {}}}
	op.Responses["200"] = &huma.Response{Description: "Taken: at least one record is good and all good ones are durable",
		Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[intake.Receipt](), true, "")}}}
	for code, why := range map[int]string{
		401: "No token, or one that is unknown, expired or revoked", 403: "The token is not for this", 413: "The body is too large",
		415: "A content type or encoding that is not taken", 422: "No record of the body is good; rejected_records says why",
		429: "Too much is waiting: send it again after Retry-After", 503: "The server cannot take it now; nothing was kept",
		507: "The disk is full; nothing was acknowledged",
	} {
		op.Responses[strconv.Itoa(code)].Description = why
	}
	op.Responses["422"].Content = map[string]*huma.MediaType{problemType: {Schema: schemas.Schema(reflect.TypeFor[PushProblem](), true, "")}}
	header := func(text string) map[string]*huma.Param {
		return map[string]*huma.Param{text: {Schema: &huma.Schema{Type: "string"}}}
	}
	op.Responses["401"].Headers = header("WWW-Authenticate")
	op.Responses["429"].Headers = header("Retry-After")
	return &op
}
