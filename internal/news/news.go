// Package news says what is new between two assessments, as people who are told would put it:
// which analytics left their rung, which gates opened or closed, what stops counting soon, which
// feeds fell silent.
//
// It compares standings, which are what of an assessment can be news, and refuses to judge
// anything, or to call news what only one of the two knows: an analytic that another release
// brought did not move.
package news

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/figure"
	"candor/internal/visibility"
)

// Standing is how things stand, in short.
type Standing struct {
	Release string   `json:"release"`
	AsOf    day.Date `json:"as_of"`
	// Policy is by what it was judged, and PolicyHash its SHA-256.
	Policy     string `json:"policy"`
	PolicyHash string `json:"policy_sha256"`
	// Analytics are those that apply, by ATT&CK ID, of All that there are.
	Analytics map[string]Stands `json:"analytics"`
	All       int               `json:"all"`
	// Rules are those that a gate is open for, by their ids; every other rule's are closed.
	Rules map[string]Ruled `json:"rules"`
	// AllRules are how many rules there are, known or named by alerts of the window.
	AllRules int `json:"rules_all"`
	// Ending stops counting within Soon days, and Silent fell silent.
	Ending []Ending `json:"expiring"`
	Soon   int      `json:"expiring_within_days"`
	Silent []Silent `json:"silent"`
	// Gaps are how many gaps are stated, of which Overdue have a decision whose day has passed.
	Gaps    int `json:"gaps"`
	Overdue int `json:"gaps_overdue"`
	// Limits stand beside all of it.
	Limits []string `json:"limits"`
}

// Stands is how an analytic stands.
type Stands struct {
	Name string      `json:"name"`
	Rung assure.Rung `json:"rung"`
	// Why is the first reason of the verdict.
	Why string `json:"why,omitempty"`
	// Allowed are the purposes for which its gate is open, and Waived those for which only a
	// waiver opens it.
	Allowed []assure.Purpose `json:"allowed,omitempty"`
	Waived  []assure.Purpose `json:"waived,omitempty"`
}

// Ruled is for which purposes the gate of a rule is open, and for which of them only by a
// waiver.
type Ruled struct {
	Name    string           `json:"name,omitempty"`
	Allowed []assure.Purpose `json:"allowed"`
	Waived  []assure.Purpose `json:"waived,omitempty"`
}

// Ending is evidence that stops counting after a day unless it is renewed.
type Ending struct {
	What  string   `json:"what"`
	Owner string   `json:"owner,omitempty"`
	Until day.Date `json:"until"`
	// Analytics is how many rest on it, of which Assured are reliable now.
	Analytics int `json:"analytics"`
	Assured   int `json:"assured"`
}

// Silent is a feed that stopped arriving.
type Silent struct {
	Source   string   `json:"source"`
	Channel  string   `json:"channel,omitempty"`
	Site     string   `json:"site,omitempty"`
	LastSeen day.Date `json:"last_seen"`
}

// Of is the standing of an assessment, with the evidence that stops counting within soon days.
// Gates say of an analytic for which purposes it may be used.
func Of(a *assure.Assessment, ending []assure.Ending, soon int, gate func(*assure.Verdict, assure.Purpose) assure.Decision) Standing {
	s := Standing{Release: a.Release.String(), AsOf: day.Of(a.AsOf), Policy: strings.TrimSpace(a.Policy.Name + " " + a.Policy.Version), PolicyHash: a.Policy.SHA256,
		Analytics: map[string]Stands{}, Rules: map[string]Ruled{}, All: len(a.Verdicts), Ending: []Ending{}, Soon: soon, Silent: []Silent{}, Limits: append([]string{}, a.Limits...)}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		if v.Rung == assure.NotApplicable {
			continue
		}
		one := Stands{Name: v.Analytic.Name, Rung: v.Rung}
		if len(v.Reasons) > 0 {
			one.Why = v.Reasons[0].Text
		}
		for _, p := range assure.Purposes() {
			d := gate(v, p)
			if d.Allowed {
				one.Allowed = append(one.Allowed, p)
			}
			if d.Waived {
				one.Waived = append(one.Waived, p)
			}
		}
		s.Analytics[v.Analytic.ATTACKID] = one
	}
	for _, e := range ending {
		s.Ending = append(s.Ending, Ending{e.What, e.Owner, e.Until, len(e.Analytics), e.Assured})
	}
	for _, f := range a.Unmapped.StoppedFeeds {
		s.Silent = append(s.Silent, silentOf(&f))
	}
	return s
}

// Open notes that a gate of a rule is open.
func (s *Standing) Open(d *assure.Decision) {
	r := s.Rules[d.ID]
	r.Name, r.Allowed = d.Name, append(r.Allowed, d.Purpose)
	if d.Waived {
		r.Waived = append(r.Waived, d.Purpose)
	}
	s.Rules[d.ID] = r
}

func silentOf(f *visibility.StoppedFeed) Silent {
	return Silent{f.Name, f.Channel, f.Site, f.LastSeen}
}

// Count is how many analytics stand on a rung.
func (s *Standing) Count(r assure.Rung) (n int) {
	for _, a := range s.Analytics {
		if a.Rung == r {
			n++
		}
	}
	return n
}

// Opened is for how many analytics the gate of a purpose is open.
func (s *Standing) Opened(p assure.Purpose) (n int) {
	for _, a := range s.Analytics {
		if slices.Contains(a.Allowed, p) {
			n++
		}
	}
	return n
}

// OpenedRules is for how many rules the gate of a purpose is open.
func (s *Standing) OpenedRules(p assure.Purpose) (n int) {
	for _, r := range s.Rules {
		if slices.Contains(r.Allowed, p) {
			n++
		}
	}
	return n
}

// The kinds of changes.
const (
	Basis    = "basis"    // it is judged by something else
	Rung     = "rung"     // an analytic left its rung
	Gate     = "gate"     // a gate opened or closed
	Expiring = "expiring" // evidence stops counting soon, or did
	Feed     = "silent"   // a feed fell silent, or arrives again
)

// Kinds lists the kinds of changes, in the order in which they are told.
func Kinds() []string { return []string{Basis, Rung, Gate, Expiring, Feed} }

// Change is one thing that is new.
type Change struct {
	// Kind is one of Kinds.
	Kind string `json:"kind"`
	// Thing is "rule" where it is about one. ID and Name are the rule's or the analytic's, else
	// what it is about.
	Thing string `json:"thing,omitempty"`
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	// From and To are what was and what is: rungs, "open" and "closed", "arriving" and
	// "silent".
	From string `json:"from,omitempty"`
	To   string `json:"to"`
	// For is the purpose of a gate; Until when evidence stops counting, or the last day that
	// a feed arrived on; Owner who keeps it.
	For   string   `json:"for,omitempty"`
	Until day.Date `json:"until,omitempty"`
	Owner string   `json:"owner,omitempty"`
	// Text says all of it in a sentence, and Why what the new state rests on.
	Text string `json:"text"`
	Why  string `json:"why,omitempty"`
}

// Between lists what is new from one standing to another.
func Between(before, after *Standing) []Change {
	list := basis(before, after)
	var rungs, gates []Change
	for _, id := range slices.Sorted(maps.Keys(after.Analytics)) {
		was, had := before.Analytics[id]
		is := after.Analytics[id]
		if !had {
			continue
		}
		if was.Rung != is.Rung {
			from, to := words(string(was.Rung)), words(string(is.Rung))
			rungs = append(rungs, Change{Kind: Rung, ID: id, Name: is.Name, From: string(was.Rung), To: string(is.Rung), Why: is.Why,
				Text: fmt.Sprintf("%s (%s) is %s now, and was %s", id, is.Name, to, from)})
		}
		gates = append(gates, gatesOf(id, was, is)...)
	}
	list = append(list, rungs...)
	list = append(list, gates...)
	list = append(list, ruleGates(before, after)...)
	list = append(list, endings(before, after)...)
	return append(list, feeds(before, after)...)
}

// words is a rung as people read it.
func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

// basis says that what is judged by is another, beside which all else is to be read.
func basis(before, after *Standing) (list []Change) {
	if before.Release != after.Release {
		list = append(list, Change{Kind: Basis, ID: "release", From: before.Release, To: after.Release,
			Text: fmt.Sprintf("it is judged by release %s now, and was by %s: analytics that only one of them has are not compared", after.Release, before.Release)})
	}
	if before.Policy != after.Policy || before.PolicyHash != after.PolicyHash {
		list = append(list, Change{Kind: Basis, ID: "policy", From: before.Policy, To: after.Policy,
			Text: fmt.Sprintf("it is judged by policy %s (%.12s) now, and was by %s (%.12s)", after.Policy, after.PolicyHash, before.Policy, before.PolicyHash)})
	}
	return list
}

func gatesOf(id string, was, is Stands) (list []Change) {
	for _, p := range assure.Purposes() {
		from, to := was.gate(p), is.gate(p)
		if from != to {
			list = append(list, Change{Kind: Gate, ID: id, Name: is.Name, For: string(p), From: from, To: to, Why: is.Why,
				Text: fmt.Sprintf("the gate for %s of %s (%s) is %s now, and was %s", p, id, is.Name, to, from)})
		}
	}
	return list
}

// ruleGates are the gates of rules that opened or closed. A standing of a candor that did not
// look at rules is compared with none.
func ruleGates(before, after *Standing) (list []Change) {
	if before.Rules == nil || after.Rules == nil {
		return nil
	}
	ids := slices.Collect(maps.Keys(after.Rules))
	for id := range before.Rules {
		if _, still := after.Rules[id]; !still {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		was, is := before.Rules[id], after.Rules[id]
		for _, p := range assure.Purposes() {
			if from, to := state(was.Allowed, was.Waived, p), state(is.Allowed, is.Waived, p); from != to {
				list = append(list, Change{Kind: Gate, Thing: "rule", ID: id, Name: cmp.Or(is.Name, was.Name), For: string(p), From: from, To: to,
					Text: fmt.Sprintf("the gate for %s of rule %s is %s now, and was %s", p, called(id, cmp.Or(is.Name, was.Name)), to, from)})
			}
		}
	}
	return list
}

// called is a rule by its id and, where that is another, its name.
func called(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return id + " (" + name + ")"
}

// gate says how a gate is.
func (s Stands) gate(p assure.Purpose) string { return state(s.Allowed, s.Waived, p) }

// state is how a gate is that is open for some purposes.
func state(allowed, waived []assure.Purpose, p assure.Purpose) string {
	switch {
	case slices.Contains(waived, p):
		return "open by a waiver"
	case slices.Contains(allowed, p):
		return "open"
	}
	return "closed"
}

// endings are what began to be near its end, and what came to it.
func endings(before, after *Standing) (list []Change) {
	known := map[string]bool{}
	for _, e := range before.Ending {
		known[e.key()] = true
	}
	still := map[string]bool{}
	for _, e := range after.Ending {
		still[e.key()] = true
		if known[e.key()] {
			continue
		}
		list = append(list, Change{Kind: Expiring, ID: e.What, To: "expiring", Until: e.Until, Owner: e.Owner,
			Text: fmt.Sprintf("%s counts until %s: %s on it, of which %d reliable", e.What, e.Until, rest(e.Analytics), e.Assured)})
	}
	for _, e := range before.Ending {
		if !still[e.key()] && e.Until < after.AsOf {
			list = append(list, Change{Kind: Expiring, ID: e.What, From: "expiring", To: "expired", Until: e.Until, Owner: e.Owner,
				Text: fmt.Sprintf("%s counted until %s: %s on it", e.What, e.Until, rest(e.Analytics))})
		}
	}
	return list
}

func (e *Ending) key() string { return string(e.Until) + " " + e.What }

func rest(n int) string {
	if n == 1 {
		return "1 analytic rests"
	}
	return figure.Sprintf("%d analytics rest", n)
}

func feeds(before, after *Standing) (list []Change) {
	known := map[string]bool{}
	for _, f := range before.Silent {
		known[f.key()] = true
	}
	still := map[string]bool{}
	for _, f := range after.Silent {
		still[f.key()] = true
		if !known[f.key()] {
			list = append(list, Change{Kind: Feed, ID: f.key(), From: "arriving", To: "silent", Until: f.LastSeen,
				Text: fmt.Sprintf("the feed %s arrived last on %s", f.key(), f.LastSeen)})
		}
	}
	for _, f := range before.Silent {
		if !still[f.key()] {
			list = append(list, Change{Kind: Feed, ID: f.key(), From: "silent", To: "arriving", Until: f.LastSeen,
				Text: fmt.Sprintf("the feed %s is silent no more; it had arrived last on %s", f.key(), f.LastSeen)})
		}
	}
	return list
}

// key names a feed.
func (f *Silent) key() string {
	name := f.Source
	if f.Channel != "" {
		name += " " + f.Channel
	}
	return name + cmp.Or(strings.TrimSuffix(" at "+f.Site, " at "), "")
}
