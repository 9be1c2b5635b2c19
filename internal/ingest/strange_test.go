package ingest

import (
	"strings"
	"testing"

	"candor/internal/fault"
)

func TestAFileThatNoFormatKnowsSaysSo(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct{ kind, name, text, near string }{
		{"rules", "panther.yml", "AnalysisType: rule\nFilename: x.py\nRuleID: A.B\nDisplayName: Console login\nEnabled: true\nLogTypes: [AWS.CloudTrail]\nSeverity: High\n", "the nearest is elastic: it has RuleID (rule_id), Severity"},
		{"rules", "yara-l.yml", "name: x\nseverity: LOW\nthreat: y\nquery_text: z\n", "the nearest is elastic: it has threat, severity, and not rule_id, risk_score"},
		{"rules", "rules.json", `{"monitors": [{"id": 1, "query": "x", "tactics": ["a"]}]}`, "the nearest is sentinel: it has query, tactics"},
		{"telemetry", "t.yaml", "sensors:\n  - name: x\n", "it has nothing of any of them"},
		{"telemetry", "sources.csv", "name,ID,version,platforms\nActive Directory,DS0026,1.0,\"Azure, Windows\"\n", "the nearest is candor-yaml: it has version"},
		{"exercises", "x.csv", "campaign_id,step,result\n1,2,3\n", "it has nothing of any of them"},
		{"signals", "s.csv", "when,who\n1,2\n", "it has nothing of any of them"},
		{"feeds", "counts.csv", "index,sourcetype,count\nmain,x,3\n", "the nearest is splunk-tstats: it has sourcetype, count, index, and not _time"},
		{"telemetry", "listed.txt", "LogMode  MaximumSizeInBytes RecordCount LogName\n-------  ------------------ ----------- -------\nCircular 20971520 3122 Application\n", "the nearest is windows-channels: it has LogName, RecordCount, LogMode"},
		{"rules", "notes.yml", "Rules of the team, see the wiki\n", "it has nothing of any of them"},
		{"alerts", "a.json", `[{"class_uid": 9, "severity_id": 1}]`, "the nearest is ocsf: it has class_uid, severity_id"},
		{"alerts", "a.csv", "when,who,urgency\n1,2,3\n", "the nearest is splunk: it has urgency"},
	} {
		err := b.refused(b.request(c.kind, b.write(c.name, c.text)), fault.Invalid)
		said := err.Error() + " " + fault.HintOf(err)
		for _, want := range []string{"no format of " + c.kind + " knows this file", "tried were", c.near, "candor evidence"} {
			if !strings.Contains(said, want) && !(want == "candor evidence" && strings.Contains(said, "--format")) {
				t.Errorf("%s: %q is not in %s", c.name, want, said)
			}
		}
	}
}

// What is only wrong says what is wrong, and not that nobody knows it.
func TestAFileThatIsWrongSaysWhatIsWrong(t *testing.T) {
	b := newBench(t)
	for name, text := range map[string]string{
		"broken.yml": "title: x\nlogsource: [\n", "untitled.yml": "logsource: {product: windows}\ndetection: {a: {b: c}}\n", "empty.yml": "# nothing\n", "list.yml": "- a\n",
	} {
		if err := b.refused(b.request("rules", b.write(name, text)), fault.Invalid); strings.Contains(err.Error(), "no format of rules") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFormatsWithMarksAreFormats(t *testing.T) {
	for _, f := range formats() {
		if f.rest && f.Kind != "runs" && len(marks(f.Kind, f.Name)) == 0 {
			t.Errorf("%s/%s takes what is left, and what it looks like is not known", f.Kind, f.Name)
		}
	}
}

func FuzzNearest(f *testing.F) {
	for _, s := range []string{"", "AnalysisType: rule\n", `{"a": 1}`, "a,b\n1,2\n", "[rule]\nrule_id = 1\n", "\xff\xfe"} {
		f.Add([]byte(s))
	}
	list := formatsOf("rules")
	f.Fuzz(func(t *testing.T, head []byte) {
		chosen := choose(list, "", head, "f.yml")
		if who, is := strange(list, &chosen, head); is && (who.reason() == "" || who.next() == "" || len(who.tried) == 0) {
			t.Fatalf("%+v", who)
		}
	})
}
