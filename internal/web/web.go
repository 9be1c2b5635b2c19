// Package web is Candor's pages: what the library holds, what the evidence says
// of it, and what both rest on, rendered on the server from the models that the
// API and the command line show.
//
// The pages keep MITRE's text apart from Candor's analysis and work without
// JavaScript. The package refuses to load anything from elsewhere, to show an
// internal error, and to listen on anything but the loopback interface or a socket
// of its owner's.
package web

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/door"
	"candor/internal/gap"
	"candor/internal/identity"
	"candor/internal/library"
	"candor/internal/lookout"
	"candor/internal/matrix"
	"candor/internal/pull"
	"candor/internal/report"
	"candor/internal/standing"
	"candor/internal/store"
	"candor/internal/take"
	"candor/internal/upkeep"
)

// Objects answers questions about objects and what changed in them.
type Objects interface {
	Release(ctx context.Context, ref attack.ReleaseRef) (attack.Release, error)
	Page(ctx context.Context, id string, ref attack.ReleaseRef) (library.Page, error)
	History(ctx context.Context, id string, ref attack.ReleaseRef) (library.History, error)
	Locate(ctx context.Context, id string, ref attack.ReleaseRef) (store.Located, []attack.Release, error)
	Diff(ctx context.Context, from, to, domain string) (diff.Report, error)
	Narrowing(ctx context.Context, q store.Query) (store.Query, error)
}

// Index lists what the library holds.
type Index interface {
	Releases(ctx context.Context) ([]attack.Release, error)
	Removals(ctx context.Context) ([]attack.Removal, error)
	List(ctx context.Context, q store.Query) ([]store.Located, int, error)
	Find(ctx context.Context, id string, ref attack.ReleaseRef) ([]store.Located, error)
}

// Assessor judges the analytics of a release, and says what objects mean by that.
type Assessor interface {
	Assess(ctx context.Context, r assessment.Request) (assure.Assessment, error)
	Overview(ctx context.Context, r assessment.Request) (assure.Assessment, error)
	Sites(ctx context.Context) ([]string, error)
	Take(ctx context.Context, r assessment.Request, id string) (take.Take, error)
	Board(ctx context.Context, r assessment.Request) (*standing.Board, error)
	Matrix(ctx context.Context, r assessment.Request, a matrix.Asked) (matrix.Matrix, error)
	Gaps(ctx context.Context, r assessment.Request) (gap.Register, error)
	MatrixChoices(ctx context.Context, r assessment.Request) (matrix.Choices, error)
}

// Batches lists imports of evidence.
type Batches interface {
	Batches(ctx context.Context) ([]store.Batch, error)
	store.Recent
}

// Records lists imports of evidence other than alerts, and what each of them retired.
type Records interface {
	Batches
	Retired(ctx context.Context, batch string) ([]store.Record, error)
}

// Deps is what the pages are made from. Every field is needed.
type Deps struct {
	Objects  Objects
	Index    Index
	Assessor Assessor
	Evidence Records
	Alerts   Batches
	// Reviews says what analytics did in incidents.
	Reviews Reviewer
	// Measurer says what alerts show.
	Measurer Measurer
	// Profiler reads threat profiles.
	Profiler Profiler
	// Upgrader plans upgrades.
	Upgrader Upgrader
	// Reports makes reports.
	Reports Reporter
	// Chainer says how chains stand, and Lookout, which may be nil, how the server looks for
	// them in what arrives.
	Chainer Chainer
	Lookout func() lookout.Standing
	// Rosterer makes the lists of what there is.
	Rosterer Rosterer
	// Explorer lists the alerts of a rule, and says what thresholds would do.
	Explorer Explorer
	// Policy returns what verdicts are judged by; it is asked for every request, as
	// the policy may be changed meanwhile.
	Policy func() (assure.Policy, error)
	// Gates decides what may be used for what.
	Gates Gatekeeper
	// Ledger vouches for batches, and Heads, which may be nil, has its signed heads.
	Ledger Ledger
	Heads  func(ctx context.Context) (Heads, error)
	// Kept holds the assessments that were kept.
	Kept Kept
	// Register says what is stated of gaps, and what could be.
	Register Register
	// Sampler draws the alerts that people label.
	Sampler Sampler
	// Writing is what people write through; nothing can be written where it is zero.
	Writing Writing
	// Operation says how the installation stands; nil where that is not looked at.
	Operation func(context.Context) upkeep.State
	// Pulls says how the pulls of the server stand.
	Pulls func() pull.Standing
	// Door lets in who may.
	Door *door.Door
	// People, Visits and Tokens are what admins see to; where People is nil, nobody signs in.
	People People
	Visits Visits
	Tokens Tokens
	// Answers, which may be nil, keeps what handlers answered.
	Answers func(http.HandlerFunc) http.HandlerFunc
	// Clock gives the day that verdicts are judged as of when a request names none.
	Clock func() time.Time
	Log   *slog.Logger
	// Call is whom to call in an incident, in one line; empty where nobody said.
	Call string
	// Version is the version of the program.
	Version string
}

//go:embed template static
var files embed.FS

// security is the policy of every page: nothing but Candor's own style, script
// and images, questions of the script to its own server alone, and no frame around it.
const security = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// site is the pages.
type site struct {
	Deps
	pages map[string]*template.Template
	// inForce is the policy by which one request is answered.
	inForce assure.Policy
	// said is what came of labels that were given in browsers.
	said *receipts
	// tray is the files that people bring, until they land.
	tray *tray
	// names are what the search suggests.
	names *directory
}

// view is a page ready to be rendered: the name of its template and the typed
// data that it is filled with.
type view struct {
	name   string
	status int
	data   any
}

// New returns the handler of the pages and of the files that they need.
func New(d Deps) http.Handler {
	s := &site{Deps: d, pages: parse(), said: &receipts{}, tray: &tray{}, names: &directory{}}
	mux := d.Door.Router(s.locked).ForPeople()
	if d.Answers != nil {
		mux.Through(func(_ string, h http.HandlerFunc) http.HandlerFunc { return d.Answers(h) })
	}
	mux.Handle("GET /static/", identity.Enter, "/static/", s.lasting(static().ServeHTTP))
	mux.Handle("GET "+door.EnterPath, identity.Enter, door.EnterPath, s.enter)
	mux.HandleFunc("GET /{$}", s.handle((*site).overview))
	mux.HandleFunc("GET /objects", s.handle((*site).objectsPage))
	mux.HandleFunc("GET /objects/table.csv", s.rosterFile((*site).objectsFile))
	mux.HandleFunc("GET /objects/{id}", s.handle((*site).object))
	mux.HandleFunc("GET /objects/{id}/history", s.handle((*site).history))
	mux.HandleFunc("GET /objects/{id}/relations", s.handle((*site).reachPage))
	mux.HandleFunc("GET /objects/{id}/relations/{heading}", s.handle((*site).headingPage))
	mux.HandleFunc("GET /objects/{id}/relations/{heading}/table.csv", s.rosterFile((*site).headingFile))
	mux.HandleFunc("GET /objects/{id}/relations/table.csv", s.rosterFile(func(s *site, r *http.Request) (rosterView, error) {
		v, err := s.reach(r)
		return v.rosterView, err
	}))
	mux.HandleFunc("GET /objects/{rest...}", s.spelled)
	mux.HandleFunc("GET /object/{rest...}", s.spelled)
	mux.HandleFunc("GET "+suggestPath, s.suggest)
	mux.HandleFunc("GET /changes", s.handle((*site).changes))
	mux.HandleFunc("GET /changes/objects", s.handle((*site).changedPage))
	mux.HandleFunc("GET /changes/objects/table.csv", s.rosterFile((*site).changedRows))
	mux.HandleFunc("GET /changes/objects/{id}", s.handle((*site).sides))
	mux.HandleFunc("GET "+upgradePath, s.handle((*site).upgradePage))
	mux.Handle("POST "+mappedPath, identity.Read, mappedPath, s.uncached((*site).takeMapping))
	mux.HandleFunc("GET "+upgradePath+"/table.csv", s.rosterFile((*site).upgradeRows))
	mux.HandleFunc("GET /matrix", s.handle((*site).matrix))
	mux.HandleFunc("GET /matrix/layer.json", s.matrixFile("application/json", "layer.json", (*matrix.Matrix).Layer))
	mux.HandleFunc("GET /matrix/picture.svg", s.matrixFile("image/svg+xml", "svg", func(m *matrix.Matrix) ([]byte, error) { return m.SVG(), nil }))
	mux.HandleFunc("GET /matrix/table.csv", s.matrixFile("text/csv; charset=utf-8", "csv", (*matrix.Matrix).CSV))
	mux.HandleFunc("GET /gaps", s.handle((*site).gapsPage))
	mux.HandleFunc("GET /gaps/table.csv", s.rosterFile(listOf((*site).gaps)))
	mux.HandleFunc("GET "+gapPath, s.handle((*site).gap))
	mux.HandleFunc("GET "+profilesPath, s.handle((*site).profilesPage))
	mux.HandleFunc("GET "+profilesFile, s.rosterFile(listOf((*site).profiles)))
	mux.HandleFunc("GET "+profilesPath+"/{id}", s.handle((*site).profilePage))
	mux.HandleFunc("GET "+profilesPath+"/{id}/table.csv", s.rosterFile(listOf((*site).profile)))
	mux.Handle("GET "+chainsPath, identity.Read, chainsPath, s.handle((*site).chains))
	mux.HandleFunc("GET "+findingPath+"/{id}", s.handle((*site).finding))
	mux.HandleFunc("GET "+worthPath, s.handle((*site).worth))
	mux.HandleFunc("GET /verdicts", s.handle((*site).verdicts))
	mux.HandleFunc("GET /verdicts/table.csv", s.rosterFile((*site).verdictsFile))
	mux.HandleFunc("GET "+keptPath, s.handle((*site).keptPage))
	mux.HandleFunc("GET "+keptFile, s.rosterFile(listOf((*site).keptList)))
	mux.HandleFunc("GET /kept/{name}", s.handle((*site).movedPage))
	mux.HandleFunc("GET /kept/{name}/table.csv", s.rosterFile(listOf((*site).moved)))
	for _, x := range assessment.Rosters() {
		at := shelf(x.Name)
		mux.HandleFunc("GET "+at.path, s.handle(rosterPage(x.Name)))
		mux.HandleFunc("GET "+at.path+"/table.csv", s.rosterFile(func(s *site, r *http.Request) (rosterView, error) { return s.roster(r, x.Name) }))
	}
	mux.HandleFunc("GET /compare", s.handle((*site).comparePage))
	mux.HandleFunc("GET /compare/table.csv", s.rosterFile((*site).compared))
	mux.HandleFunc("GET /evidence/{id}/records", s.handle((*site).recordsPage))
	mux.HandleFunc("GET /evidence/{id}/records/table.csv", s.rosterFile((*site).records))
	mux.HandleFunc("GET /measurements/rules/{id}", s.handle((*site).rule))
	mux.HandleFunc("GET /measurements/rules/{id}/tune", s.handle((*site).explore))
	mux.HandleFunc("GET /measurements/rules/{id}/alerts", s.handle((*site).ruleAlertsPage))
	mux.HandleFunc("GET /measurements/rules/{id}/alerts/table.csv", s.rosterFile((*site).ruleAlerts))
	mux.HandleFunc("GET /next", s.handle((*site).nextPage))
	mux.HandleFunc("GET /next/table.csv", s.rosterFile(func(s *site, r *http.Request) (rosterView, error) {
		v, _, err := s.next(r)
		return v.rosterView, err
	}))
	mux.HandleFunc("GET /gates/{id}", s.handle((*site).gates))
	mux.HandleFunc("GET /reviews/{id}", s.handle((*site).review))
	mux.HandleFunc("GET /exercises/{id}", s.handle((*site).exercise))
	mux.HandleFunc("GET /evidence", s.handle((*site).evidencePage))
	mux.HandleFunc("GET /evidence/table.csv", s.rosterFile(listOf((*site).evidence)))
	mux.HandleFunc("GET /evidence/{id}", s.handle((*site).batch))
	mux.Handle("GET /pulls", identity.Read, "/pulls", s.handle((*site).pulls))
	if s.Operation != nil {
		mux.Handle("GET /operation", identity.Read, "/operation", s.handle((*site).operation))
	}
	mux.Handle("GET /ledger", identity.Read, "/ledger", s.handle((*site).ledgerPage)) // where heads were sent has to be so now
	mux.HandleFunc("GET /ledger/table.csv", s.rosterFile(listOf((*site).ledger)))
	mux.HandleFunc("GET /policy", s.handle((*site).policy))
	mux.HandleFunc("GET "+reportsPath, s.handle((*site).reportsPage))
	mux.HandleFunc("GET "+reportsPath+"/{kind}", s.askReport)
	mux.Handle("POST "+reportsPath+"/"+report.OfCompliance, identity.Read, reportsPath+"/"+report.OfCompliance, s.askCompliance)
	s.writes(mux)
	s.peoples(mux)
	mux.HandleFunc("/", s.handle((*site).missing))
	return secure(mux)
}

// lasting keeps what a handler answers, where answers are kept.
func (s *site) lasting(h http.HandlerFunc) http.HandlerFunc {
	if s.Answers == nil {
		return h
	}
	return s.Answers(h)
}

// view makes the view of a page. All of it is judged by the policy that was in
// force when the request came.
func (s *site) view(page func(*site, *http.Request) (view, error), r *http.Request) view {
	now := *s
	var err error
	if now.inForce, err = s.Policy(); err != nil {
		return now.failure(r, err)
	}
	v, err := page(&now, r)
	if err != nil {
		return now.failure(r, err)
	}
	return v
}

// parse returns the template of every page, each with the common frame.
func parse() map[string]*template.Template {
	common := template.Must(template.New("").Funcs(functions()).
		ParseFS(files, "template/frame.html", "template/parts.html", "template/analysis.html", "template/take.html", "template/rows.html"))
	pages := map[string]*template.Template{}
	for _, name := range []string{"overview", "empty", "object", "history", "heading", "objects", "changes", "upgrade", "matrix", "gaps", "gap", "label", "bring", "session", "profiles", "profile", "verdicts", "next", "kept", "moved", "gates", "roster", "reach", "changed", "sides", "rule", "explore", "review",
		"exercise", "pulls", "operation", "chains", "finding", "worth",
		"evidence", "batch", "ledger", "policy", "reports", "error", "door",
		"signin", "account", "people", "tokens", "sittings", "audit"} {
		pages[name] = template.Must(template.Must(common.Clone()).ParseFS(files, "template/"+name+".html"))
	}
	return pages
}

// Static returns a file that pages need beside them, by its name.
func Static(name string) ([]byte, error) { return files.ReadFile("static/" + name) }

func static() http.Handler {
	dir, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	server := http.StripPrefix("/static/", http.FileServerFS(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // a folder, of which a list would be made
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "max-age=300")
		server.ServeHTTP(w, r)
	})
}

// secure sets the headers that every answer carries.
func secure(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hd := w.Header()
		hd.Set("Content-Security-Policy", security)
		hd.Set("X-Content-Type-Options", "nosniff")
		hd.Set("Referrer-Policy", "no-referrer")
		hd.Set("Cache-Control", "private, no-cache")
		h.ServeHTTP(w, r)
	})
}

// handle returns the handler of a page: it makes the view, or the view of the
// error that came instead, and writes it whole.
func (s *site) handle(page func(*site, *http.Request) (view, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.show(w, r, s.view(page, r))
	}
}

// show writes a view whole.
func (s *site) show(w http.ResponseWriter, r *http.Request, v view) {
	var b bytes.Buffer
	if err := s.pages[v.name].ExecuteTemplate(&b, "frame", v.data); err != nil {
		s.Log.ErrorContext(r.Context(), "render page", "page", v.name, "path", r.URL.Path, "error", err)
		http.Error(w, "The page could not be rendered; the server's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, HEAD")
	}
	w.WriteHeader(max(v.status, http.StatusOK))
	_, _ = w.Write(isolated(b.Bytes()))
}
