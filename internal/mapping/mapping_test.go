package mapping

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"candor/internal/alert/export"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// told is all that a reading gives.
type told struct {
	text     string
	rejects  []string
	warnings []string
	left     string
	err      error
	t        *Text
}

func run(t testing.TB, m *Mapping, file, content string) told {
	t.Helper()
	var out told
	out.t = m.Text(export.Input{File: file, Text: strings.NewReader(content),
		Reject: func(r evidence.Reject) { out.rejects = append(out.rejects, r.String()) },
		Warn:   func(w string) { out.warnings = append(out.warnings, w) }})
	defer out.t.Close()
	data, err := io.ReadAll(out.t)
	out.text, out.err = string(data), err
	_, out.left = out.t.LeftOut()
	return out
}

func load(t testing.TB, text string) *Mapping {
	t.Helper()
	m, warnings, err := Decode("m.yaml", []byte(text))
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v %v", err, warnings)
	}
	return m
}

const of = "kind: mapping\nversion: 2\nof: "

func TestWhatAMappingMakes(t *testing.T) {
	for _, c := range []struct{ name, mapping, file, in, want string }{
		{"a column, a constant and the name of the file", "dispositions\ncolumns: {id: nr, disposition: {value: test}, disposition_time: when, disposition_by: {filename: '^(.+)\\.csv$'}}",
			"ann.csv", "nr,when\n7,2026-03-01\n", "id,disposition,disposition_time,disposition_by,provenance,case_id,reading,duplicate_of,source,site\n7,test,2026-03-01T00:00:00Z,ann,,,,,,\n"},
		{"the first that is there", "fields\ncolumns: {source: {first_of: [a, b, {value: none}]}, field: f, share: {column: s, unit: percent}}",
			"x.csv", "a,b,f,s\n,B,x,12.5\nA,B,y,0.3%\n,,z,\n", "source,channel,field,share,date,events,site\nB,,x,0.125,,,\nA,,y,0.003,,,\nnone,,z,,,,\n"},
		{"words, and what stands for every other", "exercises\ncolumns: {technique: {column: what, match: 'T\\d{4}(?:\\.\\d{3})?'}, test: what, time: {column: at, format: [unix_ms, '02.01.2006 15:04'], zone: Europe/Berlin}, outcome: {column: r, values: {hit: alerted, '': ran, '*': none}}}",
			"x.csv", "what,at,r\nran T1059.001 twice,1767225600000,hit\nT1003,01.07.2026 10:00,\nT1003,01.01.2026 10:00,miss\n",
			"technique,analytic,test,time,outcome,rule_id,notes,platform,host,site,provenance\n" +
				"T1059.001,,ran T1059.001 twice,2026-01-01T00:00:00Z,alerted,,,,,,\nT1003,,T1003,2026-07-01T08:00:00Z,ran,,,,,,\nT1003,,T1003,2026-01-01T09:00:00Z,none,,,,,,\n"},
		{"lists, their entries and what they stand in", "cases\neach: items\ncolumns: {case_id: {join: [$.id, n]}, opened: $.at, techniques: {column: text, match: '(T\\d{4})', all: true, case: upper}, alerts: ids}",
			"x.json", `{"id":"C","at":"2026-03-01T10:00:00Z","items":[{"n":1,"text":"t1003 T1059 and T1078","ids":["a","b"]},{"n":2}]}`,
			"case_id,title,occurred,opened,closed,classification,found_by,techniques,analytics,platforms,alerts,owner,lessons,runbooks,site,entities\n" +
				"C-1,,,2026-03-01T10:00:00Z,,,,T1059;T1078,,,a;b,,,,,\nC-2,,,2026-03-01T10:00:00Z,,,,,,,,,,,,\n"},
		{"notes before the header", "feeds\ndelimiter: tab\nheader: '#fields'\ncolumns: {date: {column: ts, format: unix}, source: {value: Zeek}, events: n, hosts: {value: '1'}, channel: id.resp_h}",
			"x.log", "#separator \\x09\n#fields\tts\tn\tid.resp_h\n#types\ttime\tcount\taddr\n1772359200.5\t3\t-\n1772359200\t(empty)\t::1\n#close\n",
			"date,source,channel,events,hosts,site,latency_median,latency_p95\n2026-03-01,Zeek,,3,1,,,\n2026-03-01,Zeek,::1,,1,,,\n"},
		{"a table without a header", "runs\nnames: [r, s, st, ms]\ndelimiter: '|'\nskip: 1\ncolumns: {rule_id: r, start: s, status: st, gap_seconds: {column: ms, unit: ms}}",
			"x.txt", "report of today\nR|2026-03-01|ok|1500\n", "rule_id,rule_name,start,end,status,executions,events,gap_seconds,source,site,reason\nR,,2026-03-01T00:00:00Z,,ok,,,1.5,,,\n"},
		{"declarations", "telemetry\ncolumns: {name: n, platforms: p, hosts: h}", "x.csv", "n,p,h\nauditd:SYSCALL,Linux,3\n",
			"kind: telemetry\nversion: 1\nlog_sources:\n  - {\"name\":\"auditd:SYSCALL\",\"platforms\":[\"Linux\"],\"hosts\":\"3\"}\n"},
		{"no declaration", "telemetry\nwhere: [{column: n, is: x}]\ncolumns: {name: n}", "x.csv", "n\na\n", "kind: telemetry\nversion: 1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := load(t, of+c.mapping)
			got := run(t, m, c.file, c.in)
			if got.err != nil || len(got.rejects) > 0 || len(got.warnings) > 0 {
				t.Fatalf("%+v", got)
			}
			if got.text != c.want {
				t.Errorf("got\n%s\nwant\n%s", got.text, c.want)
			}
		})
	}
}

func TestComposedIDsAreEqualOnlyWhereTheirPartsAre(t *testing.T) {
	m := load(t, of+"alerts\ncolumns: {id: {join: [site, nr], with: /}, rule_id: r, time: t}\n")
	got := run(t, m, "x.csv", "site,nr,r,t\nBerlin,5,r,2026-03-01\n,Berlin/5,r,2026-03-01\n")
	want := `{"id":"Berlin/5","rule_id":"r","time":"2026-03-01T00:00:00Z"}
{"id":"/Berlin/5","rule_id":"r","time":"2026-03-01T00:00:00Z"}
`
	if got.text != want {
		t.Errorf("%s", got.text)
	}
}

func TestRecordsWithoutAnIDGetOneOfWhatTheySay(t *testing.T) {
	m := load(t, of+"alerts\ncolumns: {rule_id: r, time: t}\nfields: [r]\n")
	a := run(t, m, "x.csv", "r,t\na,2026-03-01\na,2026-03-01\nb,2026-03-01\n").text
	b := run(t, m, "y.csv", "r,t\na,2026-03-01\na,2026-03-01\nb,2026-03-01\n").text
	if a != b {
		t.Error("the same rows read again have other ids")
	}
	seen := map[string]bool{}
	for l := range strings.Lines(a) {
		id, _, _ := strings.Cut(l[strings.Index(l, `"id":"`)+6:], `"`)
		seen[id] = true
	}
	if len(seen) != 3 || seen[""] {
		t.Errorf("%s", a)
	}
}

func TestWhatIsLeftOutIsCountedAndNoReject(t *testing.T) {
	m := load(t, of+`fields
where:
  - {column: kind, not: [heartbeat, Test]}
  - any: [{column: sev, is: high}, {column: tag, match: "^vip"}, {column: extra, has: true}]
  - {first_of: [gone, kind], match: .}
columns: {source: kind, field: sev, share: {value: '1'}}
`)
	got := run(t, m, "x.csv", "kind,sev,tag,extra\na,HIGH,,\nb,low,vip-1,\nc,low,,1\nTEST,high,,\nd,low,x vip,\n")
	if n := strings.Count(got.text, "\n"); n != 4 || len(got.rejects) > 0 {
		t.Errorf("%+v", got)
	}
	want := "2 records were left out by where of m.yaml, the first in line 5: it does not hold that kind is not heartbeat or Test"
	if got.left != want {
		t.Errorf("%s\nwant %s", got.left, want)
	}
}

func TestARejectIsToldOfItsPlaceInTheFile(t *testing.T) {
	m := load(t, of+"fields\nwhere: [{column: k, is: x}]\ncolumns: {source: k, field: name of it, share: {column: p, unit: percent}, date: {column: d, format: unix}}\n")
	got := run(t, m, "dir/x.csv", "k,name of it,p,d\ny,a,1,1\nx,\"a\nb\",oops,1772359200\ny,a,1,1\nx,c,3,soon\nx,d,oops,1772359200\n")
	if want := "dir/x.csv:6: d: \"soon\": not a time"; len(got.rejects) != 1 || !strings.HasPrefix(got.rejects[0], want) {
		t.Errorf("%v; want %s", got.rejects, want)
	}
	for made, want := range map[int]string{2: "dir/x.csv:3: p", 3: "dir/x.csv:7: p"} {
		r := got.t.Place(evidence.Reject{File: "dir/x.csv", Line: made, Field: "share", Reason: "."})
		if !strings.HasPrefix(r.String(), want) {
			t.Errorf("line %d: %s; want %s\n%s", made, r.String(), want, got.text)
		}
	}
}

func TestTextInOtherEncodings(t *testing.T) {
	const want = "id,disposition,disposition_time,disposition_by,provenance,case_id,reading,duplicate_of,source,site\n1,test,2026-03-01T00:00:00Z,Jörg,,,,,,\n"
	for encoding, in := range map[string]string{
		"cp1252":   "id,who,t\n1,J\xf6rg,2026-03-01\n",
		"utf-8":    "\xef\xbb\xbfid,who,t\n1,Jörg,2026-03-01\n",
		"utf-16le": wide("id,who,t\n1,Jörg,2026-03-01\n", false),
		"utf-16be": wide("id,who,t\n1,Jörg,2026-03-01\n", true),
		"":         "\xff\xfe" + wide("id,who,t\r\n1,Jörg,2026-03-01\r\n", false),
	} {
		text := of + "dispositions\ncolumns: {id: ID, disposition: {value: test}, disposition_time: t, disposition_by: who}\n"
		if encoding != "" {
			text += "encoding: " + encoding + "\n"
		}
		if got := run(t, load(t, text), "x.csv", in); got.text != want {
			t.Errorf("%s: %q %v", encoding, got.text, got.err)
		}
	}
}

func wide(s string, big bool) string {
	var b strings.Builder
	for _, r := range s {
		if big {
			b.WriteByte(byte(r >> 8))
		}
		b.WriteByte(byte(r))
		if !big {
			b.WriteByte(byte(r >> 8))
		}
	}
	return b.String()
}

func TestTimesAndTheirZones(t *testing.T) {
	for _, c := range []struct{ how, in, want string }{
		{"t", "2026-07-01 10:00:00", "2026-07-01T10:00:00Z"},
		{"{column: t, zone: America/New_York}", "2026-07-01 10:00:00", "2026-07-01T14:00:00Z"},
		{"{column: t, zone: America/New_York}", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z"},
		{"{column: t, zone: America/New_York}", "2026-07-01T10:00:00+02:00", "2026-07-01T08:00:00Z"},
		{"{column: t, zone: America/New_York}", "2026-07-01", "2026-07-01T04:00:00Z"},
		{"{column: t, format: unix_us}", "1772359200000000", "2026-03-01T10:00:00Z"},
		{"{column: t, format: unix_ns}", "1772359200000000001", "2026-03-01T10:00:00.000000001Z"},
		{"{column: t, format: unix}", "5", "1970-01-01T00:00:05Z"},
		{"t", "1772359200123", "2026-03-01T10:00:00.123Z"},
		{"{column: t, zone: America/New_York}", "1772359200", "2026-03-01T10:00:00Z"},
		{"{column: t, zone: America/New_York}", "2026-07-01 10:00 CEST", "2026-07-01T08:00:00Z"},
		{"{column: t, zone: America/New_York}", "13/7/2026, 10:00 AM", "2026-07-13T14:00:00Z"},
		{"{column: t, zone: America/New_York}", "Jul 1, 2026 @ 10:00:00.000", "2026-07-01T14:00:00Z"},
		{"{column: t, format: excel}", "46082.5", "2026-03-01T12:00:00Z"},
		{"{column: t, format: excel, zone: Europe/Berlin}", "46082", "2026-02-28T23:00:00Z"},
		{"{column: t, format: [rfc1123z, '02/01/2006 15:04']}", "03/11/2026 15:04", "2026-11-03T15:04:00Z"},
		{"{column: t, format: unix}", "yesterday", "reject"},
	} {
		m := load(t, of+"dispositions\ncolumns: {id: {value: i}, disposition: {value: test}, disposition_time: "+c.how+"}\n")
		got := run(t, m, "x.csv", "t\n\""+c.in+"\"\n")
		if c.want == "reject" {
			if len(got.rejects) != 1 {
				t.Errorf("%s of %s: %q", c.how, c.in, got.text)
			}
			continue
		}
		if !strings.Contains(got.text, "i,test,"+c.want+",") {
			t.Errorf("%s of %s: %s %v; want %s", c.how, c.in, got.text, got.rejects, c.want)
		}
	}
}

func TestDaysAndMonths(t *testing.T) {
	const columns = "columns: {id: {value: i}, disposition: {value: test}, disposition_time: t}\n"
	for order, want := range map[string]string{"dates: day-first\n": "i,test,2026-11-03T", "dates: month-first\n": "i,test,2026-03-11T"} {
		if got := run(t, load(t, of+"dispositions\n"+order+columns), "x.csv", "t\n3/11/2026\n"); !strings.Contains(got.text, want) {
			t.Errorf("%s: %s %v", order, got.text, got.rejects)
		}
	}
}

func TestAMappingThatCannotMeanAnythingIsRefusedByItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "0 YAML documents",
		"kind: mapping\nversion: 1\n":           "m.yaml:2: version is \"1\", and this candor reads version 2",
		of + "cakes\ncolumns: {}\n":             "m.yaml:3: of: \"cakes\" is not a kind of evidence that a mapping makes; it is one of alerts,",
		of + "alerts\n":                         "columns: is missing",
		of + "alerts\ncolumns:\n  rule_id: r\n": "time: is missing; alerts need one",
		of + "alerts\ncolumns:\n  rule_id: r\n  time: {column: t, format: nonsense}\n":                                  "m.yaml:6: time.format: \"nonsense\" is neither auto, unix",
		of + "alerts\ncolumns:\n  rule_id: {column: a, value: b}\n  time: t\n":                                          "one of column, value, filename, first_of and join must be given",
		of + "alerts\ncolumns:\n  rule_id: {first_of: []}\n  time: t\n":                                                 "rule_id.first_of: an empty list",
		of + "alerts\ncolumns:\n  rule_id: {column: a, match: '('}\n  time: t\n":                                        "not a regular expression",
		of + "alerts\ncolumns:\n  rule_id: {column: a, match: '(a)(b)'}\n  time: t\n":                                   "at most one group",
		of + "alerts\ncolumns:\n  rule_id: {column: a, with: x}\n  time: t\n":                                           "rule_id.with",
		of + "alerts\ncolumns:\n  rule_id: {column: a, unit: parsec}\n  time: t\n":                                      "rule_id.unit: \"parsec\" is not one of",
		of + "alerts\ncolumns:\n  rule_id: r\n  time: {column: t, zone: Mars/Base}\n":                                   "not the name of a time zone",
		of + "alerts\nwhere: [{column: a}]\ncolumns: {rule_id: r, time: t}\n":                                           "a condition says is, not, match or has",
		of + "alerts\nwhere: [{is: a}]\ncolumns: {rule_id: r, time: t}\n":                                               "a condition names a column",
		of + "alerts\nwhere: [x]\ncolumns: {rule_id: r, time: t}\n":                                                     "not a condition such as",
		of + "alerts\nencoding: ebcdic\ncolumns: {rule_id: r, time: t}\n":                                               "m.yaml:4: encoding",
		of + "alerts\ndelimiter: '#'\ncolumns: {rule_id: r, time: t}\n":                                                 "not a comma",
		of + "alerts\ndates: backwards\ncolumns: {rule_id: r, time: t}\n":                                               "m.yaml:4: dates: \"backwards\" is not one of day-first and month-first",
		of + "alerts\nzone: Local\ncolumns: {rule_id: r, time: t}\n":                                                    "zone",
		of + "cases\nfields: [a]\ncolumns: {case_id: r, opened: t}\n":                                                   "cases keep no other columns",
		of + "alerts\ncolumns: {rule_id: " + strings.Repeat("{first_of: [", 6) + strings.Repeat("]}", 6) + ", time: t}": "deeper within each other",
	} {
		_, _, err := Decode("m.yaml", []byte(text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s\n%v; want %s", text, err, want)
		}
	}
}

func TestWhatAMappingDoesNotKnowIsTold(t *testing.T) {
	_, warnings, err := Decode("m.yaml", []byte(of+"alerts\ncolour: red\nwhere: [{column: a, is: b, or: c}]\ncolumns:\n  rule_id: {column: r, mtach: x}\n  time: t\n  tiem: t\n"))
	if err != nil || len(warnings) != 4 {
		t.Errorf("%v %v", warnings, err)
	}
}

func TestWhatIsNamedAndIsNotThereIsTold(t *testing.T) {
	m := load(t, of+"alerts\ncolumns: {rule_id: {first_of: [rule.id, rule.name]}, time: t, entity: host}\n")
	got := run(t, m, "x.json", `[{"rule":{"name":"r"},"t":"2026-03-01"}]`)
	if len(got.warnings) != 2 || got.warnings[0] != "no record has host, which m.yaml names" {
		t.Errorf("%v", got.warnings)
	}
	if got := run(t, load(t, of+"alerts\ncolumns: {rule_id: {filename: '^(x)\\.csv$'}, time: t}\n"), "y.csv", "t\n"); fault.KindOf(got.err) != fault.Invalid {
		t.Errorf("%v", got.err)
	}
	if got := run(t, load(t, of+"alerts\nheader: '#fields'\ncolumns: {rule_id: r, time: t}\n"), "y.csv", "t\n"); fault.KindOf(got.err) != fault.Invalid {
		t.Errorf("%v", got.err)
	}
}

func FuzzText(f *testing.F) {
	f.Add(of+"alerts\neach: items\nwhere: [{column: a, has: true}]\ncolumns: {id: {join: [a, $.b]}, rule_id: {first_of: [a, b]}, time: {column: t, format: [unix, excel]}}\nfields: [a]\n", `{"items":[{"a":1,"t":5}],"b":[1,2]}`)
	f.Add(of+"rules\nheader: '#f'\ndelimiter: tab\ncolumns: {rule_id: a, enabled: {column: b, values: {x: 'true'}}, log_sources: {column: b, match: 'x(.)', all: true}}\n", "#f\ta\tb\nq\txyxz\n")
	f.Add(of+"fields\nnames: [a, b]\nskip: 1\nencoding: utf-16le\ncolumns: {source: a, field: b, share: {column: b, unit: percent}}\n", "x\x00\n\x001\x00,\x002\x00\n\x00")
	f.Fuzz(func(t *testing.T, mapping, content string) {
		m, _, err := Decode("m.yaml", []byte(mapping))
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v is not fault.Invalid", err)
			}
			return
		}
		a, b := run(t, m, "f.x", content), run(t, m, "f.x", content)
		if a.text != b.text || a.left != b.left {
			t.Fatal("the same file is read in two ways")
		}
	})
}

func TestEntitiesByType(t *testing.T) {
	for columns, want := range map[string]string{
		"entities: {host: [h, {column: k}], account: {first_of: [upn, user]}}": `"entities":["host:a","host:host:b","account:jdoe"]`,
		"entities: {column: h}":                          `"entities":["a"]`,
		"entities: h":                                    `"entities":["a"]`,
		"entities: {mail: m}":                            "",
		"entity: h\n  entity_type: {value: host}":        `"entity":"a","entity_type":"host"`,
		"entities: {account: {value: x}, address: user}": `"entities":["account:x","address:jdoe"]`,
	} {
		got := run(t, load(t, of+"alerts\ncolumns:\n  id: i\n  rule_id: r\n  time: t\n  "+columns+"\n"), "f.csv", "i,r,t,h,k,user,upn,m\n1,r,2026-03-01,a,host:b,jdoe,,\n")
		if !strings.Contains(got.text, want) || want == "" && strings.Contains(got.text, "entities") || len(got.rejects) > 0 || got.err != nil {
			t.Errorf("%s makes %+v; want %s", columns, got, want)
		}
	}
	for _, wrong := range []string{"entities: {host: {column: a, value: b}}", "entities: {host: []}", "entities: {gizmo: a}"} {
		if _, _, err := Decode("m.yaml", []byte(of+"alerts\ncolumns:\n  rule_id: r\n  time: t\n  "+wrong+"\n")); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "entities") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
