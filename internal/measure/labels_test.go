package measure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/measure"
)

// readBook draws alerts on as many hosts, and second readings of some of them.
func readBook(t *rapid.T) (plain, read *history.Book) {
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	plain, read = history.NewBook(), history.NewBook()
	classes := append(alert.Classes(), alert.Open)
	for i := range rapid.IntRange(1, 40).Draw(t, "alerts") {
		of := func(name string, from []alert.Class) alert.Class {
			return rapid.SampledFrom(from).Draw(t, fmt.Sprintf("%s of %d", name, i))
		}
		a := &alert.Alert{ID: fmt.Sprint(i), RuleID: "r", Time: noon.Add(time.Duration(rapid.IntRange(-40, 40).Draw(t, "hours")) * time.Hour),
			Entity: rapid.SampledFrom([]string{"h1", "h2", "h3", "h4", "h5", "h6"}).Draw(t, "host")}
		a.Disposition = &alert.Disposition{Class: of("class", append(classes, alert.TruePositive, alert.TruePositive, alert.TruePositive)), Time: noon, By: "ann", Provenance: alert.Analyst}
		plain.Add(1, int64(i), a)
		read.Add(1, int64(i), a)
		if rapid.Bool().Draw(t, "read twice") {
			read.Add(2, int64(i), &alert.Alert{ID: a.ID, Disposition: &alert.Disposition{Class: of("second class", classes), Time: noon.Add(time.Hour), By: "bob", Provenance: alert.Analyst, Second: true}})
		}
	}
	return plain, read
}

func statementOf(book *history.Book) measure.Statement {
	q := &alert.Question{Sets: []alert.Set{alert.SetOf("r")}, Provenances: []alert.Provenance{alert.Analyst},
		Trials: []alert.Trial{{From: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 5, 9, 0, 0, 0, 0, time.UTC)}}}
	p := policy()
	p.Provenances = []string{"analyst"}
	return measure.Of("r", &book.Sums(q)[0], 7, p)
}

// TestASecondReadingNeverImprovesAStatement holds what is said with second readings
// against what is said without.
func TestASecondReadingNeverImprovesAStatement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, read := readBook(t)
		without, with := statementOf(plain), statementOf(read)
		counts := func(s *measure.Statement) []int64 {
			return []int64{s.TruePositive, s.BenignPositive, s.FalsePositive, s.Unlabelled, s.Test, s.Duplicate, s.NotCounted, int64(s.Episodes), int64(s.EpisodeHits)}
		}
		if diff := cmp.Diff(counts(&without), counts(&with)); diff != "" {
			t.Fatalf("a second reading changed a class:\n%s", diff)
		}
		if with.LowerBound() > without.LowerBound() {
			t.Fatalf("the lower limit went up from %v to %v", without.LowerBound(), with.LowerBound())
		}
		if with.Conclusion == measure.GoodEnough && without.Conclusion != measure.GoodEnough {
			t.Fatalf("%s became %s", without.Conclusion, with.Conclusion)
		}
		if with.Bounds != nil && (with.Bounds[0] > without.Bounds[0] || with.Bounds[1] != without.Bounds[1]) {
			t.Fatalf("the worst cases went from %v to %v", *without.Bounds, *with.Bounds)
		}
		for _, i := range []*measure.Interval{with.Interval, with.ClusteredInterval, with.EpisodeInterval} {
			if i != nil && i[0] > i[1] {
				t.Fatalf("an interval is upside down: %v", *i)
			}
		}
	})
}

// TestReadingsThatDifferAreMisses works a case by hand: ten true positives on ten hosts and
// hours, two of which somebody else calls false.
func TestReadingsThatDifferAreMisses(t *testing.T) {
	book := history.NewBook()
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	for i := range 10 {
		book.Add(1, int64(i), &alert.Alert{ID: fmt.Sprint(i), RuleID: "r", Entity: fmt.Sprint("h", i), Time: at.Add(time.Duration(i) * time.Hour),
			Disposition: &alert.Disposition{Class: alert.TruePositive, Time: at.Add(9 * time.Hour), By: "ann", Provenance: alert.Analyst}})
		second := alert.TruePositive
		if i < 2 {
			second = alert.FalseLogic
		}
		book.Add(1, int64(10+i), &alert.Alert{ID: fmt.Sprint(i), Disposition: &alert.Disposition{Class: second, Time: at, By: "bob", Provenance: alert.Analyst, Second: true}})
	}
	s := statementOf(book)
	if s.TruePositive != 10 || *s.Precision != 1 || s.Labels.Doubted != 2 || s.Strict.TruePositive != 8 || s.Labels.Second.Agreed != 8 {
		t.Fatalf("%+v, strictly %+v", s, s.Strict)
	}
	// 8 of 10, Jeffreys; clustered as alerts of one cluster each, whose weight the degrees of freedom lower.
	if want := measure.Jeffreys(8, 10, 0.95)[0]; s.EpisodeInterval[0] != want || s.EpisodeInterval[1] != 1 || s.ClusteredInterval[0] > want {
		t.Errorf("episodes %v, clustered %v; want a lower limit of %v", *s.EpisodeInterval, *s.ClusteredInterval, want)
	}
	var text []string
	for _, r := range s.Reasons {
		text = append(text, r.Text)
	}
	for _, want := range []string{
		"1 person labelled 10 of 10 labelled alerts, ann of them 10 (100 %); 9 (90 %) were labelled within one minute, that of 2026-05-04T09:00:00Z; 1 label says no time.",
		"Of 10 alerts that somebody else read a second time, in 10 episodes, 8 were read alike: agreement (Gwet's AC1) 0.756",
		"Of 2 alerts a second reading says something else: in lower limits they count as misses, and no class changes.",
	} {
		if !strings.Contains(strings.Join(text, "\n"), want) {
			t.Errorf("not said: %s\n%s", want, strings.Join(text, "\n"))
		}
	}
}

func TestLabelsThatAreLeftOutAreToldByCause(t *testing.T) {
	book := history.NewBook()
	at := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	add := func(n int, d alert.Disposition, host string) {
		for i := range n {
			d := d
			d.Time = at
			book.Add(1, 0, &alert.Alert{ID: fmt.Sprint(d.Class, d.Provenance, d.DuplicateOf, host, i), RuleID: "r", Entity: host, Time: at.Add(time.Duration(i) * time.Hour), Disposition: &d})
		}
	}
	add(6, alert.Disposition{Class: alert.TruePositive, Provenance: alert.Analyst}, "h")
	add(1, alert.Disposition{Class: alert.Test, Provenance: alert.Analyst}, "h")
	add(2, alert.Disposition{Class: alert.Duplicate, Provenance: alert.Analyst, DuplicateOf: "true_positiveanalysth0"}, "h")
	add(5, alert.Disposition{Class: alert.Duplicate, Provenance: alert.Analyst}, "h")
	add(4, alert.Disposition{Class: alert.FalsePositive, Provenance: alert.AI}, "h")
	s := statementOf(book)
	want := []measure.LeftOut{{Cause: measure.CauseTest, Labels: 1, Share: 1. / 18}, {Cause: measure.CauseDuplicate, Labels: 2, Share: 2. / 18},
		{Cause: measure.CauseProvenance, Labels: 4, Share: 4. / 18}, {Cause: measure.CauseUnoriginal, Labels: 5, Share: 5. / 18}}
	if !slices.Equal(s.Labels.LeftOut, want) || *s.Labels.LeftOutShare != 3./9 || s.Unlabelled != 9 || s.Alerts != 18 {
		t.Errorf("%+v, share %v, %d unlabelled", s.Labels.LeftOut, *s.Labels.LeftOutShare, s.Unlabelled)
	}
}
