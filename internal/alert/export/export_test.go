package export

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// simple is a product whose records are almost Candor's own.
func simple(in Input) iter.Seq2[*alert.Alert, error] {
	return Alerts(in, Format{Table: true, Names: map[string]string{"rule_id": "the.rule"}, Read: func(r *Record) []alert.Draft {
		if r.Text("skip") != "" {
			r.Note("records to skip were skipped")
			return nil
		}
		return []alert.Draft{{ID: r.Text("id"), RuleID: r.Text("the.rule", "rule"), Time: r.Text("time"), Fields: r.Fields("id", "the", "rule", "time")}}
	}})
}

// read returns the ids of the alerts with the lines of the rejects, and the rest
// of what was said.
func read(text string) (ids, rejects, warnings []string, err error) {
	in := Input{File: "f", Text: strings.NewReader(text),
		Reject: func(r evidence.Reject) { rejects = append(rejects, r.String()) },
		Warn:   func(w string) { warnings = append(warnings, w) }}
	for a, e := range simple(in) {
		if e != nil {
			err = e
			continue
		}
		ids = append(ids, a.ID)
	}
	return ids, rejects, warnings, err
}

func record(id string) string { return `{"id":"` + id + `","rule":"r","time":"2026-03-01"}` }

func TestRecordsAreFoundHoweverTheyAreWrapped(t *testing.T) {
	a, b := record("a"), record("b")
	for _, text := range []string{
		a + "\n" + b, a + "\n\n" + b + "\n", a + "\r\n" + b + "\r\n", "\ufeff" + a + "\n" + b,
		"[" + a + "," + b + "]", " [\n" + a + ",\n" + b + "\n]\n", "[" + a + "]\n[" + b + "]",
		`{"@odata.context":"x","value":[` + a + "," + b + `],"@odata.nextLink":{"value":[1]}}`,
		`{"value":[` + a + "]}\n" + `{"value":[` + b + "]}",
		`{"took":1,"hits":{"total":{"value":2},"hits":[` + a + "," + b + `],"max":null},"aggregations":{"x":[1,2]}}`,
		`{"preview":false,"results":[` + a + "," + b + `]}`, `{"Findings":[` + a + "," + b + `],"NextToken":"x"}`,
		`{"tables":[{"name":"PrimaryResult","columns":[{"name":"id","type":"string"},{"name":"rule","type":"string"},{"name":"time","type":"datetime"}],` +
			`"rows":[["a","r","2026-03-01"],["b","r","2026-03-01"]]}]}`,
		`{"Tables":[{"TableName":"T","Columns":[{"ColumnName":"x"}],"Rows":[]},{"TableName":"T","Columns":[{"ColumnName":"id"},{"ColumnName":"rule"},` +
			`{"ColumnName":"time"},{"ColumnName":"skip"}],"Rows":[["a","r","2026-03-01",null],["b","r","2026-03-01",""]]}]}`,
		`{"preview":false,"fields":["id","rule","time"],"rows":[["a","r","2026-03-01"],["b","r","2026-03-01"]]}`,
		`{"took":5,"columns":[{"name":"id","type":"keyword"},{"name":"the.rule","type":"keyword"},{"name":"time","type":"date"}],` +
			`"values":[["a","r","2026-03-01"],` + "\n" + `["b",["r"],"2026-03-01"]]}`,
		strings.ReplaceAll(a, ",", ",\n") + "\n" + strings.ReplaceAll(b, ",", ",\n"),
		"id,rule,time\na,r,2026-03-01\nb,r,2026-03-01\n",
	} {
		ids, rejects, warnings, err := read(text)
		if strings.Join(ids, "") != "ab" || rejects != nil || warnings != nil || err != nil {
			t.Errorf("%q: ids %q, rejects %q, warnings %q, %v", text, ids, rejects, warnings, err)
		}
	}
}

func TestABrokenRecordDoesNotKeepTheOthersOut(t *testing.T) {
	a, b := record("a"), record("b")
	for text, want := range map[string]string{
		a + "\n{\"id\":\n" + b:                            "f:2: the record is not JSON at /id: unexpected EOF",
		a + "\n" + b + "\n{\"id\":":                       "f:3: the record is not JSON at /id: unexpected EOF",
		"{\"id\":x}\n" + a + "\n" + b:                     `f:1: the record is not JSON at /id: invalid character 'x' at start of value`,
		"\n\n{hello\n" + a + "\n" + b:                     `f:3: the record is not JSON: invalid character 'h' at start of value`,
		a + "\n[1]\n" + b:                                 "f:2: the record is JSON, but not an object",
		"[" + a + ",\n7,\n" + b + "]":                     "f:2: the record is JSON, but not an object",
		"[" + a + ",\n{\"x\":1,\"x\":2},\n" + b + "]":     "f:2: the record is not JSON at /x: duplicate object member name",
		"{\"x\":1,\"x\":2}\n" + a + "\n" + b:              "f:1: the key x is there twice",
		"[\n" + a + ",\n\n{\"id\":\"c\"},\n" + b + "]":    "f:4: the.rule: is missing or empty",
		a + "\n" + b + "\n{\"id\":\"c\",\"rule\":\"r\"}":  "f:3: time: is missing or empty",
		"id,rule,time\na,r,2026-03-01\nx\nb,r,2026-03-01": `f:3: "x": the row has 1 cell, the header 3`,
		"[" + a + ",{\"id\":\"\xff\"}," + b + "]":         "f:1: the record is not JSON at /id: invalid UTF-8",
	} {
		ids, rejects, _, err := read(text)
		if strings.Join(ids, "") != "ab" || len(rejects) != 1 || rejects[0] != want || err != nil {
			t.Errorf("%q: ids %q, rejects %q, %v; want %q", text, ids, rejects, err, want)
		}
	}
}

func TestARowThatIsNoneDoesNotKeepTheOthersOut(t *testing.T) {
	const head = `{"tables":[7,{"columns":[{"name":"id"},{"name":"rule"},{"name":"time"}],"rows":[` + "\n"
	ids, rejects, _, err := read(head + `["a","r"],` + "\n" + `"x",` + "\n" + `["b","r",{"k":1,"k":2}],` + "\n" + `["c","r","2026-03-01"]]}]}`)
	want := []string{"f:2: the row is no list of 3 values", "f:3: the row is no list of 3 values", "f:4: the record is not JSON at /2/k"}
	if err != nil || strings.Join(ids, " ") != "c" || len(rejects) != len(want) {
		t.Fatalf("ids %v, rejects %q, %v", ids, rejects, err)
	}
	for i, w := range want {
		if !strings.HasPrefix(rejects[i], w) {
			t.Errorf("%q does not begin with %q", rejects[i], w)
		}
	}
}

func TestRowsWithoutColumnsAreAMember(t *testing.T) {
	for _, more := range []string{`"rows":[[1]]`, `"columns":[[1]],"rows":[[1]]`, `"columns":[{"x":1}],"values":[["a"]]`, `"fields":{"id":"y"},"rows":[["a"]]`} {
		ids, rejects, _, err := read(`{"id":"a","rule":"r","time":"2026-03-01",` + more + `}`)
		if err != nil || len(rejects) > 0 || strings.Join(ids, " ") != "a" {
			t.Errorf("%s: ids %v, rejects %q, %v", more, ids, rejects, err)
		}
	}
}

func TestColumnsAreThoseOfTheirOwnObject(t *testing.T) {
	ids, rejects, _, err := read(`{"id":"a","rule":"r","time":"2026-03-01","columns":["x"],` + "\n" + `"y":1}` + "\n" + `{"id":"b","rule":"r","time":"2026-03-01","rows":[["z"]],` + "\n" + `"y":1}`)
	if err != nil || len(rejects) > 0 || strings.Join(ids, " ") != "a b" {
		t.Errorf("ids %v, rejects %q, %v", ids, rejects, err)
	}
}

func TestWhatCannotBeReadOnIsInvalidAndSaysWhere(t *testing.T) {
	a := record("a")
	for text, want := range map[string]string{
		"[" + a + ",\n{\"id\":x}]":                        "f:2:",
		"[" + a + ",\n":                                   "f:2:",
		"{\"value\":[" + a + "]":                          "f:1:",
		strings.ReplaceAll(a, ",", ",\n") + "\n{\n\"id\"": "f:5:",
		"{\n\"id\":x}":                                    "f:2:",
	} {
		_, _, _, err := read(text)
		if fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), want) || fault.HintOf(err) == "" {
			t.Errorf("%q: %v, want fault.Invalid at %s", text, err, want)
		}
	}
}

func TestAReadersErrorIsReturned(t *testing.T) {
	gone := errors.New("disk gone")
	for _, text := range []string{"", "[" + record("a"), record("a"), record("a") + "\n" + record("b"), "id,rule,time\na,r,2026-03-01\n"} {
		in := Input{File: "f", Text: io.MultiReader(strings.NewReader(text), failing{gone}), Reject: func(evidence.Reject) {}, Warn: func(string) {}}
		var last error
		for _, err := range simple(in) {
			last = err
		}
		if !errors.Is(last, gone) {
			t.Errorf("%q: %v", text, last)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestARecordThatIsTooLongIsRefused(t *testing.T) {
	long := `{"id":"` + strings.Repeat("x", 2*MaxRecord) + `"}`
	ids, rejects, _, err := read(record("a") + "\n" + long + "\n" + record("b"))
	if strings.Join(ids, "") != "ab" || len(rejects) != 1 || !strings.HasPrefix(rejects[0], "f:2: a record is longer") || err != nil {
		t.Errorf("lines: ids %q, rejects %q, %v", ids, rejects, err)
	}
	if _, _, _, err = read("[" + record("a") + "," + long + "]"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("list: %v", err)
	}
}

func TestNotesAreToldOnceWithTheirCount(t *testing.T) {
	_, _, warnings, err := read(`[{"skip":1},{"skip":2},` + record("a") + `]`)
	if d := cmp.Diff([]string{"records to skip were skipped (2 records)"}, warnings); d != "" || err != nil {
		t.Error(d, err)
	}
	n := notes{}
	for i := range maxNotes + 3 {
		n.add(fmt.Sprint(i))
	}
	var told []string
	n.tell(func(w string) { told = append(told, w) })
	if len(told) != maxNotes+1 || told[maxNotes] != "other notes were left out (3 records)" {
		t.Errorf("%d notes, the last %q", len(told), told[len(told)-1])
	}
}

func TestValuesAreFoundByTheirPath(t *testing.T) {
	v, _, err := parse([]byte(`{"a.b":{"c":["x","",["y"]]},"a":{"b.c":3,"b":{"c":true,"d":null}},"list":[{"n":"1"},{"n":"2"},7]}`))
	if err != nil {
		t.Fatal(err)
	}
	o, _ := v.Object()
	if d := cmp.Diff([]string{"3", "true", "x", "y"}, sorted(o.Texts("a.b.c"))); d != "" {
		t.Error(d)
	}
	if got := o.Text("no", "list.n"); got != "1" {
		t.Errorf("%q", got)
	}
	if got := o.Objects("list"); len(got) != 2 || got[1].Text("n") != "2" {
		t.Errorf("%v", got)
	}
	if got := (Object{{"a", TextValue(" x\n\n y\nx")}}).Texts("a"); strings.Join(got, "|") != "x|y" {
		t.Errorf("%q", got)
	}
}

func sorted(s []string) []string {
	for i := range s {
		for j := i; j > 0 && s[j] < s[j-1]; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
	return s
}

func TestFieldsAreKeptUnderTheirPathsWithinBounds(t *testing.T) {
	v, _, err := parse(fmt.Appendf(nil, `{"id":"x","idle":"kept","a":{"b":["1",{"c":"2"},"3"],"long":%q}}`, strings.Repeat("x", maxField+1)))
	o, is := v.Object()
	if err != nil || !is {
		t.Fatal(err)
	}
	r := &Record{Object: o, notes: &notes{}}
	if d := cmp.Diff(map[string]string{"idle": "kept", "a.b": "1;3", "a.b.c": "2"}, r.Fields("id")); d != "" {
		t.Error(d)
	}
	if len(r.notes.texts) != 1 {
		t.Errorf("notes %q", r.notes.texts)
	}
	many := Object{}
	for i := range maxFields + 10 {
		many = append(many, Member{fmt.Sprint("f", i), TextValue("v")})
	}
	for _, p := range []*plans{nil, {}} {
		r := &Record{Object: many, notes: &notes{}, plans: p}
		if got := r.Fields(); len(got) != maxFields || got["f99"] != "" || got["f0"] == "" || len(r.notes.texts) != 1 {
			t.Errorf("%d fields, notes %q", len(got), r.notes.texts)
		}
	}
}

// endless is a list of records that is made while it is read.
type endless struct {
	left int
	buf  string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.buf == "" {
		switch e.left--; {
		case e.left > 0:
			e.buf = strings.Repeat(record("a")+",", 100)
		case e.left == 0:
			e.buf = record("z") + "]}"
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, e.buf)
	e.buf = e.buf[n:]
	return n, nil
}

func TestAnEnvelopeOfAnySizeIsStreamed(t *testing.T) {
	n := 0
	var peak, before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	in := Input{File: "f", Text: io.MultiReader(strings.NewReader(`{"value":[`), &endless{left: 5000}), Reject: func(r evidence.Reject) { t.Error(r) }, Warn: func(string) {}}
	for _, err := range simple(in) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 400_000 {
			runtime.GC()
			runtime.ReadMemStats(&peak)
		}
	}
	if held := int64(peak.HeapAlloc) - int64(before.HeapAlloc); n != 499_901 || held > 12<<20 {
		t.Errorf("%d records of about 20 MB, %d bytes held", n, held)
	}
}

func FuzzAlerts(f *testing.F) {
	a := record("a")
	for _, text := range []string{a, "[" + a + "]", `{"value":[` + a + `]}`, `{"hits":{"hits":[` + a + `]}}`, a + "\n{x\n" + a, "id,rule,time\na,r,2026-03-01\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := Input{File: "f", Text: strings.NewReader(text), Warn: func(string) {}, Reject: func(r evidence.Reject) {
			if lines := strings.Count(text, "\n") + 1; r.Line < 1 || r.Line > lines || r.Reason == "" {
				t.Fatalf("reject %+v of a text of %d lines", r, lines)
			}
		}}
		for a, err := range simple(in) {
			if err == nil && (a.ID == "" || a.RuleID == "" || a.Time.IsZero()) {
				t.Fatalf("an alert without id, rule or time: %+v", a)
			}
			if err != nil && fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v is not fault.Invalid", err)
			}
		}
	})
}
