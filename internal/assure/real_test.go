package assure_test

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/detection"
	"candor/internal/detection/sigma"
	"candor/internal/evidence"
	"candor/internal/policy"
)

var asOf = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// opened opens a packed file of the real test data.
func opened(t testing.TB, path ...string) io.Reader {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA names no folder of real data")
	}
	f, err := os.Open(filepath.Join(append([]string{dir}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// enterprise reads a real release of Enterprise.
func enterprise(t testing.TB, version string) *attack.Library {
	var objects []*attack.Object
	src := stix.Source{Name: version, Reader: opened(t, "attack", "enterprise-attack-"+version+".json.gz")}
	_, err := stix.Read(context.Background(), src, func(s *attack.Snapshot) error {
		objects = append(objects, &s.Object)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: version}, objects)
}

// sigmaRules reads the real rules, all of them enabled.
func sigmaRules(t testing.TB) []evidence.Of[detection.Rule] {
	var rules []evidence.Of[detection.Rule]
	for r := tar.NewReader(opened(t, "rules", "sigma-rules.tar.gz")); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rules
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".yml") {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range sigma.Decode(h.Name, data).Records {
			rule.Enabled = true
			rules = append(rules, evidence.Of[detection.Rule]{Value: rule, Batch: "sigma"})
		}
	}
}

// spread makes n tallies over rules that are far apart.
func spread(rules []evidence.Of[detection.Rule], n int) []alert.Tally {
	ts := make([]alert.Tally, n)
	for i := range ts {
		ts[i] = alert.Tally{RuleID: rules[i%70*(len(rules)/70)].Value.ID, Cluster: fmt.Sprintf("c%d", i),
			Day: asOf.AddDate(0, 0, -i%90).Format(time.DateOnly), Class: alert.TruePositive, Provenance: alert.Analyst, N: 144}
	}
	return ts
}

func TestEnterpriseWithRulesAloneAssuresNothing(t *testing.T) {
	lib, ev := enterprise(t, "18.1"), assure.Evidence{Rules: sigmaRules(t)}
	a := assure.Assess(lib, ev, policy.Default(), asOf)
	if len(a.Verdicts) != 1739 {
		t.Errorf("%d verdicts, want 1739", len(a.Verdicts))
	}
	if a.Totals.Claimed < 200 || a.Totals.Assured != 0 || a.Totals.Distance != a.Totals.Claimed {
		t.Errorf("totals %+v: rules alone must claim much and assure nothing", a.Totals)
	}
	for _, v := range a.Verdicts {
		switch v.Rung {
		case assure.Outside, assure.Blind, assure.RuleOnly:
		default:
			t.Fatalf("%s is %s without any telemetry", v.Analytic.ATTACKID, v.Rung)
		}
	}
	t.Logf("%d rules, totals %+v", len(ev.Rules), a.Totals)
}

func BenchmarkAssessEnterprise(b *testing.B) {
	lib, rules := enterprise(b, "18.1"), sigmaRules(b)
	ev := assure.Evidence{Rules: rules, Tallies: spread(rules, 5000)}
	for b.Loop() {
		assure.Assess(lib, ev, policy.Default(), asOf)
	}
}

// BenchmarkProspectsEnterprise is the worst of what `candor next` is asked: every
// platform in scope, 3,700 rules, and not one log source seen.
func BenchmarkProspectsEnterprise(b *testing.B) {
	lib, ev := enterprise(b, "18.1"), assure.Evidence{Rules: sigmaRules(b)}
	for b.Loop() {
		if ps := assure.Prospects(lib, ev, policy.Default(), asOf); len(ps) < 1000 {
			b.Fatalf("%d prospects", len(ps))
		}
	}
}
