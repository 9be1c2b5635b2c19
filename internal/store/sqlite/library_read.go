package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/fault"
	"candor/internal/store"
)

var _ store.Library = (*Library)(nil)

// Releases lists the imported releases by domain, then version, oldest first.
func (l *Library) Releases(ctx context.Context) ([]attack.Release, error) {
	c, err := l.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	var rs []attack.Release
	for _, e := range c.editions {
		rs = append(rs, e.release)
	}
	return rs, nil
}

// Oddities lists what the import of a release met.
func (l *Library) Oddities(ctx context.Context, r attack.Release) ([]store.Oddity, error) {
	e, err := l.edition(ctx, r)
	if err != nil {
		return nil, err
	}
	found, err := l.db.QueryContext(ctx, `SELECT stix_id, attack_id, what FROM oddity WHERE release = ? ORDER BY seq`, e.id)
	if err != nil {
		return nil, fmt.Errorf("list oddities of %s: %w", r, err)
	}
	defer found.Close()
	var odd []store.Oddity
	for found.Next() {
		var o store.Oddity
		if err := found.Scan(&o.StixID, &o.ATTACKID, &o.What); err != nil {
			return nil, fmt.Errorf("list oddities of %s: %w", r, err)
		}
		odd = append(odd, o)
	}
	return odd, found.Err()
}

// stored is one row of the table of snapshots.
type stored struct {
	id         uint32
	appearance store.Appearance
}

// versions returns the snapshots that the library has of an object.
func (l *Library) versions(ctx context.Context, stixID string) ([]stored, error) {
	found, err := l.db.QueryContext(ctx, `SELECT id, version, created, modified, revoked, deprecated
		FROM snapshot WHERE stix_id = ?`, stixID)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", stixID, err)
	}
	defer found.Close()
	var vs []stored
	for found.Next() {
		var v stored
		a := &v.appearance
		if err := found.Scan(&v.id, &a.Version, &a.Created, &a.Modified, &a.Revoked, &a.Deprecated); err != nil {
			return nil, fmt.Errorf("find %s: %w", stixID, err)
		}
		vs = append(vs, v)
	}
	return vs, found.Err()
}

// carried returns which of an object's snapshots counts in a release, and
// whether there is one: the one modified later, then the later one in the bundle.
func (e *edition) carried(versions []stored) (best stored, ok bool) {
	at := 0
	for _, v := range versions {
		n, here := e.members.ordinal(v.id)
		if !here {
			continue
		}
		c := attack.CompareTimes(v.appearance.Modified, best.appearance.Modified)
		if !ok || c > 0 || c == 0 && n > at {
			best, at, ok = v, n, true
		}
	}
	return best, ok
}

// Find returns the objects that an ATT&CK ID or STIX id names. An ATT&CK ID
// finds the objects that bear it or once did; those that bear it in the release
// that they are found in come first, then live ones, then techniques.
func (l *Library) Find(ctx context.Context, id string, ref attack.ReleaseRef) ([]store.Located, error) {
	c, err := l.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := l.named(ctx, strings.TrimSpace(id))
	if err != nil {
		return nil, err
	}
	editions := c.newestFirst(ref)
	var ls []store.Located
	for _, stixID := range ids {
		versions, err := l.versions(ctx, stixID)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(editions, func(e *edition) bool { _, ok := e.carried(versions); return ok })
		if i < 0 {
			continue
		}
		v, err := l.view(ctx, editions[i])
		if err != nil {
			return nil, err
		}
		ls = append(ls, store.Located{Header: v.cards[v.byID[stixID]].Header, Release: v.release})
	}
	slices.SortStableFunc(ls, func(a, b store.Located) int {
		return slices.Compare(rank(a.Header, id), rank(b.Header, id))
	})
	return ls, nil
}

// rank orders the objects that an id finds; less is better.
func rank(h store.Header, id string) []int {
	unless := func(b bool) int {
		if b {
			return 0
		}
		return 1
	}
	return []int{unless(strings.EqualFold(h.ATTACKID, strings.TrimSpace(id))), unless(h.Live()), unless(h.Kind.Technique())}
}

// named returns the STIX ids of the objects that an id names in any release.
func (l *Library) named(ctx context.Context, id string) ([]string, error) {
	if strings.Contains(id, "--") {
		return []string{id}, nil
	}
	found, err := l.db.QueryContext(ctx, `SELECT stix_id FROM attack_id WHERE attack_id = ? ORDER BY stix_id`, id)
	if err != nil {
		return nil, fmt.Errorf("find %q: %w", id, err)
	}
	defer found.Close()
	var ids []string
	for found.Next() {
		var s string
		if err := found.Scan(&s); err != nil {
			return nil, fmt.Errorf("find %q: %w", id, err)
		}
		ids = append(ids, s)
	}
	return ids, found.Err()
}

// Snapshot returns the object with STIX id as release r carries it.
func (l *Library) Snapshot(ctx context.Context, r attack.Release, stixID string) (*attack.Snapshot, error) {
	e, err := l.edition(ctx, r)
	if err != nil {
		return nil, err
	}
	versions, err := l.versions(ctx, stixID)
	if err != nil {
		return nil, err
	}
	v, ok := e.carried(versions)
	if !ok {
		return nil, absent(e.release, stixID)
	}
	p, err := l.pack(ctx, v.id)
	if err != nil {
		return nil, err
	}
	return l.snapshot(p, v.id, stixID)
}

// snapshot decodes an object of a pack.
func (l *Library) snapshot(p *pack, id uint32, stixID string) (*attack.Snapshot, error) {
	s, _, err := (&stix.Decoder{}).Decode(slices.Clone(p.object(id)))
	if err != nil {
		return nil, l.damaged("%s: %v", stixID, err)
	}
	if s.ObjectHash != p.hash(id) {
		return nil, l.damaged("the bytes of %s do not have the hash that they were stored with", stixID)
	}
	return s, nil
}

// Same returns all objects of a release that have a STIX id.
func (l *Library) Same(ctx context.Context, r attack.Release, stixID string) ([]*attack.Snapshot, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	var same []*attack.Snapshot
	for i := range v.cards {
		if v.cards[i].StixID != stixID {
			continue
		}
		p, err := l.pack(ctx, v.ids[i])
		if err != nil {
			return nil, err
		}
		s, err := l.snapshot(p, v.ids[i], stixID)
		if err != nil {
			return nil, err
		}
		same = append(same, s)
	}
	if len(same) == 0 {
		return nil, absent(v.release, stixID)
	}
	return same, nil
}

func absent(r attack.Release, id string) error {
	return fault.New(fault.NotFound, "%s does not carry %s", r, id).
		Next("search for the object by its name, or ask in which releases it appears")
}

// Relations returns the relations of an object within a release: those that
// leave it, then those that reach it, each in the order of the bundle; of the
// given types, or all.
func (l *Library) Relations(ctx context.Context, r attack.Release, stixID string, types ...string) ([]store.Edge, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	n, ok := v.byID[stixID]
	if !ok {
		return nil, absent(v.release, stixID)
	}
	wanted := func(i int32) bool { return len(types) == 0 || slices.Contains(types, v.edges[i].typ) }
	var edges []store.Edge
	if len(types) == 0 {
		edges = make([]store.Edge, 0, len(v.out.of(n))+len(v.in.of(n)))
	}
	for _, i := range v.out.of(n) {
		if wanted(i) {
			edges = append(edges, v.relation(i, true))
		}
	}
	for _, i := range v.in.of(n) {
		if wanted(i) && v.edges[i].from != n { // one with itself has been listed
			edges = append(edges, v.relation(i, false))
		}
	}
	return edges, nil
}

// Renames lists which ATT&CK ID took the place of which by the live revoked-by
// relations of a release.
func (l *Library) Renames(ctx context.Context, r attack.Release) ([]attack.Rename, error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, err
	}
	var rs []attack.Rename
	for i := range v.edges {
		e := &v.edges[i]
		if e.typ != attack.RevokedBy || e.by >= 0 && !v.cards[e.by].Live() {
			continue
		}
		_, from := v.end(e.from)
		_, to := v.end(e.to)
		if from.ATTACKID != "" && to.ATTACKID != "" && from.ATTACKID != to.ATTACKID {
			rs = append(rs, attack.Rename{Old: from.ATTACKID, New: to.ATTACKID, By: r.String(), Domain: r.Domain})
		}
	}
	return rs, nil
}

// Appearances lists the releases that carry an object, in the order of Releases.
func (l *Library) Appearances(ctx context.Context, stixID string) ([]store.Appearance, error) {
	c, err := l.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	versions, err := l.versions(ctx, stixID)
	if err != nil {
		return nil, err
	}
	hashes := map[uint32]attack.Hash{}
	for _, v := range versions {
		row, err := l.storedPack(ctx, v.id, false)
		if err != nil {
			return nil, err
		}
		hashes[v.id] = hashAt(row.hashes, int(v.id-row.first))
	}
	var as []store.Appearance
	for _, e := range c.editions {
		if v, ok := e.carried(versions); ok {
			v.appearance.Release, v.appearance.ObjectHash = e.release, hashes[v.id]
			as = append(as, v.appearance)
		}
	}
	return as, nil
}
