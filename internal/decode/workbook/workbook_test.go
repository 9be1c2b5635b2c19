package workbook

import (
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"candor/internal/fault"
)

// made returns a workbook of cells, of which those of the second column are shown as
// dates in the order of the United States.
func made(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	look := "m/d/yy h:mm"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &look})
	if err != nil {
		t.Fatal(err)
	}
	short, err := f.NewStyle(&excelize.Style{NumFmt: 1}) // no decimals
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		for j, v := range r {
			cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if err := f.SetCellValue("Sheet1", cell, v); err != nil {
				t.Fatal(err)
			}
			switch v.(type) {
			case time.Time:
				f.SetCellStyle("Sheet1", cell, cell, style)
			case float64:
				f.SetCellStyle("Sheet1", cell, cell, short)
			}
		}
	}
	if _, err := f.NewSheet("other"); err != nil {
		t.Fatal(err)
	}
	f.SetCellValue("other", "A1", "not this one")
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheFirstSheetIsReadAsText(t *testing.T) {
	data := made(t, []any{"id", "when", "score", "note", "last"},
		[]any{"007", time.Date(2026, 3, 11, 15, 4, 5, 0, time.UTC), 0.25, "a, \"b\""},
		[]any{8, time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), 40000.5, "=1+1", true})
	text, sheet, err := Text("x.xlsx", data, 1<<20)
	want := "id,when,score,note,last\n007,2026-03-11 15:04:05,0.25,\"a, \"\"b\"\"\",\n8,2026-11-03,40000.5,=1+1,true\n"
	if err != nil || sheet != "Sheet1" || string(text) != want {
		t.Errorf("%q %q %v; want %q", text, sheet, err, want)
	}
	if !Is(data[:512]) {
		t.Error("a workbook is not told as one")
	}
}

func TestWhatIsNoWorkbookIsInvalid(t *testing.T) {
	big := made(t, []any{"a"}, []any{string(make([]rune, 3000))})
	for name, data := range map[string][]byte{"text": []byte("a,b\n"), "nothing": nil, "empty": made(t), "cut": made(t, []any{"a"})[:200], "too large": big} {
		if _, _, err := Text("x.xlsx", data, 1<<11); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(made(f, []any{"id", "when"}, []any{1, time.Date(2026, 3, 11, 15, 4, 5, 0, time.UTC)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, err := Text("x.xlsx", data, 1<<20); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatalf("%v is not fault.Invalid", err)
		}
	})
}
