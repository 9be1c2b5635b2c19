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

// Narrow returns the IDs of techniques with those of sub-techniques behind them,
// without the techniques whose sub-techniques are there. Each text holds one ID or
// several with commas between them.
func Narrow(techniques, subs []string) []string {
	subs = parts(subs)
	var ids []string
	for _, id := range parts(techniques) {
		if !slices.ContainsFunc(subs, func(s string) bool { return strings.HasPrefix(s, id+".") }) {
			ids = append(ids, id)
		}
	}
	return append(ids, subs...)
}

// parts returns what stands between the commas of texts.
func parts(texts []string) []string {
	var out []string
	for _, text := range texts {
		for part := range strings.SplitSeq(text, ",") {
			out = append(out, strings.TrimSpace(part))
		}
	}
	return out
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
