package attack

import (
	"slices"
	"strings"
)

// Names resolves the references by name that the objects of one release hold:
// a kill chain phase leads to its tactic, a related asset to the asset.
// The zero Names knows no name.
type Names struct {
	tactics map[string][]*Object
	assets  map[string][]*Object
}

// NewNames returns the names of the tactics and assets among objects, which
// must not hold two objects with one STIX id.
func NewNames(objects []*Object) *Names {
	n := &Names{tactics: map[string][]*Object{}, assets: map[string][]*Object{}}
	for _, o := range objects {
		switch {
		case o.Kind == KindTactic && o.ShortName != "":
			n.tactics[o.ShortName] = append(n.tactics[o.ShortName], o)
		case o.Kind == KindAsset && o.Name != "":
			n.assets[o.Name] = append(n.assets[o.Name], o)
		}
	}
	return n
}

// Resolve returns the relations that r stands for: r itself when it leads to an
// id, else one for each object that bears the name. A name that nothing in the
// release bears gives none.
func (n *Names) Resolve(r Relation) []Relation {
	if !r.Named {
		return []Relation{r}
	}
	var rs []Relation
	for _, o := range n.bearers(r) {
		named := r
		named.To, named.Named = o.ID, false
		rs = append(rs, named)
	}
	return rs
}

// bearers returns the objects that a reference by name means.
func (n *Names) bearers(r Relation) []*Object {
	if r.Type == RelatedToName {
		return preferred(n.assets[r.To], (*Object).Live)
	}
	chain, phase, _ := strings.Cut(r.To, "/")
	inChain := preferred(n.tactics[phase], func(t *Object) bool { return t.inChain(chain) })
	return preferred(inChain, (*Object).Live)
}

// preferred returns the objects that pass, or all of them when none does: old
// releases do not say what would tell them apart.
func preferred(os []*Object, pass func(*Object) bool) []*Object {
	if len(os) < 2 {
		return os
	}
	var kept []*Object
	for _, o := range os {
		if pass(o) {
			kept = append(kept, o)
		}
	}
	if len(kept) == 0 {
		return os
	}
	return kept
}

// inChain reports whether a tactic belongs to a kill chain. Newer releases tell
// by the tactic's domains, older ones by the source of its ATT&CK ID.
func (o *Object) inChain(chain string) bool {
	domain := strings.TrimPrefix(chain, "mitre-")
	if domain == "attack" {
		domain = "enterprise-attack"
	}
	if len(o.Domains) > 0 {
		return slices.Contains(o.Domains, domain)
	}
	return slices.ContainsFunc(o.References, func(r Reference) bool {
		return r.SourceName == chain && r.ExternalID != ""
	})
}
