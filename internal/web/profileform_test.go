package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"candor/internal/evidence"
	"candor/internal/profile"
)

// TestAProfileIsStatedInThePages states one with a token for it, and without.
func TestAProfileIsStatedInThePages(t *testing.T) {
	d := demonstration(t, writing)
	if body := d.get("/profiles").body; strings.Contains(body, "State it") {
		t.Error("the form stands for somebody without a token")
	}
	form := url.Values{"called": {"retail"}, "groups": {"G0034\r\n"}, "owner": {"Ann"}, "note": {"<b>"}}
	if a := d.someone("bo", "gaps").send("/profiles", form); a.Code != http.StatusForbidden {
		t.Errorf("a token for something else states a profile: %d", a.Code)
	}
	p := d.someone("ann", "profiles")
	if f := p.form(p.opens("/profiles"), "/profiles"); f == nil {
		t.Fatal("there is no form")
	}
	bad := url.Values{"called": {"retail"}, "groups": {"No such group"}, "owner": {"Ann"}}
	if a := p.send("/profiles", bad); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nothing was written") || !strings.Contains(a.body, "No such group</textarea>") {
		t.Errorf("a group that there is not: %d", a.Code)
	}
	a := p.send("/profiles", form)
	if a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Header().Get("Location"), "/profiles/retail") {
		t.Fatalf("%d to %q: %s", a.Code, a.Header().Get("Location"), a.body)
	}
	all := must(d.assess.Profiles(t.Context()))(t)
	if len(all) != 1 || all[0].By != "ann" || all[0].Owner != "Ann" || len(all[0].Groups) != 1 || all[0].Groups[0].ATTACKID != "G0034" || all[0].Note != "<b>" {
		t.Errorf("stated is %+v", all)
	}
	if a := p.send("/profiles", form); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "already") {
		t.Errorf("a name that is taken: %d", a.Code)
	}
}

// TestAProfileIsChangedAndRetiredInThePages changes one, is refused where somebody else did
// meanwhile, and retires it; each stands in the ledger.
func TestAProfileIsChangedAndRetiredInThePages(t *testing.T) {
	d := demonstration(t, writing)
	p := d.someone("ann", "profiles")
	p.send("/profiles", url.Values{"called": {"retail"}, "groups": {"G0034"}, "owner": {"Ann"}, "note": {"first"}})
	stated := func() profile.Stated {
		all := must(d.assess.Profiles(t.Context()))(t)
		if len(all) != 1 {
			t.Fatalf("%d profiles", len(all))
		}
		return all[0]
	}
	was := stated()
	if body := d.get("/profiles/retail").body; strings.Contains(body, "Record the change") {
		t.Error("the form stands for somebody without a token")
	}
	doc := p.opens("/profiles/retail")
	if f := p.form(doc, "/profiles/retail"); f == nil || !strings.Contains(doc.body, "Retire it") {
		t.Fatal("there is no form to change it")
	}
	change := url.Values{"was": {was.Batch}, "groups": {"G0034\r\nNo such group"}, "owner": {"Bo"}, "note": {"second"}, "do": {"set"}}
	if a := p.send("/profiles/retail", change); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "No such group</textarea>") || stated().Owner != "Ann" {
		t.Errorf("a group that there is not: %d, owner %q", a.Code, stated().Owner)
	}
	change.Set("groups", "G0034")
	if a := d.someone("bo", "gaps").send("/profiles/retail", change); a.Code != http.StatusForbidden {
		t.Errorf("a token for something else changes it: %d", a.Code)
	}
	if a := p.send("/profiles/retail", change); a.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.Code, a.body)
	}
	now := stated()
	if now.Owner != "Bo" || now.Note != "second" || len(now.Groups) != 1 || now.Batch == was.Batch {
		t.Errorf("changed is %+v", now)
	}
	change.Set("owner", "Cy")
	if a := p.send("/profiles/retail", change); a.Code != http.StatusConflict || !strings.Contains(a.body, "was changed since") || stated().Owner != "Bo" {
		t.Errorf("what changed meanwhile: %d", a.Code)
	}
	change = url.Values{"was": {now.Batch}, "groups": {"G0034"}, "owner": {"Bo"}, "note": {"nobody reads it"}, "do": {"remove"}}
	if a := p.send("/profiles/retail", change); a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/profiles" {
		t.Errorf("retired: %d to %q: %s", a.Code, a.Header().Get("Location"), a.body)
	}
	if all := must(d.assess.Profiles(t.Context()))(t); len(all) != 0 {
		t.Errorf("%d profiles are left", len(all))
	}
	entries := 0
	for _, b := range must(d.evidence.Batches(t.Context()))(t) {
		if b.Kind == evidence.Profiles {
			entries++
		}
	}
	if entries != 3 {
		t.Errorf("%d batches for three statements", entries)
	}
}

// sendsFile sends what a form with a file holds, as a browser does.
func (p *person) sendsFile(place string, f url.Values, field, name, text string) answer {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for key, values := range f {
		for _, v := range values {
			must[any](nil, w.WriteField(key, v))(p.t)
		}
	}
	_ = must(must(w.CreateFormFile(field, name))(p.t).Write([]byte(text)))(p.t)
	must[any](nil, w.Close())(p.t)
	r := httptest.NewRequest(http.MethodPost, place, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return p.ask(r)
}

// TestTechniquesOfAProfileAreChangedInThePages takes them from a layer, changes them by
// hand, and takes none any more; where they come from is said each time.
func TestTechniquesOfAProfileAreChangedInThePages(t *testing.T) {
	d := demonstration(t, writing)
	p := d.someone("ann", "profiles")
	layered := func(techniques string) string {
		return `{"name": "plan", "versions": {"layer": "4.5"}, "domain": "enterprise-attack", "techniques": [` + techniques + `]}`
	}
	scored := layered(`{"techniqueID": "T1110", "score": 1}, {"techniqueID": "T1078", "score": 2}, {"techniqueID": "T1190", "score": 0}`)
	now := func(layer string, ids ...string) profile.Stated {
		t.Helper()
		all := must(d.assess.Profiles(t.Context()))(t)
		if len(all) != 1 || all[0].Layer != layer || !slices.Equal(all[0].Techniques, ids) {
			t.Fatalf("%+v", all)
		}
		return all[0]
	}
	form := url.Values{"called": {"red team"}, "owner": {"Ann"}, "techniques": {"T1566"}}
	if a := p.sendsFile("/profiles", form, "layer", "plan.json", layered(`{"techniqueID": "T1110", "score": 0}`)); a.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(a.body, "no technique is scored above zero") || !strings.Contains(a.body, "T1566</textarea>") {
		t.Errorf("a layer that scores nothing: %d", a.Code)
	}
	if a := p.sendsFile("/profiles", form, "layer", "../plan.json", scored); a.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.Code, a.body)
	}
	was := now("plan.json", "T1078", "T1110")
	page := p.opens("/profiles/red%20team")
	f := p.form(page, "/profiles/red%20team")
	if f.Get("techniques") != "T1078 T1110" || !strings.Contains(page.body, "Its techniques come from: plan.json.") {
		t.Errorf("the form has %q", f)
	}
	f.Set("do", "set")
	f.Set("techniques", "T1078, T1566\r\nt1110/001")
	if a := p.sendsFile("/profiles/red%20team", f, "layer", "", ""); a.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.Code, a.body)
	}
	f.Set("was", now("plan.json, edited", "T1078", "T1110.001", "T1566").Batch)
	f.Set("techniques", "T1078 phishing")
	if a := p.send("/profiles/red%20team", f); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "is not a technique&#39;s ATT&amp;CK ID") || !strings.Contains(a.body, "T1078 phishing</textarea>") {
		t.Errorf("what is no ID: %d", a.Code)
	}
	f.Set("techniques", "")
	f.Set("groups", "G0034")
	if a := p.send("/profiles/red%20team", f); a.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.Code, a.body)
	}
	f.Set("was", now("").Batch)
	f.Set("techniques", "T1190")
	p.send("/profiles/red%20team", f)
	if last := now("typed", "T1190"); last.Batch == was.Batch {
		t.Error("the batch is that of before")
	}
}
