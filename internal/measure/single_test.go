package measure_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/measure"
)

// drawBook draws batches of alerts and of statements about them, some of which are
// withdrawn: of few hosts, sites and cases, labelled by whoever may, some opened again.
func drawBook(t *rapid.T) *history.Book {
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	book := history.NewBook()
	for batch := range rapid.IntRange(1, 3).Draw(t, "batches") {
		for place := range rapid.IntRange(0, 30).Draw(t, "alerts") {
			pick := func(values ...string) string { return rapid.SampledFrom(values).Draw(t, "text") }
			a := &alert.Alert{ID: fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "id")), RuleID: pick("r1", "r1", "r2"),
				Time: noon.Add(time.Duration(rapid.IntRange(-40, 40).Draw(t, "hours")) * time.Hour),
				Site: pick("s1", "s2"), Entity: pick("h1", "h2", "h3", "h4"), CaseID: pick("", "", "c1", "c2", "c3")}
			if class := rapid.SampledFrom(append(alert.Classes(), alert.Open, "")).Draw(t, "class"); class != "" {
				a.Disposition = &alert.Disposition{Class: class, Time: noon.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "said")) * time.Hour),
					Provenance: rapid.SampledFrom([]alert.Provenance{alert.Analyst, alert.Automation}).Draw(t, "provenance")}
				if class == alert.Duplicate {
					a.Disposition.DuplicateOf = pick("", "1", "2", "99")
				}
			}
			book.Add(batch, int64(place), a)
		}
		if rapid.IntRange(0, 3).Draw(t, "withdrawn at 0") == 0 {
			book.Withdraw(batch)
		}
	}
	return book
}

// TestStatementsFromSumsAreThoseFromSingleAlerts works everything out from the alerts
// alone, by the definitions.
func TestStatementsFromSumsAreThoseFromSingleAlerts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, book := policy(), drawBook(t)
		p.Provenances = rapid.SampledFrom([][]string{{"analyst"}, {"analyst", "incident"}, {"analyst", "automation", "incident"}}).Draw(t, "provenances")
		noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
		cases := []alert.Case{{ID: "c1", Class: alert.TruePositive, Closed: noon.Add(20 * time.Hour)}, {ID: "c2", Class: alert.FalseLogic, Closed: noon}, {ID: "c3", Class: alert.TruePositive}}
		legacy := alert.LegacyOf(cases, "2026-05-09")
		span := measure.Span{From: "2026-05-03", To: "2026-05-09"}
		rules := rapid.SampledFrom([][]string{{"r1"}, {"r1", "r2"}}).Draw(t, "rules")

		q := &alert.Question{From: span.From, To: span.To, Sets: []alert.Set{alert.SetOf(rules...)}, Cases: legacy}
		for _, name := range p.Provenances {
			q.Provenances = append(q.Provenances, alert.Provenance(name))
		}
		q.Trials = []alert.Trial{{From: noon.Add(-30 * time.Hour), To: noon, Site: "s1"}}
		borne := func(a *alert.Alert) bool { // whether a test or a duplicate is what it is called
			if a.Disposition.Class == alert.Test {
				return a.Site == "s1" && !a.Time.After(noon) && !a.Time.Before(noon.Add(-30*time.Hour))
			}
			return slices.ContainsFunc(book.Find(alert.Identity{ID: a.Disposition.DuplicateOf}), func(a *alert.Alert) bool {
				return a.Disposition == nil || a.Disposition.Class != alert.Duplicate
			})
		}
		var single []*alert.Alert
		for _, r := range rules {
			for _, s := range book.Each(r, span.From, span.To) {
				single = append(single, legacy.Alert(s.Shown()))
			}
		}
		got := measure.Detailed("r", &book.Sums(q)[0], span, p)
		want := fromSingle(single, borne, span, p)
		got.Statement = measure.Statement{Alerts: got.Alerts, TruePositive: got.TruePositive, BenignPositive: got.BenignPositive, FalsePositive: got.FalsePositive,
			Unlabelled: got.Unlabelled, Test: got.Test, Duplicate: got.Duplicate, NotCounted: got.NotCounted, Precision: got.Precision, LogicPrecision: got.LogicPrecision,
			Deff: got.Deff, MEff: got.MEff, EffectiveN: got.EffectiveN, ClusteredInterval: got.ClusteredInterval, Episodes: got.Episodes, EpisodeHits: got.EpisodeHits,
			EpisodeInterval: got.EpisodeInterval, Occasions: got.Occasions, Bounds: got.Bounds, PerDay: got.PerDay, BusiestClusterShare: got.BusiestClusterShare, LastLabelled: got.LastLabelled}
		got.Provenance, got.Busiest = nil, nil
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
			t.Errorf("from single alerts (-), from sums (+):\n%s", diff)
		}
	})
}

// fromSingle is what alerts say, with nothing but the definitions of doc/statistics.md.
func fromSingle(alerts []*alert.Alert, borne func(*alert.Alert) bool, span measure.Span, p measure.Policy) measure.Detail {
	var s measure.Statement
	clusters, all, hours := map[string]cluster{}, map[string]int64{}, map[string]bool{}
	perDay := make([]int64, span.Days())
	for _, a := range alerts {
		class := alert.Unlabelled
		if d := a.Disposition; d != nil && d.Class.Labels() {
			if class = d.Class; !slices.Contains(p.Provenances, string(d.Provenance)) {
				class = alert.Unlabelled
				s.NotCounted++
			}
		}
		all[a.Cluster()]++
		perDay[span.From.Until(day.Of(a.Time))]++
		c := clusters[a.Cluster()]
		switch class {
		case alert.TruePositive:
			s.TruePositive++
			c.Hits++
		case alert.BenignPositive:
			s.BenignPositive++
		case alert.FalsePositive, alert.FalseLogic, alert.FalseData:
			s.FalsePositive++
		case alert.Test, alert.Duplicate:
			switch {
			case !borne(a):
				s.Unlabelled++
			case class == alert.Test:
				s.Test++
			default:
				s.Duplicate++
			}
			continue
		default:
			s.Unlabelled++
			continue
		}
		c.N++
		clusters[a.Cluster()] = c
		hours[a.Site+a.Time.UTC().Format("2006-01-02 15")] = true
		s.LastLabelled = max(s.LastLabelled, day.Of(a.Time))
	}
	s.Alerts, s.PerDay = int64(len(alerts)), measure.Volume(perDay, span.Days())
	for _, n := range all {
		s.BusiestClusterShare = max(s.BusiestClusterShare, float64(n)/float64(len(alerts)))
	}
	weigh(&s, clusters, len(hours), p.Confidence)
	return measure.Detail{Statement: s, Trend: measure.TheilSen(perDay, p.Confidence)}
}

// weigh sets what the labelled clusters say.
func weigh(s *measure.Statement, clusters map[string]cluster, occasions int, confidence float64) {
	n, k := float64(s.TruePositive+s.BenignPositive+s.FalsePositive), float64(s.TruePositive)
	if rest := n + float64(s.Unlabelled); rest > 0 {
		s.Bounds = &measure.Interval{k / rest, (k + float64(s.Unlabelled)) / rest}
	}
	if n == 0 {
		return
	}
	p, m := k/n, float64(len(clusters))
	var squares, spread float64
	for _, c := range clusters {
		squares += float64(c.N * c.N)
		spread += math.Pow(float64(c.Hits)-p*float64(c.N), 2)
		if s.Episodes++; c.Hits > 0 {
			s.EpisodeHits++
		}
	}
	deff := max(1, n/m)
	if p > 0 && p < 1 && m > 1 {
		deff = max(1, m/(m-1)*spread/(n*n)/(p*(1-p)/n))
	}
	s.Occasions, s.Precision, s.LogicPrecision = occasions, &p, new((k+float64(s.BenignPositive))/n)
	s.Deff, s.MEff = &deff, new(n*n/squares)
	s.EffectiveN = new(1.0)
	if m > 1 {
		s.EffectiveN = new(max(1, min(n, n/deff*freedom(m, confidence), *s.MEff, float64(occasions))))
	}
	s.ClusteredInterval = new(measure.Clustered(p, *s.EffectiveN, confidence))
	s.EpisodeInterval = new(measure.Jeffreys(float64(s.EpisodeHits), m, confidence))
}
