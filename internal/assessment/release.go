package assessment

import (
	"context"

	"candor/internal/attack"
)

// needed are the STIX types that judgements read.
var needed = [...]string{
	"x-mitre-analytic", "x-mitre-detection-strategy", "x-mitre-data-component", "attack-pattern",
	"x-mitre-tactic", "x-mitre-matrix", "intrusion-set", "campaign", "relationship",
}

// release returns the release of the library that ref selects.
func (s *Service) release(ctx context.Context, ref attack.ReleaseRef) (attack.Release, error) {
	releases, err := s.lib.Releases(ctx)
	if err != nil {
		return attack.Release{}, err
	}
	r, err := attack.MeantAlone(releases, ref)
	if err == nil {
		return r, nil
	}
	removals, failed := s.lib.Removals(ctx)
	if failed != nil {
		return attack.Release{}, failed
	}
	if removed := attack.WasRemoved(releases, removals, ref); removed != nil {
		return attack.Release{}, removed
	}
	return attack.Release{}, err
}

// library returns the view of a release that judgements read, loading it once.
func (s *Service) library(ctx context.Context, r attack.Release) (*attack.Library, error) {
	key := libraryKey(r)
	if lib, ok := s.libraries.get(key); ok {
		return lib, nil
	}
	lib, err := s.lib.Load(ctx, r, needed[:]...)
	if err != nil {
		return nil, err
	}
	s.libraries.put(key, lib)
	return lib, nil
}

func libraryKey(r attack.Release) string { return join(r.Domain, r.Version, r.STIX, r.FileHash) }
