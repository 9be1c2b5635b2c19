package measure

import (
	"time"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/figure"
)

// Labels is how the labels came about that a statement rests on. Shares are of labelled
// alerts, and nil where there are none.
type Labels struct {
	// Persons is how many different persons labelled Named of the alerts, or own the case
	// that these inherit from. Busiest labelled the most.
	Persons      int64    `json:"persons"`
	Named        int64    `json:"by_somebody_named"`
	Busiest      string   `json:"busiest_person,omitempty"`
	ByBusiest    int64    `json:"by_busiest_person"`
	BusiestShare *float64 `json:"busiest_person_share"`
	// BusiestAtMost is that share should whoever is not named be the busiest too.
	BusiestAtMost *float64 `json:"busiest_person_share_at_most"`
	// InMinute alerts were labelled within one minute, in UTC, which is the busiest; it is
	// empty where no label has a time.
	Minute      string   `json:"busiest_minute,omitempty"`
	InMinute    int64    `json:"in_busiest_minute"`
	MinuteShare *float64 `json:"busiest_minute_share"`
	// Untimed labelled alerts do not say when they were labelled. MinuteAtMost is the share
	// that is within one minute should all of them be of the busiest.
	Untimed      int64    `json:"without_time"`
	MinuteAtMost *float64 `json:"busiest_minute_share_at_most"`
	// LeftOut are labels that leave their alert out, or that do not count, by cause, with
	// their share of all labels.
	LeftOut []LeftOut `json:"left_out"`
	// LeftOutShare is the share of tests and duplicates among the labels that count.
	LeftOutShare *float64 `json:"left_out_share"`
	// Second is how far second readings agree, and Doubted how many alerts count as misses
	// in lower limits because they differ.
	Second  Agreement `json:"second_readings"`
	Doubted int64     `json:"doubted"`
}

// Cause is why a label is left out.
type Cause string

// The causes. Alerts of the last three are unlabelled.
const (
	CauseTest       Cause = "test"
	CauseDuplicate  Cause = "duplicate"
	CauseProvenance Cause = "provenance"                 // policy does not count it
	CauseUntried    Cause = "test_without_exercise"      // none ran at that time and place
	CauseUnoriginal Cause = "duplicate_without_original" // it names no alert that counts
)

// LeftOut is how many labels are left out for a cause.
type LeftOut struct {
	Cause  Cause   `json:"cause"`
	Labels int64   `json:"labels"`
	Share  float64 `json:"share"`
}

// Strict is what a statement's lower limits rest on where second readings differ: each
// such alert is a miss, left out ones included.
type Strict struct {
	Labelled     int64   `json:"labelled"`
	TruePositive int64   `json:"true_positive"`
	Episodes     int     `json:"episodes"`
	EpisodeHits  int     `json:"episode_hits"`
	Deff         float64 `json:"deff"`
	MEff         float64 `json:"m_eff"`
}

// label fills in how the labels came about. The counts of the statement are those of the
// classes yet; alerts whose label is not borne out become unlabelled.
func (s *Statement) label(sums *alert.Sums, p *Policy) {
	s.Test, s.Duplicate = s.Test-sums.Unexercised, s.Duplicate-sums.Unoriginal
	s.Unlabelled += sums.Unexercised + sums.Unoriginal
	l := &s.Labels
	l.Persons, l.Named, l.Busiest, l.ByBusiest, l.InMinute = sums.Persons, sums.Named, sums.Person, sums.ByPerson, sums.InMinute
	if n := s.labelled(); n > 0 {
		l.Untimed = n - sums.Timed
		l.BusiestShare, l.BusiestAtMost = new(share(l.ByBusiest, n)), new(share(l.ByBusiest+n-l.Named, n))
		l.MinuteShare, l.MinuteAtMost = new(share(l.InMinute, n)), new(share(l.InMinute+l.Untimed, n))
	}
	if l.InMinute > 0 {
		l.Minute = sums.Minute.Format(time.RFC3339)
	}
	counting := s.labelled() + s.Test + s.Duplicate
	if counting > 0 {
		l.LeftOutShare = new(share(s.Test+s.Duplicate, counting))
	}
	l.LeftOut = []LeftOut{}
	all := counting + s.NotCounted + sums.Unexercised + sums.Unoriginal
	for _, c := range [...]LeftOut{{Cause: CauseTest, Labels: s.Test}, {Cause: CauseDuplicate, Labels: s.Duplicate}, {Cause: CauseProvenance, Labels: s.NotCounted},
		{Cause: CauseUntried, Labels: sums.Unexercised}, {Cause: CauseUnoriginal, Labels: sums.Unoriginal}} {
		if c.Labels > 0 {
			c.Share = share(c.Labels, all)
			l.LeftOut = append(l.LeftOut, c)
		}
	}
	pairs := make([]Pair, len(sums.Pairs))
	for i, c := range sums.Pairs {
		pairs[i] = Pair(c)
	}
	l.Second = Agree(pairs, int(sums.PairClusters), p.Confidence)
	if m := &sums.Strict; m.N != sums.N || m.H != sums.H {
		l.Doubted = (m.N - sums.N) + (sums.H - m.H)
		as := alert.Sums{Episodes: m.Episodes, Hits: m.Hits, N: m.N, H: m.H, NN: m.NN, NH: m.NH, HH: m.HH}
		s.Strict = &Strict{Labelled: m.N, TruePositive: m.H, Episodes: int(m.Episodes), EpisodeHits: int(m.Hits), Deff: Deff(&as), MEff: Kish(&as)}
	}
}

// left returns how many labels are left out for a cause.
func (l *Labels) left(c Cause) int64 {
	for _, x := range l.LeftOut {
		if x.Cause == c {
			return x.Labels
		}
	}
	return 0
}

// lower returns the lower limits by alerts and by episodes, no higher than those given, if
// there were more labels by a factor.
func (t *Strict) lower(alerts, episodes Interval, b bursts, grow, confidence float64) (Interval, Interval) {
	if t == nil {
		return alerts, episodes
	}
	n, k := float64(t.Labelled), float64(t.TruePositive)
	b.n, b.deff, b.kish, b.clusters = grow*n, t.Deff, grow*t.MEff, grow*float64(t.Episodes)
	alerts[0] = min(alerts[0], Clustered(k/n, b.effective(confidence), confidence)[0])
	episodes[0] = min(episodes[0], Jeffreys(float64(t.EpisodeHits)*grow, float64(t.Episodes)*grow, confidence)[0])
	return alerts, episodes
}

// doubt lowers the lower limits of the statement.
func (s *Statement) doubt(confidence float64) {
	t := s.Strict
	if t == nil {
		return
	}
	*s.ClusteredInterval, *s.EpisodeInterval = t.lower(*s.ClusteredInterval, *s.EpisodeInterval, s.bursts(1), 1, confidence)
	s.Interval[0] = min(s.Interval[0], Jeffreys(float64(t.TruePositive), float64(t.Labelled), confidence)[0])
	s.Bounds[0] = min(s.Bounds[0], share(t.TruePositive, t.Labelled+s.Unlabelled))
}

// labelReasons says how the labels came about.
func (s *Statement) labelReasons(p *Policy) []evidence.Reason {
	var rs []evidence.Reason
	l := &s.Labels
	if n := l.left(CauseUntried); n > 0 {
		rs = append(rs, reason("tests_without_exercise", figure.Sprintf(
			"%s labelled as a test, and no exercise is recorded for that time and place: %s.", were(n), theyCount(n))))
	}
	if n := l.left(CauseUnoriginal); n > 0 {
		rs = append(rs, reason("duplicates_without_original", figure.Sprintf(
			"%s labelled as a duplicate without naming an alert that counts and is none itself: %s.", were(n), theyCount(n))))
	}
	if n := s.labelled(); n > 0 {
		text := figure.Sprintf("Who labelled the %s is not known", labelled(n))
		if l.Named > 0 {
			text = figure.Sprintf("%s labelled %d of %s, %s of them %d (%s)", count(l.Persons, "person"), l.Named, labelled(n), l.Busiest, l.ByBusiest, number(*l.BusiestShare))
		}
		if l.InMinute > 0 {
			text += figure.Sprintf("; %d (%s) were labelled within one minute, that of %s", l.InMinute, number(*l.MinuteShare), l.Minute)
		}
		if l.Untimed > 0 {
			text += "; " + l.Timeless()
		}
		rs = append(rs, reason("labelled_by", text+".", "provenances"))
	}
	if a := &l.Second; a.Pairs > 0 {
		rs = append(rs, reason("second_readings", figure.Sprintf(
			"Of %s that somebody else read a second time, in %s, %d were read alike: agreement (Gwet's AC1) %s, %s interval %s to %s.",
			alerts(a.Pairs), count(int64(a.Episodes), "episode"), a.Agreed, figure.Fixed(*a.AC1, 3), number(p.Confidence), figure.Fixed(a.Interval[0], 3), figure.Fixed(a.Interval[1], 3)), "confidence"))
	}
	if l.Doubted > 0 {
		rs = append(rs, reason("readings_differ", figure.Sprintf(
			"Of %s a second reading says something else: in lower limits they count as misses, and no class changes.", alerts(l.Doubted))))
	}
	return rs
}

// Timeless says of how many labels it is not known when they were made.
func (l Labels) Timeless() string {
	if l.Untimed == 1 {
		return "1 label says no time"
	}
	return figure.Sprintf("%d labels say no time", l.Untimed)
}

func were(n int64) string {
	if n == 1 {
		return "1 alert is"
	}
	return alerts(n) + " are"
}

func theyCount(n int64) string {
	if n == 1 {
		return "it counts as unlabelled"
	}
	return "they count as unlabelled"
}
