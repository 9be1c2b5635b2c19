package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/ledger"
	"candor/internal/visibility"
)

// hostile is what others could write into any text of a report.
const hostile = "</script><script>alert(1)</script> | [x](javascript:alert(1)) `x` **b** <img src=x onerror=alert(1)> https://evil.example/ &lt;i&gt; &#62;q \u202egnp.exe"

func sealed() Sealed {
	return Sealed{Format: Format, By: hostile, Made: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Program: "candor test", Head: ledger.Root{}, Entries: []ledger.Inclusion{},
		Asked: Asked{Kind: KindVerdict, ID: "AN0001", Domain: "enterprise-attack", Version: "18.1", AsOf: "2026-03-01"},
		Document: Document{Kind: KindVerdict, Title: hostile, Lead: []string{hostile}, Limits: []string{hostile},
			Basis: Basis{Release: "enterprise 18.1", AsOf: day.Date("2026-03-01"), Window: visibility.Window{From: "2025-12-02", To: "2026-03-01"}, Policy: assure.PolicyRef{Name: "default"}, Scope: assure.ScopeRef{Platforms: []string{}}},
			Sections: []Section{{Title: hostile, Text: []string{hostile}, Quoted: true, Items: []string{hostile}, Bars: []Bar{{Name: hostile, N: 1, Of: 3, Note: hostile}},
				Table: &Table{Columns: []string{hostile, "b"}, Rows: [][]string{{hostile, "2"}}, Empty: hostile}}}}}
}

// TestNothingInAReportIsMoreThanText puts hostile texts into every place.
func TestNothingInAReportIsMoreThanText(t *testing.T) {
	s := sealed()
	page, err := HTML(&s)
	if err != nil {
		t.Fatal(err)
	}
	body := string(page)
	for _, never := range []string{"<script>alert", "<img src=x", "\u202e"} {
		if strings.Contains(body, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if n := strings.Count(body, "<script"); n != 1 {
		t.Errorf("%d scripts, and the record alone is one", n)
	}
	md := string(Markdown(&s))
	for _, never := range []string{"<script", "<img", `[^\\]\]\(`, `[^\\]\*\*b`, "https://", "&lt;", "&#62;q", "\u202e"} {
		if found := regexp.MustCompile(never).FindString(md); found != "" {
			t.Errorf("the Markdown has %q", found)
		}
	}
	bar := regexp.MustCompile(`[^\\]\|`)
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, "| ") && len(bar.FindAllString(line[1:], -1)) != 2 {
			t.Errorf("a row of two cells has other bars: %s", line)
		}
	}
}

// TestWhatWasChangedIsFound changes a page in every line that says something, and the record.
func TestWhatWasChangedIsFound(t *testing.T) {
	s := sealed()
	page, err := HTML(&s)
	if err != nil {
		t.Fatal(err)
	}
	if v, _, err := Alone(page); err != nil || !v.OK || !v.Alone {
		t.Fatalf("as it was written: %+v, %v", v, err)
	}
	lines := strings.Split(string(page), "\n")
	for i := range lines {
		if strings.Contains(lines[i], recordBegins) {
			continue
		}
		changed := append([]string{}, lines...)
		changed[i] += "x"
		v, _, err := Alone([]byte(strings.Join(changed, "\n")))
		if err != nil || v.OK || len(v.Shown) != 1 {
			t.Errorf("line %d: %+v, %v", i+1, v.Shown, err)
		}
	}
	record, err := json.Marshal(&s)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": {}, "another format": bytes.Replace(record, []byte(`"candor_report":1`), []byte(`"candor_report":2`), 1), "cut off": record[:len(record)/2],
		"a member too many": bytes.Replace(record, []byte(`{"candor_report"`), []byte(`{"more":1,"candor_report"`), 1), "a page without a record": []byte("<html></html>"), "a page that is cut off": page[:len(page)-40],
	} {
		if v, _, err := Alone(b); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestEveryPartIsCompared changes each part of a document and sees it named.
func TestEveryPartIsCompared(t *testing.T) {
	whole := sealed().Document
	if list := Compare(&whole, &whole); len(list) > 0 {
		t.Errorf("with itself: %q", list)
	}
	for name, change := range map[string]func(*Document){
		"title": func(d *Document) { d.Title = "x" }, "answer": func(d *Document) { d.Lead = []string{"x"} }, "one more answer": func(d *Document) { d.Lead = append(d.Lead, "x") },
		"limits": func(d *Document) { d.Limits = nil }, "day": func(d *Document) { d.Basis.AsOf = "2026-03-02" }, "policy": func(d *Document) { d.Basis.Policy.SHA256 = "x" },
		"a part less": func(d *Document) { d.Sections = nil }, "text": func(d *Document) { d.Sections[0].Text = []string{"x"} }, "row": func(d *Document) { d.Sections[0].Table.Rows[0][1] = "3" },
		"a row twice": func(d *Document) {
			d.Sections[0].Table.Rows = append(d.Sections[0].Table.Rows, d.Sections[0].Table.Rows[0])
		},
		"bar": func(d *Document) { d.Sections[0].Bars[0].N = 2 }, "column": func(d *Document) { d.Sections[0].Table.Columns[1] = "x" },
	} {
		other := sealed().Document
		change(&other)
		if list := Compare(&whole, &other); len(list) == 0 {
			t.Errorf("%s: nothing differs", name)
		}
	}
}

// TestADocumentWithoutLimitsIsRefused takes away what no report may lack.
func TestADocumentWithoutLimitsIsRefused(t *testing.T) {
	d := sealed().Document
	if err := d.complete(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Document){
		"limits": func(d *Document) { d.Limits = nil }, "the day": func(d *Document) { d.Basis.AsOf = "" }, "the policy": func(d *Document) { d.Basis.Policy.Name = "" },
		"an answer": func(d *Document) { d.Lead = nil }, "a cell": func(d *Document) { d.Sections[0].Table.Rows[0] = d.Sections[0].Table.Rows[0][:1] },
	} {
		other := sealed().Document
		if change(&other); other.complete() == nil {
			t.Errorf("without %s: it may leave the house", name)
		}
	}
}

func FuzzAlone(f *testing.F) {
	s := sealed()
	page, err := HTML(&s)
	if err != nil {
		f.Fatal(err)
	}
	record, err := json.Marshal(&s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page)
	f.Add(record)
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, s, err := Alone(b); err == nil && v.OK && bytes.Contains(b, []byte(recordBegins)) && !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
			if again, err := HTML(&s); err != nil || !bytes.Equal(again, b) {
				t.Errorf("a page that its record does not make is confirmed")
			}
		}
	})
}
