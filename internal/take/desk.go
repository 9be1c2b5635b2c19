package take

import (
	"slices"
	"strings"
	"sync"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/standing"
)

// Input is what takes are written from.
type Input struct {
	// Library is the view of the release. It holds all kinds of object.
	Library *attack.Library
	// Hashes are the SHA-256 of the objects by STIX id.
	Hashes map[string]string
	// Near is which techniques are adjacent in Library; it is found where it is nil.
	Near *adjacency.Index
	// Assessment has the verdicts on the release, by Policy.
	Assessment *assure.Assessment
	Policy     assure.Policy
	// Local says that there is evidence of the organisation at all.
	Local bool
	// Chains are those whose worth was measured, and counts.
	Chains []credit.Chain
}

// Desk is a release and its verdicts, made ready to write takes. It is safe for
// concurrent use.
type Desk struct {
	Input
	rules    []rule
	index    *adjacency.Index
	board    *standing.Board
	verdicts map[string]*assure.Verdict

	mu  sync.Mutex
	adj map[string]nearby
}

// nearby are the stages next to a technique, with how they stand here.
type nearby struct {
	adjacency.Result
	rows []Adjacent
}

// NewDesk returns a desk. What in holds must not change afterwards.
func NewDesk(in Input) *Desk {
	if in.Near == nil {
		in.Near = adjacency.NewIndex(in.Library)
	}
	d := &Desk{Input: in, rules: table(), index: in.Near, board: standing.New(in.Library, in.Assessment),
		verdicts: map[string]*assure.Verdict{}, adj: map[string]nearby{}}
	for i := range in.Assessment.Verdicts {
		v := &in.Assessment.Verdicts[i]
		d.verdicts[v.Analytic.StixID] = v
	}
	return d
}

// Board returns how the things of the release stand.
func (d *Desk) Board() *standing.Board { return d.board }

// Kinds lists the kinds of object of which takes are written.
func Kinds() []attack.Kind {
	return []attack.Kind{attack.KindAnalytic, attack.KindStrategy, attack.KindTechnique, attack.KindSubTechnique, attack.KindTactic,
		attack.KindGroup, attack.KindMalware, attack.KindTool, attack.KindCampaign, attack.KindMitigation,
		attack.KindComponent, attack.KindDataSource, attack.KindAsset}
}

// Written reports whether takes are written of a kind of object.
func Written(k attack.Kind) bool { return classOf(k) != 0 }

// Write writes the take of the object with the STIX id. It reports false for what
// is not in the view or not of one of Kinds.
func (d *Desk) Write(id string) (Take, bool) {
	o, ok := d.Library.Object(id)
	if !ok || classOf(o.Kind) == 0 {
		return Take{}, false
	}
	f := d.facts(o)
	a := d.Assessment
	t := Take{Object: f.name, Kind: o.Kind, Hash: d.Hashes[o.ID], Release: a.Release, AsOf: string(day.Of(a.AsOf)), Policy: a.Policy,
		Local: d.Local, Adjacent: f.rows, AdjacentNote: f.adj.Note, Standing: f.standing}
	if t.Adjacent == nil {
		t.Adjacent = []Adjacent{}
	} else {
		t.AdjacentOf = f.techniques[0].ATTACKID
	}
	t.Confidence = f.confidence()
	t.Sections = f.sections(t.Confidence)
	return t, true
}

// budgets are the most words that a section has. Rules are in order of weight, and
// what no longer fits is left out.
func budget(n SectionName) int {
	switch n {
	case Summary:
		return 60
	case Executive:
		return 90
	}
	return 1 << 20
}

// sections applies the rules in order.
func (f *facts) sections(c Confidence) []Section {
	var out []Section
	said := map[string]bool{}
	for _, name := range SectionNames() {
		s := Section{Name: name, Title: name.Title(), Statements: []Statement{}}
		left := budget(name)
		for _, r := range f.d.rules {
			if r.in != name || r.of&f.class == 0 || f.silent(r) {
				continue
			}
			w := r.say(f)
			n := len(strings.Fields(w.text))
			if n == 0 || n > left || said[w.text] {
				continue
			}
			left -= n
			said[w.text] = true
			s.Statements = append(s.Statements, Statement{Code: r.code, Text: w.text, Audience: r.to, Sources: unique(w.from), Weight: r.weight})
		}
		if name == Confident {
			s.Statements = append(s.Statements, f.sure(c))
		}
		if len(s.Statements) == 0 {
			s.Empty = f.empty(name)
		}
		out = append(out, s)
	}
	return out
}

// empty says why a section has nothing to say.
func (f *facts) empty(n SectionName) string {
	switch {
	case !f.o.Live():
		return "The object is no longer in force, so nothing is advised."
	case f.class == aMitigation && n == Telemetry:
		return "A mitigation has no telemetry of its own: the takes of the techniques that it touches say what would show them."
	case f.class == aMitigation && n == Direction:
		return "A mitigation detects nothing: the takes of the techniques that it touches say what to do about detection."
	case f.class == aComponent && n == Mitigation:
		return "Data show and do not prevent: the takes of the techniques that it would show name mitigations."
	case !f.d.Local && (n == Executive || n == Direction || f.class == aMitigation):
		return "No evidence of the organisation has been added, so nothing of it can be said."
	case f.d.Local && len(f.d.Assessment.Verdicts) == 0 && n != Mitigation:
		return "This release has no analytics, so nothing of it can be judged here."
	case f.stands(assure.NotApplicable):
		return "Its platform is not in scope here, so there is nothing to do."
	case f.d.Local && f.class&anAnalytic == 0 && len(f.vs) == 0 && n != Mitigation:
		return "No analytic of it applies to the platforms in scope here."
	case n == Executive:
		return "Nothing that is known here asks for a decision."
	case n == Direction:
		return "Nothing that is known here asks for work on detection."
	case n == Mitigation:
		return "The release names no mitigation for it, and nothing here asks for one."
	}
	return "Nothing that is known here says what would show it."
}

// silent reports whether a rule does not speak whatever it has to say: of what is no
// longer in force only that is said, and no work is advised on what is not operated.
func (f *facts) silent(r rule) bool {
	if !f.o.Live() {
		return r.code != "no_longer_in_force"
	}
	return r.in == Direction && f.notOperated()
}

// notOperated reports whether the object is about something that would happen only where
// the organisation states to operate nothing.
func (f *facts) notOperated() bool {
	if f.class == anAnalytic {
		return f.stands(assure.NotApplicable)
	}
	return f.d.Local && len(f.vs) == 0 && slices.ContainsFunc(f.onThem(), func(v *assure.Verdict) bool { return v.Rung == assure.NotApplicable })
}

// class is what rules tell apart among kinds.
type class int

const (
	anAnalytic class = 1 << iota
	aBehaviour       // technique, sub-technique, strategy
	aTactic
	anActor // group, software, campaign
	aMitigation
	aComponent
	anAsset
	anything class = 1<<iota - 1
)

func classOf(k attack.Kind) class {
	switch k {
	case attack.KindAnalytic:
		return anAnalytic
	case attack.KindStrategy, attack.KindTechnique, attack.KindSubTechnique:
		return aBehaviour
	case attack.KindTactic:
		return aTactic
	case attack.KindGroup, attack.KindMalware, attack.KindTool, attack.KindCampaign:
		return anActor
	case attack.KindMitigation:
		return aMitigation
	case attack.KindComponent, attack.KindDataSource:
		return aComponent
	case attack.KindAsset:
		return anAsset
	}
	return 0
}

// rule makes one statement of one idea, or nothing where it does not apply.
type rule struct {
	in     SectionName
	code   string
	of     class
	to     Audience
	weight int
	say    func(*facts) words
}

// facts are what rules look at.
type facts struct {
	d     *Desk
	o     *attack.Object
	name  assure.Name
	class class
	// v is the verdict on an analytic; nil for anything else, and without evidence.
	v *assure.Verdict
	// strategies and techniques are those that the object belongs to or is about, and
	// tactics those of the techniques.
	strategies, techniques, tactics []*attack.Object
	// vs are the verdicts on those analytics of the techniques, or that read the data,
	// that apply here.
	vs          []*assure.Verdict
	caveats     []attack.Caveat
	mitigations []*attack.Object
	adj         adjacency.Result
	rows        []Adjacent
	standing    *standing.Standing
}

func (d *Desk) facts(o *attack.Object) *facts {
	f := &facts{d: d, o: o, name: assure.Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}, class: classOf(o.Kind)}
	f.caveats = attack.Caveats(o)
	f.techniques = standing.Techniques(d.Library, o)
	switch f.class {
	case anAnalytic:
		f.strategies = d.Library.StrategiesOf(o.ID)
		if v := d.verdicts[o.ID]; d.Local {
			f.v = v
		}
	case aTactic:
		f.tactics = []*attack.Object{o}
	}
	if f.class != anAnalytic {
		s := d.board.Of(o)
		f.standing = &s
	}
	if f.tactics == nil {
		f.tactics = d.tacticsOf(f.techniques)
	}
	if d.Local {
		for _, v := range f.onThem() {
			if v.Rung != assure.NotApplicable {
				f.vs = append(f.vs, v)
			}
		}
	}
	if f.class&(anAnalytic|aBehaviour) != 0 && len(f.techniques) > 0 {
		n := d.adjacent(f.techniques[0].ID)
		f.adj, f.rows = n.Result, n.rows
		f.mitigations = d.mitigations(f.techniques)
	}
	return f
}

// onThem are the verdicts on all analytics of the techniques that the object is about; of
// data, those on the analytics that read them.
func (f *facts) onThem() []*assure.Verdict {
	if f.class != aComponent {
		return f.d.board.Verdicts(f.techniques)
	}
	var vs []*assure.Verdict
	for _, a := range f.readers() {
		if v := f.d.verdicts[a.ID]; v != nil {
			vs = append(vs, v)
		}
	}
	return vs
}

// tacticsOf returns the tactics of techniques in order, each once.
func (d *Desk) tacticsOf(ts []*attack.Object) []*attack.Object {
	in := map[*attack.Object]bool{}
	for _, t := range ts {
		for _, tactic := range d.Library.TacticsOf(t.ID) {
			in[tactic] = true
		}
	}
	var out []*attack.Object
	for _, t := range d.board.Tactics() {
		if in[t] {
			out = append(out, t)
		}
	}
	return out
}

// mitigations are those of any of the techniques, by ATT&CK ID.
func (d *Desk) mitigations(ts []*attack.Object) []*attack.Object {
	var ms []*attack.Object
	for _, t := range ts {
		for _, m := range d.Library.Sources(t.ID, attack.Mitigates) {
			if m.Kind == attack.KindMitigation && !slices.Contains(ms, m) {
				ms = append(ms, m)
			}
		}
	}
	slices.SortFunc(ms, func(a, b *attack.Object) int { return strings.Compare(a.ATTACKID, b.ATTACKID) })
	return ms
}

// adjacent returns what is next to a technique, worked out once.
func (d *Desk) adjacent(technique string) nearby {
	d.mu.Lock()
	n, ok := d.adj[technique]
	d.mu.Unlock()
	if ok {
		return n
	}
	n.Result = d.index.Of(technique, adjacency.Options{})
	n.rows = d.rows(technique, n.Result)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.adj[technique] = n
	return n
}

// perTactic is how many stages of a tactic are named.
const perTactic = 3

// rows returns the stages next to a technique with how they stand here: three of a
// tactic, by support and lift, Initial Access first.
func (d *Desk) rows(technique string, res adjacency.Result) []Adjacent {
	var first, rest []Adjacent
	of := map[string]int{}
	for _, a := range res.Adjacent {
		if of[a.Tactic.StixID]++; of[a.Tactic.StixID] > perTactic {
			continue
		}
		row := Adjacent{Technique: assure.Name(a.Technique), Tactic: assure.Name(a.Tactic), Support: a.Support, BasisUsers: res.BasisUsers,
			Confidence: a.Confidence, Lift: a.Lift, Here: d.here(a.Technique.StixID), Chains: d.Joined(technique, a.Technique.StixID)}
		if a.Tactic.Name == "Initial Access" {
			first = append(first, row)
		} else {
			rest = append(rest, row)
		}
	}
	return append(first, rest...)
}

// Joined returns the chains that line two techniques up, by their STIX ids, with what they
// were measured to be worth.
func (d *Desk) Joined(from, to string) []credit.Joined {
	a, known := d.Library.Object(from)
	b, knows := d.Library.Object(to)
	if len(d.Chains) == 0 || !known || !knows {
		return []credit.Joined{}
	}
	return append([]credit.Joined{}, credit.Of(d.Chains, d.place(a), d.place(b))...)
}

// Lined returns the chains that line any of some techniques, by their STIX ids, up with
// what is adjacent to it, with what they were measured to be worth.
func (d *Desk) Lined(techniques []string) []credit.Lined {
	var lines credit.Lines
	if len(d.Chains) == 0 {
		return lines.List()
	}
	for _, t := range techniques {
		for _, a := range d.adjacent(t).Adjacent {
			lines.Add(d.Joined(t, a.Technique.StixID), a.Technique.ATTACKID)
		}
	}
	return lines.List()
}

// place is a technique with its tactics, under all their names.
func (d *Desk) place(o *attack.Object) credit.Place {
	p := credit.Place{Technique: o.ATTACKID}
	for _, t := range d.Library.TacticsOf(o.ID) {
		p.Tactics = append(p.Tactics, t.ATTACKID, t.ShortName, t.Name)
	}
	return p
}

// here is how a technique's analytics stand, by platform in scope.
func (d *Desk) here(technique string) []PlatformRungs {
	out := []PlatformRungs{}
	if !d.Local {
		return out
	}
	counts := map[string]map[assure.Rung]int{}
	o, _ := d.Library.Object(technique)
	for _, v := range d.board.Verdicts([]*attack.Object{o}) {
		if v.Rung == assure.NotApplicable {
			continue
		}
		for _, p := range v.Platforms {
			if counts[p] == nil {
				counts[p] = map[assure.Rung]int{}
			}
			counts[p][v.Rung]++
		}
	}
	for p, by := range counts {
		row := PlatformRungs{Platform: p, Rungs: []assure.RungCount{}}
		for _, r := range assure.Rungs() {
			if by[r] > 0 {
				row.Rungs = append(row.Rungs, assure.RungCount{Rung: r, Count: by[r]})
			}
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b PlatformRungs) int { return strings.Compare(a.Platform, b.Platform) })
	return out
}

func dayOf(d *Desk) day.Date { return day.Of(d.Assessment.AsOf) }
