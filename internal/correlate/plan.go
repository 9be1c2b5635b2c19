package correlate

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"candor/internal/evidence"
)

// Plan is definitions made ready to run. It is immutable and safe for concurrent use.
type Plan struct {
	defs     []compiled
	families Families
	levels   int
	spaces   []space
	print    [sha256.Size]byte
}

// space is what definitions share that group alike: the index of their groups.
type space struct {
	groupBy []string
	span    int64 // the longest of its definitions
}

// compiled is a definition of a plan.
type compiled struct {
	Definition
	known   [][]string // of each stage, the names of rules that it means
	space   int
	level   int
	span    int64
	hold    int // how many items a group holds at most
	parents []parent
	spelled [][]string // each stage as the definition writes it
	as      [][]string // the techniques or tactics that each stage is read as; nil for what it names
}

// parent is a definition that has another one for a stage.
type parent struct{ def, stage int }

// Compile makes a plan of what is not off in a set. What cannot mean anything is among the
// rejects, by file and line, and there is no plan then.
func Compile(set Set) (*Plan, []evidence.Reject) {
	c := compiler{set: set, plan: &Plan{families: NewFamilies(set.Families)}}
	c.declared()
	for i := range set.Definitions {
		if !set.Definitions[i].Off {
			c.plan.defs = append(c.plan.defs, compiled{Definition: set.Definitions[i]})
		}
	}
	for i := range c.plan.defs {
		c.definition(i)
	}
	if len(c.rejects) == 0 {
		c.order()
	}
	if len(c.rejects) > 0 {
		return nil, c.rejects
	}
	c.plan.print = fingerprint(&c.set)
	return c.plan, nil
}

// Definitions lists the definitions of the plan.
func (p *Plan) Definitions() []Definition {
	list := make([]Definition, len(p.defs))
	for i := range p.defs {
		list[i] = p.defs[i].Definition
	}
	return list
}

// ReadAs returns the plan in which stages that name a technique or a tactic mean what as
// says that they mean where a definition names them; what means nothing is never seen.
func (p *Plan) ReadAs(as func(d *Definition, s Selector) []string) *Plan {
	with, h, other := *p, sha256.New(), false
	h.Write(p.print[:])
	with.defs = slices.Clone(p.defs)
	for i := range with.defs {
		d := &with.defs[i]
		d.as = make([][]string, len(d.Stages))
		for k, s := range d.Stages {
			if s.Kind != OfTechnique && s.Kind != OfTactic {
				continue
			}
			d.as[k] = as(&d.Definition, s)
			other = other || len(d.as[k]) != 1 || !strings.EqualFold(d.as[k][0], s.Name)
			fmt.Fprintf(h, "%d %d %q\x1e", i, k, d.as[k])
		}
	}
	if !other {
		return p
	}
	with.print = [sha256.Size]byte(h.Sum(nil))
	return &with
}

// means are the techniques or tactics that a stage is about.
func (d *compiled) means(stage int) []string {
	if d.as != nil {
		return d.as[stage]
	}
	return []string{d.Stages[stage].Name}
}

// Families returns the families that the plan's set declares.
func (p *Plan) Families() Families { return p.families }

// fingerprint is a hash over all that a state's meaning depends on.
func fingerprint(set *Set) [sha256.Size]byte {
	h := sha256.New()
	for i := range set.Definitions {
		d := set.Definitions[i]
		d.File, d.Line, d.Lines = "", 0, nil
		d.Stages = slices.Clone(d.Stages)
		for k := range d.Stages {
			d.Stages[k].Line = 0
		}
		fmt.Fprintf(h, "%#v\x1e", d) // maps are printed in the order of their keys
	}
	for _, f := range set.Families {
		fmt.Fprintf(h, "%q%q\x1e", f.Name, f.Members)
	}
	fmt.Fprintf(h, "%q", set.Rules)
	return [sha256.Size]byte(h.Sum(nil))
}

type compiler struct {
	set     Set
	plan    *Plan
	rejects []evidence.Reject
}

func (c *compiler) reject(d *Definition, line int, field, value, format string, args ...any) {
	if line == 0 {
		line = d.Line
	}
	c.rejects = append(c.rejects, evidence.Reject{File: d.File, Line: line, Field: field, Value: value, Reason: fmt.Sprintf(format, args...)})
}

// declared checks that names mean one thing.
func (c *compiler) declared() {
	keys := map[string]*Definition{}
	for i := range c.set.Definitions {
		d := &c.set.Definitions[i]
		for _, name := range slices.Compact([]string{d.Key(), d.ID}) {
			if first, twice := keys[name]; twice && first != d && name != "" {
				c.reject(d, 0, "name", name, "another definition is called so too: %s:%d", first.File, first.Line)
			} else if name != "" {
				keys[name] = d
			}
		}
	}
	names, members := map[string]bool{}, map[string]string{}
	for i := range c.set.Families {
		f := &c.set.Families[i]
		at := &Definition{File: f.File, Line: f.Line}
		if names[f.Name] {
			c.reject(at, 0, "families", f.Name, "the family is declared twice")
		}
		names[f.Name] = true
		for _, m := range f.Members {
			if of, twice := members[m]; twice && of != f.Name {
				c.reject(at, 0, "families", m, "is declared to be of %s too, and a sensor belongs to one family", of)
			}
			members[m] = f.Name
		}
	}
}

// definition checks one definition and resolves what its stages name.
func (c *compiler) definition(i int) {
	d := &c.plan.defs[i]
	d.span = int64(d.Span)
	d.Stages = slices.Clone(d.Stages)
	d.known = make([][]string, len(d.Stages))
	for k := range d.Stages {
		c.stage(d, i, k)
	}
	for k := range d.Stages {
		d.spelled = append(d.spelled, slices.Clip([]string{d.Stages[k].String()}))
	}
	c.amounts(d)
	c.aliases(d)
	at := slices.IndexFunc(c.plan.spaces, func(s space) bool { return slices.Equal(s.groupBy, d.GroupBy) && len(d.Aliases) == 0 })
	if at < 0 || len(d.Aliases) > 0 {
		at, c.plan.spaces = len(c.plan.spaces), append(c.plan.spaces, space{groupBy: d.GroupBy})
		if len(d.Aliases) > 0 {
			c.plan.spaces[at].groupBy = append(slices.Clone(d.GroupBy), "\x00"+d.Key()) // nobody else's
		}
	}
	d.space = at
	c.plan.spaces[at].span = max(c.plan.spaces[at].span, d.span)
}

// stage resolves a stage that says no kind: another definition, else a rule.
func (c *compiler) stage(d *compiled, own, k int) {
	s := &d.Stages[k]
	if s.Kind == OfChain || s.Kind == "" {
		for i := range c.plan.defs {
			if c.plan.defs[i].called(s.Name) {
				s.Kind = OfChain
				c.child(d, own, k, i)
				return
			}
		}
	}
	off := slices.ContainsFunc(c.set.Definitions, func(o Definition) bool { return o.Off && o.called(s.Name) })
	switch {
	case s.Kind == OfChain && off, s.Kind == "" && off:
		c.reject(&d.Definition, s.Line, "rules", s.Name, "the definition that it names is off")
	case s.Kind == OfChain:
		c.reject(&d.Definition, s.Line, "rules", s.Name, "no definition is called so")
	case s.Kind == OfFamily && !slices.ContainsFunc(c.set.Families, func(f Family) bool { return f.Name == s.Name }):
		c.reject(&d.Definition, s.Line, "rules", s.Name, "no family of that name is declared")
	case s.Kind == "" || s.Kind == OfRule:
		s.Kind = OfRule
		d.known[k] = []string{s.Name}
		for _, r := range c.set.Rules {
			if r.ID == s.Name || r.Name == s.Name {
				d.known[k] = append(d.known[k], r.ID, r.Title)
			}
		}
	}
}

// child makes a definition a stage of another.
func (c *compiler) child(d *compiled, own, k, child int) {
	of := &c.plan.defs[child]
	switch {
	case child == own:
		c.reject(&d.Definition, d.Stages[k].Line, "rules", d.Stages[k].Name, "a definition cannot be a stage of itself")
	case of.Condition.Upper != Unbounded:
		c.reject(&d.Definition, d.Stages[k].Line, "rules", d.Stages[k].Name,
			"its condition has an upper bound, so that whether it holds is known only after its timespan, when it can be a stage of nothing any more")
	default:
		of.parents = append(of.parents, parent{own, k})
	}
}

// amounts checks that the condition can be met, and says how much a group must hold.
func (c *compiler) amounts(d *compiled) {
	k, cond, line := int64(len(d.Stages)), d.Condition, d.Lines["condition"]
	if cond.Lower > cond.Upper {
		c.reject(&d.Definition, line, "condition", "", "no number is within its bounds")
		return
	}
	need := cond.Lower
	if cond.Upper != Unbounded {
		need = cond.Upper + 1
	}
	switch d.Type {
	case EventCount:
		if need > MostCounted {
			c.reject(&d.Definition, line, "condition", fmt.Sprint(need), "at most %d observations are counted", MostCounted)
		}
		d.hold = int(need)
	case ValueCount:
		if need > MostValues {
			c.reject(&d.Definition, line, "condition", fmt.Sprint(need), "at most %d different values are counted", MostValues)
		}
		d.hold = int(need)
	case ValueSum:
		d.hold = mostSummed
	case Temporal:
		if cond.Lower > k {
			c.reject(&d.Definition, line, "condition", fmt.Sprint(cond.Lower), "there are %d rules, so that no more than %d can be seen", k, k)
		}
	case TemporalOrdered:
		if cond.Lower != k || cond.Upper != Unbounded && cond.Upper < k {
			c.reject(&d.Definition, line, "condition", fmt.Sprint(cond.Lower), "an order is of all %d rules: leave the condition out", k)
		}
		d.Condition.Upper = Unbounded
	}
}

// aliases checks that aliases are used and name stages.
func (c *compiler) aliases(d *compiled) {
	for alias, fields := range d.Aliases {
		if !slices.Contains(d.GroupBy, alias) {
			c.reject(&d.Definition, d.Lines["aliases"], "aliases", alias, "group-by does not use it")
		}
		for stage := range fields {
			if !slices.ContainsFunc(d.Stages, func(s Selector) bool { return s.Name == stage || s.String() == stage }) {
				c.reject(&d.Definition, d.Lines["aliases"], "aliases", stage, "is none of its rules")
			}
		}
		for _, s := range d.Stages {
			if fields[s.Name] == "" && fields[s.String()] == "" {
				c.reject(&d.Definition, d.Lines["aliases"], "aliases", alias, "says no field for %s, whose observations could never be grouped", s.Name)
			}
		}
	}
}

// order gives each definition its level: one more than the highest of its children.
func (c *compiler) order() {
	defs := c.plan.defs
	for round := 0; round <= len(defs); round++ {
		changed := false
		for i := range defs {
			for _, p := range defs[i].parents {
				if defs[p.def].level <= defs[i].level {
					defs[p.def].level, changed = defs[i].level+1, true
				}
			}
		}
		if !changed {
			for i := range defs {
				c.plan.levels = max(c.plan.levels, defs[i].level+1)
			}
			return
		}
	}
	for i := range defs {
		if defs[i].level > len(defs) {
			c.reject(&defs[i].Definition, defs[i].Lines["rules"], "rules", "", "the definition is a stage of itself, through others")
		}
	}
}

// fits reports whether an observation of a sort is of a stage.
func (p *Plan) fits(d *compiled, stage int, of *Sort, family string) bool {
	s := &d.Stages[stage]
	switch s.Kind {
	case OfRule:
		return of.Rule != "" && slices.ContainsFunc(d.known[stage], func(n string) bool { return n != "" && (n == of.Rule || n == of.Name) })
	case OfSignal:
		return of.Signal != "" && strings.EqualFold(s.Name, of.Signal)
	case OfFamily:
		return family == s.Name
	case OfTechnique:
		return slices.ContainsFunc(d.means(stage), func(name string) bool {
			return slices.ContainsFunc(of.Techniques, func(t string) bool {
				return strings.EqualFold(t, name) || len(t) > len(name) && t[len(name)] == '.' && strings.EqualFold(t[:len(name)], name)
			})
		})
	case OfTactic:
		return slices.ContainsFunc(d.means(stage), func(name string) bool {
			return slices.ContainsFunc(of.Tactics, func(t string) bool { return foldTactic(t) == foldTactic(name) })
		})
	}
	return false
}

// foldTactic is the form in which two spellings of a tactic are the same.
func foldTactic(s string) string {
	return strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// match is a definition that observations of a sort bear on: directly, when they fit
// stages of it, or else as what completes a definition that is a stage of it.
type match struct {
	def    int
	stages uint64
	from   int      // the definition that is a stage; -1 for the observation itself
	groups []string // the field of each part of the group
}

// matches lists what observations of a sort bear on.
func (p *Plan) matches(of *Sort) []match {
	var list []match
	family := p.families.Of(of)
	for i := range p.defs {
		var m uint64
		for k := range p.defs[i].Stages {
			if p.fits(&p.defs[i], k, of, family) {
				m |= 1 << k
			}
		}
		if m != 0 {
			list = append(list, p.match(i, -1, m))
		}
	}
	for n := 0; n < len(list); n++ {
		for _, up := range p.defs[list[n].def].parents {
			if i := slices.IndexFunc(list, func(m match) bool { return m.def == up.def && m.from == list[n].def }); i < 0 {
				list = append(list, p.match(up.def, list[n].def, 1<<up.stage))
			}
		}
	}
	return list
}

func (p *Plan) match(def, from int, stages uint64) match {
	d := &p.defs[def]
	m := match{def: def, from: from, stages: stages, groups: slices.Clone(d.GroupBy)}
	for i, g := range d.GroupBy {
		if fields := d.Aliases[g]; fields != nil {
			s := d.Stages[bits.TrailingZeros64(stages)]
			m.groups[i] = fields[s.Name]
			if m.groups[i] == "" {
				m.groups[i] = fields[s.String()]
			}
		}
	}
	return m
}

// names are the stages of a set as the definition writes them.
func (d *compiled) names(stages uint64) (names []string) {
	if i := bits.TrailingZeros64(stages); stages == 1<<i && i < len(d.spelled) {
		return d.spelled[i]
	}
	for ; stages != 0; stages &= stages - 1 {
		names = append(names, d.Stages[bits.TrailingZeros64(stages)].String())
	}
	return names
}

// Fit returns which stages of a definition, by its place among Definitions, an
// observation fits by itself, as a set of their places, and the group that it belongs to;
// no stages where it has no group.
func (p *Plan) Fit(def int, o *Observation) (stages uint64, key string) {
	d := &p.defs[def]
	family := p.families.Of(o.Sort)
	for k := range d.Stages {
		if p.fits(d, k, o.Sort, family) {
			stages |= 1 << k
		}
	}
	if stages == 0 {
		return 0, ""
	}
	m := p.match(def, -1, stages)
	if key = groupKey(o, m.groups); key == "" {
		stages = 0
	}
	return stages, key
}
