package assessment_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack/stix"
	"candor/internal/detection"
	"candor/internal/detection/sigma"
	"candor/internal/evidence"
	"candor/internal/policy"
	"candor/internal/store"
)

// packed opens a packed file of the real test data.
func packed(t testing.TB, path ...string) io.Reader {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA names no folder of real data")
	}
	f, err := os.Open(filepath.Join(append([]string{dir}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// sigmaRules yields the real rules as records, all enabled, and a rule for each
// of the named alert rules that claims one of the first analytics.
func sigmaRules(t testing.TB, alertRules []string) func(func(store.Record, error) bool) {
	r := tar.NewReader(packed(t, "rules", "sigma-rules.tar.gz"))
	return func(yield func(store.Record, error) bool) {
		put := func(rule detection.Rule) bool {
			rule.Enabled = true
			body, err := json.Marshal(rule)
			return yield(store.Record{Kind: evidence.RecordRule, Key: rule.ID, Body: body}, err)
		}
		for i, id := range alertRules {
			if !put(detection.Rule{ID: id, Name: id, Analytics: []string{fmt.Sprintf("AN%04d", i+1)}}) {
				return
			}
		}
		for {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			data, err := io.ReadAll(r)
			if err != nil {
				yield(store.Record{}, err)
				return
			}
			if !strings.HasSuffix(h.Name, ".yml") {
				continue
			}
			for _, rule := range sigma.Decode(h.Name, data).Records {
				if !put(rule) {
					return
				}
			}
		}
	}
}

// network yields the alerts of one AIT network.
func network(t testing.TB, name string) func(func(*alert.Alert, error) bool) {
	r := csv.NewReader(packed(t, "alerts", "ait-ads", name+"_alerts.csv.gz"))
	r.ReuseRecord = true
	return func(yield func(*alert.Alert, error) bool) {
		for n := 0; ; n++ {
			f, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if n == 0 {
				continue
			}
			if err != nil || !yield(aitAlert(name, n, f), nil) {
				return
			}
		}
	}
}

func aitAlert(site string, n int, f []string) *alert.Alert {
	seconds, _ := strconv.ParseFloat(f[0], 64)
	at := time.Unix(int64(seconds), 0).UTC()
	d := &alert.Disposition{Class: alert.TruePositive, Time: at, Provenance: alert.Analyst}
	if f[6] == "-" {
		d.Class = alert.FalsePositive
	}
	return &alert.Alert{ID: site + strconv.Itoa(n), RuleID: strings.Clone(f[4]), Time: at, Site: site, Entity: strings.Clone(f[3]), Disposition: d}
}

// large fills the stores with Enterprise 18.1, the real rules and alerts.
func large(t testing.TB) *bench {
	ctx, b := context.Background(), newBench(t)
	b.release("18.1", stix.Source{Name: "enterprise-attack-18.1", Reader: packed(t, "attack", "enterprise-attack-18.1.json.gz")})
	for _, n := range []string{"fox", "russellmitchell", "santos", "shaw"} {
		if _, _, err := b.alerts.Append(ctx, b.batch("alert"), network(t, n)); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := b.alerts.Rules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	if _, _, err := b.ev.Append(ctx, b.batch(evidence.RecordRule), sigmaRules(t, ids)); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestEnterpriseWithRealRulesAndAlerts assesses at full size, and logs how long
// it takes in a service that has read nothing, with new policy, and again.
func TestEnterpriseWithRealRulesAndAlerts(t *testing.T) {
	b := large(t)
	r := assessment.Request{AsOf: time.Date(2022, 2, 28, 0, 0, 0, 0, time.UTC), Policy: policy.Default()}
	timed := func(what string) assure.Assessment {
		start := time.Now()
		a, err := b.Assess(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %v", what, time.Since(start))
		return a
	}
	a := timed("nothing read yet")
	r.Policy.Measure.MinPrecision = 0.6
	timed("another policy")
	timed("the same again")
	b.feed()
	timed("one more batch of evidence")
	if len(a.Verdicts) != 1739 || a.Totals.Claimed < 200 || len(a.Unmapped.AlertRules) != 0 {
		t.Errorf("%d verdicts, totals %+v, %d unmapped alert rules", len(a.Verdicts), a.Totals, len(a.Unmapped.AlertRules))
	}
	if v := b.verdict("AN1989"); v.Rung != assure.Outside {
		t.Errorf("AN1989 is %s", v.Rung)
	}
	var alerts int64
	for _, v := range a.Verdicts {
		if v.Measurement != nil {
			alerts = max(alerts, v.Measurement.Alerts)
		}
	}
	if alerts < 399190 {
		t.Errorf("the busiest analytic has %d alerts, want those of W-Acc-400 among them", alerts)
	}
}
