package excerpt_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"candor/internal/attack"
	"candor/internal/excerpt"
	"candor/internal/fault"
	"candor/internal/inert"
	"candor/internal/ingest"
	"candor/internal/library"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

var update = flag.Bool("update", false, "write the golden files")

// shelf returns a service over a library with the bundles at paths.
func shelf(t *testing.T, paths ...string) *excerpt.Service {
	t.Helper()
	lib, err := sqlite.OpenLibrary(t.Context(), filepath.Join(t.TempDir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lib.Close() })
	for _, path := range paths {
		if _, err := ingest.NewBundles(lib).Import(t.Context(), ingest.BundleRequest{Source: path, Domain: "enterprise-attack", Release: "90.0", Now: time.Unix(0, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	return &excerpt.Service{Store: lib, Library: library.New(lib), Program: "candor test"}
}

func of(t *testing.T, s *excerpt.Service, a excerpt.Asked) *excerpt.Excerpt {
	t.Helper()
	e, err := s.Of(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// written returns what a form is written as.
func written(t *testing.T, write func(b *bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs (%v): -update writes it\n%s", name, err, got)
	}
}

type bundle struct {
	ID          string            `json:"id"`
	SpecVersion string            `json:"spec_version"`
	Objects     []json.RawMessage `json:"objects"`
}

func read(t *testing.T, b []byte) (v bundle) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return v
}

const strange = "testdata/strange.json"

func TestAWholeReleaseIsHandedOutByteForByte(t *testing.T) {
	s := shelf(t, strange)
	b := written(t, func(b *bytes.Buffer) error { return s.STIX(context.Background(), of(t, s, excerpt.Asked{}), b) })
	file, err := os.ReadFile(strange)
	if err != nil {
		t.Fatal(err)
	}
	got, want := read(t, b), read(t, file)
	if !slices.EqualFunc(got.Objects, want.Objects, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		t.Errorf("the objects are not those of the file, byte for byte:\n%s", b)
	}
	// And back: as many objects, with the same bytes, the repeated id included.
	path := filepath.Join(t.TempDir(), "b.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	again := shelf(t, path)
	e := of(t, again, excerpt.Asked{})
	if e.Objects != len(want.Objects) || e.Objects != e.Release.Objects || !e.Whole {
		t.Errorf("read again it has %d objects of %d", e.Objects, len(want.Objects))
	}
	if b2 := written(t, func(b *bytes.Buffer) error { return again.STIX(context.Background(), e, b) }); read(t, b2).ID == read(t, b).ID {
		t.Error("excerpts of two files have one id")
	} else if x, y := b2[bytes.Index(b2, []byte("objects")):], b[bytes.Index(b, []byte("objects")):]; !bytes.Equal(x, y) {
		t.Errorf("handed out again it is another:\n%s", x)
	}
}

func TestAChoiceBringsWhatItRefersTo(t *testing.T) {
	s := shelf(t, strange)
	for _, c := range []struct {
		ask          excerpt.Asked
		chosen       int
		have, havent []string
	}{
		{excerpt.Asked{IDs: []string{"G9001"}}, 1,
			[]string{"intrusion-set--1", "relationship--uses", "attack-pattern--2", "relationship--sub", "attack-pattern--1", "x-mitre-tactic--1", "identity--1", "marking-definition--1"},
			[]string{"x-mitre-detection-strategy--1", "x-mitre-collection--1", "tool--1"}},
		{excerpt.Asked{IDs: []string{"AN9001"}}, 1,
			[]string{"x-mitre-analytic--1", "x-mitre-detection-strategy--1", "relationship--detects", "attack-pattern--2", "x-mitre-data-component--1", "x-mitre-tactic--1"},
			[]string{"intrusion-set--1"}},
		{excerpt.Asked{IDs: []string{"AN9001"}, Alone: true}, 1, []string{"x-mitre-analytic--1"}, []string{"x-mitre-detection-strategy--1", "identity--1"}},
		{excerpt.Asked{IDs: []string{"S9001"}}, 2, []string{"tool--1", "identity--1"}, []string{"intrusion-set--1"}}, // the id that is there twice
		{excerpt.Asked{Where: store.Query{Kinds: []attack.Kind{attack.KindGroup}}}, 1, []string{"intrusion-set--1"}, nil},
		{excerpt.Asked{IDs: []string{"identity--1"}}, 1, []string{"identity--1"}, []string{"intrusion-set--1"}},
		{excerpt.Asked{IDs: []string{"relationship--uses"}}, 1, []string{"intrusion-set--1", "attack-pattern--2"}, nil},
		{excerpt.Asked{IDs: []string{"T9000"}}, 1, []string{"attack-pattern--0", "relationship--revoked", "attack-pattern--1"}, nil},
	} {
		e := of(t, s, c.ask)
		if e.Chosen != c.chosen || e.Whole {
			t.Errorf("%+v: %d chosen, want %d", c.ask, e.Chosen, c.chosen)
		}
		for _, id := range c.have {
			if !e.Has(id) {
				t.Errorf("%+v lacks %s", c.ask, id)
			}
		}
		for _, id := range c.havent {
			if e.Has(id) {
				t.Errorf("%+v has %s", c.ask, id)
			}
		}
		b := written(t, func(b *bytes.Buffer) error { return s.STIX(context.Background(), e, b) })
		if n := len(read(t, b).Objects); n != e.Objects {
			t.Errorf("%+v: %d objects written, %d said", c.ask, n, e.Objects)
		}
		if !c.ask.Alone {
			closed(t, b)
		}
	}
}

// closed fails for a reference to an object of the release that the bundle lacks.
func closed(t *testing.T, b []byte) {
	t.Helper()
	file, err := os.ReadFile(strange)
	if err != nil {
		t.Fatal(err)
	}
	has := func(b []byte, id string) bool {
		for _, o := range read(t, b).Objects {
			var v struct{ ID string }
			if json.Unmarshal(o, &v) == nil && v.ID == id {
				return true
			}
		}
		return false
	}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				walk(k, x)
			}
		case []any:
			for _, x := range v {
				walk(key, x)
			}
		case string:
			if (strings.HasSuffix(key, "_ref") || strings.HasSuffix(key, "_refs")) && has(file, v) && !has(b, v) {
				t.Errorf("%s leads to %s, which is left out", key, v)
			}
		}
	}
	for _, o := range read(t, b).Objects {
		var v any
		if err := json.Unmarshal(o, &v); err != nil {
			t.Fatal(err)
		}
		walk("", v)
	}
}

func TestWhatNothingFitsIsRefused(t *testing.T) {
	s := shelf(t, strange)
	for _, a := range []excerpt.Asked{
		{IDs: []string{"T9999"}}, {Where: store.Query{Kinds: []attack.Kind{attack.KindCampaign}}}, {Release: attack.ReleaseRef{Version: "1.0"}},
	} {
		if _, err := s.Of(t.Context(), a); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if err := s.CSV(t.Context(), of(t, s, excerpt.Asked{}), "x", &bytes.Buffer{}); fault.KindOf(err) != fault.Usage {
		t.Errorf("%v", err)
	}
}

func TestTablesAsTheGoldenFilesSay(t *testing.T) {
	s := shelf(t, strange)
	e := of(t, s, excerpt.Asked{})
	counts := map[string]int{excerpt.Objects: e.Objects - 4, excerpt.Relations: 4 + 4} // relationship objects; references that are held inside
	for _, table := range excerpt.Tables() {
		b := written(t, func(b *bytes.Buffer) error { return s.CSV(context.Background(), e, table, b) })
		golden(t, table+".csv", b)
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil || len(rows)-1 != counts[table] {
			t.Errorf("%s: %d rows, want %d (%v)", table, len(rows)-1, counts[table], err)
		}
		for _, row := range rows {
			for _, text := range row {
				if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
					t.Errorf("%s: the cell %q is a formula to a spreadsheet", table, text)
				}
			}
		}
	}
	golden(t, "strange.layer.json", written(t, func(b *bytes.Buffer) error {
		return s.Layer(context.Background(), of(t, s, excerpt.Asked{IDs: []string{"G9001"}}), b)
	}))
	golden(t, "group.json", written(t, func(b *bytes.Buffer) error {
		return s.STIX(context.Background(), of(t, s, excerpt.Asked{IDs: []string{"G9001"}}), b)
	}))
}

func TestAWorkbookHasTheTablesAndNoFormula(t *testing.T) {
	s := shelf(t, strange)
	e := of(t, s, excerpt.Asked{})
	b := written(t, func(b *bytes.Buffer) error { return s.Workbook(context.Background(), e, b) })
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := fmt.Sprint(f.GetSheetList()); got != "[about objects relations]" {
		t.Errorf("sheets %s", got)
	}
	for _, table := range excerpt.Tables() {
		rows, err := f.GetRows(table)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := csv.NewReader(bytes.NewReader(written(t, func(b *bytes.Buffer) error { return s.CSV(context.Background(), e, table, b) }))).ReadAll()
		if err != nil || len(rows) != len(plain) {
			t.Errorf("%s: %d rows in the workbook, %d as CSV (%v)", table, len(rows), len(plain), err)
		}
		for y := range rows {
			for x := range rows[y] {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if formula, err := f.GetCellFormula(table, at); formula != "" || err != nil {
					t.Errorf("%s %s has the formula %q (%v)", table, at, formula, err)
				}
			}
		}
		if table == excerpt.Objects && !slices.ContainsFunc(rows, func(r []string) bool { return r[2] == `=HYPERLINK("http://evil.example","</t><f>1</f> _x0041_")` }) {
			t.Errorf("the name that looks like a formula and like XML is not what it was: %q", rows)
		}
		if table == excerpt.Objects && !slices.ContainsFunc(rows, func(r []string) bool {
			return strings.Contains(r[12], inert.Escape(0x202e)) && strings.Contains(r[12], inert.Escape(1))
		}) {
			t.Errorf("characters that are obeyed are not shown: %q", rows)
		}
	}
	about, err := f.GetRows("about")
	if err != nil || len(about) < 8 || about[0][1] != e.Release.String() {
		t.Errorf("about: %q, %v", about, err)
	}
	if len(about) < 10 || about[len(about)-2][0] != "cut" || !strings.HasPrefix(about[len(about)-2][1], "1 cell ") {
		t.Errorf("nothing says that a cell was cut: %q", about)
	}
}

func TestARealReleaseComesBackWhole(t *testing.T) {
	data := os.Getenv("CANDOR_TEST_DATA")
	if data == "" {
		t.Skip("CANDOR_TEST_DATA is not set: real releases need it")
	}
	s := shelf(t, filepath.Join(data, "attack", "ics-attack-11.0.json.gz")) // which repeats 24 ids
	e := of(t, s, excerpt.Asked{})
	path := filepath.Join(t.TempDir(), "ics-attack-11.0.json")
	if err := os.WriteFile(path, written(t, func(b *bytes.Buffer) error { return s.STIX(context.Background(), e, b) }), 0o600); err != nil {
		t.Fatal(err)
	}
	back := of(t, shelf(t, path), excerpt.Asked{})
	if back.Objects != e.Objects || e.Objects != e.Release.Objects || back.Release.Domain != "ics-attack" || back.Release.Version != "11.0" {
		t.Errorf("%d objects of %d come back, as %s", back.Objects, e.Release.Objects, back.Release)
	}
	b := written(t, func(b *bytes.Buffer) error { return s.CSV(context.Background(), e, excerpt.Objects, b) })
	links := written(t, func(b *bytes.Buffer) error { return s.CSV(context.Background(), e, excerpt.Relations, b) })
	objects, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	relations, err := csv.NewReader(bytes.NewReader(links)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, row := range relations[1:] {
		if row[14] != "" {
			said++
		}
	}
	if n := len(objects) - 1 + said; n != e.Objects {
		t.Errorf("the tables have %d objects and %d relationship objects, of %d", len(objects)-1, said, e.Objects)
	}
}
