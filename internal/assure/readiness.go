package assure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/runbook"
)

// exerciseIndex finds exercises by the ATT&CK ID of an analytic or a technique.
type exerciseIndex struct {
	byID map[string][]numbered
	// later is how many were dated after the day of the assessment and left out.
	later int
}

// numbered is an exercise with its ID, which takes long to make.
type numbered struct {
	evidence.Of[exercise.Exercise]
	id string
	reading
}

func indexExercises(lib *attack.Library, es []evidence.Of[exercise.Exercise], today day.Date) exerciseIndex {
	x := exerciseIndex{byID: map[string][]numbered{}}
	for _, e := range es {
		if day.Of(e.Value.Time) > today {
			x.later++
			continue
		}
		n := numbered{Of: e, id: e.Value.ID()}
		for _, n.reading = range readings(lib, attack.Holder{Kind: attack.OfExercise, ID: n.id}, cmp.Or(e.Value.Analytic, e.Value.Technique)) {
			x.byID[n.reading.id] = append(x.byID[n.reading.id], n)
		}
	}
	return x
}

// unknown lists the ids that exercises name and the release does not know.
func (x exerciseIndex) unknown(lib *attack.Library) []string {
	var ids []string
	for id := range x.byID {
		if len(lib.ByATTACKID(id)) == 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

// trials is what the exercises of one analytic come to.
type trials struct {
	Proof
	all []tried // newest first
	// newest is the exercise that State rests on: the newest that passed or
	// failed, else the newest of all.
	newest tried
	// passedBefore says that one passed before the newest failed.
	passedBefore bool
	// lastPass is when one passed last; zero if none did.
	lastPass time.Time
	// ofTechnique says that newest names the technique and not the analytic.
	ofTechnique bool
}

// trialsOf returns what the exercises say of s as of today, each held against the alerts
// of its time; heard are those that have been already.
func (a *assessor) trialsOf(s *subject, heard []tried) trials {
	p, today := a.policy.Readiness, a.today
	t := trials{Proof: Proof{State: proofNone}}
	known := make(map[string]*tried, len(heard))
	for i := range heard {
		known[heard[i].ID] = &heard[i]
	}
	hear := func(e numbered) {
		h, of := known[e.id], tried{}
		if h != nil && e.Batch != supposedID {
			of = *h
		} else {
			of = a.hear(s, e)
		}
		if of.result == failed || !e.against && (!e.decided || onPlatform(s.Platforms, e.Value.Platform)) {
			t.all = append(t.all, of)
		}
	}
	for _, e := range a.exercises.byID[strings.ToUpper(s.Analytic.ATTACKID)] {
		hear(e)
	}
	for _, tech := range s.Techniques {
		for _, e := range a.exercises.byID[tech.ATTACKID] {
			if onPlatform(s.Platforms, e.Value.Platform) {
				hear(e)
			}
		}
	}
	if len(t.all) == 0 {
		return t
	}
	slices.SortFunc(t.all, newestFirst)
	t.count()
	t.decide(p, today)
	t.Corroborated = t.bornOut(p, today)
	for i := range t.all {
		t.Trials = append(t.Trials, t.all[i].Trial)
	}
	return t
}

// onPlatform reports whether an exercise on a platform speaks for an analytic of
// the given platforms. Where either does not say, nothing tells them apart.
func onPlatform(platforms []string, platform string) bool {
	return platform == "" || len(platforms) == 0 ||
		slices.ContainsFunc(platforms, func(p string) bool { return strings.EqualFold(p, platform) })
}

// newestFirst orders exercises by time, the newest first. Of those at the same
// time a failure comes first, so that a tie is never judged in our favour.
func newestFirst(a, b tried) int {
	x, y := &a.Value, &b.Value
	return cmp.Or(y.Time.Compare(x.Time), a.result-b.result, strings.Compare(x.Test, y.Test),
		strings.Compare(x.RuleID, y.RuleID), strings.Compare(x.Analytic, y.Analytic), strings.Compare(x.Technique, y.Technique),
		strings.Compare(x.Platform, y.Platform), strings.Compare(x.Host, y.Host), strings.Compare(x.Site, y.Site),
		strings.Compare(x.Notes, y.Notes), strings.Compare(a.Of.Batch, b.Of.Batch))
}

// The results of an exercise, worst first.
const (
	failed = iota
	inconclusive
	passed
)

// resultOf judges an outcome as it is stated. Blocked says nothing about detection, and logged
// shows telemetry without an alert: neither is a pass unless policy says so, and
// neither is a failure.
func resultOf(e exercise.Exercise, p Readiness) int {
	switch {
	case e.Outcome == exercise.None:
		return failed
	case slices.Contains(p.Passing, string(e.Outcome)):
		return passed
	}
	return inconclusive
}

func (t *trials) count() {
	for i := range t.all {
		e := &t.all[i]
		switch e.result {
		case failed:
			t.Failed++
		case passed:
			t.Passed++
			t.lastPass = latest(t.lastPass, e.Value.Time)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// decide sets State from the newest exercise that passed or failed. A failure
// stands, however old, until a newer one passes; a pass expires.
func (t *trials) decide(p Readiness, today day.Date) {
	i := slices.IndexFunc(t.all, func(e tried) bool { return e.result != inconclusive })
	t.newest = t.all[max(i, 0)]
	e := &t.newest.Value
	t.LastTime, t.LastTest = e.Time.UTC().Format(time.RFC3339), e.Test
	t.ofTechnique = e.Analytic == ""
	switch {
	case i < 0:
		t.State = proofInconclusive
	case t.newest.result == failed:
		t.State = proofFailed
		t.passedBefore = t.Passed > 0
	case day.Of(e.Time).Until(today) > p.MaxExerciseAgeDays:
		t.State = proofExpired
	default:
		t.State = proofPassed
	}
}

// runbookIndex finds runbooks by what they apply to.
type runbookIndex struct {
	byID map[string][]evidence.Of[runbook.Runbook]
	// later is how many say that they were reviewed after the day of the assessment
	// and were left out.
	later int
}

const rulePrefix = "rule:"

func indexRunbooks(lib *attack.Library, rs []evidence.Of[runbook.Runbook], today day.Date) runbookIndex {
	x := runbookIndex{byID: map[string][]evidence.Of[runbook.Runbook]{}}
	for _, r := range rs {
		if r.Value.Reviewed > today {
			x.later++
			continue
		}
		for _, id := range r.Value.AppliesTo {
			ids := []string{id}
			if !strings.HasPrefix(id, rulePrefix) {
				ids = Decides(lib, attack.Holder{Kind: attack.OfRunbook, ID: r.Value.ID}, id)
			}
			for _, id := range ids {
				x.byID[id] = append(x.byID[id], r)
			}
		}
	}
	return x
}

// unknown lists the ATT&CK IDs that runbooks apply to and the release does not know.
func (x runbookIndex) unknown(lib *attack.Library) []string {
	var ids []string
	for id := range x.byID {
		if !strings.HasPrefix(id, rulePrefix) && len(lib.ByATTACKID(id)) == 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

// duty is what the runbooks of one analytic come to, and the one that it rests on.
type duty struct {
	Duty
	from   evidence.Of[runbook.Runbook]
	inDate bool // reviewed lately enough, whoever owns it
}

// of returns the best runbook for s: a current one before one that is out of
// date, that before one without an owner, and the last reviewed of equals.
func (x runbookIndex) of(s *subject, p Readiness, today day.Date) duty {
	best := duty{Duty: Duty{State: dutyNone}}
	for _, key := range s.runbookKeys() {
		for _, r := range x.byID[key] {
			if d := dutyOf(r, p, today); compareDuties(d, best) > 0 {
				best = d
			}
		}
	}
	return best
}

// used returns in how many cases up to the day a runbook was used, and on which day last.
func (a *assessor) used(id string) (n int, last string) {
	return timesUsed(a.ev.Cases, id, a.today)
}

func timesUsed(cases []evidence.Of[alert.Case], id string, today day.Date) (n int, last string) {
	if id == "" {
		return 0, ""
	}
	for i := range cases {
		c := &cases[i].Value
		if d := day.Of(c.When()); d <= today && slices.Contains(c.Runbooks, id) {
			n, last = n+1, max(last, string(d))
		}
	}
	return n, last
}

// runbookKeys lists what a runbook for s may say that it applies to.
func (s *subject) runbookKeys() []string {
	keys := []string{strings.ToUpper(s.Analytic.ATTACKID)}
	for _, names := range [][]Name{s.Strategies, s.Techniques} {
		for _, n := range names {
			keys = append(keys, n.ATTACKID)
		}
	}
	for _, c := range s.counting {
		keys = append(keys, rulePrefix+c.RuleID)
	}
	return keys
}

// DutyOf says how one runbook stands on a day, with the cases that say that it was used.
func DutyOf(r evidence.Of[runbook.Runbook], cases []evidence.Of[alert.Case], p Readiness, today day.Date) Duty {
	d := dutyOf(r, p, today).Duty
	d.Used, d.LastUsed = timesUsed(cases, d.ID, today)
	return d
}

// dutyOf judges one runbook, reviewed by today. One without a review date was not
// reviewed as far as is known and counts as out of date.
func dutyOf(r evidence.Of[runbook.Runbook], p Readiness, today day.Date) duty {
	v := &r.Value
	inDate := !v.Reviewed.Time().IsZero() && v.Reviewed.Until(today) <= p.MaxRunbookAgeDays
	d := duty{from: r, inDate: inDate, Duty: Duty{State: dutyCurrent, ID: v.ID, Title: v.Title, Owner: v.Owner, Reviewed: string(v.Reviewed)}}
	switch {
	case !v.Procedure():
		d.State = dutyEmpty
	case p.RequireOwner && strings.TrimSpace(v.Owner) == "":
		d.State = dutyNoOwner
	case !inDate:
		d.State = dutyExpired
	}
	return d
}

func compareDuties(a, b duty) int {
	order := []string{dutyNone, dutyEmpty, dutyNoOwner, dutyExpired, dutyCurrent}
	return cmp.Or(slices.Index(order, a.State)-slices.Index(order, b.State), strings.Compare(a.Reviewed, b.Reviewed),
		strings.Compare(b.ID, a.ID), strings.Compare(b.from.Batch, a.from.Batch))
}
