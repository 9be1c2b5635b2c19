package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	answers "candor/internal/answer"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/custody"
	"candor/internal/door"
	"candor/internal/gap"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/store"
	"candor/internal/token"
	"candor/internal/web"
)

// writing has a desk take what people write in its pages.
func writing(d *desk, deps *web.Deps) {
	d.tokens = token.In(filepath.Join(d.dir, "tokens"))
	deps.Door = door.New(door.Config{Tokens: d.tokens, Now: clock})
	deps.Writing = web.Writing{Gaps: d.assess, Profiles: d.assess, Upgrades: d.assess, Chains: d.assess, Labels: labels{intakeOf(d), d.keeper},
		Bring: ingest.NewEvidence(d.keeper.Evidence(d.evidence), d.keeper.Alerts(d.alerts), clock)}
	deps.Sampler = d.assess
}

// person is someone in a browser of their own.
type person struct {
	*desk
	cookie string
	// headers go with every request, as names and values in turn.
	headers []string
}

// someone shows a new token in a browser.
func (d *desk) someone(name string, scopes ...string) *person {
	d.t.Helper()
	_, secret, err := d.tokens.Create(token.Request{Name: name, Scopes: scopes}, today)
	if err != nil {
		d.t.Fatal(err)
	}
	p := &person{desk: d}
	a := p.send("/session", url.Values{"token": {secret}, "to": {"/gaps"}})
	p.cookie, _, _ = strings.Cut(a.Header().Get("Set-Cookie"), ";")
	if a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/gaps" || p.cookie == "" {
		d.t.Fatalf("%s is not let in: %d %v", name, a.Code, a.Header())
	}
	return p
}

func (p *person) ask(r *http.Request) answer {
	p.t.Helper()
	r.Host = "localhost:8080"
	if p.cookie != "" {
		r.Header.Set("Cookie", p.cookie)
	}
	for i := 0; i < len(p.headers); i += 2 {
		r.Header.Set(p.headers[i], p.headers[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return answer{w, w.Body.String()}
}

// opens asks for a page.
func (p *person) opens(place string) answer {
	p.t.Helper()
	return p.ask(httptest.NewRequest(http.MethodGet, place, nil))
}

// send sends what a form holds.
func (p *person) send(place string, f url.Values) answer {
	p.t.Helper()
	r := httptest.NewRequest(http.MethodPost, place, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.ask(r)
}

// form returns what the form of a page that is sent to a place holds, as a browser would
// send it, without its buttons.
func (p *person) form(page answer, to string) url.Values {
	p.t.Helper()
	return formIn(must(html.Parse(strings.NewReader(page.body)))(p.t), to)
}

func formIn(doc *html.Node, to string) url.Values {
	var f url.Values
	elements(doc, func(n *html.Node) {
		if action, _ := attr(n, "action"); f != nil || n.Data != "form" || action != to {
			return
		}
		if method, _ := attr(n, "method"); method != "post" {
			return
		}
		f = url.Values{}
		elements(n, func(e *html.Node) {
			name, has := attr(e, "name")
			value, _ := attr(e, "value")
			kind, _ := attr(e, "type")
			_, checked := attr(e, "checked")
			switch {
			case !has || e.Data == "button" || (kind == "radio" || kind == "checkbox") && !checked:
			case e.Data == "select":
				elements(e, func(o *html.Node) {
					if _, chosen := attr(o, "selected"); chosen {
						value, _ = attr(o, "value")
					}
				})
				f.Add(name, value)
			case e.Data == "textarea":
				f.Add(name, text(e))
			default:
				f.Add(name, value)
			}
		})
	})
	return f
}

func (d *desk) stated(id string) []gap.Gap {
	d.t.Helper()
	all, err := d.assess.GapHistory(d.t.Context(), id)
	if err != nil {
		return nil
	}
	var list []gap.Gap
	for _, s := range all {
		list = append(list, s.Gap)
	}
	return list
}

func TestAGapIsStatedAndChangedInItsPage(t *testing.T) {
	d := demonstration(t, writing)
	ann, bob := d.someone("ann", "gaps"), d.someone("bob", "gaps")
	if body := ann.opens("/objects/AN1989").body; !strings.Contains(body, `href="/gap?id=AN1989"`) || strings.Contains(d.get("/objects/AN1989").body, "/gap?id=") {
		t.Error("the page of the verdict does not offer it to whoever may, or does to others")
	}
	page := ann.opens("/gap?id=AN1989")
	f := ann.form(page, "/gap")
	if !strings.Contains(f.Get("why"), "log source") {
		t.Fatalf("the form is not filled with why: %v", f)
	}
	f.Set("decision", "accept")
	if a := ann.send("/gap", f); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nobody owns the gap") || !strings.Contains(a.body, `aria-invalid="true"`) || len(d.stated("AN1989")) != 0 {
		t.Fatalf("a decision that nobody owns: %d %v", a.Code, d.stated("AN1989"))
	} else if again := ann.form(a, "/gap"); again.Get("decision") != "accept" {
		t.Errorf("what was typed is lost: %v", again)
	}
	f.Set("owner", "CISO")
	f.Set("until", "2027-01-31")
	a := ann.send("/gap", f)
	got := d.stated("AN1989")
	if a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/gap?id=AN1989" || len(got) != 1 || got[0].By != "ann" || got[0].RecordedBy != "token:ann" || got[0].Owner != "CISO" {
		t.Fatalf("%d %v: %+v", a.Code, a.Header(), got)
	}
	if a := ann.send("/gap", f); a.Code != http.StatusSeeOther || len(d.stated("AN1989")) != 1 {
		t.Errorf("sent twice: %d, stated %d times", a.Code, len(d.stated("AN1989")))
	}
	// Two people have the page open; the second is told what the first changed.
	first, second := ann.form(ann.opens("/gap?id=AN1989"), "/gap"), bob.form(bob.opens("/gap?id=AN1989"), "/gap")
	first.Set("owner", "Head of IT")
	ann.send("/gap", first)
	second.Set("note", "as discussed")
	late := bob.send("/gap", second)
	if late.Code != http.StatusConflict || !strings.Contains(late.body, "as discussed") || !strings.Contains(late.body, "Head of IT") || len(d.stated("AN1989")) != 2 {
		t.Fatalf("the second of two: %d, stated %d times", late.Code, len(d.stated("AN1989")))
	}
	again := bob.form(late, "/gap")
	again.Set("owner", "Head of IT")
	if a := bob.send("/gap", again); a.Code != http.StatusSeeOther || d.stated("AN1989")[2].By != "bob" || d.stated("AN1989")[2].Owner != "Head of IT" {
		t.Errorf("after a look: %d %+v", a.Code, d.stated("AN1989"))
	}
	last := bob.form(bob.opens("/gap?id=AN1989"), "/gap")
	last.Set("do", "close")
	last.Set("note", "")
	if a := bob.send("/gap", last); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("closed for no reason: %d", a.Code)
	}
	last.Set("note", "a sensor is there")
	if a := bob.send("/gap", last); a.Code != http.StatusSeeOther || !d.stated("AN1989")[3].Closed {
		t.Errorf("closing: %d %+v", a.Code, d.stated("AN1989"))
	}
	if body := d.get("/gap?id=AN1989").body; !strings.Contains(body, "Everything that was stated 4") && !strings.Contains(body, "Everything that was stated <small>4") || strings.Contains(body, "<form class=\"sheet\"") {
		t.Error("whoever reads does not see the history, or is offered the form")
	}
}

func TestANextStepIsTakenOn(t *testing.T) {
	d := demonstration(t, writing)
	ann := d.someone("ann", "gaps")
	const place = "/gap?action=write_runbook&target=T1059.001"
	if body := ann.opens("/next").body; !strings.Contains(body, strings.ReplaceAll(place, "&", "&amp;")) {
		t.Fatal("the step is not offered to be taken on")
	}
	if body := d.get("/next").body; strings.Contains(body, "take it on") {
		t.Error("it is offered to whoever reads")
	}
	for _, listed := range must(d.assess.Next(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, 0))(t).Steps {
		for _, part := range listed.Parts {
			for _, target := range part.Targets {
				if a := ann.opens("/gap?" + url.Values{"action": {part.Action}, "target": {target}}.Encode()); a.Code != http.StatusOK || ann.form(a, "/gap") == nil {
					t.Errorf("%s %s cannot be taken on: %d", part.Action, target, a.Code)
				}
			}
		}
	}
	f := ann.form(ann.opens(place), "/gap")
	f.Set("owner", "Lindqvist")
	f.Set("until", "2026-11-20")
	if a := ann.send("/gap", f); a.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Code, a.body)
	}
	if body := d.get("/next").body; !strings.Contains(body, "taken on</a> by Lindqvist") {
		t.Error("the step does not say who takes it on")
	}
	if body := d.get("/?as_of=2026-11-21").body; !strings.Contains(body, "1 gap is overdue") {
		t.Error("the overview does not say that it is overdue")
	}
}

func TestNothingIsWrittenWithoutASession(t *testing.T) {
	d := demonstration(t, writing)
	nobody := &person{desk: d}
	f := url.Values{"id": {"AN1989"}, "why": {"because <b>I</b> say so"}, "title": {"x"}}
	a := nobody.send("/gap?domain=enterprise", f)
	if a.Code != http.StatusUnauthorized || len(d.stated("AN1989")) != 0 || strings.Contains(a.body, "<b>I</b>") || !strings.Contains(a.Header().Get("Cache-Control"), "no-store") {
		t.Fatalf("%d %v", a.Code, a.Header())
	}
	// What was typed waits for the token, and is sent when the person says so.
	kept := nobody.form(a, "/session")
	_, secret, _ := d.tokens.Create(token.Request{Name: "ann", Scopes: []string{"gaps"}}, today)
	kept.Set("token", secret)
	offer := nobody.send("/session", kept)
	if offer.Code != http.StatusOK || len(d.stated("AN1989")) != 0 || strings.Contains(offer.body, secret) {
		t.Fatalf("%d, stated %v", offer.Code, d.stated("AN1989"))
	}
	nobody.cookie, _, _ = strings.Cut(offer.Header().Get("Set-Cookie"), ";")
	if a := nobody.send("/gap?domain=enterprise", nobody.form(offer, "/gap?domain=enterprise")); a.Code != http.StatusSeeOther || len(d.stated("AN1989")) != 1 || d.stated("AN1989")[0].Why != f.Get("why") {
		t.Fatalf("%d, stated %+v", a.Code, d.stated("AN1989"))
	}
	if _, _, err := d.tokens.Revoke("ann", "", today); err != nil {
		t.Fatal(err)
	}
	for what, p := range map[string]*person{
		"a token that was revoked": nobody, "a token for something else": d.someone("eve", "alerts", "read"), "a session that is made up": {desk: d, cookie: "candor_8080_session=" + strings.Repeat("a", 52)},
	} {
		if a := p.send("/gap", f); a.Code != http.StatusUnauthorized && a.Code != http.StatusForbidden || len(d.stated("AN1989")) != 1 {
			t.Errorf("%s: %d", what, a.Code)
		}
		if body := p.opens("/gaps").body; strings.Contains(body, "State a gap") {
			t.Errorf("%s: the page offers to write", what)
		}
	}
	for _, secret := range []string{"", "x", "candor_ann_" + strings.Repeat("a", 52)} {
		a := nobody.send("/session", url.Values{"token": {secret}})
		if a.Code != http.StatusForbidden || a.Header().Get("Set-Cookie") != "" || len(secret) > 1 && strings.Contains(a.body, secret) {
			t.Errorf("the token %q: %d", secret, a.Code)
		}
	}
}

func TestOtherSitesCannotWrite(t *testing.T) {
	d := demonstration(t, writing)
	ann := d.someone("ann", "gaps")
	f := url.Values{"id": {"AN1989"}, "why": {"x"}, "title": {"x"}}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://evil.example"}, {"Origin", "http://localhost:9999"}, {"Origin", "null"}} {
		ann.headers = headers
		for _, place := range []string{"/gap", "/session", "/session/end"} {
			if a := ann.send(place, f); a.Code != http.StatusForbidden {
				t.Errorf("%s with %v: %d", place, headers, a.Code)
			}
		}
	}
	ann.headers = nil
	if len(d.stated("AN1989")) != 0 || ann.send("/gap", f).Code != http.StatusSeeOther {
		t.Error("another site wrote, or ended the session")
	}
	_, secret, err := d.tokens.Create(token.Request{Name: "bob", Scopes: []string{"gaps"}}, today)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/x\ny", ""} {
		if a := ann.send("/session", url.Values{"token": {secret}, "to": {to}}); a.Header().Get("Location") != "/session" {
			t.Errorf("to %q: leads to %q", to, a.Header().Get("Location"))
		}
	}
}

// intakeOf has a desk take pushed evidence.
func intakeOf(d *desk) *intake.Service {
	d.t.Helper()
	c := intake.Config{Dir: filepath.Join(d.dir, "push"), RejectsDir: filepath.Join(d.dir, "rejects"), Limits: intake.Usual(), Now: clock}
	in := intake.New(c, ingest.NewEvidence(d.keeper.Evidence(d.evidence), d.keeper.Alerts(d.alerts), clock))
	stop, err := in.Start(time.Hour, slog.New(slog.DiscardHandler))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(stop)
	return in
}

// labels takes labels and withdraws them.
type labels struct {
	*intake.Service
	*custody.Keeper
}

// unlabelled returns a rule that has alerts to label.
func (d *desk) unlabelled() string {
	d.t.Helper()
	m := must(d.assess.Measure(d.t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, false))(d.t)
	for _, r := range m.Rules {
		if r.Unlabelled > 5 && r.TruePositive+r.FalsePositive+r.BenignPositive > 5 {
			return r.RuleID
		}
	}
	d.t.Fatal("no rule has alerts to label")
	return ""
}

func (d *desk) measured(rule string) assessment.MeasuredRule {
	d.t.Helper()
	return must(d.assess.MeasureRule(d.t.Context(), assessment.Request{AsOf: today, Policy: d.policy}, rule))(d.t)
}

func TestAlertsAreLabelledAndTakenBack(t *testing.T) {
	d := demonstration(t, writing)
	ann, rule := d.someone("ann", "dispositions"), d.unlabelled()
	place := "/label?rule=" + url.QueryEscape(rule)
	if a := d.get(place); a.Code != http.StatusOK || strings.Contains(a.body, "<fieldset") || !strings.Contains(a.body, "Show a token") {
		t.Errorf("whoever reads: %d", a.Code)
	}
	f := ann.form(ann.opens(place), place)
	if f.Get("id.0") == "" || f.Get("class.0") != "" {
		t.Fatalf("the form: %v", f)
	}
	if a := ann.send(place, f); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "No alert is labelled") {
		t.Errorf("without a label: %d", a.Code)
	}
	before := d.measured(rule)
	f.Set("class.0", "true_positive")
	f.Set("class.1", "false_positive")
	f.Set("class.2", "duplicate")
	if a := ann.send(place, f); a.Code != http.StatusUnprocessableEntity || ann.form(a, place).Get("class.1") != "false_positive" {
		t.Errorf("a duplicate of nothing: %d", a.Code)
	}
	f.Set("of.2", f.Get("id.0"))
	a := ann.send(place, f)
	said := a.Header().Get("Location")
	if a.Code != http.StatusSeeOther || !strings.HasPrefix(said, "/label?") {
		t.Fatalf("%d %s", a.Code, a.body)
	}
	now := d.measured(rule)
	if now.TruePositive != before.TruePositive+1 || now.FalsePositive != before.FalsePositive+1 || now.Duplicate != before.Duplicate+1 || now.Unlabelled != before.Unlabelled-3 {
		t.Errorf("before %+v, now %+v", before.Statement, now.Statement)
	}
	if again := ann.send(place, f); again.Header().Get("Location") != said || d.measured(rule).Unlabelled != now.Unlabelled || len(must(store.Merged(t.Context(), d.evidence, d.alerts))(t)) == 0 {
		t.Errorf("sent twice: %d", again.Code)
	}
	page := ann.opens(said)
	if !strings.Contains(page.body, "3 labels are on the disk") || !strings.Contains(page.body, "as said by ann") {
		t.Errorf("it is not said: %s", page.body)
	}
	bob := d.someone("bob", "dispositions")
	undo := ann.form(page, "/label/undo")
	if a := bob.send("/label/undo", undo); a.Code != http.StatusNotFound || d.measured(rule).Unlabelled != now.Unlabelled {
		t.Errorf("somebody else takes them back: %d", a.Code)
	}
	if strings.Contains(bob.opens(said).body, "on the disk") {
		t.Error("somebody else is told of them")
	}
	for range 2 { // twice is as once
		if a := ann.send("/label/undo", undo); a.Code != http.StatusSeeOther || !strings.Contains(ann.opens(a.Header().Get("Location")).body, "were taken back") {
			t.Fatalf("undo: %d %s", a.Code, a.body)
		}
	}
	if back := d.measured(rule); back.TruePositive != before.TruePositive || back.Unlabelled != before.Unlabelled || back.Duplicate != before.Duplicate {
		t.Errorf("before %+v, after it was taken back %+v", before.Statement, back.Statement)
	}
	if a := ann.send(place, url.Values{"id.0": {"nobody's"}, "class.0": {"true_positive"}, "once": {"z"}}); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nothing was written") {
		t.Errorf("an alert that is not known: %d", a.Code)
	}
}

// TestASecondReadingIsBlind compares the pages of a second reader where the first reader
// took the same alert for one thing and for its opposite.
func TestASecondReadingIsBlind(t *testing.T) {
	var bodies []string
	for _, class := range []string{"true_positive", "false_positive"} {
		d := demonstration(t, writing)
		rule := d.unlabelled()
		place, second := "/label?rule="+url.QueryEscape(rule), "/label?n=100&rule="+url.QueryEscape(rule)+"&second=1"
		bob, ann := d.someone("bob", "dispositions"), d.someone("ann", "dispositions")
		f := bob.form(bob.opens(place), place)
		f.Set("class.0", class)
		if a := bob.send(place, f); a.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Code, a.body)
		}
		id := f.Get("id.0")
		if strings.Contains(bob.opens(second).body, `value="`+id+`"`) {
			t.Error("the first reader is to read it again")
		}
		page := ann.opens(second)
		g := ann.form(page, second)
		if !strings.Contains(page.body, `value="`+id+`"`) {
			t.Fatalf("it is not drawn for the second reader, of %d", len(g))
		}
		bodies = append(bodies, strings.ReplaceAll(page.body, g.Get("once"), ""))
		own := url.Values{"id.0": {id}, "site.0": f["site.0"], "source.0": f["source.0"], "class.0": {"benign_positive"}, "once": {"x"}}
		if a := bob.send(second, own); a.Code != http.StatusConflict {
			t.Errorf("the first reader reads it a second time: %d", a.Code)
		}
		before := d.measured(rule)
		if a := ann.send(second, own); a.Code != http.StatusSeeOther {
			t.Fatalf("the second reader: %d %s", a.Code, a.body)
		}
		if now := d.measured(rule); now.BenignPositive != before.BenignPositive || now.Labels.Second.Pairs != before.Labels.Second.Pairs+1 {
			t.Errorf("a second reading changed what alerts count as, or is not compared: %+v", now.Labels)
		}
	}
	if bodies[0] != bodies[1] {
		t.Error("the page tells what the first reader took the alert for")
	}
}

func TestTheAlertsOfACaseAreLabelled(t *testing.T) {
	d := demonstration(t, writing)
	ann := d.someone("ann", "dispositions")
	all := must(d.assess.Reviews(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}))(t)
	i := slices.IndexFunc(all.Cases, func(c assure.CaseSummary) bool { return c.Alerts > 0 })
	if i < 0 {
		t.Fatal("no case has alerts")
	}
	place := "/label?case=" + all.Cases[i].ID
	if body := ann.opens("/reviews/" + all.Cases[i].ID).body; !strings.Contains(body, place) {
		t.Fatal("the page of the case does not lead there")
	}
	f := ann.form(ann.opens(place), place)
	f.Set("class.0", "benign_positive")
	a := ann.send(place, f)
	if a.Code != http.StatusSeeOther || f.Get("id.0") == "" || !strings.Contains(ann.opens(place).body, "benign positive by ann") {
		t.Errorf("%d %v", a.Code, f)
	}
	for _, wrong := range []string{"/label", "/label?rule=a&case=b", "/label?rule=x&n=1000", "/label?rule=nothing", "/label?case=nothing"} {
		if a := ann.opens(wrong); a.Code != http.StatusBadRequest && a.Code != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, a.Code)
		}
	}
}

// brings sends files, given as names and texts in turn, and what they are said to be.
func (p *person) brings(as string, files ...string) answer {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("as", as)
	for i := 0; i+1 < len(files); i += 2 {
		part := must(w.CreateFormFile("file", files[i]))(p.t)
		_, _ = part.Write([]byte(files[i+1]))
	}
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, "/bring", &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return p.ask(r)
}

// settled returns the page of what was brought once nothing is under way.
func (p *person) settled(a answer) (place string, page answer) {
	p.t.Helper()
	place = a.Header().Get("Location")
	if a.Code != http.StatusSeeOther {
		p.t.Fatalf("%d %s", a.Code, a.body)
	}
	for {
		if page = p.opens(place); page.Header().Get("Refresh") == "" {
			return place, page
		}
		runtime.Gosched()
	}
}

func TestFilesAreCheckedAndLand(t *testing.T) {
	d := demonstration(t, writing)
	ann, eve := d.someone("ann", "evidence"), d.someone("eve", "gaps", "dispositions")
	if body := ann.opens("/evidence").body; !strings.Contains(body, `href="/bring"`) || strings.Contains(d.get("/evidence").body, `href="/bring"`) {
		t.Error("to bring evidence is not offered to whoever may, or to whoever may not")
	}
	const file = "id,rule_id,time,entity\nx-1,<b>R</b>,2026-11-19T08:00:00Z,host-1\nx-2,R,yesterday,host-2\n"
	count := func() int { return len(must(store.Merged(t.Context(), d.evidence, d.alerts))(t)) }
	before := count()
	if a := eve.brings("", "alerts.csv", file); a.Code != http.StatusForbidden {
		t.Errorf("who may not: %d", a.Code)
	}
	place, page := ann.settled(ann.brings("", "../../<i>alerts.csv", file))
	for _, want := range []string{"1 good", "1 rejected", "x-1", "&lt;b&gt;R&lt;/b&gt;", "yesterday", "&lt;i&gt;alerts.csv", "Land 1 record"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the look does not say %q", want)
		}
	}
	if count() != before || strings.Contains(page.body, "<b>R</b>") || strings.Contains(page.body, os.TempDir()+"/") {
		t.Errorf("a look landed something, or tells of the server: %d", count())
	}
	if a := d.someone("bob", "evidence").opens(place); a.Code != http.StatusNotFound {
		t.Errorf("somebody else's files: %d", a.Code)
	}
	land := ann.form(page, place)
	if a := ann.send(place, url.Values{"do": {"land"}, "sha256": {strings.Repeat("0", 64)}}); a.Code != http.StatusBadRequest || count() != before {
		t.Errorf("something else lands: %d", a.Code)
	}
	land.Set("do", "land")
	_, page = ann.settled(ann.send(place, land))
	if !strings.Contains(page.body, "It landed") || !strings.Contains(page.body, "/evidence/alerts-") || count() != before+1 {
		t.Fatalf("%d batches, %s", count(), page.body)
	}
	last := must(store.Merged(t.Context(), d.evidence, d.alerts))(t)
	if b := last[len(last)-1]; b.By != "token:ann" || b.Read != 2 || b.Rejected != 1 {
		t.Errorf("%+v", b)
	}
	if _, again := ann.settled(ann.send(place, land)); !strings.Contains(again.body, "It landed") || count() != before+1 {
		t.Error("it landed twice")
	}
	if _, page := ann.settled(ann.brings("", "<i>alerts.csv", file)); !strings.Contains(page.body, "it is there already") {
		t.Errorf("the same file again: %s", page.body)
	}
}

func TestAFileOfAnyShapeLandsThroughAMapping(t *testing.T) {
	d := demonstration(t, writing)
	ann := d.someone("ann", "evidence")
	place, page := ann.settled(ann.brings("", "export.csv", "when,signature,machine\n2026-11-19T08:00:00Z,Odd login,host-1\n2026-11-19T09:00:00Z,Odd login,host-2\n"))
	if !strings.Contains(page.body, "Nothing would land") || !strings.Contains(page.body, "kind: mapping") || !strings.Contains(page.body, "host-2") {
		t.Fatalf("no mapping is proposed: %s", page.body)
	}
	doc := must(html.Parse(strings.NewReader(page.body)))(t)
	var text1 string
	elements(doc, func(n *html.Node) {
		if name, _ := attr(n, "name"); n.Data == "textarea" && name == "mapping" {
			text1 = n.FirstChild.Data
		}
	})
	_, page = ann.settled(ann.send(place, url.Values{"do": {"map"}, "as": {"alerts"}, "mapping": {strings.ReplaceAll(text1, "\n", "\r\n")}}))
	if !strings.Contains(page.body, "2 good") {
		t.Fatalf("the mapping as proposed: %s", page.body)
	}
	_, page = ann.settled(ann.send(place, url.Values{"do": {"map"}, "as": {"alerts"}, "mapping": {"kind: mapping\nversion: 2\nof: alerts\ncolumns: {"}}))
	if !strings.Contains(page.body, "Nothing would land") || !strings.Contains(page.body, "columns: {") || strings.Contains(page.body, `value="land"`) {
		t.Fatalf("a mapping that is none: %s", page.body)
	}
	if a := ann.send(place, url.Values{"do": {"drop"}}); a.Header().Get("Location") != "/bring" || ann.opens(place).Code != http.StatusNotFound {
		t.Errorf("the files are not forgotten: %d", a.Code)
	}
	for what, files := range map[string][]string{"no file": {}, "two of one name": {"a.csv", "x", "b/A.csv", "y"}} {
		if a := ann.brings("", files...); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nothing was kept") {
			t.Errorf("%s: %d", what, a.Code)
		}
	}
	if _, page := ann.settled(ann.brings("rules/sigma", "x.yml", "\x00\x01")); !strings.Contains(page.body, "Nothing would land") {
		t.Errorf("no rule: %s", page.body)
	}
}

// TestAKeptPageIsNobodys asks, of people who may do different things and the same, one
// after the other for pages that are kept, and finds nobody's name on another's.
func TestAKeptPageIsNobodys(t *testing.T) {
	kept := answers.New(answers.Config{Most: 1 << 26, Now: clock, State: func(context.Context) (string, bool) { return "as it is", true }})
	made := map[string]int{}
	d := demonstration(t, func(d *desk, deps *web.Deps) {
		writing(d, deps)
		deps.Answers = func(h http.HandlerFunc) http.HandlerFunc {
			return kept.Handler(func(w http.ResponseWriter, r *http.Request) {
				made[r.URL.Path]++
				h(w, r)
			})
		}
	})
	reader := &person{desk: d}
	people := map[string]*person{"ann-lee": d.someone("ann-lee", "dispositions", "gaps", "evidence"), "bob-ray": d.someone("bob-ray", "gaps", "dispositions", "evidence"), "eve-low": d.someone("eve-low", "gaps")}
	rule := url.QueryEscape(d.unlabelled())
	for _, place := range []string{"/", "/gaps", "/gap?id=T1589.003", "/label?rule=" + rule, "/bring", "/objects/AN1989", "/session"} {
		for name, p := range people {
			for other := range people {
				if a := p.opens(place); a.Code == http.StatusOK && other != name && strings.Contains(a.body, other) {
					t.Errorf("%s of %s names %s", place, name, other)
				}
			}
			if a := reader.opens(place); strings.Contains(a.body, name) {
				t.Errorf("%s of whoever reads names %s", place, name)
			}
		}
	}
	const offer = ">State a gap</a>"
	if strings.Contains(reader.opens("/gaps").body, offer) || !strings.Contains(people["eve-low"].opens("/gaps").body, offer) {
		t.Error("what is offered is not what may be done")
	}
	if n := made["/objects/AN1989"]; n == 0 || n > 3 {
		t.Errorf("a page was made %d times for those who may do 3 different things", n)
	}
}
