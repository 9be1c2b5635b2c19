package library

import (
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/store"
)

// history returns an object in every imported release of the domains that it
// occurs in. Of the two STIX editions of a release the newer one stands.
func (s *Service) history(ctx context.Context, id string) ([]Moment, error) {
	all, err := s.store.Releases(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := s.store.Appearances(ctx, id)
	if err != nil {
		return nil, err
	}
	var domains []string
	for _, a := range seen {
		if !slices.Contains(domains, a.Release.Domain) {
			domains = append(domains, a.Release.Domain)
		}
	}
	slices.SortFunc(domains, attack.CompareDomains)
	moments := []Moment{}
	for _, d := range domains {
		ms, err := s.inDomain(ctx, id, editions(all, d), seen)
		if err != nil {
			return nil, err
		}
		moments = append(moments, ms...)
	}
	return moments, nil
}

// editions returns the releases of a domain, oldest first, one of each version.
func editions(all []attack.Release, domain string) []attack.Release {
	var rs []attack.Release
	for _, r := range all {
		switch n := len(rs); {
		case r.Domain != domain:
		case n > 0 && rs[n-1].Version == r.Version:
			if attack.Newer(r, rs[n-1]) {
				rs[n-1] = r
			}
		default:
			rs = append(rs, r)
		}
	}
	return rs
}

func (s *Service) inDomain(ctx context.Context, id string, rs []attack.Release, seen []store.Appearance) ([]Moment, error) {
	var ms []Moment
	var before *store.Appearance
	for i, r := range rs {
		m := Moment{Domain: r.Domain, Release: r.Version, Status: "absent"}
		at := slices.IndexFunc(seen, func(a store.Appearance) bool {
			return a.Release.Domain == r.Domain && a.Release.Version == r.Version && a.Release.STIX == r.STIX
		})
		var now *store.Appearance
		if at >= 0 {
			now = &seen[at]
			m.Version, m.Created, m.Modified, m.ObjectHash = now.Version, now.Created, now.Modified, now.ObjectHash.String()
			m.Status = status(now, i == len(rs)-1)
		}
		if i > 0 {
			changed, err := s.changed(ctx, id, before, now)
			if err != nil {
				return nil, err
			}
			m.Changed = changed
		}
		ms = append(ms, m)
		before = now
	}
	return ms, nil
}

func status(a *store.Appearance, newest bool) string {
	switch {
	case a.Revoked:
		return "revoked"
	case a.Deprecated:
		return "deprecated"
	case newest:
		return "current bundle"
	}
	return "present"
}

// changed reports whether an object means something else than before. Only where
// the bytes differ and nothing in the header says why are they compared.
func (s *Service) changed(ctx context.Context, id string, before, now *store.Appearance) (bool, error) {
	switch {
	case before == nil || now == nil:
		return before != now, nil
	case before.ObjectHash == now.ObjectHash:
		return false, nil
	case before.Modified != now.Modified || before.Version != now.Version,
		before.Revoked != now.Revoked || before.Deprecated != now.Deprecated:
		return true, nil
	}
	a, err := s.store.Snapshot(ctx, before.Release, id)
	if err != nil {
		return false, err
	}
	b, err := s.store.Snapshot(ctx, now.Release, id)
	if err != nil {
		return false, err
	}
	return !diff.SameMeaning(a.Raw, b.Raw, before.Release.STIX != now.Release.STIX), nil
}

// mitre is the name of the identity that makes ATT&CK's objects.
const mitre = "The MITRE Corporation"

// official names the source and licence of an object's text by who made it.
func (s *Service) official(ctx context.Context, r attack.Release, o *attack.Object, edges []store.Edge) (Official, error) {
	maker, err := s.maker(ctx, r, o, edges)
	if err != nil {
		return Official{}, err
	}
	off := Official{URL: officialURL(o)}
	switch {
	case maker == mitre || maker == "" && r.Verified == "verified":
		year, err := s.year(ctx, r)
		if err != nil {
			return Official{}, err
		}
		off.Source = mitre + ", ATT&CK " + r.String()
		off.Licence = "© " + year + " " + mitre + ". This work is reproduced and distributed with the permission of " + mitre + "."
		off.Trademark = "MITRE ATT&CK and ATT&CK are registered trademarks of " + mitre + ", which has no part in Candor and does not endorse it."
	case maker == "":
		off.Source = "not stated; carried by " + r.String()
		off.Licence = "The object does not say who made it, and the file is not one that " + mitre + " is known to have published."
	default:
		off.Source = maker + ", carried by " + r.String()
		off.Licence = "Made by " + maker + ", not by " + mitre + ". It is not part of MITRE ATT&CK, and ATT&CK's licence does not cover it."
	}
	return off, nil
}

// Origin names the source and licence of a release as a whole. Single objects may be of
// others; [Service.Page] says of each.
func (s *Service) Origin(ctx context.Context, r attack.Release) (Official, error) {
	maker := mitre
	if r.IsOwn() {
		maker = r.Own.By()
	}
	made := store.Edge{Relation: attack.Relation{Type: attack.CreatedBy}, Out: true, Other: store.Header{Name: maker}}
	return s.official(ctx, r, &attack.Object{}, []store.Edge{made})
}

// maker returns the name of the identity that made an object, empty if it is not
// known.
func (s *Service) maker(ctx context.Context, r attack.Release, o *attack.Object, edges []store.Edge) (string, error) {
	if o.Kind == attack.KindIdentity {
		return o.Name, nil
	}
	for _, e := range edges {
		if e.Out && e.Type == attack.CreatedBy {
			return e.Other.Name, nil
		}
	}
	if o.CreatedBy == "" {
		return "", nil
	}
	// Relationship objects have no relations of their own.
	found, err := s.store.Find(ctx, o.CreatedBy, attack.ReleaseRef{Domain: r.Domain, Version: r.Version})
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].Name, nil
}

// officialURL returns the address that the reference with the object's ATT&CK ID
// gives.
func officialURL(o *attack.Object) string {
	for _, ref := range o.References {
		if ref.ExternalID != "" && ref.ExternalID == o.ATTACKID && strings.HasPrefix(ref.SourceName, "mitre") {
			return ref.URL
		}
	}
	return ""
}

// year returns the year of a release: of its publication if it states one, else
// of its last change, which ATT&CK's releases follow within weeks.
func (s *Service) year(ctx context.Context, r attack.Release) (string, error) {
	if len(r.Published) >= 4 {
		return r.Published[:4], nil
	}
	if y, ok := s.years.Load(editionOf(r)); ok {
		return y.(string), nil
	}
	last, _, err := s.store.List(ctx, store.Query{Release: r, Sort: "-modified", Limit: 1})
	if err != nil {
		return "", err
	}
	y := ""
	if len(last) > 0 && len(last[0].Modified) >= 4 {
		y = last[0].Modified[:4]
	}
	s.years.Store(editionOf(r), y)
	return y, nil
}
