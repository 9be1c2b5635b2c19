package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/gap"
	"candor/internal/library"
	"candor/internal/matrix"
	"candor/internal/sample"
	"candor/internal/standing"
	"candor/internal/store"
	"candor/internal/take"
	"candor/internal/web"
)

// places are pages of every sort, over the demonstration.
var places = []string{
	"/gaps", "/gaps?show=unstated&offset=2",
	"/matrix", "/matrix?view=visibility&platform=Windows", "/matrix?view=claims&source=sigma&subs=open", "/matrix?view=precision&group=G0034", "/matrix?view=exercises", "/matrix?view=age&tactic=TA0001",
	"/", "/?as_of=2026-10-01", "/?platform=Windows", "/verdicts", "/verdicts?rung=noisy", "/verdicts?text=zzz", "/objects",
	"/objects?text=phishing", "/objects?text=zzz", "/objects/AN1989", "/objects/AN1275", "/objects/DET0857", "/objects/T1589.003",
	"/objects/AN1989/history", "/objects/T1110", "/objects/TA0043", "/objects/T1086", "/objects/G0034", "/objects/DC0002", "/evidence", "/evidence/rules", "/evidence/rules?basis=none", "/evidence/telemetry", "/evidence/exceptions", "/evidence/externals", "/standing/groups?sort=reliable", "/standing/data-components", "/standing/tactics", "/compare", "/compare?id=G0034&id=TA0043", "/evidence/signals?sort=-time", "/evidence/runbooks", "/exercises?stated=alerted", "/evidence/rules?sort=-alerts&state=enabled", "/policy", "/reports", "/measurements", "/measurements?as_of=2020-01-01", "/reviews", "/reviews/MF-rev-017",
	"/objects/AN1989/relations", "/objects/T1110/relations?steps=1", "/objects/TA0043/relations", "/objects/G0034/relations?relation=techniques-it-uses&kind=technique",
	"/profiles", "/next", "/ledger", "/pulls", "/operation", "/changes", "/gates/AN1989", "/gates/AN1275?for=automation", "/evidence?kind=rules", "/evidence?kind=none",
}

func TestOverviewPutsClaimedBesideAssured(t *testing.T) {
	d := demonstration(t)
	totals := d.assessment().Totals
	if totals.Claimed == 0 || totals.Assured == 0 || totals.Distance == 0 {
		t.Fatalf("the demonstration shows nothing: %+v", totals)
	}
	_, doc := d.page("/")
	all := text(doc)
	for _, want := range []string{
		fmt.Sprintf("Claimed %d of %d", totals.Claimed, totals.Applicable),
		fmt.Sprintf("Assured %d of %d", totals.Assured, totals.Applicable),
		fmt.Sprintf("Distance %d of %d claimed", totals.Distance, totals.Claimed),
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the overview does not say %q", want)
		}
	}
	if strings.Index(all, "Claimed") > strings.Index(all, "outside visibility") {
		t.Error("the two numbers do not come first")
	}
}

func TestOverviewCountsEveryRung(t *testing.T) {
	d := demonstration(t)
	a := d.assessment()
	_, doc := d.page("/")
	all := text(doc)
	for _, c := range a.Totals.Rungs {
		want := fmt.Sprintf("%s %d of %d", strings.ReplaceAll(string(c.Rung), "_", " "), c.Count, a.Totals.Applicable)
		if c.Rung == assure.NotApplicable {
			want = fmt.Sprintf("not applicable %d", c.Count)
		}
		if !strings.Contains(all, want) {
			t.Errorf("the overview does not say %q", want)
		}
	}
	for _, tac := range a.Tactics {
		if !strings.Contains(all, tac.Tactic.Name) {
			t.Errorf("the overview does not name the tactic %s", tac.Tactic.Name)
		}
	}
}

func TestEveryPageIsLockedDown(t *testing.T) {
	d := demonstration(t)
	for _, place := range append(places, "/objects/none") {
		a := d.get(place)
		for header, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Content-Type":            "text/html; charset=utf-8",
		} {
			if got := a.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", place, header, got, want)
			}
		}
		doc := must(html.Parse(strings.NewReader(a.body)))(t)
		elements(doc, func(n *html.Node) { checkSource(t, place, n) })
	}
}

// checkSource checks that an element loads nothing from elsewhere and holds no
// style or script of its own.
func checkSource(t *testing.T, place string, n *html.Node) {
	t.Helper()
	for _, a := range n.Attr {
		switch {
		case a.Key == "style", strings.HasPrefix(a.Key, "on"):
			t.Errorf("%s: <%s %s=%q>", place, n.Data, a.Key, a.Val)
		case a.Key == "src", a.Key == "href" && n.Data == "link", a.Key == "action":
			if !strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//") {
				t.Errorf("%s: <%s> goes elsewhere: %q", place, n.Data, a.Val)
			}
		}
	}
	if n.Data == "script" && n.FirstChild != nil || n.Data == "style" || n.Data == "iframe" || n.Data == "object" {
		t.Errorf("%s: <%s> in the page", place, n.Data)
	}
}

func TestEveryPageCanBeReadWithoutSight(t *testing.T) {
	d := demonstration(t)
	for _, place := range places {
		_, doc := d.page(place)
		ids, labels, count := map[string]bool{}, map[string]bool{}, map[string]int{}
		elements(doc, func(n *html.Node) {
			count[n.Data]++
			if id, ok := attr(n, "id"); ok && ids[id] {
				t.Errorf("%s: two elements with the id %q", place, id)
			} else {
				ids[id] = true
			}
			if to, ok := attr(n, "for"); ok {
				labels[to] = true
			}
		})
		elements(doc, func(n *html.Node) { checkAccess(t, place, n, ids, labels) })
		for _, one := range []string{"main", "h1", "nav", "header", "footer"} {
			if count[one] == 0 || one != "nav" && one != "header" && count[one] > 1 {
				t.Errorf("%s: %d <%s>", place, count[one], one)
			}
		}
	}
}

// foldsDiffer checks that no two folds of a page have the same label, or none: whoever
// hears a page hears nothing of what is around them.
func foldsDiffer(t *testing.T, place string, doc *html.Node) {
	t.Helper()
	labels := map[string]bool{}
	elements(doc, func(n *html.Node) {
		if n.Data != "summary" {
			return
		}
		if label := text(n); label == "" || labels[label] {
			t.Errorf("%s: two folds, or one without words, are labelled %q", place, label)
		} else {
			labels[label] = true
		}
	})
}

// checkAccess checks that an element can be used by keyboard and read aloud.
func checkAccess(t *testing.T, place string, n *html.Node, ids, labels map[string]bool) {
	t.Helper()
	id, _ := attr(n, "id")
	kind, _ := attr(n, "type")
	_, scope := attr(n, "scope")
	named, labelled := attr(n, "aria-labelledby")
	href, _ := attr(n, "href")
	role, _ := attr(n, "role")
	_, spoken := attr(n, "aria-label")
	_, silent := attr(n, "aria-hidden")
	switch {
	case (n.Data == "input" && kind != "hidden" || n.Data == "select") && !labels[id] && n.Parent.Data != "label":
		t.Errorf("%s: <%s> has no label", place, n.Data)
	case n.Data == "th" && !scope:
		t.Errorf("%s: <th>%s</th> has no scope", place, text(n))
	case labelled && !ids[named]:
		t.Errorf("%s: nothing has the id %q that <%s> is labelled by", place, named, n.Data)
	case n.Data == "a" && strings.HasPrefix(href, "#") && !ids[href[1:]]:
		t.Errorf("%s: the link %q leads nowhere", place, href)
	case n.Data == "a" && text(n) == "" && !spoken:
		t.Errorf("%s: the link to %q has no words", place, href)
	case n.Data == "svg" && !silent && (role != "img" && !(role == "group" && walked(n)) || !spoken):
		t.Errorf("%s: a chart says nothing in words", place)
	}
}

// walked reports whether a picture has links, which an image cannot have.
func walked(n *html.Node) bool {
	found := false
	elements(n, func(a *html.Node) { found = found || a.Data == "a" })
	return found
}

// crawl follows every local link from a place until there is none left, or, in
// short tests, for 200 places. It returns the documents by place; what is not a
// page (a file, the API) or was not visited has none.
func (d *desk) crawl(from string) map[string]*html.Node {
	seen, queue, chosen := map[string]*html.Node{from: nil}, []string{from}, map[string]int{}
	for visits := 0; len(queue) > 0 && (visits < 200 || !testing.Short()); visits++ {
		place := queue[0]
		queue = queue[1:]
		a := d.get(place)
		if a.Code != http.StatusOK {
			d.t.Errorf("GET %s: %d", place, a.Code)
		}
		if !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
			continue
		}
		seen[place] = must(html.Parse(strings.NewReader(a.body)))(d.t)
		walked := 0
		elements(seen[place], func(n *html.Node) {
			to, _, ok := local(n)
			if rel, _ := attr(n, "rel"); rel == "nofollow" { // the same rows in another order
				return
			}
			if relations := strings.Contains(to, "/relations"); relations && strings.Contains(place, "/relations") {
				if walked++; walked > 3 { // a picture leads to all that stand in it, whose pages lead to theirs
					return
				}
			}
			if _, known := seen[to]; ok && !known {
				if chosen[shapeOf(to)]++; chosen[shapeOf(to)] > mostChosen && os.Getenv("CANDOR_TEST_LONG") == "" {
					return
				}
				seen[to] = nil
				queue = append(queue, to)
			}
		})
	}
	return seen
}

// mostChosen is how many pages of one shape are walked for each choice of release and site:
// with every choice, all of them are several times the pages that there are.
const mostChosen = 12

var named = regexp.MustCompile(`[A-Z]+[0-9.]+|[a-z-]+--[0-9a-f-]{36}|=[^&]*`)

// shapeOf is a place without the names in it, where a release or a site was chosen; the
// place itself where none was.
func shapeOf(place string) string {
	if !strings.Contains(place, "site=") && !strings.Contains(place, "release=") {
		return place
	}
	return named.ReplaceAllString(place, "*")
}

// local returns the place and the fragment that an element links to, and whether
// it links to a place of the server's.
func local(n *html.Node) (place, fragment string, ok bool) {
	href, _ := attr(n, "href")
	u, err := url.Parse(href)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") {
		return "", "", false
	}
	fragment, u.Fragment = u.Fragment, ""
	return u.String(), fragment, true
}

func TestEveryLocalLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	d := demonstration(t)
	must(d.keeper.Withdraw(t.Context(), d.batchOf("signals"), store.Withdrawal{Reason: "twice", At: today}))(t)
	pages := d.crawl("/")
	if len(pages) < 500 {
		t.Errorf("only %d places are linked", len(pages))
	}
	ids, heads := map[string]map[string]bool{}, map[string]string{}
	board, chips := d.board(), 0
	for place, doc := range pages {
		ids[place] = map[string]bool{}
		if doc == nil {
			continue
		}
		var title, head string
		elements(doc, func(n *html.Node) {
			id, _ := attr(n, "id")
			ids[place][id] = true
			switch {
			case n.Data == "title" && n.Parent.Data == "head":
				title = text(n)
			case n.Data == "h1":
				head = text(n)
			}
		})
		foldsDiffer(t, place, doc)
		if _, file := sortsOf(doc); file == "" && paged(doc) {
			t.Errorf("%s has a list in parts, and no file of it", place)
		}
		if strings.Contains(place, "as_of=") || strings.Contains(place, "site=") {
			continue
		}
		without, with := chipless(board, doc)
		if chips += with; len(without) > 0 {
			t.Errorf("%s: how %s stand is not said beside them", place, strings.Join(without, ", "))
		}
		if other, known := heads[title]; known && other != head {
			t.Errorf("%s: the title %q is also that of %q", place, title, other)
		}
		heads[title] = head
	}
	if chips < 2000 {
		t.Errorf("only %d links say how what they lead to stands", chips)
	}
	for place, doc := range pages {
		if doc == nil {
			continue
		}
		elements(doc, func(n *html.Node) {
			if to, fragment, ok := local(n); ok && fragment != "" && pages[to] != nil && !ids[to][fragment] {
				t.Errorf("%s: nothing is at %s#%s", place, to, fragment)
			}
		})
	}
}

func TestAnalyticShowsOfficialTextAndVerdictApart(t *testing.T) {
	d := demonstration(t)
	a := d.assessment()
	i := slices.IndexFunc(a.Verdicts, func(v assure.Verdict) bool { return v.Analytic.ATTACKID == "AN1989" })
	_, doc := d.page("/objects/AN1989")
	panels := map[string]string{}
	elements(doc, func(n *html.Node) {
		if class, _ := attr(n, "class"); n.Data == "section" && (class == "official" || class == "analysis") {
			panels[class] = text(n)
		}
	})
	for _, r := range a.Verdicts[i].Reasons {
		if !strings.Contains(panels["analysis"], r.Text) {
			t.Errorf("the analysis does not give the reason %q", r.Text)
		}
		if strings.Contains(panels["official"], r.Text) {
			t.Errorf("the official panel holds analysis: %q", r.Text)
		}
	}
	if !strings.Contains(panels["analysis"], "OV outside visibility") {
		t.Errorf("the analysis does not name the rung: %s", panels["analysis"])
	}
	if all := text(doc); !strings.Contains(all, "DET0857") || !strings.Contains(all, "T1589.003") || !strings.Contains(all, "TA0043") {
		t.Error("the way to the tactic is not shown")
	}
}

func TestMeasurementShowsNumeratorDenominatorAndInterval(t *testing.T) {
	d := demonstration(t)
	a := d.assessment()
	i := slices.IndexFunc(a.Verdicts, func(v assure.Verdict) bool { return v.Analytic.ATTACKID == "AN1275" })
	m := a.Verdicts[i].Measurement
	if m == nil || m.Precision == nil {
		t.Fatal("AN1275 is not measured")
	}
	_, doc := d.page("/objects/AN1275")
	all := strings.ReplaceAll(text(doc), ",", "")
	for _, want := range []string{
		fmt.Sprintf("%d / %d", m.TruePositive, m.TruePositive+m.BenignPositive+m.FalsePositive),
		fmt.Sprintf("%d / %d", m.EpisodeHits, m.Episodes),
		figure.Percents(m.EpisodeInterval[0], m.EpisodeInterval[1]),
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestRevokedObjectLeadsToItsSuccessor(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/objects/T1086")
	if all := text(doc); !strings.Contains(all, "This object is revoked. Its successor is T1059.001 PowerShell") {
		t.Errorf("no way from T1086 to its successor: %s", all)
	}
}

func TestVerdictsAreNarrowedByEveryFilter(t *testing.T) {
	d := demonstration(t)
	a := d.assessment()
	for query, lets := range map[string]func(*assure.Verdict) bool{
		"rung=blind":       func(v *assure.Verdict) bool { return v.Rung == assure.Blind },
		"claimed=yes":      func(v *assure.Verdict) bool { return v.Claimed },
		"claimed=no":       func(v *assure.Verdict) bool { return !v.Claimed },
		"platform=Windows": func(v *assure.Verdict) bool { return slices.Contains(v.Platforms, "Windows") },
		"tactic=TA0043": func(v *assure.Verdict) bool {
			return slices.ContainsFunc(v.Tactics, func(n assure.Name) bool { return n.ATTACKID == "TA0043" })
		},
		"text=employee+names": func(v *assure.Verdict) bool {
			return slices.ContainsFunc(v.Techniques, func(n assure.Name) bool { return n.Name == "Employee Names" })
		},
	} {
		var want []string
		for i := range a.Verdicts {
			if lets(&a.Verdicts[i]) {
				want = append(want, a.Verdicts[i].Analytic.ATTACKID)
			}
		}
		if len(want) == 0 || len(want) == len(a.Verdicts) {
			t.Fatalf("%s narrows nothing", query)
		}
		_, doc := d.page("/verdicts?" + query)
		if got := firstCells(doc); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
}

// firstCells returns the head of every row of the list of a page.
func firstCells(doc *html.Node) []string {
	var cells []string
	elements(doc, func(n *html.Node) {
		if scope, _ := attr(n, "scope"); n.Data == "th" && scope == "row" {
			cells = append(cells, text(n))
		}
	})
	return cells
}

func TestDayOfJudgementFollowsEveryLink(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/?as_of=2026-10-01")
	elements(doc, func(n *html.Node) {
		href, _ := attr(n, "href")
		if strings.HasPrefix(href, "/verdicts") && !strings.Contains(href, "as_of=2026-10-01") {
			t.Errorf("the link %q forgets the day", href)
		}
	})
	if !strings.Contains(text(doc), "2026-07-04 to 2026-10-01") {
		t.Error("the window does not end on the day asked for")
	}
}

func TestMiniatureSaysThatItIsOne(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/")
	if all := text(doc); !strings.Contains(all, "This library is a miniature.") || !strings.Contains(all, "candor attack import") {
		t.Error("the overview passes the miniature for a library")
	}
	_, doc = d.page("/objects/AN1989")
	if all := text(doc); strings.Contains(all, "What ATT&CK says") || !strings.Contains(all, "not MITRE's") {
		t.Error("a page of the miniature passes its text for MITRE's")
	}
	whole := newDesk(t)
	whole.bundle(sample.Bundle(), "18.1")
	if _, doc = whole.page("/"); strings.Contains(text(doc), "miniature.") {
		t.Error("a release of another version is called a miniature")
	}
}

func TestEmptyFolderSaysWhatToDo(t *testing.T) {
	d := newDesk(t)
	for _, place := range []string{"/", "/objects", "/verdicts"} {
		if _, doc := d.page(place); !strings.Contains(text(doc), "candor attack import") {
			t.Errorf("%s does not say how to import a release", place)
		}
	}
	if _, doc := d.page("/evidence"); !strings.Contains(text(doc), "candor evidence add") {
		t.Error("/evidence does not say how to add evidence")
	}
	d.bundle(sample.Bundle(), sample.Version)
	if _, doc := d.page("/"); !strings.Contains(text(doc), "There is no evidence yet") {
		t.Error("the overview does not say that there is no evidence")
	}
}

func TestHostileTextStaysText(t *testing.T) {
	d := newDesk(t)
	evil := []byte(`<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)' style='color:red'>x</a>`)
	data := bytes.ReplaceAll(sample.Bundle(), []byte("Employee Names"), evil)
	d.bundle(bytes.ReplaceAll(data, []byte("Reading the names of staff"), evil), sample.Version)
	for _, place := range []string{"/objects/T1589.003", "/objects/AN1989", "/verdicts?text=%3Cscript%3E", "/objects?text=%22%3E%3Cscript%3E", "/objects/DET0857"} {
		a, doc := d.page(place)
		elements(doc, func(n *html.Node) {
			checkSource(t, place, n)
			if href, _ := attr(n, "href"); strings.HasPrefix(strings.ToLower(strings.TrimSpace(href)), "javascript:") {
				t.Errorf("%s: the link %q", place, href)
			}
			if n.Data == "img" {
				t.Errorf("%s: an image that the page does not have", place)
			}
		})
		if strings.Contains(a.body, "<script>") {
			t.Errorf("%s: a script of the text is in the page", place)
		}
	}
	a := d.get("/objects/" + url.PathEscape(`<script>alert("1")</script>`))
	if a.Code != http.StatusNotFound || strings.Contains(a.body, "<script>alert") {
		t.Errorf("a hostile id: %d", a.Code)
	}
}

func TestWrongRequestsSayWhatIsWrong(t *testing.T) {
	d := demonstration(t)
	for target, want := range map[string]struct {
		status int
		says   string
	}{
		"/objects/T9999":                              {404, "T9999"},
		"/nowhere":                                    {404, "/nowhere"},
		"/?as_of=yesterday":                           {400, "yesterday"},
		"/verdicts?rung=perfect":                      {400, "perfect"},
		"/verdicts?claimed=maybe":                     {400, "maybe"},
		"/objects?offset=-1":                          {400, "-1"},
		"/?release=99":                                {404, "99"},
		"/?platform=Amiga":                            {404, "Amiga"},
		"/objects/AN1989?domain=ics":                  {404, "ics"},
		"/static/nothing":                             {404, ""},
		"/evidence/rules?basis=tecnique":              {200, "No row has"},
		"/evidence/rules?text=nothing-at-all":         {200, "No row matches"},
		"/evidence/telemetry?text=nothing-at-all":     {200, "No row matches"},
		"/evidence/exceptions?text=nothing-at-all":    {200, "No row matches"},
		"/verdicts?offset=99999":                      {200, "Show all"},
		"/objects?offset=99999":                       {200, "no filter"},
		"/verdicts?platform=Lnux":                     {404, "did you mean Linux"},
		"/verdicts?tactic=recon":                      {404, "did you mean reconnaissance"},
		"/objects?platform=Lnux":                      {404, "did you mean Linux"},
		"/objects?sort=nme":                           {400, "did you mean name"},
		"/objects?lifecycle=alive":                    {400, "did you mean live"},
		"/objects?kind=techniqe":                      {400, "did you mean technique"},
		"/objects?kind=software":                      {200, `value="software" selected`},
		"/objects?tactic=reconnaissance&platform=pre": {200, `<option selected>PRE`},
		"/objects?kind=nothing-at-all":                {400, "choose one of"},
	} {
		if a := d.get(target); a.Code != want.status || !strings.Contains(a.body, want.says) {
			t.Errorf("GET %s: %d without %q", target, a.Code, want.says)
		}
	}
	_, doc := d.get("/objects/T9999"), must(html.Parse(strings.NewReader(d.get("/objects/T9999").body)))(t)
	found := false
	elements(doc, func(n *html.Node) {
		value, _ := attr(n, "value")
		found = found || n.Data == "input" && value == "T9999"
	})
	if !found {
		t.Error("the search for what was not found is not prepared")
	}
}

func TestPagesAreReadOnly(t *testing.T) {
	d := demonstration(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodTrace, http.MethodPatch} {
		for _, target := range []string{"/", "/objects/AN1989", "/nowhere"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, target, nil)
			r.Host = "localhost"
			d.ServeHTTP(w, r)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" || !strings.Contains(w.Body.String(), "Method not allowed") {
				t.Errorf("%s %s: %d, allowed %q\n%s", method, target, w.Code, w.Header().Get("Allow"), w.Body)
			}
		}
	}
}

func TestFailureIsNoDeadEnd(t *testing.T) {
	d := demonstration(t)
	for _, place := range []string{"/?release=99", "/verdicts?domain=martian", "/objects/AN1989?as_of=tomorrow", "/nothing?as_of=2026-10-01", "/changes?from=1.0&release=99"} {
		a := d.get(place)
		if a.Code != http.StatusNotFound && a.Code != http.StatusBadRequest {
			t.Errorf("GET %s: %d", place, a.Code)
		}
		elements(must(html.Parse(strings.NewReader(a.body)))(t), func(n *html.Node) {
			if to, _, ok := local(n); ok {
				if b := d.get(to); b.Code != http.StatusOK {
					t.Errorf("%s leads to %s: %d", place, to, b.Code)
				}
			}
		})
	}
}

func TestFailureShowsNoInternals(t *testing.T) {
	d := demonstration(t)
	d.evidence.Close()
	a := d.get("/")
	if a.Code != http.StatusInternalServerError && a.Code != http.StatusServiceUnavailable {
		t.Errorf("the overview without evidence: %d", a.Code)
	}
	for _, internal := range []string{"sql", "database", "evidence.db", "goroutine"} {
		if strings.Contains(a.body, internal) {
			t.Errorf("the page shows %q", internal)
		}
	}
	if !strings.Contains(d.log.String(), "database is closed") {
		t.Errorf("the log does not say why: %s", d.log)
	}
	if _, doc := d.page("/objects/AN1989"); !strings.Contains(text(doc), "The assessment failed") {
		t.Error("the official part of an object's page does not survive without evidence")
	}
}

// broken is an assessor that fails.
type broken struct{ err error }

// Assess fails.
func (b broken) Assess(context.Context, assessment.Request) (assure.Assessment, error) {
	return assure.Assessment{}, b.err
}

// Overview fails.
func (b broken) Overview(context.Context, assessment.Request) (assure.Assessment, error) {
	return assure.Assessment{}, b.err
}

// Sites fails.
func (b broken) Sites(context.Context) ([]string, error) { return nil, b.err }

// Take fails.
func (b broken) Take(context.Context, assessment.Request, string) (take.Take, error) {
	return take.Take{}, b.err
}

// Board fails.
func (b broken) Board(context.Context, assessment.Request) (*standing.Board, error) {
	return nil, b.err
}

// Matrix fails.
func (b broken) Matrix(context.Context, assessment.Request, matrix.Asked) (matrix.Matrix, error) {
	return matrix.Matrix{}, b.err
}

// Gaps fails.
func (b broken) Gaps(context.Context, assessment.Request) (gap.Register, error) {
	return gap.Register{}, b.err
}

// MatrixChoices fails.
func (b broken) MatrixChoices(context.Context, assessment.Request) (matrix.Choices, error) {
	return matrix.Choices{}, b.err
}

func TestOnlyFaultsForPeopleAreShown(t *testing.T) {
	d := demonstration(t)
	for _, c := range []struct {
		err    error
		status int
		shown  bool
	}{
		{errors.New("secret"), 500, false},
		{fault.New(fault.Internal, "secret"), 500, false},
		{fmt.Errorf("assess: %w", fault.New(fault.Unavailable, "secret").Because(errors.New("cause"))), 503, true},
		{fault.New(fault.Refused, "secret"), 403, true},
	} {
		var log record
		h := web.New(web.Deps{Door: door.New(door.Config{Now: clock}), Objects: library.New(d.library), Index: d.library, Assessor: broken{c.err}, Evidence: d.evidence, Alerts: d.alerts,
			Policy: d.inForce, Clock: clock, Log: slog.New(slog.NewTextHandler(&log, nil))})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		body := strings.ToLower(w.Body.String())
		if w.Code != c.status || strings.Contains(body, "secret") != c.shown || strings.Contains(body, "cause") {
			t.Errorf("%v: %d %s", c.err, w.Code, w.Body)
		}
		if strings.Contains(log.String(), "secret") != (c.status >= 500) {
			t.Errorf("%v: the log holds %q", c.err, &log)
		}
	}
}

func TestTwoReleasesCanBeTold(t *testing.T) {
	d := demonstration(t)
	d.bundle(bytes.ReplaceAll(sample.Bundle(), []byte("Reading the names of staff"), []byte("Reading names")), "18.1")
	_, doc := d.page("/objects/AN1989?release=0.1")
	all := text(doc)
	if !strings.Contains(all, "Reading the names of staff") || !strings.Contains(all, "enterprise 18.1") {
		t.Error("the older release is not shown beside the newer one")
	}
	elements(doc, func(n *html.Node) {
		if href, _ := attr(n, "href"); strings.HasPrefix(href, "/objects/DET0857") && !strings.Contains(href, "release=0.1") {
			t.Errorf("the link %q leaves the release", href)
		}
	})
	if _, doc = d.page("/objects/AN1989"); !strings.Contains(text(doc), "Reading names") {
		t.Error("without a release the newest is not shown")
	}
}

func TestReleaseWithoutTheObjectIsNoPlaceToGo(t *testing.T) {
	d := demonstration(t)
	h := must(d.library.Find(t.Context(), "AN1989", attack.ReleaseRef{}))(t)[0]
	other := "x-mitre-analytic--11111111-1111-4111-8111-111111111111"
	b := bytes.ReplaceAll(bytes.ReplaceAll(sample.Bundle(), []byte(h.StixID), []byte(other)), []byte("AN1989"), []byte("AN9989"))
	d.bundle(b, "18.1")
	for _, place := range []string{"/objects/AN1989?release=0.1", "/objects/AN1989/history?release=0.1", "/gates/AN1989?release=0.1"} {
		_, doc := d.page(place)
		elements(doc, func(n *html.Node) {
			if to, _, ok := local(n); ok && strings.Contains(to, "AN1989") && !strings.Contains(to, "form=pdf") {
				d.page(to)
			}
		})
		if !strings.Contains(text(doc), "enterprise 18.1 (not there)") {
			t.Errorf("%s does not say which release lacks the object", place)
		}
	}
	if _, doc := d.page("/objects/AN1962?release=0.1"); !linked(doc)["/objects/AN1962?domain=enterprise&release=18.1"] {
		t.Error("the release that has the object is no place to go either")
	}
}

func TestOverviewNamesWhatStoppedAndWhatIsMisspelt(t *testing.T) {
	d := demonstration(t)
	u := d.assessment().Unmapped
	if len(u.StoppedFeeds) == 0 || len(u.UnknownSources) == 0 {
		t.Fatalf("the demonstration has nothing to show: %+v", u)
	}
	_, doc := d.page("/")
	all := text(doc)
	for _, want := range []string{
		"Feeds that stopped arriving", u.StoppedFeeds[0].Name, string(u.StoppedFeeds[0].LastSeen),
		"NSM:Conections", "nearest: NSM:Connections",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the overview does not say %q", want)
		}
	}
}

func TestWaiverShowsWhereTheVerdictShows(t *testing.T) {
	d := demonstration(t)
	const reason = "the vendor mends it in <May>"
	must(d.assess.Waive(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, assure.Waiver{
		ID: "AN1336", For: "automation", Reason: reason, By: "ciso", Second: "audit", Made: today, Until: "2026-12-24",
	}))(t)
	_, doc := d.page("/objects/AN1336")
	for _, want := range []string{"Waivers in force", "For automation, until 2026-12-24", reason, "by ciso"} {
		if all := text(doc); !strings.Contains(all, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if _, doc := d.page("/objects/AN1989"); strings.Contains(text(doc), "Waivers in force") {
		t.Error("another analytic shows the waiver")
	}
}

func TestWithdrawnBatchStaysVisibleAndNoLongerCounts(t *testing.T) {
	d := demonstration(t)
	var batch string
	for _, b := range must(d.evidence.Batches(t.Context()))(t) {
		if b.Kind == "exercises" {
			batch = b.ID
		}
	}
	if err := d.evidence.Withdraw(t.Context(), batch, store.Withdrawal{Reason: "of another network", By: "lead", At: today}); err != nil {
		t.Fatal(err)
	}
	_, doc := d.page("/evidence")
	for _, want := range []string{batch, "withdrawn", "by lead: of another network"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("the evidence page does not say %q", want)
		}
	}
	if _, doc := d.page("/"); strings.Contains(text(doc), "exercises: 1 batch") {
		t.Error("the overview counts a batch that was withdrawn")
	}
}

func TestEveryKindOfEvidenceIsListed(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/evidence")
	for _, want := range []string{"cases-", "ties alerts to the cases that list them", "signals-", "tuning-"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("the evidence page does not say %q", want)
		}
	}
	_, doc = d.page("/")
	for _, want := range []string{"cases: 1 batch", "signals: 1 batch", "tuning: 1 batch"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("the overview does not say %q", want)
		}
	}
}

func TestOverviewSaysThatTheEvidenceIsOlderThanItsWindow(t *testing.T) {
	d := demonstration(t)
	const says = "The newest alert or feed observation is of"
	if _, doc := d.page("/"); strings.Contains(text(doc), says) {
		t.Error("evidence of today is said to be old")
	}
	_, doc := d.page("/?as_of=2030-01-01&platform=Windows")
	var back string
	elements(doc, func(n *html.Node) {
		if href, _ := attr(n, "href"); strings.HasPrefix(text(n), "judge as of ") {
			back = href
		}
	})
	if !strings.Contains(text(doc), says) || !strings.Contains(back, "platform=Windows") {
		t.Fatalf("old evidence leads to %q", back)
	}
	if _, doc = d.page(back); strings.Contains(text(doc), says) {
		t.Error("as of its own day the evidence is old")
	}
}

func TestClaimsThatDoNotCountAreApart(t *testing.T) {
	d := demonstration(t)
	for _, v := range d.assessment().Verdicts {
		_, doc := d.page("/objects/" + v.Analytic.ATTACKID)
		at := map[string]string{}
		elements(doc, func(n *html.Node) {
			if label, _ := attr(n, "aria-label"); strings.Contains(label, "laims that ") {
				elements(n, func(row *html.Node) {
					if row.Data == "small" {
						at[text(row)] = label
					}
				})
			}
		})
		for _, c := range v.Claims {
			want := "Claims that count"
			switch {
			case c.Cannot():
				want = "Claims that cannot count"
			case !c.Counts || !c.Enabled:
				want = "Claims that do not count"
			}
			if at[c.RuleID] != want {
				t.Errorf("%s: the claim of %s is among %q, want %q", v.Analytic.ATTACKID, c.RuleID, at[c.RuleID], want)
			}
		}
	}
}

func TestATechniqueShowsItsSubTechniquesTogetherAndApart(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/objects/T1059")
	for _, g := range assure.RollUp(d.assessment(), "technique").Groups {
		if g.Of.ATTACKID != "T1059" {
			continue
		}
		says(t, doc, "T1059: "+g.Apart()+".", "Its own analytics", "sub-technique")
		for _, n := range append(slices.Clone(g.Own.WorstOf), g.Subs.WorstOf...) {
			if !linked(doc)["/objects/"+n.ATTACKID] {
				t.Errorf("the page does not lead to %s", n.ATTACKID)
			}
		}
	}
	if _, doc = d.page("/objects/T1190"); strings.Contains(text(doc), "Its own analytics") {
		t.Error("a technique without sub-techniques is split")
	}
}

func TestEverySentenceOfARungStandsOnThePageOfItsAnalytic(t *testing.T) {
	d := demonstration(t)
	for _, v := range d.assessment().Verdicts {
		_, doc := d.page("/objects/" + v.Analytic.ATTACKID)
		says(t, doc, v.Sentence)
	}
}

func TestTheOverviewHasTheStepsOfNextInTheirOrder(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/")
	overview := text(doc)
	_, doc = d.page("/next")
	next := text(doc)
	at := 0 // what is before belongs to steps before: one can begin as another does
	for _, l := range d.assessment().NextSteps {
		if !strings.Contains(overview, l.Text) || !strings.Contains(overview, l.Unlocks) {
			t.Errorf("the overview does not say %q, %q", l.Text, l.Unlocks)
		}
		n := strings.Index(next[at:], l.Text)
		if n < 0 {
			t.Fatalf("the page of next steps does not say %q in its place", l.Text)
		}
		at += n + len(l.Text)
	}
}

// TestTechniquesInListsSayHowTheyStand compares the rung beside each technique with the
// worst case of its own analytics.
func TestTechniquesInListsSayHowTheyStand(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/objects?kind=technique")
	all := text(doc)
	rows := 0
	board := must(d.assess.Board(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}))(t)
	found, _, err := d.library.List(t.Context(), store.Query{Release: d.assessment().Release, Kinds: []attack.Kind{attack.KindTechnique}, Lifecycle: "live", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		g := board.Group(f.StixID)
		own := &g.Sum
		if g.Own != nil {
			own = g.Own
		}
		if own.Worst == "" {
			continue
		}
		rows++
		l := matrix.LookOf(own.Worst)
		if want := f.ATTACKID + " " + f.Name + " technique " + l.Code + " " + l.Name; !strings.Contains(all, want) {
			t.Errorf("the list does not say %q", want)
		}
	}
	if rows < 5 {
		t.Errorf("only %d techniques stand anywhere", rows)
	}
	strategies := 0
	_, doc = d.page("/objects?kind=detection-strategy&lifecycle=live")
	elements(doc, func(n *html.Node) {
		if class, _ := attr(n, "class"); strings.HasPrefix(class, "rung r-") {
			strategies++
		}
	})
	if strategies < 5 {
		t.Errorf("only %d detection strategies in a list stand anywhere", strategies)
	}
	if got := d.get("/objects?kind=group").body; strings.Contains(got, "Worst case here") {
		t.Error("a list without techniques has a column for them")
	}
}
