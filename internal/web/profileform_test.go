package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
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
