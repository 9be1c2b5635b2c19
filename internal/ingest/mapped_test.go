package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/xuri/excelize/v2"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/mapping"
)

// checked is what a check of a file through a mapping says.
func checked(t *testing.T, kind, mapping string, files map[string][]byte, paths ...string) (Check, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := Request{Kind: kind, Paths: paths, Dir: dir}
	if mapping != "" {
		if err := os.WriteFile(filepath.Join(dir, "m.yaml"), []byte(mapping), 0o600); err != nil {
			t.Fatal(err)
		}
		r.Mapping = "m.yaml"
	}
	return NewEvidence(nil, nil, func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }).Check(context.Background(), r)
}

// good are values that the keys of a kind may have.
func good(key string) string {
	values := map[string]string{
		"techniques": "T1059.001", "technique": "T1003", "analytics": "AN1989", "analytic": "AN1989", "disposition": "duplicate", "classification": "test",
		"found_by": "hunt", "outcome": "none", "reliability": "B", "credibility": "2", "score": "0.5", "events": "3", "hosts": "2", "latency_median": "1",
		"latency_p95": "2", "enabled": "true", "status": "ok", "executions": "1", "gap_seconds": "0", "share": "0.5", "provenance": "analyst", "reading": "second",
		"condition": "entity = web", "log_sources": "auditd:SYSCALL|execve", "channel": "execve", "rule_id": "R-1", "tactic": "execution", "severity": "high", "since": "2026-01-01",
	}
	if v, ok := values[key]; ok {
		return v
	}
	for _, t := range []string{"time", "opened", "closed", "occurred", "start", "end", "date", "modified", "until", "expires", "disposition_time"} {
		if key == t {
			return "2026-03-01"
		}
	}
	return "some " + key
}

// TestEveryKeyOfAMappingIsKnownToTheReaderOfItsKind holds the keys of mappings against
// the readers of Candor's own formats: what the one writes the other takes, all of it.
func TestEveryKeyOfAMappingIsKnownToTheReaderOfItsKind(t *testing.T) {
	for _, k := range evidence.Kinds() {
		if slices.Contains(mapping.Kinds(), k.Name) != k.Mapped {
			t.Errorf("%s: a mapping makes it %v, and should %v", k.Name, !k.Mapped, k.Mapped)
		}
	}
	for _, kind := range mapping.Kinds() {
		keys := mapping.Keys(kind)
		var m strings.Builder
		fmt.Fprintf(&m, "kind: mapping\nversion: 2\nof: %s\ncolumns:\n", kind)
		var cells []string
		for _, k := range keys {
			fmt.Fprintf(&m, "  %s: c_%s\n", k, k)
			if cells = append(cells, good(k)); kind+" "+k == "exercises provenance" {
				cells[len(cells)-1] = "replay"
			}
		}
		table := "c_" + strings.Join(keys, ",c_") + "\n" + strings.Join(cells, ",") + "\n"
		c, err := checked(t, kind, m.String(), map[string][]byte{"x.csv": []byte(table)}, "x.csv")
		if err != nil || c.Good != 1 || c.Rejected != 0 {
			t.Errorf("%s: %+v %v", kind, c, err)
		}
		for _, w := range c.Warnings {
			if strings.Contains(w, "not known") && !strings.Contains(w, "names") && !strings.Contains(w, "no imported release") {
				t.Errorf("%s: %s", kind, w)
			}
		}
	}
}

func TestARejectOfWhatAMappingMadeIsToldOfTheFile(t *testing.T) {
	m := "kind: mapping\nversion: 2\nof: exercises\nwhere: [{column: kind, is: test}]\ncolumns: {technique: att, test: name, time: at, outcome: {column: res, values: {hit: alerted}}}\n"
	c, err := checked(t, "exercises", m, map[string][]byte{"x.csv": []byte("kind,att,name,at,res\nnote,,,,\ntest,T1003,a,2026-03-01,hit\ntest,T1003,b,2026-03-01,maybe\ntest,T1003,c,soon,hit\n")}, "x.csv")
	if err != nil || c.Good != 1 || c.Rejected != 2 || c.LeftOut != 1 || c.Read != 3 || c.Format != "mapped" {
		t.Fatalf("%+v %v", c, err)
	}
	var told []string
	for _, r := range c.Rejects {
		told = append(told, fmt.Sprintf("%d %s %s", r.Line, r.Field, r.Value))
	}
	slices.Sort(told)
	if fmt.Sprint(told) != "[4 res maybe 5 at soon]" {
		t.Errorf("%q", told)
	}
}

func TestTheOrderOfDayAndMonthIsThatOfTheFile(t *testing.T) {
	const m = "kind: mapping\nversion: 2\nof: feeds\ncolumns: {date: d, source: s, events: n, hosts: n}\n"
	c, err := checked(t, "feeds", m, map[string][]byte{"x.csv": []byte("d,s,n\n3/11/2026,a,1\n13/11/2026,a,1\n")}, "x.csv")
	if err != nil || c.Good != 2 || c.First.Format(time.DateOnly) != "2026-11-03" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := checked(t, "feeds", m, map[string][]byte{"x.csv": []byte("d,s,n\n3/11/2026,a,1\n")}, "x.csv"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	if c, err := checked(t, "feeds", m+"dates: day-first\n", map[string][]byte{"x.csv": []byte("d,s,n\n3/11/2026,a,1\n")}, "x.csv"); err != nil || c.First.Format(time.DateOnly) != "2026-11-03" {
		t.Errorf("%+v %v", c, err)
	}
}

// TestTheOrderIsFoundHoweverFarBehind puts the one date that tells it behind what a format is
// told by, in every kind of file of alerts, mapped or not.
func TestTheOrderIsFoundHoweverFarBehind(t *testing.T) {
	lines := func(form string, dates ...string) []byte {
		var b strings.Builder
		for i := range 1500 {
			fmt.Fprintf(&b, form, i, "2026-03-01T10:00:00Z")
		}
		for i, d := range dates {
			fmt.Fprintf(&b, form, 9000+i, d)
		}
		return []byte(b.String())
	}
	const csv, object = "a%d,r,%s,and some text\n", `{"id":"a%d","rule_id":"r","time":"%s","text":"and more"}`
	for name, of := range map[string]struct{ head, form, mapping string }{
		"f.csv": {"id,rule_id,time,text\n", csv, ""}, "m.csv": {"id,rule_id,time,text\n", csv, "kind: alert-mapping\nversion: 1\ncolumns: {id: id, rule_id: rule_id, time: time}\n"},
		"f.jsonl": {"", object + "\n", ""}, "f.json": {"", "[" + object + "]\n", ""},
		"m1.jsonl": {"", object + "\n", "kind: alert-mapping\nversion: 1\ncolumns: {id: id, rule_id: rule_id, time: time}\n"},
		"m2.jsonl": {"", object + "\n", "kind: mapping\nversion: 2\nof: alerts\ncolumns: {id: id, rule_id: rule_id, time: time}\n"},
	} {
		read := func(dates ...string) (Check, error) {
			text := lines(of.form, dates...)
			if name == "f.json" {
				text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("]\n["), []byte(",\n")), []byte("]\n"), []byte("]"))
			}
			return checked(t, evidence.Alerts, of.mapping, map[string][]byte{name: append([]byte(of.head), text...)}, name)
		}
		c, err := read("3/11/2026 10:00", "13/11/2026 10:00")
		if err != nil || c.Last.Format(time.DateOnly) != "2026-11-13" || c.Rejected != 0 {
			t.Errorf("%s: %d rejected, up to %v, %v", name, c.Rejected, c.Last, err)
		}
		if _, err = read("3/11/2026 10:00", "13/11/2026 10:00", "11/14/2026 10:00"); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "two orders") || !strings.Contains(err.Error(), "(line 150") {
			t.Errorf("%s: two orders: %v", name, err)
		}
		if _, err = read("3/11/2026 10:00"); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "cannot be told") {
			t.Errorf("%s: none is told: %v", name, err)
		}
	}
}

func TestAMappingIsOfTheKindThatIsAdded(t *testing.T) {
	m := "kind: mapping\nversion: 2\nof: fields\ncolumns: {source: a, field: b, share: c}\n"
	file := map[string][]byte{"x.csv": []byte("a,b,c\nx,y,1\n")}
	if _, err := checked(t, "feeds", m, file, "x.csv"); fault.KindOf(err) != fault.Usage {
		t.Errorf("%v", err)
	}
	if _, err := checked(t, "feeds", "kind: alert-mapping\nversion: 1\ncolumns: {rule_id: a, time: b}\n", file, "x.csv"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	if _, err := checked(t, "runbooks", m, file, "x.csv"); fault.KindOf(err) != fault.Usage {
		t.Errorf("%v", err)
	}
}

// TestPackedFilesAreReadAsTheirText adds the same records in every packing.
func TestPackedFilesAreReadAsTheirText(t *testing.T) {
	const alerts = "id,rule_id,time\n1,r,2026-03-01T10:00:00Z\n2,r,2026-03-01T11:00:00Z\n"
	const feeds = "date,source,channel,events,hosts\n2026-03-01,a,b,1,1\n2026-03-02,a,b,1,1\n"
	for kind, text := range map[string]string{"alerts": alerts, "feeds": feeds} {
		halves := strings.SplitAfterN(text, "\n", 3)
		for name, data := range map[string][]byte{
			"x.csv.zst": zst(t, text), "x.zip": zipped(t, map[string]string{"d/1.csv": halves[0] + halves[1], "2.csv": halves[0] + halves[2], "readme.txt": "no", ".hidden.csv": "no"}),
			"x.xlsx": book(t, text), "wide.csv": wide(text), "wide.csv.zst": zst(t, string(wide(text))),
		} {
			c, err := checked(t, kind, "", map[string][]byte{name: data}, name)
			if err != nil || c.Good != 2 || c.Rejected != 0 {
				t.Errorf("%s in %s: %+v %v", kind, name, c, err)
			}
			r := Request{Paths: []string{name}, Dir: t.TempDir()}
			if err := os.WriteFile(filepath.Join(r.Dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := r.KindOf(); err != nil || got != kind {
				t.Errorf("%s in %s is told as %q, %v", kind, name, got, err)
			}
		}
	}
}

func TestWhatIsDamagedOrHoldsNothingIsInvalid(t *testing.T) {
	good := zipped(t, map[string]string{"a.csv": "id,rule_id,time\n1,r,2026-03-01T10:00:00Z\n"})
	bad := bytes.Replace(good, []byte("PK\x01\x02"), []byte("PK\x09\x09"), 1)
	for name, data := range map[string][]byte{"cut.zip": good[:40], "bad.zip": bad, "none.zip": zipped(t, map[string]string{"a.txt": "x"}), "cut.csv.zst": zst(t, strings.Repeat("id,rule_id,time\n", 50))[:12]} {
		for _, kind := range []string{"alerts", "feeds"} {
			if _, err := checked(t, kind, "", map[string][]byte{name: data}, name); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
	}
}

func zst(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(text))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func book(t *testing.T, text string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		for j, cell := range strings.Split(line, ",") {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if err := f.SetCellValue("Sheet1", at, cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wide is text in UTF-16 with its mark.
func wide(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, c := range []byte(text) {
		out = append(out, c, 0)
	}
	return out
}

func TestAProposedMappingShowsWhatWouldLand(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("Alert,Signature,When,Host,Verdict\n")
	for i := range 30 {
		fmt.Fprintf(&rows, "%d,Odd logon,2026-03-%02d 10:00:00,web-%d,FP\n", i, i%28+1, i%3)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.csv"), []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r := Request{Kind: "alerts", Paths: []string{"x.csv"}, Dir: dir}
	p, err := r.Propose(context.Background())
	if err != nil || len(p.Missing) != 0 || p.Good != 30 {
		t.Fatalf("%+v %v", p, err)
	}
	fixed := strings.Replace(p.Text, "rule_id: Signature", "rule_id: {value: R-1}", 1)
	if err := os.WriteFile(filepath.Join(dir, "m.yaml"), []byte(fixed), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Mapping = "m.yaml"
	p, err = r.Propose(context.Background())
	if err != nil || p.Good != 30 || len(p.Shown) != 10 || p.Shown[0]["rule_id"] != "R-1" || p.Shown[0]["disposition"] != "false_positive" {
		t.Errorf("%+v %v", p, err)
	}
}
