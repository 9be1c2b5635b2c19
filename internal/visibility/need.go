package visibility

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/evidence"
)

// needs returns what is known here of each log source that an analytic names,
// in the order in which it names them.
func (x *index) needs(o *attack.Object) []Need {
	platforms := folded(o.Platforms)
	needs := make([]Need, 0, len(o.LogSources))
	for _, l := range o.LogSources {
		needs = append(needs, x.need(l, platforms))
	}
	return needs
}

func (x *index) need(l attack.LogSource, platforms map[string]bool) Need {
	n := Need{LogSource: l}
	component, ok := x.lib.Object(l.Component)
	if ok {
		n.ComponentName = component.Name
	}
	c := channel{attack.Fold(l.Name), attack.Fold(l.Channel)}
	d := x.declared(c, component, platforms)
	n.Declared = len(d.inForce) > 0
	n.Note = d.note()
	n.HostsOf = d.hosts(c.channel)
	batches := d.batches()
	var a arrival
	if n.Declared || !d.elsewhere() {
		a = x.arrival(c)
		batches = append(batches, a.batches...)
	}
	n.FirstSeen, n.LastSeen, n.Days, n.Hosts = a.first, a.last, a.days, a.hosts
	n.MedianLatency, n.P95Latency, n.LatencyDay = a.latency.median, a.latency.p95, a.latency.day
	n.Refs = append([]evidence.Ref{}, evidence.Batches(batches...)...)
	n.State = x.needState(&n, a)
	n.ShareUnknown = n.State == Measured && n.HostsOf == 0 && x.policy.MinHostShare > 0
	if n.State != Measured && n.State != Thin && !n.Declared && len(d.outOfForce) > 0 {
		n.State = Missing
	}
	return n
}

// needState says how a need is seen. What arrives counts whether or not it is
// declared: a measurement is stronger than a declaration.
func (x *index) needState(n *Need, a arrival) NeedState {
	switch {
	case a.days == 0 && a.looked > 0:
		return Silent
	case a.last == "" && n.Declared:
		return Unmeasured
	case a.last == "":
		return Missing
	case a.last.Until(x.window.To) > x.policy.MaxFeedAgeDays:
		return Old
	case a.days < x.policy.MinFeedDays || x.fewHosts(n):
		return Thin
	}
	return Measured
}

func (x *index) fewHosts(n *Need) bool {
	return n.HostsOf > 0 && float64(n.Hosts) < x.policy.MinHostShare*float64(n.HostsOf)
}

// declarations are the declared sources that name a needed log source, by
// whether they cover it.
type declarations struct {
	inForce    []source
	outOfForce []source // agree, but not in force on the day of judgement
	other      []source // for other platforms or another data component
}

// declared returns what is declared of a log source by its name. A declaration
// that names a data component alone, as DeTT&CT's do, stands for each of the
// component's log sources.
func (x *index) declared(c channel, component *attack.Object, platforms map[string]bool) declarations {
	var d declarations
	for _, s := range x.sources[c.name] {
		switch {
		case !speaks(s.channel, c.channel):
		case !s.on(platforms) || !s.of(component):
			d.other = append(d.other, s)
		case !x.inForce(s):
			d.outOfForce = append(d.outOfForce, s)
		default:
			d.inForce = append(d.inForce, s)
		}
	}
	for _, s := range x.sources[""] {
		if s.component != "" && s.of(component) && s.on(platforms) && x.inForce(s) {
			d.inForce = append(d.inForce, s)
		}
	}
	return d
}

// inForce reports whether a declaration holds on the day of judgement.
func (x *index) inForce(s source) bool {
	return s.Since <= x.window.To && (s.Until == "" || s.Until >= x.window.To)
}

// on reports whether s is collected on one of the platforms. A source that
// lists none, and an analytic that has none, leave it open.
func (s *source) on(platforms map[string]bool) bool {
	if len(s.platforms) == 0 || len(platforms) == 0 {
		return true
	}
	return slices.ContainsFunc(s.platforms, func(p string) bool { return platforms[p] })
}

// of reports whether s is declared for the data component, or for none.
func (s *source) of(component *attack.Object) bool {
	if s.component == "" {
		return true
	}
	return component != nil &&
		(s.component == attack.Fold(component.ATTACKID) || s.component == attack.Fold(component.Name) || s.component == component.ID)
}

// elsewhere reports whether the log source is declared, and only for other
// platforms or components: then what arrives of it is theirs and proves nothing
// here.
func (d *declarations) elsewhere() bool {
	return len(d.other) > 0 && len(d.inForce) == 0 && len(d.outOfForce) == 0
}

// hosts sums the declared hosts. Sources of exactly the needed channel count
// before those of every channel, which would count the same systems again.
func (d *declarations) hosts(needed string) int {
	exact, all := 0, 0
	for _, s := range d.inForce {
		if s.channel != "" && s.channel == needed {
			exact += s.Hosts
		} else {
			all += s.Hosts
		}
	}
	if exact > 0 {
		return exact
	}
	return all
}

func (d *declarations) batches() []string {
	used := d.inForce
	if len(used) == 0 {
		used = slices.Concat(d.outOfForce, d.other)
	}
	var ids []string
	for _, s := range used {
		ids = append(ids, s.batch)
	}
	slices.Sort(ids)
	return ids
}

// note says why what is declared does not cover the need.
func (d *declarations) note() string {
	switch {
	case len(d.inForce) > 0:
		return ""
	case len(d.outOfForce) > 0:
		return d.period()
	case len(d.other) > 0:
		return "it is declared for " + strings.Join(d.others(), " and ") + " only"
	}
	return ""
}

// period says when the declarations that agree were or will be in force.
func (d *declarations) period() string {
	var periods []string
	for _, s := range d.outOfForce {
		p := fmt.Sprintf("from %s to %s", s.Since, s.Until)
		switch {
		case s.Since == "":
			p = fmt.Sprintf("until %s", s.Until)
		case s.Until == "":
			p = fmt.Sprintf("from %s", s.Since)
		}
		periods = append(periods, p)
	}
	slices.Sort(periods)
	return "it is declared " + strings.Join(slices.Compact(periods), " and ") + " only"
}

func (d *declarations) others() []string {
	var names []string
	for _, s := range d.other {
		name := strings.Join(s.Platforms, ", ")
		if s.Component != "" {
			name = strings.TrimSuffix("data component "+s.Component+" on "+name, " on ")
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// level orders what needs come to in the judgement of an analytic.
type level int

const (
	nothing level = iota // not collected, as far as anyone says or saw
	said                 // said to be collected, never seen to arrive
	lapsed               // arrived once, not lately
	thin                 // arrives, on too few days or from too few hosts
	good                 // arrives as the policy asks
)

func levelOf(n *Need) level {
	switch n.State {
	case Measured:
		return good
	case Thin:
		return thin
	case Old:
		return lapsed
	case Silent:
		if n.LastSeen != "" {
			return lapsed
		}
		if n.Declared {
			return said
		}
	case Unmeasured:
		return said
	}
	return nothing
}

// groupsOf returns the things that must each be seen: every log source, those of
// each data component of which the best counts, or all together.
func groupsOf(needs []Need, how string) [][]*Need {
	at := map[string]int{}
	var groups [][]*Need
	for i := range needs {
		key := fmt.Sprint(i)
		switch how {
		case "component":
			key = needs[i].Component
		case "any":
			key = ""
		}
		if _, ok := at[key]; !ok {
			at[key] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[key]] = append(groups[at[key]], &needs[i])
	}
	return groups
}

// levelsOf returns the level of the best of each group.
func levelsOf(groups [][]*Need) []level {
	var levels []level
	for _, g := range groups {
		best := nothing
		for _, n := range g {
			best = max(best, levelOf(n))
		}
		levels = append(levels, best)
	}
	return levels
}

// stateOf returns the state of an analytic whose needs come to levels.
func stateOf(levels []level) State {
	has := func(l level) bool { return slices.Contains(levels, l) }
	switch {
	case slices.Max(levels) == nothing:
		return Blind
	case has(nothing) || has(thin):
		return Partial
	case has(said):
		return Declared
	case has(lapsed):
		return Stale
	}
	return Verified
}
