package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/pull/pulltest"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
)

// desk is a service over real stores, with a clock that tests set.
type desk struct {
	*Service
	t        *testing.T
	dir      string
	now      time.Time
	waited   []time.Duration
	in       *ingest.Evidence
	evidence *sqlite.Evidence
	alerts   *batches.Store
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	t.Setenv("TMPDIR", t.TempDir())
	ctx := context.Background()
	var err error
	if d.evidence, err = sqlite.OpenEvidence(ctx, filepath.Join(d.dir, "evidence.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.evidence.Close() })
	if d.alerts, err = scan.Open(ctx, filepath.Join(d.dir, "alerts"), batches.Options{Write: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.alerts.Close() })
	clock := func() time.Time { return d.now }
	d.in = ingest.NewEvidence(d.evidence, d.alerts, clock)
	d.Service = New(filepath.Join(d.dir, "pull"), filepath.Join(d.dir, "rejects"), clock, d.in)
	d.Getenv = func(name string) string { return map[string]string{"PULL_SECRET": pulltest.Secret}[name] }
	d.Wait = func(_ context.Context, w time.Duration) error { d.waited = append(d.waited, w); return nil }
	return d
}

// source reads a configuration of one source, of which text is the rest.
func (d *desk) source(text string) *Source {
	d.t.Helper()
	lines := strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
	list, err := Decode("pulls.yaml", []byte("kind: candor-pulls\nversion: 1\npulls:\n  - name: corp\n    "+lines+"\n"), d.now)
	if err != nil {
		d.t.Fatal(err)
	}
	return &list[0]
}

// pull pulls and must succeed.
func (d *desk) pull(of *Source) Pulled {
	d.t.Helper()
	p, err := d.Pull(context.Background(), of, d.in, Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// held returns the batches of alerts, and those of other kinds.
func (d *desk) held() (alerts, others []store.Batch) {
	d.t.Helper()
	alerts, err := d.alerts.Batches(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	if others, err = d.evidence.Batches(context.Background()); err != nil {
		d.t.Fatal(err)
	}
	return alerts, others
}

// part returns what came of a part.
func part(t *testing.T, p Pulled, name string) PulledPart {
	t.Helper()
	i := slices.IndexFunc(p.Parts, func(q PulledPart) bool { return q.Name == name })
	if i < 0 {
		t.Fatalf("no part %s in %+v", name, p)
	}
	return p.Parts[i]
}

const day = 24 * time.Hour

func at(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

// raised is an alert of Elastic.
func raised(id string, when time.Time) pulltest.Document {
	return pulltest.Document{Index: ".alerts-security.alerts-default", ID: id, Source: map[string]any{
		"@timestamp": at(when), "kibana.alert.uuid": id, "kibana.alert.rule.rule_id": "r-1", "kibana.alert.rule.name": "Odd shell",
		"kibana.alert.workflow_status": "open", "host": map[string]any{"name": "web-01"}}}
}

// closed is the same, closed later.
func closed(d pulltest.Document, when time.Time) pulltest.Document {
	source := map[string]any{}
	for k, v := range d.Source {
		source[k] = v
	}
	source["kibana.alert.workflow_status"], source["kibana.alert.workflow_reason"] = "closed", "false_positive"
	source["kibana.alert.workflow_status_updated_at"] = at(when)
	d.Source = source
	return d
}

func elasticRule(id string, enabled bool) map[string]any {
	return map[string]any{"id": "so-" + id, "rule_id": id, "name": "Odd shell " + id, "interval": "5m", "enabled": enabled, "risk_score": 73, "severity": "high",
		"type": "query", "language": "kuery", "query": "process.name: sh", "index": []string{"logs-*"}, "created_at": "2026-02-01T10:00:00.000Z", "updated_at": "2026-03-01T10:00:00.000Z", "threat": []any{},
		"execution_summary": map[string]any{"last_execution": map[string]any{"date": time.Now().Format(time.RFC3339Nano)}}}
}

const elasticText = `
product: elastic
address: %s
kibana: %s
secret_env: PULL_SECRET
size: 3
since: 10d
`

func elasticSource(d *desk, e *pulltest.Elastic, more string) *Source {
	return d.source(fmt.Sprintf(elasticText, e.URL, e.URL) + more)
}

func newElastic(t *testing.T) *pulltest.Elastic {
	e := pulltest.NewElastic()
	t.Cleanup(e.Close)
	return e
}

func TestElasticComesWhole(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	for i := range 10 { // four of one moment, so that a time alone tells no place
		e.Put(raised(fmt.Sprint("a", i), d.now.Add(-time.Duration(9-i)/4*day-time.Hour)))
	}
	e.Rules(elasticRule("r-1", true), elasticRule("r-2", true), elasticRule("r-3", false), elasticRule("r-4", true))
	for i, word := range []string{"succeeded", "failed"} {
		e.Put(pulltest.Document{Index: ".kibana-event-log-ds", ID: fmt.Sprint("x", i), Source: map[string]any{"@timestamp": at(d.now.Add(-2 * time.Hour)), "event.provider": "securitySolution.ruleExecution",
			"event.action": "status-change", "rule.id": "r-1", "rule.name": "Odd shell", "kibana.alert.rule.execution.uuid": fmt.Sprint("e", i), "kibana.alert.rule.execution.status": word}})
	}
	of := elasticSource(d, e, "")
	p := d.pull(of)
	if a, r, x := part(t, p, "alerts"), part(t, p, "rules"), part(t, p, "runs"); a.New != 10 || r.New != 4 || x.New != 2 {
		t.Fatalf("%+v", p)
	}
	if n := e.Open(); n != 0 {
		t.Errorf("%d points in time were left open", n)
	}
	alerts, others := d.held()
	if b := alerts[0]; b.By != "pull:corp" || !strings.HasPrefix(b.Paths[0], "corp/alerts-20261120T120000Z-20261123T120000Z") || b.Format != "elastic" {
		t.Errorf("%+v", b)
	}
	kinds := map[string]int{}
	for _, b := range others {
		kinds[b.Kind]++
		if b.Kind == "rules" && (b.Source != "corp" || !b.Whole) {
			t.Errorf("%+v", b)
		}
	}
	if kinds["rules"] != 1 || kinds["runs"] != 1 || kinds["feeds"] != 1 {
		t.Errorf("%v", kinds)
	}

	// The same again makes no batch, however often.
	d.now = d.now.Add(10 * time.Minute)
	p = d.pull(of)
	if a := part(t, p, "alerts"); a.New+a.Updated+a.Unchanged != 0 || len(a.Batches) != 0 || a.Came == 0 || a.Known != a.Came {
		t.Errorf("%+v", a)
	}
	again, others2 := d.held()
	if len(again) != len(alerts) || len(others2) != len(others) {
		t.Errorf("%d and %d batches, were %d and %d", len(again), len(others2), len(alerts), len(others))
	}

	// A closure of an old alert comes, and a rule that went is retired.
	e.Put(closed(raised("a0", d.now.Add(-2*day-time.Hour-10*time.Minute)), d.now.Add(time.Minute)))
	e.Rules(elasticRule("r-1", true), elasticRule("r-2", false), elasticRule("r-3", false))
	d.now = d.now.Add(10 * time.Minute)
	p = d.pull(of)
	if a, r := part(t, p, "alerts"), part(t, p, "rules"); a.Updated != 1 || a.New != 0 || r.Updated != 1 || r.Retired != 1 {
		t.Errorf("%+v\n%+v", a, r)
	}
}

func TestElasticForgetsAndIsAskedAnew(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	for i := range 12 {
		e.Put(raised(fmt.Sprint("a", i), d.now.Add(-time.Duration(12-i)*time.Hour)))
	}
	n := 0
	forget := func(w http.ResponseWriter, r *http.Request) {
		e.Forget()
		pulltest.Status(404, `{"error":{"root_cause":[{"type":"search_context_missing_exception"}]}}`)(w, r)
		n++
	}
	of := elasticSource(d, e, "parts: alerts")
	e.Wrong("/_pit", func(w http.ResponseWriter, _ *http.Request) {
		e.Wrong("/_search", func(w http.ResponseWriter, r *http.Request) { // the first answer is good
			e.Wrong("/_search", forget)
			r.Header.Set("Authorization", "ApiKey "+pulltest.Secret)
			fmt.Fprint(w, "")
			panic(http.ErrAbortHandler)
		})
		http.Error(w, "busy", http.StatusServiceUnavailable)
	})
	p := d.pull(of)
	if a := part(t, p, "alerts"); a.New != 12 || a.Anew != 1 || n != 1 {
		t.Errorf("%+v, forgot %d times", a, n)
	}
	for range 4 { // it does not go on for ever
		e.Wrong("/_search", forget)
	}
	if _, err := d.Pull(context.Background(), of, d.in, Options{}); err == nil || !strings.Contains(err.Error(), "again and again") {
		t.Errorf("%v", err)
	}
}

func TestWhatIsPartialIsAskedForAgain(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	e.Put(raised("a0", d.now.Add(-5*time.Hour)))
	e.Put(raised("a1", d.now.Add(-4*time.Hour)))
	of := elasticSource(d, e, "parts: alerts\nwindow: 30d")
	e.MissShards(1)
	p, err := d.Pull(context.Background(), of, d.in, Options{})
	if a := part(t, p, "alerts"); fault.KindOf(err) != fault.Unavailable || !strings.Contains(a.Partial, "1 of 2 shards") || a.New != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	st, _ := d.State(of)
	if st.Failed == "" || st.Failing.IsZero() || st.Parts["alerts"] != nil {
		t.Errorf("%+v", st)
	}
	p = d.pull(of)
	if a := part(t, p, "alerts"); a.New != 1 || a.Unchanged != 1 {
		t.Errorf("%+v", a)
	}
	if st, _ := d.State(of); st.Failed != "" || !st.Failing.IsZero() {
		t.Errorf("%+v", st)
	}
}

func TestASourceIsObeyed(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	e.Put(raised("a0", d.now.Add(-5*time.Hour)))
	of := elasticSource(d, e, "parts: alerts\nper_minute: 60")
	e.Wrong("/_search", pulltest.Busy("7"))
	e.Wrong("/_search", pulltest.Busy(d.now.Add(20*time.Second).UTC().Format(http.TimeFormat)))
	e.Wrong("/_search", pulltest.Broken)
	p := d.pull(of)
	if part(t, p, "alerts").New != 1 || p.Throttled != 2 || !slices.Contains(d.waited, 7*time.Second) || !slices.Contains(d.waited, 20*time.Second) || !slices.Contains(d.waited, time.Second) {
		t.Errorf("%+v, waited %v", p, d.waited)
	}
	// One that asks for too long is left alone until then.
	e.Wrong("/_pit", pulltest.Busy("3600"))
	_, err := d.Pull(context.Background(), of, d.in, Options{})
	if st, _ := d.State(of); fault.KindOf(err) != fault.Unavailable || !st.Later.Equal(d.now.Add(time.Hour)) {
		t.Errorf("%v, %+v", err, st)
	}
	for range 5 {
		e.Wrong("/_pit", pulltest.Status(503, "down"))
	}
	if _, err := d.Pull(context.Background(), of, d.in, Options{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestASourceThatIsSilentIsAFeedThatStopped(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	of := elasticSource(d, e, "parts: alerts")
	observed := func() (out []string) {
		list, err := d.evidence.Current(context.Background(), evidence.RecordFeed)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			var o struct {
				Date, Source string
				Events       int
			}
			if err := json.Unmarshal(r.Body, &o); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%s %s %v", o.Date, o.Source, o.Events > 0))
		}
		slices.Sort(out)
		return out
	}
	d.pull(of)
	d.pull(of)
	if got := observed(); !slices.Equal(got, []string{"2026-11-23 pull:corp true"}) {
		t.Errorf("%q", got)
	}
	of.Timeout = 20 * time.Millisecond
	d.now = d.now.Add(day)
	for range 5 {
		e.Wrong("", pulltest.Silent)
	}
	if _, err := d.Pull(context.Background(), of, d.in, Options{}); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "within 20ms") {
		t.Errorf("%v", err)
	}
	if got := observed(); !slices.Equal(got, []string{"2026-11-23 pull:corp true", "2026-11-24 pull:corp false"}) {
		t.Errorf("%q", got)
	}
	of.Timeout = time.Minute
	d.pull(of) // it answers again on the same day
	if got := observed(); !slices.Equal(got, []string{"2026-11-23 pull:corp true", "2026-11-24 pull:corp true"}) {
		t.Errorf("%q", got)
	}
}

// failing lands a batch and then dies, or dies before.
type failing struct {
	in    Adder
	after bool
}

func (f failing) Add(ctx context.Context, r ingest.Request) (ingest.Result, error) {
	if f.after {
		if _, err := f.in.Add(ctx, r); err != nil {
			return ingest.Result{}, err
		}
	}
	return ingest.Result{}, errors.New("killed")
}

func TestWhatIsKilledLosesNothingAndLandsNothingTwice(t *testing.T) {
	for _, after := range []bool{false, true} {
		d, e := newDesk(t), newElastic(t)
		for i := range 7 {
			e.Put(raised(fmt.Sprint("a", i), d.now.Add(-time.Duration(7-i)*time.Hour)))
		}
		of := elasticSource(d, e, "parts: alerts")
		if _, err := d.Pull(context.Background(), of, failing{d.in, after}, Options{}); err == nil {
			t.Fatal("it went on")
		}
		d.now = d.now.Add(time.Minute)
		p := d.pull(of)
		alerts, _ := d.held()
		if len(alerts) != 1 || alerts[0].New != 7 {
			t.Errorf("after %v: %+v, %+v", after, p, alerts)
		}
		if a := part(t, p, "alerts"); after != (a.Known == 7) {
			t.Errorf("after %v: %+v", after, a)
		}
	}
}

func TestTheSecretIsNowhere(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	other := newElastic(t)
	e.Put(raised("a0", d.now.Add(-5*time.Hour)))
	of := elasticSource(d, e, "parts: alerts")
	var said []string
	d.pull(of)
	for _, wrong := range []func(http.ResponseWriter, *http.Request){
		pulltest.Echo, pulltest.Status(400, pulltest.Secret), pulltest.Elsewhere(other.URL + "/_pit"),
	} {
		e.Wrong("/_pit", wrong)
		for range 4 {
			e.Wrong("/nothing", wrong)
		}
		_, err := d.Pull(context.Background(), of, d.in, Options{})
		if err == nil {
			t.Error("it went on")
			continue
		}
		said = append(said, err.Error()+fault.HintOf(err))
	}
	if got := other.Asked(); len(got) > 0 {
		t.Errorf("another host was asked: %q", got)
	}
	for _, text := range said {
		if strings.Contains(text, pulltest.Secret) {
			t.Errorf("the secret is in %q", text)
		}
	}
	if !strings.Contains(said[0], "****") || !strings.Contains(said[2], "not followed") {
		t.Errorf("%q", said)
	}
	err := filepath.WalkDir(d.dir, func(path string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), pulltest.Secret) {
			t.Errorf("the secret is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWazuhWalksByTime(t *testing.T) {
	d, e := newDesk(t), newElastic(t)
	for i := range 11 { // five of one moment, more than are asked for at once
		when := d.now.Add(-3 * time.Hour)
		if i > 4 {
			when = d.now.Add(-time.Duration(12-i) * time.Minute)
		}
		e.Put(pulltest.Document{Index: "wazuh-alerts-4.x-2026.11.23", ID: fmt.Sprint("w", i), Source: map[string]any{"timestamp": when.Format("2006-01-02T15:04:05.000-0700"),
			"id": fmt.Sprint("1580.", i), "rule": map[string]any{"id": "5710", "level": 5, "description": "sshd", "mitre": map[string]any{"id": []string{"T1110"}}}, "agent": map[string]any{"name": "web-01"}, "manager": map[string]any{"name": "m"}}})
	}
	of := d.source(fmt.Sprintf("product: wazuh\naddress: %s\nuser: candor\nsecret_env: PULL_SECRET\nsize: 3\nsince: 1d", e.URL))
	p := d.pull(of)
	if a := part(t, p, "alerts"); a.New != 11 || a.Known == 0 {
		t.Errorf("%+v", a)
	}
}
