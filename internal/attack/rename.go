package attack

import (
	"fmt"
	"slices"
	"strings"
)

// Rename says that one ATT&CK ID took the place of another. The new one may have
// taken the place of several, and the old one may have become several.
type Rename struct {
	Old string `json:"old"`
	New string `json:"new"`
	// By says who shows it: a release, for example "enterprise 19.0", of which an
	// earlier one may have made it, or whose mapping it is.
	By string `json:"by,omitempty"`
	// Domain is the one that it is of, by its full name; empty for any.
	Domain string `json:"domain,omitempty"`
}

// Key is what a later statement supersedes a rename by.
func (r *Rename) Key() string { return r.Domain + "|" + r.Old + "|" + r.New }

// Lineage is what a view knows of ATT&CK IDs besides the revoked-by relations
// that it holds itself: renames by who says so, those who are asked first in front.
type Lineage [][]Rename

// lineage is a Lineage to look IDs up in. Each part knows what those before it know,
// too: who is asked later is asked where who came before leads nowhere, and may go
// on from what they say.
type lineage []struct {
	before, after map[string][]Rename // by the new ID, and by the old one
}

// knownRenames are those of releases that a library may not have: where techniques
// went that 19 does not have, as far as that is known, each with a release that shows
// it. What says T1547.011 is the oldest that was looked at; 9.0 does not say it yet.
var knownRenames = [...]struct{ domain, by, old, new string }{
	{"enterprise-attack", "enterprise 19.0", "T1070.001", "T1685.005"},
	{"enterprise-attack", "enterprise 19.0", "T1070.002", "T1685.006"},
	{"enterprise-attack", "enterprise 12.1", "T1547.011", "T1647"},
	{"enterprise-attack", "enterprise 19.0", "T1562", "T1685"},
	{"enterprise-attack", "enterprise 19.0", "T1562.001", "T1685"},
	{"enterprise-attack", "enterprise 19.0", "T1562.002", "T1685.001"},
	{"enterprise-attack", "enterprise 19.0", "T1562.004", "T1686"},
	{"enterprise-attack", "enterprise 19.0", "T1562.006", "T1685"},
	{"enterprise-attack", "enterprise 19.0", "T1562.007", "T1686.001"},
	{"enterprise-attack", "enterprise 19.0", "T1562.008", "T1685.002"},
	{"enterprise-attack", "enterprise 19.0", "T1562.010", "T1689"},
	{"enterprise-attack", "enterprise 19.0", "T1656", "T1684.001"},
}

// KnownRenames returns the renames of a domain that are known without the release
// that made them.
func KnownRenames(domain string) []Rename {
	var rs []Rename
	for _, k := range knownRenames {
		if k.domain == domain {
			rs = append(rs, Rename{Old: k.old, New: k.new, By: k.by})
		}
	}
	return rs
}

func newLineage(from Lineage) lineage {
	l := make(lineage, len(from))
	for i := range l {
		l[i].before, l[i].after = map[string][]Rename{}, map[string][]Rename{}
		told := map[[2]string]bool{}
		for _, r := range slices.Concat(from[:i+1]...) {
			if key := [2]string{r.Old, r.New}; r.Old != r.New && !told[key] {
				told[key] = true
				l[i].before[r.New] = append(l[i].before[r.New], r)
				l[i].after[r.Old] = append(l[i].after[r.Old], r)
			}
		}
	}
	return l
}

// WithRenames returns the same view that also knows what others say of ATT&CK IDs.
// What is known without any release is asked last.
func (l *Library) WithRenames(others Lineage) *Library {
	with := *l
	with.lineage = newLineage(append(slices.Clip(others), KnownRenames(l.Release.Domain)))
	return &with
}

// Readings is what an ATT&CK ID of another release is in the view's.
type Readings struct {
	// IDs are those that the view has for it, in order; more than one is a choice
	// that the ID alone does not tell.
	IDs []string
	// How says in words by which release what took the place of what, step by step.
	How string
}

// Readings returns what an ATT&CK ID that means nothing in the view stands for
// there: what it became, in one step or several, else what it was before. There
// is none when nobody who is asked says so.
func (l *Library) Readings(id string) Readings {
	for _, known := range l.lineage {
		if r := l.readings(id, known.after, func(r Rename) string { return r.New }); len(r.IDs) > 0 {
			return r
		}
		if r := l.readings(id, known.before, func(r Rename) string { return r.Old }); len(r.IDs) > 0 {
			return r
		}
	}
	return Readings{}
}

// readings follows renames one way, up to the first ID of each path that the view
// has an object for.
func (l *Library) readings(id string, way map[string][]Rename, end func(Rename) string) Readings {
	var found Readings
	var steps []Rename
	seen := map[string]bool{id: true}
	for at := []string{id}; len(at) > 0; at = at[1:] {
		for _, r := range way[at[0]] {
			next := end(r)
			steps = append(steps, r)
			switch {
			case seen[next]:
				continue
			case len(l.byID[next]) > 0:
				found.IDs = append(found.IDs, next)
			default:
				at = append(at, next)
			}
			seen[next] = true
		}
	}
	slices.Sort(found.IDs)
	if len(found.IDs) > 0 {
		found.How = toldRenames(steps)
	}
	return found
}

// toldRenames says renames in words, those to one ID together.
func toldRenames(steps []Rename) string {
	olds := map[[2]string][]string{}
	var order [][2]string
	for _, r := range steps {
		key := [2]string{r.By, r.New}
		if olds[key] == nil {
			order = append(order, key)
		}
		olds[key] = append(olds[key], r.Old)
	}
	var said []string
	for _, key := range order {
		slices.Sort(olds[key])
		said = append(said, fmt.Sprintf("by %s %s took the place of %s", key[0], key[1], Listed(olds[key])))
	}
	return strings.Join(said, "; ")
}

// Listed joins words as a sentence does: "a, b and c".
func Listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
