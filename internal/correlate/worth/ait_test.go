package worth_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"candor/internal/correlate"
	"candor/internal/correlate/definition"
	"candor/internal/correlate/worth"
)

// policy is that of the known answers.
var policy = worth.Policy{Repeats: 200, Seed: "1", Confidence: 0.95, MinPrecision: 0.9, MinSites: 5, MostLost: 0.05, MinutesPerAlert: 10}

// letters declares the sensors by the first letter of their rules.
const letters = "families: {A: [A-*], S: [S-*], W: [W-*]}\n"

// lined is a definition: so many families within a window.
func lined(families int, window string) string {
	return fmt.Sprintf("---\ntitle: %d of three sensors within %s\nname: %d/%s\ncorrelation: {type: temporal, rules: ['family:A', 'family:S', 'family:W'], group-by: [site, entity], timespan: %s, condition: {gte: %d}}\n",
		families, window, families, window, window, families)
}

func planOf(t testing.TB, text string) *correlate.Plan {
	t.Helper()
	d := definition.Decode("test.yml", []byte(text))
	p, rejects := correlate.Compile(d.Set)
	if rejects = append(d.Rejects, rejects...); len(rejects) > 0 {
		t.Fatal(rejects)
	}
	return p
}

// study reads a file of definitions of the study.
func study(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "ait", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestKnownAnswers compares with the tables of doc/correlate.md and doc/ait-study.md.
func TestKnownAnswers(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: the known answers of chains in the AIT alert data are not checked")
	}
	list := alerts(t, dir)
	few := policy
	few.Repeats = 20 // what is drawn is compared above; what is counted does not depend on it
	for _, c := range []struct {
		file   string
		unit   worth.Unit
		policy worth.Policy
		want   string
	}{
		{"study.yml", worth.Epoch, policy, `
2/10m 2595 1225.91 0.005 2.14 25/2595 25/34 true
3/10m 144 55.38 0.005 2.44 16/144 16/34 true
2/1h 915 650.61 0.005 1.43 22/915 22/27 true
3/1h 136 78.45 0.005 1.62 16/136 16/27 true
3/1d 93 92.45 0.52 0.99 19/93 19/23 false
`},
		{"study-echo.yml", worth.Epoch, policy, `
2/10m 309 198.62 0.005 1.51 22/309 22/34 true
3/10m 22 0.25 0.005 41.38 16/22 16/34 true
3/1h 26 2.10 0.005 9.17 15/26 15/27 true
`},
		{"study-echo.yml", worth.Sliding, few, `
2/10m 280 213.30 0.048 1.28 21/280 17/23 true
3/10m 25 0.65 0.048 30.00 16/25 15/23 true
3/1h 31 4.90 0.048 5.17 15/31 15/23 true
`},
	} {
		got, p := "\n", planOf(t, study(t, c.file))
		var found []correlate.Finding
		if c.unit == worth.Sliding {
			found = findings(p, list)
		}
		for _, w := range worth.Of(p, list, found, c.unit, c.policy) {
			outside := 0.0
			if w.Control != nil {
				outside = float64(w.Control.Observed) / *w.Control.Expected
			}
			got += fmt.Sprintf("%s %d %.2f %.2g %.2f %d/%d %d/%d %t\n", w.Definition, w.Chance.Observed, *w.Chance.Expected, *w.Chance.P, outside,
				w.Precision.Hits, w.Precision.Of, w.Recall.Hits, w.Recall.Of, !w.Chance.Powerless)
		}
		if got != c.want {
			t.Errorf("%s, %s: got %swant %s", c.file, c.unit, got, c.want)
		}
	}
}

// alerts reads the alerts of the four networks, in the order of time.
func alerts(t *testing.T, dir string) (list []worth.Seen) {
	t.Helper()
	sorts := map[string]*correlate.Sort{}
	names := map[string]string{}
	for _, site := range []string{"fox", "russellmitchell", "santos", "shaw"} {
		f, err := os.Open(filepath.Join(dir, "alerts", "ait-ads", site+"_alerts.csv.gz"))
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
		for line := 0; ; line++ {
			row, err := rows.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if line == 0 {
				continue
			}
			at, err := strconv.ParseFloat(row[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			rule := row[4]
			if sorts[rule] == nil {
				rule = string([]byte(rule))
				sorts[rule] = &correlate.Sort{Rule: rule}
			}
			host, known := names[row[3]]
			if !known {
				host = string([]byte(row[3]))
				names[host] = host
			}
			s := worth.Seen{Observation: correlate.Observation{Time: time.Unix(int64(at), 0), Sort: sorts[rule], Site: site, Entity: host}, Label: worth.Hit, Incident: row[5] != "false_positive"}
			if row[6] == "-" || row[6] == "dnsteal" {
				s.Label = worth.Miss
			}
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b worth.Seen) int { return a.Time.Compare(b.Time) })
	return list
}
