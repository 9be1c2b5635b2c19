package library

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// spell returns an id as the store spells it: STIX ids in lower case, ATT&CK IDs
// in upper case.
func spell(id string) string {
	id = strings.TrimSpace(id)
	if strings.Contains(id, "--") {
		return strings.ToLower(id)
	}
	return strings.ToUpper(id)
}

// candidate is an object that an id may mean.
type candidate struct {
	store.Located
	// bears says that it bears the id now, and not only did once.
	bears bool
	// current says that the newest selected release of the domain carries it.
	current bool
}

// rank is how readily a candidate is what was meant, 0 first: what bears the id
// before what once did, what is there before what is gone, live before dead,
// techniques before the mitigations that share their ids.
func (c candidate) rank() int {
	rank := 0
	if !c.bears {
		rank += 8
	}
	if !c.current {
		rank += 4
	}
	if !c.Live() {
		rank += 2
	}
	if !c.Kind.Technique() {
		rank++
	}
	return rank
}

// locate returns the one object that id means among the releases that ref
// selects, in the newest release of its domain that carries it.
func (s *Service) locate(ctx context.Context, id string, ref attack.ReleaseRef) (store.Located, error) {
	all, err := s.store.Releases(ctx)
	if err != nil {
		return store.Located{}, err
	}
	newest := attack.Newest(all, ref)
	if len(newest) == 0 {
		return store.Located{}, attack.NotThere(all, ref)
	}
	id = spell(id)
	var found []candidate
	for _, r := range newest {
		at, err := s.store.Find(ctx, id, attack.ReleaseRef{Domain: r.Domain, Version: ref.Version})
		if err != nil {
			return store.Located{}, err
		}
		for _, l := range at {
			found = append(found, candidate{l, l.ATTACKID == id || l.StixID == id, l.Release.Version == r.Version})
		}
	}
	if len(found) == 0 {
		return store.Located{}, s.unknown(ctx, id, newest)
	}
	return choose(id, found)
}

// choose picks the candidate that was meant. The same object in several domains
// is meant in the first of them; several objects are a conflict.
func choose(id string, found []candidate) (store.Located, error) {
	slices.SortStableFunc(found, func(a, b candidate) int { return a.rank() - b.rank() })
	first := found[0]
	equal := found[:1]
	for _, c := range found[1:] {
		if c.rank() == first.rank() && c.StixID != first.StixID {
			equal = append(equal, c)
		}
	}
	if len(equal) == 1 {
		return first.Located, nil
	}
	var list []string
	domains := map[string]bool{}
	for _, c := range equal {
		list = append(list, fmt.Sprintf("%s (%s, %s, %s)", c.Name, c.Kind, c.Release, c.StixID))
		domains[c.Release.Domain] = true
	}
	e := fault.New(fault.Conflict, "%s names several objects: %s", id, strings.Join(list, "; "))
	if len(domains) == len(equal) {
		return store.Located{}, e.Next("choose one with --domain %s, or by its STIX id", attack.ShortDomain(first.Release.Domain))
	}
	return store.Located{}, e.Next("choose one by its STIX id")
}

// unknown says that an id is not in the releases, and where it is.
func (s *Service) unknown(ctx context.Context, id string, in []attack.Release) error {
	elsewhere, err := s.store.Find(ctx, id, attack.ReleaseRef{})
	if err != nil {
		return err
	}
	e := fault.New(fault.NotFound, "nothing in %s has the id %s", names(in), id)
	if len(elsewhere) == 0 {
		return e.Next("look for it by name with: candor attack search WORDS, or %s", importHint)
	}
	l := elsewhere[0]
	return e.Next("%s is in %s: choose it with --domain %s --release %s", l.Name, l.Release, attack.ShortDomain(l.Release.Domain), l.Release.Version)
}
