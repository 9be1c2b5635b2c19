package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/pull/pulltest"
)

// pullPlace is a place beside whose data folder a configuration names a server.
type pullPlace struct {
	place
	elastic *pulltest.Elastic
	n       int // alerts that the server has
}

func newPullPlace(t *testing.T) *pullPlace {
	f := &pullPlace{place: newPlace(t), elastic: pulltest.NewElastic()}
	t.Cleanup(f.elastic.Close)
	f.write("es.key", pulltest.Secret+"\n")
	f.write("data.pulls.yaml", fmt.Sprintf(`kind: candor-pulls
version: 1
pulls:
  - name: corp
    product: elastic
    address: %s
    kibana: %s
    secret_file: es.key
    since: 3d
    size: 7
    every: 1m
`, f.elastic.URL, f.elastic.URL))
	f.elastic.Rules(map[string]any{"rule_id": "r-1", "name": "Odd shell", "enabled": true, "interval": "5m", "risk_score": 73, "severity": "high", "type": "query", "query": "x", "threat": []any{}})
	return f
}

// raise has the server raise alerts, at times of the last hours.
func (f *pullPlace) raise(n int) {
	for range n {
		f.n++
		id := fmt.Sprintf("a-%d", f.n)
		f.elastic.Put(pulltest.Document{Index: ".alerts-security.alerts-default", ID: id, Source: map[string]any{
			"@timestamp":        time.Now().Add(-time.Duration(1+f.n%50) * time.Minute).UTC().Format("2006-01-02T15:04:05.000Z"),
			"kibana.alert.uuid": id, "kibana.alert.rule.rule_id": "r-1", "kibana.alert.rule.name": "Odd shell", "kibana.alert.workflow_status": "open",
		}})
	}
}

// landed counts the alerts that batches brought, and fails where one came twice.
func (f *pullPlace) landed() (n int64) {
	f.t.Helper()
	for id, b := range f.batches() {
		if strings.HasPrefix(id, "alerts-") {
			n += b.New
			if b.Updated != 0 {
				f.t.Errorf("%s: %+v", id, b)
			}
		}
	}
	return n
}

func TestPullAsPeopleDo(t *testing.T) {
	t.Parallel()
	f := newPullPlace(t)
	f.raise(20)
	said := []string{f.ok("pull", "products", "elastic"), f.ok("pull", "corp", "--dry-run", "--data", "data")}
	if _, err := os.Stat(f.path("data/pull")); err == nil {
		t.Error("a dry run left a state")
	}
	for _, step := range []struct {
		want []string
		args []string
	}{
		{[]string{"alerts", "7 records", "would be read"}, []string{"pull", "check", "corp"}},
		{[]string{"20 new", "in alerts-", "rules", "1 new"}, []string{"pull", "corp"}},
		{[]string{"20 as they were"}, []string{"pull", "--all"}},
		{[]string{"corp", "elastic", "answers", "2"}, []string{"pull", "list"}},
		{[]string{`"known": 20`, `"batches": []`}, []string{"pull", "corp", "--json"}},
		{[]string{`"state": "answers"`, `"records": 21`}, []string{"pull", "list", "--json"}},
		{[]string{"pull:corp"}, []string{"evidence", "list"}},
		{[]string{"pull:corp"}, []string{"ledger", "list"}},
	} {
		out := f.ok(step.args...)
		for _, w := range step.want {
			if !strings.Contains(out, w) {
				t.Errorf("candor %s does not say %q:\n%s", strings.Join(step.args, " "), w, out)
			}
		}
		said = append(said, out)
	}
	if n := f.landed(); n != 20 {
		t.Errorf("%d alerts landed", n)
	}
	f.fails([]string{`no source is called "crop"`, "choose one of: corp"}, "pull", "crop")
	f.fails([]string{"name the sources"}, "pull", "--dry-run")
	f.elastic.Wrong("/_pit", pulltest.Echo)
	bad := f.run("pull", "corp")
	said = append(said, bad.out+bad.err, f.ok("pull", "list"))
	if bad.code != 1 && bad.code != 3 || !strings.Contains(bad.err, "403") {
		t.Errorf("%+v", bad)
	}
	for _, text := range said {
		if strings.Contains(text, pulltest.Secret) {
			t.Errorf("the secret is in\n%s", text)
		}
	}
	f.hasNoSecret()
	f.ok("ledger", "verify", "--deep")
}

// hasNoSecret looks through the data folder.
func (f *pullPlace) hasNoSecret() {
	f.t.Helper()
	err := filepath.WalkDir(f.path("data"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), pulltest.Secret) {
			f.t.Errorf("the secret is in %s", path)
		}
		return err
	})
	if err != nil {
		f.t.Error(err)
	}
}

// page returns what a server answers under a path.
func (f *pullPlace) page(s *server, path string) string {
	f.t.Helper()
	answer, err := http.Get(s.address + path)
	if err != nil {
		f.t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil || answer.StatusCode != http.StatusOK {
		f.t.Fatalf("%d %s %v", answer.StatusCode, body, err)
	}
	return string(body)
}

// TestAServerPulls has a server pull by itself, and commands beside it.
func TestAServerPulls(t *testing.T) {
	t.Parallel()
	f := newPullPlace(t)
	f.raise(9)
	s := f.serve()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(f.ok("pull", "list"), "answers"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was pulled: %s\n%s", f.ok("pull", "list"), s.errs)
		}
	}
	if body := f.page(s, "api/v1/pulls"); !strings.Contains(body, `"name":"corp"`) || !strings.Contains(body, `"state":"answers"`) {
		t.Errorf("%s", body)
	}
	if page := f.page(s, "pulls"); !strings.Contains(page, "data.pulls.yaml") || !strings.Contains(page, "9 new") || !strings.Contains(page, "every 1m") {
		t.Errorf("%s", page)
	}
	f.raise(3)
	if out := f.ok("pull", "corp"); !strings.Contains(out, "3 new") {
		t.Errorf("a command beside the server says\n%s", out)
	}
	if n := f.landed(); n != 12 {
		t.Errorf("%d alerts landed", n)
	}
	s.stop(t)
	f.hasNoSecret()
	if strings.Contains(s.errs.String(), pulltest.Secret) {
		t.Errorf("the secret is in the log:\n%s", s.errs)
	}
}

// TestKilledPullsLoseNothing kills pulls at random moments: between fetching and landing,
// and between landing and the cursor. What was raised lands once.
func TestKilledPullsLoseNothing(t *testing.T) {
	t.Parallel()
	f := newPullPlace(t)
	f.raise(30)
	start := time.Now()
	f.ok("pull", "corp")
	whole := time.Since(start)
	died := 0
	for round := 0; died < kills(6) && round < 60; round++ {
		f.raise(25)
		c := f.command("pull", "corp")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(whole/4+rand.N(whole*7/8), func() { c.Process.Kill() })
		if c.Wait() != nil {
			died++
		}
		timer.Stop()
		if n := f.landed(); n > int64(f.n) {
			t.Fatalf("round %d: %d alerts landed of %d", round, n, f.n)
		}
	}
	f.ok("pull", "corp")
	if n := f.landed(); n != int64(f.n) || died == 0 {
		t.Errorf("%d alerts landed of %d, killed %d times", n, f.n, died)
	}
	f.ok("ledger", "verify", "--deep")
}
