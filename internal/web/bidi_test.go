package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"candor/internal/day"
	"candor/internal/inert"
	"candor/internal/ingest"
	"candor/internal/sample"
)

// other is the beginning of names that turn what stands beside them: letters that go
// from right to left, and characters that only turn and move.
const other = "\u202e\u2066\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0639\u0631\u0628\u064a\u0629\x1b[31m "

// otherwise is the demonstration with such names.
func otherwise(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	spelled := regexp.MustCompile(`"(name|description|channel|field)": "`)
	d.bundle(spelled.ReplaceAll(sample.Bundle(), []byte(`"$1": "`+inert.Line(other))), sample.Version)
	files := must(sample.Write(t.TempDir(), 1, day.Of(today)))(t)
	title := regexp.MustCompile(`(?m)^(title|owner): (.*)$`)
	for _, dir := range []string{files.Rules, files.Runbooks} {
		for _, e := range must(os.ReadDir(dir))(t) {
			path := filepath.Join(dir, e.Name())
			text := title.ReplaceAllString(string(must(os.ReadFile(path))(t)), `$1: "`+strings.ReplaceAll(inert.Line(other), `\`, `\\`)+`$2"`)
			text = strings.ReplaceAll(text, `\\u`, `\u`)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	alerts := string(must(os.ReadFile(files.Alerts))(t))
	alerts = regexp.MustCompile(`"(rule_name|entity|site)":"`).ReplaceAllString(alerts, `"$1":"`+inert.Line(other))
	if err := os.WriteFile(files.Alerts, []byte(alerts), 0o600); err != nil {
		t.Fatal(err)
	}
	in := ingest.NewEvidence(d.keeper.Evidence(d.evidence), d.keeper.Alerts(d.alerts), clock)
	for _, e := range [][2]string{{"telemetry", files.Telemetry}, {"feeds", files.Feeds}, {"rules", files.Rules}, {"alerts", files.Alerts}, {"cases", files.Cases}, {"runbooks", files.Runbooks}} {
		must(in.Add(t.Context(), ingest.Request{Kind: e[0], Paths: []string{e[1]}, By: other}))(t)
	}
	return d
}

func TestNoNameTurnsWhatStandsBesideIt(t *testing.T) {
	d := otherwise(t)
	pages, islands := d.crawl("/"), 0
	for place, doc := range pages {
		if doc == nil {
			continue
		}
		for n := range doc.Descendants() {
			for _, a := range n.Attr {
				if strings.ContainsFunc(a.Val, inert.Hidden) {
					t.Errorf("%s: %s of <%s> is %q", place, a.Key, n.Data, a.Val)
				}
			}
			if n.Type != html.TextNode {
				continue
			}
			if strings.ContainsFunc(n.Data, inert.Hidden) {
				t.Errorf("%s: text %q", place, n.Data)
			}
			if strings.ContainsFunc(n.Data, func(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic) }) {
				switch n.Parent.Data {
				case "bdi":
					islands++
				case "title", "option", "text": // each is by itself
				default:
					t.Errorf("%s: %q stands in <%s>", place, n.Data, n.Parent.Data)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	if islands < 1000 {
		t.Errorf("only %d islands", islands)
	}
	for _, place := range []string{"/api/v1/objects?limit=20", "/api/v1/verdicts"} {
		if a := d.get(place); a.Code != 200 || strings.ContainsFunc(a.body, inert.Hidden) || !strings.Contains(a.body, `\u202e`) {
			t.Errorf("%s: %d, %.200q", place, a.Code, a.body)
		}
	}
}
