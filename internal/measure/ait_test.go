package measure_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"candor/internal/alert"
	"candor/internal/measure"
)

// The four scenarios of the AIT alert data set that the known answers of
// doc/statistics.md are computed from.
var scenarios = []string{"fox", "russellmitchell", "santos", "shaw"}

func TestKnownAnswersOfAITAlerts(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: the known answers of the AIT alert data are not checked")
	}
	counted := map[alert.Tally]int64{}
	for _, s := range scenarios {
		countScenario(t, counted, s, filepath.Join(dir, "alerts", "ait-ads", s+"_alerts.csv.gz"))
	}
	var tallies []alert.Tally
	var all int64
	for key, n := range counted {
		key.N = n
		all += n
		tallies = append(tallies, key)
	}
	statements := byRule(tallies, 6, policy())
	if all != 720209 || len(statements) != 71 {
		t.Errorf("got %d alerts of %d rules, want 720209 of 71", all, len(statements))
	}
	for _, want := range knownAnswers {
		t.Run(want.rule, func(t *testing.T) {
			s, ok := statements[want.rule]
			if !ok {
				t.Fatalf("no statement of %s", want.rule)
			}
			checkKnown(t, &s, want)
			checkFreedom(t, &s)
		})
	}
}

// countScenario adds one network's alerts to counted, whose keys have no N.
func countScenario(t *testing.T, counted map[alert.Tally]int64, scenario, path string) {
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
	rows := csv.NewReader(z)
	rows.ReuseRecord = true
	if _, err := rows.Read(); err != nil {
		t.Fatal(err)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		counted[aitTally(t, scenario, row)]++
	}
}

// aitTally is the key of a row: time, name, ip, host, short, time_label,
// event_label.
func aitTally(t *testing.T, scenario string, row []string) alert.Tally {
	t.Helper()
	at, err := strconv.ParseFloat(row[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	a := alert.Alert{Site: scenario, Entity: strings.Clone(row[3]), Time: time.Unix(int64(at), 0)}
	class := alert.TruePositive
	if row[6] == "-" {
		class = alert.FalsePositive
	}
	return alert.Tally{
		RuleID: strings.Clone(row[4]), Cluster: a.Cluster(), Day: a.Day(),
		Class: class, Provenance: alert.Analyst, Site: scenario, Hours: alert.HourSet(a.Hour()),
	}
}

// checkKnown compares a statement with a row of the known answers, to the
// decimals that the row gives.
func checkKnown(t *testing.T, s *measure.Statement, want known) {
	t.Helper()
	if s.Alerts != want.alerts || s.TruePositive != want.tp {
		t.Errorf("got %d true positives of %d alerts, want %d of %d", s.TruePositive, s.Alerts, want.tp, want.alerts)
	}
	got := []string{
		six(*s.Interval), fmt.Sprintf("%.4f", *s.Deff), fmt.Sprintf("%.6f", *s.MEff), fmt.Sprintf("%.6f", *s.EffectiveN), fmt.Sprint(s.Occasions),
		six(*s.ClusteredInterval), fmt.Sprintf("%d/%d", s.EpisodeHits, s.Episodes), six(*s.EpisodeInterval),
	}
	answer := []string{
		six(want.plain), fmt.Sprintf("%.4f", want.deff), fmt.Sprintf("%.6f", want.kish), fmt.Sprintf("%.6f", want.effective), fmt.Sprint(want.occasions),
		six(want.clustered), fmt.Sprintf("%d/%d", want.hits, want.episodes), six(want.episode),
	}
	for i, name := range []string{"plain interval", "deff", "m_eff", "effective n", "occasions", "clustered interval", "episodes", "episode interval"} {
		if got[i] != answer[i] {
			t.Errorf("%s: got %s, want %s", name, got[i], answer[i])
		}
	}
}

// checkFreedom compares what the degrees of freedom alone would leave with the known
// answers that are given for it.
func checkFreedom(t *testing.T, s *measure.Statement) {
	t.Helper()
	i := slices.IndexFunc(knownAnswers, func(k known) bool { return k.rule == s.RuleID })
	if i >= len(uncapped) {
		return
	}
	n := float64(s.TruePositive + s.BenignPositive + s.FalsePositive)
	if got := fmt.Sprintf("%.6f", n / *s.Deff * freedom(float64(s.Episodes), 0.95)); got != fmt.Sprintf("%.6f", uncapped[i]) {
		t.Errorf("without the caps %s, want %.6f", got, uncapped[i])
	}
}

// freedom is what the degrees of freedom that m clusters leave take away.
func freedom(m, confidence float64) float64 {
	tail := 1 - (1-confidence)/2
	z := distuv.UnitNormal.Quantile(tail) / distuv.StudentsT{Sigma: 1, Nu: m - 1}.Quantile(tail)
	return z * z
}

func six(i measure.Interval) string { return fmt.Sprintf("%.6f-%.6f", i[0], i[1]) }
