package tune

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/measure"
)

func testPolicy() Policy { return Policy{MinPrecision: 0.5, Confidence: 0.95, FalseDiscovery: 0.05} }

var start = time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)

func seq(rows []Row) Rows {
	return func(yield func(*Row, error) bool) {
		for i := range rows {
			if !yield(&rows[i], nil) {
				return
			}
		}
	}
}

func spanOf(rows []Row) measure.Span {
	return measure.Span{From: day.Of(rows[0].Time), To: day.Of(rows[len(rows)-1].Time)}
}

func try(t interface{ Fatal(...any) }, rows []Row) Result {
	r, err := Try(seq(rows), spanOf(rows), testPolicy())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// drawRows draws alerts of one rule over some days, by time. Scores and values
// collide, and hits tend to score higher.
func drawRows(t *rapid.T) []Row {
	rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Row {
		r := Row{
			Time:    start.Add(time.Duration(rapid.IntRange(0, 10*24).Draw(t, "hours")) * time.Hour),
			Class:   rapid.SampledFrom(alert.Classes()).Draw(t, "class"),
			Doubted: rapid.IntRange(0, 9).Draw(t, "doubted at 0") == 0,
			Fields:  map[string]string{"user": rapid.SampledFrom([]string{"ann", "bob", "cid"}).Draw(t, "user")},
		}
		if r.Class != alert.Unlabelled {
			r.Doubted = false
		}
		if rapid.IntRange(0, 4).Draw(t, "no score at 0") > 0 {
			score := float64(rapid.IntRange(0, 12).Draw(t, "score"))
			if r.Class == alert.TruePositive {
				score += 6
			}
			r.Score = &score
		}
		if rapid.Bool().Draw(t, "in a case") {
			r.Case = rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "case")
		}
		r.Host = rapid.SampledFrom([]string{"", "h1", "h2", "h3"}).Draw(t, "entity")
		a := alert.Alert{Time: r.Time, CaseID: r.Case, Entity: r.Host}
		r.Cluster = a.Cluster()
		return r
	}), 1, 80).Draw(t, "rows")
	slices.SortStableFunc(rows, func(a, b Row) int { return a.Time.Compare(b.Time) })
	for i := range rows {
		rows[i].ID = fmt.Sprintf("a%d", i)
	}
	return rows
}

// below says that a row scores below a threshold.
func below(at float64) func(*Row) bool {
	return func(r *Row) bool { return r.Score != nil && *r.Score < at }
}

// plain computes what is left without some rows with nothing but the definitions.
func plain(rows []Row, of Part, wanted int, gone func(*Row) bool) Outcome {
	var o Outcome
	part := map[string]int{}
	type cluster struct{ N, Hits int64 }
	clusters := map[string]cluster{}
	var kept alert.Sums
	hours := map[string]bool{}
	o.Lost = Lost{Cases: []string{}, Whole: []string{}, Alerts: []string{}}
	for _, r := range rows {
		if _, ok := part[r.Cluster]; !ok {
			part[r.Cluster] = 0
			if day.Of(r.Time) >= of.From && wanted == 1 || wanted == 0 && day.Of(r.Time) > of.To {
				part[r.Cluster] = 1
			}
		}
		if part[r.Cluster] != wanted {
			continue
		}
		if gone(&r) {
			o.Removed++
			if r.hit() {
				o.Lost.TruePositives++
			}
			if r.Doubted {
				o.Lost.Doubted++
			}
			continue
		}
		o.Kept++
		c := clusters[r.Cluster]
		if r.hit() || r.miss() {
			hours[r.Site+r.Time.Format("2006-01-02 15")] = true
		}
		switch {
		case r.hit():
			o.TruePositive, o.Labelled, c.Hits, c.N = o.TruePositive+1, o.Labelled+1, c.Hits+1, c.N+1
		case r.miss():
			o.Labelled, c.N = o.Labelled+1, c.N+1
		default:
			o.Unlabelled++
		}
		clusters[r.Cluster] = c
	}
	for _, c := range clusters {
		kept.Episode(c.N, c.Hits)
	}
	if of.Days > 0 {
		o.AlertsPerDay = float64(o.Kept) / float64(of.Days)
	}
	if o.Labelled > 0 {
		o.Precision = new(float64(o.TruePositive) / float64(o.Labelled))
		o.Occasions, kept.Occasions = len(hours), int64(len(hours))
		o.Interval = new(measure.Clustered(*o.Precision, measure.EffectiveN(&kept, 0.95), 0.95))
		o.EpisodeHits, o.Episodes = int(kept.Hits), int(kept.Episodes)
		o.EpisodeInterval = new(measure.Jeffreys(float64(o.EpisodeHits), float64(o.Episodes), 0.95))
	}
	return o
}

// names blanks what plain does not compute.
func names(o Outcome) Outcome {
	o.Lost.Cases, o.Lost.Whole, o.Lost.Alerts = []string{}, []string{}, []string{}
	return o
}

func TestTheSweepAgreesWithTheDefinitions(t *testing.T) {
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t)
		r := try(t, rows)
		for _, th := range r.Thresholds {
			if diff := cmp.Diff(plain(rows, r.Older, 0, below(th.At)), names(th.Older), near); diff != "" {
				t.Fatalf("older part at %v: %s", th.At, diff)
			}
			if r.Newer.Days == 0 {
				continue
			}
			if diff := cmp.Diff(plain(rows, r.Newer, 1, below(th.At)), names(th.Newer), near); diff != "" {
				t.Fatalf("newer part at %v: %s", th.At, diff)
			}
		}
	})
}

func TestNothingKnownIsLostByWhatIsRecommended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t)
		r := try(t, rows)
		if c := r.Choice; c != nil {
			lost := 0
			for _, row := range rows {
				if (row.hit() || row.Doubted) && row.Score != nil && *row.Score < c.Threshold.At {
					lost++
				}
			}
			if c.Recommended != (lost == 0) || (lost > 0) != (c.Warning != "") {
				t.Fatalf("%d lost; recommended %v with warning %q", lost, c.Recommended, c.Warning)
			}
		} else if r.NoChoice == "" {
			t.Fatal("no choice, and not why")
		}
		for _, x := range r.Exclusions {
			for _, row := range rows {
				if row.Fields[x.Field] == x.Value && (row.hit() || row.Doubted) {
					t.Fatalf("excluding %s=%s removes %s, which is called true", x.Field, x.Value, row.ID)
				}
			}
		}
	})
}

func TestPartsCoverTheDaysAndDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := day.Of(start)
		days := rapid.IntRange(1, 400).Draw(t, "days")
		older, newer := Split(first, first.Add(days-1))
		if older.Days+newer.Days != days || older.From != first || older.Days < 1 {
			t.Fatalf("%+v and %+v of %d days", older, newer, days)
		}
		if days > 1 && (newer.Days < 1 || newer.From != older.To.Add(1) || newer.To != first.Add(days-1)) {
			t.Fatalf("%+v and %+v of %d days", older, newer, days)
		}
	})
	if older, newer := Split("2026-05-01", "2026-05-10"); older.Days != 7 || newer.Days != 3 {
		t.Errorf("ten days split %d to %d, want 7 to 3", older.Days, newer.Days)
	}
}

func TestLogOddsKnownAnswer(t *testing.T) {
	// ln(10.5*12.5/(5.5*3.5)) and the root of 1/10.5+1/5.5+1/3.5+1/12.5, by hand.
	log, interval, p := LogOdds([4]int64{10, 5, 3, 12}, 0.95)
	for _, x := range []struct{ got, want float64 }{
		{log, 1.919593}, {interval[0], 0.348231}, {interval[1], 3.490954}, {p, 0.016651},
	} {
		if math.Abs(x.got-x.want) > 1e-6 {
			t.Errorf("got %v, want %v", x.got, x.want)
		}
	}
	// Ten standard errors out 1 - erf is 0, and two values would rank as equal.
	if log, i, p := LogOdds([4]int64{0, 10000, 10000, 10}, 0.95); !(p > 0 && p < 1e-20) || i[1] > 0 {
		t.Errorf("far out: log %v, interval %v, p %v", log, i, p)
	}
	if log, _, p := LogOdds([4]int64{4, 4, 4, 4}, 0.95); log != 0 || math.Abs(p-1) > 1e-12 {
		t.Errorf("no difference gives %v, p %v", log, p)
	}
}

// TestDiscoveriesOfThePaper is the worked example of Benjamini and Hochberg,
// 1995: of fifteen the first four pass at 5 %.
func TestDiscoveriesOfThePaper(t *testing.T) {
	var values []Value
	for _, p := range []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1} {
		values = append(values, Value{P: p})
	}
	discover(values, 0.05)
	for i, v := range values {
		if v.Discovered != (i < 4) {
			t.Errorf("place %d, p %v: passes %v", i+1, v.P, v.Discovered)
		}
	}
}

// fired makes n rows of one class on a day, each its own cluster.
func fired(days, n int, c alert.Class, score float64, user string) []Row {
	var rows []Row
	for i := range n {
		id := fmt.Sprintf("%s-%d-%s-%d", c, days, user, i)
		rows = append(rows, Row{ID: id, Time: start.AddDate(0, 0, days).Add(time.Duration(i) * time.Hour), Cluster: id, Class: c, Score: &score, Fields: map[string]string{"user": user}})
	}
	return rows
}

func TestAThresholdThatHoldsIsRecommended(t *testing.T) {
	var rows []Row
	for d := range 10 {
		rows = append(rows, slices.Concat(fired(d, 3, alert.TruePositive, 80, "ann"), fired(d, 6, alert.FalsePositive, 20, "backup"))...)
	}
	r := try(t, rows)
	c := r.Choice
	if c == nil || c.Threshold.At != 80 || !c.Recommended || !c.Reaches || !c.Holds || c.Warning != "" {
		t.Fatalf("choice %+v, want 80, which separates in both parts", c)
	}
	if len(r.Exclusions) != 0 || len(r.Refused) != 1 || r.Refused[0].Reason != Separates {
		t.Errorf("exclusions %+v, refused %+v; want user refused, which separates without exception", r.Exclusions, r.Refused)
	}
}

func TestWhatTheNewerPartLosesIsSaidFirst(t *testing.T) {
	var rows []Row
	for d := range 10 {
		score := 80.0
		if d >= 8 {
			score = 30
		}
		hits := fired(d, 3, alert.TruePositive, score, "ann")
		for i := range hits {
			hits[i].Case = "INC-1"
		}
		rows = append(rows, slices.Concat(hits, fired(d, 6, alert.FalsePositive, 40, "backup"))...)
	}
	c := try(t, rows).Choice
	if c == nil || c.Recommended || c.Threshold.Newer.Lost.TruePositives != 6 || !slices.Equal(c.Threshold.Newer.Lost.Cases, []string{"INC-1"}) {
		t.Fatalf("choice %+v, want one that is not recommended", c)
	}
	if want := "It would lose 6 true positives of the newer part (of confirmed case INC-1)."; c.Warning != want {
		t.Errorf("warning %q, want %q", c.Warning, want)
	}
}

func TestAlertsThatAreGoodAsTheyAreNeedNoThreshold(t *testing.T) {
	for _, c := range []struct {
		newer alert.Class
		want  string
	}{
		{alert.TruePositive, "the lower bounds reach the precision of 50 % that policy asks for in both parts."},
		{alert.FalsePositive, "the lower bounds reach the precision of 50 % that policy asks for in the older part and do not in the newer."},
	} {
		var rows []Row
		for d := range 10 {
			class := alert.TruePositive
			if d >= 7 {
				class = c.newer
			}
			rows = append(rows, fired(d, 5, class, float64(d+1), "ann")...)
		}
		if r := try(t, rows); r.Choice != nil || !strings.HasSuffix(r.NoChoice, c.want) {
			t.Errorf("%+v, %q; want %q", r.Choice, r.NoChoice, c.want)
		}
	}
}

func TestTheUnlabelledAmongTheRemovedAreCounted(t *testing.T) {
	var rows []Row
	for d := range 10 {
		rows = append(rows, slices.Concat(fired(d, 3, alert.TruePositive, 80, "ann"), fired(d, 6, alert.FalsePositive, 20, "bea"), fired(d, 2, alert.Unlabelled, 10, "cem"))...)
	}
	c := try(t, rows).Choice
	if c == nil || !strings.Contains(c.Text, "56 of 77 alerts there (14 of them unlabelled) and 24 of 33 from") || !strings.Contains(c.Text, "(6 of them unlabelled)") {
		t.Errorf("%+v", c)
	}
}

func TestWithoutScoresOrHitsNothingIsChosen(t *testing.T) {
	rows := fired(0, 5, alert.FalsePositive, 10, "ann")
	if r := try(t, rows); r.Choice != nil || r.NoChoice == "" {
		t.Errorf("without a true positive: %+v", r.Choice)
	}
	rows = fired(0, 5, alert.TruePositive, 10, "ann")
	for i := range rows {
		rows[i].Score = nil
	}
	if r := try(t, rows); r.Choice != nil || len(r.Thresholds) != 0 || r.NoChoice != "No alert carries a score." {
		t.Errorf("without a score: %+v, %q", r.Choice, r.NoChoice)
	}
}
