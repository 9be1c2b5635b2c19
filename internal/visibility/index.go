package visibility

import (
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// index is the telemetry, folded and keyed once, that every analytic of a
// release is then judged against.
type index struct {
	lib     *attack.Library
	policy  Policy
	window  Window
	outside map[string]bool
	scope   scope
	called  components

	sources   map[string][]source
	feeds     map[string][]feed
	externals map[string][]evidence.Of[telemetry.External]
	hearings  map[string][]day.Date      // of the window, by the folded name of the source
	provided  map[string]map[string]bool // the external sources of each provider, folded
	// arrivals remembers what was worked out of feeds: many analytics need the
	// same log source.
	arrivals map[channel]arrival
	// silent says that statements are without sentence and reasons.
	silent bool
}

// channel names a log source in folded words.
type channel struct{ name, channel string }

// scope is the union of the stated scopes.
type scope struct {
	platforms map[string]bool // folded; nil when none is stated
	names     []string        // as spelled
	owners    []string
	refs      []evidence.Ref
}

// source is a declared source with its words folded.
type source struct {
	telemetry.Source
	batch     string
	at        int // its place among what was declared
	channel   string
	component string
	platforms []string
}

// feed is an observation with its channel folded.
type feed struct {
	telemetry.Observation
	batch   string
	channel string
}

func newIndex(lib *attack.Library, t Telemetry, p Policy, w Window) *index {
	x := &index{lib: lib, policy: p, window: w, outside: folded(p.OutsidePlatforms), called: newComponents(lib)}
	return x.of(t)
}

// of returns an index of other telemetry, for the same release, policy and window.
func (x *index) of(t Telemetry) *index {
	x = &index{
		lib: x.lib, policy: x.policy, window: x.window, outside: x.outside, called: x.called,
		scope:     newScope(t.Scope),
		sources:   map[string][]source{},
		feeds:     map[string][]feed{},
		externals: map[string][]evidence.Of[telemetry.External]{},
		hearings:  map[string][]day.Date{},
		provided:  map[string]map[string]bool{},
		arrivals:  map[channel]arrival{},
	}
	for i, s := range t.Sources {
		name := attack.Fold(s.Value.Name)
		declared := newSource(s, x.called)
		declared.at = i
		x.sources[name] = append(x.sources[name], declared)
	}
	for _, o := range t.Observations {
		if o.Value.Day == "" || o.Value.Day > x.window.To {
			continue
		}
		name := attack.Fold(o.Value.Source)
		x.feeds[name] = append(x.feeds[name], feed{o.Value, o.Batch, attack.Fold(o.Value.Channel)})
	}
	for _, h := range t.Hearings {
		if h.Value.Day >= x.window.From && h.Value.Day <= x.window.To {
			name := attack.Fold(h.Value.Source)
			x.hearings[name] = append(x.hearings[name], h.Value.Day)
		}
	}
	for _, e := range t.Externals {
		provider := attack.Fold(e.Value.Provider)
		if x.provided[provider] == nil {
			x.provided[provider] = map[string]bool{}
		}
		x.provided[provider][e.Value.ID] = true
		for _, id := range e.Value.Covers {
			id = idKey(id)
			x.externals[id] = append(x.externals[id], e)
		}
	}
	return x
}

func newSource(s evidence.Of[telemetry.Source], called components) source {
	out := source{
		Source: s.Value, batch: s.Batch,
		channel:   attack.Fold(s.Value.Channel),
		component: attack.Fold(s.Value.Component),
	}
	if o, how := called.find(s.Value.Component); how != "" {
		out.component = attack.Fold(o.Name)
	}
	for _, p := range s.Value.Platforms {
		out.platforms = append(out.platforms, attack.Fold(p))
	}
	return out
}

// newScope joins the scopes that state platforms. A scope without platforms
// does not state what is operated, and adds nothing.
func newScope(stated []evidence.Of[telemetry.Scope]) scope {
	var s scope
	var batches []string
	for _, e := range stated {
		if len(e.Value.Platforms) == 0 {
			continue
		}
		if s.platforms == nil {
			s.platforms = map[string]bool{}
		}
		for _, p := range e.Value.Platforms {
			if f := attack.Fold(p); !s.platforms[f] {
				s.platforms[f] = true
				s.names = append(s.names, p)
			}
		}
		if o := e.Value.Organisation; o != "" && !slices.Contains(s.owners, o) {
			s.owners = append(s.owners, o)
		}
		batches = append(batches, e.Batch)
	}
	slices.Sort(s.names)
	slices.Sort(s.owners)
	s.refs = evidence.Batches(batches...)
	return s
}

func folded(names []string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[attack.Fold(n)] = true
	}
	return m
}

func idKey(id string) string { return strings.ToUpper(strings.TrimSpace(id)) }

// speaks reports whether something known of one channel of a log source speaks
// for the needed channel, both folded. An empty channel stands for every
// channel. ATT&CK writes "None" where it names no channel, so that any channel
// of the name will do. A channel that lists several is a set.
func speaks(known, needed string) bool {
	if known == "" || needed == "" || needed == "none" || known == needed {
		return true
	}
	if known == "none" || !lists(known) && !lists(needed) {
		return false
	}
	return attack.NewChannel(known).Meets(attack.NewChannel(needed))
}

// lists reports whether a folded channel may list several, or be the code of an event,
// which is spelled in several ways.
func lists(channel string) bool {
	return strings.ContainsAny(channel, ",|") || strings.HasPrefix(channel, "event") || strings.Trim(channel, "0123456789") == ""
}

// arrival is what was observed of one channel of a log source.
type arrival struct {
	looked  int      // days of the window on which it was looked for
	days    int      // days of the window on which it arrived
	first   day.Date // first day on which it arrived, as far as evidence goes
	last    day.Date // last day on which it arrived, within the window or before
	hosts   int      // most hosts on one day of the window
	latency latency
	batches []string
}

// latency is how long events took to arrive on a day.
type latency struct {
	day         day.Date
	median, p95 *float64 // seconds; nil for not measured
}

// of takes in what was measured: the newest day counts, and of it the longest.
func (l *latency) of(o *telemetry.Observation) {
	if o.MedianLatency == nil && o.P95Latency == nil || o.Events == 0 || o.Day < l.day {
		return
	}
	if o.Day > l.day {
		*l = latency{day: o.Day}
	}
	l.median, l.p95 = longer(l.median, o.MedianLatency), longer(l.p95, o.P95Latency)
}

func longer(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

func (x *index) arrival(c channel) arrival {
	a, ok := x.arrivals[c]
	if !ok {
		a = arrivalOf(x.feeds[c.name], c.channel, x.window)
		x.arrivals[c] = a
	}
	return a
}

// site is one place of measurement on one day.
type site struct {
	day  day.Date
	name string
}

func arrivalOf(feeds []feed, needed string, w Window) arrival {
	var a arrival
	looked := map[day.Date]bool{}
	hosts := map[site]int{} // the same hosts send several channels: the most counts
	for _, f := range feeds {
		if !speaks(f.channel, needed) {
			continue
		}
		if !slices.Contains(a.batches, f.batch) {
			a.batches = append(a.batches, f.batch)
		}
		if f.Events > 0 {
			a.last = max(a.last, f.Day)
			if a.first == "" || f.Day < a.first {
				a.first = f.Day
			}
		}
		if f.Day < w.From {
			continue
		}
		looked[f.Day] = true
		a.latency.of(&f.Observation)
		if f.Events > 0 {
			at := site{f.Day, f.Site}
			hosts[at] = max(hosts[at], f.Hosts)
		}
	}
	slices.Sort(a.batches)
	a.looked = len(looked)
	perDay := map[day.Date]int{}
	for at, n := range hosts {
		perDay[at.day] += n
	}
	a.days = len(perDay)
	for _, n := range perDay {
		a.hosts = max(a.hosts, n)
	}
	return a
}
