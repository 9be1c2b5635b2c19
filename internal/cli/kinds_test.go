package cli

import (
	"regexp"
	"testing"

	"candor/internal/ingest"
)

// TestEveryKindOfEvidenceIsExplained holds the list of kinds that the help of evidence add
// has to those that there are.
func TestEveryKindOfEvidenceIsExplained(t *testing.T) {
	told := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+)( |$)`).FindAllStringSubmatch(evidenceKinds, -1) {
		told[m[1]] = true
	}
	formats := map[string]bool{}
	for _, f := range ingest.Formats() {
		formats[f.Kind] = true
	}
	for _, k := range ingest.Kinds() {
		if !told[k] || !formats[k] {
			t.Errorf("%s: told in the help %v, has formats %v", k, told[k], formats[k])
		}
		delete(told, k)
	}
	for k := range told {
		t.Errorf("the help tells of %s, which is no kind", k)
	}
}
