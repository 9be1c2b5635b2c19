package decode

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/fault"
)

func TestIDsAsATTACKWritesThem(t *testing.T) {
	for s, want := range map[string]bool{
		"T1059": true, "T1059.001": true, "T10590": true, "t1059": false, "T1059.1": false, "T1059.0001": false,
		"T105": false, "T1059.": false, "TA0001": false, "": false, "T": false, "T١٢٣٤": false,
	} {
		if got := TechniqueID(s); got != want {
			t.Errorf("TechniqueID(%q) = %v", s, got)
		}
	}
	if !ID("AN", "AN1989") || ID("AN", "DET1989") || ID("AN", "AN19x9") || ID("AN", "AN198") {
		t.Error("ID takes what is no analytic, or refuses one that is")
	}
}

func TestTimesWithoutZoneAreUTC(t *testing.T) {
	for s, want := range map[string]time.Time{
		"2026-03-01":                time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"2026-03-01 12:30":          time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC),
		"2026-03-01T12:30:05":       time.Date(2026, 3, 1, 12, 30, 5, 0, time.UTC),
		"2026-03-01T12:30:05.5Z":    time.Date(2026, 3, 1, 12, 30, 5, 5e8, time.UTC),
		"2026-03-01T12:30:05+02:00": time.Date(2026, 3, 1, 10, 30, 5, 0, time.UTC),
	} {
		if got, ok := Time(s); !ok || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("Time(%q) = %v, %v; want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "noon", "1969-12-31", "2262-01-01", "2026-02-30", "12:30"} {
		if got, ok := Time(s); ok {
			t.Errorf("Time(%q) = %v, want none", s, got)
		}
	}
}

func TestListsAreJoinedBySemicolons(t *testing.T) {
	if d := cmp.Diff([]string{"a", "b c"}, List(" a ;; b c ;")); d != "" {
		t.Error(d)
	}
}

// rows reads a table as lines of "line: cells" and "line: reason".
func rows(t *testing.T, text string) (lines []string, header []string) {
	t.Helper()
	table, err := NewTable("f.csv", strings.NewReader(text), ',')
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := table.Next()
		if err == io.EOF {
			return lines, table.Header()
		}
		if err != nil {
			t.Fatal(err)
		}
		if r, bad := row.Bad(); bad {
			lines = append(lines, r.String())
			continue
		}
		lines = append(lines, strings.Join(row.Cells, "|"))
	}
}

func TestTablesAreReadAsMeant(t *testing.T) {
	got, header := rows(t, "\ufeffA, b \r\n1,2\r\n\r\n\"x\ny\",\"a \"\"q\"\"\"\n1\n1,2,3\n\xff,2\na\"b,2\n\"z\",9")
	want := []string{
		"1|2", "x\ny|a \"q\"",
		`f.csv:6: "1": the row has 1 cell, the header 2`,
		`f.csv:7: "1,2,3": the row has 3 cells, the header 2`,
		"f.csv:8: A: \"\ufffd\": not UTF-8",
		`f.csv:9: the row is not delimited text: bare " in non-quoted-field`,
		"z|9",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff([]string{"a", "b"}, header); d != "" {
		t.Errorf("header: %s", d)
	}
}

func TestATableNeedsAHeader(t *testing.T) {
	for _, text := range []string{"", "\ufeff", "a,A\n", "\"a\n"} {
		if _, err := NewTable("f.csv", strings.NewReader(text), ','); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want fault.Invalid", text, err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("disk gone") }

func TestAReadersErrorIsReturned(t *testing.T) {
	table, err := NewTable("f.csv", io.MultiReader(strings.NewReader("a\n1\n"), failing{}), ',')
	if err != nil {
		t.Fatal(err)
	}
	if _, err = table.Next(); err == nil {
		_, err = table.Next()
	}
	if err == nil || !strings.Contains(err.Error(), "disk gone") {
		t.Errorf("%v", err)
	}
}

func TestYAMLErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: [x\nc: 2\n": "f.yaml:2", "a: 1\n b: 2\n": "f.yaml:2", "a: 1\nb: 'x\n": "f.yaml:2", "a: 1\nb: @x\n": "f.yaml:2",
		"\ttitle: x\n": "f.yaml:1", "a: b: c\n": "f.yaml:1", "a: @x\n": "f.yaml:1", "a: [b\n": "f.yaml:2", "a: \x01\n": "f.yaml",
	} {
		_, err := Documents("f.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want+": not YAML") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestDocumentsBeforeABrokenOneAreKept(t *testing.T) {
	docs, err := Documents("f.yaml", []byte("a: 1\n---\n---\nb: 2\n---\nc: [\n"))
	if err == nil || len(docs) != 2 {
		t.Errorf("%d documents, %v; want two and an error", len(docs), err)
	}
}

func FuzzDocuments(f *testing.F) {
	f.Add([]byte("a: &x [1, *x]\n---\n? b\n: {<<: *x}\n"))
	f.Add([]byte("- - - a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, _ := Documents("f.yaml", data)
		for _, d := range docs {
			m, ok := NewMap("f.yaml", d)
			if !ok {
				continue
			}
			for _, k := range m.Keys() {
				m.String(k)
				m.Strings(k)
				m.Map(k)
				m.Maps(k)
			}
			if len(m.Unknown()) != 0 {
				t.Fatal("a key that was asked for is reported as unknown")
			}
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add("a,b\n1,2\n\"x\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := NewTable("f.csv", strings.NewReader(text), ',')
		for err == nil {
			var row Row
			if row, err = table.Next(); err == nil {
				if _, bad := row.Bad(); !bad && len(row.Cells) != len(table.Header()) {
					t.Fatalf("a good row of %d cells under a header of %d", len(row.Cells), len(table.Header()))
				}
			}
		}
	})
}
