package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"candor/internal/api"
	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/door"
	"candor/internal/edge"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/library"
	"candor/internal/policy"
	"candor/internal/report"
	"candor/internal/sample"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
	"candor/internal/token"
	"candor/internal/web"
)

// today is when everything in these tests happens.
var today = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func clock() time.Time { return today }

// record is a log that a test can read while a server writes it.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// desk is an open data folder with the pages and the API over it.
type desk struct {
	t        *testing.T
	dir      string
	library  *sqlite.Library
	evidence *sqlite.Evidence
	alerts   *batches.Store
	keeper   *custody.Keeper
	archive  archive.Archive
	assess   *assessment.Service
	policy   assure.Policy
	log      *record
	tokens   *token.Folder                         // of those who may write, if anybody
	posed    map[string]*httptest.ResponseRecorder // answers that cannot be asked for again
	http.Handler
}

// newDesk opens an empty data folder.
func newDesk(t *testing.T) *desk {
	t.Helper()
	return openDesk(t, t.TempDir())
}

// openDesk opens the data folder dir.
func openDesk(t *testing.T, dir string, with ...func(*desk, *web.Deps)) *desk {
	t.Helper()
	d := &desk{t: t, dir: dir, policy: policy.Default(), log: &record{}}
	ctx := t.Context()
	d.library = must(sqlite.OpenLibrary(ctx, filepath.Join(dir, "library.db")))(t)
	t.Cleanup(func() { d.library.Close() })
	d.evidence = must(sqlite.OpenEvidence(ctx, filepath.Join(dir, "evidence.db")))(t)
	t.Cleanup(func() { d.evidence.Close() })
	d.alerts = must(scan.Open(ctx, filepath.Join(dir, "alerts"), batches.Options{Write: true}))(t)
	t.Cleanup(func() { d.alerts.Close() })
	lib, log := library.New(d.library), slog.New(slog.NewTextHandler(d.log, nil))
	d.archive = archive.In(filepath.Join(dir, "assessments"))
	d.keeper = custody.New(custody.Stores{Ledger: d.evidence.Ledger(), Batches: []custody.Batches{d.evidence, d.alerts}, Releases: d.library,
		Policy: filepath.Join(dir, "policy.yaml"), Now: clock})
	d.assess = assessment.New(d.library, d.evidence, d.alerts)
	at := door.New(door.Config{Now: clock})
	reports := report.NewCounter(&report.Service{Assessment: d.assess, Library: lib, Log: d.keeper.Log(), Kept: d.archive.List, Load: d.archive.Load, Now: clock, Program: "candor test",
		Batches: func(ctx context.Context) ([]store.Batch, error) { return store.Merged(ctx, d.evidence, d.alerts) }},
		func(context.Context, []byte) ([]byte, error) {
			return nil, fault.New(fault.Unavailable, "there is no browser here").Next("take the page; --browser names one")
		}, func(context.Context) {})
	deps := web.Deps{Door: at, Reports: reports, Objects: lib, Index: d.library, Assessor: d.assess, Reviews: d.assess, Measurer: d.assess, Rosterer: d.assess, Explorer: d.assess, Evidence: d.evidence, Alerts: d.alerts,
		Gates: d.assess, Ledger: d.keeper.Log(), Kept: d.archive, Register: d.assess, Profiler: d.assess, Upgrader: d.assess, Chainer: d.assess, Pulls: unlinked, Operation: ailing, Policy: d.inForce, Clock: clock, Log: log, Version: "test"}
	for _, w := range with {
		w(d, &deps)
	}
	pages := web.New(deps)
	machines := api.New(api.Deps{Door: at, Objects: lib, Index: d.library, Assessor: d.assess, Reviews: d.assess, Profiles: d.assess, Upgrades: d.assess, Chainer: d.assess, Evidence: d.evidence, Alerts: d.alerts,
		Policy: d.inForce, Clock: clock, Log: log, Version: "test"})
	d.Handler = (&edge.Place{}).Handler(edge.Combine(pages, machines, log))
	return d
}

func (d *desk) inForce() (assure.Policy, error) { return d.policy, nil }

// must returns a value, and fails the test if it came with an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// demo is a data folder with the miniature and its evidence. It is made once, as
// that takes longer than most tests; each test has a copy.
var demo struct {
	once sync.Once
	dir  string
}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(demo.dir)
	os.Exit(code)
}

// demonstration returns a data folder with the miniature and its evidence.
func demonstration(t *testing.T, with ...func(*desk, *web.Deps)) *desk {
	t.Helper()
	demo.once.Do(func() {
		d := openDesk(t, must(os.MkdirTemp("", "candor-web-"))(t))
		d.bundle(sample.Bundle(), sample.Version)
		d.organisation()
		for _, c := range []io.Closer{d.alerts, d.evidence, d.library} {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		demo.dir = d.dir
	})
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(demo.dir)); err != nil {
		t.Fatal(err)
	}
	return openDesk(t, dir, with...)
}

// bundle imports a bundle as a release of Enterprise.
func (d *desk) bundle(data []byte, version string) {
	d.t.Helper()
	ctx := d.t.Context()
	w := must(d.library.Begin(ctx))(d.t)
	defer w.Rollback()
	sum := must(stix.Read(ctx, stix.Source{Name: "bundle.json", Reader: bytes.NewReader(data)}, func(s *attack.Snapshot) error {
		return w.Add(ctx, s)
	}))(d.t)
	rel := attack.Release{Domain: sample.Domain, Version: version, STIX: "2.1", FileHash: sum.FileHash.String(), Source: "bundle.json",
		Size: int64(len(data)), Objects: sum.Objects, Imported: today, Verified: "unknown"}
	if _, err := w.Commit(ctx, rel, nil); err != nil {
		d.t.Fatal(err)
	}
}

// organisation imports the simulated organisation's evidence.
func (d *desk) organisation() {
	d.t.Helper()
	files := must(sample.Write(d.t.TempDir(), 1, day.Of(today)))(d.t)
	in := ingest.NewEvidence(d.keeper.Evidence(d.evidence), d.keeper.Alerts(d.alerts), clock)
	for _, e := range [][2]string{{"telemetry", files.Telemetry}, {"feeds", files.Feeds}, {"rules", files.Rules},
		{"alerts", files.Alerts}, {"exercises", files.Exercises}, {"cases", files.Cases},
		{"signals", files.Signals}, {"tuning", files.Tuning}, {"exceptions", files.Exceptions}, {"fields", files.Fields}, {"runs", files.Runs}, {"runbooks", files.Runbooks}} {
		must(in.Add(d.t.Context(), ingest.Request{Kind: e[0], Paths: []string{e[1]}, By: "test"}))(d.t)
	}
}

// assessment is what the pages are expected to show.
func (d *desk) assessment() assure.Assessment {
	d.t.Helper()
	return must(d.assess.Assess(context.Background(), assessment.Request{AsOf: today, Policy: d.policy}))(d.t)
}

// answer is what a request got.
type answer struct {
	*httptest.ResponseRecorder
	body string
}

func (d *desk) get(target string) answer {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "localhost:8080"
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return answer{w, w.Body.String()}
}

// page gets a page that is expected to be there and parses it.
func (d *desk) page(target string) (answer, *html.Node) {
	d.t.Helper()
	a := d.get(target)
	if a.Code != http.StatusOK {
		d.t.Fatalf("GET %s: %d\n%s", target, a.Code, d.log)
	}
	return a, must(html.Parse(strings.NewReader(a.body)))(d.t)
}

// elements calls f for every element below n.
func elements(n *html.Node, f func(*html.Node)) {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode {
			f(c)
		}
	}
}

// attr returns an attribute of an element and whether it has it.
func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// text returns the text of an element, with single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
