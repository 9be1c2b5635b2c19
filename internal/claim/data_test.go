package claim_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/detection/sigma"
	"candor/internal/evidence"
)

// publicRules returns enterprise 18.1 and the public Sigma rules.
func publicRules(t testing.TB) (*attack.Library, claim.Rules) {
	t.Helper()
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: the public rules are not judged")
	}
	return enterprise181(t, dir), sigmaRules(t, dir)
}

func enterprise181(t testing.TB, dir string) *attack.Library {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "attack", "enterprise-attack-18.1.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var objects []*attack.Object
	_, err = stix.Read(context.Background(), stix.Source{Name: f.Name(), Reader: f}, func(s *attack.Snapshot) error {
		o := s.Object
		objects = append(objects, &o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
}

func sigmaRules(t testing.TB, dir string) claim.Rules {
	t.Helper()
	return archived(t, filepath.Join(dir, "rules", "sigma-rules.tar.gz"), sigma.Decode)
}

// archived decodes the rules of an archive.
func archived(t testing.TB, path string, decode func(string, []byte) evidence.Decoded[detection.Rule]) claim.Rules {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rules claim.Rules
	files := tar.NewReader(z)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return rules
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".yml") {
			continue
		}
		data, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, rulesOf(decode(h.Name, data).Records...)...)
	}
}

// Each rule either claims something, or is listed with what it names, or names
// nothing; none is lost.
func TestNoPublicRuleIsLost(t *testing.T) {
	lib, rules := publicRules(t)
	got := claim.Judge(lib, rules, policy())
	placed := map[string]bool{}
	n := map[claim.Basis]int{}
	for id, cs := range got.ByAnalytic {
		o, ok := lib.Object(id)
		if !ok || !o.Live() || o.Kind != attack.KindAnalytic {
			t.Errorf("claims on %s, which is no live analytic", id)
		}
		for _, c := range cs {
			placed[c.RuleID] = true
			n[c.Basis]++
		}
	}
	for _, u := range got.Unmapped {
		placed[u.RuleID] = true
	}
	for _, id := range got.Silent {
		placed[id] = true
	}
	if len(rules) < 3000 {
		t.Errorf("only %d rules", len(rules))
	}
	for _, r := range rules {
		if !placed[r.Value.ID] {
			t.Errorf("%s (%v) is lost", r.Value.ID, r.Value.Techniques)
		}
	}
	if n[claim.TechniquePlatformLog] == 0 || n[claim.TechniquePlatform] == 0 || n[claim.Elsewhere] == 0 {
		t.Errorf("claims by basis: %v", n)
	}
	t.Logf("%d rules, %d silent, %d names not mapped, %d analytics claimed, claims by basis %v",
		len(rules), len(got.Silent), len(got.Unmapped), len(got.ByAnalytic), n)
}

func BenchmarkJudgePublicRules(b *testing.B) {
	lib, rules := publicRules(b)
	p := policy()
	p.Statuses = []string{"stable", "test"}
	for b.Loop() {
		claim.Judge(lib, rules, p)
	}
	b.ReportMetric(float64(len(rules)), "rules")
}
