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

// share is how many enabled rules name a technique that has an analytic, of how many of
// them too little is known of where they look, and how many look where ATT&CK has no
// analytic of their techniques.
type share struct {
	rules, unread, elsewhere int
	examples                 []string
}

func (s share) String() string {
	of := func(n int) float64 { return 100 * float64(n) / float64(max(s.rules, 1)) }
	return fmt.Sprintf("of %d enabled rules that name a technique of the release %d (%.1f %%) are left at technique only, and %d (%.1f %%) look where ATT&CK has no analytic of their techniques",
		s.rules, s.unread, of(s.unread), s.elsewhere, of(s.elsewhere))
}

func measureShare(lib *attack.Library, rules claim.Rules) share {
	best, nowhere := map[string]claim.Basis{}, map[string]string{}
	judged := claim.Judge(lib, rules, policy())
	for _, cs := range judged.ByAnalytic {
		for _, c := range cs {
			if have, ok := best[c.RuleID]; !ok || rank(c.Basis) < rank(have) {
				best[c.RuleID] = c.Basis
			}
		}
	}
	for _, n := range judged.Nowhere {
		nowhere[n.RuleID] += n.Why + "; " + strings.Join(n.Near, ",") + " "
	}
	var s share
	for i := range rules {
		r := &rules[i].Value
		b, ok := best[r.ID]
		if !ok || !r.Enabled || r.Role != detection.Alerts {
			continue
		}
		s.rules++
		switch b {
		case claim.TechniqueOnly:
			s.unread++
		case claim.Elsewhere:
			s.elsewhere++
		default:
			continue
		}
		s.examples = append(s.examples, fmt.Sprintf("%s: %v %v %v %s: %s (%s) %s", b, r.Techniques, r.Platforms, r.Logs, r.Source, r.Name, r.Path, nowhere[r.ID]))
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
