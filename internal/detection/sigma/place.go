package sigma

import (
	"slices"
	"strings"

	known "candor/internal/attack/place"
	"candor/internal/detection"
)

// place is one of Sigma's log sources, in lower case.
type place struct{ product, category, service string }

// fits reports whether a fact speaks of the place. An empty field of the fact is
// wild, and "*" stands for any value but none.
func (p place) fits(f *fact) bool {
	return fits(f.product, p.product) && fits(f.category, p.category) && fits(f.service, p.service)
}

func fits(want, have string) bool {
	return want == "" || want == have || want == "*" && have != ""
}

// where is what a place is in ATT&CK's words.
type where struct {
	platforms []string
	reach     detection.Reach
	logs      []detection.Log
}

// resolve returns what the place is; nothing when it is not known. Events are the
// event ids and record types that a rule names.
func (p place) resolve(events []string) where {
	for i := range facts {
		f := &facts[i]
		if !p.fits(f) {
			continue
		}
		said := f.logs
		if f.byEvent {
			if exact := p.exact(events); len(exact) > 0 {
				said = exact
			}
		}
		out := where{platforms: slices.Clone(f.platforms), reach: f.reach}
		for _, l := range said {
			out.logs = append(out.logs, detection.Log{Component: l.Component, Name: l.Name, Channel: l.Channel})
		}
		return out
	}
	return where{}
}

// exact returns what the named events of the place are, each once.
func (p place) exact(events []string) logs {
	var out logs
	add := func(l log) {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	for _, e := range events {
		if p.product == "linux" {
			for i := range eventFacts {
				if strings.EqualFold(e, eventFacts[i].id) {
					add(eventFacts[i].log)
				}
			}
			continue
		}
		for _, l := range [...]struct{ service, name string }{{"security", security}, {"system", system}, {"sysmon", sysmon}} {
			if p.service == l.service && known.KnownEvent(l.name, e) {
				add(log(known.Event(l.name, e)))
			}
		}
	}
	return out
}
