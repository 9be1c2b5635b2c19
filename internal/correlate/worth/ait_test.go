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

// letters declares the sensors by the first letter of their rules, and echo gives what
// repeats an alert of S to S.
const (
	letters = "families: {A: [A-*], S: [S-*], W: [W-*]}\n"
	echo    = "families: {A: [A-*], S: [S-*, W-All-Evt, W-All-Ids, W-All-Mul1, W-All-Mul2], W: [W-*]}\n"
)

// policy is that of the known answers.
var policy = worth.Policy{Repeats: 200, Seed: "1", Confidence: 0.95, MinPrecision: 0.9, MinSites: 5, MostLost: 0.05, MinutesPerAlert: 10}

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

// TestKnownAnswers compares with the table of doc/correlate.md.
func TestKnownAnswers(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: the known answers of chains in the AIT alert data are not checked")
	}
	list := alerts(t, dir)
	for _, c := range []struct{ families, want string }{
		{letters + lined(2, "10m") + lined(3, "10m") + lined(2, "1h") + lined(3, "1h") + lined(3, "1d"), `
2/10m 2595 1225.91 0.005 25/2595 25/34 true
3/10m 144 55.38 0.005 16/144 16/34 true
2/1h 915 650.61 0.005 22/915 22/27 true
3/1h 136 78.45 0.005 16/136 16/27 true
3/1d 93 92.45 0.52 19/93 19/23 false
`},
		{echo + lined(3, "10m"), `
3/10m 22 0.25 0.005 16/22 16/34 true
`},
	} {
		got := "\n"
		for _, w := range worth.Of(planOf(t, c.families), list, nil, worth.Epoch, policy) {
			got += fmt.Sprintf("%s %d %.2f %.2g %d/%d %d/%d %t\n", w.Definition, w.Chance.Observed, *w.Chance.Expected, *w.Chance.P,
				w.Precision.Hits, w.Precision.Of, w.Recall.Hits, w.Recall.Of, !w.Chance.Powerless)
			if w.Control != nil {
				t.Logf("%s control %d of %.2f", w.Definition, w.Control.Observed, *w.Control.Expected)
			}
		}
		if got != c.want {
			t.Errorf("got %swant %s", got, c.want)
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
