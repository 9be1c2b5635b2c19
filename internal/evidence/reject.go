package evidence

import (
	"fmt"
	"strings"
)

// Reject is one record of an input that was refused, with its place and why.
type Reject struct {
	File string `json:"file"`
	// Line is where the record or the field begins, from 1; 0 is unknown.
	Line int `json:"line,omitempty"`
	// Field and Value are the field at fault and what it said; both are empty
	// when the record as a whole is at fault.
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason"`
}

// maxShown bounds how much of a value a message shows, in bytes.
const maxShown = 80

// String returns the reject on one line for people, with a long value cut.
func (r Reject) String() string {
	var b strings.Builder
	b.WriteString(r.File)
	if r.Line > 0 {
		fmt.Fprintf(&b, ":%d", r.Line)
	}
	b.WriteString(": ")
	if r.Field != "" {
		fmt.Fprintf(&b, "%s: ", r.Field)
	}
	if r.Value != "" {
		v, more := r.Value, ""
		if len(v) > maxShown {
			v, more = strings.ToValidUTF8(v[:maxShown], ""), "..."
		}
		fmt.Fprintf(&b, "%q%s: ", v, more)
	}
	b.WriteString(r.Reason)
	return b.String()
}

// Decoded is what a decoder read from one file: the records that are good, the
// ones that it refused, and what it met and passed over, for people.
type Decoded[T any] struct {
	Records  []T
	Rejects  []Reject
	Warnings []string
}
