package sqlite

import (
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"

	"candor/internal/attack"
	"candor/internal/near"
)

// names is what the objects of a release are called: derived from the cards of its
// view when a text is first looked for.
type names struct {
	all    []naming
	byBare map[string][]int32  // letters and digits of a name -> namings
	bare   []spelling          // those
	byWord map[string][]int32  // word of a name -> namings
	words  []spelling          // those, sorted
	kin    map[string][]string // stem -> words
}

// spelling is a word and which characters are in it, a bit for each.
type spelling struct {
	word string
	has  uint64
}

func spell(word string) spelling {
	s := spelling{word: word}
	for _, r := range word {
		s.has |= 1 << (uint32(r) % 64)
	}
	return s
}

// within reports whether the words are no more than some slips apart, and how many.
func (s spelling) within(o spelling, most int) (int, bool) {
	if d := len(s.word) - len(o.word); d > most || -d > most || bits.OnesCount64(s.has^o.has) > 2*most {
		return 0, false
	}
	d := near.Slips(s.word, o.word)
	return d, d <= most
}

// naming is one name of an object.
type naming struct {
	n     int32
	words int // how many it has
	// own says that it is the object's own name; otherwise it is an alias, or a
	// sub-technique's name behind its technique's.
	own bool
}

// How much a word that somebody wrote counts when a name has it only almost.
const (
	kinWorth    = 0.9 // another word of its family
	prefixWorth = 0.8 // a word that it begins
	slipWorth   = 0.7 // a word that it misspells
)

// calls returns the names of a release.
func (v *view) calls() *names {
	v.called.Do(func() {
		x := &names{byBare: map[string][]int32{}, byWord: map[string][]int32{}, kin: map[string][]string{}}
		for i := range v.cards {
			c := &v.cards[i]
			if c.Kind == attack.KindRelationship || !v.counts(i) {
				continue
			}
			x.add(int32(i), c.Name, true)
			for _, a := range c.aliases {
				x.add(int32(i), a, false)
			}
			if c.Kind == attack.KindSubTechnique {
				for _, parent := range v.far(int32(i), attack.SubtechniqueOf, true) {
					x.add(int32(i), v.cards[parent].Name+" "+c.Name, false)
				}
			}
		}
		for w := range x.byWord {
			x.words = append(x.words, spell(w))
			x.kin[near.Stem(w)] = append(x.kin[near.Stem(w)], w)
		}
		for b := range x.byBare {
			x.bare = append(x.bare, spell(b))
		}
		slices.SortFunc(x.words, func(a, b spelling) int { return strings.Compare(a.word, b.word) })
		v.names = x
	})
	return v.names
}

// far returns the ordinals at the other ends of an object's live relations of a type.
func (v *view) far(n int32, typ string, out bool) []int32 {
	var ns []int32
	edges := v.in.of(n)
	if out {
		edges = v.out.of(n)
	}
	for _, i := range edges {
		e := &v.edges[i]
		other := e.from
		if out {
			other = e.to
		}
		if e.typ == typ && other >= 0 && (e.by < 0 || v.cards[e.by].Live()) {
			ns = append(ns, other)
		}
	}
	return ns
}

func (x *names) add(n int32, name string, own bool) {
	words := wordsIn(name)
	if len(words) == 0 {
		return
	}
	at := int32(len(x.all))
	bare := strings.Join(words, "")
	x.all = append(x.all, naming{n: n, words: len(words), own: own})
	x.byBare[bare] = append(x.byBare[bare], at)
	for _, w := range words {
		if of := x.byWord[w]; len(of) == 0 || of[len(of)-1] != at {
			x.byWord[w] = append(of, at)
		}
	}
}

// wordsIn returns the words of a text as the index parts them: runs of letters and
// digits, in lower case.
func wordsIn(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// rarity is how much a word says that occurs in some of all names.
func (x *names) rarity(in int) float64 { return math.Log(1 + float64(len(x.all))/float64(1+in)) }

// meant returns the words of names that a word may stand for, each with its worth.
// Slips are looked for only where there is nothing better, and cost what is said.
func (x *names) meant(word string, slip float64) map[string]float64 {
	found := map[string]float64{}
	for _, s := range x.beginning(word) {
		found[s.word] = prefixWorth
	}
	for _, w := range x.kin[near.Stem(word)] {
		found[w] = kinWorth
	}
	if x.byWord[word] != nil {
		found[word] = 1
	}
	if len(found) > 0 || slip == 0 {
		return found
	}
	for _, w := range slipped(word, x.words) {
		found[w] = slip
	}
	return found
}

// leastPrefix is how many characters a word has that stands for what it begins.
const leastPrefix = 3

// beginning returns the words that begin with a word.
func (x *names) beginning(word string) []spelling {
	if len(word) < leastPrefix {
		return nil
	}
	from, _ := slices.BinarySearchFunc(x.words, word, func(s spelling, w string) int { return strings.Compare(s.word, w) })
	to := from
	for to < len(x.words) && strings.HasPrefix(x.words[to].word, word) {
		to++
	}
	return x.words[from:to]
}

// slipped returns the known words with the fewest slips from a word, as many as are
// allowed at most.
func slipped(word string, known []spelling) []string {
	most := near.Allowed(word)
	if most == 0 {
		return nil
	}
	var found []string
	for w := spell(word); len(known) > 0; known = known[1:] {
		switch d, ok := w.within(known[0], most); {
		case ok && d < most:
			most, found = max(d, 1), []string{known[0].word}
		case ok:
			found = append(found, known[0].word)
		}
	}
	return found
}

// scores returns how well the names of objects fit a question, from 0 to 1.
func (x *names) scores(q *question) map[int32]float64 {
	fit := map[int32]float64{} // by naming
	has := map[int32]int{}     // how many words of the question a naming has
	total := 0.0
	for _, w := range q.words {
		best := map[int32]float64{}
		for term, worth := range w.names {
			for _, at := range x.byWord[term] {
				best[at] = max(best[at], worth)
			}
		}
		rarity := x.rarity(len(best))
		total += rarity
		for at, worth := range best {
			fit[at] += worth * rarity
			has[at]++
		}
	}
	scores := map[int32]float64{}
	for at, f := range fit {
		name := &x.all[at]
		asked, named := f/total, float64(min(has[at], name.words))/float64(name.words)
		scores[name.n] = max(scores[name.n], asked*asked*(nameRest+(1-nameRest)*named*named))
	}
	x.joined(q.bare, scores)
	return scores
}

// nameRest is what the name of an object counts when next to none of it was asked for.
const nameRest = 0.25

// joined scores names that are what was asked but for spaces and a few slips, or begin
// with it.
func (x *names) joined(text string, scores map[int32]float64) {
	if len(text) <= leastPrefix || x.byBare[text] != nil {
		return
	}
	most := near.Allowed(text)
	asked := spell(text)
	for _, name := range x.bare {
		score := 0.0
		if strings.HasPrefix(name.word, text) {
			score = nameRest + (1-nameRest)*float64(len(text))/float64(len(name.word))
		} else if d, ok := asked.within(name, most); ok {
			score = 1 - slipCost*float64(d)
		} else {
			continue
		}
		for _, at := range x.byBare[name.word] {
			scores[x.all[at].n] = max(scores[x.all[at].n], score)
		}
	}
}

// slipCost is what each slip takes from the score of a name.
const slipCost = 0.1
