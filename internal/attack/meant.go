package attack

import (
	"slices"
	"strings"

	"candor/internal/fault"
)

// DefaultDomain is the domain that is meant when none is named and it has a release
// that fits.
const DefaultDomain = "enterprise-attack"

// Meant returns the release of all that ref selects, for every face alike: the newest
// that fits, of two editions the one in the later STIX version. Without a domain it is
// one of DefaultDomain if that has one that fits, else of the first domain that has, by
// name, and never one of an own collection. It is a fault.NotFound if there is none.
func Meant(all []Release, ref ReleaseRef) (Release, error) {
	found := candidates(all, ref)
	if len(found) == 0 {
		return Release{}, NotThere(all, ref)
	}
	return found[0], nil
}

// MeantAlone returns what Meant does, for a judgement, and fault.Usage where another
// domain could be meant as well: a page shows which release it chose beside the others,
// but a gate's exit code must not rest on a choice that nobody made.
func MeantAlone(all []Release, ref ReleaseRef) (Release, error) {
	found := candidates(all, ref)
	if len(found) < 2 || found[0].Domain == DefaultDomain {
		return Meant(all, ref)
	}
	var domains []string
	for _, r := range found {
		domains = append(domains, ShortDomain(r.Domain))
	}
	return Release{}, fault.New(fault.Usage, "several domains have such a release and the request names none").
		Next("choose one with --domain: %s", strings.Join(domains, ", "))
}

// candidates returns what may be meant: an own collection only if it is named.
func candidates(all []Release, ref ReleaseRef) []Release {
	found := Newest(all, ref)
	if ref.Domain != "" {
		return found
	}
	return slices.DeleteFunc(found, Release.IsOwn)
}

// Newest returns the newest release of each domain among those that ref selects, the
// default domain first, then by name, own collections last.
func Newest(all []Release, ref ReleaseRef) []Release {
	newest := map[string]Release{}
	for _, r := range all {
		if !r.In(ref.Domain) || ref.Version != "" && CompareVersions(r.Version, ref.Version) != 0 {
			continue
		}
		if have, ok := newest[r.Domain]; !ok || Newer(r, have) {
			newest[r.Domain] = r
		}
	}
	found := make([]Release, 0, len(newest))
	for _, r := range newest {
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b Release) int { return CompareDomains(a.Domain, b.Domain) })
	return found
}

// Newer reports whether a is a later release of a domain than b, or a later edition of it.
func Newer(a, b Release) bool {
	if c := CompareVersions(a.Version, b.Version); c != 0 {
		return c > 0
	}
	return CompareVersions(a.STIX, b.STIX) > 0
}

// CompareDomains orders the default domain before the others, and own collections after
// them.
func CompareDomains(a, b string) int {
	ownA, ownB := strings.HasPrefix(a, ownPrefix), strings.HasPrefix(b, ownPrefix)
	switch {
	case a == b:
		return 0
	case ownA != ownB && ownA:
		return 1
	case ownA != ownB:
		return -1
	case a == DefaultDomain:
		return -1
	case b == DefaultDomain:
		return 1
	}
	return strings.Compare(a, b)
}

// NotThere says that all has no release that ref selects, and which it has.
func NotThere(all []Release, ref ReleaseRef) error {
	if len(all) == 0 {
		return fault.New(fault.NotFound, "no ATT&CK release is imported").Next("import a release with: candor attack import FILE")
	}
	var have []string
	for _, r := range all {
		if n := r.String(); !slices.Contains(have, n) {
			have = append(have, n)
		}
	}
	want := strings.TrimSpace(ShortDomain(DomainName(ref.Domain)) + " " + ref.Version)
	if want == "" {
		return fault.New(fault.NotFound, "no release of MITRE ATT&CK is imported; of others there is %s", strings.Join(have, ", ")).
			Next("choose one of those with --domain, or import a release with: candor attack import FILE")
	}
	return fault.New(fault.NotFound, "release %s is not imported; there is %s", want, strings.Join(have, ", ")).
		Next("choose one of those with --domain and --release, or import a release with: candor attack import FILE")
}
