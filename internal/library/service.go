package library

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/attack/odd"
	"candor/internal/cache"
	"candor/internal/fault"
	"candor/internal/store"
)

// importHint is the next step of someone who lacks a release.
const importHint = "import a release with: candor attack import FILE"

// Service answers questions from a library store. It is safe for concurrent use.
type Service struct {
	store store.LibraryReader
	// What takes a look at every object of a release is kept, by edition: a
	// release does not change once it is imported.
	years sync.Map // edition to string
	stats sync.Map // edition to Stats
	odd   sync.Map // edition to []store.Oddity
	words sync.Map // edition to *vocabulary

	diffs cache.Cache[diff.Report] // of two editions, which takes seconds

	mu     sync.Mutex
	latest *attack.Library // the view that Adjacent loaded last
}

// edition tells one imported release from every other.
type edition struct{ domain, version, stix, hash string }

func editionOf(r attack.Release) edition { return edition{r.Domain, r.Version, r.STIX, r.FileHash} }

// New returns the service that answers from r.
func New(r store.LibraryReader) *Service {
	return &Service{store: r, diffs: cache.Cache[diff.Report]{Most: 2}}
}

// Releases lists the imported releases by domain, then version, oldest first.
func (s *Service) Releases(ctx context.Context) ([]attack.Release, error) {
	return s.store.Releases(ctx)
}

// Oddities lists what the import of a release met, and then what is odd about the
// release as a whole.
func (s *Service) Oddities(ctx context.Context, ref attack.ReleaseRef) ([]store.Oddity, error) {
	r, err := s.Release(ctx, ref)
	if err != nil {
		return nil, err
	}
	met, err := s.store.Oddities(ctx, r)
	if err != nil {
		return nil, err
	}
	odd, err := s.oddAsAWhole(ctx, r)
	return append(met, odd...), err
}

// oddAsAWhole lists what is odd about a release as a whole.
func (s *Service) oddAsAWhole(ctx context.Context, r attack.Release) ([]store.Oddity, error) {
	if have, ok := s.odd.Load(editionOf(r)); ok {
		return have.([]store.Oddity), nil
	}
	lib, err := s.store.Load(ctx, r)
	if err != nil {
		return nil, err
	}
	list := []store.Oddity{}
	for _, f := range odd.Of(lib) {
		list = append(list, store.Oddity{Kind: f.Kind, StixID: f.StixID, ATTACKID: f.ATTACKID, What: f.What})
	}
	s.odd.Store(editionOf(r), list)
	return list, nil
}

// Release returns the release that ref selects, as [attack.Meant] does.
func (s *Service) Release(ctx context.Context, ref attack.ReleaseRef) (attack.Release, error) {
	all, err := s.store.Releases(ctx)
	if err != nil {
		return attack.Release{}, err
	}
	r, err := attack.Meant(all, ref)
	if err != nil {
		return attack.Release{}, s.notThere(ctx, all, ref)
	}
	return r, nil
}

// Removals lists the releases that were removed, the latest last.
func (s *Service) Removals(ctx context.Context) ([]attack.Removal, error) {
	return s.store.Removals(ctx)
}

// notThere says that all has no release that ref selects, and whether it was removed.
func (s *Service) notThere(ctx context.Context, all []attack.Release, ref attack.ReleaseRef) error {
	removals, failed := s.store.Removals(ctx)
	if failed != nil {
		return failed
	}
	if removed := attack.WasRemoved(all, removals, ref); removed != nil {
		return removed
	}
	return attack.NotThere(all, ref)
}

// names lists releases for people, each once.
func names(rs []attack.Release) string {
	var ns []string
	for _, r := range rs {
		if n := r.String(); !slices.Contains(ns, n) {
			ns = append(ns, n)
		}
	}
	return strings.Join(ns, ", ")
}

// List returns the headers that match q, and how many match in all. A q.Release
// without STIX version selects by its Domain and Version as for
// [Service.Release].
func (s *Service) List(ctx context.Context, q store.Query) ([]store.Located, int, error) {
	if q.Release.STIX == "" {
		r, err := s.Release(ctx, attack.ReleaseRef{Domain: q.Release.Domain, Version: q.Release.Version})
		if err != nil {
			return nil, 0, err
		}
		q.Release = r
	}
	return s.store.List(ctx, q)
}

// Nth returns one of the objects that have the STIX id of what id names, as [Service.Page]
// finds it, by its place among them in the bundle, from 1, and how many there are. Of the
// bytes of all but one nothing else speaks: of objects with one id one counts.
func (s *Service) Nth(ctx context.Context, id string, ref attack.ReleaseRef, n int) (*attack.Snapshot, int, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return nil, 0, err
	}
	same, err := s.store.Same(ctx, at.Release, at.StixID)
	if err != nil {
		return nil, 0, err
	}
	if n < 1 || n > len(same) {
		return nil, len(same), fault.New(fault.NotFound, "%s has the id %s %s, so there is no number %d", at.Release, at.StixID, times(len(same)), n).
			Next("choose one from 1 to %d", len(same))
	}
	return same[n-1], len(same), nil
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// Raw returns the object that [Service.Page] shows, as its release carries it.
func (s *Service) Raw(ctx context.Context, id string, ref attack.ReleaseRef) (*attack.Snapshot, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return nil, err
	}
	return s.store.Snapshot(ctx, at.Release, at.StixID)
}
