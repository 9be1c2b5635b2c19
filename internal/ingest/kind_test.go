package ingest

import (
	"archive/tar"
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/evidence"
	"candor/internal/fault"
)

// Files of one good record each, beside those in formats_test.go.
const (
	caseCSV      = "case_id,opened,closed,classification,alerts\nC-1,2026-03-01,2026-03-02,TruePositive,a1;a9\n"
	caseJSON     = `{"case_id":"C-1","opened":"2026-03-01","closed":"2026-03-02","classification":"false_positive","alerts":["a1"]}` + "\n"
	incident     = `[{"TimeGenerated":"2026-03-01T10:00:00Z","IncidentNumber":12,"Status":"New","CreatedTime":"2026-03-01T10:00:00Z","AlertIds":["a1"]}]`
	restIncident = `{"value":[{"name":"n","properties":{"title":"t","status":"New","incidentNumber":7,"createdTimeUtc":"2026-03-01T10:00:00Z",` +
		`"lastModifiedTimeUtc":"2026-03-01T10:00:00Z","relatedAnalyticRuleIds":["/alertRules/r"]}}]}`
	hiveCase   = `[{"_id":"~1","_type":"Case","_createdAt":1772359200000,"startDate":1772359200000,"title":"t","status":"New"}]`
	signalCSV  = "id,time,entity,name\ns-1,2026-03-01,web-01,rare log-on\n"
	signalJSON = `{"id":"s-1","time":"2026-03-01","entity":"web-01","name":"rare log-on"}` + "\n"
	tuningYAML = "- analytic: AN1058\n  element: TimeWindow\n  value: 5\n  date: 2026-03-01\n"
	tuningCSV  = "analytic,element,value,date\nAN1058,TimeWindow,5,2026-03-01\n"
)

func TestTheKindIsToldFromContent(t *testing.T) {
	for _, c := range []struct{ kind, name, text string }{
		{"telemetry", "f.yaml", telemetryText}, {"telemetry", "f.yaml", dettectSources}, {"rules", "f.yaml", dettectTechniques},
		{"feeds", "f.csv", feedText}, {"exercises", "f.csv", exerciseText}, {"exercises", "f.csv", vectrText}, {"runbooks", "f.md", runbookText},
		{"rules", "f.yml", ruleText}, {"rules", "f.csv", ruleCSV}, {"rules", "f.toml", elasticRule}, {"rules", "f.yml", splunkRule},
		{"rules", "f.yml", sentinelRule}, {"rules", "f.json", deployedRule}, {"rules", "f.ndjson", kibanaRule}, {"alerts", "f.json", securityAlert},
		{"alerts", "f.json", endpointAlert}, {"cases", "f.json", restIncident}, {"alerts", "f.jsonl", alertJSON}, {"alerts", "f.json", elasticAlert}, {"alerts", "f.json", sentinelAlert},
		{"alerts", "f.json", defenderAlert}, {"alerts", "f.csv", splunkAlert}, {"alerts", "f.json", hiveAlert}, {"alerts", "f.json", ocsfAlert},
		{"alerts", "f.csv", "id,rule_id,time\na,r,2026-03-01\n"}, {"cases", "f.csv", caseCSV}, {"cases", "f.jsonl", caseJSON},
		{"cases", "f.json", incident}, {"cases", "f.json", hiveCase}, {"signals", "f.csv", signalCSV}, {"signals", "f.jsonl", signalJSON},
		{"dispositions", "f.csv", "id,disposition,disposition_time\na1,test,2026-03-02\n"},
		{"dispositions", "f.jsonl", `{"alert_id":"a1","disposition":"test","disposition_time":"2026-03-02"}`},
		{"dispositions", "f.csv", "id,disposition,disposition_time\na1,test,2026-03-02\nu@@notable@@t,test,2026-03-02\n"},
		{"renames", "f.csv", "old,new\nT1562,T1685\n"}, {"renames", "f.jsonl", `{"old":"T1562","new":"T1685"}`},
		{"tuning", "f.yaml", tuningYAML}, {"tuning", "f.csv", tuningCSV},
	} {
		b := newBench(t)
		path := b.write(c.name, c.text)
		if got, err := (Request{Paths: []string{path}}).KindOf(); err != nil || got != c.kind {
			t.Errorf("%.40q: %q, %v; want %s", c.text, got, err, c.kind)
		}
		if c.kind == evidence.Dispositions {
			b.add(b.request("alerts", b.write("known.jsonl", alertJSON)))
		}
		if res := b.add(b.request(c.kind, path)); res.New+res.Updated == 0 {
			t.Errorf("%.40q as %s: %+v", c.text, c.kind, res)
		}
		if got, err := (Request{Paths: []string{b.write("packed.json.gz", string(gzipped(c.text)))}}).KindOf(); c.kind == "alerts" && (err != nil || got != c.kind) {
			t.Errorf("%.40q packed: %q, %v", c.text, got, err)
		}
	}
}

func TestTheKindOfAFolderOrArchiveIsToldByItsFirstFileThatTells(t *testing.T) {
	b := newBench(t)
	b.write("mixed/a/README.md", "# Rules\n")
	b.write("mixed/b.yml", ruleText)
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range [][2]string{{"README.md", "# Rules\n"}, {"r/b.yml", ruleText}} {
		if err := w.WriteHeader(&tar.Header{Name: f[0], Typeflag: tar.TypeReg, Size: int64(len(f[1])), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(b.dir, "mixed"), b.write("rules.tar.gz", string(gzipped(packed.String())))} {
		if got, err := (Request{Paths: []string{path}}).KindOf(); err != nil || got != "rules" {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func TestAKindThatContentDoesNotTellIsAskedFor(t *testing.T) {
	b := newBench(t)
	for name, text := range map[string]string{"f.csv": alertCSV, "empty.csv": "", "f.bin": "\x01"} {
		if _, err := (Request{Paths: []string{b.write(name, text)}}).KindOf(); fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "--mapping") {
			t.Errorf("%q: %v (hint %q)", text, err, fault.HintOf(err))
		}
	}
	if _, err := (Request{Paths: []string{"/nowhere"}}).KindOf(); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func FuzzKindOf(f *testing.F) {
	for _, text := range []string{telemetryText, dettectSources, feedText, exerciseText, runbookText, ruleText, ruleCSV, elasticRule, sentinelAlert, caseJSON, signalCSV, tuningYAML} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if kind := toldKind("f", []byte(text)); kind != "" && !slices.Contains(Kinds(), kind) {
			t.Fatalf("told the kind %q", kind)
		}
	})
}
