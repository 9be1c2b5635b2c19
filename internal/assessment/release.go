package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
)

// defaultDomain is assessed when the request names none and it is imported.
const defaultDomain = "enterprise-attack"

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
	return pick(releases, ref)
}

// pick returns the release that ref selects: the newest, and of two editions of
// one release the one in the later STIX version.
func pick(all []attack.Release, ref attack.ReleaseRef) (attack.Release, error) {
	if len(all) == 0 {
		return attack.Release{}, fault.New(fault.NotFound, "the library has no ATT&CK release").
			Next("import one: candor attack import FILE")
	}
	domain, err := domainOf(all, attack.DomainName(ref.Domain))
	if err != nil {
		return attack.Release{}, err
	}
	fit := slices.DeleteFunc(slices.Clone(all), func(r attack.Release) bool {
		return r.Domain != domain || ref.Version != "" && attack.CompareVersions(r.Version, ref.Version) != 0
	})
	if len(fit) == 0 {
		return attack.Release{}, missing(all, attack.ShortDomain(domain)+" "+ref.Version)
	}
	return slices.MaxFunc(fit, func(a, b attack.Release) int {
		return cmp.Or(attack.CompareVersions(a.Version, b.Version), attack.CompareVersions(a.STIX, b.STIX))
	}), nil
}

// domainOf returns the domain to assess, of those that are imported.
func domainOf(all []attack.Release, asked string) (string, error) {
	var domains []string
	for _, r := range all {
		domains = append(domains, r.Domain)
	}
	slices.Sort(domains)
	domains = slices.Compact(domains)
	switch {
	case asked != "" && slices.Contains(domains, asked):
		return asked, nil
	case asked != "":
		return "", missing(all, "a release of "+asked)
	case slices.Contains(domains, defaultDomain):
		return defaultDomain, nil
	case len(domains) == 1:
		return domains[0], nil
	}
	return "", fault.New(fault.Usage, "the library has several domains and the request names none").
		Next("choose one of: %s", strings.Join(domains, ", "))
}

// missing says that a release is not there, and which are.
func missing(all []attack.Release, what string) error {
	var have []string
	for _, r := range all {
		if !slices.Contains(have, r.String()) {
			have = append(have, r.String())
		}
	}
	return fault.New(fault.NotFound, "%s is not in the library, which has %s", strings.TrimSpace(what), strings.Join(have, ", ")).
		Next("import it: candor attack import FILE")
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
