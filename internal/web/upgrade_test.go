package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candor/internal/sample"
)

// What a newer release does is listed, and what needs a person is decided in the page.
func TestAnUpgradeIsDecidedInThePages(t *testing.T) {
	d := demonstration(t, writing)
	d.bundle(bytes.ReplaceAll(sample.Bundle(), []byte("T1190"), []byte("T2190")), "18.1")
	body := d.get("/upgrade").body
	for _, says := range []string{"From " + sample.Version + " to enterprise 18.1", `id="T1190"`, "enterprise 18.1 does not have T1190, and nobody says what took its place", "Verdicts that move"} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if strings.Contains(body, `name="why"`) {
		t.Error("the form stands for somebody without a token")
	}
	if csv := d.get("/upgrade/table.csv").body; !strings.Contains(csv, "T1190,") {
		t.Errorf("the file is %s", csv)
	}
	form := url.Values{"from": {sample.Version}, "id": {"T1190"}, "to": {"T2190"}, "why": {"it has another number"}, "do": {"decide"}}
	if a := d.someone("bo", "gaps").send("/upgrade", form); a.Code != http.StatusForbidden {
		t.Errorf("a token for something else decides: %d", a.Code)
	}
	p := d.someone("ann", "upgrades")
	if f := p.form(p.opens("/upgrade"), "/upgrade"); f == nil {
		t.Fatal("there is no form")
	}
	bad := url.Values{"from": {sample.Version}, "id": {"T1190"}, "to": {"T1190"}, "why": {"x"}, "do": {"decide"}}
	if a := p.send("/upgrade", bad); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nothing was written of T1190") {
		t.Errorf("an ID that is not in force: %d", a.Code)
	}
	if a := p.send("/upgrade", form); a.Code != http.StatusSeeOther || !strings.HasSuffix(a.Header().Get("Location"), "#T1190") {
		t.Fatalf("%d to %q: %s", a.Code, a.Header().Get("Location"), a.body)
	}
	if body := p.opens("/upgrade"); !strings.Contains(d.get("/upgrade").body, "T1190 is read as T2190 by decision of ann on") {
		t.Errorf("it is not decided: %v", body)
	}
	form.Set("do", "withdraw")
	if a := p.send("/upgrade", form); a.Code != http.StatusSeeOther || strings.Contains(d.get("/upgrade").body, "by decision of ann") {
		t.Errorf("it is not taken back: %d", a.Code)
	}
}
