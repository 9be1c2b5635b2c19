package tune

import (
	"cmp"
	"slices"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/measure"
)

// Threshold is a least score: alerts below it would not have been raised.
type Threshold struct {
	At float64 `json:"at"`
	Both
}

// mostThresholds bounds the sweep. Of more distinct scores as many are tried,
// evenly over the alerts.
const mostThresholds = 200

// cluster is the counts of one cluster that are still kept in a sweep.
type cluster struct {
	part           int // 0 older, 1 newer
	labelled, hits int64
}

// occasion is an hour, in UTC, of a site.
type occasion struct {
	site string
	hour int64 // since 1970
}

func occasionOf(r *Row) occasion { return occasion{r.Site, r.Time.Unix() / 3600} }

// occasions count the labelled alerts of each occasion.
type occasions map[occasion]int64

// take takes an alert out.
func (o occasions) take(at occasion) {
	if o[at]--; o[at] <= 0 {
		delete(o, at)
	}
}

func (o occasions) count() int { return len(o) }

// without is how many occasions are left without some of the alerts.
func (o occasions) without(gone occasions) int {
	left := 0
	for at, n := range o {
		if n > gone[at] {
			left++
		}
	}
	return left
}

// scored is a row with a score, as the sweep needs it.
type scored struct {
	score   float64
	cluster int32
	host    int32
	at      occasion
	hit     bool
	doubted bool
	counts  bool   // labelled in a way that precision counts
	id      string // of true positives
	incid   string
}

// sweep gathers rows by cluster and score.
type sweep struct {
	older    Part
	index    map[string]int32
	clusters []cluster
	rows     []scored
	hosts    *hosts
	// occasions are those in which labelled alerts of each part are kept.
	occasions [2]occasions
	totals    [2]int64
	open      [2]int64 // unlabelled, as far as they are kept
	keptNow   [2]int64
	cases     map[string]*[2]int64 // true positives of each case, by part
}

func newSweep(older Part) *sweep {
	return &sweep{older: older, index: map[string]int32{}, hosts: newHosts(), occasions: [2]occasions{{}, {}}, cases: map[string]*[2]int64{}}
}

// part says which part a row belongs to: the one in which its cluster began, so
// that no burst is both chosen and judged by. Rows come by time.
func (s *sweep) part(r *Row) int {
	i, ok := s.index[r.Cluster]
	if !ok {
		part := 0
		if day.Of(r.Time) > s.older.To {
			part = 1
		}
		i = int32(len(s.clusters))
		s.index[r.Cluster] = i
		s.clusters = append(s.clusters, cluster{part: part})
	}
	return s.clusters[i].part
}

func (s *sweep) add(r *Row) {
	part := s.part(r)
	i := s.index[r.Cluster]
	c := &s.clusters[i]
	host := s.hosts.add(r)
	s.totals[part]++
	s.keptNow[part]++
	labelled := r.hit() || r.miss()
	if labelled {
		s.occasions[part][occasionOf(r)]++
		c.labelled++
	} else {
		s.open[part]++
	}
	if r.hit() {
		c.hits++
		if r.Case != "" {
			if s.cases[r.Case] == nil {
				s.cases[r.Case] = &[2]int64{}
			}
			s.cases[r.Case][part]++
		}
	}
	if r.Score == nil {
		return
	}
	x := scored{score: *r.Score, cluster: i, host: host, at: occasionOf(r), hit: r.hit(), doubted: r.Doubted, counts: labelled}
	if r.hit() {
		x.id, x.incid = r.ID, r.Case
	}
	s.rows = append(s.rows, x)
}

// all is the outcome of both parts as they are.
func (s *sweep) all(r *Result, p *Policy) Both {
	return Both{s.outcome(0, r.Older, nil, p), s.outcome(1, r.Newer, nil, p)}
}

// thresholds raises the least score step by step and takes the rows below it out
// of their clusters.
func (s *sweep) thresholds(r *Result, p *Policy) []Threshold {
	list := []Threshold{}
	slices.SortStableFunc(s.rows, func(a, b scored) int { return cmp.Compare(a.score, b.score) })
	gone := [2]*losses{newLosses(), newLosses()}
	next := 0
	for _, at := range steps(s.rows) {
		for ; next < len(s.rows) && s.rows[next].score < at; next++ {
			s.remove(&s.rows[next], gone)
		}
		list = append(list, Threshold{At: at, Both: Both{s.outcome(0, r.Older, gone[0], p), s.outcome(1, r.Newer, gone[1], p)}})
	}
	return list
}

// steps returns the scores to try, ascending: those that occur, thinned out to
// mostThresholds evenly over the rows. The least keeps everything.
func steps(sorted []scored) []float64 {
	var distinct []float64
	for i, r := range sorted {
		if i == 0 || r.score != distinct[len(distinct)-1] {
			distinct = append(distinct, r.score)
		}
	}
	if len(distinct) <= mostThresholds {
		return distinct
	}
	var thinned []float64
	for i := range mostThresholds {
		at := sorted[i*(len(sorted)-1)/(mostThresholds-1)].score
		if len(thinned) == 0 || at != thinned[len(thinned)-1] {
			thinned = append(thinned, at)
		}
	}
	return thinned
}

func (s *sweep) remove(x *scored, gone [2]*losses) {
	c := &s.clusters[x.cluster]
	s.keptNow[c.part]--
	if x.doubted {
		gone[c.part].doubted++
	}
	if !x.counts {
		s.open[c.part]--
		return
	}
	c.labelled--
	s.occasions[c.part].take(x.at)
	if x.hit {
		c.hits--
		gone[c.part].add(x.id, x.incid)
	}
}

// losses are true positives that were removed.
type losses struct {
	n, doubted int64
	ids        []string
	cases      map[string]int64
}

func newLosses() *losses { return &losses{cases: map[string]int64{}} }

func (l *losses) add(id, incident string) {
	l.n++
	if len(l.ids) < mostNamed {
		l.ids = append(l.ids, id)
	}
	if incident != "" {
		l.cases[incident]++
	}
}

// lost states the losses; all has the true positives of each case in the part.
func (l *losses) lost(part int, all map[string]*[2]int64) Lost {
	out := Lost{Cases: []string{}, Whole: []string{}, Alerts: []string{}}
	if l == nil {
		return out
	}
	out.TruePositives, out.Doubted = l.n, l.doubted
	out.Alerts = append(out.Alerts, l.ids...)
	for c, n := range l.cases {
		out.Cases = append(out.Cases, c)
		if n == all[c][part] {
			out.Whole = append(out.Whole, c)
		}
	}
	slices.Sort(out.Cases)
	slices.Sort(out.Whole)
	return out
}

// outcome states what is kept of a part.
func (s *sweep) outcome(part int, of Part, gone *losses, p *Policy) Outcome {
	o := Outcome{Kept: s.keptNow[part], Removed: s.totals[part] - s.keptNow[part], Unlabelled: s.open[part], Lost: gone.lost(part, s.cases)}
	if of.Days > 0 {
		o.AlertsPerDay = float64(o.Kept) / float64(of.Days)
	}
	sums := alert.Sums{Occasions: int64(s.occasions[part].count())}
	for i := range s.clusters {
		if c := &s.clusters[i]; c.part == part {
			sums.Episode(c.labelled, c.hits)
		}
	}
	o.state(&sums, p)
	return o
}

// state sets what the labelled clusters that are kept say.
func (o *Outcome) state(sums *alert.Sums, p *Policy) {
	if o.Labelled, o.TruePositive = sums.N, sums.H; o.Labelled == 0 {
		return
	}
	o.Occasions, o.EpisodeHits, o.Episodes = int(sums.Occasions), int(sums.Hits), int(sums.Episodes)
	o.Precision = new(float64(o.TruePositive) / float64(o.Labelled))
	o.Interval = new(measure.Clustered(*o.Precision, measure.EffectiveN(sums, p.Confidence), p.Confidence))
	o.EpisodeInterval = new(measure.Jeffreys(float64(o.EpisodeHits), float64(o.Episodes), p.Confidence))
}

// blinds names the hosts of which every alert scores below a threshold.
func (s *sweep) blinds(at float64) Blinds {
	removed := map[int32]int64{}
	for i := range s.rows {
		if x := &s.rows[i]; x.score < at {
			removed[x.host]++
		}
	}
	return s.hosts.blinds(removed)
}
