package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"candor/internal/sample"
)

// maps sends a mapping, as a file or as text, and the release that it leads to.
func (p *person) maps(field, text, to string) answer {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if field == "file" {
		_, _ = must(w.CreateFormFile("file", "next.csv"))(p.t).Write([]byte(text))
	} else {
		_ = w.WriteField(field, text)
	}
	_ = w.WriteField("to", to)
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, "/upgrade/mapped", &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return p.ask(r)
}

// A mapping tells of a release that is here, and of one that is not.
func TestAnUpgradeIsPlannedByAMappingThatIsSent(t *testing.T) {
	d := demonstration(t)
	p := &person{desk: d}
	const mapping = "old,new\nT1190,T2190\n"
	if body := d.get("/upgrade").body; !strings.Contains(body, `action="/upgrade/mapped"`) {
		t.Error("no mapping can be sent where one release is here")
	}
	for _, field := range []string{"file", "mapping"} {
		a := p.maps(field, mapping, "99.0")
		for _, says := range []string{"From " + sample.Version + " to enterprise 99.0", `id="T1190"`, "T1190 became T2190", "99.0 is not imported"} {
			if a.Code != http.StatusOK || !strings.Contains(a.body, says) {
				t.Errorf("as %s: %d does not say %q", field, a.Code, says)
			}
		}
	}
	for text, says := range map[string]string{" ": "choose a file, or paste its text", "old,new\nT1190,<b>x</b>\n": "&lt;b&gt;x", mapping + strings.Repeat("#", 5<<20): "longer than"} {
		if a := p.maps("mapping", text, "99.0"); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, says) || strings.Contains(a.body, "<b>x") {
			t.Errorf("%.20q: %d, want %q", text, a.Code, says)
		}
	}
	d.bundle(bytes.ReplaceAll(sample.Bundle(), []byte("T1190"), []byte("T2190")), "18.1")
	if a := p.maps("file", mapping, ""); a.Code != http.StatusOK || !strings.Contains(a.body, "next.csv: T1190 became T2190") || !strings.Contains(a.body, "Verdicts that move") {
		t.Errorf("a release that is here: %d", a.Code)
	}
	if strings.Contains(d.get("/upgrade").body, "T1190 became T2190") {
		t.Error("the mapping was kept")
	}
	if a := p.maps("file", mapping, "1.0"); a.Code != http.StatusUnprocessableEntity {
		t.Errorf("an earlier release: %d", a.Code)
	}
}
