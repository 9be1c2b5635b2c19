package ingest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// Files of one good record each.
const (
	dettectSources = "version: 1.1\nfile_type: data-source-administration\nname: Org\n" +
		"systems: [{applicable_to: A, platform: [Linux]}, {applicable_to: B, platform: [Windows]}]\n" +
		"data_sources: [{data_source_name: Process Creation, data_source: [{applicable_to: [A]}, {applicable_to: [B]}]}]\n"
	dettectTechniques = "version: 1.2\nfile_type: technique-administration\n" +
		"techniques: [{technique_id: T1003, detection: [{applicable_to: [all], score_logbook: [{score: 2}]}]}]\n"
	elasticRule  = "[metadata]\nmaturity = \"production\"\n[rule]\nrule_id = \"e-1\"\nname = \"n\"\n"
	kibanaRule   = `{"id":"x","name":"n","enabled":true,"interval":"5m","risk_score":1,"severity":"low","rule_id":"e-2"}` + "\n" + `{"exported_count":1}` + "\n"
	deployedRule = `{"value":[{"name":"m-2","type":"Microsoft.SecurityInsights/alertRules","kind":"NRT","properties":{"displayName":"n"}}]}`
	splunkRule   = "name: n\nid: s-1\nsearch: x\n"
	sentinelRule = "id: m-1\nname: n\nseverity: Low\nquery: x\nrelevantTechniques: [T1003]\n"
	vectrText    = "\ufeffMitreID,Outcome,Variant,Start Time Epoch\nT1003,NotDetected,t,1772359200000\n"
	elasticAlert = `{"hits":{"hits":[{"_id":"a","_source":{"@timestamp":"2026-03-01T10:00:00Z","kibana.alert.rule.rule_id":"r",` +
		`"kibana.alert.workflow_status":"closed","kibana.alert.workflow_reason":"true_positive"}}]}}`
	sentinelAlert = `[{"TimeGenerated":"2026-03-01T10:00:00Z","IncidentNumber":1,"Status":"Closed","Classification":"TruePositive",` +
		`"AlertIds":["a"],"RelatedAnalyticRuleIds":["r"],"CreatedTime":"2026-03-01T10:00:00Z"}]`
	defenderAlert = `{"value":[{"id":"a","detectorId":"r","createdDateTime":"2026-03-01T10:00:00Z","classification":"truePositive"}]}`
	splunkAlert   = "_time,event_id,search_name,disposition\n1772359200,a,r,disposition:1\n"
	securityAlert = `{"tables":[{"columns":[{"name":"SystemAlertId"},{"name":"AlertType"},{"name":"TimeGenerated"}],"rows":[["a","r","2026-03-01T10:00:00Z"]]}]}`
	endpointAlert = `{"value":[{"id":"a","title":"t","detectionSource":"d","alertCreationTime":"2026-03-01T10:00:00Z","classification":"TruePositive"}]}`
	hiveAlert     = `{"_id":"a","source":"s","sourceRef":"x","title":"t","date":1772359200000,"status":"TruePositive"}`
	ocsfAlert     = `{"class_uid":2004,"time":1772359200000,"finding_info":{"uid":"a","analytic":{"uid":"r"}},"verdict_id":2}`
)

func TestFormatsAreToldFromContent(t *testing.T) {
	for _, c := range []struct{ kind, name, text, format, record, keys string }{
		{"telemetry", "f.yaml", dettectSources, "dettect", evidence.RecordSource, "||Process Creation|A ||Process Creation|B"},
		{"telemetry", "f.yaml", telemetryText, "candor-yaml", evidence.RecordScope, "Example"},
		{"rules", "f.yml", dettectTechniques, "dettect", evidence.RecordRule, "dettect:T1003:all"},
		{"rules", "f.toml", elasticRule, "elastic", evidence.RecordRule, "e-1"},
		{"rules", "f.ndjson", kibanaRule, "elastic", evidence.RecordRule, "e-2"},
		{"rules", "f.json", deployedRule, "sentinel", evidence.RecordRule, "m-2"},
		{"rules", "f.yml", splunkRule, "splunk", evidence.RecordRule, "s-1"},
		{"rules", "f.yaml", sentinelRule, "sentinel", evidence.RecordRule, "m-1"},
		{"rules", "f.yml", ruleText, "sigma", evidence.RecordRule, "r-1"},
		{"rules", "f.txt", ruleCSV, "candor-csv", evidence.RecordRule, "r-2"},
		{"exercises", "f.csv", vectrText, "vectr", evidence.RecordExercise, "T1003|||t|2026-03-01T10:00:00Z"},
	} {
		b := newBench(t)
		res := b.add(b.request(c.kind, b.write(c.name, c.text)))
		if res.Format != c.format || res.Rejected != 0 || strings.Join(b.keys(c.record), " ") != c.keys {
			t.Errorf("%s %s: format %s, rejects %v, keys %q; want %s and %s", c.kind, c.name, res.Format, res.Rejects, b.keys(c.record), c.format, c.keys)
		}
	}
}

func TestAlertsOfEveryProductLandWithTheirDisposition(t *testing.T) {
	for name, text := range map[string]string{
		"elastic": elasticAlert, "sentinel": sentinelAlert, "defender": defenderAlert, "splunk": splunkAlert, "thehive": hiveAlert, "ocsf": ocsfAlert,
	} {
		b := newBench(t)
		res := b.add(b.request("alerts", b.write("plain.json", text)))
		said, err := b.alerts.Dispositions(context.Background(), alert.Identity{ID: "a"})
		if err != nil || res.Format != name || res.New != 1 || len(said) != 1 || said[0].Class != alert.TruePositive {
			t.Errorf("%s: %+v, dispositions %+v, %v", name, res.Batch, said, err)
		}
		if again := b.add(b.request("alerts", b.write("packed.json.gz", string(gzipped(text))))); again.Format != name || again.Unchanged != 1 {
			t.Errorf("%s packed: %+v", name, again.Batch)
		}
	}
}

func TestCandorsOwnAlertsAreNotTakenForAnothers(t *testing.T) {
	b := newBench(t)
	line := `{"id":"a","rule_id":"r","time":"2026-03-01","fields":{"sourceRef":"x","_id":"y"}}` + "\n"
	if res := b.add(b.request("alerts", b.write("a.jsonl", line))); res.Format != "candor-jsonl" || res.New != 1 {
		t.Errorf("%+v", res)
	}
}

func TestARequestMayForceAFormat(t *testing.T) {
	b := newBench(t)
	path := b.write("rule.yml", splunkRule+"severity: Low\n")
	forced := b.request("rules", path)
	forced.Format = "sentinel"
	if res := b.add(forced); res.Format != "sentinel" || res.New != 1 {
		t.Errorf("%+v", res)
	}
	if res := b.add(b.request("rules", path)); !res.Fresh || res.Format != "splunk" || res.New != 1 {
		t.Errorf("the same bytes in their own format: %+v", res)
	}
	if res := b.add(forced); res.Fresh {
		t.Error("the same request landed twice")
	}
	for _, r := range []Request{
		{Kind: "rules", Paths: []string{path}, Format: "vectr"},
		{Kind: "alerts", Paths: []string{path}, Format: "mapped-csv"},
		{Kind: "alerts", Paths: []string{path}, Format: "ocsf", Mapping: b.write("m.yaml", mappingText)},
	} {
		b.refused(r, fault.Usage)
	}
}

func TestAListThatNobodyKnowsIsInvalid(t *testing.T) {
	b := newBench(t)
	if err := b.refused(b.request("alerts", b.write("a.json", `[{"x":1}]`)), fault.Invalid); !strings.Contains(fault.HintOf(err), "--format") {
		t.Errorf("%v (hint %q)", err, fault.HintOf(err))
	}
}

func TestAFileOfWhichAllWasPassedOverSaysWhy(t *testing.T) {
	b := newBench(t)
	for name, text := range map[string]string{
		"g.yml": "name: n\nid: s-1\nsearch: x\ntype: Baseline\n", "savedsearches.conf": "[Figures]\nsearch = index=x\naction.email = 1\n",
	} {
		if err := b.refused(b.request("rules", b.write(name, text)), fault.Invalid); !strings.Contains(err.Error(), "passed over") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFileOfAnotherKindNamesTheNextStep(t *testing.T) {
	b := newBench(t)
	err := b.refused(b.request("telemetry", b.write("t.yaml", dettectTechniques)), fault.Invalid)
	if !strings.Contains(fault.HintOf(err), "as rules") {
		t.Errorf("%v (hint %q)", err, fault.HintOf(err))
	}
}

func TestTheTableOfFormatsIsWhole(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Formats() {
		if names[f.Kind+f.Name] || !slices.Contains(Kinds(), f.Kind) || f.Description == "" || !strings.HasPrefix(f.Example, "candor evidence add "+f.Kind+" ") {
			t.Errorf("%+v", f)
		}
		names[f.Kind+f.Name] = true
	}
	for _, k := range Kinds() {
		left := slices.DeleteFunc(formatsOf(k), func(f format) bool { return !f.rest })
		if len(left) != 1 {
			t.Errorf("%s: %d formats take what is left, want one", k, len(left))
		}
	}
}

func TestPublicTestResultsLand(t *testing.T) {
	b := newBench(t)
	res := b.add(b.request("exercises", testData(t, "exercises", "vectr-demo.csv")))
	if res.Format != "vectr" || res.Rejected != 85 || res.New != 680 {
		t.Errorf("%+v", res)
	}
}

func TestPublicDataSourcesLand(t *testing.T) {
	b := newBench(t)
	res := b.add(b.request("telemetry", testData(t, "telemetry", "dettect", "data-sources-endpoints.yaml")))
	if res.Format != "dettect" || res.Rejected != 0 || res.New != 18 {
		t.Errorf("%+v", res)
	}
}

func TestJSONGoesThroughAMapping(t *testing.T) {
	b := newBench(t)
	mapping := b.write("mapping.yaml", "kind: alert-mapping\nversion: 1\ncolumns: {id: meta.0.id, rule_id: rule.id, time: at}\n")
	const one = `{"meta":[{"id":"a"}],"rule":{"id":"r"},"at":"2026-03-01"}`
	for name, text := range map[string]string{"lines.jsonl": one + "\n", "list.json": "[" + one + "]", "packed.json.gz": string(gzipped("{\"hits\":{\"hits\":[" + one + "]}}"))} {
		r := Request{Kind: "alerts", Paths: []string{b.write(name, text)}, Mapping: mapping}
		if res := b.add(r); res.Format != "mapped-json" || res.New+res.Unchanged != 1 || res.Rejected != 0 {
			t.Errorf("%s: %+v", name, res)
		}
	}
	b.refused(Request{Kind: "alerts", Paths: []string{mapping}, Format: "mapped-json"}, fault.Usage)
	forced := Request{Kind: "alerts", Paths: []string{b.write("f.json", "\n"+one)}, Mapping: mapping, Format: "mapped-json"}
	if res := b.add(forced); res.Format != "mapped-json" || res.Unchanged != 1 {
		t.Errorf("forced: %+v", res)
	}
}
