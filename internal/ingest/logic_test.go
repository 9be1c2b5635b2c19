package ingest

import (
	"strings"
	"testing"

	"candor/internal/detection"
	"candor/internal/detection/elastic"
	"candor/internal/detection/rulecsv"
	"candor/internal/detection/sentinel"
	"candor/internal/detection/sigma"
	"candor/internal/detection/splunk"
	"candor/internal/evidence"
)

// TestAnotherNameIsNoChangeOfARule holds of every format that what people read of a rule,
// its layout and its dates are no part of what it looks for, and that its query is.
func TestAnotherNameIsNoChangeOfARule(t *testing.T) {
	for _, c := range []struct {
		name, text string
		decode     func(string, []byte) evidence.Decoded[detection.Rule]
		cosmetic   []string // old, new, old, new
		real       []string
	}{
		{"f.yml", "title: T\nid: 1\nstatus: test\nlevel: low\nmodified: 2026-01-01\ntags: [attack.t1059]\nlogsource: {product: windows, category: process_creation, definition: d}\n" +
			"detection:\n  sel:\n    Image: [a, b]\n  condition: sel\n", sigma.Decode,
			[]string{"title: T", "title: U", "level: low", "level: high", "2026-01-01", "2026-02-02", "t1059", "t1060", "[a, b]", "[b, a] # why", "definition: d", "definition: e", "status: test", "status: stable"},
			[]string{"condition: sel", "condition: not sel"}},
		{"f.toml", "[metadata]\nupdated_date = \"2026/01/01\"\n[rule]\nname = \"N\"\nrule_id = \"r\"\nseverity = \"low\"\ninterval = \"5m\"\nversion = 3\ntype = \"eql\"\nlanguage = \"eql\"\nindex = [\"logs-a-*\", \"logs-b-*\"]\nquery = '''\nprocess where true\n'''\n", elastic.Decode,
			[]string{"2026/01/01", "2026/02/02", "\"N\"", "\"M\"", "\"low\"", "\"high\"", "\"5m\"", "\"6m\"", "version = 3", "version = 4", "\"logs-a-*\", \"logs-b-*\"", "\"logs-b-*\", \"logs-a-*\"", "process where", "/* a remark */ process\n  where"},
			[]string{"where true", "where false"}},
		{"f.yaml", "id: r\nname: N\nseverity: Low\nversion: 1.0.0\nquery: |\n  SigninLogs\n  | take 1\nqueryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: gt\ntriggerThreshold: 0\n", sentinel.Decode,
			[]string{"name: N", "name: M", "1.0.0", "1.0.1", "severity: Low", "severity: High", "  SigninLogs\n", "  SigninLogs // all\n", "queryFrequency: 1h", "queryFrequency: 2h"},
			[]string{"triggerThreshold: 0", "triggerThreshold: 5"}},
		{"f.yml", "name: N\nid: r\ndate: '2026-01-01'\ntype: TTP\nstatus: production\nsearch: index=a | stats count\ndata_source: [x]\n", splunk.Decode,
			[]string{"name: N", "name: M", "2026-01-01", "2026-02-02", "index=a |", "index=a   ```why``` |"},
			[]string{"index=a", "index=b"}},
		{"savedsearches.conf", "[S]\nsearch = index=a | stats count\ncron_schedule = 5 * * * *\nenableSched = 1\nalert.track = 1\nrelation = greater than\nquantity = 0\n", splunk.Decode,
			[]string{"5 * * * *", "7 * * * *", "index=a |", "index=a  |"},
			[]string{"quantity = 0", "quantity = 9"}},
		{"f.csv", "rule_id,name,enabled,techniques,analytics,log_sources,owner,query,modified\nr,N,yes,T1059,,a,o,index=a x,2026-01-01\n", func(name string, data []byte) evidence.Decoded[detection.Rule] {
			d, err := rulecsv.Decode(name, strings.NewReader(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			return d
		}, []string{"r,N,yes", "r,M,no", "T1059", "T1060", "index=a x", "index=a  x", "2026-01-01", "2026-02-02"}, []string{"index=a", "index=b"}},
	} {
		logic := func(text string) string {
			d := c.decode(c.name, []byte(text))
			if len(d.Records) != 1 || d.Records[0].Logic == "" {
				t.Fatalf("%s: %+v", c.name, d)
			}
			return d.Records[0].Logic
		}
		base := logic(c.text)
		for i := 0; i < len(c.cosmetic); i += 2 {
			if !strings.Contains(c.text, c.cosmetic[i]) || logic(strings.Replace(c.text, c.cosmetic[i], c.cosmetic[i+1], 1)) != base {
				t.Errorf("%s: %q is a change", c.name, c.cosmetic[i+1])
			}
		}
		if logic(strings.Replace(c.text, c.real[0], c.real[1], 1)) == base {
			t.Errorf("%s: %q is no change", c.name, c.real[1])
		}
	}
}
