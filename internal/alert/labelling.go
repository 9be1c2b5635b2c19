package alert

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Reading is one of the things that an alert can be read as, as far as two readings are
// compared: whether false logic or false data made it false is not.
type Reading string

// The readings. An alert that was left out, as a test or a duplicate, was read as that;
// one whose reader could not tell, or left it open, was read as Untold.
const (
	ReadTrue   Reading = "true_positive"
	ReadBenign Reading = "benign_positive"
	ReadFalse  Reading = "false_positive"
	ReadOut    Reading = "left_out"
	Untold     Reading = "untold"
)

// Readings lists every reading.
func Readings() []Reading { return []Reading{ReadTrue, ReadBenign, ReadFalse, ReadOut, Untold} }

// Reading returns what c reads an alert as.
func (c Class) Reading() Reading {
	switch {
	case c == TruePositive:
		return ReadTrue
	case c == BenignPositive:
		return ReadBenign
	case c.False():
		return ReadFalse
	case c.LeavesOut():
		return ReadOut
	}
	return Untold
}

// LeavesOut reports whether an alert of class c is left out of precision.
func (c Class) LeavesOut() bool { return c == Test || c == Duplicate }

// Trial is when and where an exercise can have raised alerts. Entity is a host that they
// are about, primarily or besides. An empty Site or Entity is any.
type Trial struct {
	From, To     time.Time
	Site, Entity string
}

// Explains reports whether the trial can have raised the alert.
func (t *Trial) Explains(a *Alert) bool {
	return !a.Time.Before(t.From) && !a.Time.After(t.To) && (t.Site == "" || strings.EqualFold(t.Site, a.Site)) && (t.Entity == "" || a.About(true, FoldEntity(t.Entity)))
}

// Explained reports whether one of the question's exercises can have raised the alert.
func (q *Question) Explained(a *Alert) bool {
	return slices.ContainsFunc(q.Trials, func(t Trial) bool { return t.Explains(a) })
}

// Labelling is how the labels of a set came about, those that count and judge (see Sums),
// and what is known besides of them and of those that leave alerts out.
type Labelling struct {
	// Named are labelled alerts of which it is known who labelled them, or who owns the
	// case that they inherit from; Persons is how many different ones that are, whichever
	// case their names are written in. Person is the one who labelled the most, of equals
	// and of spellings the first in byte order, and ByPerson how many that are.
	Named, Persons int64
	Person         string
	ByPerson       int64
	// Timed are labelled alerts of which it is known when they were labelled: the statement
	// says a time later than the alert's own, which it has where nothing else is said, or
	// their case was closed then. Minute is the minute, in UTC, within which the most of
	// them were labelled, of equals the first, and InMinute how many that are.
	Timed    int64
	Minute   time.Time
	InMinute int64
	// Unexercised are tests that none of the question's exercises explains, and Unoriginal
	// duplicates that name no alert which counts and is none itself. Their labels would
	// count; the alerts are unlabelled.
	Unexercised, Unoriginal int64
	// Pairs are alerts with a label that counts, left out ones included, that somebody else
	// read a second time, by what the two read; by First, then Second. Where one of the two
	// has no name nobody knows that they are two. PairClusters is in how many clusters they lie.
	Pairs        []PairCount
	PairClusters int64
	// Strict is what the sums of clusters are where every alert counts as a miss whose
	// second reading differs, left out ones included.
	Strict Moments
}

// PairCount is how many alerts were read as First, and as Second by somebody else.
type PairCount struct {
	First, Second Reading
	N             int64
}

// Moments are sums over clusters; see Sums.
type Moments struct {
	Episodes, Hits   int64
	N, H, NN, NH, HH int64
}

// add adds a cluster of n labelled alerts, of which h are true positives.
func (m *Moments) add(n, h int64) {
	if n == 0 {
		return
	}
	m.Episodes++
	if h > 0 {
		m.Hits++
	}
	m.N, m.H = m.N+n, m.H+h
	m.NN, m.NH, m.HH = m.NN+n*n, m.NH+n*h, m.HH+h*h
}

// labelling is what a Labelling is made of.
type labelling struct {
	persons  map[string]person // by folded name
	minutes  map[time.Time]int64
	pairs    map[PairCount]int64
	clusters map[string]*strictly
	Labelling
}

// person is one who labelled alerts: the first spelling of the name, and how many.
type person struct {
	name string
	n    int64
}

// strictly is the labelled alerts of a cluster, and how many were read twice.
type strictly struct{ n, h, pairs int64 }

func newLabelling() labelling {
	return labelling{persons: map[string]person{}, minutes: map[time.Time]int64{}, pairs: map[PairCount]int64{}, clusters: map[string]*strictly{}}
}

// add adds alerts that have inherited, and reports whether their label is one that counts.
func (l *labelling) add(t *Tally, q *Question) (counts bool) {
	if !t.Class.Labels() || !q.Counts(t.Provenance) {
		return false
	}
	if t.Void {
		if t.Class == Test {
			l.Unexercised += t.N
		} else {
			l.Unoriginal += t.N
		}
		return false
	}
	if t.Class.Judges() {
		l.person(t)
	}
	c := l.clusters[t.Cluster]
	if c == nil {
		c = &strictly{}
		l.clusters[t.Cluster] = c
	}
	first, second := t.Class.Reading(), t.Second.Reading()
	read := t.Second != "" && q.Counts(t.SecondBy)
	differs := read && first != second
	if read && t.By != "" && t.Reader != "" && fold(t.Reader) != fold(t.By) {
		l.pairs[PairCount{First: first, Second: second}] += t.N
		c.pairs += t.N
	}
	if t.Class.Judges() || differs {
		c.n += t.N
	}
	if t.Class == TruePositive && !differs {
		c.h += t.N
	}
	return true
}

// fold is the name under which whoever is written so is one person.
func fold(name string) string { return strings.ToLower(name) }

// person counts who labelled alerts, and when.
func (l *labelling) person(t *Tally) {
	if t.By != "" {
		l.Named += t.N
		p, known := l.persons[fold(t.By)]
		if !known || t.By < p.name {
			p.name = t.By
		}
		p.n += t.N
		l.persons[fold(t.By)] = p
	}
	if !t.Said.IsZero() {
		l.Timed += t.N
		l.minutes[t.Said.UTC().Truncate(time.Minute)] += t.N
	}
}

// pairsOf lists how many alerts were read as what and what, by these.
func pairsOf(counts map[PairCount]int64) []PairCount {
	list := counted(counts, func(p PairCount, n int64) PairCount { p.N = n; return p })
	slices.SortFunc(list, func(a, b PairCount) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Second, b.Second))
	})
	return list
}

func (l *labelling) sum() Labelling {
	out := l.Labelling
	out.Persons = int64(len(l.persons))
	for _, p := range l.persons {
		if p.n > out.ByPerson || p.n == out.ByPerson && p.name < out.Person {
			out.Person, out.ByPerson = p.name, p.n
		}
	}
	for at, n := range l.minutes {
		if n > out.InMinute || n == out.InMinute && at.Before(out.Minute) {
			out.Minute, out.InMinute = at, n
		}
	}
	out.Pairs = pairsOf(l.pairs)
	for _, c := range l.clusters {
		out.Strict.add(c.n, c.h)
		if c.pairs > 0 {
			out.PairClusters++
		}
	}
	return out
}
