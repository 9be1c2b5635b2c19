package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/cli"
	"candor/internal/deliver"
	"candor/internal/door"
	"candor/internal/engine"
	"candor/internal/hook"
	"candor/internal/identity"
	"candor/internal/news"
	"candor/internal/policy"
)

// TestStandingSaysWhatTheGatesOfRulesSay asks the gate about every rule of the demonstration,
// and looks that how things stand says the same, over HTTP too; its figures are those that are
// measured.
func TestStandingSaysWhatTheGatesOfRulesSay(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	h.desk.Hooks.Standing = func(ctx context.Context) (news.Standing, error) {
		return h.desk.Assessment.Newsworthy(ctx, assessment.Request{AsOf: today, Policy: policy.Default()})
	}
	w := h.request(door.Route{Pattern: "GET /api/v1/standing"}, "", "")
	var s news.Standing
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != http.StatusOK || len(s.Analytics) == 0 {
		t.Fatalf("%d, %v: %.300s", w.Code, err, w.Body)
	}
	r := assessment.Request{AsOf: today, Policy: policy.Default()}
	made, err := h.desk.Assessment.Rules(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for i := range made.Rules {
		id := made.Rules[i].ID
		for _, p := range assure.Purposes() {
			d, err := h.desk.Assessment.Gate(t.Context(), r, id, p)
			if err != nil {
				t.Fatal(err)
			}
			if d.Allowed {
				open++
			}
			if d.Allowed != slices.Contains(s.Rules[id].Allowed, p) || d.Waived != slices.Contains(s.Rules[id].Waived, p) {
				t.Errorf("rule %s for %s: %v by the gate, %+v as it stands", id, p, d.Allowed, s.Rules[id])
			}
		}
	}
	if open == 0 {
		t.Error("no gate of a rule is open, so that nothing is shown")
	}
	rules := len(made.Rules) + 1 // one of the demonstration is named by alerts alone
	metrics := h.request(door.Route{Pattern: "GET /metrics"}, "", "").Body.String()
	for _, want := range []string{
		fmt.Sprintf("candor_analytics %d\n", s.All), fmt.Sprintf("candor_analytics_applicable %d\n", len(s.Analytics)), fmt.Sprintf("candor_analytics_on_rung{rung=\"reliable\"} %d\n", s.Count(assure.Reliable)),
		fmt.Sprintf("candor_gate_analytics{answer=\"allowed\",for=\"reporting\"} %d\n", s.Opened(assure.Reporting)), "candor_figures_known 1\n",
		fmt.Sprintf("candor_rules %d\n", rules), fmt.Sprintf("candor_gate_rules{answer=\"allowed\",for=\"reporting\"} %d\n", s.OpenedRules(assure.Reporting)),
		fmt.Sprintf("candor_gate_rules{answer=\"refused\",for=\"reporting\"} %d\n", rules-s.OpenedRules(assure.Reporting)), `candor_http_requests_total{code="200",route="GET /api/v1/standing"} 1`,
		fmt.Sprintf("candor_gaps %d\n", s.Gaps), fmt.Sprintf("candor_feeds_silent %d\n", len(s.Silent)),
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("it is not measured that %s", want)
		}
	}
	for id := range s.Rules {
		if strings.Contains(metrics, id) {
			t.Errorf("rule %s is named in what is measured", id)
		}
	}
}

// TestWatchPrintsAGateOfARuleThatOpens waives a rule while candor watch looks at the folder.
func TestWatchPrintsAGateOfARuleThatOpens(t *testing.T) {
	data := demonstration(t)
	f := &folder{t: t, dir: filepath.Dir(data), engine: engine.Scan, now: today}
	id := regexp.MustCompile(`"rule_id": "([^"]+)"`).FindStringSubmatch(f.ok("measure", "--json"))[1]
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	read, out := lines()
	done := make(chan int)
	go func() {
		done <- cli.Run(ctx, cli.Env{Args: []string{"watch", "--every", "100ms", "--quiet"}, Dir: f.dir, Out: out, Err: out, In: strings.NewReader(""), Now: func() time.Time { return today },
			Getenv: func(name string) string {
				return map[string]string{"CANDOR_DATA": "data", engine.Variable: string(engine.Scan)}[name]
			}, Engines: app.Engines()}, app.Open)
	}()
	next := func() string {
		select {
		case line := <-read:
			return line
		case <-ctx.Done():
			t.Fatal("nothing was printed")
			return ""
		}
	}
	if first := next(); !strings.HasPrefix(first, "watching enterprise 0.1 as of 2026-11-20") {
		t.Errorf("it begins with %q", first)
	}
	f.ok("gate", "waive", id, "--for", "reporting", "--reason", "until it is measured", "--by", "Ann", "--second", "Bo", "--until", "2026-12-01")
	if got := next(); !strings.Contains(got, "gate") || !strings.Contains(got, "the gate for reporting of rule "+id) || !strings.Contains(got, "is open by a waiver now, and was closed") {
		t.Errorf("it says %q", got)
	}
	stop()
	if code := <-done; code != 0 {
		t.Errorf("it ends with %d", code)
	}
}

// lines is a writer whose lines are read from a channel.
func lines() (<-chan string, *lineWriter) {
	w := &lineWriter{to: make(chan string, 1000)}
	return w.to, w
}

type lineWriter struct {
	rest []byte
	to   chan string
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, after, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		w.to <- string(line)
		w.rest = after
	}
}

// The page of the ledger shows the head as it is signed, by which key, and where heads went.
func TestTheLedgersPageShowsSignedHeads(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	page := func() string {
		return html.UnescapeString(h.request(door.Route{Pattern: "GET /ledger"}, "", "").Body.String())
	}
	if body := page(); !strings.Contains(body, "The head is not signed here") || !strings.Contains(body, "the ledger has no key yet.") || !strings.Contains(body, "sends heads nowhere") {
		t.Error("without a key it says nothing of that")
	}
	signed, err := h.desk.Custody.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	body := page()
	for _, want := range []string{signed.Note, "signed with the key <code>" + signed.Key + "</code>", "sends heads nowhere"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	to := filepath.Join(t.TempDir(), "heads.txt")
	place, err := deliver.Parse("file:" + to)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	wake, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		h.desk.Hooks.Run(ctx, func() hook.Config {
			return hook.Config{Heads: []hook.HeadsTo{{Written: "file", Place: place, Every: time.Hour}}}
		}, wake, func(string, error) {})
	}()
	for range 10000 {
		wake <- today
		if all, err := h.desk.Hooks.Places(); err != nil || len(all) == 1 && !all[0].At.IsZero() {
			break
		}
	}
	stop()
	<-done
	if body := page(); !strings.Contains(body, to) || !strings.Contains(body, "2026-11-20 15:00") || strings.Contains(body, "sends heads nowhere") {
		t.Error("it is not said where the head went, and when")
	}
}
