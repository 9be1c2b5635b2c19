package ingest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// testData returns a path in the folder of real data, and skips the test without.
func testData(t *testing.T, elem ...string) string {
	t.Helper()
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: it names the folder of real data that this test reads")
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}

func TestPublicRulesLand(t *testing.T) {
	r := Request{Kind: "rules", Paths: []string{testData(t, "rules", "sigma-rules.tar.gz")}}
	b, start := newBench(t), time.Now()
	res := b.add(r)
	t.Logf("%d rules in %v", res.New, time.Since(start))
	if res.New != 3753 || res.Rejected != 0 || len(res.Warnings) != 0 {
		t.Errorf("%+v", res)
	}
	start = time.Now()
	if again := b.add(r); again.Fresh {
		t.Error("the same archive landed twice")
	}
	t.Logf("again in %v", time.Since(start))
}

const aitMapping = `kind: alert-mapping
version: 1
columns:
  rule_id: short
  rule_name: name
  time: {column: time, format: unix}
  entity: host
  site: {filename: '^(.+)_alerts'}
  disposition: {column: event_label, values: {"-": false_positive, "*": true_positive}}
  provenance: {value: analyst}
fields: [ip, time_label]
vendor_words: true
`

func TestPublicAlertsLand(t *testing.T) {
	folder := testData(t, "alerts", "ait-ads")
	b := newBench(t)
	r := Request{Kind: "alerts", Paths: []string{folder}, Mapping: b.write("mapping.yaml", aitMapping)}
	start := time.Now()
	res := b.add(r)
	t.Logf("%d alerts in %v, %s to %s", res.New, time.Since(start), res.First, res.Last)
	if res.New != 720209 || res.Rejected != 0 {
		t.Errorf("%+v", res)
	}
	start = time.Now()
	if again := b.add(r); again.Fresh {
		t.Error("the same alerts landed twice")
	}
	t.Logf("again in %v", time.Since(start))
}
