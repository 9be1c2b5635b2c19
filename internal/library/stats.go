package library

import (
	"context"
	"slices"

	"candor/internal/attack"
)

// Stats is the number of live objects of a release, counted as MITRE does:
// techniques without sub-techniques, malware and tools together as software, and
// only what names the release's domain among its own. Bundles also carry
// mitigations and groups of other domains. Of an own collection everything counts, and
// of a bundle of STIX 2.0: such a one holds its domain alone, and the domains that its
// objects name are often wrong.
type Stats struct {
	Release        attack.Release `json:"release"`
	Tactics        int            `json:"tactics"`
	Techniques     int            `json:"techniques"`
	SubTechniques  int            `json:"sub_techniques"`
	Groups         int            `json:"groups"`
	Software       int            `json:"software"`
	Campaigns      int            `json:"campaigns"`
	Mitigations    int            `json:"mitigations"`
	DataSources    int            `json:"data_sources"`
	Assets         int            `json:"assets"`
	DataComponents int            `json:"data_components"`
	Strategies     int            `json:"detection_strategies"`
	Analytics      int            `json:"analytics"`
}

// Stats counts the live objects of the release that ref selects.
func (s *Service) Stats(ctx context.Context, ref attack.ReleaseRef) (Stats, error) {
	r, err := s.Release(ctx, ref)
	if err != nil {
		return Stats{}, err
	}
	if st, ok := s.stats.Load(editionOf(r)); ok {
		return st.(Stats), nil
	}
	lib, err := s.store.Load(ctx, r, "x-mitre-tactic", "attack-pattern", "intrusion-set", "malware", "tool", "campaign",
		"course-of-action", "x-mitre-data-source", "x-mitre-asset", "x-mitre-data-component", "x-mitre-detection-strategy", "x-mitre-analytic")
	if err != nil {
		return Stats{}, err
	}
	st := Stats{Release: r}
	for _, o := range lib.Objects() {
		if n := st.of(o.Kind); n != nil && o.Live() && (r.IsOwn() || r.STIX == "2.0" || within(o, r.Domain)) {
			*n++
		}
	}
	s.stats.Store(editionOf(r), st)
	return st, nil
}

// within reports whether an object is of a domain. Old releases do not say.
func within(o *attack.Object, domain string) bool {
	return len(o.Domains) == 0 || slices.Contains(o.Domains, domain)
}

// of returns the count that objects of a kind go into, nil if none.
func (s *Stats) of(k attack.Kind) *int {
	switch k {
	case attack.KindTactic:
		return &s.Tactics
	case attack.KindTechnique:
		return &s.Techniques
	case attack.KindSubTechnique:
		return &s.SubTechniques
	case attack.KindGroup:
		return &s.Groups
	case attack.KindMalware, attack.KindTool:
		return &s.Software
	case attack.KindCampaign:
		return &s.Campaigns
	case attack.KindMitigation:
		return &s.Mitigations
	case attack.KindDataSource:
		return &s.DataSources
	case attack.KindAsset:
		return &s.Assets
	case attack.KindComponent:
		return &s.DataComponents
	case attack.KindStrategy:
		return &s.Strategies
	case attack.KindAnalytic:
		return &s.Analytics
	}
	return nil
}
