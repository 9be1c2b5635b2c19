package alert

import (
	"slices"
	"time"
)

// MaxAround is the longest stretch of time that Around may ask for.
const MaxAround = 800 * 24 * time.Hour

// Around asks for the alerts around a time: those from From to To, both included and
// known, and at most MaxAround apart.
type Around struct {
	From, To time.Time
	// Rules are the keys of rules as RuleKey gives them, Sites the sites, and Entities what
	// the alerts are about, primarily or besides, by FoldEntity; none of a kind is any.
	Rules, Sites, Entities []string
	// Hosts says that Entities are hosts; see Entity.Hosts.
	Hosts bool
	// Untied leaves out the alerts that belong to a case, and Except those that these
	// identities fit.
	Untied bool
	Except []Identity
	// Case asks for those that belong to a case; empty is any, or none.
	Case string
	// Counted asks for no more than how many alerts there are of each rule.
	Counted bool
	// Refuting are the cases whose alerts inherit, of a question that counts apart the
	// alerts which are labelled false, by themselves or by their case; nil in one that
	// asks for all alike. Benign counts apart with them those that are benign.
	Refuting Legacy
	Benign   bool
}

// Refutes reports whether an alert counts apart that was labelled c, if it was, belongs to
// a case, if it does, and was said to be open at a time, if that was said last.
func (q *Around) Refutes(c Class, caseID string, opened time.Time) bool {
	if q.Refuting == nil {
		return false
	}
	if !c.Labels() && caseID != "" {
		if of, ok := q.Refuting.class(caseMark+caseID, opened); ok {
			c = of
		}
	}
	return c.False() || q.Benign && c == BenignPositive
}

// Asks reports whether an alert is one of those asked for.
func (q *Around) Asks(a *Alert) bool {
	any := func(of []string, s string) bool { return len(of) == 0 || slices.Contains(of, s) }
	return !a.Time.Before(q.From) && !a.Time.After(q.To) && (!q.Untied || a.CaseID == "") && (q.Case == "" || a.CaseID == q.Case) && !q.excepts(a) &&
		any(q.Rules, a.Rule()) && any(q.Sites, a.Site) &&
		(len(q.Entities) == 0 || a.About(q.Hosts, FoldEntities(q.Entities)...))
}

// FoldEntities returns names by FoldEntity, each once and in byte order.
func FoldEntities(names []string) []string {
	folded := make([]string, len(names))
	for i, n := range names {
		folded[i] = FoldEntity(n)
	}
	slices.Sort(folded)
	return slices.Compact(folded)
}

// excepts reports whether an alert is left out by name.
func (q *Around) excepts(a *Alert) bool {
	return slices.ContainsFunc(q.Except, func(i Identity) bool { return i.Fits(a.Identity()) })
}

// Near is what lies around a time of one rule.
type Near struct {
	// Asked is the place of the question among those that were asked.
	Asked  int
	RuleID string // the rule's key, as RuleKey gives it
	// N is how many alerts of the rule the question asks for, but for those that it counts
	// apart, which are Refuted; together 1 or more.
	N, Refuted int64
	// First, ID, Site and Entity, the primary one, are of the first of the N, or where that is 0 of the
	// Refuted, by time, then ID and site in byte order; empty where no more is asked than how
	// many there are.
	First            time.Time
	ID, Site, Entity string
}

// Add adds what lies at another site, or under another name of the rule.
func (n *Near) Add(m Near) {
	first := n
	switch at := m.First.Compare(n.First); {
	case (m.N > 0) != (n.N > 0):
		if m.N > 0 {
			first = &m
		}
	case at < 0 || at == 0 && (m.ID < n.ID || m.ID == n.ID && m.Site < n.Site):
		first = &m
	}
	*n = Near{Asked: n.Asked, RuleID: n.RuleID, N: n.N + m.N, Refuted: n.Refuted + m.Refuted, First: first.First, ID: first.ID, Site: first.Site, Entity: first.Entity}
}

// Presence is the alerts of one rule at one site on one day.
type Presence struct {
	RuleID string // the rule's key, as RuleKey gives it
	Site   string
	Day    string // 2006-01-02, in UTC
	N      int64
	// First and Last are the times of the first and of the last of them.
	First, Last time.Time
}
