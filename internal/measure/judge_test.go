package measure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/measure"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// labels makes tallies of one rule: each entry is a class, a number of clusters
// and the alerts in each.
type labels struct {
	class    alert.Class
	clusters int
	each     int64
}

func talliesOf(rule string, ls ...labels) []alert.Tally {
	var ts []alert.Tally
	for i, l := range ls {
		for j := range l.clusters {
			t := alert.Tally{
				RuleID: rule, Cluster: fmt.Sprint(i, "/", j), Day: fmt.Sprintf("2026-03-%02d", 1+j%28),
				Class: l.class, N: l.each,
			}
			if l.class != alert.Unlabelled {
				t.Provenance = alert.Analyst
			}
			ts = append(ts, t)
		}
	}
	return ts
}

// sums are those of tallies by the labels that a policy counts.
func sums(p measure.Policy, ts ...alert.Tally) *alert.Sums {
	var by []alert.Provenance
	for _, name := range p.Provenances {
		by = append(by, alert.Provenance(name))
	}
	return new(alert.SumsOf(by, slices.Values(ts)))
}

// pool is the statement of tallies together.
func pool(id string, ts []alert.Tally, days int, p measure.Policy) measure.Statement {
	return measure.Of(id, sums(p, ts...), days, p)
}

// byRule are the statements of tallies rule by rule.
func byRule(ts []alert.Tally, days int, p measure.Policy) map[string]measure.Statement {
	of, statements := map[string][]alert.Tally{}, map[string]measure.Statement{}
	for _, t := range ts {
		of[t.RuleID] = append(of[t.RuleID], t)
	}
	for rule, ts := range of {
		statements[rule] = pool(rule, ts, days, p)
	}
	return statements
}

func TestConclusions(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels []labels
		want   measure.Conclusion
		code   string
	}{
		{"nothing labelled", []labels{{alert.Unlabelled, 40, 1}}, measure.NotMeasurable, "nothing_labelled"},
		{"only tests and duplicates", []labels{{alert.Test, 10, 1}, {alert.Duplicate, 3, 1}}, measure.NotMeasurable, "nothing_labelled"},
		{"four episodes prove nothing", []labels{{alert.TruePositive, 4, 123}}, measure.NotMeasurable, "too_few_episodes"},
		{"all right in twenty episodes", []labels{{alert.TruePositive, 20, 1}}, measure.GoodEnough, "good_enough"},
		{"all wrong in twenty episodes", []labels{{alert.FalsePositive, 20, 1}}, measure.NotGoodEnough, "below_threshold"},
		{"expected activity is no use either", []labels{{alert.BenignPositive, 20, 1}}, measure.NotGoodEnough, "below_threshold"},
		{"half right", []labels{{alert.TruePositive, 5, 1}, {alert.FalseLogic, 5, 1}}, measure.Undecided, "interval_straddles"},
		{"right about alerts, wrong about episodes",
			[]labels{{alert.TruePositive, 4, 90000}, {alert.FalseData, 24, 6}}, measure.NotGoodEnough, "below_threshold"},
		{"the unlabelled could sink it", []labels{{alert.TruePositive, 20, 1}, {alert.Unlabelled, 21, 1}}, measure.Undecided, "unlabelled_decide"},
		{"the unlabelled could lift it", []labels{{alert.FalsePositive, 20, 1}, {alert.Unlabelled, 21, 1}}, measure.Undecided, "unlabelled_decide"},
		{"too few unlabelled to matter", []labels{{alert.TruePositive, 20, 1}, {alert.Unlabelled, 20, 1}}, measure.GoodEnough, "good_enough"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := byRule(talliesOf("r", c.labels...), 30, policy())["r"]
			if s.Conclusion != c.want {
				t.Errorf("got %s, want %s", s.Conclusion, c.want)
			}
			if !slices.Contains(codes(&s), c.code) {
				t.Errorf("no reason %s among %v", c.code, codes(&s))
			}
			if s.Noisy != (c.want == measure.NotGoodEnough) {
				t.Errorf("noisy is %v", s.Noisy)
			}
			if s.Conclusion != measure.Undecided && s.ToLabel != 0 {
				t.Errorf("asks to label %d", s.ToLabel)
			}
		})
	}
}

func codes(s *measure.Statement) []string {
	var out []string
	for _, r := range s.Reasons {
		out = append(out, r.Code)
	}
	return out
}

// TestThreeScansAreNotThirteenEpisodes has a scan hit many hosts, each an episode.
func TestThreeScansAreNotThirteenEpisodes(t *testing.T) {
	scans := func(n int) []alert.Tally {
		var ts []alert.Tally
		for i := range 13 {
			ts = append(ts, alert.Tally{RuleID: "r", Cluster: fmt.Sprint("host", i), Day: fmt.Sprintf("2026-03-%02d", 1+i%n), Class: alert.TruePositive,
				Provenance: alert.Analyst, Site: "lab", Hours: alert.HourSet(3), N: 5})
		}
		return ts
	}
	s := byRule(scans(3), 30, policy())["r"]
	if s.Conclusion != measure.NotMeasurable || s.Occasions != 3 || *s.EffectiveN != 3 || !slices.Contains(codes(&s), "too_few_occasions") {
		t.Errorf("%s on %d occasions, n* %v, %v; want nothing concluded of three scans", s.Conclusion, s.Occasions, *s.EffectiveN, codes(&s))
	}
	want := "There are labels in 13 episodes on 3 occasions, which is in how many hours of a site they fell; policy asks for 5 occasions before anything is concluded."
	if i := slices.IndexFunc(s.Reasons, func(r evidence.Reason) bool { return r.Code == "too_few_occasions" }); i < 0 || s.Reasons[i].Text != want {
		t.Errorf("reasons %+v", s.Reasons)
	}
	if s := byRule(scans(6), 30, policy())["r"]; s.Conclusion != measure.GoodEnough || s.Occasions != 6 {
		t.Errorf("%s on %d occasions", s.Conclusion, s.Occasions)
	}
	other := scans(3) // the same hours at another site are other occasions
	for i := range other {
		other[i].Site, other[i].Cluster = "office", "o"+other[i].Cluster
	}
	if s := byRule(append(scans(3), other...), 30, policy())["r"]; s.Occasions != 6 {
		t.Errorf("%d occasions at two sites", s.Occasions)
	}
}

func TestCountsAreKeptApart(t *testing.T) {
	ts := talliesOf("r",
		labels{alert.TruePositive, 3, 2}, labels{alert.BenignPositive, 2, 1}, labels{alert.FalseLogic, 1, 4},
		labels{alert.FalseData, 1, 3}, labels{alert.FalsePositive, 1, 1}, labels{alert.Test, 2, 5},
		labels{alert.Duplicate, 1, 7}, labels{alert.Unlabelled, 1, 9})
	ts = append(ts, alert.Tally{RuleID: "r", Cluster: "robot", Day: "2026-03-01", Class: alert.FalsePositive, Provenance: alert.Automation, N: 11})
	s := byRule(ts, 30, policy())["r"]
	got := []int64{s.Alerts, s.TruePositive, s.BenignPositive, s.FalsePositive, s.Test, s.Duplicate, s.Unlabelled, s.NotCounted}
	if want := []int64{53, 6, 2, 8, 10, 7, 20, 11}; !slices.Equal(got, want) {
		t.Errorf("alerts, TP, BP, FP, test, duplicate, unlabelled, not counted: got %v, want %v", got, want)
	}
	if *s.Precision != 6.0/16 || *s.LogicPrecision != 8.0/16 || *s.LabelledShare != 16.0/36 {
		t.Errorf("got precision %v, logic %v, labelled %v", *s.Precision, *s.LogicPrecision, *s.LabelledShare)
	}
	if want := (measure.Interval{6.0 / 36, 26.0 / 36}); *s.Bounds != want {
		t.Errorf("got bounds %v, want %v", *s.Bounds, want)
	}
	if s.Episodes != 8 || s.EpisodeHits != 3 {
		t.Errorf("got %d of %d episodes, want 3 of 8", s.EpisodeHits, s.Episodes)
	}
}

func TestNoLabelsNoProportions(t *testing.T) {
	s := pool("p", nil, 30, policy())
	if s.Precision != nil || s.Interval != nil || s.Bounds != nil || s.LabelledShare != nil || s.Deff != nil || s.EpisodeInterval != nil {
		t.Errorf("a proportion of nothing: %+v", s)
	}
	if s.Conclusion != measure.NotMeasurable || s.Noisy {
		t.Errorf("got %s, noisy %v", s.Conclusion, s.Noisy)
	}
}

func TestVolumeAndWorkloadMakeNoise(t *testing.T) {
	for _, c := range []struct {
		name        string
		alerts      float64
		minutes     float64
		noisy       bool
		code, other string
	}{
		{"within both", 10, 100, false, "volume", "volume_over"},
		{"no bounds", 0, 0, false, "volume", "workload_over"},
		{"too many alerts", 9.9, 0, true, "volume_over", "workload_over"},
		{"too much work", 0, 99, true, "workload_over", "volume_over"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policy()
			p.MaxAlertsPerDay, p.MaxMinutesPerDay = c.alerts, c.minutes
			s := byRule(talliesOf("r", labels{alert.Unlabelled, 10, 30}), 30, p)["r"]
			if s.Noisy != c.noisy || !slices.Contains(codes(&s), c.code) || slices.Contains(codes(&s), c.other) {
				t.Errorf("noisy %v, reasons %v", s.Noisy, codes(&s))
			}
			if s.PerDay.Mean != 10 || s.WorkloadMinutesPerDay != 100 || s.BusiestClusterShare != 0.1 {
				t.Errorf("got %+v, %v minutes, busiest %v", s.PerDay, s.WorkloadMinutesPerDay, s.BusiestClusterShare)
			}
		})
	}
}

// Two rules that fire on the same burst are one episode, and each is held to the
// bound of one rule.
func TestPoolJoinsClustersOverRules(t *testing.T) {
	p := policy()
	p.MaxAlertsPerDay = 1
	a := talliesOf("a", labels{alert.TruePositive, 6, 5})
	b := talliesOf("b", labels{alert.TruePositive, 6, 5})
	s := pool("both", append(a, b...), 30, p)
	if s.Episodes != 6 || s.EpisodeHits != 6 || s.TruePositive != 60 || s.RuleID != "both" {
		t.Errorf("got %d/%d episodes, %d true positives of %s", s.EpisodeHits, s.Episodes, s.TruePositive, s.RuleID)
	}
	if s.PerDay.Mean != 2 || s.Noisy {
		t.Errorf("got %v a day, noisy %v", s.PerDay.Mean, s.Noisy)
	}
}

// Labelling as many alerts as the statement asks for, as they were so far,
// decides it, and one fewer does not.
func TestToLabelIsWhatItTakes(t *testing.T) {
	for _, c := range []struct {
		name         string
		hit, miss, u int
		want         measure.Conclusion
	}{
		{"more of what comes", 14, 6, 0, measure.GoodEnough},
		{"unlabelled could sink it", 10, 0, 90, measure.GoodEnough},
		{"unlabelled could lift it", 1, 9, 90, measure.NotGoodEnough},
	} {
		t.Run(c.name, func(t *testing.T) {
			judge := func(hit, miss float64, u int) measure.Statement {
				return byRule(talliesOf("r", labels{alert.TruePositive, int(hit), 1},
					labels{alert.FalsePositive, int(miss), 1}, labels{alert.Unlabelled, u, 1}), 30, policy())["r"]
			}
			s := judge(float64(c.hit), float64(c.miss), c.u)
			if s.Conclusion != measure.Undecided || s.ToLabel <= 0 {
				t.Fatalf("got %s, to label %d", s.Conclusion, s.ToLabel)
			}
			n := float64(c.hit + c.miss)
			after := func(more int64) measure.Conclusion {
				grow := (n + float64(more)) / n
				hit := math.Round(float64(c.hit) * grow)
				s := judge(hit, math.Round(n*grow)-hit, max(0, c.u-int(more)))
				return s.Conclusion
			}
			// Whole alerts cannot keep exactly to the estimate: allow 3 more or fewer.
			if got := after(s.ToLabel + 3); got != c.want {
				t.Errorf("after %d more: %s, want %s", s.ToLabel+3, got, c.want)
			}
			if got := after(max(0, s.ToLabel-4)); got != measure.Undecided {
				t.Errorf("after %d more: %s, want undecided", s.ToLabel-4, got)
			}
		})
	}
}

func TestToLabelGivesUpAtTheThresholdItself(t *testing.T) {
	s := byRule(talliesOf("r", labels{alert.TruePositive, 10, 1}, labels{alert.FalsePositive, 10, 1}), 30, policy())["r"]
	if s.Conclusion != measure.Undecided || s.ToLabel != 0 {
		t.Errorf("got %s, to label %d", s.Conclusion, s.ToLabel)
	}
}

func TestReasonsSayProportionsInFull(t *testing.T) {
	s := byRule(talliesOf("r", labels{alert.TruePositive, 4, 90000}, labels{alert.FalseData, 24, 6},
		labels{alert.BenignPositive, 2, 3}, labels{alert.Unlabelled, 3, 1}, labels{alert.Test, 1, 2}), 30, policy())["r"]
	for _, r := range s.Reasons {
		if strings.Contains(strings.ToLower(r.Text), "false positive rate") || strings.Contains(strings.ToLower(r.Text), "false-positive rate") {
			t.Errorf("%s: %s", r.Code, r.Text)
		}
		if r.Refs == nil {
			t.Errorf("%s has no list of evidence", r.Code)
		}
		if !strings.HasSuffix(r.Text, ".") {
			t.Errorf("%s is no sentence: %s", r.Code, r.Text)
		}
	}
	want := map[string]string{
		"precision":         "360,000 of 360,150 labelled alerts were true positives: precision 99.958 %, 95 % interval 99.951 to 99.965 % if alerts were independent.",
		"episode_precision": "4 of 30 labelled episodes held a true positive: episode precision 13.3 %, 95 % interval 4.7 to 28.7 %.",
		"below_threshold":   "The upper bound for episodes is 28.7 % (4 of 30), below the precision of 50 % that policy asks for.",
		"share_false":       "144 of 360,150 labelled alerts were false: share 0.04 %, 95 % interval 0.034 to 0.047 % if alerts were independent.",
	}
	for _, r := range s.Reasons {
		if w, ok := want[r.Code]; ok && r.Text != w {
			t.Errorf("%s:\n got %s\nwant %s", r.Code, r.Text, w)
		}
		delete(want, r.Code)
	}
	if len(want) > 0 {
		t.Errorf("no reasons for %v", want)
	}
}

// anyTallies draws tallies of a few rules over a few clusters and days.
func anyTallies(t *rapid.T) []alert.Tally {
	n := rapid.IntRange(0, 40).Draw(t, "n")
	ts := make([]alert.Tally, 0, n)
	for range n {
		ts = append(ts, alert.Tally{
			RuleID:     rapid.SampledFrom([]string{"a", "b"}).Draw(t, "rule"),
			Cluster:    rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "6", "7"}).Draw(t, "cluster"),
			Day:        rapid.SampledFrom([]string{"2026-03-01", "2026-03-02", "2026-03-03"}).Draw(t, "day"),
			Class:      rapid.SampledFrom(alert.Classes()).Draw(t, "class"),
			Provenance: rapid.SampledFrom([]alert.Provenance{alert.Analyst, alert.Automation, alert.Incident}).Draw(t, "provenance"),
			N:          rapid.Int64Range(1, 500).Draw(t, "alerts"),
		})
	}
	return ts
}

func TestOrderOfTalliesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := anyTallies(t)
		want := byRule(ts, 10, policy())
		shuffled := slices.Clone(ts)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(ts), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		if diff := cmp.Diff(want, byRule(shuffled, 10, policy())); diff != "" {
			t.Error(diff)
		}
	})
}

// Counts may come split, as from two stores, or summed.
func TestMergedTalliesSayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := anyTallies(t)
		sums := map[alert.Tally]int64{}
		for _, tally := range ts {
			n := tally.N
			tally.N = 0
			sums[tally] += n
		}
		var merged []alert.Tally
		for tally, n := range sums {
			tally.N = n
			merged = append(merged, tally)
		}
		if diff := cmp.Diff(pool("p", ts, 10, policy()), pool("p", merged, 10, policy())); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStatementsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policy()
		p.Confidence = rapid.SampledFrom([]float64{0.5, 0.8, 0.95, 0.9999}).Draw(t, "confidence")
		s := pool("p", anyTallies(t), 10, p)
		if s.Precision == nil {
			return
		}
		if *s.Deff < 1 || *s.EffectiveN > float64(s.TruePositive+s.BenignPositive+s.FalsePositive) {
			t.Errorf("design effect %v, effective n %v", *s.Deff, *s.EffectiveN)
		}
		for name, c := range map[string]struct {
			i        *measure.Interval
			estimate float64
		}{
			"interval": {s.Interval, *s.Precision}, "logic": {s.LogicInterval, *s.LogicPrecision},
			"clustered": {s.ClusteredInterval, *s.Precision}, "episodes": {s.EpisodeInterval, *s.EpisodePrecision},
			"bounds": {s.Bounds, *s.Precision},
		} {
			if c.i[0] < 0 || c.i[1] > 1 || c.i[0] > c.i[1] {
				t.Errorf("%s %v is no interval of proportions", name, *c.i)
			}
			if c.estimate < c.i[0]-1e-12 || c.estimate > c.i[1]+1e-12 {
				t.Errorf("%s %v does not hold its estimate %v", name, *c.i, c.estimate)
			}
		}
		if plain, wide := *s.Interval, *s.ClusteredInterval; wide[1]-wide[0] < plain[1]-plain[0]-1e-9 {
			t.Errorf("clustering narrowed %v to %v", plain, wide)
		}
	})
}

func TestJeffreysGrowsWithConfidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1_000_000).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		less := rapid.Float64Range(0.5, 0.99).Draw(t, "less")
		more := rapid.Float64Range(less, 0.9999).Draw(t, "more")
		a := measure.Jeffreys(float64(k), float64(n), less)
		b := measure.Jeffreys(float64(k), float64(n), more)
		if b[0] > a[0]+1e-12 || b[1] < a[1]-1e-12 {
			t.Errorf("%d of %d: %v at %v, %v at %v", k, n, a, less, b, more)
		}
		if p := float64(k) / float64(n); p < a[0] || p > a[1] {
			t.Errorf("%d of %d: %v does not hold %v", k, n, a, p)
		}
	})
}

// Whatever a further label says, what is possible can only get narrower.
func TestLabellingNeverWidensTheWorstCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labelled := rapid.Int64Range(0, 10_000).Draw(t, "labelled")
		hits := rapid.Int64Range(0, labelled).Draw(t, "hits")
		unlabelled := rapid.Int64Range(1, 10_000).Draw(t, "unlabelled")
		more := rapid.Int64Range(1, unlabelled).Draw(t, "more")
		moreHits := rapid.Int64Range(0, more).Draw(t, "more hits")
		before := measure.WorstCase(hits, labelled, unlabelled)
		after := measure.WorstCase(hits+moreHits, labelled+more, unlabelled-more)
		if after[0] < before[0] || after[1] > before[1] {
			t.Errorf("%v became %v", before, after)
		}
	})
}
