package web_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/matrix"
)

// TestTheMatrixShowsTheModel reads each cell of the page and compares it with the model.
func TestTheMatrixShowsTheModel(t *testing.T) {
	d := demonstration(t)
	for _, v := range matrix.Views() {
		m := must(d.assess.Matrix(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, matrix.Asked{View: v}))(t)
		_, doc := d.page("/matrix?view=" + string(v))
		said := map[string]int{}
		elements(doc, func(n *html.Node) {
			if label, ok := attr(n, "aria-label"); ok && n.Data == "svg" {
				said[text(cellOf(n))+": "+label]++
			}
		})
		cells := 0
		var compare func(cs []matrix.Cell)
		compare = func(cs []matrix.Cell) {
			for i := range cs {
				c := &cs[i]
				if c.Applicable > 0 {
					cells++
					want := m.State(c.Worst).Code + " " + c.Of.ATTACKID + " " + c.Of.Name + ": " + m.Says(c)
					if said[want] == 0 {
						t.Errorf("%s: no cell says %q", v, want)
					}
				}
				compare(c.Subs)
			}
		}
		for i := range m.Tactics {
			compare(m.Tactics[i].Cells)
		}
		if cells < 15 {
			t.Errorf("%s: only %d cells", v, cells)
		}
		for _, l := range m.Legend {
			if want := fmt.Sprintf("%s %s %d · %d", l.Code, l.Name, l.Techniques, l.Analytics); !strings.Contains(text(doc), want) {
				t.Errorf("%s: the legend does not say %q", v, want)
			}
		}
	}
}

// cellOf returns the link of the cell that a bar is in.
func cellOf(bar *html.Node) *html.Node {
	for c := bar.Parent.FirstChild; c != nil; c = c.NextSibling {
		if c.Data == "a" {
			return c
		}
	}
	return bar
}

// TestWhatTheMatrixShowsIsInItsFiles follows the links of a narrowed page to its files.
func TestWhatTheMatrixShowsIsInItsFiles(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/matrix?view=claims&platform=windows&tactic=initial-access&source=sigma")
	files := map[string]answer{}
	elements(doc, func(n *html.Node) {
		href, _ := attr(n, "href")
		if _, ok := attr(n, "download"); ok {
			files[href[:strings.Index(href, "?")]] = d.get(href)
		}
	})
	if len(files) != 3 {
		t.Fatalf("the page links to %d files", len(files))
	}
	for path, f := range files {
		disposition := f.Header().Get("Content-Disposition")
		if f.Code != http.StatusOK || !strings.HasPrefix(disposition, `attachment; filename="matrix-enterprise-0.1-claims-2026-11-20.`) {
			t.Errorf("%s: %d, %q", path, f.Code, disposition)
		}
	}
	m := must(d.assess.Matrix(t.Context(), assessment.Request{AsOf: today, Policy: d.policy},
		matrix.Asked{View: matrix.Claims, Platform: "Windows", Tactic: "TA0001", Source: "sigma"}))(t)
	rows := must(csv.NewReader(strings.NewReader(files["/matrix/table.csv"].body)).ReadAll())(t)
	if len(rows) != 1+m.Techniques+m.SubTechniques || m.Techniques+m.SubTechniques == 0 {
		t.Errorf("%d rows of %d techniques", len(rows), m.Techniques+m.SubTechniques)
	}
	var l struct {
		Techniques []struct{ TechniqueID, Color string }
	}
	if err := json.Unmarshal([]byte(files["/matrix/layer.json"].body), &l); err != nil || len(l.Techniques) < len(rows)-1 {
		t.Errorf("%v: %d techniques in the layer", err, len(l.Techniques))
	}
	if svg := files["/matrix/picture.svg"]; svg.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(svg.body, "platform Windows") {
		t.Errorf("the picture does not say what it is of:\n%.300s", svg.body)
	}
	var api matrix.Matrix
	if err := json.Unmarshal([]byte(d.get("/api/v1/matrix?view=claims&platform=Windows&tactic=TA0001&source=sigma").body), &api); err != nil || api.Analytics != m.Analytics || len(api.Tactics) != 1 {
		t.Errorf("the API says otherwise: %v, %+v", err, api)
	}
}

func TestTheMatrixSaysWhatIsWrong(t *testing.T) {
	d := demonstration(t)
	for place, status := range map[string]int{"/matrix?view=rung": 400, "/matrix?group=G9999": 404, "/matrix/layer.json?group=G9999": 404, "/matrix/table.csv?platform=Lnux": 404,
		"/api/v1/matrix?group=G9999": 404, "/api/v1/matrix?view=rung": 400, "/api/v1/matrix?grp=G9999": 400} {
		if got := d.get(place); got.Code != status || got.Header().Get("Content-Disposition") != "" {
			t.Errorf("%s: %d, want %d", place, got.Code, status)
		}
	}
	if got := newDesk(t).get("/matrix/layer.json"); got.Code != http.StatusNotFound || !strings.Contains(got.body, "no library yet") {
		t.Errorf("a layer without a library: %d", got.Code)
	}
}

// TestFilesHaveTheColoursOfThePages compares the colours of what leaves Candor with those
// of the style sheet in light.
func TestFilesHaveTheColoursOfThePages(t *testing.T) {
	css := demonstration(t).get("/static/candor.css").body
	for _, r := range assure.Rungs() {
		_, rest, ok := strings.Cut(css, "\n.r-"+string(r)+" { --c: var(")
		variable, _, _ := strings.Cut(rest, ")")
		if want := variable + ": " + matrix.Colour(r) + ";"; !ok || !strings.Contains(css[:strings.Index(css, "@media")], want) {
			t.Errorf("%s: the style sheet does not have %q", r, want)
		}
	}
}
