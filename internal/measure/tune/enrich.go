package tune

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"candor/internal/alert"
	"candor/internal/measure"
)

// Value is a field with a value, and how well it tells hits from misses in the
// older part.
type Value struct {
	Field string `json:"field"`
	Value string `json:"value"`
	// Table is hits and misses with the value, then hits and misses without it.
	Table [4]int64 `json:"table"`
	// LogOdds is the log odds ratio of being a hit with the value, with 1/2 added
	// to each cell (Haldane and Anscombe), and its interval.
	LogOdds  float64          `json:"log_odds_ratio"`
	Interval measure.Interval `json:"interval"`
	P        float64          `json:"p"`
	// Discovered says that Benjamini and Hochberg let it pass among all tried.
	Discovered bool `json:"discovered"`
	// Newer is hits and misses with the value in the newer part.
	Newer [2]int64 `json:"newer"`
	// Clusters is in how many clusters of the older part labelled alerts have it.
	Clusters int `json:"clusters"`
}

// Removal is what an exclusion removes. The true positives are 0, or it would not
// be suggested.
type Removal struct {
	TruePositive   int64 `json:"true_positive"`
	FalsePositive  int64 `json:"false_positive"`
	BenignPositive int64 `json:"benign_positive"`
	Other          int64 `json:"other"` // tests and duplicates
	Unlabelled     int64 `json:"unlabelled"`
	// Doubted are those of Unlabelled that a label which does not count calls true.
	Doubted int64 `json:"called_true_not_counted"`
	// Clusters is how many clusters lose labelled alerts.
	Clusters int `json:"clusters"`
}

// All is how many alerts are removed.
func (r *Removal) All() int64 {
	return r.TruePositive + r.FalsePositive + r.BenignPositive + r.Other + r.Unlabelled
}

func (r *Removal) add(row *Row) {
	if row.Doubted {
		r.Doubted++
	}
	switch c := row.Class; {
	case c == alert.TruePositive:
		r.TruePositive++
	case c.False():
		r.FalsePositive++
	case c == alert.BenignPositive:
		r.BenignPositive++
	case c == alert.Unlabelled:
		r.Unlabelled++
	default:
		r.Other++
	}
}

func (r *Removal) misses() int64 { return r.FalsePositive + r.BenignPositive }

func (r *Removal) labelled() int64 { return r.TruePositive + r.misses() }

const (
	// leastLabelled is how many labelled alerts of the older part a value must have
	// to be tried; the bound looks at no class, so that it does not choose.
	leastLabelled = 5
	// mostValues bounds the values of which counts are kept.
	mostValues = 1 << 20
	// mostShown is how many values, exclusions and refusals a result lists.
	mostShown = 50
)

type fieldValue struct{ field, value string }

// enrichment counts alerts by field and value, in the older and the newer part.
type enrichment struct {
	counts map[fieldValue]*[2]Removal
	totals [2]Removal
	// full says that values were left out because there are more than mostValues.
	full bool
}

func newEnrichment() *enrichment { return &enrichment{counts: map[fieldValue]*[2]Removal{}} }

func (e *enrichment) add(r *Row, part int) {
	e.totals[part].add(r)
	for f, v := range r.Fields {
		k := fieldValue{f, v}
		c := e.counts[k]
		if c == nil {
			if e.full = e.full || len(e.counts) >= mostValues; e.full {
				continue
			}
			c = &[2]Removal{}
			e.counts[k] = c
		}
		c[part].add(r)
	}
}

// values tries every value that enough labelled alerts have, and not all of them,
// of the fields that are not refused, those that tell the most first.
func (e *enrichment) values(r *Result, p *Policy, refused map[string]bool) []Value {
	values := []Value{}
	for k, c := range e.counts {
		if refused[k.field] {
			continue
		}
		with := c[0].labelled()
		if with < leastLabelled || with == e.totals[0].labelled() {
			r.TooRare++
			continue
		}
		values = append(values, e.value(k, c, p))
	}
	slices.SortFunc(values, func(a, b Value) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(math.Abs(b.LogOdds), math.Abs(a.LogOdds)), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Value, b.Value))
	})
	discover(values, p.FalseDiscovery)
	r.Tried = len(values)
	return values
}

func (e *enrichment) value(k fieldValue, c *[2]Removal, p *Policy) Value {
	all, with := &e.totals[0], &c[0]
	v := Value{Field: k.field, Value: k.value, Newer: [2]int64{c[1].TruePositive, c[1].misses()}, Table: [4]int64{
		with.TruePositive, with.misses(), all.TruePositive - with.TruePositive, all.misses() - with.misses()}}
	v.LogOdds, v.Interval, v.P = LogOdds(v.Table, p.Confidence)
	return v
}

// LogOdds returns the log odds ratio of a table of hits and misses with something
// and hits and misses without, its interval, and the two-sided p-value of there
// being no difference, by the normal approximation with 1/2 added to each cell
// (J. B. S. Haldane, Annals of Human Genetics 20, 1956; F. J. Anscombe, Biometrika
// 43, 1956).
func LogOdds(table [4]int64, confidence float64) (log float64, interval measure.Interval, p float64) {
	var cells [4]float64
	var variance float64
	for i, n := range table {
		cells[i] = float64(n) + 0.5
		variance += 1 / cells[i]
	}
	log = math.Log(cells[0] * cells[3] / (cells[1] * cells[2]))
	se := math.Sqrt(variance)
	z := distuv.UnitNormal.Quantile(1 - (1-confidence)/2)
	p = math.Erfc(math.Abs(log) / se / math.Sqrt2) // not 1 - erf, which is 0 beyond 8 standard errors
	return log, measure.Interval{log - z*se, log + z*se}, p
}

// discover marks what Benjamini and Hochberg let pass at the given rate of false
// discoveries (Journal of the Royal Statistical Society B 57, 1995): with values
// by p, all up to the last whose p is at most rate times its place over how many
// were tried.
func discover(byP []Value, rate float64) {
	last := -1
	for i := range byP {
		if byP[i].P <= rate*float64(i+1)/float64(len(byP)) {
			last = i
		}
	}
	for i := range byP[:last+1] {
		byP[i].Discovered = true
	}
}
