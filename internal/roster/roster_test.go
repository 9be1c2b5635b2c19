package roster_test

import (
	"encoding/csv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/roster"
)

type thing struct {
	name, kind string
	n          *float64
	day        string
	rung       assure.Rung
}

func num(x float64) *float64 { return &x }

var things = []thing{
	{"T10", "odd", num(3), "2026-01-03", assure.Reliable},
	{"T9", "even", nil, "never", assure.Blind},
	{"=cmd()", "odd", num(1000), "2025-12-31", ""},
	{"T10.001", "even", num(20), "", assure.Noisy},
}

func list(t *testing.T) roster.List {
	t.Helper()
	l := roster.List{Name: "things"}
	roster.Fill(&l, things, []roster.Col[thing]{
		{Column: roster.Column{Key: "name", Name: "Name", Kind: roster.Text, NoteKey: "id"}, Cell: func(x *thing) roster.Cell { return roster.To(roster.ToRule, "id-"+x.name, x.name).With("-" + x.name) }},
		{Column: roster.Column{Key: "kind", Name: "Kind", Kind: roster.Text, Choice: true}, Cell: func(x *thing) roster.Cell { return roster.Several([]string{x.kind, "all"}) }},
		{Column: roster.Column{Key: "n", Name: "N", Kind: roster.Number}, Cell: func(x *thing) roster.Cell { return roster.Cell{Text: "so many", Number: x.n} }},
		{Column: roster.Column{Key: "day", Name: "Day", Kind: roster.Day}, Cell: func(x *thing) roster.Cell { return roster.Words(x.day) }},
		{Column: roster.Column{Key: "rung", Name: "Rung", Kind: roster.Rung}, Cell: func(x *thing) roster.Cell { return roster.Stands(x.rung) }},
	})
	return l
}

func names(l roster.List) string {
	var out []string
	for _, r := range l.Rows {
		out = append(out, r.Cells[0].Text)
	}
	return strings.Join(out, " ")
}

func TestRowsAreSortedByWhatTheirColumnIs(t *testing.T) {
	for by, want := range map[string]string{
		"": "T10 T9 =cmd() T10.001", "name": "=cmd() T9 T10 T10.001", "-name": "T10.001 T10 T9 =cmd()",
		"n": "T10 T10.001 =cmd() T9", "-n": "=cmd() T10.001 T10 T9", // what is not known is last in both
		"day": "=cmd() T10 T9 T10.001", "-day": "T10 =cmd() T9 T10.001",
		"rung": "T9 T10.001 T10 =cmd()", "-rung": "T10 T10.001 T9 =cmd()",
	} {
		l, err := list(t).Only(roster.Asked{Sort: by})
		if got := names(l); err != nil || got != want {
			t.Errorf("by %q: %s, want %s (%v)", by, got, want, err)
		}
	}
	if _, err := list(t).Only(roster.Asked{Sort: "nme"}); fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "name") {
		t.Errorf("an unknown column: %v, %s", err, fault.HintOf(err))
	}
}

func TestRowsAreNarrowed(t *testing.T) {
	for _, c := range []struct {
		text, kind, want string
	}{
		{"", "odd", "T10 =cmd()"}, {"", "ODD", "T10 =cmd()"}, {"", "all", "T10 T9 =cmd() T10.001"}, {"", "none such", ""},
		{"t10", "", "T10 T10.001"}, {"001 ID-", "even", "T10.001"}, {"001 nothing", "", ""},
	} {
		l, err := list(t).Only(roster.Asked{Text: c.text, Where: map[string]string{"kind": c.kind}})
		if got := names(l); err != nil || got != c.want {
			t.Errorf("%+v: %q (%v)", c, got, err)
		}
		if l.All != len(things) {
			t.Errorf("%+v: of %d rows", c, l.All)
		}
	}
	if _, err := list(t).Only(roster.Asked{Where: map[string]string{"n": "3"}}); fault.KindOf(err) != fault.Usage {
		t.Errorf("a column without choices: %v", err)
	}
	if _, err := roster.Where([]string{"kind"}); fault.KindOf(err) != fault.Usage {
		t.Errorf("an entry without a value: %v", err)
	}
	l := list(t)
	if c := l.Choices("kind"); len(c) != 3 || c[0].Value != "all" || c[0].Count != 4 || c[1].Count != 2 {
		t.Errorf("choices: %+v", c)
	}
}

func TestAFileHasNoFormulaAndNumbersAsDigits(t *testing.T) {
	l := list(t)
	body, err := l.CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
	if err != nil || len(rows) != 1+len(things) {
		t.Fatalf("%d rows, error %v", len(rows), err)
	}
	if want := []string{"name", "id", "kind", "n", "day", "rung"}; !slices.Equal(rows[0], want) {
		t.Errorf("head %q", rows[0])
	}
	if want := []string{"'=cmd()", "'-=cmd()", "odd;all", "1000", "2025-12-31", ""}; !slices.Equal(rows[3], want) {
		t.Errorf("row %q", rows[3])
	}
	if rows[2][3] != "so many" {
		t.Errorf("what has no number is written as it is said: %q", rows[2])
	}
}

// Whatever is asked for, nothing is invented and nothing that matches is lost.
func TestSortingLosesNoRow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := roster.List{Name: "n"}
	items := make([]int, 200)
	for i := range items {
		items[i] = r.IntN(50)
	}
	roster.Fill(&l, items, []roster.Col[int]{{Column: roster.Column{Key: "n", Name: "N", Kind: roster.Number}, Cell: func(x *int) roster.Cell { return roster.Count(int64(*x)) }}})
	sorted, err := l.Only(roster.Asked{Sort: "-n"})
	if err != nil || len(sorted.Rows) != 200 || !slices.IsSortedFunc(sorted.Rows, func(a, b roster.Row) int { return int(*b.Cells[0].Number - *a.Cells[0].Number) }) {
		t.Errorf("%d rows, error %v", len(sorted.Rows), err)
	}
	for offset := 0; offset < 230; offset += 70 {
		if x := sorted.Excerpt(offset, 70); x.Total != 200 || len(x.Rows) != min(70, max(0, 200-offset)) {
			t.Errorf("from %d: %d of %d", offset, len(x.Rows), x.Total)
		}
	}
}
