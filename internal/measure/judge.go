package measure

import (
	"math"
	"sort"

	"candor/internal/alert"
)

// Of returns the statement, under id, of a set of alerts of a window of days. Of
// several rules together alerts of one cluster are one episode, whichever rules raised
// them. Volume and workload are of the sum, but their bounds, which are of one rule, are
// held against the busiest. The labels that the sums count must be those of the policy.
func Of(id string, sums *alert.Sums, days int, p Policy) Statement {
	return Lately{}.Of(id, sums, days, p)
}

// Of is as the function is, where the sums hold no alerts of rules that were changed but
// those since.
func (l Lately) Of(id string, sums *alert.Sums, days int, p Policy) Statement {
	since := l.newest(sums)
	if since != "" && len(sums.Rules) == 1 {
		days = l.days(sums.Rules[0].Rule, days)
	}
	s := Statement{RuleID: id, Alerts: sums.Alerts, LastLabelled: sums.LastLabelled, WindowDays: max(days, len(sums.Days))}
	for _, c := range sums.Classes {
		s.count(c, &p)
	}
	s.label(sums, &p)
	s.volume(sums, since, l.To)
	if s.Alerts > 0 {
		s.BusiestClusterShare = share(sums.Most, s.Alerts)
	}
	s.WorkloadMinutesPerDay = s.PerDay.Mean * p.MinutesPerAlert
	s.proportions(sums, p.Confidence)
	s.Conclusion = s.conclude(&p)
	if s.Conclusion == Undecided {
		s.ToLabel = s.toLabel(&p)
	}
	busiest := l.loadOf(sums, s.WindowDays, &p)
	s.Noisy = s.Conclusion == NotGoodEnough || busiest.overVolume(&p) || busiest.overWorkload(&p)
	s.Reasons = append(s.reasons(&p), s.volumeReasons(&busiest, &p)...)
	return s
}

// labelled is the number of alerts that precision is a share of.
func (s *Statement) labelled() int64 { return s.TruePositive + s.BenignPositive + s.FalsePositive }

// proportions fills in what is computed from the labelled alerts. Where there
// are none every proportion stays nil: nothing is known, not 0.
func (s *Statement) proportions(sums *alert.Sums, confidence float64) {
	n, k := s.labelled(), s.TruePositive
	if all := n + s.Unlabelled; all > 0 {
		s.LabelledShare = new(share(n, all))
		s.Bounds = new(WorstCase(k, n, s.Unlabelled))
	}
	if n == 0 {
		return
	}
	logic := k + s.BenignPositive
	s.Precision = new(share(k, n))
	s.Interval = new(Jeffreys(float64(k), float64(n), confidence))
	s.LogicPrecision = new(share(logic, n))
	s.LogicInterval = new(Jeffreys(float64(logic), float64(n), confidence))

	s.Occasions, s.EpisodeHits, s.Episodes = int(sums.Occasions), int(sums.Hits), int(sums.Episodes)
	s.Deff, s.MEff = new(Deff(sums)), new(Kish(sums))
	s.EffectiveN = new(s.bursts(1).effective(confidence))
	s.ClusteredInterval = new(Clustered(*s.Precision, *s.EffectiveN, confidence))

	s.EpisodePrecision = new(float64(s.EpisodeHits) / float64(s.Episodes))
	s.EpisodeInterval = new(Jeffreys(float64(s.EpisodeHits), float64(s.Episodes), confidence))
	s.doubt(confidence)
}

// bursts is what limits the weight of the labelled alerts if there were more of
// them, by a factor, of which clusters and occasions keep up.
func (s *Statement) bursts(grow float64) bursts {
	return bursts{n: grow * float64(s.labelled()), deff: *s.Deff, kish: grow * *s.MEff, clusters: grow * float64(s.Episodes), occasions: grow * float64(s.Occasions)}
}

// Grounds says in how many episodes there are labels, and on how many occasions.
func (s *Statement) Grounds() string {
	return count(int64(s.Episodes), "episode") + " on " + count(int64(s.Occasions), "occasion")
}

// Short returns how many more episodes with labels policy asks for before anything is
// concluded or, where there are enough, how many more occasions; 0 where it asks for
// no more.
func (s *Statement) Short(p Policy) (n int, what string) {
	if n := p.MinEpisodes - s.Episodes; n > 0 {
		return n, "episode"
	}
	return max(0, p.MinEpisodes-s.Occasions), "occasion"
}

// conclude compares the statement with the threshold. Two precisions must clear
// it, that of alerts with their clustering and that of episodes, so that the
// worse one decides; and when the unlabelled alerts alone could turn the answer,
// nothing is concluded either way.
func (s *Statement) conclude(p *Policy) Conclusion {
	if n, _ := s.Short(*p); s.labelled() == 0 || n > 0 {
		return NotMeasurable
	}
	return decide(*s.ClusteredInterval, *s.EpisodeInterval, *s.Bounds, p.MinPrecision)
}

// decide is the rule of conclusion; worst is the worst case of the unlabelled.
func decide(clustered, episodes, worst Interval, threshold float64) Conclusion {
	switch {
	case straddles(worst, threshold):
		return Undecided
	case min(clustered[0], episodes[0]) >= threshold:
		return GoodEnough
	case min(clustered[1], episodes[1]) < threshold:
		return NotGoodEnough
	}
	return Undecided
}

// straddles reports whether a proportion within i may be below the threshold
// and may reach it.
func straddles(i Interval, threshold float64) bool { return i[0] < threshold && i[1] >= threshold }

// maxToLabel bounds the search of toLabel: nobody labels more.
const maxToLabel = 1 << 30

// toLabel returns the least number of further randomly chosen alerts that, once
// labelled, would decide the statement if they kept to the current estimates:
// the share of hits, the design effect, and the share of episodes with a hit,
// the numbers of episodes and of occasions growing with that of labels. It is 0 when no number
// within reach would do, as when an estimate is the threshold itself.
func (s *Statement) toLabel(p *Policy) int64 {
	decided := func(more int64) bool { return s.after(more, p) != Undecided }
	high := int64(1)
	for ; !decided(high); high *= 2 {
		if high >= maxToLabel {
			return 0
		}
	}
	low := high / 2 // not decided yet, or 0
	return low + 1 + int64(sort.Search(int(high-low-1), func(i int) bool { return decided(low + 1 + int64(i)) }))
}

// after returns the conclusion as it would be with more alerts labelled at the
// current estimates.
func (s *Statement) after(more int64, p *Policy) Conclusion {
	n, k := float64(s.labelled()), float64(s.TruePositive)
	grow := (n + float64(more)) / n
	clustered := Clustered(*s.Precision, s.bursts(grow).effective(p.Confidence), p.Confidence)
	episodes := Jeffreys(float64(s.EpisodeHits)*grow, float64(s.Episodes)*grow, p.Confidence)

	clustered, episodes = s.Strict.lower(clustered, episodes, s.bursts(grow), grow, p.Confidence)

	left := math.Max(0, float64(s.Unlabelled-more))
	all := n*grow + left
	worst := Interval{k * grow / all, (k*grow + left) / all}
	if t := s.Strict; t != nil {
		worst[0] = min(worst[0], float64(t.TruePositive)*grow/(float64(t.Labelled)*grow+left))
	}
	if left == 0 && s.Strict == nil { // exact, so that rounding does not make it straddle
		worst = Interval{*s.Precision, *s.Precision}
	}
	return decide(clustered, episodes, worst, p.MinPrecision)
}
