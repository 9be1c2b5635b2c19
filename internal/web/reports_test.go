package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"candor/internal/report"
)

// Every report has its place on the page, and what it is asked for comes as a file.
func TestReportsAreAskedForInThePages(t *testing.T) {
	d := demonstration(t)
	page := d.get("/reports").body
	for _, o := range report.Offers() {
		for _, want := range []string{`<h2 id="` + o.Name + `">` + strings.ReplaceAll(o.Title, "&", "&amp;"), "for " + strings.ReplaceAll(o.For, "&", "&amp;"), `action="/reports/` + o.Name} {
			if !strings.Contains(page, want) {
				t.Errorf("the page of reports does not have %q", want)
			}
		}
		for _, end := range o.Ends {
			if !strings.Contains(page, ">"+end+"</option>") {
				t.Errorf("%s cannot be had as %s", o.Name, end)
			}
		}
	}
	if !strings.Contains(page, `value="html" selected`) || strings.Count(page, `name="profile"`) > 0 {
		t.Error("what people read is not offered first, or a profile is offered where none is stated")
	}
	for path, want := range map[string]string{
		"/reports/executive":                     "# What we can rely on",
		"/reports/executive?platform=Linux":      "platform Linux alone",
		"/reports/verdict?of=AN1336&by=Ann+Lee":  "by Ann Lee",
		"/reports/navigator?of=claims&form=json": `"score"`,
		"/reports/detect?form=xml&under=rules":   "<testsuites",
		"/reports/engineering?table=rules":       "rule_id,name,enabled",
	} {
		a := d.get(path)
		if a.Code != http.StatusOK || !strings.Contains(a.body, want) || !strings.HasPrefix(a.Header().Get("Content-Disposition"), `attachment; filename="candor-`) {
			t.Errorf("%s: %d %q, without %q", path, a.Code, a.Header().Get("Content-Disposition"), want)
		}
	}
	for _, of := range []string{"/objects/AN1336", "/gates/AN1336"} {
		if body := d.get(of).body; !strings.Contains(body, `rel="nofollow" href="/reports/verdict?form=pdf&amp;of=AN1336"`) {
			t.Errorf("%s does not lead to the report", of)
		}
	}
}

// What cannot be made is said where it was asked for, and what was typed stays.
func TestAReportThatCannotBeMadeSaysWhy(t *testing.T) {
	d := demonstration(t)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/reports/verdict?of=%3Cb%3EZZ":           {http.StatusNotFound, `value="&lt;b&gt;ZZ"`},
		"/reports/verdict":                        {http.StatusBadRequest, "none is named"},
		"/reports/executive?form=pdf":             {http.StatusServiceUnavailable, "There is no browser here: take the page."},
		"/reports/executive?form=xlsx":            {http.StatusBadRequest, "has no form"},
		"/reports/executive?of=AN1336":            {http.StatusBadRequest, "is of the whole"},
		"/reports/detect?platform=Linux":          {http.StatusBadRequest, "is of every platform"},
		"/reports/navigator?of=difference":        {http.StatusBadRequest, "from which it is"},
		"/reports/engineering?table=x":            {http.StatusBadRequest, "no table"},
		"/reports/executive?profile=nobody":       {http.StatusNotFound, "nobody"},
		"/reports/compliance":                     {http.StatusBadRequest, "a mapping of controls"},
		"/reports/quarterly":                      {http.StatusNotFound, "There is no report"},
		"/reports/executive?before=x&as_of=never": {http.StatusBadRequest, "is no day"},
	} {
		if a := d.get(path); a.Code != want.status || !strings.Contains(a.body, want.says) || strings.Contains(a.body, "--browser") {
			t.Errorf("%s: %d, want %d and %q ", path, a.Code, want.status, want.says)
		}
	}
}

func TestAMappingOfControlsIsSentOrPasted(t *testing.T) {
	d := demonstration(t)
	mapping := "kind: control-mapping\nversion: 1\nstandard: Example\nby: Ann\ncontrols:\n- {id: a, techniques: [T1566]}\n"
	send := func(field, text string, more ...string) *httptest.ResponseRecorder {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		if field == "file" {
			w := must(m.CreateFormFile("file", "controls.yaml"))(t)
			_, _ = w.Write([]byte(text))
		} else {
			_ = m.WriteField(field, text)
		}
		for i := 0; i < len(more); i += 2 {
			_ = m.WriteField(more[i], more[i+1])
		}
		_ = m.Close()
		r := httptest.NewRequest(http.MethodPost, "http://localhost/reports/compliance", &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w
	}
	for _, field := range []string{"file", "mapping"} {
		if w := send(field, mapping); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"oscal-version"`) {
			t.Errorf("as %s: %d %.300s", field, w.Code, w.Body)
		}
	}
	if w := send("mapping", mapping, "form", "md", "by", "Ann Lee"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "by Ann Lee with") {
		t.Errorf("as Markdown: %d %.300s", w.Code, w.Body)
	}
	wrong := send("mapping", strings.Replace(mapping, "T1566", "T9999", 1))
	if w := wrong; w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "T9999&#34; is not in") || !strings.Contains(w.Body.String(), "techniques: [T9999]") {
		t.Errorf("an ID that is not there: %d", w.Code)
	}
	if w := send("mapping", " "); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "choose a file, or paste its text") {
		t.Errorf("none: %d", w.Code)
	}
}
