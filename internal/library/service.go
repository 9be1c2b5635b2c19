package library

import (
	"context"
	"slices"
	"strings"
	"sync"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// DefaultDomain is the domain that is meant when none is named and it is
// imported.
const DefaultDomain = "enterprise-attack"

// importHint is the next step of someone who lacks a release.
const importHint = "import a release with: candor attack import FILE"

// Service answers questions from a library store. It is safe for concurrent use.
type Service struct {
	store store.LibraryReader
	// What takes a look at every object of a release is kept, by edition: a
	// release does not change once it is imported.
	years sync.Map // edition to string
	stats sync.Map // edition to Stats

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

// Release returns the newest release that ref selects, the STIX 2.1 edition if
// both are there. Without a domain it is one of DefaultDomain if that has one,
// else of the first domain that has. It is a fault.NotFound if there is none.
func (s *Service) Release(ctx context.Context, ref attack.ReleaseRef) (attack.Release, error) {
	all, err := s.store.Releases(ctx)
	if err != nil {
		return attack.Release{}, err
	}
	found := newestPerDomain(all, ref)
	if len(found) == 0 {
		return attack.Release{}, missing(all, ref)
	}
	return found[0], nil
}

// newestPerDomain returns the newest release of each domain among those that ref
// selects, the default domain first, then by name.
func newestPerDomain(all []attack.Release, ref attack.ReleaseRef) []attack.Release {
	newest := map[string]attack.Release{}
	domain := attack.DomainName(ref.Domain)
	for _, r := range all {
		if domain != "" && r.Domain != domain || ref.Version != "" && attack.CompareVersions(r.Version, ref.Version) != 0 {
			continue
		}
		if have, ok := newest[r.Domain]; !ok || newer(r, have) {
			newest[r.Domain] = r
		}
	}
	found := make([]attack.Release, 0, len(newest))
	for _, r := range newest {
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b attack.Release) int { return compareDomains(a.Domain, b.Domain) })
	return found
}

func newer(a, b attack.Release) bool {
	if c := attack.CompareVersions(a.Version, b.Version); c != 0 {
		return c > 0
	}
	return a.STIX > b.STIX
}

// compareDomains orders the default domain before the others.
func compareDomains(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == DefaultDomain:
		return -1
	case b == DefaultDomain:
		return 1
	}
	return strings.Compare(a, b)
}

// missing says which release is not there, and which are.
func missing(all []attack.Release, ref attack.ReleaseRef) error {
	if len(all) == 0 {
		return fault.New(fault.NotFound, "no ATT&CK release is imported").Next("%s", importHint)
	}
	want := strings.TrimSpace(attack.ShortDomain(attack.DomainName(ref.Domain)) + " " + ref.Version)
	return fault.New(fault.NotFound, "release %s is not imported; there is %s", want, names(all)).
		Next("choose one of those with --domain and --release, or %s", importHint)
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
