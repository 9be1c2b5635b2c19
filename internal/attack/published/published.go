// Package published holds the SHA-256 of the bundle files that MITRE has published,
// as facts: those that are compiled in, and those that were added since.
//
// It knows names and hashes and refuses to know what is inside a bundle. That it has
// no hash of a release says nothing about MITRE.
package published

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
)

// builtin has the columns stix, domain, release, sha256.
//
//go:embed published.csv
var builtin string

// BuiltIn is the source of the hashes that are compiled in.
const BuiltIn = "built in"

// The answers of Table.Check.
const (
	Verified = "verified" // the file is one that was published
	Unknown  = "unknown"  // no hash of this release is known
	Mismatch = "mismatch" // the hash that is known of this release is another
)

// key is a release in one STIX version.
type key struct{ stix, domain, version string }

func keyOf(f attack.PublishedFile) key { return key{f.STIX, f.Domain, f.Version} }

// Table is the hashes that are known. The zero Table knows none.
type Table struct {
	files  map[key]attack.PublishedFile
	hashes map[string][]attack.PublishedFile
	order  []attack.PublishedFile
}

// Known returns the hashes that are compiled in, and those that were added. Where both
// speak of the same release, what is compiled in counts.
func Known(added []attack.PublishedFile) (*Table, error) {
	first, err := Read(strings.NewReader(builtin), BuiltIn)
	if err != nil {
		return nil, err
	}
	return New(append(first, added...)), nil
}

// New returns the table of some files. Of two for the same release in the same STIX
// version the first counts.
func New(files []attack.PublishedFile) *Table {
	t := &Table{files: map[key]attack.PublishedFile{}, hashes: map[string][]attack.PublishedFile{}}
	for _, f := range files {
		if _, ok := t.files[keyOf(f)]; ok {
			continue
		}
		t.files[keyOf(f)] = f
		t.hashes[f.SHA256] = append(t.hashes[f.SHA256], f)
		t.order = append(t.order, f)
	}
	return t
}

// Files returns what is known, in the order in which it became so.
func (t *Table) Files() []attack.PublishedFile { return t.order }

// File returns what is known of a release in a STIX version.
func (t *Table) File(stix, domain, version string) (attack.PublishedFile, bool) {
	f, ok := t.files[key{stix, domain, version}]
	return f, ok
}

// Are returns the releases of which a file with this hash was published. It may have
// been published as several.
func (t *Table) Are(sha256 string) []attack.PublishedFile { return t.hashes[sha256] }

// Check says whether a release's file is the one that was published, and by which
// table that is known.
func (t *Table) Check(r attack.Release) (state, by string) {
	f, ok := t.File(r.STIX, r.Domain, r.Version)
	switch {
	case !ok:
		return Unknown, ""
	case f.SHA256 == r.FileHash:
		return Verified, f.Source
	}
	return Mismatch, f.Source
}

// Add returns those of more that the table does not have yet. One that says otherwise
// than what is compiled in is fault.Conflict, and so is one that says otherwise than
// what was added before, unless replace is set.
func (t *Table) Add(more []attack.PublishedFile, replace bool) ([]attack.PublishedFile, error) {
	var fresh []attack.PublishedFile
	for _, f := range more {
		have, ok := t.files[keyOf(f)]
		switch {
		case ok && have.SHA256 == f.SHA256:
		case ok && have.Source == BuiltIn:
			return nil, contradicts(f, have).Next("compare it with what MITRE publishes: what is compiled in is not replaced; nothing was added")
		case ok && !replace:
			return nil, contradicts(f, have).Next("compare both with what MITRE publishes; --replace puts the new one in the place of what was added before; nothing was added")
		default:
			fresh = append(fresh, f)
		}
	}
	return fresh, nil
}

func contradicts(f, have attack.PublishedFile) *fault.Error {
	return fault.New(fault.Conflict, "the SHA-256 of %s in STIX %s is known to be %s (%s), and the table says %s", f, f.STIX, have.SHA256, have.Source, f.SHA256).
		At("%s", f.Source)
}

var (
	sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)
	stixForm  = regexp.MustCompile(`^2\.[0-9]$`)
	nameForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*-attack$`)
	// versionForm takes a beta's name too.
	versionForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*(-[a-z0-9]+)*$`)
)

// Read reads a table "stix,domain,release,sha256" in CSV, with or without that header;
// lines that begin with # are passed over. Source says where it is from, in errors and
// in what is read. A table that says two things of one release, or nothing, is
// fault.Invalid.
func Read(r io.Reader, source string) ([]attack.PublishedFile, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord, c.Comment, c.TrimLeadingSpace = 4, '#', true
	var files []attack.PublishedFile
	lines := map[key]int{}
	for first := true; ; first = false {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "the table of hashes cannot be read").At("%s", source).Because(err).Next("it has the columns stix,domain,release,sha256")
		}
		if first && strings.EqualFold(strings.TrimSpace(row[3]), "sha256") {
			continue
		}
		line, _ := c.FieldPos(0)
		f, err := fileOf(row, source, line)
		if err != nil {
			return nil, err
		}
		if before, ok := lines[keyOf(f)]; ok && files[before].SHA256 != f.SHA256 {
			return nil, fault.New(fault.Invalid, "the table says two things of %s in STIX %s", f, f.STIX).At("%s:%d", source, line).
				Next("keep the line that MITRE's file has")
		}
		lines[keyOf(f)] = len(files)
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fault.New(fault.Invalid, "the table of hashes is empty").At("%s", source).Next("it has the columns stix,domain,release,sha256")
	}
	return files, nil
}

// fileOf reads one line of a table.
func fileOf(row []string, source string, line int) (attack.PublishedFile, error) {
	for i := range row {
		row[i] = strings.ToLower(strings.TrimSpace(row[i]))
	}
	f := attack.PublishedFile{STIX: strings.TrimPrefix(row[0], "\ufeff"), Domain: attack.DomainName(row[1]), Version: strings.TrimPrefix(row[2], "v"), SHA256: row[3], Source: source}
	for _, c := range []struct {
		column, value, what string
		form                *regexp.Regexp
	}{
		{"stix", f.STIX, "a STIX version like 2.1", stixForm}, {"domain", f.Domain, "a domain like enterprise", nameForm},
		{"release", f.Version, "a release like 18.1", versionForm}, {"sha256", f.SHA256, "a SHA-256 in hexadecimal", sha256Hex},
	} {
		if !c.form.MatchString(c.value) {
			return f, fault.New(fault.Invalid, "%q is not %s", c.value, c.what).At("%s", fmt.Sprintf("%s:%d: %s", source, line, c.column)).
				Next("the table has the columns stix,domain,release,sha256")
		}
	}
	return f, nil
}
