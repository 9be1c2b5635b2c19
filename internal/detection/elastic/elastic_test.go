package elastic

import (
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection/detectiontest"
)

func format() detectiontest.Format {
	return detectiontest.Format{Name: Format, Decode: Decode, Sniff: Sniff, Files: []string{"shell.toml", "hunt.toml", "rules.ndjson", "page.json"}}
}

func TestRulesAsTheGoldenFilesSay(t *testing.T) { format().Golden(t) }

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	format().Others(t, map[string]string{
		"alert.json": `{"@timestamp":"2026-03-01","kibana":{"alert":{"rule":{"rule_id":"r","risk_score":1,"severity":"low","interval":"5m"}}}}`,
	})
}

func TestPlacesNameWhatATTACKHas(t *testing.T) {
	words := decodetest.Enterprise(t)
	for _, p := range indices {
		words.Check(t, p.prefix, "", "", p.platforms)
		for _, l := range p.logs {
			words.Check(t, p.prefix, l.Component, l.Name, nil)
		}
	}
	for _, p := range tags {
		words.Check(t, p.prefix, "", "", p.platforms)
		for _, l := range p.logs {
			words.Check(t, p.prefix, l.Component, l.Name, nil)
		}
	}
}

func FuzzDecode(f *testing.F) { format().Fuzz(f) }

func TestWhatIsWrongIsNamedWithItsLine(t *testing.T) {
	const good = "[rule]\nrule_id = \"r\"\nname = \"n\"\n"
	for text, want := range map[string]string{
		"":                               "f.toml:1: rule: not an Elastic rule: it has no table [rule]",
		"[rule]\nname = \"n\"\n":         "f.toml:1: rule_id: is missing or empty",
		good + "severity = 3\n":          `f.toml:4: severity: "3": not a string`,
		good + "\nenabled = \"maybe\"\n": `f.toml:5: enabled: "maybe": neither true nor false`,
		good + "index = \"a\"\n":         `f.toml:4: index: "a": not a list of strings`,
		good + "threat = [1]\n":          `f.toml:4: threat: "1": not a list of tables`,
		good + "x = [\n":                 "f.toml:4: not TOML: ",
		"rule = 1\n":                     `f.toml:1: rule: "1": not a table`,
		"\xff":                           "f.toml: not UTF-8",
	} {
		d := Decode("f.toml", []byte(text))
		if len(d.Rejects) != 1 || len(d.Records) != 0 || !strings.HasPrefix(d.Rejects[0].String(), want) {
			t.Errorf("%q: %+v, want %s", text, d, want)
		}
	}
}

func TestATechniqueThatIsNoneIsPassedOver(t *testing.T) {
	d := Decode("f.toml", []byte("[rule]\nrule_id = \"r\"\nname = \"n\"\n[[rule.threat]]\n[[rule.threat.technique]]\nid = \"T1059\"\n[[rule.threat.technique]]\nid = \"T1\"\n"))
	if len(d.Records) != 1 || len(d.Records[0].Techniques) != 1 || len(d.Warnings) != 1 || !strings.HasPrefix(d.Warnings[0], "f.toml:8: \"T1\"") {
		t.Errorf("%+v", d)
	}
}

func TestMaturitySaysWhetherARuleRuns(t *testing.T) {
	const rule = "[rule]\nrule_id = \"r\"\nname = \"n\"\n"
	for maturity, want := range map[string]bool{"production": true, "deprecated": false, "development": false, "surprising": true} {
		d := Decode("f.toml", []byte("[metadata]\nmaturity = \""+maturity+"\"\n"+rule))
		if len(d.Records) != 1 || d.Records[0].Enabled != want || (maturity == "surprising") != (len(d.Warnings) == 1) {
			t.Errorf("%s: %+v", maturity, d)
		}
	}
}
