// Package inventory reads Candor's telemetry YAML: the scope of an organisation,
// the log sources that it says it collects, and the external sources that see
// for it.
//
// It refuses to look anything up: whether ATT&CK knows a log source is judged
// elsewhere. An entry that is wrong is rejected and the others stand.
package inventory

import (
	"slices"
	"strings"

	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// Inventory is what one file says.
type Inventory struct {
	// Scope is nil when the file states neither organisation nor platforms.
	Scope     *telemetry.Scope
	Sources   []telemetry.Source
	Externals []telemetry.External
	Rejects   []evidence.Reject
	Warnings  []string
}

// Decode reads the file named file, which holds data. It fails with
// fault.Invalid when the file as a whole is no telemetry inventory.
func Decode(file string, data []byte) (*Inventory, error) {
	m, err := decode.Document(file, data, "telemetry")
	if err != nil {
		return nil, err
	}
	inv := &Inventory{}
	inv.scope(m)
	inv.Sources = items(inv, m, "log_sources", source)
	inv.Externals = items(inv, m, "external_sources", external)
	inv.Warnings = append(m.Unknown(), inv.Warnings...)
	return inv, nil
}

func (inv *Inventory) scope(m *decode.Map) {
	if !m.Has("organisation") && !m.Has("platforms") {
		return
	}
	s := telemetry.Scope{Organisation: m.Need("organisation"), Platforms: m.Strings("platforms")}
	if r, bad := m.Bad(); bad {
		inv.Rejects = append(inv.Rejects, r)
		return
	}
	inv.Scope = &s
}

// items reads the list under a key, and keeps what is wrong with its items.
func items[T any](inv *Inventory, m *decode.Map, key string, read func(*decode.Map) T) []T {
	maps, rejects := m.Maps(key)
	inv.Rejects = append(inv.Rejects, rejects...)
	var out []T
	for _, e := range maps {
		v := read(e)
		inv.Warnings = append(inv.Warnings, e.Unknown()...)
		if r, bad := e.Bad(); bad {
			inv.Rejects = append(inv.Rejects, r)
			continue
		}
		out = append(out, v)
	}
	return out
}

// maxHosts bounds a number of hosts; more than this is a slip.
const maxHosts = 1 << 30

func source(m *decode.Map) telemetry.Source {
	s := telemetry.Source{
		Name: m.String("name"), Channel: m.String("channel"), Component: m.String("component"),
		Platforms: m.Strings("platforms"), Sites: m.Strings("sites"), Hosts: m.Int("hosts", 0, maxHosts),
		Product: m.String("product"), Owner: m.String("owner"),
		Since: m.Day("since"), Until: m.Day("until"), Note: m.String("note"),
	}
	switch {
	case s.Name == "" && s.Component == "":
		m.Fail("name", "", "is missing or empty, and no data component is named in its place")
	case s.Name == "" && s.Channel != "":
		m.Fail("channel", s.Channel, "is the channel of no log source: name is missing")
	}
	if s.Until != "" && s.Since > s.Until {
		m.Fail("until", string(s.Until), "is before since, "+string(s.Since))
	}
	return s
}

func external(m *decode.Map) telemetry.External {
	x := telemetry.External{
		ID: m.Need("id"), Name: m.Need("name"), Provider: m.Need("provider"), Owner: m.Need("owner"),
		Covers: covers(m), Reliability: strings.ToUpper(m.Need("reliability")), Credibility: credibility(m),
		RatedBy: m.String("rated_by"), Since: m.Day("since"), Note: m.String("note"),
	}
	if m.Need("expires") != "" {
		x.Expires = m.Day("expires")
	}
	if !slices.Contains([]string{"A", "B", "C", "D", "E", "F"}, x.Reliability) {
		m.Fail("reliability", x.Reliability, "not a letter from A to F (Admiralty scale)")
	}
	if x.Expires != "" && x.Since > x.Expires {
		m.Fail("expires", string(x.Expires), "is before since, "+string(x.Since))
	}
	return x
}

func credibility(m *decode.Map) int {
	if m.Need("credibility") == "" {
		return 0
	}
	return m.Int("credibility", 1, 6)
}

// covers reads the ATT&CK IDs that an external source covers.
func covers(m *decode.Map) []string {
	ids := m.Strings("covers")
	if len(ids) == 0 {
		m.Fail("covers", "", "names no analytic, strategy or technique")
	}
	for i, id := range ids {
		ids[i] = strings.ToUpper(id)
		if !decode.ID("AN", ids[i]) && !decode.ID("DET", ids[i]) && !decode.TechniqueID(ids[i]) {
			m.Fail("covers", id, "not the ATT&CK ID of an analytic (AN1989), a strategy (DET0857) or a technique (T1589.003)")
		}
	}
	return ids
}
