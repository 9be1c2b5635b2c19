// Package rename reads mapping files: which ATT&CK ID took the place of which, as
// whoever wrote the file says. They come as CSV or JSON Lines.
//
// It refuses to look up whether a release has the IDs: a mapping is there for those
// that a release does not have.
package rename

import (
	"bytes"
	"slices"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/attack"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// Columns are the columns of the CSV and the keys of the JSON.
func Columns() []string { return []string{"old", "new", "domain", "by", "notes"} }

// Sniff reports whether a file that begins with head is a mapping of IDs.
func Sniff(head []byte, _ string) bool {
	if head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff"))); bytes.HasPrefix(head, []byte("{")) {
		return export.Has(head, "old", "new")
	}
	columns := decode.Columns(head, ',')
	return slices.Contains(columns, "old") && slices.Contains(columns, "new")
}

// Decode reads a mapping. File names the input in messages. It fails with
// fault.Invalid when the file cannot be read on.
func Decode(file string, data []byte) (evidence.Decoded[attack.Rename], error) {
	return export.Collect(file, bytes.NewReader(data), []string{"old", "new"}, func(r *export.Record) (attack.Rename, bool) {
		n := attack.Rename{Old: id(r, "old"), New: id(r, "new"), By: r.Text("by"), Domain: attack.DomainName(r.Text("domain"))}
		switch {
		case r.Bad():
		case n.Old == n.New:
			r.Fail("new", n.New, "is the old ID: nothing took its place")
		case n.Old[0] != n.New[0]:
			r.Fail("new", n.New, "is not of the sort that the old ID is of, a technique or an analytic")
		}
		r.Unknown(Columns()...)
		return n, true
	})
}

// id returns the ATT&CK ID under a name, in upper case.
func id(r *export.Record, name string) string {
	text := strings.ToUpper(r.Need(name))
	if text != "" && !decode.TechniqueID(text) && !decode.ID("AN", text) {
		r.Fail(name, r.Text(name), "not a technique's or an analytic's ATT&CK ID such as T1685.001 or AN1989")
	}
	return text
}
