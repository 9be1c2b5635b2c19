package assure

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheDocumentNamesEveryCheckAndBound finds in the code which checks gates make, and what
// keeps an analytic from being reliable, each with its settings of policy.
func TestTheDocumentNamesEveryCheckAndBound(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	doc := read("../../doc/verdict.md")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	check := regexp.MustCompile(`g\.check\("([a-z_]+)"`)
	bound := regexp.MustCompile(`Code: "(bounded_[a-z_]+)"`)
	keys := regexp.MustCompile(`"((?:min|max|require)_[a-z_]+|[a-z]+\.[a-z_]+)"`)
	var names []string
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		lines := strings.Split(read(f), "\n")
		for i, l := range lines {
			m := append(check.FindStringSubmatch(l), bound.FindStringSubmatch(l)...)
			if len(m) == 0 {
				continue
			}
			names = append(names, m[1])
			row := rowOf(doc, m[1])
			if row == "" {
				t.Errorf("%s:%d: doc/verdict.md has no row `%s`", f, i+1, m[1])
				continue
			}
			for _, from := range policyOf(lines[i:]) {
				for _, k := range keys.FindAllStringSubmatch(from, -1) {
					if !strings.Contains(row, k[1]) && k[1] != "readiness.max_runbook_age_days" && k[1] != "measure.provenances" && k[1] != "measure.confidence" {
						t.Errorf("%s:%d: the row of `%s` in doc/verdict.md does not name %s", f, i+1, m[1], k[1])
					}
				}
			}
		}
	}
	for _, code := range []string{exceptionHides, fieldMissing} {
		if rowOf(doc, code) == "" {
			t.Errorf("doc/verdict.md has no row `%s`", code)
		}
	}
	for _, must := range []string{"rung", "labels", "left_out", "changed", "bounded_statement", "bounded_rule_changed"} {
		if !slices.Contains(names, must) {
			t.Errorf("%s was not found in the code: is it made otherwise?", must)
		}
	}
}

// rowOf returns the row of a table that begins with a code.
func rowOf(doc, code string) string {
	for l := range strings.Lines(doc) {
		if strings.HasPrefix(l, "| `"+code+"` |") {
			return l
		}
	}
	return ""
}

// policyOf returns the settings that the statement at the head of lines refers to.
func policyOf(lines []string) []string {
	var out []string
	for _, l := range lines[:min(3, len(lines))] {
		if _, args, ok := strings.Cut(l, "policy("); ok {
			return append(out, args)
		}
	}
	return out
}
