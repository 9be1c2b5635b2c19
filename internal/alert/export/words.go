package export

import (
	"slices"
	"strings"
	"time"

	"candor/internal/decode"
)

// MillisHelp says in a message what Millis reads.
const MillisHelp = decode.TimeHelp + ", nor milliseconds since 1970"

// Millis reads a time as Candor writes it, or as milliseconds since 1970.
func Millis(text string) (time.Time, bool) {
	if t, ok := decode.Epoch(text, time.Millisecond); ok {
		return t, true
	}
	return decode.Time(text)
}

// Techniques returns the ATT&CK IDs of techniques among the words, in upper case
// and each once. Other words are noted.
func (r *Record) Techniques(words []string) []string {
	var ids []string
	for _, w := range words {
		id := strings.ToUpper(strings.TrimSpace(w))
		switch {
		case !decode.TechniqueID(id):
			r.Note("a technique that is no ATT&CK ID such as T1059.001 was passed over")
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	return ids
}

// Contains reports whether a head holds every one of the words, for telling a
// product's export by the names in it.
func Contains(head []byte, words ...string) bool {
	text := string(head)
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Has reports whether a head of JSON holds every one of the names of members.
func Has(head []byte, names ...string) bool {
	for _, n := range names {
		if !Contains(head, `"`+n+`"`) {
			return false
		}
	}
	return true
}
