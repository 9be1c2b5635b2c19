package export

import (
	"slices"
	"strings"

	"candor/internal/decode"
)

// Techniques returns the ATT&CK IDs of techniques in the words, in upper case and each
// once; see decode.Once. Words without one are noted.
func (r *Record) Techniques(words []string) []string {
	return slices.Clone((&decode.Once{Note: func(text string) { r.Note("%s", text) }}).Techniques(words))
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
