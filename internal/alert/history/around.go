package history

import (
	"cmp"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
)

// Near answers several questions of what lies around a time, by question and rule.
func (b *Book) Near(asked []alert.Around) []alert.Near {
	var list []alert.Near
	for i := range asked {
		rules := map[string]*alert.Near{}
		for _, s := range b.Around(asked[i], -1) {
			a := &s.Alert
			n := alert.Near{Asked: i, RuleID: a.Rule(), N: 1, First: a.Time, ID: a.ID, Site: a.Site, Entity: a.Entity}
			if t := s.Tally(); asked[i].Refutes(t.Class, a.CaseID, t.Opened) {
				n.N, n.Refuted = 0, 1
			}
			if asked[i].Counted {
				n.First, n.ID, n.Site, n.Entity = time.Time{}, "", "", ""
			}
			if have := rules[a.Rule()]; have != nil {
				have.Add(n)
				continue
			}
			rules[a.Rule()] = &n
		}
		for _, n := range rules {
			list = append(list, *n)
		}
	}
	slices.SortFunc(list, CompareNear)
	return list
}

// CompareNear orders answers by question and rule.
func CompareNear(a, b alert.Near) int {
	return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.RuleID, b.RuleID))
}

// Around lists the states of the alerts around a time, in the order of Compare: the first most of
// them, or all where most is less than 0.
func (b *Book) Around(q alert.Around, most int) []*State {
	var list []*State
	for s := range b.counting("", "") {
		if q.Asks(&s.Alert) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(x, y *State) int {
		return Compare(&x.Alert, &y.Alert)
	})
	if most >= 0 {
		list = list[:min(most, len(list))]
	}
	return list
}

// Presence counts the alerts of some days by rule, site and day.
func (b *Book) Presence(from, to day.Date) []alert.Presence {
	type key struct{ rule, site, day string }
	at := map[key]*alert.Presence{}
	for s := range b.counting(from, to) {
		a := &s.Alert
		k := key{a.Rule(), a.Site, a.Day()}
		p := at[k]
		if p == nil {
			p = &alert.Presence{RuleID: k.rule, Site: a.Site, Day: k.day, First: a.Time}
			at[k] = p
		}
		p.N++
		p.First, p.Last = earlier(p.First, a.Time), later(p.Last, a.Time)
	}
	var list []alert.Presence
	for _, p := range at {
		list = append(list, *p)
	}
	slices.SortFunc(list, ComparePresence)
	return list
}

// ComparePresence orders presence by rule, site and day.
func ComparePresence(a, b alert.Presence) int {
	return cmp.Or(cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Day, b.Day))
}
