package attack

import "time"

// PublishedFile is what is known of a bundle file that MITRE has published.
type PublishedFile struct {
	STIX    string `json:"stix_version"`
	Domain  string `json:"domain"`
	Version string `json:"version"`
	// SHA256 is of the unpacked file, in lower-case hexadecimal.
	SHA256 string `json:"sha256"`
	// Source says where this is known from, and Added since when; the latter is zero for
	// what is compiled in.
	Source string    `json:"source"`
	Added  time.Time `json:"added,omitzero"`
}

// String returns the release's name for people, for example "enterprise 18.1".
func (f PublishedFile) String() string { return ShortDomain(f.Domain) + " " + f.Version }
