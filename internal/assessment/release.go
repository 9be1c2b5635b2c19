package assessment

import (
	"context"
	"strings"

	"candor/internal/attack"
	"candor/internal/evidence"
)

// needed are the STIX types that judgements and takes read.
var needed = [...]string{
	"x-mitre-analytic", "x-mitre-detection-strategy", "x-mitre-data-component", "attack-pattern",
	"x-mitre-tactic", "x-mitre-matrix", "intrusion-set", "campaign", "relationship",
	// What takes are written of besides.
	"malware", "tool", "course-of-action", "x-mitre-asset", "x-mitre-data-source",
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

// library returns the view of a release that judgements read, with what is known of
// the IDs of others.
func (s *Service) library(ctx context.Context, r attack.Release) (*attack.Library, error) {
	lib, err := s.bare(ctx, r)
	if err != nil {
		return nil, err
	}
	others, err := s.lineage(ctx, r)
	if err != nil {
		return nil, err
	}
	decided, err := s.decisions(ctx)
	if err != nil {
		return nil, err
	}
	return lib.WithRenames(others).WithDecisions(decided), nil
}

// decisions returns what people decided last of ATT&CK IDs, each with its batch; those that
// were taken back say so.
func (s *Service) decisions(ctx context.Context) ([]attack.Decision, error) {
	records, err := s.evidence.Current(ctx, evidence.RecordDecision)
	if err != nil {
		return nil, err
	}
	of, err := decode[attack.Decision](records)
	all := make([]attack.Decision, len(of))
	for i, d := range of {
		all[i] = d.Value
		all[i].Batch = d.Batch
	}
	return all, err
}

// lineage returns what others say of the IDs of a release's domain: its other releases
// by what they revoke, the oldest first, then the mappings that were added.
func (s *Service) lineage(ctx context.Context, r attack.Release) (attack.Lineage, error) {
	releases, err := s.lib.Releases(ctx)
	if err != nil {
		return nil, err
	}
	var revoked []attack.Rename
	for _, other := range releases {
		if other.Domain != r.Domain || libraryKey(other) == libraryKey(r) {
			continue
		}
		rs, err := s.renames.Of(ctx, libraryKey(other), func(ctx context.Context) ([]attack.Rename, error) {
			return s.lib.Renames(ctx, other)
		})
		if err != nil {
			return nil, err
		}
		revoked = append(revoked, rs...)
	}
	added, err := s.mappings(ctx, r.Domain)
	return attack.Lineage{revoked, added}, err
}

// mappings returns the renames that were added as evidence and hold in a domain, each
// with the batch that says so.
func (s *Service) mappings(ctx context.Context, domain string) ([]attack.Rename, error) {
	records, err := s.evidence.Current(ctx, evidence.RecordRename)
	if err != nil {
		return nil, err
	}
	said, err := decode[attack.Rename](records)
	if err != nil {
		return nil, err
	}
	var rs []attack.Rename
	for _, e := range said {
		if r := e.Value; r.Domain == "" || r.Domain == domain {
			r.By = strings.TrimPrefix(r.By+" in mapping "+e.Batch, " in ")
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// domainKey names the releases of a domain, whose IDs can be read in each of them.
func (s *Service) domainKey(ctx context.Context, domain string) (string, error) {
	releases, err := s.lib.Releases(ctx)
	var keys []string
	for _, r := range releases {
		if r.Domain == domain {
			keys = append(keys, libraryKey(r))
		}
	}
	return join(keys...), err
}

// bare returns the view of a release by itself, loading it once.
func (s *Service) bare(ctx context.Context, r attack.Release) (*attack.Library, error) {
	return s.libraries.Of(ctx, libraryKey(r), func(ctx context.Context) (*attack.Library, error) {
		return s.lib.Load(ctx, r, needed[:]...)
	})
}

func libraryKey(r attack.Release) string { return join(r.Domain, r.Version, r.STIX, r.FileHash) }
