package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"candor/internal/attack"
	"candor/internal/crew"
)

// depot stores the bytes and the words of objects once, within the transaction
// of an import. Objects wait until there are enough to look up together what
// the library has of them; new bytes are gathered in packs by STIX type.
type depot struct {
	l        *Library
	empty    bool // the library has nothing to look up
	snapshot uint32
	wording  uint32
	waiting  []newcomer
	bytes    []byte            // of what waits
	fresh    map[string]*item  // raw hash -> the item that brought new bytes
	worded   map[string]uint32 // STIX id and hash of words -> wording, if new
	packing  map[string]*packing
	sealed   []*sealed // being compressed, oldest first

	snapshots, ids, wordings, words, procedures rows
	haveSnapshot, haveWording                   keyFinder
	putPack                                     *sql.Stmt
}

// newcomer is an object that waits.
type newcomer struct {
	item       *item
	start, end int // in depot.bytes
	hash       []byte
	words      [5]string // as wordsOf returns them
	wordsHash  []byte    // nil for an object without words
}

// packing is the new objects of one type that make the next pack.
type packing struct {
	pack
	items     []*item
	rawHashes [][]byte
}

// sealed is a pack that is being compressed.
type sealed struct {
	typ    string
	first  uint32
	count  int
	hashes []byte
	data   []byte
	done   <-chan error // of the compression that makes data
}

// maxSealed is how many packs may wait for their compression.
const maxSealed = 4

func newDepot(ctx context.Context, l *Library, tx *sql.Tx) (*depot, error) {
	d := &depot{l: l, fresh: map[string]*item{}, worded: map[string]uint32{}, packing: map[string]*packing{}}
	n, err := nextIDs(ctx, tx)
	if err != nil {
		return nil, err
	}
	d.snapshot, d.wording, d.empty = n.snapshot, n.wording, n.snapshot == 1
	for insert, to := range map[string]struct {
		rows  *rows
		width int
	}{
		`INSERT INTO snapshot (id, stix_id, raw_hash, version, created, modified, revoked, deprecated) VALUES `: {&d.snapshots, 8},
		`INSERT OR IGNORE INTO attack_id (attack_id, stix_id) VALUES `:                                          {&d.ids, 2},
		`INSERT INTO wording (id, stix_id, hash) VALUES `:                                                       {&d.wordings, 3},
		`INSERT INTO words (rowid, attack_id, name, aliases, description, logs) VALUES `:                        {&d.words, 6},
		`INSERT INTO procedures (rowid, text) VALUES `:                                                          {&d.procedures, 2},
	} {
		if to.rows.bulk, err = newBulk(ctx, tx, insert, to.width); err != nil {
			return nil, err
		}
	}
	values := "(VALUES " + marks(3) + strings.Repeat(", "+marks(3), chunk-1) + ")"
	return d, prepare(ctx, tx, map[string]**sql.Stmt{
		`INSERT INTO pack (first, count, type, hashes, data) VALUES (?, ?, ?, ?, ?)`:                                             &d.putPack,
		`SELECT v.column1, s.id FROM ` + values + ` v CROSS JOIN snapshot s ON s.stix_id = v.column2 AND s.raw_hash = v.column3`: &d.haveSnapshot.stmt,
		`SELECT v.column1, s.id FROM ` + values + ` v CROSS JOIN wording s ON s.stix_id = v.column2 AND s.hash = v.column3`:      &d.haveWording.stmt,
	})
}

// add takes an object in.
func (d *depot) add(ctx context.Context, it *item, s *attack.Snapshot) error {
	a := newcomer{item: it, start: len(d.bytes), hash: rawHash(s.Raw)}
	d.bytes = append(d.bytes, s.Raw...)
	a.end = len(d.bytes)
	a.say(&s.Object)
	d.waiting = append(d.waiting, a)
	if len(d.waiting) < chunk && len(d.bytes) < 4*packSize {
		return nil
	}
	return d.sift(ctx)
}

// say notes the words of the object.
func (a *newcomer) say(o *attack.Object) {
	if o.Kind != attack.KindRelationship {
		a.words = wordsOf(o)
		a.wordsHash = wordsHash(a.words)
	}
}

// wordsOf returns what the table words has of an object other than a relationship, by
// column: ids, name, aliases, description, log sources with their channels.
func wordsOf(o *attack.Object) [5]string {
	var logs []string
	for _, ls := range [2][]attack.LogSource{o.LogSources, o.Channels} {
		for _, l := range ls {
			logs = append(logs, l.Name+" "+l.Channel)
		}
	}
	return [5]string{
		strings.TrimSpace(o.ATTACKID + " " + o.FormerID), o.Name, strings.Join(o.Aliases, "\n"), o.Description, strings.Join(logs, "\n"),
	}
}

// procedureOf returns what the table procedures has of an object; empty for what is
// no relationship, or says nothing.
func procedureOf(o *attack.Object) string {
	if o.Kind != attack.KindRelationship {
		return ""
	}
	return o.Description
}

// wordsHash returns what wording.hash holds, nil for no words at all.
func wordsHash(words [5]string) []byte {
	if words == [5]string{} {
		return nil
	}
	return rawHash([]byte(strings.Join(words[:], "\x00")))
}

// finish stores what waits.
func (d *depot) finish(ctx context.Context) error {
	if err := d.sift(ctx); err != nil {
		return err
	}
	for typ, p := range d.packing {
		if err := d.seal(ctx, typ, p); err != nil {
			return err
		}
	}
	if err := d.store(ctx, 0); err != nil {
		return err
	}
	return d.flush(ctx)
}

// flush stores the rows that wait.
func (d *depot) flush(ctx context.Context) error {
	for _, r := range []*rows{&d.snapshots, &d.ids, &d.wordings, &d.words, &d.procedures} {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sift finds out which of the waiting objects are new and stores those.
func (d *depot) sift(ctx context.Context) error {
	known, err := d.lookUp(ctx, &d.haveSnapshot, func(a *newcomer) []byte { return a.hash })
	if err != nil {
		return err
	}
	worded, err := d.lookUp(ctx, &d.haveWording, func(a *newcomer) []byte { return a.wordsHash })
	if err != nil {
		return err
	}
	for i := range d.waiting {
		a := &d.waiting[i]
		if err := d.word(ctx, a, worded[i]); err != nil {
			return err
		}
		if err := d.deposit(ctx, a, known[i]); err != nil {
			return err
		}
	}
	d.waiting, d.bytes = d.waiting[:0], d.bytes[:0]
	return nil
}

// lookUp returns the ids of those that the library has.
func (d *depot) lookUp(ctx context.Context, in *keyFinder, hash func(*newcomer) []byte) (map[int]uint32, error) {
	if d.empty || len(d.waiting) == 0 {
		return nil, nil
	}
	in.begin()
	for i := range d.waiting {
		if h := hash(&d.waiting[i]); h != nil {
			in.add(i, d.waiting[i].item.card.StixID, h)
		}
	}
	return in.find(ctx)
}

// word gives the object its wording; known is one that the library has, or 0.
func (d *depot) word(ctx context.Context, a *newcomer, known uint32) error {
	if a.wordsHash == nil {
		return nil
	}
	key := a.item.card.StixID + string(a.wordsHash)
	if known == 0 {
		known = d.worded[key]
	}
	if a.item.card.wording = known; known != 0 {
		return nil
	}
	id := d.wording
	d.wording++
	d.worded[key] = id
	a.item.card.wording = id
	if err := d.wordings.add(ctx, id, a.item.card.StixID, a.wordsHash); err != nil {
		return err
	}
	return d.words.add(ctx, id, a.words[0], a.words[1], a.words[2], a.words[3], a.words[4])
}

// deposit puts the object's bytes into a pack unless they are there; known is
// the snapshot that the library has of them, or 0.
func (d *depot) deposit(ctx context.Context, a *newcomer, known uint32) error {
	it := a.item
	if it.snapshot = known; known != 0 {
		return nil
	}
	if it.same = d.fresh[string(a.hash)]; it.same != nil {
		return nil
	}
	d.fresh[string(a.hash)] = it
	for _, id := range []string{it.card.ATTACKID, it.card.former} {
		if id == "" {
			continue
		}
		if err := d.ids.add(ctx, id, it.card.StixID); err != nil {
			return err
		}
	}
	p := d.packing[it.card.Type]
	if p == nil {
		p = &packing{}
		d.packing[it.card.Type] = p
	}
	p.raw = append(p.raw, d.bytes[a.start:a.end]...)
	p.ends = append(p.ends, len(p.raw))
	p.items = append(p.items, it)
	p.rawHashes = append(p.rawHashes, a.hash)
	if len(p.raw) < packSize {
		return nil
	}
	delete(d.packing, it.card.Type)
	return d.seal(ctx, it.card.Type, p)
}

// seal numbers the objects of a pack and begins to compress it.
func (d *depot) seal(ctx context.Context, typ string, p *packing) error {
	p.first = d.snapshot
	for i, it := range p.items {
		it.snapshot = d.snapshot
		d.snapshot++
		c := &it.card
		if err := d.snapshots.add(ctx, it.snapshot, c.StixID, p.rawHashes[i],
			c.Version, it.created, c.Modified, c.Revoked, c.Deprecated); err != nil {
			return err
		}
		p.hashes = append(p.hashes, it.hash[:]...)
		if err := d.proceed(ctx, it); err != nil {
			return err
		}
	}
	s := &sealed{typ: typ, first: p.first, count: len(p.items), hashes: p.hashes}
	s.done = crew.Go(func() error { s.data = p.write(d.l); return nil })
	d.sealed = append(d.sealed, s)
	return d.store(ctx, maxSealed)
}

// proceed adds what a relationship object says to the index.
func (d *depot) proceed(ctx context.Context, it *item) error {
	if it.procedure == "" {
		return nil
	}
	return d.procedures.add(ctx, it.snapshot, it.procedure)
}

// store stores packs until no more than some are being compressed.
func (d *depot) store(ctx context.Context, leave int) error {
	for ; len(d.sealed) > leave; d.sealed = d.sealed[1:] {
		s := d.sealed[0]
		if err := <-s.done; err != nil {
			return err
		}
		if _, err := d.putPack.ExecContext(ctx, s.first, s.count, s.typ, s.hashes, s.data); err != nil {
			return err
		}
	}
	return nil
}

// rows gathers rows for one table.
type rows struct {
	*bulk
	args []any
}

func (r *rows) add(ctx context.Context, values ...any) error {
	r.args = append(r.args, values...)
	if len(r.args) < chunk*r.width {
		return nil
	}
	return r.flush(ctx)
}

func (r *rows) flush(ctx context.Context) error {
	err := r.insert(ctx, r.args)
	clear(r.args)
	r.args = r.args[:0]
	return err
}

// keyFinder finds up to a chunk of keys, each a STIX id and a hash, with one
// statement.
type keyFinder struct {
	stmt *sql.Stmt
	args []any
}

func (k *keyFinder) begin() { k.args = k.args[:0] }

func (k *keyFinder) add(n int, stixID string, hash []byte) { k.args = append(k.args, n, stixID, hash) }

// find returns the ids of the keys that are there, by their number.
func (k *keyFinder) find(ctx context.Context) (map[int]uint32, error) {
	if len(k.args) == 0 {
		return nil, nil
	}
	for len(k.args) < 3*chunk {
		k.args = append(k.args, nil) // NULL equals nothing
	}
	found, err := k.stmt.QueryContext(ctx, k.args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	ids := map[int]uint32{}
	for found.Next() {
		var n int
		var id uint32
		if err := found.Scan(&n, &id); err != nil {
			return nil, err
		}
		ids[n] = id
	}
	return ids, found.Err()
}
