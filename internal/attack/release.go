package attack

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// Release is one published version of one ATT&CK domain, in one STIX edition.
type Release struct {
	// Domain is the name that MITRE gives the domain, for example
	// "enterprise-attack".
	Domain string `json:"domain"`
	// Version is the release number, for example "18.1".
	Version string `json:"version"`
	// STIX is the STIX version of the bundle, "2.0" or "2.1".
	STIX string `json:"stix_version"`
	// FileHash is the lower-case hex SHA-256 of the unpacked bundle file.
	FileHash string `json:"file_sha256"`
	// Source is the path or address that it was imported from.
	Source string `json:"source"`
	// Size is the number of bytes of the unpacked bundle file.
	Size int64 `json:"bytes"`
	// Objects is the number of objects in the bundle, duplicates included.
	Objects int `json:"objects"`
	// Published is the modified time of the collection object; empty without one.
	Published string    `json:"published,omitempty"`
	Imported  time.Time `json:"imported"`
	// Verified is "verified", "unknown" or "mismatch", against the hashes that are known
	// of the files that MITRE published; "unknown" where no hash of the release is.
	Verified string `json:"verified"`
	// VerifiedBy is where the hash that was compared is known from: "built in", or the
	// file that added it. It is empty where none is known.
	VerifiedBy string `json:"verified_by,omitempty"`
	// Own is the collection that it is a version of, where others than MITRE made it.
	Own Own `json:"own,omitzero"`
}

// String returns a release's name for people, for example "enterprise 18.1".
func (r Release) String() string { return ShortDomain(r.Domain) + " " + r.Version }

// ReleaseRef selects a release. Empty fields are wild: an empty Version means
// the newest release of the domain, and an empty Domain any domain.
type ReleaseRef struct {
	Domain  string
	Version string
}

// Or returns r, or def where r leaves it to others which release of def's domain is
// meant: it names no version, and no other domain.
func (r ReleaseRef) Or(def ReleaseRef) ReleaseRef {
	if r.Version != "" || def.Version == "" || r.Domain != "" && DomainName(r.Domain) != DomainName(def.Domain) {
		return r
	}
	return def
}

// DomainName returns the full name of a domain that people may write short:
// "ics" is "ics-attack". A name that already ends in "-attack" is unchanged, and so is
// that of an own collection.
func DomainName(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" || strings.HasSuffix(s, "-attack") || strings.HasPrefix(s, ownPrefix) {
		return s
	}
	return s + "-attack"
}

// ShortDomain returns a domain's name without its "-attack".
func ShortDomain(s string) string { return strings.TrimSuffix(s, "-attack") }

// CompareVersions orders version numbers by their dotted numeric parts, so that
// 9.0 comes before 10.1. A missing part counts as 0; parts that are not numbers
// compare as text, after numbers.
func CompareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if c := comparePart(part(as, i), part(bs, i)); c != 0 {
			return c
		}
	}
	return 0
}

func part(parts []string, i int) string {
	if i >= len(parts) || parts[i] == "" {
		return "0"
	}
	return parts[i]
}

func comparePart(a, b string) int {
	x, errA := strconv.Atoi(a)
	y, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(x, y)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// CompareTimes orders two timestamps as spelled in objects, in RFC 3339; ones
// that are not compare as text.
func CompareTimes(a, b string) int {
	if a == b {
		return 0
	}
	x, errA := time.Parse(time.RFC3339Nano, a)
	y, errB := time.Parse(time.RFC3339Nano, b)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	return x.Compare(y)
}
