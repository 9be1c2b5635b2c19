package assure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/day"
)

// Lift is something to do next, once or with each of several things alike, and what
// it unlocks.
type Lift struct {
	// Action is that of its parts.
	Action string `json:"action"`
	Text   string `json:"text"`
	// Unlocks says in words who would move from which rung to which or, where that
	// cannot be supposed, whom it is a next step of.
	Unlocks string `json:"unlocks"`
	// Assured is how many more analytics would be reliable, Lifted how many would
	// get past the question that they are stopped at, and Fell how many would be
	// stopped earlier.
	Assured int `json:"assured"`
	Lifted  int `json:"lifted"`
	Fell    int `json:"fell"`
	// Named is how many analytics name it as a next step where what it would change
	// cannot be supposed; it lifts none then, as far as is known.
	Named int `json:"named"`
	// Acts is how many things there are to do, and Does how often each action is done.
	Acts int              `json:"acts"`
	Does map[string]int64 `json:"does"`
	// Cost is that of all parts; nil where that of one is not stated.
	Cost *float64 `json:"cost"`
	// Parts are what there is to do, each with what it changes by itself; there is at
	// least one.
	Parts []Prospect `json:"parts"`
}

// Moves returns who would leave its rung if every part were done by itself, each once,
// in the order of the parts.
func (l *Lift) Moves() []Move {
	var moves []Move
	seen := map[Name]bool{}
	for i := range l.Parts {
		for _, m := range l.Parts[i].Moves {
			if !seen[m.Analytic] {
				seen[m.Analytic] = true
				moves = append(moves, m)
			}
		}
	}
	return moves
}

// Needing are the analytics that name the step where what it would change cannot be
// supposed, each once.
func (l *Lift) Needing() []Name {
	var names []Name
	for i := range l.Parts {
		for _, n := range l.Parts[i].Named {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

// Things are what a step is done to, each once, in the order of the parts.
func (l *Lift) Things() []string {
	var things []string
	seen := map[string]bool{}
	for i := range l.Parts {
		if t := strings.Join(l.Parts[i].Targets, " and "); !seen[t] {
			seen[t] = true
			things = append(things, t)
		}
	}
	return things
}

// steps returns what to do next, the most first: what lifts analytics as judging again
// says, then what verdicts name and cannot be supposed.
func (a *assessor) steps() []Lift {
	w := newWhatIf(a)
	lifting := w.prospects()
	for i := range lifting {
		lifting[i].Supposed = Supposition{}
	}
	return append(fold(lifting), fold(w.unsupposed(lifting))...)
}

// unsupposed returns the steps that verdicts name and of which nothing can be supposed:
// tuning, waiting, log sources of another platform, and labels where none gives an
// estimate yet. What lifting holds already is not repeated.
func (w *whatIf) unsupposed(lifting []Prospect) []Prospect {
	type key struct{ action, target string }
	at := map[key]int{}
	for i := range lifting {
		for _, t := range lifting[i].Targets {
			at[key{lifting[i].Action, t}] = -1
		}
	}
	var all []Prospect
	for _, s := range w.subjects {
		for _, step := range s.Next {
			k := key{step.Action, step.Target}
			i, known := at[k]
			switch {
			case i < 0 || !unsupposable(s, step.Action):
				continue
			case !known:
				i = len(all)
				at[k] = i
				all = append(all, Prospect{Action: step.Action, Targets: []string{step.Target}, Text: step.Text, Acts: 1, Does: once(step.Action), Moves: []Move{}})
			}
			all[i].Named = append(all[i].Named, s.Analytic)
		}
	}
	for i := range all {
		all[i].Cost = w.policy.Costs.price(all[i].Does)
		all[i].weigh(w, w.named(all[i].Named))
	}
	slices.SortFunc(all, compareProspects)
	return all
}

// unsupposable reports whether nothing can be supposed of what a step of s would change:
// that of labels can where some are there already.
func unsupposable(s *subject, action string) bool {
	return slices.Contains([]string{actTune, actWait, actClarify}, action) || action == actLabel && s.Measurement.Precision == nil
}

// named returns the subjects that are named.
func (w *whatIf) named(names []Name) []*subject {
	var of []*subject
	for _, n := range names {
		for _, s := range w.byAnalytic[n.ATTACKID] {
			if s.Analytic == n {
				of = append(of, s)
			}
		}
	}
	return of
}

// weigh sets what prospects that gain the same are ordered by, from whom one lifts.
func (p *Prospect) weigh(w *whatIf, of []*subject) {
	groups, counted := map[*attack.Object]bool{}, map[string]bool{}
	for _, s := range of {
		if s.Measurement != nil && s.Measurement.Precision != nil {
			p.Measured++
		}
		for _, t := range s.Techniques {
			if counted[t.StixID] {
				continue
			}
			counted[t.StixID] = true
			for _, g := range w.groups(t.StixID) {
				groups[g] = true
			}
		}
		p.Evidence = max(p.Evidence, s.evidenceOf())
	}
	p.Groups = len(groups)
}

// groups returns the live groups that use a technique.
func (w *whatIf) groups(technique string) []*attack.Object {
	of, ok := w.usedBy[technique]
	if !ok {
		for o := range w.using[technique] {
			if o.Kind == attack.KindGroup && o.Live() {
				of = append(of, o)
			}
		}
		w.usedBy[technique] = of
	}
	return of
}

// evidenceOf returns the day of the newest evidence that speaks of s: a log source that
// arrived, an alert with a label, an exercise, a runbook's review. It is empty without
// any.
func (s *subject) evidenceOf() day.Date {
	var newest day.Date
	for i := range s.Visibility.Needs {
		newest = max(newest, s.Visibility.Needs[i].LastSeen)
	}
	if m := s.Measurement; m != nil {
		newest = max(newest, m.LastLabelled)
	}
	if len(s.trials.all) > 0 {
		newest = max(newest, day.Of(s.trials.all[0].Value.Time))
	}
	return max(newest, s.duty.from.Value.Reviewed)
}

// fold joins prospects of one action that gain the same for the same work into one
// step each, in the place of the first of them.
func fold(prospects []Prospect) []Lift {
	type key struct {
		does                        string
		acts, assured, lifted, fell int
		cost                        float64
	}
	at := map[key]int{}
	lifts := []Lift{}
	for _, p := range prospects {
		k := key{strings.Join(slices.Sorted(maps.Keys(p.Does)), " ") + " of " + p.Action, p.Acts, p.Assured, p.Lifted, p.Fell, -1}
		if p.Cost != nil {
			k.cost = *p.Cost
		}
		i, ok := at[k]
		if !ok {
			i = len(lifts)
			at[k] = i
			lifts = append(lifts, Lift{Action: p.Action, Does: map[string]int64{}})
		}
		lifts[i].Parts = append(lifts[i].Parts, p)
	}
	for i := range lifts {
		lifts[i].sum()
	}
	return lifts
}

// sum adds up the parts.
func (l *Lift) sum() {
	named, feeds := map[Name]bool{}, map[string]bool{}
	cost, stated := 0.0, true
	for i := range l.Parts {
		p := &l.Parts[i]
		l.Acts += p.Acts
		for action, n := range p.Does {
			l.Does[action] += n
		}
		for _, t := range p.Targets {
			feeds[t] = true
		}
		for _, n := range p.Named {
			named[n] = true
		}
		if p.Cost == nil {
			stated = false
		} else {
			cost += *p.Cost
		}
	}
	if l.Action == actCollect || l.Action == actVerifyFeed {
		l.Acts = len(feeds) // of several sets that share a log source it is one thing
	}
	if stated {
		l.Cost = &cost
	}
	var once Prospect
	for _, m := range l.Moves() {
		once.add(m)
	}
	l.Assured, l.Lifted, l.Fell, l.Named = once.Assured, once.Lifted, once.Fell, len(named)
	l.Text, l.Unlocks = l.text(), l.unlocks()
}

// text says what to do: of one part in its own words, of several once with how many.
func (l *Lift) text() string {
	first := &l.Parts[0]
	if len(l.Parts) == 1 {
		return first.Text
	}
	verb, noun := folded(first)
	text := fmt.Sprintf("%s: %s", verb, count(int64(len(l.Things())), noun))
	switch {
	case len(first.Named) > 0 && (l.Action == actWait || l.Action == actLabel): // of the rules of one analytic together
		text = fmt.Sprintf("%s: the rules of %s", verb, count(int64(l.Named), "analytic"))
	case first.Acts > 1 && (l.Action == actCollect || l.Action == actVerifyFeed):
		text = fmt.Sprintf("%s, %d together: %s", verb, first.Acts, count(int64(len(l.Parts)), "set"))
	case l.Action == actExercise && len(l.Parts) > len(l.Things()):
		text += fmt.Sprintf(", %s", count(int64(len(l.Parts)), "exercise"))
	case l.Action == actLabel && l.Does[actLabel] > int64(len(l.Parts)):
		text += fmt.Sprintf(", %s", count(l.Does[actLabel], "alert"))
	}
	return text + "."
}

// folded returns the words for doing to several things what p does to one, and what
// such things are called.
func folded(p *Prospect) (verb, noun string) {
	switch p.Action {
	case actCollect:
		return "Collect and record that it arrives", "log source"
	case actVerifyFeed:
		return "Bring to full measure, on enough days and hosts, lately", "log source"
	case actExternal:
		return "Register an external source", "technique"
	case actWriteRule:
		return "Write a rule", "analytic"
	case actEnableRule:
		return "Enable", "rule"
	case actExercise:
		return "Exercise once and record the outcome", "technique"
	case actExerciseAndRunbook:
		times := "once"
		if p.Acts > 2 {
			times = fmt.Sprintf("on %d platforms", p.Acts-1)
		}
		if p.Does[actReviewRunbook] > 0 {
			return "Review the runbook and exercise " + times, "technique"
		}
		return "Write a runbook and exercise " + times, "technique"
	case actWriteRunbook:
		return "Write a runbook, with an owner and the day of its review", "technique"
	case actReviewRunbook:
		return "Review, or name an owner", "runbook"
	case actLabel:
		return "Label alerts, chosen at random", "rule"
	case actFix:
		return "Find out why it was not seen, fix that, and exercise again", "technique"
	case actTune:
		return "Tune, enrich or correlate", "rule"
	case actWait:
		return "Wait for more episodes, as every alert is labelled", "rule"
	case actClarify:
		return "Decide what takes the place of a log of another platform", "log source"
	}
	return p.Action, "thing"
}

// unlocks says who moves, the largest way first, or whom the step is named by.
func (l *Lift) unlocks() string {
	type way struct{ from, to Rung }
	n := map[way]int{}
	var ways []way
	for _, m := range l.Moves() {
		w := way{m.From, m.To}
		if n[w] == 0 {
			ways = append(ways, w)
		}
		n[w]++
	}
	slices.SortStableFunc(ways, func(a, b way) int { return cmp.Compare(n[b], n[a]) })
	var parts []string
	for i, w := range ways {
		noun := fmt.Sprint(n[w])
		if i == 0 {
			noun = count(int64(n[w]), "analytic")
		}
		parts = append(parts, fmt.Sprintf("%s from %s to %s", noun, plainRung(w.from), plainRung(w.to)))
	}
	if len(parts) == 0 {
		need := "need"
		if l.Named == 1 {
			need = "needs"
		}
		return fmt.Sprintf("%s %s it; what it would change cannot be supposed", count(int64(l.Named), "analytic"), need)
	}
	return strings.Join(parts, ", ")
}

// narrowed returns the steps as far as they are about the verdicts, in their order
// anew: what each part lifts is counted again.
func narrowed(lifts []Lift, verdicts []Verdict) []Lift {
	kept := map[Name]*Verdict{}
	for i := range verdicts {
		kept[verdicts[i].Analytic] = &verdicts[i]
	}
	var lifting, named []Prospect
	for i := range lifts {
		for _, p := range lifts[i].Parts {
			if p = p.narrowed(kept); p.Lifted > p.Fell {
				lifting = append(lifting, p)
			} else if len(p.Named) > 0 {
				named = append(named, p)
			}
		}
	}
	slices.SortFunc(named, compareProspects)
	return append(fold(ordered(lifting)), fold(named)...)
}

// narrowed returns p as far as it is about the verdicts that are kept.
func (p Prospect) narrowed(kept map[Name]*Verdict) Prospect {
	moves, named := p.Moves, p.Named
	p.Moves, p.Named, p.Assured, p.Lifted, p.Fell, p.Measured = []Move{}, nil, 0, 0, 0, 0
	measured := func(n Name) {
		if m := kept[n].Measurement; m != nil && m.Precision != nil {
			p.Measured++
		}
	}
	for _, m := range moves {
		if kept[m.Analytic] != nil {
			p.add(m)
			measured(m.Analytic)
		}
	}
	for _, n := range named {
		if kept[n] != nil {
			p.Named = append(p.Named, n)
			measured(n)
		}
	}
	return p
}
