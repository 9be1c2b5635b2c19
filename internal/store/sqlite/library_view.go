package sqlite

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"candor/internal/attack"
	"candor/internal/store"
)

// view is what lists and relations of one release read: the header of every
// object and the relations between them. It is derived from the objects when
// they are imported and never changes.
type view struct {
	release attack.Release
	ids     []uint32 // the snapshot of each ordinal
	cards   []card   // by ordinal, that is in the order of the bundle
	edges   []edge
	outside []string // STIX ids that relations lead to and the release lacks
	spare   []int32  // ordinals of duplicates that do not count, ascending

	// Derived when loaded.
	byID    map[string]int32 // of those that count
	out, in index
	holds   index // of relationship objects

	once   sync.Once
	byText map[uint32][]int32 // the objects that have a wording
	called sync.Once
	names  *names // what the objects are called
}

// card is what a list needs to know of an object.
type card struct {
	store.Header
	former  string   // former ATT&CK ID
	short   string   // a tactic's short name
	phases  []string // a technique's phases, "chain/phase"
	logs    []string // names of log sources
	aliases []string // other names
	wording uint32   // id of its text in the index; 0 for none
}

// edge is a relation. From and to are ordinals, or ^i for outside[i]; by is the
// ordinal of the relationship object, -1 for a reference.
type edge struct {
	typ, field   string
	from, to, by int32
	log          *attack.LogSource // without its component, which is to
}

// newCard returns what lists need of an object.
func newCard(o *attack.Object) card {
	c := card{
		Header: headerOf(o), former: o.FormerID, short: o.ShortName, aliases: aliasesOf(o),
	}
	for _, p := range o.Phases {
		c.phases = append(c.phases, p.Chain+"/"+p.Name)
	}
	for _, ls := range [2][]attack.LogSource{o.LogSources, o.Channels} {
		for _, l := range ls {
			c.logs = append(c.logs, l.Name)
		}
	}
	return c
}

// aliasesOf returns the names of an object but the one that it is shown by.
func aliasesOf(o *attack.Object) []string {
	var as []string
	for _, a := range o.Aliases {
		if a != o.Name && !slices.Contains(as, a) {
			as = append(as, a)
		}
	}
	return as
}

// headerOf returns an object's header.
func headerOf(o *attack.Object) store.Header {
	return store.Header{
		StixID: o.ID, Type: o.Type, Kind: o.Kind, ATTACKID: o.ATTACKID, Name: o.Name, Version: o.Version,
		Modified: o.Modified, Revoked: o.Revoked, Deprecated: o.Deprecated, Platforms: o.Platforms,
	}
}

// viewFormat is the first number of a written view. An audit makes every view anew and
// compares: whoever changes what a view says of the same objects, which attack.RelationsOf
// and the decoder can, too, has to make the views of older libraries anew.
const viewFormat = 2

// code codes the view but for what is derived.
func (v *view) code(c coder) {
	_, reads := c.(*decoder)
	if n := codeLength(c, len(v.cards)); reads {
		v.cards = make([]card, n)
	}
	for i := range v.cards {
		v.cards[i].codeKind(c)
		c.text(&v.cards[i].StixID)
		c.text(&v.cards[i].Modified)
	}
	for i := range v.cards {
		if v.cards[i].Kind != attack.KindRelationship {
			v.cards[i].code(c)
		}
	}
	v.codeEdges(c, reads)
}

// codeKind codes what every object has.
func (k *card) codeKind(c coder) {
	c.word(&k.Type)
	c.word((*string)(&k.Kind))
	c.word(&k.Version)
	var flags uint64
	if k.Revoked {
		flags |= 1
	}
	if k.Deprecated {
		flags |= 2
	}
	c.number(&flags)
	k.Revoked, k.Deprecated = flags&1 != 0, flags&2 != 0
}

// code codes what objects other than relationships have.
func (k *card) code(c coder) {
	c.text(&k.ATTACKID)
	c.text(&k.Name)
	c.word(&k.former)
	c.word(&k.short)
	codeWords(c, &k.Platforms)
	codeWords(c, &k.phases)
	codeWords(c, &k.logs)
	codeWords(c, &k.aliases)
	n := uint64(k.wording)
	c.number(&n)
	k.wording = uint32(n)
}

// codeEdges codes the relations and the duplicates.
func (v *view) codeEdges(c coder, reads bool) {
	outside := codeLength(c, len(v.outside))
	edges := codeLength(c, len(v.edges))
	spare := codeLength(c, len(v.spare))
	if reads {
		v.outside, v.edges, v.spare = make([]string, outside), make([]edge, edges), make([]int32, spare)
	}
	for i := range v.outside {
		c.text(&v.outside[i])
	}
	for i := range v.spare {
		codeOrdinal(c, &v.spare[i])
	}
	for i := range v.edges {
		c.word(&v.edges[i].typ)
		c.word(&v.edges[i].field)
		codeOrdinal(c, &v.edges[i].from)
		codeOrdinal(c, &v.edges[i].to)
		codeOrdinal(c, &v.edges[i].by)
	}
	for i := range v.edges {
		if e := &v.edges[i]; e.typ == attack.ReadsSource {
			if e.log == nil {
				e.log = &attack.LogSource{}
			}
			c.word(&e.log.Name)
			c.word(&e.log.Channel)
		}
	}
}

// codeOrdinal codes a number that may be negative.
func codeOrdinal(c coder, n *int32) {
	zigzag := uint64(uint32(*n<<1 ^ *n>>31))
	c.number(&zigzag)
	*n = int32(uint32(zigzag)>>1) ^ -int32(zigzag&1)
}

// sound reports whether every ordinal of the view leads somewhere.
func (v *view) sound() bool {
	inside := func(n int32) bool { return n >= 0 && int(n) < len(v.cards) }
	end := func(n int32) bool { return inside(n) || n < 0 && int(^n) < len(v.outside) }
	for _, s := range v.spare {
		if !inside(s) {
			return false
		}
	}
	for i := range v.edges {
		if e := &v.edges[i]; !end(e.from) || !end(e.to) || e.by != -1 && !inside(e.by) {
			return false
		}
	}
	return len(v.cards) == len(v.ids)
}

// write returns the view as it is stored, but for its compression.
func (v *view) write() []byte {
	e := &encoder{known: map[string]uint64{}}
	format := uint64(viewFormat)
	e.number(&format)
	v.code(e)
	return e.out
}

// view returns the view of a release.
func (l *Library) view(ctx context.Context, e *edition) (*view, error) {
	if v, ok := l.views.find(func(id int64, _ *view) bool { return id == e.id }); ok {
		return v, nil
	}
	v, err := l.readView(ctx, e)
	if err != nil {
		return nil, err
	}
	v.derive()
	l.views.put(e.id, v)
	return v, nil
}

// readView reads the view of a release from the file, without what is derived.
func (l *Library) readView(ctx context.Context, e *edition) (*view, error) {
	var packed []byte
	if err := l.db.QueryRowContext(ctx, `SELECT data FROM release_view WHERE release = ?`, e.id).Scan(&packed); err != nil {
		return nil, fmt.Errorf("read view of %s: %w", e.release, err)
	}
	plain, err := l.unzip.DecodeAll(packed, nil)
	if err != nil {
		return nil, l.damaged("view of %s: %v", e.release, err)
	}
	d := &decoder{in: string(plain)}
	var format uint64
	d.number(&format)
	v := &view{release: e.release, ids: e.members.ids()}
	v.code(d)
	if format != viewFormat || d.bad || !v.sound() {
		return nil, l.damaged("view of %s", e.release)
	}
	return v, nil
}

// derive makes the lookups.
func (v *view) derive() {
	v.byID = make(map[string]int32, len(v.cards))
	next := 0
	for i := range v.cards {
		if next < len(v.spare) && v.spare[next] == int32(i) {
			next++
			continue
		}
		v.byID[v.cards[i].StixID] = int32(i)
	}
	v.out = newIndex(len(v.cards), v.edges, func(e *edge) int32 { return e.from })
	v.in = newIndex(len(v.cards), v.edges, func(e *edge) int32 { return e.to })
	v.holds = newIndex(len(v.cards), v.edges, func(e *edge) int32 { return e.by })
}

// counts reports whether an ordinal is the object that its STIX id means.
func (v *view) counts(n int) bool { return v.byID[v.cards[n].StixID] == int32(n) }

// wordings returns the objects that have each wording.
func (v *view) wordings() map[uint32][]int32 {
	v.once.Do(func() {
		v.byText = map[uint32][]int32{}
		for i := range v.cards {
			if w := v.cards[i].wording; w != 0 && v.counts(i) {
				v.byText[w] = append(v.byText[w], int32(i))
			}
		}
	})
	return v.byText
}

// index leads from an ordinal to its edges.
type index struct {
	start []int32 // by ordinal, with one more at the end
	edges []int32
}

// newIndex groups edges by the ordinal at an end; ends outside have no group.
func newIndex(ordinals int, edges []edge, end func(*edge) int32) index {
	x := index{start: make([]int32, ordinals+1), edges: make([]int32, len(edges))}
	for i := range edges {
		if n := end(&edges[i]); n >= 0 {
			x.start[n+1]++
		}
	}
	for i := range ordinals {
		x.start[i+1] += x.start[i]
	}
	next := append([]int32(nil), x.start...)
	for i := range edges {
		if n := end(&edges[i]); n >= 0 {
			x.edges[next[n]] = int32(i)
			next[n]++
		}
	}
	return x
}

// of returns the edges of an ordinal, in the order of the bundle.
func (x index) of(n int32) []int32 { return x.edges[x.start[n]:x.start[n+1]] }

// end returns the STIX id and header of an end of an edge.
func (v *view) end(n int32) (string, store.Header) {
	if n < 0 {
		id := v.outside[^n]
		return id, store.Header{StixID: id}
	}
	return v.cards[n].StixID, v.cards[n].Header
}

// relation returns an edge as one of its ends sees it.
func (v *view) relation(n int32, out bool) store.Edge {
	e := &v.edges[n]
	r := store.Edge{Relation: attack.Relation{Type: e.typ, Field: e.field}, Out: out, Live: true}
	var from, to store.Header
	r.From, from = v.end(e.from)
	r.To, to = v.end(e.to)
	r.Other = from
	if out {
		r.Other = to
	}
	if e.by >= 0 {
		r.By = v.cards[e.by].StixID
		r.Live = v.cards[e.by].Live()
	}
	if e.log != nil {
		r.Log = &attack.LogSource{Component: r.To, Name: e.log.Name, Channel: e.log.Channel}
	}
	return r
}
