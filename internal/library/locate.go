package library

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/store"
)

// candidate is an object that an id may mean.
type candidate struct {
	store.Located
	// bears says that it bears the id now, and not only did once.
	bears bool
	// current says that the newest selected release of the domain carries it.
	current bool
}

// rank is how readily a candidate is what was meant, 0 first: MITRE's objects before
// those of own collections, what bears the id before what once did, what is there before
// what is gone, live before dead, techniques before the mitigations that share their ids.
func (c candidate) rank() int {
	rank := 0
	if c.Release.IsOwn() {
		rank += 16
	}
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

// Locate returns what [Service.Page] is the page of, and the releases that carry it.
func (s *Service) Locate(ctx context.Context, id string, ref attack.ReleaseRef) (store.Located, []attack.Release, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return at, nil, err
	}
	seen, err := s.store.Appearances(ctx, at.StixID)
	carriers := make([]attack.Release, len(seen))
	for i := range seen {
		carriers[i] = seen[i].Release
	}
	return at, carriers, err
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
		return store.Located{}, s.notThere(ctx, all, ref)
	}
	text := strings.TrimSpace(id)
	if text == "" {
		return store.Located{}, fault.New(fault.Usage, "no object is named").Next("name one by its ATT&CK ID, STIX id or name, for example T1059.001")
	}
	id = attack.SpellID(text)
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
		return s.byName(ctx, text, newest)
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
	var list, ids []string
	domains := map[string]bool{}
	for _, c := range equal {
		list = append(list, fmt.Sprintf("%s (%s, %s, %s)", c.Name, c.Kind, c.Release, c.StixID))
		domains[c.Release.Domain] = true
		if c.ATTACKID != "" && !slices.Contains(ids, c.ATTACKID) {
			ids = append(ids, c.ATTACKID)
		}
	}
	e := fault.New(fault.Conflict, "%s names several objects: %s", id, strings.Join(list, "; "))
	if len(domains) == len(equal) {
		return store.Located{}, e.Next("choose one with --domain %s, or by its STIX id", attack.ShortDomain(first.Release.Domain))
	}
	if len(ids) == len(equal) {
		return store.Located{}, e.Next("choose one by its ATT&CK ID: %s", strings.Join(ids, ", "))
	}
	return store.Located{}, e.Next("choose one by its STIX id")
}

// nearMost is how many objects are named that may have been meant.
const nearMost = 3

// byName returns the object that is called by a text, by its name before an alias,
// where one is. A text that none is called by is unknown, and what is nearest is named.
func (s *Service) byName(ctx context.Context, text string, newest []attack.Release) (store.Located, error) {
	var called []candidate
	var nearly []store.Called
	for _, r := range newest {
		found, exact, err := s.store.Called(ctx, r, text, nearMost)
		if err != nil {
			return store.Located{}, err
		}
		for _, c := range found {
			if exact {
				called = append(called, candidate{Located: c.Located, bears: sameName(c.As, c.Name), current: true})
			} else {
				nearly = append(nearly, c)
			}
		}
	}
	if len(called) > 0 {
		return choose(text, called)
	}
	ids, err := s.nearIDs(ctx, attack.SpellID(text), newest[0])
	if err != nil {
		return store.Located{}, err
	}
	return store.Located{}, s.unknown(ctx, text, newest, append(ids, told(nearly)...))
}

// sameName reports whether an object is called by its own name.
func sameName(as, name string) bool { return attack.Fold(as) == attack.Fold(name) }

// told names objects that are called nearly as somebody wrote, each once, with the name
// that is near.
func told(called []store.Called) []string {
	var near []string
	for _, c := range called {
		if c.ATTACKID == "" {
			continue
		}
		as := c.ATTACKID + " " + c.Name
		if !sameName(c.As, c.Name) {
			as += " (" + c.As + ")"
		}
		if !slices.Contains(near, as) && len(near) < nearMost {
			near = append(near, as)
		}
	}
	return near
}

// nearIDs names the objects of a release whose ATT&CK ID differs from one in a
// single sign, live ones first.
func (s *Service) nearIDs(ctx context.Context, id string, r attack.Release) ([]string, error) {
	all, _, err := s.store.List(ctx, store.Query{Release: r, Limit: 1 << 20})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b store.Located) int { return candidate{Located: a}.rank() - candidate{Located: b}.rank() })
	var ids []string
	for _, l := range all {
		if len(ids) < nearMost && l.ATTACKID != "" && near.Slips(l.ATTACKID, id) == 1 {
			ids = append(ids, l.ATTACKID+" "+l.Name)
		}
	}
	return ids, nil
}

// unknown says that an id is not in the releases, and where it is, or what is
// nearest.
func (s *Service) unknown(ctx context.Context, text string, in []attack.Release, near []string) error {
	elsewhere, err := s.store.Find(ctx, attack.SpellID(text), attack.ReleaseRef{})
	if err != nil {
		return err
	}
	e := fault.New(fault.NotFound, "nothing in %s has the id or the name %s", names(in), text)
	if len(elsewhere) == 0 && len(near) > 0 {
		return e.Next("nearest: %s; or look for it with: candor attack search WORDS", strings.Join(near, ", "))
	}
	if len(elsewhere) == 0 {
		return e.Next("look for it by name with: candor attack search WORDS, or %s", importHint)
	}
	l := elsewhere[0]
	return e.Next("%s is in %s: choose it with --domain %s --release %s", l.Name, l.Release, attack.ShortDomain(l.Release.Domain), l.Release.Version)
}
