// Package gap holds the register of what cannot be seen or relied on: what verdicts say,
// and what somebody decided about it, with owner and expiry.
//
// A decision is a person's statement beside the verdicts: it moves none of them, and what
// is accepted or transferred is not covered. The package refuses a decision that nobody
// owns, and one that never ends. Its functions are pure: the day is passed in.
package gap

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/near"
)

// Decision is what was decided about a gap.
type Decision string

// The decisions.
const (
	Undecided  Decision = "undecided"
	Accept     Decision = "accept"     // live with it until a day
	Transfer   Decision = "transfer"   // someone else bears it until a day
	Compensate Decision = "compensate" // something named takes its place until a day
	Fix        Decision = "fix"        // it is to be done by a day
)

// Decisions lists the decisions in the order in which they are offered.
func Decisions() []Decision { return []Decision{Undecided, Accept, Transfer, Compensate, Fix} }

// MaxText is how many characters each of the texts of a gap has at most.
const MaxText = 2000

// SoonDays is how many days before its end a gap is called near it.
const SoonDays = 14

// Gap is what somebody stated of a limit of visibility or of what can be relied on. It is
// never changed; a later one of the same ID takes its place.
type Gap struct {
	// ID is that of the object that it is about, behind it the action where it is a next
	// step that somebody took on, as in "T1110/exercise"; else a name of its own.
	ID string `json:"id"`
	// Object is the analytic, strategy, technique or tactic that it is about; nil for what
	// no verdict is about.
	Object *assure.Name `json:"object,omitempty"`
	// Action is the next step that was taken on, as verdicts name it; empty for none. Target
	// is what it is to be done to, where it was taken on for every verdict that names it and
	// not for those on one object; ID is both then, as in "enable_rule:W-Acc-400".
	Action string `json:"action,omitempty"`
	Target string `json:"target,omitempty"`
	Title  string `json:"title"`
	Why    string `json:"why"`
	// Owner answers for it.
	Owner    string   `json:"owner"`
	Decision Decision `json:"decision"`
	// CompensatedBy names what takes its place.
	CompensatedBy string `json:"compensated_by,omitempty"`
	// Until is the last day on which the decision holds, or by which it is to be fixed.
	Until day.Date `json:"until,omitempty"`
	Note  string   `json:"note,omitempty"`
	// By says it, At; RecordedBy names the token through which it came, if through one.
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	RecordedBy string    `json:"recorded_by,omitempty"`
	// Closed says that it is none any more, for the reason in Note.
	Closed bool `json:"closed"`
}

// Change is what somebody wants to state of a gap; what is nil stays as it is.
type Change struct {
	ID                                               string
	Action, Target                                   string
	Title, Why, Owner, Decision, CompensatedBy, Note *string
	Until                                            *string
	Close                                            bool
	By, RecordedBy                                   string
	At                                               time.Time
}

// Key is the ID of the gap that a change is about.
func (c *Change) Key() string {
	id := strings.TrimSpace(c.ID)
	switch {
	case c.Target != "":
		return c.Action + ":" + c.Target
	case c.Action != "":
		return id + "/" + c.Action
	}
	return id
}

// Apply returns a gap with a change made to it, checked.
func (c *Change) Apply(g Gap) (Gap, error) {
	for _, f := range []struct {
		to   *string
		from *string
	}{{&g.Title, c.Title}, {&g.Why, c.Why}, {&g.Owner, c.Owner}, {&g.CompensatedBy, c.CompensatedBy}, {&g.Note, c.Note}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(*f.from)
		}
	}
	if c.Decision != nil {
		g.Decision = Decision(strings.ToLower(strings.TrimSpace(*c.Decision)))
	}
	if g.Decision == "" {
		g.Decision = Undecided
	}
	if c.Until != nil {
		d, err := day.Parse(strings.TrimSpace(*c.Until))
		if err != nil && *c.Until != "" {
			return g, fault.New(fault.Usage, "%q is no day", *c.Until).At("until").Next("write it as 2006-01-02")
		}
		g.Until = d
	}
	g.By, g.RecordedBy, g.At, g.Closed = strings.TrimSpace(c.By), c.RecordedBy, c.At.UTC(), c.Close
	return g, g.check(c)
}

// check is fault.Usage for a gap that cannot be meant.
func (g *Gap) check(c *Change) error {
	wrong := func(field, format string, args ...any) *fault.Error {
		return fault.New(fault.Usage, format, args...).At("%s", field)
	}
	for _, t := range []string{g.ID, g.Title, g.Why, g.Owner, g.CompensatedBy, g.Note, g.By} {
		if n := len([]rune(t)); n > MaxText {
			return wrong("", "a text has %d characters, and %d is the most", n, MaxText).Next("say it in fewer words")
		}
	}
	switch {
	case !slices.Contains(Decisions(), g.Decision):
		return wrong("decision", "there is no decision %q", g.Decision).Next("%s", near.Hint(string(g.Decision), words(), ""))
	case g.By == "":
		return wrong("by", "it is not said who says so").Next("say who")
	case g.Closed && (c.Note == nil || g.Note == ""):
		return wrong("note", "it is not said why the gap is closed").Next("say why, as the note")
	case g.Closed:
		return nil
	case g.Title == "":
		return wrong("title", "the gap has no title").Next("name an object of ATT&CK, or give the gap a title")
	case g.Why == "":
		return wrong("why", "it is not said why this cannot be seen or relied on").Next("say why")
	case g.Decision != Undecided && g.Owner == "":
		return wrong("owner", "nobody owns the gap, and what is decided has an owner").Next("name who answers for it")
	case g.Decision != Undecided && g.Until == "":
		return wrong("until", "the decision never ends").Next("name the last day on which it holds, or by which it is to be fixed, as 2006-01-02")
	case g.Until != "" && g.Until < day.Of(g.At) && c.Until != nil:
		return wrong("until", "%s is before the day on which it is said", g.Until).Next("choose a later day")
	case g.Decision == Compensate && g.CompensatedBy == "":
		return wrong("compensated_by", "it is not said what compensates it").Next("name it: an analytic, a control, a service")
	}
	return nil
}

func words() []string {
	var ws []string
	for _, d := range Decisions() {
		ws = append(ws, string(d))
	}
	return ws
}

// State is how a gap stands on a day.
type State string

// The states, in the order in which they are listed.
const (
	Overdue State = "overdue" // its day has passed
	Soon    State = "ends_soon"
	Open    State = "undecided"
	Decided State = "decided"
	Done    State = "done" // the evidence arrived: what it names is not so any more
	Closed  State = "closed"
)

func states() []State { return []State{Overdue, Soon, Open, Decided, Done, Closed} }

// Listed is a gap as it stands on a day.
type Listed struct {
	Gap
	State State  `json:"state"`
	Batch string `json:"batch"`
	Reach
	// Chains are those that line what of it cannot be seen up with adjacent stages, with
	// what they were measured to be worth. They move no verdict.
	Chains []credit.Lined `json:"chains"`
	// unseen are the techniques, by their STIX ids, of which an analytic cannot be seen.
	unseen []string
	// came is of how many analytics what a step asked for came since it was taken on, and
	// lacking of how many it is not there.
	came, lacking int
}

// Wanting reports whether no verdict names a step that was taken on although what it asked
// for has not arrived: something before it is lacking now.
func (l *Listed) Wanting() bool {
	return l.Action != "" && l.Named == 0 && l.came == 0 && l.lacking > 0
}

// arrived counts whether what a step asked for is there of an analytic.
func (l *Listed) arrived(v *assure.Verdict) {
	has, since := v.Has(l.Action)
	switch {
	case v.Rung == assure.NotApplicable:
	case !has:
		l.lacking++
	case since == "" || since >= day.Of(l.At):
		l.came++
	}
}

// Reach is how far what a gap is about can be seen and relied on, in analytics that apply.
type Reach struct {
	Applicable int `json:"applicable"`
	// Unseen are outside visibility or blind; Unreliable are the others that are not
	// reliable.
	Unseen     int `json:"unseen"`
	Unreliable int `json:"unreliable"`
	// Named are those whose verdict names the action as a next step, where one was taken
	// on.
	Named int `json:"named,omitempty"`
}

// Words says a reach in words.
func (r *Reach) Words() string {
	if r.Applicable == 0 {
		return "no analytic that applies"
	}
	return fmt.Sprintf("of %d: %d unseen, %d not relied on", r.Applicable, r.Unseen, r.Unreliable)
}

func (r *Reach) add(v *assure.Verdict, action string) {
	if v.Rung == assure.NotApplicable {
		return
	}
	r.Applicable++
	switch v.Rung {
	case assure.Outside, assure.Blind:
		r.Unseen++
	case assure.Reliable:
	default:
		r.Unreliable++
	}
	if action != "" && slices.ContainsFunc(v.Next, func(s assure.Step) bool { return s.Action == action }) {
		r.Named++
	}
}

// Asks reports whether a verdict names a next step, by what is to be done to what, as plans
// list it: to the technique or the analytic that the verdict is about, to a log source with
// a channel or with every one. What comes to the same is one step: a source is collected
// once it is measured, and an exercise that failed is to be fixed and done again. What is
// tried together, to exercise and to write the runbook, is named while either is.
func Asks(v *assure.Verdict, action, target string) bool {
	return Asked(v, action, target) != nil
}

// Asked returns the step by which a verdict asks for something, nil where it does not.
func Asked(v *assure.Verdict, action, target string) *assure.Step {
	is := sameAs(action)
	whole, every := strings.CutSuffix(target, assure.EveryChannel)
	about := v.Analytic.ATTACKID == target || slices.ContainsFunc(v.Techniques, func(n assure.Name) bool { return n.ATTACKID == target })
	i := slices.IndexFunc(v.Next, func(s assure.Step) bool {
		name, _, _ := strings.Cut(s.Target, " / ")
		return slices.Contains(is, s.Action) && (about || s.Target == target || every && strings.EqualFold(name, whole))
	})
	if i < 0 {
		return nil
	}
	return &v.Next[i]
}

// sameAs returns the actions of steps whose doing is the doing of an action.
func sameAs(action string) []string {
	switch action {
	case "exercise", "fix":
		return []string{"exercise", "fix"}
	case "collect", "verify_feed":
		return []string{"collect", "verify_feed"}
	case "exercise_and_runbook":
		return []string{"exercise", "fix", "write_runbook", "review_runbook"}
	}
	return []string{action}
}

// Candidate is a technique of which analytics cannot be seen, or are claimed and not
// reliable, and about which nobody stated a gap.
type Candidate struct {
	Of assure.Name `json:"of"`
	Reach
	Worst assure.Rung `json:"worst"`
	// Why is the sentence of the worst verdict.
	Why string `json:"why"`
	// Chains are those that line it up with adjacent stages where it cannot be seen.
	Chains []credit.Lined `json:"chains"`
}

// Register is the gaps as they stand on a day.
type Register struct {
	Release string           `json:"release"`
	AsOf    day.Date         `json:"as_of"`
	Policy  assure.PolicyRef `json:"policy"`
	// Gaps are those that somebody stated, what is overdue first.
	Gaps    []Listed `json:"gaps"`
	Overdue int      `json:"overdue"`
	// Unstated are the techniques that verdicts say cannot be seen, and no gap is about.
	Unstated []Candidate `json:"unstated"`
	// Unreliable are those that rules claim and nothing shows to be reliable, where no gap
	// is about them and all of what they claim can be seen.
	Unreliable []Candidate `json:"claimed_unreliable"`
	// Narrowed says to what alone all of this is narrowed, as Limits do too.
	Narrowed []string `json:"narrowed,omitempty"`
	Limits   []string `json:"limits"`
}

// Stated is a gap with the batch that brought it.
type Stated struct {
	Gap
	Batch string `json:"batch"`
}

// New makes the register of an assessment and the gaps that were last stated on a day.
func New(a *assure.Assessment, stated []Stated, today day.Date) Register {
	r := Register{Release: a.Release.String(), AsOf: today, Policy: a.Policy, Gaps: []Listed{}, Narrowed: a.Narrowed, Limits: slices.Concat([]string{}, a.Beside, a.Narrowed)}
	about := map[string]bool{}
	for _, s := range stated {
		if day.Of(s.At) > today {
			continue
		}
		l := Listed{Gap: s.Gap, Batch: s.Batch, Chains: []credit.Lined{}}
		switch {
		case s.Target != "":
			for i := range a.Verdicts {
				v := &a.Verdicts[i]
				if Asks(v, s.Action, s.Target) {
					l.add(v, "")
					l.note(v)
					l.Named++
				}
				if v.Concerned(s.Target) {
					l.arrived(v)
				}
			}
		case s.Object != nil:
			about[s.Object.StixID] = about[s.Object.StixID] || !s.Closed
			for i := range a.Verdicts {
				if Names(&a.Verdicts[i], s.Object.StixID) {
					l.add(&a.Verdicts[i], s.Action)
					l.note(&a.Verdicts[i])
					l.arrived(&a.Verdicts[i])
				}
			}
		}
		l.State = l.stands(today)
		if l.State == Overdue {
			r.Overdue++
		}
		r.Gaps = append(r.Gaps, l)
	}
	slices.SortStableFunc(r.Gaps, func(x, y Listed) int {
		if c := slices.Index(states(), x.State) - slices.Index(states(), y.State); c != 0 {
			return c
		}
		if c := strings.Compare(string(x.Until), string(y.Until)); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	r.Unstated = candidates(a.Verdicts, about, unseen)
	r.Unreliable = candidates(a.Verdicts, about, func(v *assure.Verdict) bool {
		return v.Claimed && !unseen(v) && v.Rung != assure.Reliable && v.Rung != assure.NotApplicable
	})
	r.Unreliable = slices.DeleteFunc(r.Unreliable, func(c Candidate) bool {
		return slices.ContainsFunc(r.Unstated, func(u Candidate) bool { return u.Of.StixID == c.Of.StixID })
	})
	return r
}

// note notes the techniques of what cannot be seen.
func (l *Listed) note(v *assure.Verdict) {
	if !unseen(v) {
		return
	}
	for _, t := range v.Techniques {
		if !slices.Contains(l.unseen, t.StixID) {
			l.unseen = append(l.unseen, t.StixID)
		}
	}
}

// Line notes which chains line what cannot be seen up with adjacent stages, by what says
// so of techniques.
func (r *Register) Line(lined func(techniques []string) []credit.Lined) {
	for i := range r.Gaps {
		r.Gaps[i].Chains = lined(r.Gaps[i].unseen)
	}
	for i := range r.Unstated {
		r.Unstated[i].Chains = lined([]string{r.Unstated[i].Of.StixID})
	}
}

// stands says how a gap stands on a day.
func (l *Listed) stands(today day.Date) State {
	switch {
	case l.Closed:
		return Closed
	case l.Target != "" && l.Named == 0 && !l.Wanting():
		return Done
	case l.Target == "" && l.Object != nil && l.Applicable > 0 && (l.Action != "" && l.Named == 0 && !l.Wanting() || l.Unseen+l.Unreliable == 0):
		return Done
	case l.Until != "" && l.Until < today:
		return Overdue
	case l.Until != "" && today.Until(l.Until) <= SoonDays:
		return Soon
	case l.Decision == Undecided:
		return Open
	}
	return Decided
}

// Names reports whether a verdict is about the object with a STIX id.
func Names(v *assure.Verdict, stixID string) bool {
	if v.Analytic.StixID == stixID {
		return true
	}
	for _, ns := range [][]assure.Name{v.Strategies, v.Techniques, v.Parents, v.Tactics} {
		if slices.ContainsFunc(ns, func(n assure.Name) bool { return n.StixID == stixID }) {
			return true
		}
	}
	return false
}

func unseen(v *assure.Verdict) bool { return v.Rung == assure.Outside || v.Rung == assure.Blind }

// candidates lists the techniques of which analytics are lacking and no gap is about: not
// about the analytic, nor about anything that it belongs to.
func candidates(verdicts []assure.Verdict, about map[string]bool, lacking func(*assure.Verdict) bool) []Candidate {
	at := map[string]int{}
	cs := []Candidate{}
	for i := range verdicts {
		v := &verdicts[i]
		if !lacking(v) || told(v, about) {
			continue
		}
		for _, t := range v.Techniques {
			k, there := at[t.StixID]
			if !there {
				k, at[t.StixID] = len(cs), len(cs)
				cs = append(cs, Candidate{Of: t, Chains: []credit.Lined{}})
			}
			c := &cs[k]
			if c.Worst == "" || assure.CompareWorst(v.Rung, c.Worst) < 0 {
				c.Worst, c.Why = v.Rung, v.Sentence
			}
		}
	}
	for i := range verdicts {
		for _, t := range verdicts[i].Techniques {
			if k, ok := at[t.StixID]; ok {
				cs[k].add(&verdicts[i], "")
			}
		}
	}
	slices.SortFunc(cs, func(x, y Candidate) int { return strings.Compare(x.Of.ATTACKID, y.Of.ATTACKID) })
	return cs
}

// told reports whether a gap is about a verdict's analytic or what it belongs to.
func told(v *assure.Verdict, about map[string]bool) bool {
	for id, open := range about {
		if open && Names(v, id) {
			return true
		}
	}
	return false
}
