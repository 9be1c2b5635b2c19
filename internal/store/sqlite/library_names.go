package sqlite

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"

	"candor/internal/attack"
	"candor/internal/near"
	"candor/internal/store"
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
	name  string
	words int // how many it has
	by    calling
}

// calling is in which way a name is one of an object.
type calling int

const (
	ownName calling = iota
	alias
	behindTechnique // a sub-technique's name behind its technique's
)

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
			x.add(int32(i), c.Name, ownName)
			for _, a := range c.aliases {
				x.add(int32(i), a, alias)
			}
			if c.Kind == attack.KindSubTechnique {
				for _, parent := range v.far(int32(i), attack.SubtechniqueOf, true) {
					x.add(int32(i), v.cards[parent].Name+" "+c.Name, behindTechnique)
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

func (x *names) add(n int32, name string, by calling) {
	words := wordsIn(name)
	if len(words) == 0 {
		return
	}
	at := int32(len(x.all))
	bare := strings.Join(words, "")
	x.all = append(x.all, naming{n: n, name: name, words: len(words), by: by})
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
	scores := map[int32]float64{}
	for at, s := range x.fits(q) {
		n := x.all[at].n
		scores[n] = max(scores[n], s)
	}
	return scores
}

// fits returns how well each name fits a question, from 0 to 1.
func (x *names) fits(q *question) map[int32]float64 {
	fits := map[int32]float64{}
	has := map[int32]int{} // how many words of the question a name has
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
			fits[at] += worth * rarity
			has[at]++
		}
	}
	for at, f := range fits {
		words := x.all[at].words
		asked, named := f/total, float64(min(has[at], words))/float64(words)
		fits[at] = asked * asked * (nameRest + (1-nameRest)*named*named)
	}
	x.joined(q.bare, fits)
	return fits
}

// nameRest is what the name of an object counts when next to none of it was asked for.
const nameRest = 0.25

// joined scores names that are what was asked but for spaces and a few slips, or begin
// with it.
func (x *names) joined(text string, fits map[int32]float64) {
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
			fits[at] = max(fits[at], score)
		}
	}
}

// slipCost is what each slip takes from the score of a name.
const slipCost = 0.1

// nearLeast is how well a name has to fit a text to be told as near to it.
const nearLeast = 0.2

// Called returns the objects of a release that are called by a text, or nearly so.
func (l *Library) Called(ctx context.Context, r attack.Release, text string, most int) (called []store.Called, exact bool, err error) {
	v, err := l.viewOf(ctx, r)
	if err != nil {
		return nil, false, err
	}
	x := v.calls()
	said := map[int32]bool{}
	say := func(at int32) {
		name := &x.all[at]
		if said[name.n] || name.by == behindTechnique {
			return
		}
		said[name.n] = true
		called = append(called, store.Called{Located: store.Located{Header: v.cards[name.n].Header, Release: v.release}, As: name.name})
	}
	for _, at := range x.byBare[bareOf(text)] {
		say(at)
	}
	if len(called) > 0 {
		slices.SortStableFunc(called, func(a, b store.Called) int {
			if a.Live() != b.Live() {
				if a.Live() {
					return -1
				}
				return 1
			}
			return strings.Compare(a.ATTACKID, b.ATTACKID)
		})
		return called, true, nil
	}
	for _, h := range x.nearest(text) {
		if len(called) < most && v.cards[x.all[h.n].n].Live() {
			say(h.n)
		}
	}
	return called, false, nil
}

// nearest returns the names that fit a text, best first.
func (x *names) nearest(text string) []hit {
	q := &question{text: text, bare: bareOf(text)}
	for _, w := range wordsIn(text) {
		q.words = append(q.words, asked{word: w, names: x.meant(w, slipWorth)})
	}
	var near []hit
	for at, fit := range x.fits(q) {
		if fit >= nearLeast {
			near = append(near, hit{at, fit})
		}
	}
	slices.SortFunc(near, func(a, b hit) int { return cmp.Or(cmp.Compare(b.fit, a.fit), cmp.Compare(a.n, b.n)) })
	return near
}
