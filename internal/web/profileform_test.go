package web_test

import (
	"net/http"
	"net/url"
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
