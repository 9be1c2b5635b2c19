package alert_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
)

// drawnTally draws what some alerts count as, of few rules, days, sites, hosts and cases.
func drawnTally() *rapid.Generator[alert.Tally] {
	return rapid.Custom(func(t *rapid.T) alert.Tally {
		of := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
		d := of("day", "2026-05-03", "2026-05-04", "2026-05-05")
		y := alert.Tally{RuleID: of("rule", "r1", "r2", "r3"), Day: d, Site: of("site", "", "s", "z"), N: rapid.Int64Range(1, 4).Draw(t, "n"),
			Class: rapid.SampledFrom(alert.Classes()).Draw(t, "class"), Hours: alert.Hours(rapid.Uint32Range(0, 1<<24-1).Draw(t, "hours"))}
		y.Cluster = y.Site + "\x1f" + of("host", "h1", "h2") + "\x1f" + d
		if c := of("case", "", "", "c1", "c2"); c != "" {
			y.Cluster = "case\x1f" + c
		}
		if y.Class == alert.Open {
			y.Class = alert.Unlabelled
		}
		at := func(name string) time.Time {
			return day.Date(d).Time().Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1440, 1441, 54718, 54719, 54720, 5_000_000, -3}).Draw(t, name)) * time.Minute)
		}
		if y.Class == alert.Unlabelled {
			if rapid.Bool().Draw(t, "open") {
				y.Opened = at("opened")
			}
		} else {
			y.Provenance, y.By = rapid.SampledFrom(alert.Provenances()).Draw(t, "provenance"), of("by", "", "ann", "Ann", "bob")
			if rapid.Bool().Draw(t, "timed") {
				y.Said = at("said")
			}
			y.Void = y.Class.LeavesOut() && rapid.Bool().Draw(t, "void")
		}
		if rapid.Bool().Draw(t, "read twice") {
			y.Second, y.Reader = rapid.SampledFrom(alert.Classes()).Draw(t, "second"), of("reader", "", "ann", "eve")
			y.SecondBy = rapid.SampledFrom([]alert.Provenance{alert.Analyst, alert.AI}).Draw(t, "second by")
		}
		return y
	})
}

// TestSharesAddUp makes sums of the shares of days, and the same from all alerts at once.
func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tallies := rapid.SliceOfN(drawnTally(), 0, 30).Draw(t, "tallies")
		date := func(name string) day.Date {
			return rapid.SampledFrom([]day.Date{"", "", "2026-05-03", "2026-05-04", "2026-05-05"}).Draw(t, name)
		}
		q := &alert.Question{From: date("from"), To: date("to"), Site: rapid.SampledFrom([]string{"", "", "s"}).Draw(t, "site"),
			Provenances: rapid.SampledFrom([][]alert.Provenance{nil, {alert.Analyst, alert.Incident}, alert.Provenances()}).Draw(t, "counting"), Cases: alert.Legacy{}}
		for _, c := range []string{"c1", "c2"} {
			if class := rapid.SampledFrom([]alert.Class{"", alert.TruePositive, alert.FalseLogic, alert.Unlabelled}).Draw(t, c); class != "" {
				q.Cases[c] = alert.Closing{Class: class, At: day.Date("2026-05-04").Time(), By: rapid.SampledFrom([]string{"", "ann"}).Draw(t, "owner")}
			}
		}
		for i := range rapid.IntRange(1, 3).Draw(t, "sets") {
			set := alert.SetOf(rapid.SampledFrom([][]string{{"r1"}, {"r1", "r2"}, {"r3", "none"}, nil}).Draw(t, fmt.Sprint("set ", i))...)
			for j := range set {
				set[j] = alert.Part{Rule: set[j].Rule, From: date("part from"), To: date("part to"), Site: rapid.SampledFrom([]string{"", "", "z"}).Draw(t, "part site")}
			}
			q.Sets = append(q.Sets, set)
		}
		shares := q.Shares(slices.Values(tallies))
		want, got := q.Sums(slices.Values(tallies)), q.Composed(&shares)
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("the shares of %+v add up to\n%+v\nand all alerts to\n%+v", q, got, want)
		}
	})
}
