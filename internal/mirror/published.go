package mirror

import (
	_ "embed"
	"encoding/csv"
	"io"
	"regexp"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
)

// published are the SHA-256 of the bundle files that MITRE has published, as
// facts: stix,domain,release,sha256.
//
//go:embed published.csv
var published string

// Hashes are the published file hashes by STIX version, domain and release.
type Hashes map[[3]string]string

// The answers of Hashes.Check.
const (
	Verified = "verified" // the hash is the published one
	Unknown  = "unknown"  // nothing is published for this release
	Mismatch = "mismatch" // another hash is published
)

// Published returns the table that is compiled in.
func Published() (Hashes, error) { return ReadHashes(strings.NewReader(published), "built-in table") }

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ReadHashes reads a table "stix,domain,release,sha256" in CSV with a header;
// name is for error messages.
func ReadHashes(r io.Reader, name string) (Hashes, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = 4
	h := Hashes{}
	for line := 1; ; line++ {
		row, err := c.Read()
		if err == io.EOF {
			return h, nil
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "the table of hashes cannot be read").At("%s", name).Because(err).Next("it has the columns stix,domain,release,sha256")
		}
		if line == 1 && row[3] == "sha256" {
			continue
		}
		if !sha256Hex.MatchString(row[3]) {
			return nil, fault.New(fault.Invalid, "%q is not a SHA-256 in lower-case hex", row[3]).At("%s:%d: sha256", name, line)
		}
		h[[3]string{row[0], attack.DomainName(row[1]), row[2]}] = row[3]
	}
}

// Check says whether a bundle file's hash is the published one.
func (h Hashes) Check(r attack.Release) string {
	want, ok := h[[3]string{r.STIX, r.Domain, r.Version}]
	switch {
	case !ok:
		return Unknown
	case want == r.FileHash:
		return Verified
	}
	return Mismatch
}
