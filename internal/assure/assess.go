package assure

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// Assess gives every live analytic of the release its verdict from the evidence,
// judged by the policy as of the day of asOf. Evidence dated after that day is
// left out, and the assessment's limits say so. The order of ev's slices does
// not matter. Of alerts it knows ev.Tallies; where there are many, see Judging.
func Assess(lib *attack.Library, ev Evidence, p Policy, asOf time.Time) Assessment {
	return told(lib, ev, p, asOf).Assessment()
}

// WindowOf returns the days that an assessment as of the day of asOf looks at:
// as many as the policy says, the last of them that day.
func WindowOf(p Policy, asOf time.Time) visibility.Window {
	today := day.Of(asOf)
	return visibility.Window{From: today.Add(1 - max(p.WindowDays, 1)), To: today}
}

// assessor holds what all verdicts of one assessment share.
type assessor struct {
	lib    *attack.Library
	policy Policy
	today  day.Date
	window visibility.Window
	scope  ScopeRef

	tactics   []*attack.Object
	rank      map[string]int // a tactic's STIX id -> its place among tactics
	view      visibility.View
	objects   []*attack.Object       // the live analytics, in order
	seen      []visibility.Statement // of each of objects
	claims    claim.Claims
	exercises exerciseIndex
	away      awayIndex
	incidents incidentIndex
	runbooks  runbookIndex
	alerts    alertIndex
	tunings   tuningIndex
	around    surroundings
	bouts     *bouts

	operations map[string]Operation // of the rules of which runs are recorded
	enabled    map[string]bool      // the rules that are said to be
	named      map[string]string    // what rules call themselves, by id

	exempt   map[string][]Exempt     // the exceptions that had begun, by rule
	needs    map[string][]FieldNeed  // by rule
	impaired map[string][]Impairment // by rule

	changed   map[string]detection.Change // the last one of rules
	revisions map[string]*Revision        // of the rules that were changed in the window
	retired   map[string]Former           // in the window, by rule
	former    map[string][]claim.Claim    // theirs, by the STIX id of the analytic

	silent []string // what is to be said of sources that are pulled and do not answer

	ev       Evidence
	subjects []*subject
}

// subject is one analytic on its way to a verdict.
type subject struct {
	Verdict
	object   *attack.Object
	counting []claim.Claim // enabled claims that policy counts
	working  []claim.Claim // those of them whose rules nothing is in the way of
	firing   []string      // ids of their rules that raised alerts in the window
	trials   trials
	reviews  reviews
	duty     duty
}

func newAssessor(lib *attack.Library, ev Evidence, p Policy, asOf time.Time) *assessor {
	ev = sorted(ev)
	today := day.Of(asOf)
	a := &assessor{
		lib:    lib,
		policy: p,
		ev:     ev,
		today:  today,
		window: WindowOf(p, asOf),
		scope:  scopeOf(&ev),
		rank:   map[string]int{},
	}
	a.tactics = tacticOrder(lib)
	for i, t := range a.tactics {
		a.rank[t.ID] = i
	}
	var both crew.Workers // what takes the longest, and rests on nothing of the other
	both.Go(func() { a.claims = claimsOf(lib, &ev, p) })
	both.Go(a.look)
	both.Wait()
	a.silent = silent(visibility.Stopped(pulled(ev.Telemetry.Observations), p.Visibility, a.window))
	a.operate(asOf)
	a.exercises = indexExercises(lib, ev.Exercises, today)
	a.away = a.indexAway()
	a.bouts = new(bouts)
	if len(ev.Exercises) > 0 {
		a.bouts = boutsOf(lib, ev.Exercises, claimingRules(lib, a.claims), p)
	}
	a.incidents = indexIncidents(lib, &ev, today)
	a.runbooks = indexRunbooks(lib, ev.Runbooks, today)
	a.alerts = indexAlerts(ev, a.window, p.Measure)
	a.alerts.lately = ev.Lately(asOf)
	a.live()
	a.formerly()
	a.impair()
	a.tunings = indexTunings(lib, ev.Tunings, today)
	a.around = indexSurroundings(&ev, a.alerts.rules)
	return a
}

// look finds what can be seen of every analytic.
func (a *assessor) look() {
	a.view = visibility.NewView(a.lib, a.ev.Telemetry, a.policy.Visibility, a.window)
	a.objects = a.analytics()
	a.seen = make([]visibility.Statement, len(a.objects))
	for i, o := range a.objects {
		a.seen[i] = a.view.Of(o)
	}
}

// claimsOf returns the claims of the rules, which may be known already; they can be
// changed.
func claimsOf(lib *attack.Library, ev *Evidence, p Policy) claim.Claims {
	if ev.Claims == nil {
		return claim.Judge(lib, ev.Rules, p.Claim)
	}
	c := *ev.Claims
	c.ByAnalytic = make(map[string][]claim.Claim, len(ev.Claims.ByAnalytic))
	for id, list := range ev.Claims.ByAnalytic {
		c.ByAnalytic[id] = slices.Clone(list)
	}
	return c
}

// sorted returns ev with what later steps name in order put in an order of its
// own, so that the same evidence gives the same words whatever order it came in.
func sorted(ev Evidence) Evidence {
	ev.Telemetry.Scope = slices.Clone(ev.Telemetry.Scope)
	slices.SortFunc(ev.Telemetry.Scope, compareScopes)
	ev.Telemetry.Sources = slices.Clone(ev.Telemetry.Sources)
	slices.SortFunc(ev.Telemetry.Sources, compareSources)
	ev.Telemetry.Externals = slices.Clone(ev.Telemetry.Externals)
	slices.SortFunc(ev.Telemetry.Externals, compareExternals)
	ev.Telemetry.Observations = slices.Clone(ev.Telemetry.Observations)
	slices.SortFunc(ev.Telemetry.Observations, compareObservations)
	ev.Rules = slices.Clone(ev.Rules)
	slices.SortFunc(ev.Rules, compareRules)
	ev.AlertRules = slices.Clone(ev.AlertRules)
	ev.Cases = slices.Clone(ev.Cases)
	slices.SortFunc(ev.Cases, compareCases)
	slices.SortFunc(ev.AlertRules, func(a, b AlertRule) int { return strings.Compare(a.ID, b.ID) })
	return ev
}

// first is the first pass: every analytic on its rung.
func (a *assessor) first() {
	a.subjects = make([]*subject, len(a.objects))
	a.each(func(own *assessor, i int) { a.subjects[i] = own.subject(a.objects[i], a.seen[i]) })
}

// each does something about every analytic, on every core by an assessor of its own, and takes
// over what those have measured.
func (a *assessor) each(do func(own *assessor, i int)) {
	var parts []*assessor
	onCores(len(a.objects), func() func(int) {
		own := a.apart()
		parts = append(parts, own)
		return func(i int) { do(own, i) }
	})
	for _, own := range parts {
		maps.Copy(a.alerts.sums, own.alerts.sums)
		maps.Copy(a.alerts.single, own.alerts.single)
		maps.Copy(a.alerts.pooled, own.alerts.pooled)
	}
}

// apart returns an assessor of the same that works out by itself what it is asked for, so that
// it can be asked while others are.
func (a *assessor) apart() *assessor {
	b := *a
	b.view = a.view.With(visibility.Telemetry{})
	b.alerts.sums, b.alerts.single, b.alerts.pooled = maps.Clone(a.alerts.sums), maps.Clone(a.alerts.single), maps.Clone(a.alerts.pooled)
	return &b
}

// onCores does something for each of n things, on every core. Begin is called once for each,
// before any of it is done, and returns what does it.
func onCores(n int, begin func() func(i int)) {
	var all crew.Workers
	var next atomic.Int64
	each := make([]func(int), max(1, min(n/blockOfWork, runtime.GOMAXPROCS(0))))
	for w := range each {
		each[w] = begin()
	}
	for _, do := range each {
		all.Go(func() {
			for from := int(next.Add(blockOfWork)) - blockOfWork; from < n; from = int(next.Add(blockOfWork)) - blockOfWork {
				for i := from; i < min(from+blockOfWork, n); i++ {
					do(i)
				}
			}
		})
	}
	all.Wait()
}

// blockOfWork is of how many things one core takes hold at a time.
const blockOfWork = 32

// analytics returns the live analytics of the release by ATT&CK ID.
func (a *assessor) analytics() []*attack.Object {
	os := slices.DeleteFunc(a.lib.OfKind(attack.KindAnalytic), func(o *attack.Object) bool { return !o.Live() })
	slices.SortFunc(os, compareObjects)
	return os
}

// subject gathers what the evidence says of an analytic and finds its rung.
func (a *assessor) subject(o *attack.Object, seen visibility.Statement) *subject {
	s := &subject{object: o}
	a.locate(s)
	s.Visibility = seen
	s.Claims = orEmpty(a.claims.ByAnalytic[o.ID])
	s.Compensated = []Compensation{}
	s.Knobs = a.tunings.of(o)
	s.Operation = a.recorded(s)
	a.judge(s)
	return s
}

// operate finds out which rules run, and takes those that do not for not enabled.
func (a *assessor) operate(asOf time.Time) {
	a.operations = Operations(&a.ev, a.policy, asOf)
	a.enabled, a.named = map[string]bool{}, map[string]string{}
	for i := range a.ev.Rules {
		r := &a.ev.Rules[i].Value
		a.enabled[r.ID], a.named[r.ID] = r.Enabled, r.Name
	}
	for _, claims := range a.claims.ByAnalytic {
		a.hold(claims)
	}
}

// judge finds the rung of s, whose place, visibility and claims are set.
func (a *assessor) judge(s *subject) {
	s.ExternalOnly = s.Visibility.State == visibility.External
	s.counting = nil
	for _, c := range s.Claims {
		if c.Enabled && c.Counts {
			s.counting = append(s.counting, c)
		}
	}
	s.Misfits = misfitsOf(s.Claims)
	s.Claimed = len(s.counting) > 0
	s.working, s.Impaired = a.working(s.counting)
	s.Revisions = a.revisionsOf(s.counting)
	s.Exceptions, s.Fields = a.exceptions(s), a.neededFields(s)
	s.Measurement, s.firing = a.alerts.pool(s.pooled())
	a.practise(s, nil)
	a.guide(s)
	s.Waivers = a.waivers(s)
	s.Bounds = a.bounds(s)
	s.Rung = s.rung()
}

// pooled are the claims whose rules are measured together.
func (s *subject) pooled() []claim.Claim {
	if s.unworkable() {
		return s.counting
	}
	return s.working
}

// practise takes over what exercises and incidents say of s; heard are the exercises that
// are judged already.
func (a *assessor) practise(s *subject, heard []tried) {
	s.trials = a.trialsOf(s, heard)
	s.Exercises = s.trials.Proof
	s.Exercises.Away = a.awayOf(s)
	s.reviews = a.reviewsOf(s)
	s.Incidents = s.reviews.Incidents
}

// guide takes over what its runbook says of s.
func (a *assessor) guide(s *subject) {
	s.duty = a.runbooks.of(s, a.policy.Readiness, a.today)
	s.duty.Used, s.duty.LastUsed = a.used(s.duty.ID)
	s.Runbook = s.duty.Duty
}

// locate sets where the analytic stands in ATT&CK.
func (a *assessor) locate(s *subject) {
	s.Analytic = nameOf(s.object)
	s.Platforms = orEmpty(s.object.Platforms)
	strategies := a.lib.StrategiesOf(s.object.ID)
	techniques := a.lib.TechniquesOf(s.object.ID)
	var tactics, parents []*attack.Object
	for _, t := range techniques {
		for _, p := range a.lib.Targets(t.ID, attack.SubtechniqueOf) {
			if p.Live() && !slices.Contains(parents, p) && !slices.Contains(techniques, p) {
				parents = append(parents, p)
			}
		}
		for _, tac := range a.lib.TacticsOf(t.ID) {
			if !slices.Contains(tactics, tac) {
				tactics = append(tactics, tac)
			}
		}
	}
	slices.SortFunc(strategies, compareObjects)
	slices.SortFunc(techniques, compareObjects)
	slices.SortFunc(parents, compareObjects)
	slices.SortFunc(tactics, func(x, y *attack.Object) int { return a.rank[x.ID] - a.rank[y.ID] })
	s.Strategies, s.Techniques, s.Parents, s.Tactics = namesOf(strategies), namesOf(techniques), namesOf(parents), namesOf(tactics)
}

// alertIndex holds what is known of the alerts of the window by set of rules, which many
// analytics share, and the measurement of each set.
type alertIndex struct {
	days   int
	lately measure.Lately
	policy measure.Policy
	rules  map[string]AlertRule
	sums   map[string]*alert.Sums // by key of a set
	// replaced are the rules whose place each rule took, and that no longer run.
	replaced map[string][]string
	// tallies are those of rules in sets of which no sums are known.
	tallies map[string][]alert.Tally
	single  map[string]measure.Statement
	pooled  map[string]measure.Statement
}

func indexAlerts(ev Evidence, w visibility.Window, p measure.Policy) alertIndex {
	x := alertIndex{
		days:   w.From.Until(w.To) + 1,
		policy: p,
		rules:  map[string]AlertRule{},
		sums:   map[string]*alert.Sums{},
		single: map[string]measure.Statement{},
		pooled: map[string]measure.Statement{},
	}
	for _, r := range ev.AlertRules {
		x.rules[r.ID] = r
	}
	return x
}

// setKey names a set of rules, which are in order.
func setKey(rules []string) string { return strings.Join(rules, "\x1f") }

// of returns the sums of a set of rules, which are in order. Of one that no sums are known
// of they are made of the tallies of its rules.
func (x *alertIndex) of(rules []string) *alert.Sums {
	key := setKey(rules)
	if s := x.sums[key]; s != nil {
		return s
	}
	s := sumsOf(x.tallies, rules, &x.policy)
	x.sums[key] = &s
	return &s
}

// sumsOf makes the sums of a set of rules of their tallies.
func sumsOf(tallies map[string][]alert.Tally, rules []string, p *measure.Policy) alert.Sums {
	return alert.SumsOf(p.Counting(), func(yield func(alert.Tally) bool) {
		for _, r := range rules {
			for _, t := range tallies[r] {
				if !yield(t) {
					return
				}
			}
		}
	})
}

// raised reports whether a rule raised alerts in the window.
func (x *alertIndex) raised(rule string) bool {
	_, known := x.rules[rule]
	return known && x.of([]string{rule}).Alerts > 0
}

// any reports whether any set has alerts in the window.
func (x *alertIndex) any() bool {
	for _, s := range x.sums {
		if s.Alerts > 0 {
			return true
		}
	}
	return false
}

// pool returns the measurement of the alerts of the claiming rules together, and
// which of the rules raised any. It is nil when no rule claims.
func (x *alertIndex) pool(claims []claim.Claim) (*measure.Statement, []string) {
	if len(claims) == 0 {
		return nil, nil
	}
	firing := slices.DeleteFunc(x.inheriting(ruleIDs(claims)), func(id string) bool { return !x.raised(id) })
	key := setKey(firing)
	st, ok := x.pooled[key]
	if !ok {
		st = x.lately.Of(listed(firing, 3), x.of(firing), x.days, x.policy)
		x.pooled[key] = st
	}
	return &st, firing
}

// rule returns the measurement of one rule by itself.
func (x *alertIndex) rule(id string) measure.Statement {
	st, ok := x.single[id]
	if !ok {
		st = x.lately.Of(id, x.of([]string{id}), x.days, x.policy)
		x.single[id] = st
	}
	return st
}

// batches returns references to the batches that brought the rules' alerts.
func (x *alertIndex) batches(rules []string) []evidence.Ref {
	var ids []string
	for _, r := range rules {
		ids = append(ids, x.rules[r].Batches...)
	}
	slices.Sort(ids)
	return evidence.Batches(ids...)
}
