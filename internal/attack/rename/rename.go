// Package rename reads mapping files: which ATT&CK ID took the place of which, as
// whoever wrote the file says. They come as CSV or JSON Lines.
//
// It refuses to look up whether a release has the IDs: a mapping is there for those
// that a release does not have.
package rename

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/attack"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/fault"
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

// Strict reads a mapping of which every line has to be right: one with anything wrong is
// fault.Invalid, with the file, the line and the field of each thing that is. Who says so is
// the file where the line names nobody.
func Strict(file string, data []byte) ([]attack.Rename, error) {
	d, err := Decode(file, data)
	if err != nil {
		return nil, err
	}
	if len(d.Rejects) > 0 {
		var wrong []string
		for i := range d.Rejects {
			if i == mostWrong {
				wrong = append(wrong, fmt.Sprintf("and %d more", len(d.Rejects)-i))
				break
			}
			wrong = append(wrong, d.Rejects[i].String())
		}
		return nil, fault.New(fault.Invalid, "the mapping is not taken: %s", strings.Join(wrong, "; ")).At("%s", file).Next("mend these lines; candor evidence template renames shows the form")
	}
	if len(d.Warnings) > 0 {
		return nil, fault.New(fault.Invalid, "the mapping is not taken: %s", strings.Join(d.Warnings, "; ")).At("%s", file).Next("its columns are %s", strings.Join(Columns(), ", "))
	}
	if len(d.Records) == 0 {
		return nil, fault.New(fault.Invalid, "the mapping says nothing").At("%s", file).Next("each line says which ID became which: old,new")
	}
	for i := range d.Records {
		if d.Records[i].By == "" {
			d.Records[i].By = filepath.Base(file)
		}
	}
	return d.Records, nil
}

// mostWrong is how many wrong lines are told.
const mostWrong = 10
