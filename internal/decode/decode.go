// Package decode holds what the decoders of evidence share: rows of delimited
// text and YAML mappings that remember their file and line, and the few values
// that are written alike everywhere.
//
// It knows no noun and refuses to repair: a value that is not what it should be
// makes its record a reject with the place and the reason.
package decode

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"candor/internal/evidence"
	"candor/internal/fault"
)

// bom is the UTF-8 byte-order mark that spreadsheet programs put first.
const bom = "\ufeff"

// List splits a list joined by semicolons. Blanks around entries are dropped,
// and so are empty entries.
func List(s string) []string {
	var out []string
	for e := range strings.SplitSeq(s, ";") {
		if e = strings.TrimSpace(e); e != "" {
			out = append(out, e)
		}
	}
	return out
}

// ID reports whether s is the prefix in upper case followed by four or more
// digits, as the ATT&CK IDs of analytics (AN) and strategies (DET) are.
func ID(prefix, s string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && len(digits) >= 4 && allDigits(digits)
}

// TechniqueID reports whether s is written as a technique's ATT&CK ID, T1059, or
// as a sub-technique's, T1059.001.
func TechniqueID(s string) bool {
	parent, sub, isSub := strings.Cut(s, ".")
	return ID("T", parent) && (!isSub || len(sub) == 3 && allDigits(sub))
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Sane reports whether t is in the years 1970 to 2261, outside of which a time is
// a slip of units and not a statement. Every store can keep such a time.
func Sane(t time.Time) bool { return t.Unix() >= 0 && t.UTC().Year() <= 2261 }

// Invalid returns the error for a file that as a whole is not what it should be.
// Line 0 is unknown.
func Invalid(file string, line int, format string, args ...any) *fault.Error {
	e := fault.New(fault.Invalid, format, args...)
	if line > 0 {
		return e.At("%s:%d", file, line)
	}
	return e.At("%s", file)
}

// AsReject turns the error of a file that is one record into that record's
// reject.
func AsReject(file string, err error) *evidence.Reject {
	r := &evidence.Reject{File: file, Reason: err.Error()}
	var f *fault.Error
	if errors.As(err, &f) {
		r.Reason = f.What
		if i := strings.LastIndexByte(f.Where, ':'); i >= 0 {
			r.Line, _ = strconv.Atoi(f.Where[i+1:]) // 0 when the place has no line
		}
	}
	return r
}
