// Package tune tries, on the alerts that a rule has raised, what would become of
// it with a threshold on its score or with an exclusion.
//
// It chooses on the older part of the alerts and judges on the newer, because
// what was chosen to fit always fits. It refuses to recommend a threshold that
// loses a known true positive, and names what is lost before it shows one, and to
// suggest an exclusion that removes a known true positive, that rests on fewer than
// five clusters, or whose field says what only a label can say. Its functions are
// pure: alerts and policy in, statement out.
package tune

import (
	"iter"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/figure"
	"candor/internal/measure"
)

// Row is one alert as tuning sees it.
type Row struct {
	ID      string
	Time    time.Time
	Cluster string
	// Site and Host say on what it fired; Host is empty where the alert does not say.
	Site, Host string
	// Case is the confirmed case that it belongs to, if it is known.
	Case string
	// Class is what it counts as: alert.Unlabelled unless policy counts its label.
	Class alert.Class
	// Doubted says that somebody whose labels policy does not count called it a
	// true positive. It counts as unlabelled, and as something to lose.
	Doubted bool
	Score   *float64
	Fields  map[string]string
}

// hit reports whether the row is a true positive, and miss whether it is labelled
// as anything else that precision counts.
func (r *Row) hit() bool { return r.Class == alert.TruePositive }

func (r *Row) miss() bool { return r.Class == alert.BenignPositive || r.Class.False() }

// Policy is what tuning is judged by.
type Policy struct {
	// MinPrecision and Confidence are those of measure.Policy.
	MinPrecision float64
	Confidence   float64
	// MinEpisodes is that of measure.Policy; fewer than five are never enough.
	MinEpisodes int
	// FalseDiscovery is the share of false discoveries that is let pass among the
	// values found to tell hits from misses, for example 0.05.
	FalseDiscovery float64
}

// leastClusters is how many clusters with labels a conclusion asks for, whatever
// policy says.
const leastClusters = 5

func (p *Policy) leastClusters() int { return max(leastClusters, p.MinEpisodes) }

// few says that too few episodes, or occasions on which they took place, are left.
func (p *Policy) few(o *Outcome) bool {
	return o.Episodes < p.leastClusters() || o.Occasions < p.leastClusters()
}

// reached says whether enough is left, and both lower limits reach what policy asks
// for.
func (p *Policy) reached(o *Outcome) bool {
	return !p.few(o) && o.LowerBound() >= p.MinPrecision
}

// OlderShare is the part of the time from the first alert to the last on which is
// chosen; the rest judges.
const OlderShare = 0.7

// Rows is the alerts of one rule, by time. They are read once, and again where
// there are exclusions to look at.
type Rows = iter.Seq2[*Row, error]

// Part is the alerts of the older or the newer part.
type Part struct {
	From day.Date `json:"from"`
	To   day.Date `json:"to"`
	Days int      `json:"days"`
}

// Outcome is what is left of a part's alerts, and what was lost.
type Outcome struct {
	Kept         int64   `json:"kept"`
	Removed      int64   `json:"removed"`
	AlertsPerDay float64 `json:"alerts_per_day"`
	// TruePositive of Labelled alerts that were kept are hits.
	TruePositive int64             `json:"true_positive"`
	Labelled     int64             `json:"labelled"`
	Unlabelled   int64             `json:"unlabelled"`
	Precision    *float64          `json:"precision"`
	Interval     *measure.Interval `json:"clustered_interval"`
	Episodes     int               `json:"episodes"`
	// Occasions is in how many hours, of each site, labelled alerts are kept.
	Occasions   int `json:"occasions"`
	EpisodeHits int `json:"episode_hits"`
	// EpisodeInterval is of EpisodeHits in Episodes.
	EpisodeInterval *measure.Interval `json:"episode_interval"`
	Lost            Lost              `json:"lost"`
}

// LowerBound is the lower of the two lower limits, 0 when nothing is labelled.
func (o *Outcome) LowerBound() float64 {
	if o.Interval == nil || o.EpisodeInterval == nil {
		return 0
	}
	return min(o.Interval[0], o.EpisodeInterval[0])
}

// Lost is the true positives that would be removed.
type Lost struct {
	TruePositives int64 `json:"true_positives"`
	// Doubted are those besides that only a label which policy does not count
	// calls true.
	Doubted int64 `json:"called_true_not_counted"`
	// Cases are the confirmed cases of which at least one is removed, and Whole
	// those of which none would be left.
	Cases []string `json:"cases"`
	Whole []string `json:"cases_lost_whole"`
	// Alerts are the ids of some of them.
	Alerts []string `json:"alerts"`
}

// none reports whether nothing that anybody called true is lost.
func (l *Lost) none() bool { return l.TruePositives+l.Doubted == 0 }

// mostNamed is how many lost alerts are named.
const mostNamed = 20

// Split returns the two parts of the days from the first alert to the last. With
// fewer than two days there is no newer part, and its Days is 0.
func Split(first, last day.Date) (older, newer Part) {
	days := first.Until(last) + 1
	cut := min(max(1, int(OlderShare*float64(days)+0.5)), max(1, days-1))
	older = Part{From: first, To: first.Add(cut - 1), Days: cut}
	if days > cut {
		newer = Part{From: first.Add(cut), To: last, Days: days - cut}
	}
	return older, newer
}

// Result is everything that tuning found out about one rule.
type Result struct {
	Older Part `json:"older"`
	Newer Part `json:"newer"`
	// Alerts, TruePositive, Labelled and Scored count the rows of both parts.
	Alerts       int64 `json:"alerts"`
	TruePositive int64 `json:"true_positive"`
	Labelled     int64 `json:"labelled"`
	Scored       int64 `json:"scored"`
	// Now is both parts as they are.
	Now Both `json:"now"`
	// Thresholds is the sweep, ascending; empty without scores.
	Thresholds []Threshold `json:"thresholds"`
	// Choice is the threshold chosen on the older part; nil where there is none,
	// and NoChoice then says why.
	Choice   *Choice `json:"choice"`
	NoChoice string  `json:"no_choice,omitempty"`
	// Values are the fields and values that were tried, those that tell the most
	// first, and Tried is how many there were.
	Values []Value `json:"values"`
	Tried  int     `json:"tried"`
	// TooRare is how many more values too few labelled alerts of the older part
	// have, or all of them, to be tried.
	TooRare int `json:"too_rare"`
	// Exclusions are values that may be suggested, those that remove most first, of
	// as many Candidates as mark misses beyond chance and lose nothing that is known.
	Exclusions []Exclusion `json:"exclusions"`
	Candidates int         `json:"candidates"`
	// Refused are the fields that were not tried and the candidates that are not
	// suggested, each with its reason.
	Refused []Refusal `json:"refused"`
	Limits  []string  `json:"limits"`
}

// Both is an outcome in each of the two parts.
type Both struct {
	Older Outcome `json:"older"`
	Newer Outcome `json:"newer"`
}

// Try reads the rows of a rule, which are those from the first to the last day
// given, and tries every threshold and every exclusion. An error of rows is
// returned as it is.
func Try(rows Rows, span measure.Span, p Policy) (Result, error) {
	r := Result{}
	r.Older, r.Newer = Split(span.From, span.To)
	sw, en := newSweep(r.Older), newEnrichment()
	for row, err := range rows {
		if err != nil {
			return Result{}, err
		}
		r.count(row)
		en.add(row, sw.part(row))
		sw.add(row)
	}
	r.Now = sw.all(&r, &p)
	if err := newTrials(sw, en, &r, &p).judge(rows); err != nil {
		return Result{}, err
	}
	r.Thresholds = sw.thresholds(&r, &p)
	r.Choice, r.NoChoice = sw.choice(&r, &p)
	r.Limits = limits(&r, en.full)
	return r, nil
}

func (r *Result) count(row *Row) {
	r.Alerts++
	if row.hit() {
		r.TruePositive++
	}
	if row.hit() || row.miss() {
		r.Labelled++
	}
	if row.Score != nil {
		r.Scored++
	}
}

func limits(r *Result, full bool) []string {
	l := []string{
		"What was removed is judged by the labels there are: an alert that nobody labelled may have been true.",
		"Alerts of one burst are not independent, so that the values' own intervals are too narrow; they rank, and the newer part judges.",
	}
	if r.Newer.Days == 0 {
		l = append(l, "All alerts are of one day: there is no newer part to judge on.")
	}
	if n := r.Alerts - r.Scored; n > 0 && r.Scored > 0 {
		l = append(l, "Alerts without a score are kept by every threshold.")
	}
	if full {
		l = append(l, figure.Sprintf("Fields have more than %d values; those met later were not tried.", mostValues))
	}
	return l
}
