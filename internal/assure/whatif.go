package assure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/measure"
	"candor/internal/runbook"
	"candor/internal/visibility"
)

// Supposition is evidence that does not exist, to see what it would change.
type Supposition struct {
	Telemetry visibility.Telemetry
	// Rules stand in the place of those with the same ids, or are new.
	Rules     claim.Rules
	Exercises []evidence.Of[exercise.Exercise]
	Runbooks  []evidence.Of[runbook.Runbook]
	// Labels is how many more of a rule's alerts are labelled, at the current
	// estimate.
	Labels map[string]int64
}

// With returns the evidence as it would be if the supposition held. The measure
// policy says whose labels count.
func (ev Evidence) With(s Supposition, p measure.Policy) Evidence {
	t := &ev.Telemetry
	t.Sources = slices.Concat(t.Sources, s.Telemetry.Sources)
	t.Observations = slices.Concat(t.Observations, s.Telemetry.Observations)
	t.Externals = slices.Concat(t.Externals, s.Telemetry.Externals)
	t.Hearings = slices.Concat(t.Hearings, s.Telemetry.Hearings)
	ev.Rules = slices.DeleteFunc(slices.Clone(ev.Rules), func(r evidence.Of[detection.Rule]) bool {
		return slices.ContainsFunc(s.Rules, func(o evidence.Of[detection.Rule]) bool { return o.Value.ID == r.Value.ID })
	})
	ev.Rules = append(ev.Rules, s.Rules...)
	ev.Exercises = slices.Concat(ev.Exercises, s.Exercises)
	ev.Runbooks = slices.Concat(ev.Runbooks, s.Runbooks)
	for rule, more := range s.Labels {
		var of, others []alert.Tally
		for _, tally := range ev.Tallies {
			if tally.RuleID == rule {
				of = append(of, tally)
			} else {
				others = append(others, tally)
			}
		}
		ev.Tallies = append(others, measure.Labelled(of, more, p)...)
	}
	return ev
}

// Move is an analytic that would leave its rung.
type Move struct {
	Analytic Name `json:"analytic"`
	From     Rung `json:"from"`
	To       Rung `json:"to"`
}

// Prospect is something to do, with what judging again says it would change.
type Prospect struct {
	// Action is one of Step's, or "exercise_and_runbook". Targets are what to do
	// it to, and Acts how many things that is to do.
	Action  string   `json:"action"`
	Targets []string `json:"targets"`
	Text    string   `json:"text"`
	Acts    int      `json:"acts"`
	// Cost is what it costs by policy, in the policy's own unit; nil when the cost
	// of something in it is not stated.
	Cost *float64 `json:"cost"`
	// Assured is how many more analytics would be reliable, Lifted how many would
	// get past the question that they are stopped at, and Fell how many would be
	// stopped earlier, as where what is now unknown would prove noisy.
	Assured int    `json:"assured"`
	Lifted  int    `json:"lifted"`
	Fell    int    `json:"fell"`
	Moves   []Move `json:"moves"`
	// Or are other log sources, or sets of them, any of which would change the same.
	Or []string `json:"or,omitempty"`
	// Named are the analytics that name it as a next step, where what it would change
	// cannot be supposed.
	Named []Name `json:"named"`
	// Measured is how many of the analytics that it lifts have a claiming rule with
	// labelled alerts, Groups how many live groups use their techniques, and Evidence
	// the day of the newest evidence on any of them; empty without any.
	Measured int      `json:"measured"`
	Groups   int      `json:"groups"`
	Evidence day.Date `json:"evidence,omitempty"`
	// Supposed is the evidence that was supposed.
	Supposed Supposition `json:"-"`
	// Does is how many times each action is done, which is what Cost is summed over.
	Does map[string]int64 `json:"does"`
}

// Prospects returns what would change which verdicts, found by judging again with
// evidence supposed: log sources that arrive, external sources, rules that are
// enabled, exercises that pass, runbooks that are written or reviewed, alerts that
// are labelled as the labelled ones are. What makes the most analytics reliable
// for each thing to do comes first, then what lifts the most. Where policy states
// costs, what lifts the most for what it costs comes first, and what has no cost
// last. Of those that gain the same, what is about measured rules comes first, then
// what more groups use, then what rests on the oldest evidence. What lifts none is left
// out. Only the analytics that a supposition can reach are judged again.
func Prospects(lib *attack.Library, ev Evidence, p Policy, asOf time.Time) []Prospect {
	return newWhatIf(GroundOf(lib, ev, p, asOf).told(ev, asOf).a).prospects()
}

// prospects tries every candidate, as Prospects says.
func (w *whatIf) prospects() []Prospect {
	candidates := w.candidates()
	tried := make([]Prospect, len(candidates))
	onCores(len(candidates), func() func(int) {
		own := *w
		own.assessor, own.usedBy = w.apart(), maps.Clone(w.usedBy)
		return func(i int) { tried[i] = own.try(candidates[i]) }
	})
	var all []Prospect
	for _, p := range tried {
		if p.Lifted > p.Fell {
			p.Cost = w.policy.Costs.price(p.Does)
			all = append(all, p)
		}
	}
	return ordered(all)
}

// ordered leaves out what is idle beside others, and puts the rest in order.
func ordered(all []Prospect) []Prospect {
	all = withoutIdleSets(all)
	slices.SortFunc(all, compareProspects)
	return withoutRivals(all)
}

// withoutRivals keeps, of log sources any of which lifts the same analytics, the first,
// and names the others with it.
func withoutRivals(all []Prospect) []Prospect {
	at := map[string]int{}
	var kept []Prospect
	for _, p := range all {
		if p.Action != actCollect && p.Action != actVerifyFeed {
			kept = append(kept, p)
			continue
		}
		key := p.changes()
		if i, ok := at[key]; ok {
			kept[i].Or = append(kept[i].Or, append([]string{strings.Join(p.Targets, " and ")}, p.Or...)...)
			continue
		}
		at[key] = len(kept)
		kept = append(kept, p)
	}
	return kept
}

// changes names what a prospect does, and how much of it, with what that would change.
func (p *Prospect) changes() string {
	var b strings.Builder
	fmt.Fprint(&b, p.Action, p.Acts)
	for i := range p.Moves {
		m := &p.Moves[i]
		for _, part := range []string{m.Analytic.StixID, m.Analytic.ATTACKID, m.Analytic.Name, string(m.From), string(m.To)} {
			b.WriteString("\x1f")
			b.WriteString(part)
		}
	}
	return b.String()
}

// compareProspects orders by how many analytics are lifted for what it costs or,
// where neither has a cost, by how many become reliable for each thing to do, and equals
// by what is measured, how many groups use it, and the age of the evidence.
func compareProspects(a, b Prospect) int {
	if (a.Cost == nil) != (b.Cost == nil) {
		if a.Cost != nil {
			return -1
		}
		return 1
	}
	x, y := a.effort(), b.effort()
	assured := cmp.Compare(float64(b.Assured)*x, float64(a.Assured)*y)
	lifted := cmp.Compare(float64(b.Lifted-b.Fell)*x, float64(a.Lifted-a.Fell)*y)
	if a.Cost != nil {
		assured, lifted = lifted, assured
	}
	return cmp.Or(assured, lifted, len(b.Named)-len(a.Named), b.Measured-a.Measured, b.Groups-a.Groups, compareAge(a.Evidence, b.Evidence), cmp.Compare(x, y),
		strings.Compare(a.Action, b.Action), slices.CompareFunc(a.Targets, b.Targets, compareIDs), strings.Compare(a.Text, b.Text))
}

// compareAge puts the oldest evidence first, and what has none last.
func compareAge(a, b day.Date) int {
	if (a == "") != (b == "") {
		return strings.Compare(string(b), string(a))
	}
	return strings.Compare(string(a), string(b))
}

// effort is what is gained is held against.
func (p *Prospect) effort() float64 {
	if p.Cost != nil {
		return *p.Cost
	}
	return float64(p.Acts)
}

// withoutIdleSets leaves out the sets of log sources that lift no more together
// than each by itself.
func withoutIdleSets(all []Prospect) []Prospect {
	alone := map[string]int{}
	for _, p := range all {
		if p.Acts == 1 && (p.Action == actCollect || p.Action == actVerifyFeed) {
			alone[p.Targets[0]] = p.Lifted
		}
	}
	return slices.DeleteFunc(all, func(p Prospect) bool {
		sum := 0
		for _, t := range p.Targets {
			sum += alone[t]
		}
		return p.Acts > 1 && (p.Action == actCollect || p.Action == actVerifyFeed) && p.Lifted <= sum
	})
}

// candidate is a supposition with whom it can reach.
type candidate struct {
	Prospect
	on    string // the platform that an exercise is of
	reach []*subject
}

// whatIf judges again. It indexes the subjects by what suppositions are about.
type whatIf struct {
	*assessor
	byTechnique map[string][]*subject // by ATT&CK ID
	byAnalytic  map[string][]*subject // by ATT&CK ID
	byRule      map[string][]*subject // by id of a rule that claims it, in whatever way
	unmet       map[*subject][][]channel
	byNeed      map[string][]*subject // by folded name of an unmet log source
	hosts       map[channel]int       // the most hosts that should send it
	// elsewhere holds the folded names of log sources that an analytic needs and no
	// platform of its can write.
	elsewhere map[string]bool
	usedBy    map[string][]*attack.Object // by STIX id of a technique, the live groups
}

func newWhatIf(a *assessor) *whatIf {
	w := &whatIf{assessor: a, byTechnique: map[string][]*subject{}, byAnalytic: map[string][]*subject{},
		byRule: map[string][]*subject{}, unmet: map[*subject][][]channel{}, byNeed: map[string][]*subject{}, hosts: map[channel]int{},
		elsewhere: map[string]bool{}, usedBy: map[string][]*attack.Object{}}
	for _, s := range a.subjects {
		for _, t := range s.Techniques {
			w.byTechnique[t.ATTACKID] = append(w.byTechnique[t.ATTACKID], s)
		}
		w.byAnalytic[s.Analytic.ATTACKID] = append(w.byAnalytic[s.Analytic.ATTACKID], s)
		for _, c := range s.Claims {
			w.byRule[c.RuleID] = append(w.byRule[c.RuleID], s)
		}
		if s.Rung == Blind || s.Rung == RuleOnly {
			w.indexNeeds(s)
		}
	}
	return w
}

// channel is a channel of a log source, in folded words.
type channel struct{ name, channel string }

func channelOf(n visibility.Need) channel {
	return channel{attack.Fold(n.Name), attack.Fold(n.Channel)}
}

// answers reports whether what arrives on c may be what is needed on n: package
// visibility decides, and lets an empty channel and ATT&CK's "None" be any.
func (c channel) answers(n channel) bool {
	return c.name == n.name && (c.channel == n.channel || c.channel == "" || n.channel == "" || n.channel == "none")
}

// indexNeeds notes the log sources that keep s from being seen, by the groups
// that must each be met.
func (w *whatIf) indexNeeds(s *subject) {
	unmet, _ := unmetNeeds(s.Visibility.Needs, w.policy.Visibility.JointNeed)
	groups := map[string][]channel{}
	for _, n := range unmet {
		g, c := needGroup(n, w.policy.Visibility.JointNeed), channelOf(n)
		if _, ok := groups[g]; !ok {
			groups[g] = nil
		}
		if s.elsewhere(&n) != "" {
			w.elsewhere[c.name] = true
			continue // and a group of such alone is answered by nothing
		}
		groups[g] = append(groups[g], c)
		w.hosts[c] = max(w.hosts[c], n.HostsOf)
		if !slices.Contains(w.byNeed[c.name], s) {
			w.byNeed[c.name] = append(w.byNeed[c.name], s)
		}
	}
	w.unmet[s] = slices.Collect(maps.Values(groups))
}

// needing returns the subjects of whose unmet groups each has a log source that
// one of those given answers: no others can come to be seen through them.
func (w *whatIf) needing(arriving []channel) []*subject {
	answered := func(n channel) bool {
		return slices.ContainsFunc(arriving, func(c channel) bool { return c.answers(n) })
	}
	var reach []*subject
	for _, s := range w.byNeed[arriving[0].name] {
		open := slices.ContainsFunc(w.unmet[s], func(g []channel) bool { return !slices.ContainsFunc(g, answered) })
		if !open {
			reach = append(reach, s)
		}
	}
	return reach
}

// try judges again whom the candidate can reach.
func (w *whatIf) try(c candidate) Prospect {
	b, claims := w.suppose(&c.Supposed)
	p := c.Prospect
	p.Moves, p.Named = []Move{}, []Name{}
	var lifted []*subject
	for _, s := range w.reached(&c, b, claims) {
		again := *s
		if len(c.Supposed.Telemetry.Observations)+len(c.Supposed.Telemetry.Externals) > 0 {
			again.Visibility = b.view.Of(s.object)
		}
		if len(c.Supposed.Rules) > 0 {
			again.Claims = replaceClaims(s.Claims, claims.ByAnalytic[s.object.ID], c.Supposed.Rules)
		}
		b.again(&again, &c.Supposed)
		if again.Rung != s.Rung {
			p.add(Move{Analytic: s.Analytic, From: s.Rung, To: again.Rung})
			if question(again.Rung) > question(s.Rung) {
				lifted = append(lifted, s)
			}
		}
	}
	p.weigh(w, lifted)
	return p
}

// reached returns whom a supposition can reach: a rule that claims what two exercises at one
// time and place were of, too, leaves each of them less sure of an alert, and whoever rests
// on them.
func (w *whatIf) reached(c *candidate, b *assessor, claims claim.Claims) []*subject {
	if len(c.Supposed.Rules) == 0 || len(w.bouts.rivals) == 0 {
		return c.reach
	}
	var other map[string]bool
	if b.bouts, other = w.bouts.with(claimingRules(w.lib, claims)); len(other) == 0 {
		return c.reach
	}
	reach := slices.Clone(c.reach)
	for _, s := range w.subjects {
		if slices.ContainsFunc(s.trials.all, func(t tried) bool { return other[t.ID] }) && !slices.Contains(reach, s) {
			reach = append(reach, s)
		}
	}
	return reach
}

// again finds the rung of a subject that has been judged, under a supposition: what that does
// not reach stays as it was found, and what would bound it is asked only where nothing else
// keeps it from being reliable.
func (a *assessor) again(s *subject, of *Supposition) {
	if len(of.Rules) > 0 { // which everything rests on
		a.judge(s)
		return
	}
	s.ExternalOnly = s.Visibility.State == visibility.External
	if len(of.Labels) > 0 {
		s.Measurement, s.firing = a.alerts.pool(s.pooled())
	}
	if len(of.Exercises) > 0 {
		a.practise(s, s.trials.all)
	}
	if len(of.Runbooks) > 0 {
		a.guide(s)
	}
	s.Bounds = nil
	if s.Rung = s.rung(); s.Rung == Reliable {
		s.Bounds = a.bounds(s)
		s.Rung = s.rung()
	}
}

func (p *Prospect) add(m Move) {
	p.Moves = append(p.Moves, m)
	if m.To == Reliable {
		p.Assured++
	}
	switch from, to := question(m.From), question(m.To); {
	case to > from:
		p.Lifted++
	case to < from:
		p.Fell++
	}
}

// question is the number of the question of doc/verdict.md that an analytic on a
// rung is stopped at. That a rule claims what cannot be seen gets it no further.
func question(r Rung) int {
	switch r {
	case NotApplicable, Outside:
		return 1
	case Blind, RuleOnly:
		return 2
	case Observable:
		return 3
	case Noisy:
		return 5
	case Contradicted:
		return 6
	case Unproven:
		return 7
	case Proven:
		return 8
	}
	return 9
}

// suppose returns an assessor that knows of the supposition too, and the claims
// of its rules.
func (w *whatIf) suppose(s *Supposition) (*assessor, claim.Claims) {
	b := *w.assessor
	if len(s.Telemetry.Observations)+len(s.Telemetry.Sources)+len(s.Telemetry.Externals) > 0 {
		b.view = b.view.With(s.Telemetry).States()
	}
	if len(s.Exercises) > 0 {
		b.exercises.byID = overlay(b.exercises.byID, indexExercises(b.lib, s.Exercises, b.today).byID)
	}
	if len(s.Runbooks) > 0 {
		b.runbooks.byID = overlay(b.runbooks.byID, indexRunbooks(b.lib, s.Runbooks, b.today).byID)
	}
	if len(s.Labels) > 0 {
		b.alerts = b.alerts.labelled(s.Labels, b.policy.Measure)
	}
	var claims claim.Claims
	if len(s.Rules) > 0 {
		claims = claim.Judge(b.lib, s.Rules, b.policy.Claim)
	}
	return &b, claims
}

func overlay[M ~map[string][]T, T any](base, more M) M {
	all := maps.Clone(base)
	for k, list := range more {
		all[k] = slices.Concat(base[k], list)
	}
	return all
}

// labelled returns an index in which more alerts of some rules are labelled.
func (x *alertIndex) labelled(more map[string]int64, p measure.Policy) alertIndex {
	y := *x
	y.sums, y.tallies = maps.Clone(x.sums), maps.Clone(x.tallies)
	y.single, y.pooled = map[string]measure.Statement{}, map[string]measure.Statement{}
	for rule, n := range more {
		y.tallies[rule] = measure.Labelled(x.tallies[rule], n, p)
		maps.DeleteFunc(y.sums, func(key string, _ *alert.Sums) bool { return slices.Contains(strings.Split(key, "\x1f"), rule) })
	}
	return y
}

// replaceClaims returns the claims on an analytic with those of the given rules
// replaced, in claim's order.
func replaceClaims(have, supposed []claim.Claim, rules claim.Rules) []claim.Claim {
	kept := slices.DeleteFunc(slices.Clone(have), func(c claim.Claim) bool {
		return slices.ContainsFunc(rules, func(r evidence.Of[detection.Rule]) bool { return r.Value.ID == c.RuleID })
	})
	return append(kept, supposed...)
}
