package ingest

import (
	"fmt"
	"hash/maphash"

	"candor/internal/alert"
)

// mostMet bounds how many ids of one batch are kept, to tell those that come again.
const mostMet = 1 << 18

// moved tells the alerts of a batch that come again under one id, of another rule and at
// another site: two alerts that two sites call alike, of which the last counts alone.
type moved struct {
	seed  maphash.Seed
	met   map[uint64][2]uint64 // hashes of rule and site, by that of the id
	n     int64
	first string
}

// see looks at an alert.
func (m *moved) see(a *alert.Alert) {
	if a.Partial() || a.Site == "" {
		return
	}
	if m.met == nil {
		m.met, m.seed = map[uint64][2]uint64{}, maphash.MakeSeed()
	}
	hash := func(s string) uint64 { return maphash.String(m.seed, s) }
	id, now := hash(a.ID), [2]uint64{hash(a.RuleID), hash(a.Site)}
	before, again := m.met[id]
	switch {
	case !again && len(m.met) < mostMet:
		m.met[id] = now
	case again && before[0] != now[0] && before[1] != now[1]:
		if m.n++; m.n == 1 {
			m.first = a.ID
		}
	}
}

// note says what was seen; empty where nothing was.
func (m *moved) note() string {
	if m.n == 0 {
		return ""
	}
	return fmt.Sprintf("%s under an id that was of another rule at another site, the first %q: two alerts of one id are one, of which the last counts; "+
		"where sites number their alerts alike, make ids of both in a mapping file (join: [site, id])", came(m.n), m.first)
}

func came(n int64) string {
	if n == 1 {
		return "1 alert came again"
	}
	return fmt.Sprintf("%d alerts came again", n)
}
