package assure

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

const (
	// beforehand is how long before its time an alert may be of an exercise or incident:
	// clocks differ, and so do the times that people write down.
	beforehand = 5 * time.Minute
	// aside is how far from an exercise alerts of the same source and site may lie for
	// that source to be taken to have been heard then.
	aside = 7 * 24 * time.Hour
)

// Around returns within which time alerts are looked for that may be of what happened at a
// time.
func (p *Readiness) Around(at time.Time) (from, to time.Time) {
	return at.Add(-beforehand), at.Add(time.Duration(p.CorroborateHours) * time.Hour)
}

// Surroundings are the alerts at the times of exercises and incidents, under the ids of
// the rules that they mean.
type Surroundings struct {
	// Seen holds what lay around by Question.Of.
	Seen map[string][]Sighting
	// Presence are the alerts by rule, site and day, as far as questions reach.
	Presence []alert.Presence
}

// Sighting is what lay around of one rule.
type Sighting struct {
	alert.Near
	// Wide is how many alerts the wide question of the same thing found, of a rule that
	// raised one in the narrow one.
	Wide int64
}

// Question is a question of what lay around an exercise or incident.
type Question struct {
	// Of names the exercise or incident.
	Of string
	// Wide says that it asks for the alerts that a chance is worked out from.
	Wide bool
	alert.Around
}

// OfCase reports whether it asks about the case with an id.
func (q *Question) OfCase(id string) bool { return q.Of == ofCase(id) }

func ofExercise(id string) string { return "exercise " + id }
func ofCase(id string) string     { return "case " + id }
func ofTied(id string) string     { return "tied " + id }

// OfTied reports whether it asks which alerts tied to the case with an id are at its place
// and time.
func (q *Question) OfTied(id string) bool { return q.Of == ofTied(id) }

// Questions lists what has to be known of the alerts around the exercises and incidents
// of the evidence, and from which day to which their presence.
func (g *Ground) Questions(ev *Evidence) (qs []Question, from, to day.Date) {
	lib, p, rules := g.lib, g.policy, g.claiming
	today := g.today
	to = today
	bouts := boutsOf(lib, ev.Exercises, rules, p)
	cases := make([]alert.Case, len(ev.Cases))
	for i := range ev.Cases {
		cases[i] = ev.Cases[i].Value
	}
	refuting := alert.LegacyOf(cases, string(today))
	for i := range ev.Exercises {
		e := &ev.Exercises[i].Value
		if day.Of(e.Time) > today {
			continue
		}
		id := e.ID()
		of := ofExercise(id)
		b := bouts.of[id]
		q := Question{Of: of, Around: b.around(e.Time, p, today)}
		q.Sites = named(e.Site)
		wide := q
		q.Refuting = refuting
		if e.Host != "" {
			q.Entities, q.Hosts = named(e.Host), true
			wide.Entities, wide.Hosts = q.Entities, q.Hosts
			wide.Wide, wide.Counted = true, true
			wide.From, wide.To = widened(q.From, around(e.Time, p, today).To, p, today)
			qs = append(qs, wide)
		} else if q.Rules = withRule(rules[Exercised(lib, e)], e.RuleID); len(q.Rules) == 0 {
			continue
		}
		qs = append(qs, q)
		first, _ := widened(q.From, q.To, p, today)
		if from = cmp.Or(from, day.Of(first)); day.Of(first) < from {
			from = day.Of(first)
		}
	}
	tied := tiedTo(ev.CaseCounts)
	for i := range ev.Cases {
		c := &ev.Cases[i].Value
		if c.Class != alert.TruePositive || day.Of(c.When()) > today {
			continue
		}
		if tied[c.ID] {
			q := Question{Of: ofTied(c.ID), Around: PlaceOf(c, p, today)}
			q.Case, q.Refuting, q.Benign = c.ID, refuting, true
			qs = append(qs, q)
		}
		if !missedBy(c.FoundBy) {
			continue
		}
		q := Question{Of: ofCase(c.ID), Around: aroundCase(c, p, today)}
		for _, id := range namedBy(lib, c) {
			q.Rules = append(q.Rules, rules[id]...)
		}
		slices.Sort(q.Rules)
		if q.Rules = slices.Compact(q.Rules); len(q.Rules) > 0 {
			qs = append(qs, q)
		}
	}
	return qs, from, to
}

func withRule(rules []string, id string) []string {
	if id == "" || slices.Contains(rules, id) {
		return rules
	}
	return append(slices.Clone(rules), id)
}

func named(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// around is the time in which alerts are taken to be of something that took place at a
// time, as far as it is over on a day.
func around(at time.Time, p Policy, today day.Date) alert.Around {
	from, to := p.Readiness.Around(at)
	return alert.Around{From: from, To: earliest(to, endOf(today))}
}

// bout is what sets an exercise apart from others whose alerts could be taken for its own.
type bout struct {
	// until is the time from which alerts are another's, the zero time if they are no one's
	// else, and next names that other's test.
	until time.Time
	next  string
	// beside is how many exercises of other behaviour took place at its time and place.
	beside int
}

// around is the time in which alerts are taken to be of the exercise that took place at a
// time.
func (b *bout) around(at time.Time, p Policy, today day.Date) alert.Around {
	q := around(at, p, today)
	if !b.until.IsZero() {
		q.To = earliest(q.To, b.until)
	}
	return q
}

// bouts sets the exercises of the evidence apart.
type bouts struct {
	of map[string]bout // by id of an exercise
	// ids are those of the exercises in the order of their times, beside what bout says of
	// each, and rivals those of which a rule that claimed both would make more.
	ids    []string
	beside []int
	rivals []rival
}

// rival is two exercises of different behaviour at one time and place, by their places,
// and the ATT&CK IDs of what they were of, which no rule claims both.
type rival struct {
	places [2]int
	of     [2]string
}

// boutsOf sets exercises apart, by their id: two that took place at one place, and whose
// behaviour one rule claims, cannot both have raised an alert. One that lies after the
// later of them began is taken to be of that. Rules are those that claim an ATT&CK ID.
func boutsOf(lib *attack.Library, es []evidence.Of[exercise.Exercise], rules map[string][]string, p Policy) *bouts {
	type placed struct {
		*exercise.Exercise
		of string
	}
	all := make([]placed, len(es))
	for i := range es {
		e := &es[i].Value
		all[i] = placed{e, Exercised(lib, e)}
	}
	slices.SortFunc(all, func(x, y placed) int { return cmp.Or(x.Time.Compare(y.Time), strings.Compare(x.Key(), y.Key())) })
	same := func(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }
	bs := &bouts{of: make(map[string]bout, len(all)), ids: make([]string, len(all)), beside: make([]int, len(all))}
	for i, e := range all {
		b := bout{}
		for j := i + 1; j < len(all) && b.until.IsZero(); j++ {
			x := &all[j]
			after := x.Time.Sub(e.Time)
			if after > time.Duration(p.Readiness.CorroborateHours)*time.Hour {
				break
			}
			if !same(e.Host, x.Host) || !same(e.Site, x.Site) {
				continue
			}
			switch met := meet(rules[e.of], rules[x.of]); {
			case met && after > beforehand:
				b.until, b.next = x.Time.Add(-beforehand), x.Test
			case after > beforehand || x.of == e.of:
			case met:
				bs.beside[i], bs.beside[j] = bs.beside[i]+1, bs.beside[j]+1
			default:
				bs.rivals = append(bs.rivals, rival{[2]int{i, j}, [2]string{e.of, x.of}})
			}
		}
		bs.ids[i] = e.ID()
		bs.of[bs.ids[i]] = b
	}
	bs.count(nil)
	return bs
}

// count notes how many exercises are beside each, and so many more.
func (bs *bouts) count(more map[int]int) {
	for i, id := range bs.ids {
		b := bs.of[id]
		b.beside = bs.beside[i] + more[i]
		bs.of[id] = b
	}
}

// with returns what sets exercises apart when more rules claim behaviour, and of which it is
// other than it was; those are empty where nothing is. When alerts are another exercise's
// stays as it is: what was raised until then is known for no other time.
func (bs *bouts) with(rules map[string][]string) (*bouts, map[string]bool) {
	more, other := map[int]int{}, map[string]bool{}
	for _, r := range bs.rivals {
		if meet(rules[r.of[0]], rules[r.of[1]]) {
			for _, i := range r.places {
				more[i]++
				other[bs.ids[i]] = true
			}
		}
	}
	if len(more) == 0 {
		return bs, other
	}
	next := *bs
	next.of = maps.Clone(bs.of)
	next.count(more)
	return &next, other
}

// meet reports whether two sorted lists have anything in common.
func meet(a, b []string) bool {
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0], b[0]); {
		case c == 0:
			return true
		case c < 0:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false
}

// aroundCase asks for the alerts that could be of an incident and are tied to none. One of
// which nobody knows when it took place took place before it was opened.
func aroundCase(c *alert.Case, p Policy, today day.Date) alert.Around {
	q := around(c.When(), p, today)
	if c.Occurred.IsZero() {
		q.From, q.To = c.Opened.Add(-time.Duration(p.Readiness.CorroborateHours)*time.Hour), earliest(c.Opened, endOf(today))
	}
	q.Sites, q.Entities, q.Untied, q.Except = named(c.Site), c.Entities, true, c.Apart
	return q
}

// PlaceOf is the place and time of a case: an alert that is tied to it from elsewhere is no
// part of it. It begins as for alerts that are tied to none, and lasts until the case was
// closed, or goes on while it is open.
func PlaceOf(c *alert.Case, p Policy, today day.Date) alert.Around {
	q := aroundCase(c, p, today)
	q.Untied, q.Except = false, nil
	until := c.Closed
	if until.IsZero() {
		until = endOf(today)
	}
	q.To = earliest(earliest(latest(q.To, until), endOf(today)), q.From.Add(alert.MaxAround))
	return q
}

// tiedTo returns the cases that have alerts.
func tiedTo(counts []alert.CaseCount) map[string]bool {
	tied := map[string]bool{}
	for i := range counts {
		tied[counts[i].Case] = true
	}
	return tied
}

// widened is the time that a rate is counted over: whole days to both sides, as many as
// the window of policy.
func widened(from, to time.Time, p Policy, today day.Date) (time.Time, time.Time) {
	n := min(max(p.WindowDays, 1), 390)
	return day.Of(from).Add(-n).Time(), earliest(endOf(day.Of(to).Add(n)), endOf(today))
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// origin is where alerts come from.
type origin struct{ source, site string }

// stretch is the first and the last alert of one day.
type stretch struct{ first, last time.Time }

// surroundings finds what lay around.
type surroundings struct {
	Surroundings
	byRule   map[string][]alert.Presence
	byOrigin map[origin]map[string]stretch // by day
	sites    map[string][]string           // where a rule raised alerts
	rules    map[string]AlertRule
}

func indexSurroundings(ev *Evidence, rules map[string]AlertRule) surroundings {
	x := surroundings{Surroundings: ev.Around, byRule: map[string][]alert.Presence{}, byOrigin: map[origin]map[string]stretch{}, sites: map[string][]string{}, rules: rules}
	for _, p := range ev.Around.Presence {
		x.byRule[p.RuleID] = append(x.byRule[p.RuleID], p)
		if !slices.Contains(x.sites[p.RuleID], p.Site) {
			x.sites[p.RuleID] = append(x.sites[p.RuleID], p.Site)
		}
		o := origin{x.source(p.RuleID), p.Site}
		if x.byOrigin[o] == nil {
			x.byOrigin[o] = map[string]stretch{}
		}
		s, ok := x.byOrigin[o][p.Day]
		if !ok {
			s = stretch{p.First, p.Last}
		}
		x.byOrigin[o][p.Day] = stretch{earliest(s.first, p.First), latest(s.last, p.Last)}
	}
	return x
}

// source is what a rule's alerts come from, or the rule where that is not known or several.
func (x *surroundings) source(rule string) string {
	if s := x.rules[rule].Source; s != "" {
		return s
	}
	return "\x1f" + rule
}

// origins lists where alerts of the rules come from, at a site where one is named.
func (x *surroundings) origins(rules []string, site string) []origin {
	var list []origin
	for _, r := range rules {
		for _, s := range x.sites[r] {
			if o := (origin{x.source(r), s}); (site == "" || s == site) && !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	return list
}

// heard reports whether alerts of one of the origins lie on both sides of a time, until a
// day.
func (x *surroundings) heard(of []origin, q alert.Around, today day.Date) bool {
	for _, o := range of {
		before, after := false, false
		for d, s := range x.byOrigin[o] {
			if day.Date(d) > today {
				continue
			}
			for _, at := range []time.Time{s.first, s.last} {
				before = before || at.Before(q.From) && !at.Before(q.From.Add(-aside))
				after = after || at.After(q.To) && !at.After(q.To.Add(aside))
			}
		}
		if before && after {
			return true
		}
	}
	return false
}

// raised reports whether one of the rules may have raised an alert at a site, anywhere
// where none is named, after a time and up to another.
func (x *surroundings) raised(rules []string, site string, after, to time.Time) bool {
	for _, r := range rules {
		for _, at := range x.byRule[r] {
			if (site == "" || at.Site == site) && at.Last.After(after) && !at.First.After(to) {
				return true
			}
		}
	}
	return false
}

// background is how often rules raise alerts apart from the time of one exercise.
type background struct {
	alerts int64
	days   float64
}

// chance is the probability that rules which raise alerts at this rate by themselves raise
// one within some hours, 1 - exp(-rate x hours). A rate of none within some days is taken
// for at most one within them; without a day that can be looked at chance is 1.
func (b background) chance(hours float64) float64 {
	if b.days <= 0 {
		return 1
	}
	return 1 - math.Exp(-float64(max(b.alerts, 1))/b.days*hours/24)
}

// background counts the alerts of rules apart from the days of a time, at a site and on a
// host where they are named; wide is how many there are on the host, that time included,
// and within how many in that time.
func (x *surroundings) background(rules []string, q alert.Around, sightings []Sighting, p Policy, today day.Date) background {
	from, to := widened(q.From, q.To, p, today)
	origins := x.origins(rules, first1(q.Sites))
	first, last := day.Of(to), day.Date("")
	for _, o := range origins {
		for d := range x.byOrigin[o] {
			if day.Date(d) <= today {
				first, last = min(first, day.Date(d)), max(last, day.Date(d))
			}
		}
	}
	first, last = max(first, day.Of(from)), min(last, day.Of(to))
	if last == "" || last < first {
		return background{}
	}
	in := func(d day.Date) bool { return d >= day.Of(q.From) && d <= day.Of(q.To) }
	var b background
	for d := first; d <= last; d = d.Add(1) {
		if !in(d) {
			b.days++
		}
	}
	if len(q.Entities) > 0 {
		for _, s := range sightings {
			if slices.Contains(rules, s.RuleID) {
				b.alerts += max(s.Wide-s.N-s.Refuted, 0)
			}
		}
		return b
	}
	for _, r := range rules {
		for _, at := range x.byRule[r] {
			if d := day.Date(at.Day); d >= first && d <= last && !in(d) && (len(q.Sites) == 0 || slices.Contains(q.Sites, at.Site)) {
				b.alerts += at.N
			}
		}
	}
	return b
}

func first1(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
