package library

import (
	"context"
	"fmt"
	"slices"

	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/fault"
	"candor/internal/store"
)

// Diff returns what changed between two releases of a domain, named by their
// versions. An empty to means the newest, and an empty from the one before to.
// Without a domain it is the default one if that has both releases, else the
// first that has. Where a release is there in both STIX versions, like is
// compared with like if that can be. The report is shared, and the caller must not change it.
func (s *Service) Diff(ctx context.Context, from, to, domain string) (diff.Report, error) {
	older, newer, err := s.sides(ctx, from, to, domain)
	if err != nil {
		return diff.Report{}, err
	}
	r, err := s.diffs.Of(ctx, fmt.Sprintf("%q %q", editionOf(older), editionOf(newer)), func(ctx context.Context) (diff.Report, error) { return s.compare(ctx, older, newer) })
	r.Old, r.New = older, newer // what is known of a file may have changed
	return r, err
}

// compare returns what changed between two releases.
func (s *Service) compare(ctx context.Context, older, newer attack.Release) (diff.Report, error) {
	had, err := s.store.Members(ctx, older)
	if err != nil {
		return diff.Report{}, err
	}
	has, err := s.store.Members(ctx, newer)
	if err != nil {
		return diff.Report{}, err
	}
	a, b := diff.Side{Release: older, Names: called(had)}, diff.Side{Release: newer, Names: called(has)}
	gone, come := differing(had, has)
	if a.Raw, err = s.store.Raws(ctx, older, gone); err != nil {
		return diff.Report{}, err
	}
	if b.Raw, err = s.store.Raws(ctx, newer, come); err != nil {
		return diff.Report{}, err
	}
	return diff.Compare(a, b), nil
}

// differing returns the ids of the objects on each side whose bytes the other
// side does not have.
func differing(a, b []store.Member) (onlyA, onlyB []string) {
	bytes := make(map[string]uint64, len(a))
	for i := range a {
		bytes[a[i].StixID] = a[i].Bytes
	}
	same := make(map[string]bool, len(a))
	for i := range b {
		id := b[i].StixID
		if n, ok := bytes[id]; ok && n == b[i].Bytes {
			same[id] = true
		} else {
			onlyB = append(onlyB, id)
		}
	}
	for i := range a {
		if !same[a[i].StixID] {
			onlyA = append(onlyA, a[i].StixID)
		}
	}
	return onlyA, onlyB
}

// called returns what the ends of relationships are called.
func called(ms []store.Member) map[string]diff.Name {
	names := map[string]diff.Name{}
	for i := range ms {
		if m := &ms[i]; m.Kind != attack.KindRelationship {
			names[m.StixID] = diff.Name{ID: m.StixID, ATTACKID: m.ATTACKID, Name: m.Name}
		}
	}
	return names
}

// sides returns the two releases to compare.
func (s *Service) sides(ctx context.Context, from, to, domain string) (older, newer attack.Release, err error) {
	all, err := s.store.Releases(ctx)
	if err != nil {
		return older, newer, err
	}
	var failed error
	for _, n := range attack.Newest(all, attack.ReleaseRef{Domain: domain, Version: to}) {
		before := from
		if before == "" {
			before = previous(all, n)
		}
		found := attack.Newest(all, attack.ReleaseRef{Domain: n.Domain, Version: before})
		switch {
		case before == "":
			failed = fault.New(fault.NotFound, "there is no release before %s to compare it with", n).Next("%s", importHint)
		case len(found) == 0:
			failed = s.notThere(ctx, all, attack.ReleaseRef{Domain: n.Domain, Version: before})
		case found[0].Version == n.Version:
			return older, newer, fault.New(fault.Usage, "%s cannot be compared with itself", n).Next("name two releases out of %s", names(all))
		default:
			older, newer = alike(all, found[0], n)
			return older, newer, nil
		}
	}
	if failed == nil {
		failed = s.notThere(ctx, all, attack.ReleaseRef{Domain: domain, Version: to})
	}
	return older, newer, failed
}

// previous returns the version of the release before r in its domain.
func previous(all []attack.Release, r attack.Release) string {
	before := ""
	for _, o := range all {
		if o.Domain == r.Domain && attack.CompareVersions(o.Version, r.Version) < 0 {
			before = o.Version
		}
	}
	return before
}

// alike returns editions of two releases that have the same STIX version, if
// there are such, else the two themselves.
func alike(all []attack.Release, a, b attack.Release) (x, y attack.Release) {
	if a.STIX == b.STIX {
		return a, b
	}
	edition := func(r attack.Release, version string) (attack.Release, bool) {
		i := slices.IndexFunc(all, func(o attack.Release) bool {
			return o.Domain == r.Domain && o.Version == r.Version && o.STIX == version
		})
		if i < 0 {
			return r, false
		}
		return all[i], true
	}
	if other, ok := edition(a, b.STIX); ok {
		return other, b
	}
	if other, ok := edition(b, a.STIX); ok {
		return a, other
	}
	return a, b
}
