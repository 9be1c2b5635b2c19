package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/near"
)

// A text is looked for in three places: in names and aliases, which are in memory; in
// the words of objects; and in the texts of relationship objects, the procedures,
// which speak for both of their ends. Each word may stand for others of its family,
// for what it begins, and, where nothing has it, for what it misspells. What has the
// text for its id or name comes first, then what is live, best first.

// question is a text that is looked for.
type question struct {
	text  string
	bare  string // letters and digits of the text
	words []asked
}

// asked is one word of a question, and what it may stand for.
type asked struct {
	word       string
	names      map[string]float64 // words of names, each with its worth
	terms      []string           // words of the index of words
	procedures []string           // words of the index of procedures
	prefix     bool               // it stands for what it begins, too
}

// maxSearchWords is how many words of a text are looked for.
const maxSearchWords = 32

// filling are words that say nothing when there are others.
var filling = [...]string{"a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "via", "with"}

// ask parts a text and finds out what its words may stand for.
func (l *Library) ask(ctx context.Context, x *names, text string) (*question, error) {
	words := wordsIn(text)
	q := &question{text: text, bare: bareOf(text)}
	saying := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(filling[:], w) })
	if len(saying) > 0 {
		words = saying
	}
	var known []string
	for i, w := range words[:min(len(words), maxSearchWords)] {
		if slices.Contains(known, w) {
			continue
		}
		known = append(known, w)
		a := asked{word: w}
		if err := l.terms(ctx, x, &a, i == len(words)-1); err != nil {
			return nil, fmt.Errorf("search for %q: %w", text, err)
		}
		q.words = append(q.words, a)
	}
	return q, nil
}

// terms finds out what a word may stand for.
func (l *Library) terms(ctx context.Context, x *names, a *asked, last bool) error {
	stem := a.word
	if len(a.word) >= leastStemmed {
		stem = near.Stem(a.word)
	}
	exact := false
	err := l.starting(ctx, stem, func(of *[]string, term string) {
		if term == a.word || len(a.word) >= leastStemmed && len(*of) < maxFamily && near.Stem(term) == stem {
			exact = exact || term == a.word
			*of = append(*of, term)
		}
	}, &a.terms, &a.procedures)
	if err != nil {
		return err
	}
	a.prefix = last && len(a.word) >= leastPrefix && (!exact || len(a.word) > leastStemmed)
	if len(a.terms)+len(a.procedures) > 0 {
		a.names = x.meant(a.word, slipWorth/2) // it may be right as it is
		return nil
	}
	a.names = x.meant(a.word, slipWorth)
	for w := range a.names {
		a.terms = append(a.terms, w)
	}
	if len(a.terms) > 0 {
		return nil
	}
	return l.misspelt(ctx, a)
}

// leastStemmed is how long a word is whose family is looked for: in shorter ones the
// endings are mostly part of the word.
const leastStemmed = 4

// maxFamily is how many words of the index one word may stand for.
const maxFamily = 40

// misspelt finds the words of the index, with the same first letter, that a word may
// misspell.
func (l *Library) misspelt(ctx context.Context, a *asked) error {
	first := string([]rune(a.word)[:1])
	var known []spelling
	var words, procedures []string
	err := l.starting(ctx, first, func(of *[]string, term string) {
		known = append(known, spell(term))
		*of = append(*of, term)
	}, &words, &procedures)
	if err != nil {
		return err
	}
	for _, w := range slipped(a.word, known) {
		if slices.Contains(words, w) && len(a.terms) < maxFamily {
			a.terms = append(a.terms, w)
		}
		if slices.Contains(procedures, w) && len(a.procedures) < maxFamily {
			a.procedures = append(a.procedures, w)
		}
	}
	return nil
}

// starting visits the words of the two indexes that have a beginning, each with the
// list that is of its index.
func (l *Library) starting(ctx context.Context, beginning string, visit func(of *[]string, term string), words, procedures *[]string) error {
	end := beginning + "\U0010ffff"
	found, err := l.db.QueryContext(ctx, `SELECT 0, term FROM words_terms WHERE term >= ? AND term < ?
		UNION ALL SELECT 1, term FROM procedures_terms WHERE term >= ? AND term < ?`, beginning, end, beginning, end)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var of int
		var term string
		if err := found.Scan(&of, &term); err != nil {
			return err
		}
		visit([...]*[]string{words, procedures}[of], term)
	}
	return found.Err()
}

// hit is an object that a text finds, and how well it fits: comparable between
// releases.
type hit struct {
	n   int32
	fit float64
}

// What has the text for its id or name fits better than all else by this much, and what
// is retired worse.
const tier = 100

// candidates returns what a text finds, best first, or everything for no text.
func (l *Library) candidates(ctx context.Context, v *view, e *edition, text string) ([]hit, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		hits := make([]hit, len(v.cards))
		for i := range hits {
			hits[i].n = int32(i)
		}
		return hits, nil
	}
	first := v.exact(text)
	q, err := l.ask(ctx, v.calls(), text)
	if err != nil {
		return nil, err
	}
	score, err := l.scores(ctx, v, e, q, first)
	if err != nil {
		return nil, err
	}
	var hits []hit
	for i, n := range first {
		delete(score, n)
		hits = append(hits, hit{n, 2*tier - float64(i)})
	}
	for n, s := range score {
		if !v.cards[n].Live() {
			s -= tier
		}
		hits = append(hits, hit{n, s})
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.fit, a.fit), cmp.Compare(v.cards[a.n].ATTACKID, v.cards[b.n].ATTACKID), cmp.Compare(a.n, b.n))
	})
	return hits, nil
}

// exact returns the ordinals of the objects whose ATT&CK ID, STIX id or former id is the
// text, and of the live ones whose name or alias is, in this order, but for case, spaces
// and punctuation. Where it is retired, what took its place follows; of what only has
// the name, that alone is listed.
func (v *view) exact(text string) []int32 {
	id := attack.SpellID(text)
	var tiers [8][]int32
	put := func(tier int, n int32) { tiers[tier] = append(tiers[tier], n) }
	if n, ok := v.byID[id]; ok {
		put(0, n)
	}
	for i := range v.cards {
		c, dead := &v.cards[i], 0
		if !c.Live() {
			dead = 1
		}
		switch {
		case c.Kind == attack.KindRelationship:
		case strings.EqualFold(c.ATTACKID, id):
			put(dead, int32(i))
		case c.former != "" && strings.EqualFold(c.former, id):
			put(2+dead, int32(i))
		}
	}
	x := v.calls()
	for _, at := range x.byBare[bareOf(text)] {
		switch name := &x.all[at]; {
		case !v.cards[name.n].Live():
			tiers[7] = append(tiers[7], v.succeeded([]int32{name.n})[1:]...)
		case name.by == ownName:
			put(4, name.n)
		default:
			put(5, name.n)
		}
	}
	return v.succeeded(slices.Concat(tiers[:]...))
}

// bareOf returns the letters and digits of a text in lower case.
func bareOf(text string) string { return strings.Join(wordsIn(text), "") }

// succeeded puts behind each retired object what took its place, and lists each once.
func (v *view) succeeded(ns []int32) []int32 {
	var out []int32
	listed := map[int32]bool{}
	for _, n := range ns {
		for at := []int32{n}; len(at) > 0; at = at[1:] {
			if listed[at[0]] {
				continue
			}
			listed[at[0]] = true
			out = append(out, at[0])
			if !v.cards[at[0]].Live() {
				at = append(at, v.far(at[0], attack.RevokedBy, true)...)
			}
		}
	}
	return out
}

// How much what was found counts by where it was found.
const (
	nameWorth      = 2.0
	wordsWorth     = 1.0
	procedureWorth = 1.0
	// heldWorth is what the name of a technique or a strategy counts for the analytics
	// that look for it.
	heldWorth = 0.6
	// partWorth is what counts of words that are found without the others, and
	// partLeast how well they have to fit, beside what fits best.
	partWorth, partLeast = 0.4, 0.25
	// nameLeast is how well a name has to fit that nothing else speaks for.
	nameLeast = 0.1
)

// enough is how many objects have every word when those that have some are not looked
// for.
const enough = 3

// scores returns how well each object fits the question; first are those that it names.
func (l *Library) scores(ctx context.Context, v *view, e *edition, q *question, first []int32) (map[int32]float64, error) {
	named := v.calls().scores(q)
	v.handDown(named, first)
	score := map[int32]float64{}
	for n, s := range named {
		if s >= nameLeast {
			score[n] = nameWorth * s
		}
	}
	said, done, err := l.found(ctx, v, e, q, " AND ")
	if err != nil {
		return nil, err
	}
	add(score, said, wordsWorth, 0)
	add(score, done, procedureWorth, 0)
	if len(said)+len(done) < enough && len(q.words) > 1 {
		if said, done, err = l.found(ctx, v, e, q, " OR "); err != nil {
			return nil, err
		}
		add(score, said, partWorth*wordsWorth, partLeast)
		add(score, done, partWorth*procedureWorth, partLeast)
	}
	for n := range score {
		score[n] *= kindWorth(v.cards[n].Kind)
	}
	return score, nil
}

// handDown scores strategies and analytics by the names of their techniques, and
// analytics by those of their strategies.
func (v *view) handDown(named map[int32]float64, first []int32) {
	from := map[int32]float64{}
	for n, s := range named {
		from[n] = s
	}
	for _, n := range first {
		from[n] = 1
	}
	for n, s := range from {
		strategies := []int32{n}
		switch {
		case v.cards[n].Kind.Technique():
			strategies = v.far(n, attack.Detects, false)
		case v.cards[n].Kind != attack.KindStrategy:
			continue
		}
		for _, strategy := range strategies {
			for _, analytic := range v.far(strategy, attack.HasAnalytic, true) {
				named[analytic] = max(named[analytic], heldWorth*s)
			}
		}
	}
}

// kindWorth is how readily an object of a kind is what was looked for.
func kindWorth(k attack.Kind) float64 {
	switch k {
	case attack.KindTechnique, attack.KindSubTechnique, attack.KindTactic:
		return 1
	case attack.KindGroup, attack.KindMalware, attack.KindTool, attack.KindCampaign:
		return 0.7
	case attack.KindComponent, attack.KindStrategy:
		return 0.6
	}
	return 0.5
}

// add adds some scores, as much as they are worth, to others; those that are below
// least only to what is there.
func add(to, scores map[int32]float64, worth, least float64) {
	for n, s := range scores {
		if _, there := to[n]; there || s >= least {
			to[n] += worth * s
		}
	}
}

// found scores what has the words of the question, all or any of them, in its own words
// and in procedures.
func (l *Library) found(ctx context.Context, v *view, e *edition, q *question, join string) (said, done map[int32]float64, err error) {
	if said, err = l.said(ctx, v, q, join); err != nil {
		return nil, nil, fmt.Errorf("search for %q: %w", q.text, err)
	}
	if done, err = l.done(ctx, v, e, q, join); err != nil {
		return nil, nil, fmt.Errorf("search for %q: %w", q.text, err)
	}
	return said, done, nil
}

// said scores the objects whose own words fit, from 0 to 1.
func (l *Library) said(ctx context.Context, v *view, q *question, join string) (map[int32]float64, error) {
	var all []string
	for _, a := range q.words {
		one := []string{quoted(a.word)}
		for _, t := range a.terms {
			if t != a.word {
				one = append(one, quoted(t))
			}
		}
		if a.prefix {
			one = append(one, quoted(a.word)+" *")
		}
		all = append(all, "("+strings.Join(one, " OR ")+")")
	}
	if len(all) == 0 {
		return nil, nil
	}
	found, err := l.db.QueryContext(ctx, `SELECT rowid, bm25(words) FROM words WHERE words MATCH ?`, strings.Join(all, join))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	wordings := v.wordings()
	scores := map[int32]float64{}
	best := 0.0
	for found.Next() {
		var wording uint32
		var rank float64
		if err := found.Scan(&wording, &rank); err != nil {
			return nil, err
		}
		best = max(best, -rank) // of all releases, so that they compare
		for _, n := range wordings[wording] {
			scores[n] = -rank
		}
	}
	for n := range scores {
		scores[n] /= best
	}
	return scores, found.Err()
}

func quoted(word string) string { return `"` + word + `"` }

// done scores the ends of the relationship objects whose texts fit, from 0 to 1: by
// how many there are, beside what has most of them.
func (l *Library) done(ctx context.Context, v *view, e *edition, q *question, join string) (map[int32]float64, error) {
	var all []string
	for _, a := range q.words {
		var one []string
		for _, t := range a.procedures {
			one = append(one, quoted(t))
		}
		switch {
		case len(one) > 0:
			all = append(all, "("+strings.Join(one, " OR ")+")")
		case join == " AND ":
			return nil, nil
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	found, err := l.db.QueryContext(ctx, `SELECT rowid FROM procedures WHERE procedures MATCH ?`, strings.Join(all, join))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	targets, sources := map[int32]float64{}, map[int32]float64{}
	for found.Next() {
		var id uint32
		if err := found.Scan(&id); err != nil {
			return nil, err
		}
		v.credit(e, id, targets, sources)
	}
	return merged(targets, sources), found.Err()
}

// credit counts a procedure for both of its ends.
func (v *view) credit(e *edition, id uint32, targets, sources map[int32]float64) {
	n, ok := e.members.ordinal(id)
	if !ok || !v.cards[n].Live() || !v.counts(n) {
		return
	}
	for _, i := range v.holds.of(int32(n)) {
		edge := &v.edges[i]
		if edge.to >= 0 {
			targets[edge.to]++
		}
		if edge.from >= 0 {
			sources[edge.from]++
		}
	}
}

// merged makes scores of counts.
func merged(counts ...map[int32]float64) map[int32]float64 {
	scores := map[int32]float64{}
	for _, c := range counts {
		most := 0.0
		for _, n := range c {
			most = max(most, n)
		}
		for at, n := range c {
			scores[at] = max(scores[at], n/most*math.Sqrt(n/(n+1)))
		}
	}
	return scores
}
