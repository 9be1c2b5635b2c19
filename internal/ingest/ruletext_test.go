package ingest

import (
	"bytes"
	"strings"
	"testing"

	"candor/internal/detection"
	"candor/internal/detection/elastic"
	"candor/internal/detection/rulecsv"
	"candor/internal/detection/sentinel"
	"candor/internal/detection/sigma"
	"candor/internal/detection/splunk"
)

// TestTheTextOfARuleIsItsPartOfTheFile cuts files of one rule and of several.
func TestTheTextOfARuleIsItsPartOfTheFile(t *testing.T) {
	toml := "[metadata]\n[rule]\nrule_id = \"r\"\nquery = \"a\"\n"
	for _, c := range []struct {
		name, format, text string
		want               map[string]string // the text by the rule's id
	}{
		{"one Sigma rule", sigma.Format, "\ufefftitle: T\r\nid: a # mine\r\n", map[string]string{"a": "\ufefftitle: T\r\nid: a # mine\r\n"}},
		{"Sigma rules", sigma.Format, "title: A\nid: a\nrelated:\n  - id: b\n---\ntitle: B\nid: b\n", map[string]string{"a": "title: A\nid: a\nrelated:\n  - id: b\n", "b": "---\ntitle: B\nid: b\n"}},
		{"Sigma rules of one id", sigma.Format, "id: a\n---\nid: a\n---\nid: c\n", map[string]string{"a": "", "c": "---\nid: c\n"}},
		{"an Elastic rule", elastic.Format, toml, map[string]string{"r": toml}},
		{"an export", elastic.Format, `{"rule_id":"x","q":"<b>"}` + "\n" + `{"rule_id": "y"}` + "\n\n" + `{"exported_count":2}`, map[string]string{"x": `{"rule_id":"x","q":"<b>"}` + "\n", "y": `{"rule_id": "y"}` + "\n"}},
		{"saved searches", splunk.Format, "[default]\nx = 1\n[One]\nsearch = a\n[Two]\nsearch = b\n", map[string]string{"One": "[One]\nsearch = a\n", "Two": "[Two]\nsearch = b\n"}},
		{"a template", sentinel.Format, `{"resources":[` + "\n" + `{"id":"p"},` + "\n" + `{"id":"q"}]}`, map[string]string{"p": `{"id":"p"},` + "\n", "q": `{"id":"q"}]}`, "z": ""}},
		{"a table", rulecsv.Format, "rule_id\na\n", map[string]string{"a": ""}},
	} {
		var rules []detection.Rule
		for id := range c.want {
			rules = append(rules, detection.Rule{ID: id})
		}
		for i, got := range textsOf(c.format, []byte(c.text), rules) {
			if want := c.want[rules[i].ID]; string(got) != want {
				t.Errorf("%s: the text of %s is %q, want %q", c.name, rules[i].ID, got, want)
			}
		}
	}
	b := &batch{}
	b.putTexts(sigma.Format, bytes.Repeat([]byte("#"), mostText+1), []detection.Rule{{ID: "a"}})
	if len(b.beside) > 0 {
		t.Error("a text without bounds is kept")
	}
	if b.putTexts(sigma.Format, []byte(strings.Repeat("#", mostText)), []detection.Rule{{ID: "a"}}); len(b.beside) != 1 {
		t.Error("the longest text is not kept")
	}
}
