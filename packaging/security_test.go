package packaging_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// verification is the standard gone through, as its document tells it.
const verification = "../doc/security.md"

// requirement is a line of the standard.
type requirement struct{ id, level, about, status, by string }

// requirements reads the tables of the document.
func requirements(page string) []requirement {
	var all []requirement
	line := regexp.MustCompile(`(?m)^\| ([0-9]+\.[0-9]+\.[0-9]+) \| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$`)
	for _, m := range line.FindAllStringSubmatch(page, -1) {
		all = append(all, requirement{m[1], m[2], m[3], m[4], m[5]})
	}
	return all
}

// testName is what a test is called in the document.
var testName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z0-9]+\b`)

// tests lists the tests of the repository.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z][A-Za-z0-9]+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(b, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil || len(there) < 500 {
		t.Fatalf("%d tests, %v", len(there), err)
	}
	return there
}

// TestEveryLineOfTheStandardHasATestOrAReason holds the document against the repository and
// against itself. The standard has 253 lines of levels 1 and 2 in 17 chapters.
func TestEveryLineOfTheStandardHasATestOrAReason(t *testing.T) {
	page, there := read(t, verification), tests(t)
	all, counts, seen := requirements(page), map[string]int{}, map[string]bool{}
	levels, chapters := map[string]int{}, map[string]bool{}
	for _, r := range all {
		if seen[r.id] {
			t.Errorf("%s is there twice", r.id)
		}
		seen[r.id] = true
		counts[r.status]++
		levels[r.level]++
		chapter, _, _ := strings.Cut(r.id, ".")
		chapters[chapter] = true
		names := testName.FindAllString(r.by, -1)
		switch r.status {
		case "test":
			if rest := strings.Trim(testName.ReplaceAllString(r.by, ""), ", "); len(names) == 0 || rest != "" {
				t.Errorf("%s names no test, or something else: %q", r.id, r.by)
			}
		case "held", "does not apply":
			if len(r.by) < 10 {
				t.Errorf("%s gives no reason", r.id)
			}
		case "not met":
			if r.by != "above" || !strings.Contains(page, "- **"+r.id+"** "+r.about+". ") {
				t.Errorf("%s is not among what is not met, at the head", r.id)
			}
		default:
			t.Errorf("%s has the status %q", r.id, r.status)
		}
		if n := len(strings.Fields(r.about)); n == 0 || n > 10 {
			t.Errorf("%s is described in %d words", r.id, n)
		}
	}
	if len(all) != 253 || levels["1"] != 70 || levels["2"] != 183 || len(chapters) != 17 {
		t.Errorf("%d lines, by level %v, in %d chapters", len(all), levels, len(chapters))
	}
	for status, n := range counts {
		if want := fmt.Sprintf("| %d of %d |", n, len(all)); !regexp.MustCompile(`(?m)^\| ` + status + ` \| [^|]+ ` + regexp.QuoteMeta(want) + `$`).MatchString(page) {
			t.Errorf("the head does not say that of %q there are %d of %d", status, n, len(all))
		}
	}
	if n := strings.Count(page, "\n- **"); n != counts["not met"] {
		t.Errorf("%d lines at the head are not met, and %d in the tables", n, counts["not met"])
	}
	for _, name := range testName.FindAllString(page, -1) {
		if !there[name] {
			t.Errorf("there is no test %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(#([a-z-]+)\)`).FindAllStringSubmatch(page, -1) {
		if heading := "\n## " + strings.ReplaceAll(m[1], "-", " "); !strings.Contains(strings.ToLower(page), heading+"\n") {
			t.Errorf("nothing on the page is called %q", m[1])
		}
	}
}
