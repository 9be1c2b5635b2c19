//go:build unix

package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// asked are the pages and models that a change may show on, as of a day.
func asked(asOf string) []string {
	as := func(path string) string { return path + "?as_of=" + asOf }
	return []string{as(""), as("verdicts"), as("objects/AN1989"), as("objects/T1059.001"), as("measurements"), as("next"), as("objects"),
		as("evidence"), as("ledger"), as("policy"), as("kept"), as("reviews"), as("changes"), as("gates/AN1989"),
		as("api/v1/verdicts/AN1989"), as("api/v1/objects/AN1989/take"), "api/v1/batches", "api/v1/releases", "api/v1/policy"}
}

// all returns what a server answers, by page.
func (s *server) all(t *testing.T, pages []string) map[string]string {
	t.Helper()
	answers := map[string]string{}
	for _, page := range pages {
		status, body := s.get(t, page)
		if status != http.StatusOK {
			t.Errorf("/%s: %d: %.200s", page, status, body)
		}
		answers[page] = body
	}
	return answers
}

// TestNoAnswerIsStale has a server answer everything, changes something from another
// process, and compares what it answers then with what a server answers that has just
// been started on a copy of the folder.
func TestNoAnswerIsStale(t *testing.T) {
	t.Parallel()
	p := demonstration(t)
	s := p.serve()
	p.settled()
	ago := func(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format(time.DateOnly) }
	p.write("input/alert.jsonl", `{"id":"stale-1","rule_id":"stale","rule_name":"Stale","time":"`+ago(9)+`T10:00:00Z","entity":"h1"}`+"\n")
	p.write("input/said.csv", "alert_id,disposition,disposition_time,disposition_by\nstale-1,true_positive,"+ago(8)+"T10:00:00Z,ann\n")
	p.write("input/policy.yaml", "name: ours\nversion: \"7\"\nwindow_days: 77\n")
	p.write("input/note.md", "Looked *at*.\n")
	p.write("input/newer.json", strings.Replace(read(t, p.path("input/miniature.json")), `"x_mitre_version": "0.1"`, `"x_mitre_version": "0.2"`, 1))
	pages := asked(ago(-1)) // what is said today counts
	before := s.all(t, pages)
	for _, change := range []struct {
		line  string
		shows []string // on which pages, at least
	}{
		{"evidence add alerts input/alert.jsonl", []string{"", "evidence", "ledger", "measurements", "api/v1/batches"}},
		{"evidence add dispositions input/said.csv", []string{"evidence", "ledger", "measurements"}},
		{"evidence withdraw " + p.batchOf("rules") + " --reason wrong", []string{"", "evidence", "ledger", "verdicts", "next"}},
		{"policy set input/policy.yaml --reason agreed", []string{"", "policy", "ledger", "verdicts", "api/v1/policy"}},
		{"note add AN1989 --author Ann --file input/note.md", []string{"objects/AN1989", "api/v1/objects/AN1989/take"}},
		{"attack import input/newer.json", []string{"", "objects/AN1989", "ledger", "api/v1/releases"}},
		{"attack remove 0.2 --reason wrong", []string{"", "objects/AN1989", "ledger", "api/v1/releases"}},
		{"assess --keep monday", []string{"kept"}},
	} {
		p.ok(strings.Fields(change.line)...)
		now := s.all(t, pages)
		for _, page := range pages {
			if path, _, _ := strings.Cut(page, "?"); slices.Contains(change.shows, path) && now[page] == before[page] {
				t.Errorf("after candor %s: /%s is as it was", change.line, page)
			}
		}
		p.fresh(change.line, now)
		before = now
	}
	s.stop(t)
}

// settled waits until the server has kept the assessment of the day, and makes that long
// ago: nothing that is answered shortly afterwards is kept.
func (p place) settled() {
	p.t.Helper()
	for {
		if kept, err := filepath.Glob(p.path("data/assessments/*.gz")); err != nil || len(kept) > 0 {
			break
		}
		runtime.Gosched()
	}
	if err := os.Chtimes(p.path("data/assessments"), time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		p.t.Fatal(err)
	}
}

// fresh compares answers with those of a new server on a copy of the folder.
func (p place) fresh(after string, answers map[string]string) {
	p.t.Helper()
	if err := os.RemoveAll(p.path("copy")); err != nil {
		p.t.Fatal(err)
	}
	if err := os.CopyFS(p.path("copy"), withoutSockets{os.DirFS(p.path("data"))}); err != nil {
		p.t.Fatal(err)
	}
	other := p.serve("--data", "copy")
	want := other.all(p.t, slices.Collect(maps.Keys(answers)))
	other.stop(p.t)
	for page, got := range answers {
		if got != want[page] {
			p.t.Errorf("after candor %s: /%s is not what a new server answers:\n%s", after, page, firstDifference(got, want[page]))
		}
	}
}

// firstDifference returns where two texts part.
func firstDifference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-80)
	return "  " + a[from:min(len(a), i+80)] + "\n  " + b[from:min(len(b), i+80)]
}

// batchOf returns the id of a batch of a kind.
func (p place) batchOf(kind string) string {
	p.t.Helper()
	for id := range p.batches() {
		if strings.HasPrefix(id, kind+"-") {
			return id
		}
	}
	p.t.Fatalf("no batch of %s", kind)
	return ""
}

// TestWhoMayNotReadIsNotAnsweredFromWhatIsKept revokes a token whose owner has an answer
// already, and asks for it in every way.
func TestWhoMayNotReadIsNotAnsweredFromWhatIsKept(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var made struct{ Secret string }
	if err := json.Unmarshal([]byte(p.ok("token", "create", "siem", "--scope", "read", "--json")), &made); err != nil {
		t.Fatal(err)
	}
	_, said, client := announced(t, p, "--addr", "127.0.0.1:0", "--require-token")
	ask := func(method, path, tag string) *http.Response {
		r, err := http.NewRequest(method, said.Serving+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+made.Secret)
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	tags := map[string]string{}
	pages := []string{"", "evidence", "api/v1/batches", "api/v1/openapi.json"}
	for _, page := range pages {
		resp := ask(http.MethodGet, page, "")
		tags[page] = resp.Header.Get("ETag")
		if again := ask(http.MethodGet, page, tags[page]); resp.StatusCode != 200 || again.StatusCode != http.StatusNotModified {
			t.Errorf("/%s: %d, and then %d", page, resp.StatusCode, again.StatusCode)
		}
		if c := resp.Header.Get("Cache-Control"); !strings.Contains(c, "private, no-cache") {
			t.Errorf("/%s: Cache-Control: %s", page, c)
		}
	}
	p.ok("token", "revoke", "siem")
	for _, page := range pages {
		for _, tag := range []string{"", tags[page], "*"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if got := ask(method, page, tag).StatusCode; got != http.StatusUnauthorized {
					t.Errorf("%s /%s by a revoked token, If-None-Match %q: %d", method, page, tag, got)
				}
			}
		}
	}
}
