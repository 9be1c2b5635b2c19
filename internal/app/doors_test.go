package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/assure"
	"candor/internal/cli"
	"candor/internal/door"
	"candor/internal/engine"
	"candor/internal/identity"
	"candor/internal/intake"
	"candor/internal/people"
	"candor/internal/policy"
	"candor/internal/token"
)

// house is the whole server over the demonstration, whose input lay in dir.
type house struct {
	t      *testing.T
	dir    string
	door   *door.Door
	tokens *token.Folder
	log    bytes.Buffer
	desk   *cli.Desk
	// gone says that whoever asks is gone: the door answers as ever, and no page is made.
	gone bool
	http.Handler
}

// today is when everything in these tests happens.
var today = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// demo is a folder with the demonstration of today, input and data. It is made once, as
// that takes longer than most tests; each test has a copy of the data.
var demo struct {
	once sync.Once
	dir  string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if fed.close != nil {
		fed.close()
	}
	_ = os.RemoveAll(demo.dir)
	os.Exit(code)
}

// demonstration returns a data folder with the demonstration of today.
func demonstration(t *testing.T) (data string) {
	t.Helper()
	demo.once.Do(func() {
		dir, err := os.MkdirTemp("", "candor-app-")
		if err != nil {
			t.Fatal(err)
		}
		f := &folder{t: t, dir: dir, engine: engine.Scan, now: today}
		f.ok("demo", "--once", "--keep", "kept")
		demo.dir = dir
	})
	data = filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(data, os.DirFS(filepath.Join(demo.dir, "kept", "data"))); err != nil {
		t.Fatal(err)
	}
	return data
}

func newHouse(t *testing.T, rules identity.Rules) *house {
	t.Helper()
	data := demonstration(t)
	h := &house{t: t, dir: demo.dir, tokens: token.In(filepath.Join(t.TempDir(), "tokens"))}
	d, err := app.Open(t.Context(), data, cli.Mode{Write: true, Serve: true, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	h.desk = d
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	stop, err := d.Intake.Start(time.Hour, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	d.People.Cost = people.Cost{Memory: 64, Passes: 1}
	h.door = door.New(door.Config{Rules: rules, Tokens: h.tokens, Accounts: d.People, Noted: d.Visits.Note, Now: func() time.Time { return today }})
	h.Handler = d.Handler(h.door, func() (assure.Policy, error) { return policy.Default(), nil }, log)
	return h
}

func (h *house) token(name string, scopes ...string) string {
	h.t.Helper()
	_, secret, err := h.tokens.Create(token.Request{Name: name, Scopes: scopes}, today)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

// request asks for a route, of which id is what it is about, with headers given as
// names and values in turn.
func (h *house) request(r door.Route, id, body string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	method, path, ok := strings.Cut(r.Pattern, " ")
	if !ok {
		method, path = http.MethodGet, r.Pattern
	}
	path = strings.NewReplacer("{$}", "", "{by}", "tactic", "{id}", id, "{name}", id).Replace(path)
	req := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-ndjson")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if i == 0 && headers[0] == "query" {
			req.URL.RawQuery = headers[1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	if h.gone {
		ctx, gone := context.WithCancel(req.Context())
		gone()
		req = req.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// readable reports whether whoever may read may ask for a route.
func readable(r door.Route) bool { return r.Do == identity.Read }

func refused(code int) bool { return code == http.StatusUnauthorized || code == http.StatusForbidden }

func TestEveryRouteAsksWhoMay(t *testing.T) {
	h := newHouse(t, identity.Rules{TokenToRead: true})
	reads, feeds := h.token("reads", "read"), h.token("feeds", "feeds")
	link := h.door.Link()
	entered := h.request(door.Route{Pattern: "GET " + door.EnterPath}, "", "", "query", strings.TrimPrefix(link, door.EnterPath+"?"))
	cookie, _, _ := strings.Cut(entered.Header().Get("Set-Cookie"), ";")
	routes := h.door.Routes()
	h.gone = true
	if len(routes) < 40 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, r := range routes {
		if r.Do == identity.Enter {
			continue // its key decides
		}
		code := func(headers ...string) int { return h.request(r, "AN1989", "", headers...).Code }
		if got := code(); got != http.StatusUnauthorized {
			t.Errorf("%s: without a token: %d", r.Pattern, got)
		}
		for _, wrong := range []string{"Bearer candor_reads_" + strings.Repeat("a", 52), "Bearer ", "Basic " + reads, reads} {
			if got := code("Authorization", wrong); got != http.StatusUnauthorized {
				t.Errorf("%s: with %q: %d", r.Pattern, wrong, got)
			}
		}
		if got := code("query", "token="+reads+"&access_token="+reads); got != http.StatusUnauthorized {
			t.Errorf("%s: with the token in the address: %d", r.Pattern, got)
		}
		if got := code("Cookie", "candor=x; token="+reads); got != http.StatusUnauthorized {
			t.Errorf("%s: with another cookie: %d", r.Pattern, got)
		}
		if got := code("Authorization", "Bearer "+reads); refused(got) == readable(r) {
			t.Errorf("%s: who reads: %d", r.Pattern, got)
		}
		if got := code("Cookie", cookie); refused(got) == readable(r) {
			t.Errorf("%s: a browser that was let in: %d", r.Pattern, got)
		}
		if got := code("Authorization", "Bearer "+feeds); (got == http.StatusForbidden) != (r.Thing != "feeds") {
			t.Errorf("%s: who pushes feeds: %d", r.Pattern, got)
		}
	}
	h.gone = false
	h.documented(reads, routes)
}

// documented checks that what the API says of itself is among the routes.
func (h *house) documented(secret string, routes []door.Route) {
	h.t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	w := h.request(door.Route{Pattern: "GET /api/v1/openapi.json"}, "", "", "Authorization", "Bearer "+secret)
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || len(doc.Paths) < 15 {
		h.t.Fatalf("%d paths, %v", len(doc.Paths), err)
	}
	for path, ops := range doc.Paths {
		for method := range ops {
			pattern := strings.ToUpper(method) + " " + path
			if !slices.ContainsFunc(routes, func(r door.Route) bool { return r.Pattern == pattern }) {
				h.t.Errorf("%s is answered, and asks nobody", pattern)
			}
		}
	}
}

func TestAnOpenServerReadsAndDoesNotTakeWithoutAToken(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	h.gone = true
	for _, r := range h.door.Routes() {
		if r.Do == identity.Enter {
			continue
		}
		if got := h.request(r, "AN1989", ""); refused(got.Code) == readable(r) {
			t.Errorf("%s: %d", r.Pattern, got.Code)
		}
	}
}

func TestWhatCanBePushedIsAScope(t *testing.T) {
	for _, kind := range intake.Kinds() {
		if !slices.Contains(identity.Scopes(), kind) {
			t.Errorf("no token can be for %s", kind)
		}
	}
}

// ids are those that the routes of the demonstration are about.
func (h *house) ids() []string {
	h.t.Helper()
	var batches struct{ Batches []struct{ ID string } }
	if err := json.Unmarshal(h.request(door.Route{Pattern: "GET /api/v1/batches"}, "", "").Body.Bytes(), &batches); err != nil || len(batches.Batches) == 0 {
		h.t.Fatal(err, batches)
	}
	var rules struct {
		Rules []struct {
			ID string `json:"rule_id"`
		}
	}
	if err := json.Unmarshal(h.request(door.Route{Pattern: "GET /api/v1/measurements"}, "", "").Body.Bytes(), &rules); err != nil || len(rules.Rules) == 0 {
		h.t.Fatal(err, rules)
	}
	ids := []string{"AN1989", "T1110", "MF-rev-017", rules.Rules[0].ID}
	for _, b := range batches.Batches {
		ids = append(ids, b.ID)
	}
	return ids
}

func TestNoAnswerSaysWhereFilesLay(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	answers := map[string]int{}
	for _, r := range h.door.Routes() {
		for _, id := range h.ids() {
			w := h.request(r, id, "")
			if w.Code == http.StatusOK {
				answers[r.Pattern]++
			}
			if strings.Contains(w.Body.String(), h.dir) {
				t.Errorf("%s of %s says the folder of an imported file", r.Pattern, id)
			}
			if !strings.Contains(r.Pattern, "{") {
				break
			}
		}
	}
	for _, told := range []string{"GET /api/v1/batches", "GET /evidence/{id}", "GET /api/v1/releases", "GET /api/v1/objects/{id}", "GET /api/v1/reviews/{id}", "GET /measurements/rules/{id}"} {
		if answers[told] == 0 {
			t.Errorf("nothing was told of %s: %v", told, answers)
		}
	}
	if page := h.request(door.Route{Pattern: "GET /evidence"}, "", ""); !strings.Contains(page.Body.String(), "alerts.jsonl") {
		t.Error("the page does not say the name of a file")
	}
}

func TestNoAnswerHasAToken(t *testing.T) {
	for _, rules := range []identity.Rules{{}, {TokenToRead: true}} {
		h := newHouse(t, rules)
		secret := h.token("all", token.Scopes()...)
		random := secret[strings.LastIndexByte(secret, '_')+1:]
		record := fmt.Sprintf(`{"id":%[1]q,"rule_id":%[1]q,"time":%[1]q,"date":%[1]q,"entity":%[1]q,"name":%[1]q,"source":%[1]q,"disposition":%[1]q,%[1]q:1}`, secret)
		auths := []string{"Bearer " + secret, "Bearer " + secret + "x", "Basic " + secret, ""}
		if testing.Short() || rules.TokenToRead {
			auths = auths[:1] // of the same requests, those that get furthest; who shows no token gets further where none is asked for
		}
		query := "q=" + secret + "&text=" + secret + "&domain=" + secret + "&release=" + secret + "&platform=" + secret + "&as_of=" + secret + "&for=" + secret + "&key=" + secret
		for _, r := range append(h.door.Routes(), door.Route{Pattern: "GET /" + secret}, door.Route{Pattern: "PUT /api/" + secret}) {
			for i, auth := range auths {
				answers := []*httptest.ResponseRecorder{
					h.request(r, secret, record+"\n"+record, "Authorization", auth, "Cookie", "candor="+secret, "Referer", "http://localhost/"+secret, "X-Token", secret),
					h.request(r, secret, record, "query", query, "Authorization", auth, "Content-Type", secret, "Content-Encoding", secret, "If-None-Match", secret, "Origin", "http://"+secret),
				}
				if i == 0 { // what is there is answered alike, whoever may ask
					answers = append(answers, h.request(r, "AN1989", record, "query", "text="+secret, "Authorization", auth, "Content-Type", "application/json"))
				}
				for _, w := range answers {
					all, _ := io.ReadAll(w.Result().Body)
					if strings.Contains(string(all), random) || strings.Contains(fmt.Sprint(w.Header()), random) {
						t.Fatalf("%s with %q: the answer %d has the secret\n%v\n%s", r.Pattern, auth, w.Code, w.Header(), all)
					}
				}
			}
		}
	}
}

func TestTheLinkOpensOnce(t *testing.T) {
	h := newHouse(t, identity.Rules{TokenToRead: true})
	enter := door.Route{Pattern: "GET " + door.EnterPath}
	query := func(link string) string { return strings.TrimPrefix(link, door.EnterPath+"?") }
	old := h.door.Link()
	link := h.door.Link()
	for _, wrong := range []string{"", "key=", "key=x", query(old)} {
		if w := h.request(enter, "", "", "query", wrong); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%q: %d %v", wrong, w.Code, w.Header())
		}
	}
	if w := h.request(door.Route{Pattern: "HEAD " + door.EnterPath}, "", "", "query", query(link)); w.Header().Get("Set-Cookie") != "" {
		t.Error("a preview used the link up")
	}
	w := h.request(enter, "", "", "query", query(link))
	cookie := w.Header().Get("Set-Cookie")
	for _, want := range []string{"; HttpOnly", "; SameSite=Strict", "; Path=/"} {
		if w.Code != http.StatusOK || !strings.Contains(cookie, want) {
			t.Errorf("%d %q, want %q", w.Code, cookie, want)
		}
	}
	if again := h.request(enter, "", "", "query", query(link)); again.Code != http.StatusForbidden || again.Header().Get("Set-Cookie") != "" {
		t.Errorf("a second time: %d", again.Code)
	}
	value, _, _ := strings.Cut(cookie, ";")
	overview := door.Route{Pattern: "GET /"}
	if w := h.request(overview, "", "", "Cookie", value); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Claimed") {
		t.Errorf("with the cookie: %d", w.Code)
	}
	w = h.request(overview, "", "")
	if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "iniature") || !strings.Contains(w.Body.String(), "asks for a token") || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("without: %d %v\n%s", w.Code, w.Header(), w.Body)
	}
}
