// Package matrix makes the ATT&CK matrix of a release: its techniques and sub-techniques
// under their tactics, each with how many of its analytics are in which state, and the
// worst of these.
//
// The page, the API and the command line show one Matrix, and what leaves Candor of it, a
// layer of the ATT&CK Navigator, a picture, a table, says the same. The package refuses to
// make one number of a technique, and to write a score. Its functions are pure.
package matrix

import (
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/visibility"
)

// Matrix is a release's matrix in one view, narrowed to what was asked for.
type Matrix struct {
	Release attack.Release    `json:"release"`
	AsOf    time.Time         `json:"as_of"`
	Window  visibility.Window `json:"window"`
	Policy  assure.PolicyRef  `json:"policy"`
	Scope   assure.ScopeRef   `json:"scope"`
	View    View              `json:"view"`
	// Of is what it is narrowed to.
	Of Narrowed `json:"narrowed_to"`
	// Legend has every state of the view, of which the worse case comes first.
	Legend []Line `json:"legend"`
	// Tactics are in the order of the release's matrices.
	Tactics []Column `json:"tactics"`
	// Techniques and SubTechniques are how many match, each once, and Bare how many of both
	// have no analytic, which is all of them in releases before 18.
	Techniques    int      `json:"techniques"`
	SubTechniques int      `json:"sub_techniques"`
	Bare          int      `json:"without_analytic"`
	Analytics     int      `json:"analytics"`
	Limits        []string `json:"limits"`
}

// Narrowed is what a matrix is narrowed to; what is empty narrows nothing.
type Narrowed struct {
	Platform string `json:"platform,omitempty"`
	// Group, Software and Campaign narrow to the techniques that ATT&CK says it uses
	// itself.
	Group    *assure.Name `json:"group,omitempty"`
	Software *assure.Name `json:"software,omitempty"`
	Campaign *assure.Name `json:"campaign,omitempty"`
	Tactic   *assure.Name `json:"tactic,omitempty"`
	// Profile is the name of the threat profile to whose techniques it is narrowed.
	Profile string `json:"profile,omitempty"`
	// Source is the source of rules: only analytics that a rule of it claims are counted.
	Source string `json:"rule_source,omitempty"`
}

// Line is a state of the view with how much is in it.
type Line struct {
	State
	// Analytics are in the state, each once, and Techniques have it for their worst case.
	Analytics  int `json:"analytics"`
	Techniques int `json:"techniques"`
}

// Column is a tactic with its techniques.
type Column struct {
	Of        assure.Name `json:"of"`
	ShortName string      `json:"short_name"`
	// Matching is how many of its techniques and sub-techniques match.
	Matching int    `json:"matching"`
	Cells    []Cell `json:"techniques"` // in the order of their names, as ATT&CK prints them
}

// Cell is a technique under a tactic. What it counts are the analytics of its own and not
// those of its sub-techniques, which have cells of their own.
type Cell struct {
	Of assure.Name `json:"of"`
	// Matches says that it is one of those asked for. One that is not stands above
	// sub-techniques that are, and counts nothing.
	Matches   bool `json:"matches"`
	Analytics int  `json:"analytics"`
	// Applicable are those of Analytics that are in scope.
	Applicable int `json:"applicable"`
	// Worst is the worst state of the applicable ones; empty without any.
	Worst string `json:"worst"`
	// States are those that some of the analytics are in, in the order of the legend.
	States []Count `json:"states"`
	// Chains are those that line the technique up with adjacent stages, with what they were
	// measured to be worth, where analytics of it are outside visibility or blind.
	Chains []credit.Lined `json:"chains"`
	Subs   []Cell         `json:"sub_techniques,omitempty"`
}

// Count is how many analytics are in a state.
type Count struct {
	State string `json:"state"`
	Count int    `json:"count"`
}

// Input is what a matrix is made from.
type Input struct {
	Library    *attack.Library
	Assessment *assure.Assessment
	// Sources are the sources of rules by rule id.
	Sources map[string]string
	// Profile is the threat profile to whose techniques the matrix is narrowed; nil for none.
	Profile *Profile
	// Lined says which chains line techniques, by their STIX ids, up with adjacent stages; nil
	// where nobody measured any.
	Lined func(techniques []string) []credit.Lined
}

// Profile is a threat profile as the release reads it.
type Profile struct {
	Name       string
	Techniques []*attack.Object
}

// New makes the matrix that is asked for. What is asked for and not in the release, or not
// among the rules, is fault.NotFound, and a view that there is not fault.Usage.
func New(in Input, a Asked) (Matrix, error) {
	n, err := in.narrow(a)
	if err != nil {
		return Matrix{}, err
	}
	as := in.Assessment
	m := Matrix{Release: as.Release, AsOf: as.AsOf, Window: as.Window, Policy: as.Policy, Scope: as.Scope, View: n.view, Of: n.of,
		Tactics: []Column{}, Limits: slices.Concat([]string{}, as.Beside)}
	b := &builder{narrowing: n, states: n.view.states(), today: day.Of(as.AsOf), place: map[string]int{}, counts: map[string][]int{}, cells: map[string]Cell{},
		lined: in.Lined, unseen: map[string]bool{}}
	for i, s := range b.states {
		b.place[s.Key] = i
	}
	m.Analytics = b.count(as.Verdicts)
	for _, t := range adjacency.Tactics(in.Library) {
		if n.of.Tactic == nil || n.of.Tactic.StixID == t.ID {
			m.Tactics = append(m.Tactics, b.column(in.Library, t))
		}
	}
	b.sum(&m)
	return m, nil
}

// builder makes the cells of a matrix.
type builder struct {
	*narrowing
	states []State
	today  day.Date
	place  map[string]int   // state -> its place
	counts map[string][]int // technique -> analytics by place
	total  []int            // analytics by place, each once
	cells  map[string]Cell  // of techniques that match, without those below them
	lined  func(techniques []string) []credit.Lined
	unseen map[string]bool // techniques of which an analytic cannot be seen
}

// count counts the analytics that match under their techniques, and returns how many
// there are.
func (b *builder) count(verdicts []assure.Verdict) int {
	b.total = make([]int, len(b.states))
	n := 0
	for i := range verdicts {
		v := &verdicts[i]
		if !b.analytic(v) {
			continue
		}
		at, ok := b.place[b.view.state(v, b.today)]
		if !ok {
			continue
		}
		of := 0
		for _, t := range v.Techniques {
			if b.techniques != nil && !b.techniques[t.StixID] {
				continue
			}
			of++
			if b.counts[t.StixID] == nil {
				b.counts[t.StixID] = make([]int, len(b.states))
			}
			b.counts[t.StixID][at]++
			b.unseen[t.StixID] = b.unseen[t.StixID] || v.Rung == assure.Outside || v.Rung == assure.Blind
		}
		if of > 0 {
			b.total[at]++
			n++
		}
	}
	return n
}

func (b *builder) column(lib *attack.Library, tactic *attack.Object) Column {
	c := Column{Of: nameOf(tactic), ShortName: tactic.ShortName, Cells: []Cell{}}
	below := map[string][]Cell{}
	var tops []*attack.Object
	for _, t := range lib.Sources(tactic.ID, attack.InTactic) {
		if !t.Kind.Technique() {
			continue
		}
		parents := lib.Targets(t.ID, attack.SubtechniqueOf)
		if len(parents) == 0 {
			tops = append(tops, t)
			continue
		}
		if cell := b.cell(t); cell.Matches {
			c.Matching++
			below[parents[0].ID] = append(below[parents[0].ID], cell)
		}
	}
	for _, t := range tops {
		cell := b.cell(t)
		cell.Subs = below[t.ID]
		if cell.Matches {
			c.Matching++
		} else if len(cell.Subs) == 0 {
			continue
		}
		sortCells(cell.Subs)
		c.Cells = append(c.Cells, cell)
	}
	sortCells(c.Cells)
	return c
}

func sortCells(cs []Cell) {
	slices.SortFunc(cs, func(x, y Cell) int {
		if c := strings.Compare(strings.ToLower(x.Of.Name), strings.ToLower(y.Of.Name)); c != 0 {
			return c
		}
		return strings.Compare(x.Of.ATTACKID, y.Of.ATTACKID)
	})
}

// cell returns the cell of a technique, without those below it.
func (b *builder) cell(t *attack.Object) Cell {
	if c, ok := b.cells[t.ID]; ok {
		return c
	}
	c := Cell{Of: nameOf(t), States: []Count{}, Chains: []credit.Lined{}}
	counts := b.counts[t.ID]
	if c.Matches = b.technique(t, counts != nil); !c.Matches {
		return c
	}
	for at, n := range counts {
		if n == 0 {
			continue
		}
		c.Analytics += n
		c.States = append(c.States, Count{b.states[at].Key, n})
		if b.states[at].Key == none {
			continue
		}
		c.Applicable += n
		if c.Worst == "" {
			c.Worst = b.states[at].Key
		}
	}
	if b.lined != nil && b.unseen[t.ID] {
		c.Chains = b.lined([]string{t.ID})
	}
	b.cells[t.ID] = c
	return c
}

// sum fills the legend and the totals: of what the columns show, each technique once.
func (b *builder) sum(m *Matrix) {
	worst := map[string]int{}
	seen := map[string]bool{}
	add := func(c *Cell, total *int) {
		if !c.Matches || seen[c.Of.StixID] {
			return
		}
		seen[c.Of.StixID] = true
		*total++
		worst[c.Worst]++
		if c.Analytics == 0 {
			m.Bare++
		}
	}
	for i := range m.Tactics {
		for j := range m.Tactics[i].Cells {
			c := &m.Tactics[i].Cells[j]
			add(c, &m.Techniques)
			for k := range c.Subs {
				add(&c.Subs[k], &m.SubTechniques)
			}
		}
	}
	for at, s := range b.states {
		m.Legend = append(m.Legend, Line{State: s, Analytics: b.total[at], Techniques: worst[s.Key]})
	}
}

// State returns a state of the matrix's view.
func (m *Matrix) State(key string) State {
	for i := range m.Legend {
		if m.Legend[i].Key == key {
			return m.Legend[i].State
		}
	}
	return State{Key: key}
}

func nameOf(o *attack.Object) assure.Name {
	return assure.Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}
}
