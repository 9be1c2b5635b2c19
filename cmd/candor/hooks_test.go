package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/deliver"
	"candor/internal/hook"
)

// ear is a receiver of webhooks that answers as it is told, and remembers what it got.
type ear struct {
	*httptest.Server
	mu     sync.Mutex
	answer int
	ids    []string
	bodies []string
}

const hookSecret = "a-secret-of-hooks"

func newEar(t *testing.T) *ear {
	e := &ear{answer: http.StatusServiceUnavailable}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var seconds int64
		fmt.Sscan(r.Header.Get("webhook-timestamp"), &seconds)
		id := r.Header.Get("webhook-id")
		e.mu.Lock()
		defer e.mu.Unlock()
		if r.Header.Get("webhook-signature") != deliver.Signature(hookSecret, id, time.Unix(seconds, 0), body) {
			t.Errorf("the signature is wrong: %v", r.Header)
		}
		e.ids, e.bodies = append(e.ids, id), append(e.bodies, string(body))
		w.WriteHeader(e.answer)
	}))
	t.Cleanup(e.Close)
	return e
}

// got returns what came, once at least n messages did.
func (e *ear) got(t *testing.T, n int) (ids, bodies []string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		e.mu.Lock()
		ids, bodies = slices.Clone(e.ids), slices.Clone(e.bodies)
		e.mu.Unlock()
		if len(ids) >= n {
			return ids, bodies
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d messages came", len(ids), n)
		}
	}
}

// await waits until a file of a place has a text.
func (p place) await(name, text string) {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		b, _ := os.ReadFile(p.path(name))
		if strings.Contains(string(b), text) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s never had %q: %s", name, text, b)
		}
	}
}

// TestWhatIsNewIsTold has a server tell a receiver that does not take it, kills the server,
// and has another one tell it again; beside that heads are written, and the server is measured.
func TestWhatIsNewIsTold(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "HOOK_SECRET="+hookSecret)
	p.ok("demo", "--once", "--keep", "kept")
	p.env = append(p.env, "CANDOR_DATA=kept/data")
	e := newEar(t)
	p.write("kept/data.hooks.yaml", "kind: candor-hooks\nversion: \"1\"\nhooks:\n  - name: soc\n    url: "+e.URL+"/hidden\n    secret_env: HOOK_SECRET\nheads:\n  - to: file:heads.txt\n    every: 1s\n")
	first := p.serve()
	p.await("kept/data/hooks/outbox.json", `"last":{`)
	batches := p.batches()
	for id := range batches {
		if strings.HasPrefix(id, "exercises-") {
			p.ok("evidence", "withdraw", id, "--reason", "they were of another site")
		}
	}
	refused, _ := e.got(t, 1)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	e.mu.Lock()
	e.answer = http.StatusOK
	e.mu.Unlock()
	second := p.serve()
	ids, bodies := e.got(t, len(refused)+1)
	if ids[len(ids)-1] != refused[0] {
		t.Errorf("it was told again under another id: %v", ids)
	}
	var told struct {
		Type string
		Data hook.ChangesTold
	}
	if err := json.Unmarshal([]byte(bodies[0]), &told); err != nil || told.Type != "candor.changes" || len(told.Data.Changes) == 0 || told.Data.Applicable == 0 || len(told.Data.Limits) == 0 {
		t.Errorf("%v: %s", err, bodies[0])
	}
	if out := p.ok("hooks", "list"); strings.Contains(out, "hidden") || !strings.Contains(out, "soc") {
		t.Errorf("%s", out)
	}
	measured(t, second)
	p.await("kept/heads.txt", "— candor/")
	second.stop(t)
	if log := first.errs.String() + second.errs.String(); strings.Contains(log, hookSecret) || strings.Contains(log, "hidden") {
		t.Errorf("the log says:\n%s", log)
	}
	if out := p.ok("ledger", "verify", "--heads", "kept/heads.txt"); !strings.Contains(out, "the ledger begins with the tree of each") {
		t.Errorf("%s", out)
	}
}

// measured measures a server.
func measured(t *testing.T, s *server) {
	t.Helper()
	var text string
	// The first answer cannot have itself among those that were given.
	const itself = `candor_http_requests_total{code="200",route="GET /metrics"} `
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(text, "candor_figures_known 1") || !strings.Contains(text, itself); time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(s.address + "metrics")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if text = string(b); time.Now().After(deadline) {
			t.Fatalf("no figures are known:\n%s", text)
		}
	}
	for _, want := range []string{"candor_analytics_applicable ", `candor_analytics_on_rung{rung="blind"} `, `candor_gate_analytics{answer="refused",for="automation"} `,
		"candor_gaps_overdue 0", `candor_store_bytes{store="evidence"} `, "candor_hook_messages_waiting 0"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not measured:\n%s", want, text)
		}
	}
	if strings.Contains(text, "AN0") || strings.Contains(text, "WinEventLog") {
		t.Errorf("a label has a name:\n%s", text)
	}
}
