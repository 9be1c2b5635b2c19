package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
	"candor/internal/token"
)

// pushDesk is an API that takes what is pushed.
type pushDesk struct {
	t       *testing.T
	tokens  *token.Folder
	intake  *intake.Service
	alerts  *batches.Store
	now     time.Time
	secrets map[string]string
	log     bytes.Buffer
	http.Handler
}

func newPushDesk(t *testing.T, limits intake.Limits) *pushDesk {
	t.Helper()
	dir := t.TempDir()
	d := &pushDesk{t: t, tokens: token.In(filepath.Join(dir, "tokens")), now: today, secrets: map[string]string{}}
	evidence := must(sqlite.OpenEvidence(t.Context(), filepath.Join(dir, "evidence.db")))(t)
	t.Cleanup(func() { evidence.Close() })
	d.alerts = must(scan.Open(t.Context(), filepath.Join(dir, "alerts"), batches.Options{Write: true}))(t)
	t.Cleanup(func() { d.alerts.Close() })
	log := slog.New(slog.NewTextHandler(&d.log, nil))
	d.intake = intake.New(intake.Config{Dir: filepath.Join(dir, "push"), RejectsDir: filepath.Join(dir, "rejects"), Limits: limits, Now: clock},
		ingest.NewEvidence(evidence, d.alerts, clock))
	stop, err := d.intake.Start(time.Hour, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	d.Handler = d.handler(d.intake, log)
	end := today.Add(time.Hour)
	for name, scopes := range map[string][]string{"all": token.Scopes(), "alerts": {"alerts"}, "feeds": {"feeds"}, "revoked": token.Scopes(), "short": token.Scopes()} {
		r := token.Request{Name: name, Scopes: scopes}
		if name == "short" {
			r.Expires = &end
		}
		if _, d.secrets[name], err = d.tokens.Create(r, today); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := d.tokens.Revoke("revoked", "", today); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *pushDesk) handler(in Receiver, log *slog.Logger) http.Handler {
	at := door.New(door.Config{Tokens: d.tokens, Now: func() time.Time { return d.now }})
	return New(Deps{Intake: in, Door: at, Clock: func() time.Time { return d.now }, Log: log, Version: "test"})
}

// post pushes a body with a bearer token and further headers.
func (d *pushDesk) post(kind, secret, body string, headers ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/"+kind, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/x-ndjson")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// problemOf decodes the answer to a request that was refused.
func (d *pushDesk) problemOf(w *httptest.ResponseRecorder, status int) PushProblem {
	d.t.Helper()
	var p PushProblem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != status || p.Status != status || w.Header().Get("Content-Type") != problemType || p.Message == "" || p.Hint == "" {
		d.t.Fatalf("want %d: %d %v\n%s", status, w.Code, err, w.Body)
	}
	return p
}

// One good record of each kind.
var pushed = map[string]string{
	"alerts":       `{"id":"a","rule_id":"r","time":"2026-11-20T10:00:00Z","entity":"h"}` + "\n",
	"dispositions": `{"id":"a","disposition":"false_positive","disposition_time":"2026-11-20T11:00:00Z","provenance":"analyst"}` + "\n",
	"signals":      `{"id":"s","time":"2026-11-20T10:00:00Z","entity":"h","name":"look-alike domain registered","reliability":"B","credibility":2}` + "\n",
	"feeds":        `{"date":"2026-11-19","source":"auditd:SYSCALL","channel":"execve","events":4,"hosts":1}` + "\n",
}

func TestEveryKindIsTaken(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	for _, kind := range intake.Kinds() {
		for _, headers := range [][]string{{"Content-Type", "application/json; charset=utf-8"}, {}, {"Content-Type", "application/jsonl", "Content-Encoding", "gzip"}} {
			body := pushed[kind]
			if len(headers) > 2 {
				body = gzipped(t, body)
			}
			w := d.post(kind, d.secrets["all"], body, headers...)
			var r intake.Receipt
			if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || w.Code != http.StatusOK || r.Received != 1 || r.Accepted != 1 || r.Rejected != 0 || r.Rejects == nil {
				t.Errorf("%s %q: %d %s", kind, headers, w.Code, w.Body)
			}
		}
	}
	if err := d.intake.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	batches := must(d.alerts.Batches(t.Context()))(t)
	if len(batches) != 2 || batches[0].By != "token:all" || batches[0].New != 1 || batches[1].Kind != "dispositions" || batches[1].Updated != 1 {
		t.Errorf("%+v", batches)
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhoMayPush(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	good := d.secrets["all"]
	for _, c := range []struct {
		what, authorization string
		status              int
		challenge           string
	}{
		{"no header", "", 401, `Bearer realm="candor"`},
		{"another scheme", "Basic " + good, 401, `Bearer realm="candor", error="invalid_token"`},
		{"no secret", "Bearer", 401, `Bearer realm="candor", error="invalid_token"`},
		{"the secret alone", good, 401, `Bearer realm="candor", error="invalid_token"`},
		{"unknown", "Bearer candor_other_" + strings.Repeat("a", 52), 401, `Bearer realm="candor", error="invalid_token"`},
		{"one letter off", "Bearer " + good[:len(good)-1] + "!", 401, `Bearer realm="candor", error="invalid_token"`},
		{"revoked", "Bearer " + d.secrets["revoked"], 401, `Bearer realm="candor", error="invalid_token"`},
		{"another scope", "Bearer " + d.secrets["feeds"], 403, `Bearer realm="candor", error="insufficient_scope"`},
		{"good", "Bearer " + good, 200, ""},
		{"good, in another case", "bearer  " + good, 200, ""},
		{"its scope", "Bearer " + d.secrets["alerts"], 200, ""},
		{"before its end", "Bearer " + d.secrets["short"], 200, ""},
	} {
		w := d.post("alerts", "", pushed["alerts"], "Authorization", c.authorization)
		if w.Code != c.status || w.Header().Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %d %q\n%s", c.what, w.Code, w.Header().Get("WWW-Authenticate"), w.Body)
		}
		if c.status != 200 {
			d.problemOf(w, c.status)
		}
		if random := good[strings.LastIndexByte(good, '_'):]; strings.Contains(w.Body.String(), random) {
			t.Errorf("%s: the answer shows a secret", c.what)
		}
	}
	d.now = today.Add(time.Hour)
	if p := d.problemOf(d.post("alerts", d.secrets["short"], pushed["alerts"]), 401); !strings.Contains(p.Message, "expired") {
		t.Errorf("%+v", p)
	}
	if _, _, err := d.tokens.Revoke("all", "", today); err != nil {
		t.Fatal(err)
	}
	d.problemOf(d.post("alerts", good, pushed["alerts"]), 401)
}

func TestWrongBodiesAreRefused(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	secret := d.secrets["all"]
	two := d.problemOf(d.post("alerts", secret, "{}\n\nnot JSON\n"), 422)
	if two.Received != 2 || two.Rejected != 2 || len(two.Rejects) != 2 || two.Rejects[0].Field != "id" || two.Rejects[1].Line != 3 || two.Kind != "invalid" {
		t.Errorf("%+v", two)
	}
	one := d.problemOf(d.post("feeds", secret, `{"date":"soon","source":"s","events":1,"hosts":1}`, "Content-Type", "application/json"), 422)
	if len(one.Rejects) != 1 || one.Rejects[0].Field != "date" || one.Rejects[0].Value != "soon" || one.Rejects[0].Reason == "" {
		t.Errorf("%+v", one)
	}
	if p := d.problemOf(d.post("alerts", secret, "\n"), 422); p.Received != 0 || p.Message != "the body holds no record" {
		t.Errorf("%+v", p)
	}
	d.problemOf(d.post("alerts", secret, pushed["alerts"], "Content-Encoding", "gzip"), 422)
	d.problemOf(d.post("alerts", secret, strings.Repeat("\n", maxPushed+1)), 413)
	d.problemOf(d.post("alerts", secret, gzipped(t, strings.Repeat("\n", maxPushed+1)), "Content-Encoding", "gzip"), 413)
	if w := d.post("alerts", secret, pushed["alerts"], "Content-Encoding", "br"); d.problemOf(w, 415).Where != "header Content-Encoding" {
		t.Errorf("%s", w.Body)
	}
	for _, kind := range []string{"", "text/csv", "application/x-www-form-urlencoded", ";"} {
		d.problemOf(d.post("alerts", secret, pushed["alerts"], "Content-Type", kind), 415)
	}
	if w := d.post("alerts?dry=1", secret, pushed["alerts"]); d.problemOf(w, 400).Where != "query dry=1" {
		t.Errorf("%s", w.Body)
	}
	mixed := d.post("alerts", secret, "{}\n"+pushed["alerts"])
	var r intake.Receipt
	if err := json.Unmarshal(mixed.Body.Bytes(), &r); err != nil || mixed.Code != 200 || r.Accepted != 1 || r.Rejected != 1 || r.Rejects[0].Line != 1 {
		t.Errorf("%d %s", mixed.Code, mixed.Body)
	}
}

func TestTooMuchIsToldToComeLater(t *testing.T) {
	limits := intake.Usual()
	limits.Waiting = int64(len(pushed["alerts"]))
	d := newPushDesk(t, limits)
	if w := d.post("alerts", d.secrets["all"], pushed["alerts"]); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := d.post("alerts", d.secrets["all"], pushed["alerts"])
	if d.problemOf(w, 429); w.Header().Get("Retry-After") != "5" {
		t.Errorf("%v", w.Header())
	}
	if err := d.intake.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := d.post("alerts", d.secrets["all"], pushed["alerts"]); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type failing struct{ err error }

func (f failing) Receive(context.Context, intake.Post) (intake.Receipt, error) {
	return intake.Receipt{}, f.err
}

func TestWhatIsNotTakenIsNotAcknowledged(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	for status, err := range map[int]error{
		507: fault.New(fault.Unavailable, "the journal cannot be written").Because(syscall.ENOSPC).Next("make room"),
		503: fault.New(fault.Unavailable, "the journal cannot be written").Because(io.ErrShortWrite).Next("make room"),
		500: errors.New("the secret reason"),
	} {
		d.Handler = d.handler(failing{err}, slog.New(slog.NewTextHandler(&d.log, nil)))
		if w := d.post("alerts", d.secrets["all"], pushed["alerts"]); d.problemOf(w, status).Received != 0 || strings.Contains(w.Body.String(), "secret reason") {
			t.Errorf("%s", w.Body)
		}
	}
	if !strings.Contains(d.log.String(), "secret reason") {
		t.Error("the log does not say why")
	}
}

func TestAddressesForPushingTakePostAlone(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	for method, target := range map[string]string{"GET": "/api/v1/alerts", "PUT": "/api/v1/signals", "DELETE": "/api/v1/feeds"} {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(method, target, nil))
		if d.problemOf(w, 405); w.Header().Get("Allow") != "POST" {
			t.Errorf("%s %s: %v", method, target, w.Header())
		}
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/policy", nil))
	if d.problemOf(w, 405); w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%v", w.Header())
	}
}

// TestPushingIsDescribed holds what is sent and answered against the document.
func TestPushingIsDescribed(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest("GET", documentPath, nil))
	var doc struct {
		Paths map[string]struct {
			Post *struct {
				Security    []map[string][]string
				RequestBody struct{ Content map[string]json.RawMessage }
				Responses   map[string]json.RawMessage
			}
		}
		Components struct {
			Schemas         map[string]json.RawMessage
			SecuritySchemes map[string]*huma.SecurityScheme
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if s := doc.Components.SecuritySchemes["token"]; s == nil || s.Type != "http" || s.Scheme != "bearer" {
		t.Errorf("security scheme %+v", s)
	}
	for _, kind := range intake.Kinds() {
		op := doc.Paths["/api/v1/"+kind].Post
		if op == nil || len(op.Security) != 1 || op.RequestBody.Content["application/x-ndjson"] == nil || op.RequestBody.Content["application/json"] == nil {
			t.Fatalf("POST /api/v1/%s is not described: %+v", kind, op)
		}
		if got := slices.Sorted(maps.Keys(op.Responses)); !slices.Equal(got, []string{"200", "400", "401", "403", "413", "415", "422", "429", "500", "503", "507"}) {
			t.Errorf("%s: responses %v", kind, got)
		}
		registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
		var record any
		if err := json.Unmarshal([]byte(pushed[kind]), &record); err != nil {
			t.Fatal(err)
		}
		result := &huma.ValidateResult{}
		huma.Validate(registry, registry.Schema(records()[kind], true, ""), huma.NewPathBuffer([]byte("body"), 0), huma.ModeWriteToServer, record, result)
		if name := schemaName(records()[kind], ""); len(result.Errors) > 0 || doc.Components.Schemas[name] == nil {
			t.Errorf("%s is not as %s is described: %v", kind, name, result.Errors)
		}
	}
}
