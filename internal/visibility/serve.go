package visibility

import (
	"slices"

	"candor/internal/attack"
	"candor/internal/day"
)

// Served is what a declared log source is good for in a release.
type Served struct {
	// Analytics are the STIX ids of the live analytics of which it covers a need, in
	// the order of the release.
	Analytics []string
	// LastSeen is the last day on which what it declares arrived, Days on how many of
	// the window it did.
	LastSeen day.Date
	Days     int
	// MedianLatency, P95Latency and LatencyDay are as in Need.
	MedianLatency, P95Latency *float64
	LatencyDay                day.Date
	// State is how what it declares arrives, as in Need, and Hosts the most hosts that
	// sent it on one day of the window. State is empty for a declaration of a data
	// component alone: its log sources are measured by their names.
	State NeedState
	Hosts int
	// Note says why it covers nothing that names it: it is declared for other
	// platforms or another data component, or not in force. Empty where it does, and
	// where nothing names it.
	Note string
}

// Serve returns, for each declared source of t in its order, what it is good for.
func Serve(lib *attack.Library, t Telemetry, p Policy, w Window) []Served {
	x := newIndex(lib, t, p, w)
	out := make([]Served, len(t.Sources))
	for _, o := range lib.OfKind(attack.KindAnalytic) {
		if o.Live() {
			x.serve(o, out)
		}
	}
	for i := range t.Sources {
		s := &t.Sources[i].Value
		if s.Name != "" {
			a := x.arrival(channel{attack.Fold(s.Name), attack.Fold(s.Channel)})
			out[i].LastSeen, out[i].Days, out[i].Hosts = a.last, a.days, a.hosts
			out[i].State = x.needState(&Need{Declared: true, Hosts: a.hosts, HostsOf: s.Hosts}, a)
			out[i].MedianLatency, out[i].P95Latency, out[i].LatencyDay = a.latency.median, a.latency.p95, a.latency.day
		}
		if len(out[i].Analytics) > 0 {
			out[i].Note = ""
		}
	}
	return out
}

// serve notes what sources do for one analytic.
func (x *index) serve(o *attack.Object, out []Served) {
	platforms := folded(o.Platforms)
	for _, l := range o.LogSources {
		component, _ := x.lib.Object(l.Component)
		d := x.declared(channel{attack.Fold(l.Name), attack.Fold(l.Channel)}, component, platforms)
		for _, s := range d.inForce {
			if at := &out[s.at]; !slices.Contains(at.Analytics[max(0, len(at.Analytics)-1):], o.ID) {
				at.Analytics = append(at.Analytics, o.ID)
			}
		}
		for _, s := range d.outOfForce {
			out[s.at].Note = "not in force on the day of judgement"
		}
		for _, s := range d.other {
			if out[s.at].Note == "" {
				out[s.at].Note = "analytics name it for other platforms or another data component"
			}
		}
	}
}
