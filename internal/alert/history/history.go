// Package history says what follows from what arrived of alerts. Whatever engine
// answers questions about alerts, this is what its answers must come to.
//
// The words of the package:
//
//   - An arrival is one record of a batch: an alert, or a partial one, which is a
//     statement about an alert that is known. Batches have numbers, in the order in
//     which they landed, and arrivals have places within their batch.
//   - An arrival is void when its batch was withdrawn. What follows from a history is
//     what follows from the arrivals in it that are not void: as if the others had
//     never been.
//   - A family is what arrivals of one ID come to: a state for each alert that has the ID.
//     Several have it where several sources or sites call alerts alike (alert.Identity).
//   - A state is what the arrivals of one alert come to. It counts once an arrival brought
//     the alert, which a partial one does not: until then, those wait.
//   - An arrival is of the state that has its identity, or else of the one state that it
//     fits: what leaves out a source or a site is not known to be of another one. Where it
//     fits several, a partial arrival is of none, and any other is an alert of its own. It
//     fits no state that would come to have another's identity by it: no two have one.
//   - To take an arrival is to merge it into a state. What it sets replaces what was
//     there, Fields key by key; what it leaves empty says nothing.
//   - A statement is a disposition. One that says the same as another, by the same
//     person, at the same time, is the same statement, whoever brought it again.
//   - The statement in force is the last by its own time; of those of one time, the one
//     that arrived last. A second reading is never in force: it stands beside.
//   - An arrival is news when it brings an alert or changes its state. A batch is behind
//     an alert when it brought news of it since the alert has the rule that it has.
//   - A book is the histories of many alerts in memory, with every answer about them.
//
// The package is pure: it reads no file and knows no engine.
package history

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"candor/internal/alert"
)

// Arrival is what one batch said of an alert at one place.
type Arrival struct {
	// Batch is the number of the batch, and Place the place of the record in it.
	Batch int
	Place int64
	// Void says that the batch was withdrawn. Astray is set by Family.About on one that is of
	// no alert, because it could be of several.
	Void, Astray bool
	*alert.Alert
}

// Outcome is what became of an arrival.
type Outcome int

// The outcomes.
const (
	Waits     Outcome = iota // for an alert that nothing brought yet
	Ambiguous                // it could be of several alerts, and is of none
	New                      // it brought the alert
	Another                  // it brought an alert, whose ID another has that counts
	Updated                  // it changed what is known of it
	Moved                    // it changed the rule of an alert that it fits, without having its identity
	Unchanged                // it said nothing new
)

// Brings reports whether an arrival brought an alert.
func (o Outcome) Brings() bool { return o == New || o == Another }

// Changes reports whether an arrival changed what is known of an alert.
func (o Outcome) Changes() bool { return o == Updated || o == Moved }

// State is what the arrivals of one alert come to.
type State struct {
	// Alert is the alert as merged so far. It has no disposition.
	Alert alert.Alert
	// Named is how arrivals name the alert while it does not count.
	Named alert.Identity
	// Counts says that an arrival brought the alert.
	Counts bool
	// Statements are the different statements about it, in the order in which they
	// arrived first. They name no batch.
	Statements []alert.Disposition
	// Behind are the batches behind the alert, in their order.
	Behind []int
}

// One returns what follows from one arrival alone.
func One(batch int, a *alert.Alert) State {
	s := State{Alert: alert.Alert{ID: a.ID}}
	s.Take(batch, a)
	return s
}

// Take merges what a batch says of the alert into s. Of a it keeps what a's maps and
// slices hold, which must not change afterwards.
func (s *State) Take(batch int, a *alert.Alert) Outcome {
	rule, counted := s.Alert.Rule(), s.Counts
	s.Counts = counted || !a.Partial()
	changed := s.merge(a)
	s.name(a)
	if a.Disposition != nil {
		changed = s.hear(a.Disposition) || changed
	}
	switch {
	case !s.Counts:
		return Waits
	case counted && !changed:
		return Unchanged
	case !counted || s.Alert.Rule() != rule:
		s.Behind = []int{batch}
	case !slices.Contains(s.Behind, batch):
		s.Behind = append(s.Behind, batch)
	}
	if counted {
		return Updated
	}
	return New
}

// name keeps how arrivals name an alert that does not count yet.
func (s *State) name(a *alert.Alert) {
	if s.Counts {
		if s.Named.ID != "" {
			s.Named = alert.Identity{}
		}
		return
	}
	s.Named.ID = a.ID
	s.Named.Source, s.Named.Site = cmp.Or(s.Named.Source, a.Source), cmp.Or(s.Named.Site, a.Site)
}

// merge takes over what a sets, and reports whether any of it is new. Whose and where an
// alert is a partial one says to name it, and sets neither.
func (s *State) merge(a *alert.Alert) bool {
	k, changed := &s.Alert, false
	source, site, origin := a.Source, a.Site, a.Origin
	if a.Partial() {
		source, site, origin = "", "", ""
	}
	if k.Origin == "" {
		k.Origin = origin
	}
	for _, f := range [...]struct {
		known *string
		said  string
	}{
		{&k.RuleID, a.RuleID}, {&k.RuleName, a.RuleName}, {&k.Site, site}, {&k.Severity, a.Severity},
		{&k.CaseID, a.CaseID}, {&k.Tactic, a.Tactic}, {&k.Source, source},
	} {
		if f.said != "" && *f.known != f.said {
			*f.known, changed = f.said, true
		}
	}
	if at := Moment(a.Time); !at.IsZero() && at != k.Time {
		k.Time, changed = at, true
	}
	if a.Score != nil && (k.Score == nil || *k.Score != *a.Score) {
		k.Score, changed = a.Score, true
	}
	if len(a.Techniques) > 0 && !slices.Equal(k.Techniques, a.Techniques) {
		k.Techniques, changed = a.Techniques, true
	}
	changed = s.mergeEntities(a) || changed
	return s.mergeFields(a.Fields) || changed
}

// mergeEntities takes over what a is about: all of it where a names another primary entity,
// else what it adds by a type, or by other entities, which take the place of those that were
// known.
func (s *State) mergeEntities(a *alert.Alert) (changed bool) {
	k := &s.Alert
	switch {
	case a.Entity == "":
		return false
	case alert.FoldEntity(a.Entity) != alert.FoldEntity(k.Entity):
		k.Entity, k.EntityType, k.Others = a.Entity, a.EntityType, a.Others
		return true
	}
	if a.Entity != k.Entity {
		k.Entity, changed = a.Entity, true
	}
	if a.EntityType != alert.Untyped && a.EntityType != k.EntityType {
		k.EntityType, changed = a.EntityType, true
	}
	if len(a.Others) > 0 && !slices.Equal(a.Others, k.Others) {
		k.Others, changed = a.Others, true
	}
	return changed
}

func (s *State) mergeFields(said map[string]string) bool {
	if len(said) == 0 {
		return false
	}
	if len(s.Alert.Fields) == 0 {
		s.Alert.Fields = said
		return true
	}
	merged := maps.Clone(s.Alert.Fields)
	maps.Copy(merged, said)
	changed := !maps.Equal(merged, s.Alert.Fields)
	s.Alert.Fields = merged
	return changed
}

// hear keeps a statement unless it has been made, and reports whether it is new.
func (s *State) hear(d *alert.Disposition) bool {
	said := Statement(s.Alert.ID, d)
	if slices.Contains(s.Statements, said) {
		return false
	}
	s.Statements = append(s.Statements, said)
	return true
}

// Statement returns what d states about the alert with an ID, in the form in which
// two statements are the same when they are equal.
func Statement(id string, d *alert.Disposition) alert.Disposition {
	return alert.Disposition{AlertID: id, Class: d.Class, Word: d.Word, Time: Moment(d.Time), By: d.By, Provenance: d.Provenance,
		Second: d.Second, DuplicateOf: d.DuplicateOf}
}

// Moment returns t in the form in which two times are the same when they are equal.
func Moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}

// InForce returns the statement in force, nil when none was made. A second reading is
// never in force.
func (s *State) InForce() *alert.Disposition {
	return s.last(func(d *alert.Disposition) bool { return !d.Second })
}

// SecondReading returns the second reading that is compared with the statement in force,
// the last of them by its own time, one by a person before one by a machine; nil when
// none was made.
func (s *State) SecondReading() *alert.Disposition {
	by := func(person bool) *alert.Disposition {
		return s.last(func(d *alert.Disposition) bool { return d.Second && Person(d.Provenance) == person })
	}
	return cmp.Or(by(true), by(false))
}

// Person reports whether a statement is one by a person, as far as its provenance says.
func Person(p alert.Provenance) bool { return p != alert.Automation && p != alert.AI }

// last returns the last of some statements, of those of one time the one that arrived
// last; nil when there is none.
func (s *State) last(of func(*alert.Disposition) bool) (last *alert.Disposition) {
	for i := range s.Statements {
		if d := &s.Statements[i]; of(d) && (last == nil || !d.Time.Before(last.Time)) {
			last = d
		}
	}
	return last
}

// Shown returns the alert as it counts: with the class, time and provenance of the
// statement in force, who made it and what it repeats, or without a disposition when
// that leaves it unlabelled and does not say that it is open; and with the second reading.
func (s *State) Shown() *alert.Alert {
	a := s.Alert
	if d := s.InForce(); d != nil && d.Class != alert.Unlabelled {
		a.Disposition = &alert.Disposition{AlertID: a.ID, Class: d.Class, Time: d.Time, By: d.By, Provenance: d.Provenance, DuplicateOf: d.DuplicateOf}
	}
	if d := s.SecondReading(); d != nil {
		a.Second = &alert.Disposition{AlertID: a.ID, Class: d.Class, Time: d.Time, By: d.By, Provenance: d.Provenance, DuplicateOf: d.DuplicateOf, Second: true}
	}
	return &a
}

// Tally returns what the alert alone counts as.
func (s *State) Tally() alert.Tally {
	a, day := &s.Alert, s.Alert.Day()
	t := alert.Tally{RuleID: a.Rule(), Cluster: a.ClusterOn(day), Day: day, Class: alert.Unlabelled, Site: a.Site, Hours: alert.HourSet(a.Hour()), N: 1}
	switch d := s.InForce(); {
	case d == nil:
	case d.Class.Labels():
		t.Class, t.Provenance = d.Class, d.Provenance
	case d.Class == alert.Open && a.CaseID != "":
		t.Opened = d.Time
	}
	return t
}

// told returns what the alert alone counts as for a question, whose answer looks at who
// labelled it too. Original reports whether an ID is that of an alert that another can
// repeat.
func (s *State) told(q *alert.Question, original func(id string) bool) alert.Tally {
	t := s.Tally()
	if d := s.InForce(); d != nil && d.Class.Labels() {
		t.By, t.Said = d.By, s.Alert.SaidOf(d)
		t.Void = d.Class == alert.Test && !q.Explained(&s.Alert) || d.Class == alert.Duplicate && !original(d.DuplicateOf)
	}
	if d := s.SecondReading(); d != nil {
		t.Second, t.Reader, t.SecondBy = d.Class, d.By, d.Provenance
	}
	return t
}

// Durations returns how long the alert had taken to each milestone until then; fired is
// false when it had not fired.
func (s *State) Durations(until time.Time) (taken [2]alert.Duration, fired bool) {
	if s.Alert.Time.After(until) {
		return taken, false
	}
	var earliest *alert.Disposition
	known := func(d *alert.Disposition) bool { return !d.Second && !d.Time.After(until) }
	for i := range s.Statements {
		if d := &s.Statements[i]; known(d) && (earliest == nil || d.Time.Before(earliest.Time)) {
			earliest = d
		}
	}
	last := s.last(known)
	if last != nil && !last.Class.Labels() {
		last = nil
	}
	rule := s.Alert.Rule()
	return [2]alert.Duration{s.wait(rule, alert.Acknowledged, earliest, until), s.wait(rule, alert.Closed, last, until)}, true
}

// wait returns how long the alert took until d, or had waited until then.
func (s *State) wait(rule string, to alert.Milestone, d *alert.Disposition, until time.Time) alert.Duration {
	w := alert.Duration{RuleID: rule, To: to, Minutes: alert.Minutes(until.Sub(s.Alert.Time)), N: 1}
	if d != nil {
		w.Reached, w.Minutes = true, alert.Untimed
		if d.Time.After(s.Alert.Time) {
			w.Minutes = alert.Minutes(d.Time.Sub(s.Alert.Time))
		}
	}
	return w
}

// Told lists every statement of a history, those that only void arrivals made
// included and marked, oldest first. A statement is of the first batch that made it
// and counts, or else of the first, and stands in that one's place among those of one
// time. Name gives a batch's ID.
func Told(id string, arrivals []Arrival, name func(batch int) string) []alert.Disposition {
	type told struct {
		said alert.Disposition
		at   int  // the place among the arrivals
		void bool // or astray
	}
	var list []told
	for i, a := range arrivals {
		if a.Disposition == nil {
			continue
		}
		t := told{Statement(id, a.Disposition), i, a.Void || a.Astray}
		k := slices.IndexFunc(list, func(l told) bool { return l.said == t.said })
		switch {
		case k < 0:
			list = append(list, t)
		case list[k].void && !t.void:
			list[k] = t
		}
	}
	slices.SortFunc(list, func(x, y told) int {
		if c := x.said.Time.Compare(y.said.Time); c != 0 {
			return c
		}
		return x.at - y.at
	})
	var out []alert.Disposition
	for _, t := range list {
		from := &arrivals[t.at]
		t.said.Withdrawn, t.said.Ambiguous, t.said.Batch = from.Void, from.Astray, name(from.Batch)
		out = append(out, t.said)
	}
	return out
}
