package bulk_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/alert/bulk"
	"candor/internal/alert/tabular"
	"candor/internal/evidence"
)

// readRows reads a table with one of the two readers.
func readRows(alerts func(tabular.Input, *tabular.Mapping) iter.Seq2[*alert.Alert, error], m *tabular.Mapping, text io.Reader) (s said) {
	in := tabular.Input{File: "f_alerts.csv", Text: text,
		Reject: func(r evidence.Reject) { s.Events = append(s.Events, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range alerts(in, m) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Events = append(s.Events, a)
	}
	return s
}

// sameRows checks that both readers say the same of a table.
func sameRows(t interface{ Errorf(string, ...any) }, m *tabular.Mapping, text string) {
	want, got := readRows(tabular.Alerts, m, strings.NewReader(text)), readRows(bulk.Rows, m, strings.NewReader(text))
	if reflect.DeepEqual(want, got) {
		return // what cmp would take a hundred times as long to find of many rows
	}
	if diff := cmp.Diff(want, got); diff != "" {
		if len(text) > 500 {
			text = "... " + text[len(text)-500:]
		}
		t.Errorf("%q: package tabular (-) and package bulk (+) differ:\n%s", text, diff)
	}
}

const (
	rowHead = "id,rule_id,time,entity,disposition\n"
	rowGood = "a,r,2026-03-01,h,open\n"
)

func TestBothReadersReadTheGoldenTablesAlike(t *testing.T) {
	rules, err := os.ReadFile("../tabular/testdata/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mapping, _, err := tabular.DecodeMapping("mapping.yaml", rules)
	if err != nil {
		t.Fatal(err)
	}
	for file, m := range map[string]*tabular.Mapping{"fox_alerts.csv": mapping, "own.csv": tabular.Own()} {
		text, err := os.ReadFile("../tabular/testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, m, string(text))
		head, body, _ := strings.Cut(string(text), "\n")
		sameRows(t, m, head+"\n"+strings.Repeat(body, 3000)) // many blocks
	}
}

func TestBothReadersTreatRowsAlike(t *testing.T) {
	for i, row := range []string{
		"", "\n", "\r\n", "\r", "\r\r\n", "a", "a,r,2026-03-01,h", "a,r,2026-03-01,h,open,x\n", ",r,2026-03-01,h,open\n", "a,r,soon,h,open\n",
		"a,r,2026-03-01,h,open", "a,r,2026-03-01,h,open\r", "a,r,2026-03-01,h,open\r\n", "a,r,2026-03-01,h\xff,open\n", "a,r,2026-03-01,h,maybe\n",
		`"a","r","2026-03-01","h","open"` + "\n", `"a","r","2026-03-01","h, ""x""",""` + "\r\n", "a,r,2026-03-01,\"two\r\nlines\n\",test\n", `a,r,2026-03-01,h,"test"`,
		`a,r,2026-03-01,h,"test"` + "\r", `a,r,2026-03-01,"h",`, `a,r,2026-03-01,"h","`, `a,r,2026-03-01,h"x,test` + "\n", `a,r,2026-03-01,"h"x,test` + "\n",
		`a,r,2026-03-01,"h,test` + "\n", `a,r,2026-03-01,"""",test` + "\n", `a,r,2026-03-01,"" ,test` + "\n", ` "a",r,2026-03-01,h,test` + "\n", `a,r,2026-03-01,"h"` + "\r,test\n",
	} {
		sameRows(t, tabular.Own(), rowHead+row)
		sameRows(t, tabular.Own(), rowHead+rowGood+row+rowGood)
		sameRows(t, tabular.Own(), "\ufeff"+rowHead+row+rowGood)
		if !testing.Short() || i%9 == 0 { // each is many blocks
			sameRows(t, tabular.Own(), rowHead+strings.Repeat(rowGood, 12_000)+row+rowGood)
		}
	}
	for _, text := range []string{"", "\n", "id,rule_id,time", rowHead, "\n" + rowHead + rowGood, `"id",rule_id,time` + "\na,r,2026-03-01\n", "id,id\n", "id,rule_id\na,r\n",
		"rule_id,time\nr,2026-03-01\nr,2026-03-01\n", strings.Replace(rowHead, "\n", "\r\n", 1) + rowGood, rowHead + "a,r,2026-03-01," + strings.Repeat("x", 2<<20) + ",test\n" + rowGood,
		rowHead + rowGood + `a,r,2026-03-01,"` + strings.Repeat("x\n", 3<<20) + rowGood} {
		sameRows(t, tabular.Own(), text)
	}
}

func TestAnErrorOfTheReaderEndsTheRows(t *testing.T) {
	broken := func() io.Reader {
		return iotest.OneByteReader(io.MultiReader(strings.NewReader(rowHead+rowGood+"b,r,2026"), iotest.ErrReader(errors.New("broken"))))
	}
	if diff := cmp.Diff(readRows(tabular.Alerts, tabular.Own(), broken()), readRows(bulk.Rows, tabular.Own(), broken())); diff != "" {
		t.Error(diff)
	}
}

func TestBothReadersReadAnyRowsAlike(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "r", "2026-03-01", "x", "ü", "\xff", `"`, `"`, `""`, ",", ",", ",", "\n", "\n", "\r\n", "\r", " ", "open", rowGood, `"q","r","2026-03-01","h","test"` + "\n"})
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(rt, "pieces"), "")
		sameRows(rt, tabular.Own(), rowHead+text)
	})
}

func FuzzBothReadersReadAnyTableAlike(f *testing.F) {
	text, err := os.ReadFile("../tabular/testdata/own.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(rowHead + rowGood + `"a","r","2026-03-01","h, ""x""","test"` + "\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		sameRows(t, tabular.Own(), text)
		sameRows(t, tabular.Own(), rowHead+text)
	})
}

func BenchmarkRows(b *testing.B) {
	var text strings.Builder
	text.WriteString("id,rule_id,rule_name,time,site,entity,severity,score,source,ip,disposition,disposition_time,disposition_by,provenance\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "%032x,rule-%d,Name of rule %[2]d,2026-05-01T00:00:%02d.000Z,site,host-%d,high,%[2]d,edr,192.0.2.1,benign_positive,2026-05-02T00:00:00Z,ann,analyst\n", i, i%70, i%60, i%2000)
	}
	for name, alerts := range map[string]func(tabular.Input, *tabular.Mapping) iter.Seq2[*alert.Alert, error]{"tabular": tabular.Alerts, "bulk": bulk.Rows} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				n := 0
				for range alerts(tabular.Input{Text: strings.NewReader(text.String()), Reject: func(r evidence.Reject) { b.Error(r) }, Warn: func(string) {}}, tabular.Own()) {
					n++
				}
				if n != 100_000 {
					b.Fatal(n)
				}
			}
		})
	}
}
