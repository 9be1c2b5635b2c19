package tabular

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
	"candor/internal/fault"
)

func load(t testing.TB, path string) *Mapping {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, warnings, err := DecodeMapping(path, data)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("mapping: %v, warnings %q", err, warnings)
	}
	return m
}

// said is everything that reading a file gives.
type said struct {
	Alerts   []*alert.Alert
	Rejects  []evidence.Reject
	Warnings []string
	Err      string
}

func read(file, text string, m *Mapping) said {
	var s said
	in := Input{File: file, Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range Alerts(in, m) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Alerts = append(s.Alerts, a)
	}
	return s
}

func TestAlertsAsTheGoldenFilesSay(t *testing.T) {
	for _, c := range []struct {
		file string
		m    *Mapping
	}{
		{"testdata/fox_alerts.csv", load(t, "testdata/mapping.yaml")},
		{"testdata/own.csv", Own()},
	} {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		decodetest.Golden(t, c.file+".golden", read(c.file, string(text), c.m))
	}
}

func TestDerivedIDsAreTheSameForTheSameRows(t *testing.T) {
	m := load(t, "testdata/mapping.yaml")
	head, row := "time,name,ip,host,short,time_label,event_label\n", "1642213952,n,1,h,R,x,-\n"
	one, two := read("a_alerts.csv", head+row+row, m), read("a_alerts.csv", head+row+row, m)
	if d := cmp.Diff(one, two); d != "" {
		t.Errorf("the same file twice differs:\n%s", d)
	}
	ids := map[string]bool{one.Alerts[0].ID: true, one.Alerts[1].ID: true}
	other := read("b_alerts.csv", head+row, m)
	ids[other.Alerts[0].ID] = true
	if len(ids) != 3 {
		t.Errorf("%d ids for two equal rows and one of another site, want 3", len(ids))
	}
	longer := read("a_alerts.csv", head+"1642213951,n,1,h,R,x,-\n"+row, m)
	if longer.Alerts[1].ID != one.Alerts[0].ID {
		t.Error("a row before it changed a row's id")
	}
}

func TestAMappingThatCannotWorkSaysWhere(t *testing.T) {
	const head = "kind: alert-mapping\nversion: 1\n"
	for _, c := range []struct{ name, text, want string }{
		{"no yaml", "kind: [", "m.yaml"},
		{"other kind", "kind: telemetry\nversion: 1\n", `m.yaml:1: kind is "telemetry"`},
		{"other version", "kind: alert-mapping\nversion: 2\n", `m.yaml:2: version is "2"`},
		{"no columns", head, "columns: is missing"},
		{"no time", head + "columns: {rule_id: r}\n", "time: is missing"},
		{"two sources", head + "columns:\n  rule_id: r\n  time: t\n  site: {column: a, value: b}\n", "m.yaml:6: site.column: one of column, value and filename"},
		{"bad pattern", head + "columns:\n  rule_id: r\n  time: t\n  site: {filename: '('}\n", "not a regular expression"},
		{"no group", head + "columns:\n  rule_id: r\n  time: t\n  site: {filename: 'x'}\n", "one group"},
		{"bad format", head + "columns:\n  rule_id: r\n  time: {column: t, format: noon}\n", `m.yaml:5: time.format: "noon" is neither unix`},
		{"bad delimiter", head + "delimiter: ab\ncolumns: {rule_id: r, time: t}\n", "delimiter"},
	} {
		_, _, err := DecodeMapping("m.yaml", []byte(c.text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want fault.Invalid with %q", c.name, err, c.want)
		}
	}
}

func TestUnknownKeysOfAMappingAreReported(t *testing.T) {
	_, warnings, err := DecodeMapping("m.yaml", []byte("kind: alert-mapping\nversion: 1\ncolour: red\ncolumns:\n  rule_id: r\n  time: t\n  shape: s\n"))
	if err != nil || len(warnings) != 2 {
		t.Errorf("warnings %q, error %v; want two warnings", warnings, err)
	}
}

func TestAFileThatDoesNotFitTheMappingIsInvalid(t *testing.T) {
	m := load(t, "testdata/mapping.yaml")
	for _, c := range []struct{ file, text, want string }{
		{"a_alerts.csv", "", "empty"},
		{"a_alerts.csv", "time,name\n", "has no column"},
		{"nameless.csv", "time,name,ip,host,short,time_label,event_label\n", "does not match the pattern"},
		{"a_alerts.csv", "time,time\n", "twice"},
	} {
		if got := read(c.file, c.text, m); !strings.Contains(got.Err, c.want) {
			t.Errorf("%s %q: error %q, want %q", c.file, c.text, got.Err, c.want)
		}
	}
}

func TestTimesReadAsTheMappingSays(t *testing.T) {
	want := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	for format, cell := range map[string]string{
		"":                    "2026-03-01T13:30:00+01:00",
		"unix":                "1772368200",
		"unix_ms":             "1772368200000",
		"rfc3339":             "2026-03-01T12:30:00Z",
		"DateTime":            "2026-03-01 12:30:00",
		"02.01.2006 15:04:05": "01.03.2026 12:30:00",
	} {
		m, _, err := DecodeMapping("m.yaml", []byte("kind: alert-mapping\nversion: 1\ncolumns:\n  rule_id: r\n  time: {column: t, format: \""+format+"\"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		got := read("f.csv", "r,t\nx,"+cell+"\n", m)
		if len(got.Alerts) != 1 || !got.Alerts[0].Time.Equal(want) {
			t.Errorf("format %q, cell %q: %+v, want %v", format, cell, got, want)
		}
	}
}

func TestOtherDelimiters(t *testing.T) {
	for _, d := range []string{";", "|", "tab", `"\t"`} {
		m, _, err := DecodeMapping("m.yaml", []byte("kind: alert-mapping\nversion: 1\ndelimiter: "+strings.Replace(d, "|", "'|'", 1)+"\ncolumns: {rule_id: r, time: t}\n"))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll("r~t\nx~2026-03-01\n", "~", string(m.delimiter))
		if got := read("f.csv", text, m); len(got.Alerts) != 1 {
			t.Errorf("delimiter %s: %+v", d, got)
		}
	}
}

func TestAQuoteThatIsNeverClosedDoesNotTakeInTheFile(t *testing.T) {
	text := "id,rule_id,time\n\"a,b,2026-03-01\n" + strings.Repeat("a,b,2026-03-01\n", 1<<20)
	got := read("f.csv", text, Own())
	if !strings.Contains(got.Err, "never closed") || len(got.Alerts) != 0 {
		t.Errorf("error %q after %d alerts", got.Err, len(got.Alerts))
	}
}

func TestPublicAlertsDecode(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: it names the folder of real data that this test reads")
	}
	files, err := filepath.Glob(filepath.Join(dir, "alerts", "ait-ads", "*.csv.gz"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files, %v; want 4", len(files), err)
	}
	m := load(t, "testdata/mapping.yaml")
	classes, rules, ids, sites := map[alert.Class]int{}, map[string]int{}, map[string]bool{}, map[string]bool{}
	start, n := time.Now(), 0
	for _, path := range files {
		packed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		in := Input{File: path, Text: z, Warn: func(w string) { t.Error(w) }, Reject: func(r evidence.Reject) { t.Error(r) }}
		for a, err := range Alerts(in, m) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			classes[a.Disposition.Class]++
			rules[a.RuleID]++
			ids[a.ID], sites[a.Site] = true, true
		}
	}
	t.Logf("%d alerts in %v: %v, %d rules, %d sites", n, time.Since(start), classes, len(rules), len(sites))
	if n != 720209 || len(ids) != n || len(rules) != 71 || len(sites) != 4 {
		t.Errorf("%d alerts with %d ids of %d rules at %d sites, want 720209 of 71 at 4", n, len(ids), len(rules), len(sites))
	}
	if rules["W-Acc-400"] != 399190 {
		t.Errorf("W-Acc-400 has %d alerts, want 399190", rules["W-Acc-400"])
	}
}

func FuzzAlerts(f *testing.F) {
	for _, file := range []string{"testdata/fox_alerts.csv", "testdata/own.csv"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	m := load(f, "testdata/mapping.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		for _, mapping := range []*Mapping{m, Own()} {
			for _, a := range read("x_alerts.csv", text, mapping).Alerts {
				if a.ID == "" || a.RuleID == "" || a.Time.IsZero() {
					t.Fatalf("an alert without id, rule or time: %+v", a)
				}
			}
		}
	})
}

func FuzzDecodeMapping(f *testing.F) {
	text, err := os.ReadFile("testdata/mapping.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, _, err := DecodeMapping("m.yaml", data)
		if err == nil && (m.sources["rule_id"] == nil || m.sources["time"] == nil) {
			t.Fatal("a mapping without rule_id or time")
		}
	})
}

// TestEntitiesOfARow: in Candor's own CSV, and through a mapping.
func TestEntitiesOfARow(t *testing.T) {
	want := []alert.Entity{{Type: alert.Host, Name: "web-01"}, {Type: alert.Account, Name: "jdoe"}, {Name: "10.0.0.1"}}
	const mapping = "kind: alert-mapping\nversion: 1\ncolumns: {id: nr, rule_id: rule, time: at, entity: host, entity_type: {value: host}, entities: others}\n"
	m, _, err := DecodeMapping("m.yaml", []byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	for text, m := range map[string]*Mapping{
		"id,rule_id,time,entity,entity_type,entities\na,r,2026-03-01,web-01,device,account:jdoe; WEB-01;10.0.0.1\n": Own(),
		"id,rule_id,time,entities\na,r,2026-03-01,host:web-01;account:jdoe;10.0.0.1\n":                              Own(),
		"nr,rule,at,host,others\na,r,2026-03-01,web-01,account:jdoe;10.0.0.1\n":                                     m,
	} {
		for a, err := range Alerts(Input{File: "f.csv", Text: strings.NewReader(text), Warn: func(w string) { t.Error(w) }, Reject: func(r evidence.Reject) { t.Error(r) }}, m) {
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Collect(a.Entities()); !slices.Equal(got, want) || a.Fields != nil {
				t.Errorf("%s is about %v", text, got)
			}
		}
	}
	const listed = `{"alerts":[{"id":"a","rule_id":"r","time":"2026-03-01","entities":[{"name":"jdoe","type":"account"},{"name":"web-01","type":"host","primary":true},"10.0.0.1"]},
		{"id":"b","rule_id":"r","time":"2026-03-01","entities":[{"type":"host"}]}]}`
	rejects := 0
	for a, err := range Objects(Input{File: "f.json", Text: strings.NewReader(listed), Warn: func(w string) { t.Error(w) }, Reject: func(evidence.Reject) { rejects++ }}, Own()) {
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Collect(a.Entities()); !slices.Equal(got, want) || a.Fields != nil {
			t.Errorf("%+v is about %v", a, got)
		}
	}
	if rejects != 1 {
		t.Errorf("%d rejects", rejects)
	}
}
