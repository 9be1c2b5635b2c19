package alert

import (
	"slices"

	"candor/internal/day"
)

// Question asks for the sums of sets of alerts: those of some rules, each of some days.
type Question struct {
	// From and To are the days that are asked about, both included; an unknown one is no
	// bound.
	From, To day.Date
	// Site leaves out the alerts that name another site, unless it is empty.
	Site string
	// Sets are what is asked about; each is answered by itself.
	Sets []Set
	// Provenances are those whose labels count.
	Provenances []Provenance
	// Cases are those whose alerts inherit.
	Cases Legacy
	// Trials are the exercises that explain tests.
	Trials []Trial
}

// Set is the alerts of some rules. No alert may be of two of the parts.
type Set []Part

// Part is the alerts of one rule, of those days of the question that are from From to To,
// both included; an unknown day is no bound. Site leaves out those that name another site,
// unless it is empty.
type Part struct {
	Rule     string // the rule's key, as RuleKey gives it
	From, To day.Date
	Site     string
}

// SetOf returns the set of all alerts of some rules.
func SetOf(rules ...string) Set {
	s := make(Set, len(rules))
	for i, r := range rules {
		s[i].Rule = r
	}
	return s
}

// Sums are the sufficient statistics of a set of alerts: all that a measurement of them
// starts from. All are whole numbers, so that no order of adding them matters.
//
// A label counts when its provenance is one of the question's. A cluster is a burst of
// alerts that are not independent of each other, as Alert.Cluster names it, whichever rules
// of the set raised them; within one, n is how many of its alerts have a label that
// counts and says whether the alert was right (Class.Judges), and h how many of those are
// true positives.
type Sums struct {
	// Alerts is how many there are, and Classes says how many of each class and provenance,
	// also of those that do not count, once alerts have inherited; by class, then provenance.
	// Tests and duplicates are among them as such also where Labelling finds that they are
	// none.
	Alerts  int64
	Classes []ClassCount
	// Days are those that have alerts, in order, and Rules the rules that have any, by ID.
	Days  []DayCount
	Rules []RuleCount
	// Clusters is how many there are, labelled or not. Busiest is the one that has the most
	// alerts, of equals the first in byte order, and Most how many it has.
	Clusters int64
	Busiest  string
	Most     int64
	// Episodes is how many clusters have labels, which are those with n > 0, Hits how many
	// of them have h > 0, and Largest is the largest n.
	Episodes, Hits, Largest int64
	// N, H, NN, NH and HH are the sums over clusters of n, h, n*n, n*h and h*h. Those of
	// products hold up to three thousand million labels in one cluster.
	N, H, NN, NH, HH int64
	// Occasions is how many different hours, in UTC and of each site by itself, hold a
	// labelled alert, and LastLabelled is the newest of their days.
	Occasions    int64
	LastLabelled day.Date
	Labelling
}

// ClassCount is how many alerts are of a class by a provenance. Unlabelled ones have none.
type ClassCount struct {
	Class      Class
	Provenance Provenance
	N          int64
}

// DayCount is how many alerts a day has.
type DayCount struct {
	Day day.Date
	N   int64
}

// RuleCount is how many alerts a rule has.
type RuleCount struct {
	Rule string
	N    int64
}

// CaseCount is how many alerts of a case a rule raised that are of a class by a provenance,
// once alerts have inherited.
type CaseCount struct {
	Case, Rule string
	Class      Class
	Provenance Provenance
	// Reopened says that the alerts were said to be open after the case was closed, if that
	// is their statement in force.
	Reopened bool
	N        int64
}

// Judges reports whether c says that an alert was right or wrong, and so counts in
// precision. A test and a duplicate are neither.
func (c Class) Judges() bool { return c == TruePositive || c == BenignPositive || c.False() }

// Within reports whether a day is from From to To.
func (p *Part) Within(d day.Date) bool {
	return (p.From == "" || d >= p.From) && (p.To == "" || d <= p.To)
}

// Counts reports whether a label by a provenance counts.
func (q *Question) Counts(p Provenance) bool { return slices.Contains(q.Provenances, p) }

// At reports whether alerts that name a site, or none, are asked about.
func (q *Question) At(site string) bool { return at(q.Site, site) }

// At reports whether alerts that name a site, or none, are of the part.
func (p *Part) At(site string) bool { return at(p.Site, site) }

// at reports whether alerts that name a site, or none, are asked about with a site, or none.
func at(asked, site string) bool { return asked == "" || site == "" || site == asked }

// About reports whether the alerts of a tally are of the question's site, and of a rule of
// its sets if it has any.
func (q *Question) About(t *Tally) bool {
	return q.At(t.Site) && (len(q.Sets) == 0 || slices.ContainsFunc(q.Sets, func(s Set) bool {
		return slices.ContainsFunc(s, func(p Part) bool { return p.Rule == t.RuleID })
	}))
}

// Rules lists the rules of the question's sets, in order.
func (q *Question) Rules() []string {
	rules := []string{}
	for _, s := range q.Sets {
		for _, p := range s {
			rules = append(rules, p.Rule)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}
