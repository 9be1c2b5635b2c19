package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/door"
	"candor/internal/ingest"
	"candor/internal/ledger"
	"candor/internal/library"
	"candor/internal/policy"
	"candor/internal/sample"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
)

// today is when everything in these tests happens.
var today = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func clock() time.Time { return today }

// desk is a data folder with the demonstration and the API over it.
type desk struct {
	t        *testing.T
	library  *sqlite.Library
	evidence *sqlite.Evidence
	service  *library.Service
	assess   *assessment.Service
	log      bytes.Buffer
	http.Handler
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

func newDesk(t *testing.T) *desk {
	t.Helper()
	demo.once.Do(func() {
		dir := must(os.MkdirTemp("", "candor-api-"))(t)
		d, alerts := openDesk(t, dir)
		d.fill(ingest.NewEvidence(d.evidence, alerts, clock))
		for _, c := range []io.Closer{alerts, d.evidence, d.library} {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		demo.dir = dir
	})
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(demo.dir)); err != nil {
		t.Fatal(err)
	}
	d, alerts := openDesk(t, dir)
	d.service, d.assess = library.New(d.library), assessment.New(d.library, d.evidence, alerts)
	d.Handler = New(Deps{Objects: d.service, Index: d.library, Assessor: d.assess, Measurer: d.assess, Profiles: d.assess, Upgrades: d.assess, Evidence: d.evidence, Alerts: alerts, Ledger: ledger.New(d.evidence.Ledger()),
		Door: door.New(door.Config{Now: clock}), Policy: byDefault, Clock: clock, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Version: "test"})
	return d
}

// openDesk opens the stores of the data folder dir.
func openDesk(t *testing.T, dir string) (*desk, *batches.Store) {
	t.Helper()
	ctx, d := t.Context(), &desk{t: t}
	d.library = must(sqlite.OpenLibrary(ctx, filepath.Join(dir, "library.db")))(t)
	t.Cleanup(func() { d.library.Close() })
	d.evidence = must(sqlite.OpenEvidence(ctx, filepath.Join(dir, "evidence.db")))(t)
	t.Cleanup(func() { d.evidence.Close() })
	alerts := must(scan.Open(ctx, filepath.Join(dir, "alerts"), batches.Options{Write: true}))(t)
	t.Cleanup(func() { alerts.Close() })
	return d, alerts
}

func byDefault() (assure.Policy, error) { return policy.Default(), nil }

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

// fill imports the miniature and the evidence of the simulated organisation.
func (d *desk) fill(in *ingest.Evidence) {
	ctx := d.t.Context()
	w := must(d.library.Begin(ctx))(d.t)
	defer w.Rollback()
	data := sample.Bundle()
	sum := must(stix.Read(ctx, stix.Source{Name: "bundle.json", Reader: bytes.NewReader(data)}, func(s *attack.Snapshot) error { return w.Add(ctx, s) }))(d.t)
	rel := attack.Release{Domain: sample.Domain, Version: sample.Version, STIX: "2.1", FileHash: sum.FileHash.String(), Source: "bundle.json",
		Size: int64(len(data)), Objects: sum.Objects, Imported: today, Verified: "unknown"}
	must(w.Commit(ctx, rel, nil))(d.t)
	files := must(sample.Write(d.t.TempDir(), 1, day.Of(today)))(d.t)
	for _, e := range [][2]string{{"telemetry", files.Telemetry}, {"feeds", files.Feeds}, {"rules", files.Rules},
		{"alerts", files.Alerts}, {"exercises", files.Exercises}, {"runs", files.Runs}, {"runbooks", files.Runbooks}} {
		must(in.Add(ctx, ingest.Request{Kind: e[0], Paths: []string{e[1]}}))(d.t)
	}
}

func (d *desk) do(method, target string, headers ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// get decodes the answer to a request that is expected to be met into v.
func (d *desk) get(target string, v any) {
	d.t.Helper()
	w := d.do(http.MethodGet, target)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		d.t.Fatalf("GET %s: %d %s\n%s", target, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		d.t.Fatalf("GET %s: %v", target, err)
	}
}

// example is a path of something that the demonstration has.
func example(path string) string {
	id := "AN1989"
	if strings.Contains(path, "/rules/") || strings.Contains(path, "/tunings/") {
		id = "legacy-ids-2201"
	}
	if strings.HasSuffix(path, "/adjacent") {
		id = "T1110"
	}
	return strings.Replace(path, "{id}", id, 1)
}

// asJSON is a model as JSON has it, which is what an answer is compared with.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	var out any
	if err := json.Unmarshal(must(json.Marshal(v))(t), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnswersAreTheModels(t *testing.T) {
	d := newDesk(t)
	whole := must(d.assess.Overview(t.Context(), assessment.Request{AsOf: today, Policy: policy.Default()}))(t)
	hamburg := must(d.assess.Overview(t.Context(), assessment.Request{AsOf: today, Policy: policy.Default(), Site: "hamburg"}))(t)
	windows := must(d.assess.Overview(t.Context(), assessment.Request{AsOf: today, Policy: policy.Default(), Platform: "Windows"}))(t)
	for target, want := range map[string]any{
		"/api/v1/objects/AN1989":            must(d.service.Page(t.Context(), "AN1989", attack.ReleaseRef{}))(t),
		"/api/v1/objects/T1086":             must(d.service.Page(t.Context(), "T1086", attack.ReleaseRef{}))(t),
		"/api/v1/verdicts":                  whole,
		"/api/v1/verdicts?platform=Windows": windows,
		"/api/v1/verdicts?site=hamburg":     hamburg,
		"/api/v1/policy":                    map[string]any{"settings": policy.Explain(policy.Default())},
		"/healthz":                          map[string]any{"status": "ok", "version": "test", "releases": 1},
	} {
		var got any
		d.get(target, &got)
		if diff := cmp.Diff(asJSON(t, want), got); diff != "" {
			t.Errorf("GET %s (-model +answer):\n%s", target, diff)
		}
	}
}

func TestAnswersAreAsTheDocumentSays(t *testing.T) {
	d := newDesk(t)
	var doc struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	d.get(documentPath, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("the document is OpenAPI %s", doc.OpenAPI)
	}
	bodies := map[string]reflect.Type{
		"/api/v1/objects": reflect.TypeFor[ObjectList](), "/api/v1/objects/{id}": reflect.TypeFor[library.Page](),
		"/api/v1/verdicts": reflect.TypeFor[assure.Assessment](), "/api/v1/verdicts/{id}": reflect.TypeFor[VerdictsOf](),
		"/api/v1/releases": reflect.TypeFor[ReleaseList](), "/api/v1/batches": reflect.TypeFor[BatchList](),
		"/api/v1/policy": reflect.TypeFor[PolicyInForce](), "/healthz": reflect.TypeFor[Health](),
		"/api/v1/measurements": reflect.TypeFor[assessment.Measured](), "/api/v1/measurements/analytics": reflect.TypeFor[assessment.MeasuredAnalytics](),
		"/api/v1/measurements/analytics/{id}": reflect.TypeFor[assessment.OneAnalytic](), "/api/v1/measurements/rules/{id}": reflect.TypeFor[assessment.MeasuredRule](),
		"/api/v1/recall": reflect.TypeFor[assessment.Recalled](), "/api/v1/tunings/{id}": reflect.TypeFor[assessment.Tuned](), "/api/v1/next": reflect.TypeFor[assessment.Plan](),
	}
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	registry.Schema(reflect.TypeFor[assure.Verdict](), true, "")
	for _, n := range nullables() {
		registry.Schema(n.of, true, "")
		nullable(registry.Map()[schemaName(n.of, "")], n.property)
	}
	for path, body := range bodies {
		if doc.Paths[path]["get"]["operationId"] == "" || doc.Paths[path]["get"]["responses"] == nil {
			t.Errorf("the document does not describe GET %s", path)
		}
		var got any
		d.get(example(path), &got)
		result := &huma.ValidateResult{}
		huma.Validate(registry, registry.Schema(body, true, ""), huma.NewPathBuffer([]byte("body"), 0), huma.ModeReadFromServer, got, result)
		for _, wrong := range result.Errors {
			t.Errorf("GET %s is not as described: %v", path, wrong)
		}
	}
	if doc.Paths["/api/v1/objects/{id}/raw"] == nil {
		t.Error("the document does not describe the raw bytes")
	}
}

func TestDocumentRefersOnlyToWhatItHolds(t *testing.T) {
	d := newDesk(t)
	var doc struct {
		Components struct{ Schemas map[string]any }
	}
	d.get(documentPath, &doc)
	verdict, _ := doc.Components.Schemas["AssureVerdict"].(map[string]any)
	properties, _ := verdict["properties"].(map[string]any)
	if measurement := fmt.Sprint(properties["measurement"]); !strings.Contains(measurement, "type:null") {
		t.Errorf("the document does not say that there may be no measurement: %s", measurement)
	}
	text := d.do(http.MethodGet, documentPath).Body.String()
	for part := range strings.SplitSeq(text, `"$ref": "#/components/schemas/`) {
		name, _, _ := strings.Cut(part, `"`)
		if !strings.HasPrefix(part, "{") && doc.Components.Schemas[name] == nil {
			t.Errorf("the document refers to %q and does not hold it", name)
		}
	}
	for _, elsewhere := range []string{"unpkg", "cdn", "ErrorModel"} {
		if strings.Contains(text, elsewhere) {
			t.Errorf("the document mentions %q", elsewhere)
		}
	}
}

func TestRawIsTheExactBytes(t *testing.T) {
	d := newDesk(t)
	snap := must(d.service.Raw(t.Context(), "AN1989", attack.ReleaseRef{}))(t)
	const target = "/api/v1/objects/AN1989/raw?domain=enterprise&release=" + sample.Version
	w := d.do(http.MethodGet, target)
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), snap.Raw) || !bytes.Contains(sample.Bundle(), w.Body.Bytes()) {
		t.Errorf("GET %s: %d, and not the bytes of the bundle", target, w.Code)
	}
	tag := w.Header().Get("ETag")
	if tag != fmt.Sprintf(`"%x"`, sha256.Sum256(snap.Raw)) || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("headers: %v", w.Header())
	}
	for header, want := range map[string]int{tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200} {
		if w := d.do(http.MethodGet, target, "If-None-Match", header); w.Code != want || want == 304 && w.Body.Len() > 0 {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", header, w.Code, w.Body.Len(), want)
		}
	}
}

func TestRawIsOfEachObjectWithOneID(t *testing.T) {
	d := newDesk(t)
	const target = "/api/v1/objects/AN1989/raw?nth="
	for nth, want := range map[string]int{"0": 200, "1": 200, "2": 404, "-1": 422, "x": 422} {
		if w := d.do(http.MethodGet, target+nth); w.Code != want && (want != 422 || w.Code != 400) {
			t.Errorf("GET %s%s: %d, want %d: %s", target, nth, w.Code, want, w.Body)
		}
	}
}

func TestListIsNarrowedByEveryFilter(t *testing.T) {
	d := newDesk(t)
	for query, lets := range map[string]func(store.Header) bool{
		"kind=analytic":                    func(h store.Header) bool { return h.Kind == attack.KindAnalytic },
		"kind=technique,sub-technique":     func(h store.Header) bool { return h.Kind.Technique() },
		"kind=technique&lifecycle=revoked": func(h store.Header) bool { return h.Revoked },
		"kind=analytic&platform=Linux":     func(h store.Header) bool { return slices.Contains(h.Platforms, "Linux") },
		"kind=technique&text=phishing":     func(h store.Header) bool { return h.Kind == attack.KindTechnique },
	} {
		var got ObjectList
		d.get("/api/v1/objects?limit=1000&"+query, &got)
		if len(got.Objects) == 0 || got.Total != len(got.Objects) {
			t.Errorf("%s: %d of %d", query, len(got.Objects), got.Total)
		}
		for _, h := range got.Objects {
			if !lets(h) {
				t.Errorf("%s lists %s %s", query, h.ATTACKID, h.Name)
			}
		}
	}
}

func TestListComesInParts(t *testing.T) {
	d := newDesk(t)
	var whole, part ObjectList
	d.get("/api/v1/objects?kind=analytic&sort=id&limit=1000", &whole)
	var ids []string
	for offset := 0; offset < whole.Total; offset += 7 {
		d.get(fmt.Sprintf("/api/v1/objects?kind=analytic&sort=id&limit=7&offset=%d", offset), &part)
		if part.Total != whole.Total || part.Offset != offset || part.Limit != 7 {
			t.Errorf("part at %d: %+v", offset, part)
		}
		for _, h := range part.Objects {
			ids = append(ids, h.StixID)
		}
	}
	var want []string
	for _, h := range whole.Objects {
		want = append(want, h.StixID)
	}
	if !slices.Equal(ids, want) || !slices.IsSortedFunc(whole.Objects, func(a, b store.Header) int { return strings.Compare(a.ATTACKID, b.ATTACKID) }) {
		t.Error("the parts are not the whole")
	}
}

func TestVerdictsOfARungLeaveTheTotalsWhole(t *testing.T) {
	d := newDesk(t)
	var all, blind assure.Assessment
	d.get("/api/v1/verdicts", &all)
	d.get("/api/v1/verdicts?rung=blind", &blind)
	if diff := cmp.Diff(all.Totals, blind.Totals); diff != "" {
		t.Errorf("totals: %s", diff)
	}
	if len(blind.Verdicts) == 0 || len(blind.Verdicts) == len(all.Verdicts) {
		t.Errorf("%d of %d verdicts", len(blind.Verdicts), len(all.Verdicts))
	}
	for _, v := range blind.Verdicts {
		if v.Rung != assure.Blind {
			t.Errorf("%s is %s", v.Analytic.ATTACKID, v.Rung)
		}
	}
	var again assure.Assessment
	d.get("/api/v1/verdicts", &again)
	if diff := cmp.Diff(all, again); diff != "" {
		t.Errorf("a filtered answer has changed a later one:\n%s", diff)
	}
}

func TestVerdictsOfAnObjectAreThoseOfItsAnalytics(t *testing.T) {
	d := newDesk(t)
	for id, want := range map[string]int{"AN1989": 1, "DET0857": 1, "T1589.003": 1} {
		var got VerdictsOf
		d.get("/api/v1/verdicts/"+id, &got)
		n := 0
		for _, c := range got.Rungs {
			n += c.Count
		}
		if len(got.Verdicts) != want || n != want || got.Object.ATTACKID != id || got.Policy.Name == "" || got.Window.To == "" {
			t.Errorf("%s: %d verdicts, %d on rungs, about %+v", id, len(got.Verdicts), n, got.Object)
		}
	}
	var tactic VerdictsOf
	if d.get("/api/v1/verdicts/TA0043", &tactic); len(tactic.Verdicts) < 3 {
		t.Errorf("TA0043: %d verdicts", len(tactic.Verdicts))
	}
}

func TestATechniqueHasTheVerdictsOfItsSubTechniques(t *testing.T) {
	d := newDesk(t)
	var of VerdictsOf
	d.get("/api/v1/verdicts/T1059", &of)
	own, subs := 0, 0
	for i := range of.Verdicts {
		switch v := &of.Verdicts[i]; {
		case slices.Contains(v.Techniques, of.Object):
			own++
		case slices.Contains(v.Parents, of.Object):
			subs++
		default:
			t.Errorf("%s is of neither T1059 nor a sub-technique", v.Analytic.ATTACKID)
		}
	}
	g := of.Rollup
	if own == 0 || subs == 0 || g.Own == nil || g.Subs == nil || g.Own.Analytics != own || g.Subs.Analytics != subs || g.Analytics != own+subs {
		t.Errorf("%d of its own and %d of sub-techniques, rolled up as %+v", own, subs, g)
	}
	var roll assure.Rollup
	d.get("/api/v1/rollups/technique", &roll)
	i := slices.IndexFunc(roll.Groups, func(g assure.Group) bool { return g.Of == of.Object })
	if diff := cmp.Diff(g, roll.Groups[i]); diff != "" {
		t.Errorf("the verdicts of T1059 against the roll-up: %s", diff)
	}
}

// What is said of a stage beside a technique is what the verdicts on its analytics are.
func TestStagesStandAsTheirVerdictsDo(t *testing.T) {
	d := newDesk(t)
	var a assure.Assessment
	d.get("/api/v1/verdicts", &a)
	var got assessment.Stages
	d.get("/api/v1/objects/T1110/adjacent", &got)
	if !got.Judged || len(got.Adjacent) < 5 {
		t.Fatalf("%+v", got)
	}
	leads := 0
	for _, st := range got.Adjacent {
		reliable, rungs := []assure.Name{}, map[assure.Rung]int{}
		for _, v := range a.Verdicts {
			if !slices.ContainsFunc(v.Techniques, func(n assure.Name) bool { return n.StixID == st.Technique.StixID }) {
				continue
			}
			rungs[v.Rung]++
			if v.Rung == assure.Reliable {
				reliable = append(reliable, v.Analytic)
			}
		}
		if (st.Here == nil) != (len(rungs) == 0) || !slices.Equal(st.Reliable, reliable) {
			t.Errorf("%s: %+v, want %v of %v", st.Technique.ATTACKID, st, reliable, rungs)
			continue
		}
		if st.Here != nil && rungs[st.Here.Worst] == 0 && st.Here.Worst != "" {
			t.Errorf("%s: worst is %s of %v", st.Technique.ATTACKID, st.Here.Worst, rungs)
		}
		leads += len(reliable)
	}
	if leads == 0 {
		t.Error("no stage can be relied on, so that nothing was compared")
	}
	if w := d.do(http.MethodGet, "/api/v1/objects/G0034/adjacent"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "name a technique") {
		t.Errorf("of a group: %d %s", w.Code, w.Body)
	}
	of, analytic := d.do(http.MethodGet, "/api/v1/objects/T1589.003/adjacent"), d.do(http.MethodGet, "/api/v1/objects/AN1989/adjacent")
	if analytic.Code != http.StatusOK || analytic.Body.String() != of.Body.String() {
		t.Errorf("of an analytic: %d, not what is said of its technique", analytic.Code)
	}
}

func TestDayOfJudgementDecides(t *testing.T) {
	d := newDesk(t)
	var now, later assure.Assessment
	d.get("/api/v1/verdicts", &now)
	d.get("/api/v1/verdicts?as_of=2028-01-01", &later)
	if now.Totals.Assured == 0 || later.Totals.Assured != 0 || later.Window.To != "2028-01-01" {
		t.Errorf("assured now %d, years later %d in %v", now.Totals.Assured, later.Totals.Assured, later.Window)
	}
}

func TestProblemsSayWhatIsWrongInJSON(t *testing.T) {
	d := newDesk(t)
	for target, want := range map[string]Problem{
		"GET /api/v1/objects/T9999":             {Status: 404, Kind: "not_found"},
		"GET /api/v1/objects/%3Cscript%3E":      {Status: 404, Kind: "not_found"},
		"GET /api/v1/verdicts/T9999":            {Status: 404, Kind: "not_found"},
		"GET /api/v1/verdicts?release=99":       {Status: 404, Kind: "not_found"},
		"GET /api/v1/nothing":                   {Status: 404, Kind: "not_found"},
		"GET /api/":                             {Status: 404, Kind: "not_found"},
		"GET /api/v1/verdicts?rungs=blind":      {Status: 400, Kind: "usage"},
		"GET /api/v1/verdicts?rung=perfect":     {Status: 400, Kind: "usage"},
		"GET /api/v1/verdicts?platform=Amiga":   {Status: 404, Kind: "not_found"},
		"GET /api/v1/objects?platform=Lnux":     {Status: 404, Kind: "not_found"},
		"GET /api/v1/objects?tactic=recon":      {Status: 404, Kind: "not_found"},
		"GET /api/v1/objects?kind=techniqe":     {Status: 400, Kind: "usage"},
		"GET /api/v1/next?window=":              {Status: 400, Kind: "usage"},
		"GET /api/v1/verdicts?as_of=":           {Status: 400, Kind: "usage"},
		"GET /api/v1/verdicts?as_of=2026-02-31": {Status: 400, Kind: "usage"},
		"GET /api/v1/objects?limit=0":           {Status: 400, Kind: "usage"},
		"GET /api/v1/objects?limit=x":           {Status: 400, Kind: "usage"},
		"GET /api/v1/objects?offset=-1":         {Status: 400, Kind: "usage"},
		"GET /api/v1/objects?lifecycle=undead":  {Status: 400, Kind: "usage"},
		"GET /api/v1/objects?sort=size":         {Status: 400, Kind: "usage"},
		"POST /api/v1/verdicts":                 {Status: 405, Kind: "usage"},
		"DELETE /api/v1/objects/AN1989":         {Status: 405, Kind: "usage"},
	} {
		method, path, _ := strings.Cut(target, " ")
		w := d.do(method, path)
		var got Problem
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Header().Get("Content-Type") != problemType {
			t.Errorf("%s: %s %q", target, w.Header().Get("Content-Type"), w.Body)
			continue
		}
		if w.Code != want.Status || got.Status != want.Status || got.Kind != want.Kind || got.Message == "" || got.Hint == "" || got.Title == "" {
			t.Errorf("%s: %d %+v", target, w.Code, got)
		}
	}
	if d.log.Len() > 0 {
		t.Errorf("wrong requests were logged as failures: %s", &d.log)
	}
}

func TestEachBatchLeadsToItsEntries(t *testing.T) {
	d := newDesk(t)
	log := ledger.New(d.evidence.Ledger())
	b := must(d.evidence.Batches(t.Context()))(t)[0]
	for _, kind := range []ledger.Kind{ledger.Release, ledger.Batch, ledger.Withdrawal} {
		must(log.Append(t.Context(), ledger.Entry{Kind: kind, ID: b.ID, SHA256: b.Hash, Time: today}))(t)
	}
	var got BatchList
	d.get("/api/v1/batches", &got)
	if len(got.Batches) < 2 {
		t.Fatalf("%+v", got)
	}
	for _, a := range got.Batches {
		var places []int64
		for _, e := range a.Ledger {
			places = append(places, e.Seq)
		}
		if a.ID == b.ID && !slices.Equal(places, []int64{1, 2}) || a.ID != b.ID && (places != nil || a.Ledger == nil) {
			t.Errorf("%s has the entries %v", a.ID, places)
		}
	}
}

// TestBatchesComeByPage: each once, the newest first.
func TestBatchesComeByPage(t *testing.T) {
	d := newDesk(t)
	var all BatchList
	d.get("/api/v1/batches", &all)
	if len(all.Batches) < 3 || all.Total != len(all.Batches) || all.Next != "" || all.Batches[0].Added.Before(all.Batches[all.Total-1].Added) {
		t.Fatalf("%d of %d, next %q", len(all.Batches), all.Total, all.Next)
	}
	var ids []string
	for from := "?limit=2"; from != ""; {
		var l BatchList
		d.get("/api/v1/batches"+from, &l)
		if from = ""; l.Next != "" {
			from = "?limit=2&from=" + l.Next
		}
		for _, b := range l.Batches {
			ids = append(ids, b.ID)
		}
	}
	if len(ids) != all.Total || slices.ContainsFunc(all.Batches, func(a custody.Account) bool { return !slices.Contains(ids, a.ID) }) {
		t.Errorf("by page %q", ids)
	}
	if w := d.do(http.MethodGet, "/api/v1/batches?from=here"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "no place") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestInternalErrorIsLoggedAndHidden(t *testing.T) {
	d := newDesk(t)
	d.evidence.Close()
	for _, target := range []string{"/api/v1/verdicts", "/api/v1/batches", "/api/v1/verdicts/AN1989"} {
		w := d.do(http.MethodGet, target)
		body := w.Body.String()
		if w.Code < 500 || strings.Contains(body, "sql") || strings.Contains(body, "database") {
			t.Errorf("GET %s: %d %s", target, w.Code, body)
		}
	}
	if !strings.Contains(d.log.String(), "database is closed") {
		t.Errorf("the log does not say why: %s", &d.log)
	}
}

func TestBrowserTakesNoAnswerForAPage(t *testing.T) {
	d := newDesk(t)
	for _, target := range []string{"/api/v1/objects/AN1989", "/api/v1/objects/AN1989/raw", "/api/v1/nothing", documentPath, "/healthz"} {
		h := d.do(http.MethodGet, target).Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("GET %s: %v", target, h)
		}
	}
}

// TestTheDocumentNamesWhatTheProgramKnows holds the words that the document lists
// against those of the code, which it cannot take them from.
func TestTheDocumentNamesWhatTheProgramKnows(t *testing.T) {
	d := newDesk(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct {
					Enum  []string
					Items struct{ Enum []string }
				}
			}
		}
	}
	d.get("/api/v1/openapi.json", &doc)
	var rungs []string
	for _, r := range assure.Rungs() {
		rungs = append(rungs, string(r))
	}
	kinds := library.KindWords()
	seen := 0
	for _, p := range doc.Paths["/api/v1/objects"]["get"].Parameters {
		if p.Name == "kind" {
			seen++
			slices.Sort(kinds)
			slices.Sort(p.Schema.Items.Enum)
			if !slices.Equal(p.Schema.Items.Enum, kinds) {
				t.Errorf("kinds %v, want %v", p.Schema.Items.Enum, kinds)
			}
		}
	}
	for _, p := range doc.Paths["/api/v1/verdicts"]["get"].Parameters {
		if p.Name == "rung" {
			seen++
			if !slices.Equal(p.Schema.Enum, rungs) {
				t.Errorf("rungs %v, want %v", p.Schema.Enum, rungs)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d of the two parameters are in the document", seen)
	}
}
