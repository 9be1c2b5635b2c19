// Package near finds, among the words that could have been meant, those that are
// nearest to what somebody wrote. It refuses to guess where nothing is near.
package near

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words returns at most most of the known words that are nearest to word, nearest
// first, as they are spelled: the same but for case, punctuation and spaces, the
// beginning of one another, or a few letters apart. It returns none where none is.
func Words(word string, known []string, most int) []string {
	type hit struct {
		distance int
		word     string
	}
	var hits []hit
	bare := Letters(word)
	for _, k := range known {
		if d, ok := distance(bare, Letters(k)); ok {
			hits = append(hits, hit{d, k})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.distance, b.distance) })
	var out []string
	for _, h := range hits {
		if len(out) < most && !slices.Contains(out, h.word) {
			out = append(out, h.word)
		}
	}
	return out
}

// Hint says which of the known words may have been meant, and which there are
// besides: all of them where they are few enough to read, else that list says them.
func Hint(word string, known []string, list string) string {
	nearest := Words(word, known, 3)
	all := strings.Join(known, ", ")
	switch short := len(known) <= 24; {
	case len(nearest) == 0 && short:
		return "choose one of: " + all
	case len(nearest) == 0:
		return list
	case short:
		return "did you mean " + strings.Join(nearest, " or ") + "? there are: " + all
	}
	return "did you mean " + strings.Join(nearest, " or ") + "? " + list
}

// Letters returns the letters and digits of a word in lower case.
func Letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// distance returns how far apart two words are and whether that is near.
func distance(a, b string) (int, bool) {
	if a == "" || b == "" {
		return 0, false
	}
	d := Edits(a, b)
	if len(a) >= 3 && strings.HasPrefix(b, a) || len(b) >= 3 && strings.HasPrefix(a, b) {
		return min(d, 1), true
	}
	if len(a) >= 4 && strings.Contains(b, a) || len(b) >= 4 && strings.Contains(a, b) {
		return min(d, 2), true
	}
	return d, d <= max(1, min(utf8.RuneCountInString(a), utf8.RuneCountInString(b))/3)
}

// Edits is the Levenshtein distance: the fewest insertions, deletions and
// substitutions of characters that turn a into b.
func Edits(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j := range to {
			change := diagonal
			if from[i] != to[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
