package sigma

import (
	"slices"
	"strings"

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

// resolve returns the platforms on which the place exists and what it is in
// ATT&CK's words; nothing when it is not known. Events are the event ids and
// record types that a rule names.
func (p place) resolve(events []string) (platforms []string, logs []detection.Log) {
	for i := range facts {
		f := &facts[i]
		if !p.fits(f) {
			continue
		}
		known := f.logs
		if f.byEvent {
			if exact := p.exact(events); len(exact) > 0 {
				known = exact
			}
		}
		for _, l := range known {
			logs = append(logs, detection.Log{Component: l.Component, Name: l.Name, Channel: l.Channel})
		}
		return slices.Clone(f.platforms), logs
	}
	return nil, nil
}

// exact returns what the named events of the place are, each once.
func (p place) exact(events []string) logs {
	var out logs
	for i := range eventFacts {
		e := &eventFacts[i]
		if e.product != p.product || e.service != p.service {
			continue
		}
		named := slices.ContainsFunc(events, func(s string) bool { return strings.EqualFold(s, e.id) })
		if named && !slices.Contains(out, e.log) {
			out = append(out, e.log)
		}
	}
	return out
}
