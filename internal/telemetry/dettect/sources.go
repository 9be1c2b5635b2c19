package dettect

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/day"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// Administration is what one data source administration says.
type Administration struct {
	// Scope is nil when the file names no system.
	Scope *telemetry.Scope
	// Sources declare data components: their Name and Channel are empty, which
	// stands for every log source of the component. Their Sites are DeTT&CT's
	// applicable_to.
	Sources  []telemetry.Source
	Rejects  []evidence.Reject
	Warnings []string
}

// Sources reads a data source administration (file_type
// data-source-administration, version 1.0 or 1.1). It fails with fault.Invalid when
// the file as a whole is none.
func Sources(file string, data []byte) (*Administration, error) {
	m, err := open(file, data, typeSources)
	if err != nil {
		return nil, err
	}
	a := &Administration{}
	systems := a.systems(m)
	a.Scope = scope(m, systems)
	if a.Scope != nil && len(a.Scope.Platforms) == 0 {
		a.warn(m, "systems", "a system is of every platform, so the scope states none")
	}
	list := a.maps(m, "data_sources")
	for _, s := range list {
		a.source(s, systems)
	}
	if left, _ := m.Maps("exceptions"); len(left) > 0 {
		a.warn(m, "exceptions", "exceptions, which shape DeTT&CT's own scores, were passed over (%d)", len(left))
	}
	a.Warnings = append(m.Unknown(), a.Warnings...)
	return a, nil
}

func (a *Administration) warn(m *decode.Map, key, format string, args ...any) {
	a.Warnings = append(a.Warnings, fmt.Sprintf("%s:%d: %s", m.File(), m.Line(key), fmt.Sprintf(format, args...)))
}

// maps reads the list of mappings under a key, and keeps what is no mapping.
func (a *Administration) maps(m *decode.Map, key string) []*decode.Map {
	list, rejects := m.Maps(key)
	a.Rejects = append(a.Rejects, rejects...)
	return list
}

// failed keeps what is wrong with a mapping, and reports whether anything is.
func (a *Administration) failed(m *decode.Map) bool {
	r, bad := m.Bad()
	if bad {
		a.Rejects = append(a.Rejects, r)
	}
	return bad
}

// system is a group of systems with its platforms; none stands for every one.
type system struct {
	name      string
	platforms []string
}

func (a *Administration) systems(m *decode.Map) []system {
	var out []system
	for _, s := range a.maps(m, "systems") {
		v := system{s.Need("applicable_to"), platforms(s.Strings("platform"))}
		a.Warnings = append(a.Warnings, s.Unknown()...)
		if !a.failed(s) {
			out = append(out, v)
		}
	}
	if len(out) == 0 && m.Has("platform") { // as version 1.0 and files made of it say it
		out = append(out, system{all, platforms(m.Strings("platform"))})
	}
	return out
}

// spellings are the platforms that old files write in lower case, as ATT&CK does.
var spellings = [...]string{
	"PRE", "Windows", "macOS", "Linux", "Office 365", "Azure AD", "Google Workspace", "IaaS", "SaaS", "Network", "Containers",
}

// platforms returns names as ATT&CK has them; none when every one is meant.
func platforms(names []string) []string {
	var out []string
	for _, n := range names {
		if strings.EqualFold(n, all) {
			return nil
		}
		if i := slices.IndexFunc(spellings[:], func(s string) bool { return strings.EqualFold(s, n) }); i >= 0 {
			n = spellings[i]
		}
		out = append(out, n)
	}
	return out
}

// scope joins the platforms of the systems. A system of every platform leaves
// the scope unstated.
func scope(m *decode.Map, systems []system) *telemetry.Scope {
	if len(systems) == 0 {
		return nil
	}
	s := &telemetry.Scope{Organisation: m.String("name")}
	if s.Organisation == "" {
		s.Organisation = m.File()
	}
	s.Platforms, _ = joined(systems, nil)
	return s
}

// joined returns the platforms of the named systems, of all when none is named,
// and the first name that no system has. It returns none when one of them is of
// every platform.
func joined(systems []system, names []string) (found []string, unknown string) {
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, all) }) {
		names = nil
	}
	for _, n := range names {
		if !slices.ContainsFunc(systems, func(s system) bool { return strings.EqualFold(s.name, n) }) {
			return nil, n
		}
	}
	every := false
	for _, s := range systems {
		if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(s.name, n) }) {
			continue
		}
		every = every || len(s.platforms) == 0
		for _, p := range s.platforms {
			if !slices.Contains(found, p) {
				found = append(found, p)
			}
		}
	}
	if every {
		return nil, ""
	}
	return found, ""
}

// own marks the data sources that DeTT&CT adds to those of ATT&CK.
const own = "[DeTT&CT data source]"

// source reads the entries of one data source. In version 1.0 it is its own and
// only entry.
func (a *Administration) source(m *decode.Map, systems []system) {
	name := m.Need("data_source_name")
	entries := a.maps(m, "data_source")
	if !m.Has("data_source") && m.Has("data_quality") {
		entries = []*decode.Map{m}
	} else {
		a.Warnings = append(a.Warnings, m.Unknown()...)
	}
	if a.failed(m) {
		return
	}
	if strings.Contains(name, own) {
		a.warn(m, "data_source_name", "%q is DeTT&CT's own data source, which ATT&CK does not have; nothing will rest on it", name)
	}
	for _, e := range entries {
		s, collected := a.item(e, name, systems)
		a.Warnings = append(a.Warnings, e.Unknown()...)
		switch {
		case a.failed(e):
		case !collected:
			a.warn(e, "available_for_data_analytics", "%q of %s is not available for data analytics and was passed over", name, who(s.Sites))
		default:
			a.Sources = append(a.Sources, s)
		}
	}
}

func who(sites []string) string {
	if len(sites) == 0 {
		return "all systems"
	}
	return strings.Join(sites, ", ")
}

// item reads what is said of a data source for some systems, and whether it is
// collected.
func (a *Administration) item(m *decode.Map, name string, systems []system) (telemetry.Source, bool) {
	s := telemetry.Source{Component: name, Product: strings.Join(products(m), ", "), Since: day.Date(date(m, "date_connected"))}
	m.Know("date_registered")
	to := m.Strings("applicable_to")
	var unknown string
	if s.Platforms, unknown = joined(systems, to); unknown != "" {
		m.Fail("applicable_to", unknown, "not one of the file's systems")
	}
	if !slices.ContainsFunc(to, func(n string) bool { return strings.EqualFold(n, all) }) {
		s.Sites = to
	}
	s.Note = note(m)
	return s, m.Bool("available_for_data_analytics", true)
}

// products returns the products; DeTT&CT writes "None" where there is none.
func products(m *decode.Map) []string {
	return slices.DeleteFunc(m.Strings("products"), func(p string) bool { return strings.EqualFold(p, "none") })
}

// shares are what DeTT&CT's scores of completeness and retention stand for.
var shares = [...]string{"none", "1-25 %", "26-50 %", "51-75 %", "76-99 %", "100 %"}

// note keeps in words what is said of the quality, which Candor measures.
func note(m *decode.Map) string {
	parts := m.Strings("comment")
	if q := m.Map("data_quality"); q != nil {
		for _, k := range []struct{ key, words string }{
			{"device_completeness", "devices"}, {"data_field_completeness", "fields"}, {"retention", "retention"},
		} {
			if q.Has(k.key) {
				parts = append(parts, k.words+" "+shares[q.Int(k.key, 0, 5)])
			}
		}
		for _, key := range []string{"timeliness", "consistency"} {
			if q.Has(key) {
				parts = append(parts, fmt.Sprintf("%s %d of 5", key, q.Int(key, 0, 5)))
			}
		}
		if r, bad := q.Bad(); bad {
			m.Fail("data_quality", r.Value, r.Field+": "+r.Reason)
		}
	}
	return strings.Join(parts, "; ")
}
