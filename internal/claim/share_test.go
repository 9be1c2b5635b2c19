package claim_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/detection/elastic"
	"candor/internal/detection/sentinel"
	"candor/internal/detection/sigma"
	"candor/internal/detection/splunk"
	"candor/internal/evidence"
)

// share is how many enabled rules claim, and how many of those are left at technique
// only: because nothing is known of what they read, or because the technique has no
// analytic of their platform.
type share struct {
	rules, unread, misfit int
	examples              []string
}

func (s share) String() string {
	return fmt.Sprintf("of %d enabled rules that name a technique of the release %d (%.1f %%) are left at technique only: of %d nothing is known that they read, of %d the technique has no analytic of their platform",
		s.rules, s.unread+s.misfit, 100*float64(s.unread+s.misfit)/float64(max(s.rules, 1)), s.unread, s.misfit)
}

func measureShare(lib *attack.Library, rules claim.Rules) share {
	best := map[string]claim.Basis{}
	for _, cs := range claim.Judge(lib, rules, policy()).ByAnalytic {
		for _, c := range cs {
			if have, ok := best[c.RuleID]; !ok || rank(c.Basis) < rank(have) {
				best[c.RuleID] = c.Basis
			}
		}
	}
	var s share
	for i := range rules {
		r := &rules[i].Value
		b, ok := best[r.ID]
		if !ok || !r.Enabled || r.Role != detection.Alerts {
			continue
		}
		s.rules++
		if b != claim.TechniqueOnly {
			continue
		}
		why := "unread"
		if len(r.Platforms)+len(r.Logs) == 0 && len(r.Of) == 0 {
			s.unread++
		} else {
			s.misfit++
			why = fmt.Sprint(r.Platforms, r.Logs)
		}
		s.examples = append(s.examples, fmt.Sprintf("%s: %v %s: %s (%s)", why, r.Techniques, r.Source, r.Name, r.Path))
	}
	return s
}

// TestShareOfAFolder measures the rules of the folders that CANDOR_RULES names, as
// FORMAT=FOLDER joined by commas; doc/evidence.md says what it found where.
func TestShareOfAFolder(t *testing.T) {
	list, dir := os.Getenv("CANDOR_RULES"), os.Getenv("CANDOR_TEST_DATA")
	if list == "" || dir == "" {
		t.Skip("CANDOR_RULES and CANDOR_TEST_DATA are not both set")
	}
	lib := enterprise181(t, dir)
	decoders := map[string]func(string, []byte) evidence.Decoded[detection.Rule]{
		"sigma": sigma.Decode, "splunk": splunk.Decode, "elastic": elastic.Decode, "sentinel": sentinel.Decode,
	}
	for entry := range strings.SplitSeq(list, ",") {
		format, folder, _ := strings.Cut(entry, "=")
		var rules claim.Rules
		rejects := 0
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains([]string{".yml", ".yaml", ".toml", ".json", ".ndjson", ".conf"}, filepath.Ext(path)) {
				return err
			}
			data, err := os.ReadFile(path)
			got := decoders[format](path, data)
			rejects += len(got.Rejects)
			rules = append(rules, rulesOf(got.Records...)...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s := measureShare(lib, rules)
		t.Logf("%s: %d rules, %d rejects: %s", entry, len(rules), rejects, s)
		for _, e := range s.examples {
			t.Log(e)
		}
	}
}
