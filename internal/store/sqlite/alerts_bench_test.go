package sqlite_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/store"
)

// networks are the AIT scenarios, each a file.
var networks = [...]string{"fox", "russellmitchell", "santos", "shaw"}

// aitFolder returns the folder of the AIT alerts, or skips the test.
func aitFolder(t *testing.T) string {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA does not name the folder of test data")
	}
	return filepath.Join(dir, "alerts", "ait-ads")
}

// aitAlerts yields the alerts of one network, labelled by event_label.
func aitAlerts(dir, network string) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		f, err := os.Open(filepath.Join(dir, network+"_alerts.csv.gz"))
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			yield(nil, err)
			return
		}
		r := csv.NewReader(z)
		r.ReuseRecord = true
		for n := 0; ; n++ {
			fields, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if n == 0 {
				continue
			}
			if !yield(aitAlert(network, n, fields)) {
				return
			}
		}
	}
}

// aitAlert reads the columns time, name, ip, host, short, time_label,
// event_label.
func aitAlert(network string, n int, fields []string) (*alert.Alert, error) {
	seconds, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return nil, err
	}
	at := time.Unix(int64(seconds), 0)
	class := alert.TruePositive
	if fields[6] == "-" {
		class = alert.FalsePositive
	}
	return &alert.Alert{
		ID: network + "-" + strconv.Itoa(n), RuleID: strings.Clone(fields[4]), RuleName: strings.Clone(fields[1]),
		Time: at, Site: network, Entity: strings.Clone(fields[3]), Source: "AIT",
		Fields:      map[string]string{"ip": strings.Clone(fields[2]), "time_label": strings.Clone(fields[5])},
		Disposition: &alert.Disposition{Class: class, Word: strings.Clone(fields[6]), Time: at, Provenance: alert.Analyst},
	}, nil
}

// peak returns the most memory that the process has had, in MiB, or 0 where the
// system does not say.
func peak() int {
	b, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]), "kB")))
	return kib / 1024
}

// ruleCount is what the known answers say of a rule.
type ruleCount struct {
	alerts, truePositives  int64
	episodes, episodesTrue int
}

// countRules sums tallies by rule.
func countRules(tallies []alert.Tally) map[string]ruleCount {
	counts := map[string]ruleCount{}
	clusters, hits := map[[2]string]bool{}, map[[2]string]bool{}
	for _, t := range tallies {
		c := counts[t.RuleID]
		c.alerts += t.N
		cluster := [2]string{t.RuleID, t.Cluster}
		if !clusters[cluster] {
			clusters[cluster] = true
			c.episodes++
		}
		if t.Class == alert.TruePositive {
			c.truePositives += t.N
			if !hits[cluster] {
				hits[cluster] = true
				c.episodesTrue++
			}
		}
		counts[t.RuleID] = c
	}
	return counts
}

func TestAITAlertsGiveTheirKnownAnswers(t *testing.T) {
	dir := aitFolder(t)
	s := openAlerts(t, t.TempDir())
	start := time.Now()
	for _, network := range networks {
		if _, _, err := s.Append(t.Context(), store.Batch{ID: network, Kind: "alerts", Hash: network}, aitAlerts(dir, network)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("appended in %v, peak of memory %d MiB", time.Since(start), peak())
	start = time.Now()
	tallies, err := s.Tallies(t.Context(), "2022-01-01", "2022-12-31")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tallies read in %v", len(tallies), time.Since(start))
	counts := countRules(tallies)
	var all int64
	for _, c := range counts {
		all += c.alerts
	}
	if all != 720_209 || len(counts) != 71 {
		t.Errorf("%d alerts of %d rules, want 720209 of 71", all, len(counts))
	}
	for rule, want := range map[string]ruleCount{
		"W-Acc-400":  {399_190, 399_042, 28, 4},
		"S-Tls-Rec":  {26_646, 8, 49, 3},
		"A-Acc-Chr2": {2_773, 2_556, 29, 4},
		"A-All-Evt":  {2_480, 1_485, 100, 4},
		"W-Acc-Sus":  {492, 492, 4, 4},
		"W-Sys-Fai":  {190, 0, 41, 0},
	} {
		if counts[rule] != want {
			t.Errorf("%s: %+v, want %+v", rule, counts[rule], want)
		}
	}
	start = time.Now()
	again, _, err := s.Append(t.Context(), store.Batch{ID: "again", Kind: "alerts", Hash: "again"}, aitAlerts(dir, networks[1]))
	if err != nil {
		t.Fatal(err)
	}
	if again.Unchanged != again.Read || again.Read != 45_544 {
		t.Errorf("the same alerts again: %+v", again)
	}
	t.Logf("%d known alerts read again in %v", again.Read, time.Since(start))
}

// madeUp yields n alerts of 70 rules on 2,000 hosts over 30 days, all labelled.
// Their ids are random, which is the hardest for an index.
func madeUp(n int) iter.Seq2[*alert.Alert, error] {
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	return func(yield func(*alert.Alert, error) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			at := start.Add(time.Duration(i) * 30 * 24 * time.Hour / time.Duration(n))
			rule := "rule-" + strconv.Itoa(r.IntN(70))
			a := &alert.Alert{
				ID: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), RuleID: rule, RuleName: "Name of " + rule, Time: at, Site: "site",
				Entity: "host-" + strconv.Itoa(int(2000*r.Float64()*r.Float64()*r.Float64())), Severity: "high", Fields: map[string]string{"ip": "192.0.2.1"},
				Disposition: &alert.Disposition{Class: alert.Classes()[r.IntN(3)], Time: at, Provenance: alert.Analyst},
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func BenchmarkAppendAlerts(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		b.StopTimer()
		s := openAlerts(b, b.TempDir())
		b.StartTimer()
		if _, _, err := s.Append(b.Context(), store.Batch{ID: "b", Kind: "alerts", Hash: "b"}, madeUp(n)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
}

func BenchmarkTallies(b *testing.B) {
	s := openAlerts(b, b.TempDir())
	if _, _, err := s.Append(b.Context(), store.Batch{ID: "b", Kind: "alerts", Hash: "b"}, madeUp(100_000)); err != nil {
		b.Fatal(err)
	}
	var tallies []alert.Tally
	for b.Loop() {
		var err error
		if tallies, err = s.Tallies(b.Context(), "2026-05-01", "2026-05-30"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(tallies)), "tallies")
}
