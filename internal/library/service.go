package library

import (
	"context"
	"slices"
	"strings"
	"sync"

	"candor/internal/attack"
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
	words sync.Map // edition to *vocabulary

	mu     sync.Mutex
	latest *attack.Library // the view that Adjacent loaded last
}

// edition tells one imported release from every other.
type edition struct{ domain, version, stix, hash string }

func editionOf(r attack.Release) edition { return edition{r.Domain, r.Version, r.STIX, r.FileHash} }

// New returns the service that answers from r.
func New(r store.LibraryReader) *Service { return &Service{store: r} }

// Releases lists the imported releases by domain, then version, oldest first.
func (s *Service) Releases(ctx context.Context) ([]attack.Release, error) {
	return s.store.Releases(ctx)
}

// Oddities lists what the import of a release met.
func (s *Service) Oddities(ctx context.Context, ref attack.ReleaseRef) ([]store.Oddity, error) {
	r, err := s.Release(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.store.Oddities(ctx, r)
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

// Raw returns the object that [Service.Page] shows, as its release carries it.
func (s *Service) Raw(ctx context.Context, id string, ref attack.ReleaseRef) (*attack.Snapshot, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return nil, err
	}
	return s.store.Snapshot(ctx, at.Release, at.StixID)
}
