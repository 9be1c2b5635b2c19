package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/take"
)

// Notebook says what people wrote about objects.
type Notebook interface {
	Notes(ctx context.Context, of assessment.Subject, asOf time.Time) ([]take.Noted, error)
	NoteHistory(ctx context.Context, of assessment.Subject, asOf time.Time) ([]take.Noted, error)
}

// Notetaker records what people write about objects.
type Notetaker interface {
	Annotate(ctx context.Context, of assessment.Subject, n take.Note) (noted take.Noted, fresh bool, err error)
	Retire(ctx context.Context, of assessment.Subject, id string, r take.Retirement) (take.Noted, error)
}

// NoteRecord is a note as it is sent.
type NoteRecord struct {
	Markdown string `json:"markdown" doc:"The words, in Markdown; at most 16 KiB" maxLength:"16384"`
	Author   string `json:"author" doc:"Who writes it, which its readers are told" maxLength:"100"`
	Section  string `json:"section,omitempty" doc:"The part of the take that it belongs to; none when left out" enum:"summary,executive_priority,technical_view,likely_telemetry,detection_direction,mitigation_priorities,notes_and_limits,confidence"`
	ReviewBy string `json:"review_by,omitempty" doc:"The day on which it is to be looked at again" format:"date"`
	Replaces bool   `json:"replaces,omitempty" doc:"Show it in place of what is derived for the section, which stays one step away"`
	ID       string `json:"id,omitempty" doc:"What tells it from the other notes about the object; its author's one for the section when left out" maxLength:"40"`
}

// RetirementRecord says that a note no longer holds.
type RetirementRecord struct {
	By     string `json:"by" doc:"Who takes it back"`
	Reason string `json:"reason" doc:"Why"`
}

type notesInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id of an object" maxLength:"200"`
	Release
	AsOf string `query:"as_of" doc:"The day as of which they stand, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
}

type notesOutput struct{ Body []take.Noted }

// maxNoteBody bounds the bytes of a request that writes a note: its words, each of which
// JSON may write as an escape, and the rest.
const maxNoteBody = 8 * take.MaxNote

// notesPath is where the notes about an object are.
const notesPath = "/api/v1/objects/{id}/notes"

// registerNotes adds the addresses of notes: to read them, and where there is someone to
// record them, to write and to retire them.
func (s *server) registerNotes(h huma.API, mux *door.Router) {
	if s.Notes != nil {
		huma.Register(h, operation(h, "list-notes", notesPath, "What people wrote about one object and is in force", 404, 409), s.notes(Notebook.Notes))
		huma.Register(h, operation(h, "list-note-history", notesPath+"/history", "Everything that people ever wrote about one object, oldest first", 404, 409), s.notes(Notebook.NoteHistory))
	}
	write, retire := "POST "+notesPath, "POST "+notesPath+"/{note}/retire"
	if s.ReadOnly != nil {
		refuse := func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) }
		mux.Handle(write, identity.Read, identity.Notes, refuse)
		mux.Handle(retire, identity.Read, identity.Notes, refuse)
	}
	if s.Notetaker == nil {
		return
	}
	h.OpenAPI().AddOperation(noteOperation(h, "add-note", notesPath, "Write a note about one object", reflect.TypeFor[NoteRecord]()))
	mux.Handle(write, identity.Push, identity.Notes, s.written(s.addNote))
	h.OpenAPI().AddOperation(noteOperation(h, "retire-note", notesPath+"/{note}/retire", "Take a note back; its history stays", reflect.TypeFor[RetirementRecord]()))
	mux.Handle(retire, identity.Push, identity.Notes, s.written(s.retireNote))
}

// notes answers with notes about an object, as the object's page finds it.
func (s *server) notes(list func(Notebook, context.Context, assessment.Subject, time.Time) ([]take.Noted, error)) func(context.Context, *notesInput) (*notesOutput, error) {
	return func(ctx context.Context, in *notesInput) (*notesOutput, error) {
		of, err := s.subject(ctx, in.ID, in.ref())
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		r, err := s.asked(in.Release, in.AsOf)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		ns, err := list(s.Notes, ctx, of, r.AsOf)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &notesOutput{Body: append([]take.Noted{}, ns...)}, nil
	}
}

// subject finds the object that notes are about as its page does.
func (s *server) subject(ctx context.Context, id string, ref attack.ReleaseRef) (assessment.Subject, error) {
	p, err := s.Objects.Page(ctx, id, ref)
	if err != nil {
		return assessment.Subject{}, err
	}
	return assessment.SubjectOf(p.Object, p.Release, p.ObjectHash)
}

// written returns the handler of a request that records something about the object that
// its path names.
func (s *server) written(record func(*http.Request, assessment.Subject) (take.Noted, bool, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxNoteBody)
		of, err := s.about(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		made, fresh, err := record(r, of)
		switch {
		case err != nil:
			s.refuse(w, r, err)
		case fresh:
			send(w, http.StatusCreated, "application/json", made)
		default:
			send(w, http.StatusOK, "application/json", made)
		}
	}
}

// about returns the object that a path names, of the release that the query selects.
func (s *server) about(r *http.Request) (assessment.Subject, error) {
	q := r.URL.Query()
	for name := range q {
		if name != "domain" && name != "release" {
			return assessment.Subject{}, fault.New(fault.Usage, "there is no parameter %q", name).At("query %s", name).Next("leave it out; domain and release select a release")
		}
	}
	return s.subject(r.Context(), r.PathValue("id"), attack.ReleaseRef{Domain: attack.DomainName(q.Get("domain")), Version: q.Get("release")})
}

func (s *server) addNote(r *http.Request, of assessment.Subject) (take.Noted, bool, error) {
	var rec NoteRecord
	if err := body(r, &rec); err != nil {
		return take.Noted{}, false, err
	}
	n := take.Note{ID: rec.ID, Markdown: rec.Markdown, Author: rec.Author, ReviewBy: day.Date(rec.ReviewBy), Replaces: rec.Replaces,
		Written: s.Clock().UTC(), RecordedBy: "token:" + door.Who(r.Context()).Name}
	if rec.Section != "" {
		var err error
		if n.Section, err = take.SectionOf(rec.Section); err != nil {
			return take.Noted{}, false, err
		}
	}
	return s.Notetaker.Annotate(r.Context(), of, n)
}

func (s *server) retireNote(r *http.Request, of assessment.Subject) (take.Noted, bool, error) {
	var rec RetirementRecord
	if err := body(r, &rec); err != nil {
		return take.Noted{}, false, err
	}
	n, err := s.Notetaker.Retire(r.Context(), of, r.PathValue("note"), take.Retirement{By: rec.By, Reason: rec.Reason, At: s.Clock().UTC()})
	return n, true, err
}

// body decodes the one JSON object of a request.
func body(r *http.Request, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return fault.New(fault.Usage, "a body of this content type is not taken").At("header Content-Type").Because(errMedia).Next("send it as application/json")
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err = dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = cmp.Or(more, errors.New("there is more behind the first value"))
		}
	}
	var long *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &long):
		return fault.New(fault.Usage, "the body is longer than %d bytes", long.Limit).Because(errLong).Next("send a shorter one; a note has at most %d bytes of words", take.MaxNote)
	}
	return fault.New(fault.Usage, "the body is not the JSON object that is asked for: %s", err).At("body").Next("see %s for its members", documentPath)
}

// errLong is the cause of refusing a body because of its length.
var errLong = errors.New("too long")

// noteOperation describes an address that records something about an object.
func noteOperation(h huma.API, id, at, summary string, record reflect.Type) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	op := operation(h, id, at, summary, 404, 409, 413, 415, 503)
	op.Method = http.MethodPost
	op.Description = "It is on the disk, in a batch of its own and in the ledger when the answer comes. What the note in force says already changes nothing."
	op.Security = []map[string][]string{{scheme: {}}}
	op.Parameters = []*huma.Param{
		{Name: "id", In: "path", Required: true, Description: "ATT&CK ID or STIX id of an object", Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "domain", In: "query", Description: "ATT&CK domain, for example enterprise; empty for any", Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "release", In: "query", Description: "Release number, for example 18.1; empty for the newest", Schema: &huma.Schema{Type: huma.TypeString}},
	}
	if record == reflect.TypeFor[RetirementRecord]() {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "note", In: "path", Required: true, Description: "ID of the note", Schema: &huma.Schema{Type: huma.TypeString}})
	}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(record, true, "")}}}
	noted := map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[take.Noted](), true, "")}}
	op.Responses["200"] = &huma.Response{Description: "The note in force says this already", Content: noted}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: noted}
	for code, why := range map[int]string{413: "The body is too long", 415: "A content type that is not taken", 503: "The server cannot record it now; nothing was kept"} {
		op.Responses[strconv.Itoa(code)].Description = why
	}
	return &op
}
