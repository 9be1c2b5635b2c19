// Package place says what the places where products keep data are in ATT&CK's words:
// Sigma's log sources, the tables of Sentinel and Defender, Elastic's indices and integrations, Splunk's
// sources, source types, data models and macros, and the events of Windows' logs.
//
// Rules that read a place and measurements that count what arrives in it are read
// through the same tables. The right sides are the words of ATT&CK 18.1; the left ones
// are the products' own names, from their documentation. The package refuses to guess:
// what is not in its tables is not known.
package place

import (
	"cmp"
	"slices"
	"strings"
)

// Place is what a product's place holds.
type Place struct {
	// Platforms are those whose events it holds, the foremost first.
	Platforms []string
	// Serves says how they are meant.
	Serves Serves
	// Logs are its log sources and data components.
	Logs []Log
	// Reference says that it holds no events: lists to look things up in, indicators,
	// inventory. What a rule that reads it is about, the other places say.
	Reference bool
	// Alerts says that it holds what other rules or products found.
	Alerts bool
}

// Serves says how the platforms of a place are meant.
type Serves int

// How a place serves its platforms.
const (
	Each    Serves = iota // what it holds is of each of them, or of the only one
	Several               // it holds events of all of them, and a reader may mean any
	Any                   // it holds events of any platform, or of what lies between them
)

// Log is a log source in ATT&CK's words; an empty field is wild.
type Log struct{ Component, Name, Channel string }

// Of joins the places that one reader looks at, in order and each part once. Where one
// is of a platform and another serves several of which that is one, it is that platform
// that is meant.
func Of(places ...Place) Place {
	own := map[string]bool{}
	for _, p := range places {
		for _, name := range p.Platforms {
			if p.Serves == Each {
				own[name] = true
			}
		}
	}
	return join(places, own)
}

// join joins places; of one that serves several platforms some of which are own, those.
func join(places []Place, own map[string]bool) Place {
	out := Place{Reference: len(places) > 0}
	for _, p := range places {
		out.Reference = out.Reference && p.Reference
		out.Alerts = out.Alerts || p.Alerts
		meant := func(name string) bool { return own[name] }
		if p.Serves != Several || !slices.ContainsFunc(p.Platforms, meant) {
			out.Serves = max(out.Serves, p.Serves)
			meant = func(string) bool { return true }
		}
		for _, name := range p.Platforms {
			if meant(name) && !slices.Contains(out.Platforms, name) {
				out.Platforms = append(out.Platforms, name)
			}
		}
		for _, l := range p.Logs {
			if !slices.Contains(out.Logs, l) {
				out.Logs = append(out.Logs, l)
			}
		}
	}
	return out
}

// On returns the place as it is for a reader that says which platforms it means.
func (p Place) On(platforms []string) Place {
	if len(platforms) > 0 {
		p.Platforms, p.Serves = platforms, Each
	}
	return p
}

// sorted puts places in an order of their own, so that what is joined of a map does not
// follow the map's.
func sorted(places []Place) []Place {
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(slices.Compare(a.Platforms, b.Platforms), cmp.Compare(a.Serves, b.Serves), slices.CompareFunc(a.Logs, b.Logs, func(x, y Log) int {
			return cmp.Or(cmp.Compare(x.Component, y.Component), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Channel, y.Channel))
		}))
	})
	return places
}

// row gives several names of one kind of place, joined by blanks.
type row struct {
	names string
	place Place
}

// index makes the rows answer by name, in lower case.
func index(rows []row) map[string]*Place {
	out := make(map[string]*Place, 4*len(rows))
	for i := range rows {
		for name := range strings.FieldsSeq(rows[i].names) {
			out[strings.ToLower(name)] = &rows[i].place
		}
	}
	return out
}
