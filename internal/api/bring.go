package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/door"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/ingest"
)

// Bringer adds a batch of evidence, whole or not at all.
type Bringer interface {
	Add(ctx context.Context, r ingest.Request) (ingest.Result, error)
}

// maxBrought bounds the bytes of a file that is brought, as they come, packed or not.
// What it unpacks to is bounded as for every file.
const maxBrought = 64 << 20

// maxFileName is how long the name of a file may be, in bytes.
const maxFileName = 200

// sourced lists the kinds of evidence whose records are of a source.
func sourced() []string {
	return evidence.Names(func(k *evidence.Kind) bool { return k.Sourced })
}

// broughtPath is where evidence of a kind is brought.
func broughtPath(kind string) string { return "/api/v1/evidence/" + kind + "/{source}" }

// registerBring adds the addresses that files of evidence are brought to, where there is
// someone to add them: PUT says all that a source states, POST some of it.
func (s *server) registerBring(h huma.API, mux *door.Router) {
	for _, kind := range sourced() {
		for _, method := range []string{http.MethodPut, http.MethodPost} {
			pattern := method + " " + broughtPath(kind)
			if s.ReadOnly != nil {
				mux.Handle(pattern, identity.Read, identity.Evidence, func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) })
			}
			if s.Bringer == nil {
				continue
			}
			h.OpenAPI().AddOperation(bringOperation(h, kind, method))
			mux.Handle(pattern, identity.Push, identity.Evidence, func(w http.ResponseWriter, r *http.Request) { s.bring(w, r, kind) })
		}
	}
}

// bring answers a request that brings a file, of someone who may.
func (s *server) bring(w http.ResponseWriter, r *http.Request, kind string) {
	res, err := s.brought(w, r, kind)
	res.Rejects, res.Warnings = append([]evidence.Reject{}, res.Rejects...), append([]string{}, res.Warnings...) // lists, though empty
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case res.Fresh:
		send(w, http.StatusCreated, "application/json", res)
	default:
		send(w, http.StatusOK, "application/json", res)
	}
}

func (s *server) brought(w http.ResponseWriter, r *http.Request, kind string) (ingest.Result, error) {
	q, err := broughtAs(r.URL.Query(), kind)
	if err != nil {
		return ingest.Result{}, err
	}
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity", "gzip", "x-gzip": // a file may be packed with gzip
	default:
		return ingest.Result{}, fault.New(fault.Usage, "a body packed in this way is not taken").At("header Content-Encoding").Because(errMedia).Next("send the file as it is")
	}
	q.Kind, q.Source, q.Whole = kind, r.PathValue("source"), r.Method == http.MethodPut
	q.By = "token:" + door.Who(r.Context()).Name
	if q.Dir, err = os.MkdirTemp("", "candor-brought-"); err != nil {
		return ingest.Result{}, err
	}
	defer os.RemoveAll(q.Dir)
	if err := stored(filepath.Join(q.Dir, q.Paths[0]), http.MaxBytesReader(w, r.Body, maxBrought)); err != nil {
		return ingest.Result{}, err
	}
	return s.Bringer.Add(r.Context(), q)
}

// stored writes a body to a file of its own.
func stored(path string, body io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		err = fault.New(fault.Usage, "the file is longer than %d bytes", long.Limit).Because(errLong).Next("pack it with gzip, or add it with candor evidence add")
	}
	return errors.Join(err, f.Close())
}

// broughtAs returns what a query says of a file that is brought.
func broughtAs(q url.Values, kind string) (ingest.Request, error) {
	for name, values := range q {
		if !slices.Contains([]string{"file", "format", "product", "dates"}, name) || len(values) != 1 {
			return ingest.Request{}, fault.New(fault.Usage, "the parameter %q is none of those that are here, or is there twice", name).At("query").Next("use file, format, product and dates, once each")
		}
	}
	name := q.Get("file")
	if name == "" {
		name = kind
	}
	if !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") || len(name) > maxFileName || strings.ContainsFunc(name, unicode.IsControl) {
		return ingest.Request{}, fault.New(fault.Usage, "%q is no name of a file", name).At("query file").Next("use a name without folders, for example rules.yml")
	}
	return ingest.Request{Paths: []string{name}, Format: q.Get("format"), Product: q.Get("product"), Dates: q.Get("dates")}, nil
}

// bringOperation describes an address that files of a kind are brought to.
func bringOperation(h huma.API, kind, method string) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	id, summary, what := "bring-"+kind, "Bring "+kind+" of a source", "What the source stated before and this does not hold stays in force, and warnings name it."
	if method == http.MethodPut {
		id, summary = "replace-"+kind, "Bring all "+kind+" that there are of a source"
		what = "What the source had in force and this does not hold is retired from today, named in retired_records, and back in force when the batch is withdrawn. Where a record is rejected nothing is retired, and warnings say so."
	}
	op := operation(h, id, broughtPath(kind), summary, 409, 413, 415, 422, 503, 507)
	op.Method = method
	op.Description = "The body is one file of any format that candor evidence formats lists, packed or not, an archive of several among them. It lands as a batch of its own, whole or not at all, and is in the ledger when the answer comes. " + what
	op.Security = []map[string][]string{{scheme: {}}}
	text := func(most int) *huma.Schema { return &huma.Schema{Type: "string", MaxLength: &most} }
	op.Parameters = []*huma.Param{
		{Name: "source", In: "path", Required: true, Schema: text(100), Description: "Whose statements they are: a product, a repository, a team"},
		{Name: "file", In: "query", Schema: text(maxFileName), Description: "What the file is called, where its name tells something; without folders"},
		{Name: "format", In: "query", Schema: text(100), Description: "The format that it is to be taken for, instead of telling it from the content"},
		{Name: "product", In: "query", Schema: text(100), Description: "Which product of a table of products' telemetry is meant"},
		{Name: "dates", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"day-first", "month-first"}}, Description: "Which comes first in dates such as 3/11/2026, where the file does not tell"},
	}
	op.RequestBody = &huma.RequestBody{Required: true, Description: "At most 64 MiB", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
	}}
	added := map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[ingest.Result](), true, "")}}
	op.Responses["200"] = &huma.Response{Description: "This is there already; nothing changed", Content: added}
	op.Responses["201"] = &huma.Response{Description: "A batch landed", Content: added}
	for code, why := range map[int]string{
		409: "The input changed meanwhile, or names cannot be kept as they are to be", 413: "The file is too long", 415: "A content encoding that is not taken",
		422: "No format knows the file, or no record of it is good; nothing was added or retired", 503: "The server cannot take it now; nothing was added", 507: "The disk is full; nothing was added",
	} {
		op.Responses[strconv.Itoa(code)].Description = why
	}
	return &op
}
