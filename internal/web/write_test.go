package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/door"
	"candor/internal/gap"
	"candor/internal/token"
	"candor/internal/web"
)

// writing has a desk take what people write in its pages.
func writing(d *desk, deps *web.Deps) {
	d.tokens = token.In(filepath.Join(d.dir, "tokens"))
	deps.Door = door.New(door.Config{Tokens: d.tokens, Now: clock})
	deps.Writing = web.Writing{Gaps: d.assess}
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
		if action, _ := attr(n, "action"); n.Data != "form" || action != to {
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
