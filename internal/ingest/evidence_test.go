package ingest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/sample"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
)

// bench is an Evidence over real stores, and a folder to write input into.
type bench struct {
	*Evidence
	t        *testing.T
	dir      string
	evidence *sqlite.Evidence
	alerts   *batches.Store
}

var added = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newBench(t *testing.T) *bench {
	t.Helper()
	dir, ctx := t.TempDir(), context.Background()
	ev, err := sqlite.OpenEvidence(ctx, filepath.Join(dir, "evidence.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	al, err := scan.Open(ctx, filepath.Join(dir, "alerts"), batches.Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { al.Close() })
	return &bench{NewEvidence(ev, al, func() time.Time { return added }), t, filepath.Join(dir, "input"), ev, al}
}

// write writes a file of input and returns its path.
func (b *bench) write(name, text string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) request(kind string, paths ...string) Request {
	return Request{Kind: kind, Paths: paths, By: "ann", RejectsDir: filepath.Join(b.dir, "rejects")}
}

// add adds a batch that must land or be there already.
func (b *bench) add(r Request) Result {
	b.t.Helper()
	res, err := b.Add(context.Background(), r)
	if err != nil {
		b.t.Fatalf("add %s: %v (hint: %s)", r.Kind, err, fault.HintOf(err))
	}
	if res.Read != res.New+res.Updated+res.Unchanged+res.Rejected {
		b.t.Errorf("%s: the counts do not add up: %+v", r.Kind, res.Batch)
	}
	return res
}

// refused adds a batch that must fail with a kind of fault, and changes nothing.
func (b *bench) refused(r Request, want fault.Kind) error {
	b.t.Helper()
	before := len(b.batches())
	_, err := b.Add(context.Background(), r)
	if fault.KindOf(err) != want {
		b.t.Fatalf("add %s: %v, want fault %s", r.Kind, err, want)
	}
	if fault.HintOf(err) == "" {
		b.t.Errorf("%v has no next step", err)
	}
	if after := len(b.batches()); after != before {
		b.t.Errorf("%v, and yet a batch landed", err)
	}
	return err
}

func (b *bench) batches() []store.Batch {
	b.t.Helper()
	ev, err := b.evidence.Batches(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	al, err := b.alerts.Batches(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return append(ev, al...)
}

func (b *bench) keys(kind string) []string {
	b.t.Helper()
	rs, err := b.evidence.Current(context.Background(), kind)
	if err != nil {
		b.t.Fatal(err)
	}
	var keys []string
	for _, r := range rs {
		_, id := r.Identity()
		keys = append(keys, id)
	}
	slices.Sort(keys)
	return keys
}

const (
	telemetryText = "kind: telemetry\nversion: 1\norganisation: Example\nplatforms: [Linux]\nlog_sources:\n" +
		"  - {name: a, channel: c, component: Process Creation, sites: [south, north]}\n" +
		"external_sources:\n  - {id: x1, name: n, provider: p, owner: o, covers: [AN1989], reliability: B, credibility: 2, expires: 2027-01-01}\n"
	feedText     = "date,source,channel,events,hosts,site\n2026-03-01,a,c,5,1,north\n2026-03-03,a,c,0,0,north\n"
	exerciseText = "technique,analytic,test,time,outcome,rule_id,notes,platform\nT1003,AN0001,t,2026-03-01,alerted,r,,Linux\n"
	runbookText  = "---\ntitle: t\napplies_to: [T1003]\n---\ntext\n"
	ruleText     = "title: x\nid: r-1\nstatus: stable\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {a: b}}\ntags: [attack.t1059]\n"
	ruleCSV      = "rule_id,name,enabled,techniques,analytics,log_sources,owner\nr-2,n,true,T1003,,,\n"
	mappingText  = "kind: alert-mapping\nversion: 1\ncolumns:\n  rule_id: short\n  time: {column: time, format: unix}\n  entity: host\n" +
		"  site: {filename: '^(.+)_alerts'}\n  disposition: {column: label, values: {'-': false_positive, '*': true_positive}}\n  provenance: {value: analyst}\n"
	alertCSV  = "time,host,short,label\n1642213952,h,R,-\n1642213952,h,R,-\n1642300352,h,R,scan\n"
	alertJSON = `{"id":"a1","rule_id":"r","time":"2026-03-01T10:00:00Z"}` + "\n"
)

func TestEveryKindLandsUnderItsKeys(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		kind, name, text, record, format string
		keys                             []string
	}{
		{"telemetry", "telemetry.yaml", telemetryText, evidence.RecordScope, "candor-yaml", []string{"Example"}},
		{"feeds", "feeds.jsonl", "{\"date\":\"2026-03-01\",\"source\":\"a\",\"channel\":\"c\",\"events\":4,\"hosts\":1,\"site\":\"north\"}\n", evidence.RecordFeed, "candor-jsonl", []string{"2026-03-01|a|c|north"}},
		{"feeds", "feeds.csv", feedText, evidence.RecordFeed, "candor-csv", []string{"2026-03-01|a|c|north", "2026-03-03|a|c|north"}},
		{"exercises", "ex.csv", exerciseText, evidence.RecordExercise, "candor-csv", []string{"T1003|AN0001|Linux|t|2026-03-01T00:00:00Z"}},
		{"runbooks", "books/web/one.md", runbookText, evidence.RecordRunbook, "markdown", []string{"one"}},
		{"rules", "rule.yml", ruleText, evidence.RecordRule, "sigma", []string{"r-1"}},
		{"rules", "rules.csv", ruleCSV, evidence.RecordRule, "candor-csv", []string{"r-1", "r-2"}},
	} {
		path := b.write(c.name, c.text)
		res := b.add(b.request(c.kind, path))
		sum := sha256.Sum256([]byte(c.text))
		if want := hex.EncodeToString(sum[:]); res.Hash != want || res.ID != c.kind+"-"+want[:12] {
			t.Errorf("%s: id %s and hash %s do not follow from the bytes", c.kind, res.ID, res.Hash)
		}
		if !res.Fresh || res.Format != c.format || res.Rejected != 0 || res.By != "ann" || !res.Added.Equal(added) || !slices.Equal(res.Paths, []string{path}) {
			t.Errorf("%s: %+v", c.kind, res)
		}
		if got := b.keys(c.record); !slices.Equal(got, c.keys) {
			t.Errorf("%s: keys %q, want %q", c.kind, got, c.keys)
		}
	}
	if got := b.keys(evidence.RecordSource); !slices.Equal(got, []string{"a|c|Process Creation|north,south"}) {
		t.Errorf("source keys %q", got)
	}
	if got := b.keys(evidence.RecordExternal); !slices.Equal(got, []string{"x1"}) {
		t.Errorf("external keys %q", got)
	}
}

func TestTheTimeOfABatchIsThatOfItsRecords(t *testing.T) {
	b := newBench(t)
	res := b.add(b.request("feeds", b.write("feeds.csv", feedText)))
	if day.Of(res.First) != "2026-03-01" || day.Of(res.Last) != "2026-03-03" {
		t.Errorf("from %v to %v", res.First, res.Last)
	}
}

func TestTheSameInputAgainChangesNothing(t *testing.T) {
	b := newBench(t)
	mapping := b.write("mapping.yaml", mappingText)
	for _, r := range []Request{
		b.request("telemetry", b.write("telemetry.yaml", telemetryText)),
		b.request("feeds", b.write("feeds.csv", feedText)),
		b.request("rules", b.write("rule.yml", ruleText)),
		b.request("alerts", b.write("alerts.jsonl", alertJSON)),
		{Kind: "alerts", Paths: []string{b.write("fox_alerts.csv", alertCSV)}, Mapping: mapping},
	} {
		first := b.add(r)
		second := b.add(r)
		r.New = true // who says so is wrong
		if third := b.add(r); third.Fresh || third.ID != first.ID {
			t.Errorf("%s: third %+v", r.Kind, third)
		}
		if !first.Fresh || second.Fresh || first.ID != second.ID || second.New != first.New {
			t.Errorf("%s: first %+v, second %+v", r.Kind, first, second)
		}
	}
	if n := len(b.batches()); n != 5 {
		t.Errorf("%d batches, want 5", n)
	}
}

func TestRejectsAreCountedShownAndKept(t *testing.T) {
	b := newBench(t)
	text := feedText + strings.Repeat("soon,a,c,1,1,\n", 30)
	res := b.add(b.request("feeds", b.write("feeds.csv", text)))
	if res.Rejected != 30 || res.New != 2 || res.Read != 32 || len(res.Rejects) != 20 {
		t.Errorf("%+v", res)
	}
	kept, err := os.ReadFile(res.Batch.Rejects)
	if err != nil || filepath.Base(res.Batch.Rejects) != res.ID+".jsonl" {
		t.Fatalf("rejects file %q: %v", res.Batch.Rejects, err)
	}
	lines := strings.Split(strings.TrimSpace(string(kept)), "\n")
	var r evidence.Reject
	if err := json.Unmarshal([]byte(lines[29]), &r); err != nil || len(lines) != 30 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if r.Line != 33 || r.Field != "date" || r.Value != "soon" || r.Reason == "" || filepath.Base(r.File) != "feeds.csv" {
		t.Errorf("%+v", r)
	}
	if again := b.add(b.request("feeds", filepath.Join(b.dir, "feeds.csv"))); again.Fresh || again.Rejected != 30 {
		t.Errorf("again: %+v", again)
	}
}

func TestNoRejectsNoFile(t *testing.T) {
	b := newBench(t)
	res := b.add(b.request("feeds", b.write("feeds.csv", feedText)))
	if left, _ := filepath.Glob(filepath.Join(b.dir, "rejects", "*")); res.Batch.Rejects != "" || len(left) != 0 {
		t.Errorf("rejects %q, files %q", res.Batch.Rejects, left)
	}
}

func TestInputInWhichNothingIsGoodDoesNotLand(t *testing.T) {
	b := newBench(t)
	for _, r := range []Request{
		b.request("feeds", b.write("feeds.csv", "date,source,channel,events,hosts\nsoon,a,c,1,1\nlate,a,c,1,1\n")),
		b.request("rules", b.write("rule.yml", "title: [\n")),
		b.request("runbooks", b.write("plain.md", "# text\n")),
		b.request("alerts", b.write("alerts.jsonl", "{\"id\":\"a\"}\n")),
	} {
		err := b.refused(r, fault.Invalid)
		files, _ := filepath.Glob(filepath.Join(b.dir, "rejects", r.Kind+"-*.jsonl"))
		if len(files) != 1 || !strings.Contains(fault.HintOf(err), files[0]) || !strings.Contains(err.Error(), "rejected") {
			t.Errorf("%s: %v (hint %q), rejects files %q", r.Kind, err, fault.HintOf(err), files)
		}
		if left, _ := filepath.Glob(filepath.Join(b.dir, "rejects", ".*")); len(left) != 0 {
			t.Errorf("%s: left over: %q", r.Kind, left)
		}
	}
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	b := newBench(t)
	rule, own := b.write("rule.yml", ruleText), b.write("own.csv", alertCSV)
	empty := filepath.Join(b.dir, "empty")
	if err := os.MkdirAll(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	err := b.refused(b.request("gossip", rule), fault.Usage)
	if !strings.Contains(fault.HintOf(err), "telemetry, feeds, rules, alerts, dispositions, exercises, cases, signals, tuning, runs, exceptions, fields, renames, runbooks") {
		t.Errorf("the hint %q does not list the kinds", fault.HintOf(err))
	}
	b.refused(b.request("rules"), fault.Usage)
	b.refused(Request{Kind: "runbooks", Paths: []string{rule}, Mapping: own}, fault.Usage)
	b.refused(Request{Kind: "rules", Paths: []string{rule}, Mapping: own}, fault.Invalid)
	b.refused(b.request("rules", filepath.Join(b.dir, "missing")), fault.NotFound)
	b.refused(Request{Kind: "alerts", Paths: []string{own}, Mapping: filepath.Join(b.dir, "missing")}, fault.NotFound)
	b.refused(b.request("rules", empty), fault.Invalid)
	b.refused(b.request("telemetry", rule), fault.Invalid)
	b.refused(b.request("feeds", b.write("none.csv", "date,source,channel,events,hosts\n")), fault.Invalid)
	err = b.refused(b.request("alerts", own), fault.Invalid)
	if !strings.Contains(fault.HintOf(err), "--mapping") {
		t.Errorf("%v: the hint does not speak of a mapping", err)
	}
}

func pack(t *testing.T, files map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRulesComeFromFoldersAndArchives(t *testing.T) {
	b := newBench(t)
	other := strings.Replace(ruleText, "r-1", "r-3", 1)
	b.write("sigma/win/a.yml", ruleText)
	b.write("sigma/lin/b.yaml", other)
	b.write("sigma/README.md", "# not a rule")
	b.write("sigma/.github/workflow.yml", "not: a rule")
	folder := b.add(b.request("rules", filepath.Join(b.dir, "sigma")))
	if folder.New != 2 || folder.Rejected != 0 {
		t.Errorf("folder: %+v", folder)
	}
	if paths := b.rulePaths(); !slices.Equal(paths, []string{"win/a.yml", "lin/b.yaml"}) {
		t.Errorf("paths %q", paths)
	}
	archive := b.write("sigma.tar.gz", pack(t, map[string]string{
		"./win/a.yml": ruleText, "lin/b.yaml": other, "README.md": "# no", "../../c.yml": strings.Replace(ruleText, "r-1", "r-4", 1), "broken.yml": "title: [\n"}))
	res := b.add(b.request("rules", archive))
	if res.New != 1 || res.Unchanged != 2 || res.Rejected != 1 || res.Rejects[0].File != archive+"/broken.yml" {
		t.Errorf("archive: %+v", res)
	}
	if paths := b.rulePaths(); !slices.Equal(paths, []string{"win/a.yml", "lin/b.yaml", "c.yml"}) {
		t.Errorf("paths %q", paths)
	}
}

func (b *bench) rulePaths() []string {
	b.t.Helper()
	rs, err := b.evidence.Current(context.Background(), evidence.RecordRule)
	if err != nil {
		b.t.Fatal(err)
	}
	var paths []string
	for _, r := range rs {
		var rule detection.Rule
		if err := json.Unmarshal(r.Body, &rule); err != nil {
			b.t.Fatal(err)
		}
		paths = append(paths, rule.Path)
	}
	return paths
}

func TestNamesInAFolderArePartOfTheInput(t *testing.T) {
	b := newBench(t)
	b.write("one/a.md", runbookText)
	b.write("two/b.md", runbookText)
	first := b.add(b.request("runbooks", filepath.Join(b.dir, "one")))
	second := b.add(b.request("runbooks", filepath.Join(b.dir, "two")))
	if first.Hash == second.Hash || !second.Fresh {
		t.Error("a runbook under another name is taken for the same input")
	}
}

func TestTheOrderOfPathsDoesNotMatter(t *testing.T) {
	b := newBench(t)
	one, two := b.write("a.csv", feedText), b.write("b.csv", strings.Replace(feedText, "a,c", "d,e", 2))
	first := b.add(b.request("feeds", one, two))
	if again := b.add(b.request("feeds", two, one, one)); again.Fresh || again.ID != first.ID {
		t.Errorf("%+v", again)
	}
}

func TestTwoStatementsOfTheSameAreReported(t *testing.T) {
	b := newBench(t)
	text := ruleText + "---\n" + strings.Replace(ruleText, "title: x", "title: y", 1)
	res := b.add(b.request("rules", b.write("rule.yml", text)))
	if len(res.Warnings) != 1 || !strings.Contains(res.Warnings[0], `"r-1"`) {
		t.Errorf("warnings %q", res.Warnings)
	}
}

func TestAlertsThroughAMapping(t *testing.T) {
	b := newBench(t)
	mapping := b.write("mapping.yaml", mappingText)
	packed := new(bytes.Buffer)
	z := gzip.NewWriter(packed)
	io.WriteString(z, alertCSV)
	z.Close()
	r := Request{Kind: "alerts", Paths: []string{b.write("fox_alerts.csv.gz", packed.String())}, Mapping: mapping}
	var done, total int64
	r.Progress = func(d, t int64) { done, total = d, t }
	res := b.add(r)
	if res.New != 3 || res.Format != "mapped-csv" || day.Of(res.First) != "2022-01-15" || day.Of(res.Last) != "2022-01-16" {
		t.Errorf("%+v", res)
	}
	if done != total || done != int64(2*packed.Len()) {
		t.Errorf("progress ended at %d of %d", done, total)
	}
	tallies, err := b.alerts.Tallies(context.Background(), &alert.Question{From: "2022-01-01", To: "2022-01-31"})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[alert.Class]int64{}
	for _, x := range tallies {
		counts[x.Class] += x.N
		if !strings.HasPrefix(x.Cluster, "fox\x1fh\x1f") {
			t.Errorf("cluster %q", x.Cluster)
		}
	}
	if counts[alert.FalsePositive] != 2 || counts[alert.TruePositive] != 1 {
		t.Errorf("counts %v", counts)
	}
	renamed := Request{Kind: "alerts", Paths: []string{b.write("owl_alerts.csv.gz", packed.String())}, Mapping: mapping}
	if res := b.add(renamed); !res.Fresh || res.New != 3 {
		t.Errorf("the same rows of another site: %+v", res)
	}
	remapped := Request{Kind: "alerts", Paths: r.Paths, Mapping: b.write("other.yaml", strings.Replace(mappingText, "true_positive", "test", 1))}
	if res := b.add(remapped); !res.Fresh || res.Updated != 1 || res.Unchanged != 2 {
		t.Errorf("the same rows through another mapping: %+v", res)
	}
}

func TestAlertsInCandorsOwnFormats(t *testing.T) {
	b := newBench(t)
	csv := "rule_id,id,time,disposition\nr,b1,2026-03-01,false_positive\nr,,2026-03-01,\n"
	b.write("in/a.jsonl", alertJSON)
	b.write("in/b.csv", csv)
	b.write("in/notes.txt", "no alerts")
	res := b.add(b.request("alerts", filepath.Join(b.dir, "in")))
	if res.New != 2 || res.Rejected != 1 || res.Format != "candor-jsonl+candor-csv" || len(res.Warnings) != 2 ||
		!strings.Contains(res.Warnings[0], "passed over 1 file of other endings") {
		t.Errorf("%+v", res)
	}
}

func TestADamagedFileDoesNotLand(t *testing.T) {
	b := newBench(t)
	whole := pack(t, map[string]string{"a.yml": ruleText})
	b.refused(b.request("rules", b.write("cut.tar.gz", whole[:len(whole)-20])), fault.Invalid)
	b.refused(b.request("rules", b.write("not.tar.gz", "\x1f\x8bnot gzip at all")), fault.Invalid)
	packed := new(bytes.Buffer)
	z := gzip.NewWriter(packed)
	io.WriteString(z, strings.Repeat(alertJSON, 1000))
	z.Close()
	b.refused(b.request("alerts", b.write("cut.jsonl.gz", packed.String()[:packed.Len()-6])), fault.Invalid)
}

// changing is a store that changes the input before it reads it, as another
// program might.
type changing struct {
	store.Alerts
	path string
}

func (c changing) Append(ctx context.Context, b store.Batch, alerts iter.Seq2[*alert.Alert, error]) (store.Batch, bool, error) {
	f, err := os.OpenFile(c.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return store.Batch{}, false, err
	}
	_, err = io.WriteString(f, strings.Replace(alertJSON, "a1", "a2", 1))
	if err := errors.Join(err, f.Close()); err != nil {
		return store.Batch{}, false, err
	}
	return c.Alerts.Append(ctx, b, alerts)
}

func TestAFileThatChangesWhileItIsReadDoesNotLand(t *testing.T) {
	b := newBench(t)
	path := b.write("alerts.jsonl", alertJSON+"{}\n")
	b.Evidence = NewEvidence(b.evidence, changing{b.alerts, path}, b.now)
	b.refused(b.request("alerts", path), fault.Conflict)
	if left, _ := filepath.Glob(filepath.Join(b.dir, "rejects", "*")); len(left) != 0 {
		t.Errorf("a batch that did not land left %q", left)
	}
	if rules, err := b.alerts.Rules(context.Background()); err != nil || len(rules) != 0 {
		t.Errorf("rules %v, %v; want none", rules, err)
	}
}

func TestACancelledImportLeavesNothing(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	r := b.request("alerts", b.write("alerts.jsonl", strings.Repeat(alertJSON, 5000)))
	r.Progress = func(done, total int64) {
		if done > total*2/3 {
			cancel()
		}
	}
	if _, err := b.Add(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if n := len(b.batches()); n != 0 {
		t.Errorf("%d batches, want none", n)
	}
}

func TestAnImportIsCancelledWhileAFileIsHashed(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	r := b.request("alerts", b.write("alerts.jsonl", strings.Repeat(alertJSON, 5000)))
	var read, all int64
	r.Progress = func(done, total int64) {
		read, all = done, total
		cancel()
	}
	if _, err := b.Add(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if read == 0 || read >= all/2 {
		t.Errorf("%d of %d bytes were read", read, all)
	}
}

func TestTheSampleOrganisationLandsWhole(t *testing.T) {
	b := newBench(t)
	files, err := sample.Write(t.TempDir(), 1, day.Of(added))
	if err != nil {
		t.Fatal(err)
	}
	for kind, path := range map[string]string{
		"telemetry": files.Telemetry, "feeds": files.Feeds, "rules": files.Rules,
		"alerts": files.Alerts, "exercises": files.Exercises, "runs": files.Runs, "runbooks": files.Runbooks,
	} {
		if res := b.add(b.request(kind, path)); res.Rejected != 0 || len(res.Warnings) != 0 || res.New == 0 {
			t.Errorf("%s: %d new, rejects %v, warnings %q", kind, res.New, res.Rejects, res.Warnings)
		}
	}
}
