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
	return GroundOf(lib, ev, p, asOf).Assess(ev, asOf)
}

// WindowOf returns the days that an assessment as of the day of asOf looks at:
// as many as the policy says, the last of them that day.
func WindowOf(p Policy, asOf time.Time) visibility.Window {
	today := day.Of(asOf)
	return visibility.Window{From: today.Add(1 - max(p.WindowDays, 1)), To: today}
}

// assessor holds what all verdicts of one assessment share.
type assessor struct {
	scope ScopeRef

	*Ground
	view      visibility.View
	claims    claim.Claims // as those of Ground, but for what runs say
	exercises exerciseIndex
	away      awayIndex
	incidents incidentIndex
	runbooks  runbookIndex
	alerts    alertIndex
	tunings   tuningIndex
	around    surroundings
	bouts     *bouts

	operations map[string]Operation // of the rules of which runs are recorded

	exempt   map[string][]Exempt     // the exceptions that had begun, by rule
	needs    map[string][]FieldNeed  // by rule
	impaired map[string][]Impairment // by rule

	revisions map[string]*Revision     // of the rules that were changed in the window
	retired   map[string]Former        // in the window, by rule
	former    map[string][]claim.Claim // theirs, by the STIX id of the analytic

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

func newAssessor(g *Ground, ev Evidence, asOf time.Time) *assessor {
	ev = InOrder(ev)
	a := &assessor{
		Ground: g,
		ev:     ev,
		scope:  scopeOf(&ev),
		view:   g.view.With(visibility.Telemetry{}),
		claims: g.claimed(),
	}
	lib, p, today := g.lib, g.policy, a.today
	a.silent = silent(visibility.Stopped(pulled(ev.Telemetry.Observations), p.Visibility, a.window))
	a.operate(asOf)
	a.exercises = indexExercises(lib, ev.Exercises, today)
	a.away = a.indexAway()
	a.bouts = new(bouts)
	if len(ev.Exercises) > 0 {
		a.bouts = boutsOf(lib, ev.Exercises, g.claiming, p)
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

// InOrder returns ev with what later steps name in order put in an order of its
// own, so that the same evidence gives the same words whatever order it came in. What is in
// order already is not copied.
func InOrder(ev Evidence) Evidence {
	t := &ev.Telemetry
	t.Scope, t.Sources = sorted(t.Scope, compareScopes), sorted(t.Sources, compareSources)
	t.Externals, t.Observations = sorted(t.Externals, compareExternals), sorted(t.Observations, compareObservations)
	for i := 1; i < len(ev.Rules); i++ {
		if compareRules(&ev.Rules[i-1], &ev.Rules[i]) > 0 {
			ev.Rules = slices.SortedStableFunc(slices.Values(ev.Rules), func(a, b evidence.Of[detection.Rule]) int { return compareRules(&a, &b) })
			break
		}
	}
	ev.Cases = sorted(ev.Cases, compareCases)
	ev.AlertRules = sorted(ev.AlertRules, func(a, b AlertRule) int { return strings.Compare(a.ID, b.ID) })
	return ev
}

// sorted returns a list in order: itself where it is, else a copy.
func sorted[T any](list []T, compare func(a, b T) int) []T {
	if slices.IsSortedFunc(list, compare) {
		return list
	}
	list = slices.Clone(list)
	slices.SortFunc(list, compare)
	return list
}

// first is the first pass: every analytic on its rung.
func (a *assessor) first() {
	a.subjects = make([]*subject, len(a.objects))
	a.each(func(own *assessor, i int) { a.subjects[i] = own.subject(i) })
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

// subject gathers what the evidence says of an analytic and finds its rung.
func (a *assessor) subject(i int) *subject {
	o := a.objects[i]
	s := &subject{Verdict: a.places[i], object: o}
	s.Visibility = a.seen[i]
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
	for _, claims := range a.claims.ByAnalytic {
		a.hold(claims)
	}
}

// judge finds the rung of s, whose place, visibility and claims are set.
func (a *assessor) judge(s *subject) {
	s.ExternalOnly = s.Visibility.State == visibility.External
	s.counting = nil
	for i := range s.Claims {
		if c := &s.Claims[i]; c.Enabled && c.Counts {
			s.counting = append(s.counting, *c)
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
