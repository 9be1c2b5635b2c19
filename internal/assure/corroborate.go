package assure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/figure"
)

// Basis is what the result of an exercise rests on.
type Basis string

// The bases.
const (
	// Corroborated: a claiming rule raised an alert then, and hardly by coincidence.
	Corroborated Basis = "corroborated"
	// ByStatement: somebody says so, and the alerts neither bear it out nor contradict it.
	ByStatement Basis = "statement"
	// Contradicting: it was stated to have alerted, alerts of that time are known, and no
	// claiming rule raised one.
	Contradicting Basis = "contradicted"
	// Silent: it ran, alerts of that time are known, and no claiming rule raised one.
	Silent Basis = "silent"
	// OtherRule and UnknownRule: the rule that is said to have alerted claims nothing here,
	// or is not known at all, and no claiming rule is known to have.
	OtherRule   Basis = "other_rule"
	UnknownRule Basis = "unknown_rule"
	// Unheard: it ran, and whether a claiming rule raised an alert is not known.
	Unheard Basis = "unheard"
	// Coincidence: it ran, and the alerts of that time may well be coincidence.
	Coincidence Basis = "coincidence"
)

// Bases lists every basis of an exercise's result.
func Bases() []Basis {
	return []Basis{Corroborated, ByStatement, Contradicting, Silent, OtherRule, UnknownRule, Unheard, Coincidence}
}

// Trial is an exercise as it is judged for one analytic: what was stated, held against
// the alerts of its time.
type Trial struct {
	// ID is the exercise's; see exercise.Exercise.ID.
	ID string `json:"id"`
	exercise.Exercise
	// Result is "passed", "failed" or "inconclusive", and Basis what that rests on.
	Result string `json:"result"`
	Basis  Basis  `json:"basis"`
	// Why says it in a sentence.
	Why string `json:"why"`
	// From and To bound the time in which alerts were looked for.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Fired are the claiming rules that raised alerts then, on its host and site where it
	// names them, the first first; Others are other rules that did, where it names its host
	// or the rule.
	Fired []Firing `json:"fired"`
	// Refuted is how many alerts of claiming rules then are labelled false, which bear
	// nothing out; they are not among those that fired.
	Refuted int64 `json:"labelled_false"`
	// Next is the exercise at that place whose time ends To, because a rule claims what both
	// produced; empty without one. Beside is how many such others of another behaviour took
	// place at its time, of which each has as good a right to an alert.
	Next   string   `json:"next_exercise,omitempty"`
	Beside int      `json:"exercises_beside"`
	Others []Firing `json:"others"`
	// Known says why it is known what was raised then; empty where it is not.
	Known string `json:"known,omitempty"`
	// Background is how many alerts the claiming rules raised there apart from that time, in
	// Days; Chance is the probability of one within that time by coincidence, nil where no
	// claiming rule raised any.
	Background int64    `json:"background_alerts"`
	Days       float64  `json:"background_days"`
	Chance     *float64 `json:"chance_of_coincidence"`
	Batch      string   `json:"batch"`
}

// Firing is what one rule raised around a time.
type Firing struct {
	RuleID   string    `json:"rule_id"`
	RuleName string    `json:"rule_name,omitempty"`
	Alerts   int64     `json:"alerts"`
	First    time.Time `json:"first"`
	// AlertID, Site and Entity, the primary one, are of the first.
	AlertID string `json:"alert_id"`
	Site    string `json:"site,omitempty"`
	Entity  string `json:"entity,omitempty"`
}

// tried is an exercise with what it comes to for one analytic.
type tried struct {
	evidence.Of[exercise.Exercise]
	Trial
	result int
	// unknown says why it is not known what was raised then, where it is not.
	unknown string
}

// results are the words for failed, inconclusive and passed.
func results() []string { return []string{"failed", "inconclusive", "passed"} }

// try judges one exercise for s.
func (a *assessor) hear(s *subject, e numbered) tried {
	v := &e.Value
	b := a.bouts.of[e.id]
	q := b.around(v.Time, a.policy, a.today)
	q.Sites, q.Entities, q.Hosts = named(v.Site), named(v.Host), v.Host != ""
	t := tried{Of: e.Of, Trial: Trial{ID: e.id, Exercise: *v, From: q.From, To: q.To, Fired: []Firing{}, Others: []Firing{}, Beside: b.beside, Batch: e.Batch}}
	if q.To.Equal(b.until) {
		t.Next = b.next
	}
	rules := ruleIDs(s.counting)
	sightings := a.around.Seen[ofExercise(e.id)]
	for _, at := range sightings {
		claims := slices.Contains(rules, at.RuleID)
		if claims {
			t.Refuted += at.Refuted
		}
		switch f := a.firing(&at.Near); {
		case at.N == 0:
		case claims:
			t.Fired = append(t.Fired, f)
		case v.Host != "" || at.RuleID == v.RuleID:
			t.Others = append(t.Others, f)
		}
	}
	for _, fs := range [][]Firing{t.Fired, t.Others} {
		slices.SortStableFunc(fs, func(x, y Firing) int { return x.First.Compare(y.First) })
	}
	t.Known, t.unknown = a.knownThen(s, rules, v, q), notKnown
	if whole := around(v.Time, a.policy, a.today); t.Next != "" && a.around.raised(rules, v.Site, q.To, whole.To) {
		t.Known, t.unknown = "", "alerts that claiming rules raised after that may be its own or those of the other"
	}
	if len(t.Fired) > 0 {
		by := a.around.background(rules, q, sightings, a.policy, a.today)
		t.Background, t.Days = by.alerts, by.days
		t.Chance = new(by.chance(q.To.Sub(q.From).Hours()))
	}
	t.judge(a, rules)
	t.Result = results()[t.result]
	t.Why = t.why(a)
	return t
}

func (a *assessor) firing(n *alert.Near) Firing {
	return Firing{RuleID: n.RuleID, RuleName: a.nameOfRule(n.RuleID), Alerts: n.N, First: n.First, AlertID: n.ID, Site: n.Site, Entity: n.Entity}
}

// knownThen says why it is known what the rules raised at a time: a run of one spans it,
// or alerts of the same source and site lie on both sides. Empty says that it is not.
func (a *assessor) knownThen(s *subject, rules []string, e *exercise.Exercise, q alert.Around) string {
	for i := range a.ev.Runs {
		r := &a.ev.Runs[i].Value
		if r.Status.Searched() && !r.Start.After(e.Time) && !r.End.Before(e.Time) && slices.Contains(rules, r.RuleID) &&
			(r.Site == "" || e.Site == "" || r.Site == e.Site) && r.End.Before(endOf(a.today)) {
			return fmt.Sprintf("a recorded run of rule %s spans it", a.nameOfRule(r.RuleID))
		}
	}
	if of := a.around.origins(rules, e.Site); a.around.heard(of, q, a.today) {
		return "alerts of the same source and site lie within 7 days on both sides"
	}
	return ""
}

// borne reports whether alerts bear the exercise out.
func (t *tried) borne(p Readiness) bool {
	return t.Chance != nil && *t.Chance <= p.MaxChance && !t.shared()
}

// shared reports whether there are fewer alerts than exercises that may have raised them.
func (t *tried) shared() bool {
	var n int64
	for i := range t.Fired {
		n += t.Fired[i].Alerts
	}
	return n > 0 && n <= int64(t.Beside)
}

// judge finds the result and its basis.
func (t *tried) judge(a *assessor, rules []string) {
	p, e := a.policy.Readiness, &t.Of.Value
	t.Basis, t.result = ByStatement, resultOf(*e, p)
	switch {
	case t.Of.Batch == supposedID:
		t.Basis = Corroborated
	case e.Outcome == exercise.Ran:
		t.ran(p)
	case t.result == passed:
		t.passed(a, rules)
	}
}

// ran judges one of which nobody says what came of it.
func (t *tried) ran(p Readiness) {
	switch t.result = inconclusive; {
	case t.borne(p):
		t.Basis, t.result = Corroborated, passed
	case len(t.Fired) > 0:
		t.Basis = Coincidence
	case t.Known != "":
		t.Basis, t.result = Silent, failed
	default:
		t.Basis = Unheard
	}
}

// passed judges one that is stated to have passed.
func (t *tried) passed(a *assessor, rules []string) {
	e := &t.Of.Value
	_, alerted := a.alerts.rules[e.RuleID]
	_, isRule := a.enabled[e.RuleID]
	switch {
	case t.borne(a.policy.Readiness):
		t.Basis = Corroborated
	case e.RuleID != "" && !slices.Contains(rules, e.RuleID) && len(t.Fired) == 0:
		t.Basis, t.result = OtherRule, inconclusive
		if !alerted && !isRule {
			t.Basis = UnknownRule
		}
	case len(t.Fired) == 0 && t.Known != "" && e.Outcome == exercise.Alerted:
		t.Basis, t.result = Contradicting, failed
	}
}

// why says in a sentence what the result rests on.
func (t *tried) why(a *assessor) string {
	e := &t.Of.Value
	where := "anywhere"
	if e.Host != "" || e.Site != "" {
		where = "on " + strings.Join(slices.DeleteFunc([]string{e.Host, e.Site}, func(s string) bool { return s == "" }), " at ")
	}
	within := fmt.Sprintf("from %s to %s", t.From.UTC().Format(minute), t.To.UTC().Format(minute))
	if t.Next != "" {
		within += fmt.Sprintf(" (when exercise %q began there, whose behaviour a claiming rule claims too)", t.Next)
	}
	none := fmt.Sprintf("no claiming rule is known to have raised an alert %s %s", where, within)
	if t.Refuted > 0 {
		none = fmt.Sprintf("%s that claiming rules raised %s %s %s labelled false", count(t.Refuted, "alert"), where, within, isAre(t.Refuted))
	}
	asks := fmt.Sprintf(", and policy asks for at most %s: ", figure.Percent(a.policy.Readiness.MaxChance))
	if t.shared() {
		asks = fmt.Sprintf("; but %s of other behaviour that they claim took place there within 5 minutes, and each alert bears out one at most: ", count(int64(t.Beside), "exercise"))
	}
	switch t.Basis {
	case Corroborated:
		if len(t.Fired) == 0 {
			return "It is supposed to have alerted."
		}
		return t.fired() + " " + t.chanceText() + "."
	case Coincidence:
		return t.fired() + " " + t.chanceText() + asks + "whether the exercise raised them is not known."
	case Contradicting, Silent:
		if t.Refuted == 0 {
			none = fmt.Sprintf("no claiming rule raised an alert %s %s", where, within)
		}
		return fmt.Sprintf("%s, and what was raised then is known: %s.", upperFirst(none), t.Known) + t.others()
	case OtherRule:
		return fmt.Sprintf("Rule %s is said to have alerted, and does not claim it in a way that counts; %s.", a.nameOfRule(e.RuleID), none) + t.others()
	case UnknownRule:
		return fmt.Sprintf("Rule %s is said to have alerted, and no rule and no alert here is of that name; %s.", e.RuleID, none)
	case Unheard:
		return fmt.Sprintf("%s, and whether one did is not known: %s.", upperFirst(none), t.unknown) + t.others()
	}
	if e.Outcome != exercise.Alerted {
		return fmt.Sprintf("It is stated that the outcome was %s.", e.Outcome) + t.others()
	}
	if len(t.Fired) > 0 {
		return t.fired() + " " + t.chanceText() + asks + "that the exercise raised them rests on a statement alone."
	}
	return fmt.Sprintf("That it alerted rests on a statement alone: %s, and %s.", none, t.unknown) + t.others()
}

const notKnown = "no recorded run spans it and no alerts of their source and site lie within 7 days on both sides"

// minute is how moments are written to the minute.
const minute = "2006-01-02 15:04"

// fired says which claiming rule raised the first alert, where and when.
func (t *tried) fired() string {
	f := &t.Fired[0]
	on := ""
	switch host := t.Exercise.Host; {
	case host != "" && alert.FoldEntity(host) != alert.FoldEntity(f.Entity): // which it is about besides
		on = " on " + host + ", primarily about " + f.Entity
	case f.Entity != "":
		on = " on " + f.Entity
	}
	if f.Site != "" {
		on += " at " + f.Site
	}
	rest := ""
	if n := len(t.Fired) - 1; n > 0 {
		rest = fmt.Sprintf(", and %s did besides", count(int64(n), "other claiming rule"))
	}
	return fmt.Sprintf("Rule %s raised %s%s, the first at %s%s.", f.RuleName, count(f.Alerts, "alert"), on, f.First.UTC().Format(minute), rest)
}

// chanceText says how likely such an alert is by coincidence, without an end.
func (t *tried) chanceText() string {
	if t.Days <= 0 {
		return "How often they do so by themselves is not known, since no other day is"
	}
	return figure.Sprintf("By themselves they raised %s there on %d other days, so that one would fall within %s by coincidence with a chance of %s",
		count(t.Background, "alert"), int64(t.Days), hoursText(t.To.Sub(t.From)), figure.Percent(*t.Chance))
}

func hoursText(d time.Duration) string { return figure.Sprintf("%.1f hours", d.Hours()) }

// others names other rules that raised alerts then.
func (t *tried) others() string {
	if len(t.Others) == 0 {
		return ""
	}
	var names []string
	for i := range t.Others {
		names = append(names, t.Others[i].RuleName)
	}
	return fmt.Sprintf(" Others did: %s.", listed(names, 3))
}

// alone says that one alert is all that bears the exercise out, and nothing else is known
// of its rules there; empty where there is more.
func (t *tried) alone() string {
	if t.Basis != Corroborated || len(t.Fired) != 1 || t.Fired[0].Alerts > 1 || t.Background > 0 {
		return ""
	}
	f, e := &t.Fired[0], &t.Of.Value
	where := "anywhere"
	if e.Host != "" || e.Site != "" {
		where = "there"
	}
	return fmt.Sprintf("Exercise %q of %s is borne out by one alert, %s of rule %s, the only one that claiming rules are known to have raised %s: nothing tells it from one that was brought in to bear the exercise out.",
		e.Test, e.Time.UTC().Format("2006-01-02"), f.AlertID, f.RuleName, where)
}

// bornOut reports whether alerts bear out a pass in date that is newer than the newest
// failure.
func (t *trials) bornOut(p Readiness, today day.Date) bool {
	for i := range t.all { // newest first; of one time, failures first
		switch e := &t.all[i]; {
		case e.result == failed:
			return false
		case e.result == passed && e.Basis == Corroborated && day.Of(e.Of.Value.Time).Until(today) <= p.MaxExerciseAgeDays:
			return true
		}
	}
	return false
}

// byStatement is the reason for which s is at most proven: that it works rests on what
// somebody states of an exercise.
func (s *subject) byStatement() []evidence.Reason {
	t := &s.trials
	if t.State != proofPassed || t.Corroborated || s.measuredWell() {
		return nil
	}
	return []evidence.Reason{{Code: "bounded_statement", Refs: append(evidence.Batches(t.newest.Of.Batch), policy("readiness.corroborate_hours", "readiness.max_chance")...),
		Text: "By statement only, which shows at most that it is proven: " + lower(t.newest.Why)}}
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// Words says the basis for people.
func (b Basis) Words() string {
	switch b {
	case Corroborated:
		return "corroborated"
	case ByStatement:
		return "by statement only"
	case Contradicting:
		return "contradicted by data"
	case Silent:
		return "no claiming rule fired"
	case OtherRule:
		return "by another rule"
	case UnknownRule:
		return "by a rule that nobody knows"
	case Unheard:
		return "what was raised is not known"
	}
	return "may be coincidence"
}
