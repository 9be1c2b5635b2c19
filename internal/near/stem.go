package near

import (
	"strings"
	"unicode/utf8"
)

// endings are what words of one family differ in, the longer ones first.
var endings = [...]string{
	"ations", "ances", "ating", "ation", "ators", "ences", "ance", "ants", "ated", "ates", "ator",
	"ence", "ents", "ings", "ions", "ant", "ate", "ent", "ers", "ies", "ing", "ion", "ors",
	"ed", "er", "es", "or", "e", "s", "y",
}

// leastStem is how many characters of a word stay at least.
const leastStem = 4

// Stem returns the beginning that the English words of one family have in common:
// keylogger, keyloggers and keylogging have the stem keylog. Words of different
// families can share a stem, so it widens a search and proves nothing. The word is in
// lower case.
func Stem(word string) string {
	for {
		short := cutEnding(word)
		if short == word {
			return word
		}
		word = short
	}
}

// cutEnding takes the longest ending off that leaves enough of a word, and one of two
// equal letters before an ending that doubles them.
func cutEnding(word string) string {
	for _, end := range endings {
		rest, ok := strings.CutSuffix(word, end)
		if !ok || utf8.RuneCountInString(rest) < leastStem || end == "s" && strings.HasSuffix(rest, "s") {
			continue
		}
		n := len(rest)
		if strings.ContainsAny(end[:1], "aeio") && len(end) > 1 && n > leastStem && rest[n-1] == rest[n-2] && rest[n-1] != 's' {
			return rest[:n-1]
		}
		return rest
	}
	return word
}

// Slips is [Edits], but two neighbours that changed places count as one: what a hand
// does wrong once.
func Slips(a, b string) int {
	d := Edits(a, b)
	if d != 2 || len(a) != len(b) {
		return d
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:] {
		return 1
	}
	return d
}

// Allowed is how many slips are forgiven in a word: none in one that is so short that
// another word is as near, and more the longer it is.
func Allowed(word string) int {
	switch n := utf8.RuneCountInString(word); {
	case n < 5:
		return 0
	case n < 9:
		return 1
	}
	return 2
}
