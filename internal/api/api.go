// Package api is the HTTP interface for machines: the models of the library and
// of the assessment as JSON, and the addresses that evidence is pushed to, described
// by an OpenAPI 3.1 document.
//
// It renders the models that the pages and the command line render, under the
// same field names, and holds no logic of the field. It refuses parameters that
// it does not know, so that a misspelt filter is never taken for no filter, and
// it never shows an internal error.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/attack/diff"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/gap"
	"candor/internal/inert"
	"candor/internal/ledger"
	"candor/internal/library"
	"candor/internal/lookout"
	"candor/internal/matrix"
	"candor/internal/news"
	"candor/internal/pull"
	"candor/internal/store"
	"candor/internal/take"
	"candor/internal/upkeep"
)

// Objects answers questions about one object.
type Objects interface {
	Release(ctx context.Context, ref attack.ReleaseRef) (attack.Release, error)
	Page(ctx context.Context, id string, ref attack.ReleaseRef) (library.Page, error)
	Raw(ctx context.Context, id string, ref attack.ReleaseRef) (*attack.Snapshot, error)
	Nth(ctx context.Context, id string, ref attack.ReleaseRef, n int) (*attack.Snapshot, int, error)
	History(ctx context.Context, id string, ref attack.ReleaseRef) (library.History, error)
	Narrowing(ctx context.Context, q store.Query) (store.Query, error)
	Diff(ctx context.Context, from, to, domain string) (diff.Report, error)
	Adjacent(ctx context.Context, id string, ref attack.ReleaseRef, tactic string) (adjacency.Result, error)
	Locate(ctx context.Context, id string, ref attack.ReleaseRef) (store.Located, []attack.Release, error)
}

// Index lists what the library holds.
type Index interface {
	Releases(ctx context.Context) ([]attack.Release, error)
	Removals(ctx context.Context) ([]attack.Removal, error)
	List(ctx context.Context, q store.Query) ([]store.Located, int, error)
}

// Assessor judges the analytics of a release, and says what objects mean by that.
type Assessor interface {
	Assess(ctx context.Context, r assessment.Request) (assure.Assessment, error)
	Overview(ctx context.Context, r assessment.Request) (assure.Assessment, error)
	Take(ctx context.Context, r assessment.Request, id string) (take.Take, error)
	Matrix(ctx context.Context, r assessment.Request, a matrix.Asked) (matrix.Matrix, error)
	Stages(ctx context.Context, r assessment.Request, near adjacency.Result) (assessment.Stages, error)
	Gaps(ctx context.Context, r assessment.Request) (gap.Register, error)
	Relations(ctx context.Context, r assessment.Request, id string, a assessment.Around) (assessment.Related, error)
	Changes(ctx context.Context, r assessment.Request, report diff.Report) ([]assessment.Change, error)
}

// Batches lists imports of evidence.
type Batches interface {
	store.Recent
}

// Ledger lists the entries that vouch for batches.
type Ledger interface {
	About(ctx context.Context, batches ...string) ([]ledger.Entry, error)
}

// Deps is what the API is made from. Every field is needed.
type Deps struct {
	Objects  Objects
	Index    Index
	Assessor Assessor
	Evidence Batches
	Alerts   Batches
	Ledger   Ledger
	// Gates decides what may be used for what.
	Gates Gatekeeper
	// Reviews says what analytics did in incidents.
	Reviews Reviewer
	// Measurer says what alerts, exercises and incidents show.
	Measurer Measurer
	// Notes says what people wrote about objects, and Notetaker records what they write;
	// without it nothing can be written.
	Notes     Notebook
	Notetaker Notetaker
	// Tier records which alerts are part of incidents; without it nothing is taken.
	Tier Tier
	// Registrar records what is stated of gaps; without it nothing is taken.
	Registrar Registrar
	// Profiles reads threat profiles, and ProfileKeeper records them; without it nothing is
	// taken.
	Profiles      Profiler
	ProfileKeeper ProfileKeeper
	// Upgrades plans upgrades, and Decider records what is decided in them; without it
	// nothing is.
	Upgrades Upgrader
	Decider  Decider
	// Reports makes reports.
	Reports Reporter
	// Chainer says how chains stand, and Lookout, which may be nil, how the server looks for
	// them in what arrives.
	Chainer Chainer
	Lookout func() lookout.Standing
	// Pulls says how the pulls of the sources of a server stand; nil where it pulls none.
	Pulls func() pull.Standing
	// Standing says how things stand, in short, and as of when that was found; nil where that is
	// not kept.
	Standing func(ctx context.Context) (news.Standing, time.Time, error)
	// Operation says how the installation stands.
	Operation func(context.Context) upkeep.State
	// Metrics answers whoever measures the server; nil for nobody.
	Metrics http.Handler
	// Expiries says what was removed for retention, and Expirer removes alerts; without it
	// nothing can be removed.
	Expiries Expiries
	Expirer  Expirer
	// Intake takes what is pushed; without it, nothing can be pushed.
	Intake Receiver
	// Bringer adds files of evidence that are brought; without it none is taken.
	Bringer Bringer
	// Door lets in who may.
	Door *door.Door
	// Answers, which may be nil, keeps what handlers answered.
	Answers func(http.HandlerFunc) http.HandlerFunc
	// ReadOnly, which may be nil, says why nothing can be pushed to whoever tries.
	ReadOnly error
	// Policy returns what verdicts are judged by; it is asked for every request, as
	// the policy may be changed meanwhile.
	Policy func() (assure.Policy, error)
	// Clock gives the day that verdicts are judged as of when a request names none.
	Clock func() time.Time
	Log   *slog.Logger
	// Version is the version of the program.
	Version string
}

// documentPath is where the description of the API is found.
const documentPath = "/api/v1/openapi.json"

// healthPath is where a server says that it answers.
const healthPath = "/healthz"

// metricsPath is where a server is measured.
const metricsPath = "/metrics"

type server struct{ Deps }

// New returns the handler of everything under /api/, of /healthz, /readyz and /metrics.
func New(d Deps) http.Handler {
	s := &server{Deps: d}
	mux := d.Door.Router(s.deny)
	if d.Answers != nil {
		mux.Through(func(pattern string, h http.HandlerFunc) http.HandlerFunc {
			if pattern == "GET "+healthPath || pattern == "GET "+pullsPath || pattern == "GET "+standingPath || pattern == "GET "+metricsPath || pattern == "GET "+operationPath || pattern == "GET "+chainsPath { // what it says has to be so now
				return h
			}
			return d.Answers(h)
		})
	}
	h := humago.New(mux, config(d.Version))
	h.UseMiddleware(withStatus, s.filled)
	s.registerObjects(h)
	s.registerReach(h)
	s.registerChanges(h)
	s.registerVerdicts(h)
	s.registerMatrix(h)
	s.registerGaps(h, mux)
	s.registerProfiles(h, mux)
	s.registerUpgrade(h, mux)
	s.registerReports(h, mux)
	s.registerChains(h)
	s.registerOthers(h)
	s.registerGates(h)
	s.registerReviews(h, mux)
	s.registerMeasurements(h)
	s.registerPush(h, mux)
	s.registerBring(h, mux)
	s.registerNotes(h, mux)
	s.registerRetention(h, mux)
	s.registerPulls(h)
	s.registerStanding(h)
	s.registerOperation(h, mux)
	if s.Metrics != nil {
		mux.HandleFunc("GET "+metricsPath, s.Metrics.ServeHTTP)
	}
	document, err := describe(h)
	mux.HandleFunc("GET "+documentPath, func(w http.ResponseWriter, r *http.Request) {
		if err != nil {
			s.write(w, s.problem(r.Context(), err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document)
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { s.unknown(mux, w, r) })
	return secure(mux)
}

// secure sets the headers that keep a browser from taking JSON for a page.
func secure(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hd := w.Header()
		hd.Set("X-Content-Type-Options", "nosniff")
		hd.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		hd.Set("Referrer-Policy", "no-referrer")
		hd.Set("Cache-Control", "private, no-cache")
		h.ServeHTTP(w, r)
	})
}

// unknown answers for every path and method that has no handler of its own.
func (s *server) unknown(mux *door.Router, w http.ResponseWriter, r *http.Request) {
	for _, m := range [][2]string{{http.MethodGet, "GET, HEAD"}, {http.MethodPost, http.MethodPost}} {
		other := r.Clone(r.Context())
		other.Method = m[0]
		if mux.Pattern(other) != "/api/" {
			w.Header().Set("Allow", m[1])
			p := s.problem(r.Context(), fault.New(fault.Usage, "this address does not take %s", r.Method).At("%s", r.URL.Path).Next("use %s", m[0]))
			p.status(http.StatusMethodNotAllowed)
			s.write(w, p)
			return
		}
	}
	s.write(w, s.problem(r.Context(), fault.New(fault.NotFound, "the API has no such path").
		At("%s", r.URL.Path).Next("see %s for what there is", documentPath)))
}

// write answers with a problem outside the API's own handlers.
func (s *server) write(w http.ResponseWriter, p *Problem) {
	send(w, p.Status, problemType, p)
}

// format returns how answers are written: with an escape for each character that a
// terminal would obey, if the answer came to one.
func format() huma.Format {
	f := huma.DefaultJSONFormat
	marshal := f.Marshal
	f.Marshal = func(w io.Writer, v any) error { return marshal(inert.NewWriter(w, ""), v) }
	return f
}

// config returns the settings of the API's framework: JSON alone, no page of
// documentation, and nothing from elsewhere.
func config(version string) huma.Config {
	c := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "Candor",
				Version:     version,
				Description: "Which adversary behaviours are reliably observed and acted on, and on what evidence. ATT&CK content is MITRE's and carries its licence; verdicts are Candor's. Answers carry an ETag: whoever sends it as If-None-Match is told 304 while the answer is the same. They are compressed with zstd or gzip when Accept-Encoding asks for it.",
			},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName)},
		},
		Formats:                      map[string]huma.Format{"application/json": format(), "json": format()},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{ours, placeless},
	}
	c.AllowAdditionalPropertiesByDefault = true
	return c
}
