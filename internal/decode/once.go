package decode

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Once says each thing once, up to a bound, to Note, which may be nil.
type Once struct {
	Note func(text string)
	said map[string]bool
}

// maxSaid bounds how many different things are said of one input.
const maxSaid = 20

// Say says a thing, unless it was said before.
func (o *Once) Say(format string, args ...any) {
	if o.Note == nil || len(o.said) >= maxSaid {
		return
	}
	text := fmt.Sprintf(format, args...)
	if o.said[text] {
		return
	}
	if o.said == nil {
		o.said = map[string]bool{}
	}
	o.said[text] = true
	o.Note(text)
}

// named finds the ATT&CK IDs of techniques within other text.
var named = regexp.MustCompile(`\bT[0-9]{4}(?:\.[0-9]{3})?\b`)

// Techniques returns the ATT&CK IDs of techniques that words name, in upper case: words
// that are IDs, and IDs within others, such as V9.T1003.001 or T1111 - Name. Of a word
// without one it is said that it was passed over.
func (o *Once) Techniques(words []string) []string {
	if !slices.ContainsFunc(words, func(w string) bool { return !TechniqueID(w) }) {
		return words
	}
	var ids []string
	for _, w := range words {
		found := []string{strings.ToUpper(strings.TrimSpace(w))}
		if !TechniqueID(found[0]) {
			found = named.FindAllString(found[0], -1)
		}
		if len(found) == 0 && strings.TrimSpace(w) != "" {
			o.Say("%q names no technique by its ATT&CK ID, as T1059.001 does, and was passed over", cut(w))
		}
		for _, id := range found {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// cut bounds what is shown of a word.
func cut(w string) string {
	const most = 80
	if len(w) <= most {
		return w
	}
	return strings.ToValidUTF8(w[:most], "") + "..."
}
