package web_test

import (
	"encoding/csv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/assessment"
	"candor/internal/roster"
)

// rowsOf returns the first cells of the rows of the page's list.
func rowsOf(doc *html.Node) []string {
	var out []string
	elements(doc, func(n *html.Node) {
		if scope, _ := attr(n, "scope"); n.Data == "th" && scope == "row" {
			if class, _ := attr(n.Parent.Parent.Parent, "class"); class == "list roster" {
				out = append(out, text(n))
			}
		}
	})
	return out
}

func TestEveryListSortsNarrowsAndIsAFile(t *testing.T) {
	d := demonstration(t)
	req := assessment.Request{AsOf: today, Policy: d.policy}
	paths := map[string]string{"rules": "/evidence/rules", "cases": "/reviews", "exercises": "/exercises", "measurements": "/measurements",
		"log-sources": "/evidence/telemetry", "external-sources": "/evidence/externals", "runbooks": "/evidence/runbooks",
		"signals": "/evidence/signals", "exceptions": "/evidence/exceptions", "fields": "/evidence/fields"}
	for _, x := range assessment.Rosters() {
		path, ok := paths[x.Name]
		if !ok {
			continue
		}
		l := must(d.assess.Roster(t.Context(), req, x.Name))(t)
		if len(l.Rows) == 0 {
			t.Errorf("the demonstration has nothing of %s", x.Name)
			continue
		}
		for _, c := range l.Columns {
			want := must(l.Only(roster.Asked{Sort: "-" + c.Key}))(t)
			rows := must(csv.NewReader(strings.NewReader(d.get(path + "/table.csv?sort=-" + c.Key).body)).ReadAll())(t)
			if len(rows) != 1+len(want.Rows) {
				t.Fatalf("%s by %s: a file of %d rows", x.Name, c.Key, len(rows))
			}
			for i := range want.Rows {
				if cell := want.Rows[i].Cells[0]; len(cell.Links) < 2 && rows[i+1][0] != cell.Text {
					t.Errorf("%s by %s: row %d of the file is %q, want %q", x.Name, c.Key, i, rows[i+1][0], cell.Text)
				}
			}
		}
		_, doc := d.page(path + "?sort=-" + l.Columns[1].Key)
		want := must(l.Only(roster.Asked{Sort: "-" + l.Columns[1].Key}))(t)
		got := rowsOf(doc)
		for i := range got {
			if !strings.HasPrefix(got[i], want.Rows[i].Cells[0].Text) {
				t.Errorf("%s: row %d is %q, want %q", x.Name, i, got[i], want.Rows[i].Cells[0].Text)
			}
		}
		sorted := ""
		elements(doc, func(n *html.Node) {
			if s, ok := attr(n, "aria-sort"); ok {
				sorted += s + " " + text(n)
			}
		})
		if sorted != "descending "+l.Columns[1].Name {
			t.Errorf("%s: sorted as %q", x.Name, sorted)
		}
		if _, ok := linked(doc)[d.firstBatch(l)]; !ok {
			t.Errorf("%s: no row leads to its batch", x.Name)
		}
	}
}

// firstBatch is the address of the batch of a list's first row that names one.
func (d *desk) firstBatch(l roster.List) string {
	for _, r := range l.Rows {
		for _, c := range r.Cells {
			for _, k := range c.Links {
				if k.To == roster.ToBatch {
					return "/evidence/" + k.ID
				}
			}
		}
	}
	for _, r := range l.Rows { // a measurement leads to its rule, which leads to its batches
		return "/measurements/rules/" + url.PathEscape(r.Cells[0].Note)
	}
	return ""
}

func TestAListNarrowedByWordsAndChoices(t *testing.T) {
	d := demonstration(t)
	l := must(d.assess.Roster(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, "rules"))(t)
	for _, state := range l.Choices("state") {
		_, doc := d.page("/evidence/rules?state=" + url.QueryEscape(state.Value))
		if got := rowsOf(doc); len(got) != min(100, state.Count) {
			t.Errorf("state %s: %d rows, want %d", state.Value, len(got), state.Count)
		}
	}
	_, doc := d.page("/evidence/rules?text=" + l.Rows[0].Cells[0].Note)
	if got := rowsOf(doc); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, l.Rows[0].Cells[0].Note) }) {
		t.Errorf("by its id: %q", got)
	}
}

func TestABatchShowsItsRecords(t *testing.T) {
	d := demonstration(t)
	alerts := must(d.alerts.Batches(t.Context()))(t)[0].ID
	_, all, err := d.alerts.Brought(t.Context(), alerts, 0, 0)
	if err != nil || all == 0 {
		t.Fatalf("%d alerts, error %v", all, err)
	}
	_, doc := d.page("/evidence/" + alerts)
	if !linked(doc)["/evidence/"+alerts+"/records"] {
		t.Error("the batch does not lead to its records")
	}
	rows := must(csv.NewReader(strings.NewReader(d.get("/evidence/" + alerts + "/records/table.csv").body)).ReadAll())(t)
	if len(rows)-1 != min(all, assessment.Stretch) {
		t.Errorf("%d rows of %d alerts", len(rows)-1, all)
	}
	_, doc = d.page("/evidence/" + alerts + "/records?from=" + strconv.Itoa(all-2))
	if got := rowsOf(doc); len(got) != 2 {
		t.Errorf("behind all but two: %q", got)
	}
	_, doc = d.page("/evidence/" + d.batchOf("rules") + "/records")
	if got := rowsOf(doc); len(got) == 0 {
		t.Error("a batch of rules has no record")
	}
	for target, want := range map[string]int{"/evidence/alerts-none/records": 404, "/evidence/rules-none/records": 404, "/evidence/" + alerts + "/records?from=x": 400} {
		if a := d.get(target); a.Code != want {
			t.Errorf("GET %s: %d, want %d", target, a.Code, want)
		}
	}
}
