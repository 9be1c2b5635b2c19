package library

import (
	"context"
	"fmt"
	"slices"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/store"
)

// Page returns the page of the object that id, an ATT&CK ID in any case or a
// STIX id, means among the releases that ref selects.
//
// Without a version an object is shown from the newest release of its domain
// that carries it, which is not the newest of all when it has vanished since. A
// live object is meant before a revoked or deprecated one, and a technique
// before the mitigation that shares its id. An id that still means several
// objects is a fault.Conflict that lists them, one that means none a
// fault.NotFound.
func (s *Service) Page(ctx context.Context, id string, ref attack.ReleaseRef) (Page, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return Page{}, err
	}
	snap, err := s.store.Snapshot(ctx, at.Release, at.StixID)
	if err != nil {
		return Page{}, err
	}
	content, err := stix.ContentHash(snap.Raw)
	if err != nil {
		return Page{}, fmt.Errorf("hash %s of %s: %w", at.StixID, at.Release, err)
	}
	p := Page{
		Release: at.Release, Object: snap.Object, Lifecycle: snap.Object.Lifecycle(),
		ObjectHash: snap.ObjectHash.String(), ContentHash: content.String(), FileHash: at.Release.FileHash, Bytes: len(snap.Raw),
	}
	if same, err := s.store.Same(ctx, at.Release, at.StixID); err != nil {
		return Page{}, err
	} else if len(same) > 1 {
		p.Copies = len(same)
	}
	if err := s.fill(ctx, &p); err != nil {
		return Page{}, fmt.Errorf("page of %s in %s: %w", at.StixID, at.Release, err)
	}
	return p, nil
}

// fill adds to a page what other objects and releases say.
func (s *Service) fill(ctx context.Context, p *Page) error {
	edges, err := s.store.Relations(ctx, p.Release, p.Object.ID)
	if err != nil {
		return err
	}
	if err := s.addTexts(ctx, p.Release, edges); err != nil {
		return err
	}
	p.Relations = group(edges)
	if p.Context, err = s.context(ctx, p.Release, &p.Object, edges); err != nil {
		return err
	}
	if p.Object.Revoked {
		if err := s.succeed(ctx, p, edges); err != nil {
			return err
		}
	}
	if p.History, err = s.history(ctx, p.Object.ID); err != nil {
		return err
	}
	p.Official, err = s.official(ctx, p.Release, &p.Object, edges)
	return err
}

// addTexts gives the edges that come from relationship objects their texts.
func (s *Service) addTexts(ctx context.Context, r attack.Release, edges []store.Edge) error {
	var ids []string
	for _, e := range edges {
		if e.By != "" && e.Type != attack.SubtechniqueOf && e.Type != attack.RevokedBy {
			ids = append(ids, e.By)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	raws, err := s.store.Raws(ctx, r, ids)
	if err != nil {
		return err
	}
	var d stix.Decoder
	for i := range edges {
		raw, ok := raws[edges[i].By]
		if !ok {
			continue
		}
		o, err := d.Object(raw)
		if err != nil {
			return fmt.Errorf("relationship %s: %w", edges[i].By, err)
		}
		edges[i].Text, edges[i].References = o.Description, o.References
	}
	return nil
}

// succeed follows a revoked object to what replaces it. The chain starts with
// the object itself; it is not endless where objects revoke each other.
func (s *Service) succeed(ctx context.Context, p *Page, edges []store.Edge) error {
	at := header(&p.Object)
	seen := map[string]bool{}
	for at.Revoked {
		if seen[at.StixID] {
			return nil
		}
		seen[at.StixID] = true
		p.Chain = append(p.Chain, at)
		leads := func(e store.Edge) bool {
			return e.Type == attack.RevokedBy && e.Out && e.Live && e.Other.Type != ""
		}
		next := slices.IndexFunc(edges, leads)
		if next < 0 || slices.ContainsFunc(edges[next:], func(e store.Edge) bool { return leads(e) && e.Other.StixID != edges[next].Other.StixID }) {
			return nil // nothing says which of several took its place
		}
		at = edges[next].Other
		var err error
		if edges, err = s.store.Relations(ctx, p.Release, at.StixID, attack.RevokedBy); err != nil {
			return err
		}
	}
	p.Successor = &at
	return nil
}

// header returns an object as lists show it.
func header(o *attack.Object) store.Header {
	return store.Header{
		StixID: o.ID, Type: o.Type, Kind: o.Kind, ATTACKID: o.ATTACKID, Name: o.Name, Version: o.Version,
		Modified: o.Modified, Revoked: o.Revoked, Deprecated: o.Deprecated, Platforms: o.Platforms,
	}
}
