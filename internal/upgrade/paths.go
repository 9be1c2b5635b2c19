package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
)

// paths finds where an ID went.
type paths struct {
	old, now *attack.Library
	mapping  map[string][]attack.Rename
	// dead says of paths that lead nowhere why.
	dead []string
	// steps are those taken through the mapping from one ID on.
	steps int
}

// mostSteps bounds the ways through a mapping from one ID on: those of a few hundred lines can
// branch without end.
const mostSteps = 1000

// sort is the part of an ID that says of what kind it is: T, AN, DET, G and so on.
func sort(id string) string { return strings.TrimRight(id, "0123456789.") }

// find returns where an ID went by all who say so, each end once.
func (p *paths) find(id string) []Candidate {
	p.dead, p.steps = nil, 0
	var found []Candidate
	p.revoked(id, nil, nil, &found)
	p.mapped(id, nil, []string{id}, &found)
	if read := p.now.Readings(id); len(p.now.ByATTACKID(id)) == 0 {
		for _, as := range read.IDs {
			p.reach(as, []string{read.How}, &found)
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// reach takes up an end that is in force.
func (p *paths) reach(id string, how []string, found *[]Candidate) {
	by := strings.Join(how, "; ")
	i := slices.IndexFunc(*found, func(c Candidate) bool { return c.ID == id })
	if i < 0 {
		*found = append(*found, Candidate{ID: id, Name: p.now.ByATTACKID(id)[0].Name, By: []string{by}})
		return
	}
	if c := &(*found)[i]; !slices.Contains(c.By, by) {
		c.By = append(c.By, by)
	}
}

// revoked follows every revoked-by relation of the newer release from an ID on.
func (p *paths) revoked(id string, how, passed []string, found *[]Candidate) {
	if slices.Contains(passed, id) {
		p.dead = append(p.dead, fmt.Sprintf("its revoked-by relations run in a circle at %s", id))
		return
	}
	passed = append(slices.Clone(passed), id)
	for _, o := range p.now.ByATTACKID(id) {
		if !o.Revoked {
			continue
		}
		for _, r := range p.now.From(o.ID) {
			by, ok := p.now.Object(r.By)
			if r.Type != attack.RevokedBy || r.By != "" && (!ok || !by.Live()) {
				continue
			}
			p.replaced(id, r.To, how, passed, found)
		}
	}
}

// replaced takes one step from an ID to the object that revoked it.
func (p *paths) replaced(id, to string, how, passed []string, found *[]Candidate) {
	next, ok := p.now.Object(to)
	switch {
	case !ok || next.ATTACKID == "":
		p.dead = append(p.dead, fmt.Sprintf("what revoked %s is not in %s", id, p.now.Release))
		return
	case sort(next.ATTACKID) != sort(id):
		p.dead = append(p.dead, fmt.Sprintf("%s revoked %s, and is of another kind", next.ATTACKID, id))
		return
	}
	how = append(slices.Clone(how), fmt.Sprintf("%s: %s is revoked by %s", p.now.Release, id, next.ATTACKID))
	switch {
	case next.Live():
		p.reach(next.ATTACKID, how, found)
	case next.Revoked:
		p.revoked(next.ATTACKID, how, passed, found)
	default:
		p.dead = append(p.dead, fmt.Sprintf("%s, which took the place of %s, is deprecated", next.ATTACKID, id))
	}
}

// mapped follows the mapping file, and from an ID that it leads to and that is not in force
// what the release says.
func (p *paths) mapped(id string, how, passed []string, found *[]Candidate) {
	for _, r := range p.mapping[id] {
		if p.steps++; p.steps > mostSteps {
			if p.steps == mostSteps+1 {
				p.dead = append(p.dead, fmt.Sprintf("the mapping has more ways on than the %d that are followed", mostSteps))
			}
			return
		}
		step := append(slices.Clone(how), fmt.Sprintf("%s: %s became %s", r.By, r.Old, r.New))
		switch {
		case slices.Contains(passed, r.New):
			p.dead = append(p.dead, fmt.Sprintf("the mapping runs in a circle at %s", r.New))
		case p.now.InForce(r.New):
			p.reach(r.New, step, found)
		case len(p.mapping[r.New]) > 0:
			p.mapped(r.New, step, append(slices.Clone(passed), r.New), found)
		case len(p.now.ByATTACKID(r.New)) == 0:
			p.dead = append(p.dead, fmt.Sprintf("%s says that it became %s, which %s does not have", r.By, r.New, p.now.Release))
		default:
			before := len(*found)
			if p.revoked(r.New, step, nil, found); len(*found) == before {
				p.dead = append(p.dead, fmt.Sprintf("%s says that it became %s, which is not in force in %s", r.By, r.New, p.now.Release))
			}
		}
	}
}

// related returns what ATT&CK relates with an ID that nobody says anything of: the parent of
// a sub-technique, other analytics of the techniques that an analytic's strategies detected,
// on its platform, and strategies of the technique that a strategy detected.
func (p *paths) related(id string) []Candidate {
	var found []Candidate
	suggest := func(o *attack.Object, by string) {
		if o.ATTACKID != id && p.now.InForce(o.ATTACKID) && !slices.ContainsFunc(found, func(c Candidate) bool { return c.ID == o.ATTACKID }) {
			found = append(found, Candidate{ID: o.ATTACKID, Name: o.Name, By: []string{by}, Suggested: true})
		}
	}
	for _, lib := range []*attack.Library{p.old, p.now} {
		for _, o := range lib.ByATTACKID(id) {
			switch {
			case o.Kind.Technique():
				for _, parent := range lib.Targets(o.ID, attack.SubtechniqueOf) {
					suggest(parent, fmt.Sprintf("%s: %s was a sub-technique of %s", lib.Release, id, parent.ATTACKID))
				}
			case o.Kind == attack.KindAnalytic:
				p.siblings(lib, o, suggest)
			case o.Kind == attack.KindStrategy:
				for _, t := range lib.Targets(o.ID, attack.Detects) {
					for _, s := range p.now.Sources(t.ID, attack.Detects) {
						suggest(s, fmt.Sprintf("%s: %s detects %s, as %s did", p.now.Release, s.ATTACKID, t.ATTACKID, id))
					}
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// siblings suggests the analytics that detect now what an analytic's strategies detected, on
// a platform of its own.
func (p *paths) siblings(lib *attack.Library, o *attack.Object, suggest func(*attack.Object, string)) {
	for _, t := range lib.TechniquesOf(o.ID) {
		for _, s := range p.now.Sources(t.ID, attack.Detects) {
			for _, a := range p.now.Targets(s.ID, attack.HasAnalytic) {
				if len(o.Platforms) == 0 || slices.ContainsFunc(a.Platforms, func(on string) bool { return slices.Contains(o.Platforms, on) }) {
					suggest(a, fmt.Sprintf("%s: %s of %s detects %s, as %s did", p.now.Release, a.ATTACKID, s.ATTACKID, t.ATTACKID, o.ATTACKID))
				}
			}
		}
	}
}
