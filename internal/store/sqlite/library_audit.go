package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/crew"
	"candor/internal/store"
)

// libraryAudit is an audit of a library under way. What is kept is the exact bytes of
// objects, and which a release carries; it makes all else anew, with what makes it when
// a release is imported, and compares.
type libraryAudit struct {
	store.LibraryAudit
	l  *Library
	tx *sql.Tx

	mu      sync.Mutex        // over all below while packs are read
	said    map[string]int    // how often each thing was said, by its format
	more    map[string]string // the first that is not listed
	rows    map[uint32][]any
	objects map[uint32]*audited
	ids     map[[2]string]bool
	wording map[wordingKey]*worded
	carried map[uint32]bool
}

// audited is an object that the library keeps.
type audited struct {
	*item
	sum    [sha256.Size]byte // of its bytes
	worded *worded           // nil for an object without words
}

// wordingKey is what tells one wording from another.
type wordingKey struct{ stixID, hash string }

// worded is a wording that objects have, and its number in the index of words.
type worded struct {
	words [5]string
	id    uint32
}

// maxSaid is how many findings of one sort are listed one by one.
const maxSaid = 100

// Audit reads every object and all that is derived from objects; see
// store.LibraryCustody.
func (l *Library) Audit(ctx context.Context) (store.LibraryAudit, error) {
	tx, err := l.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.LibraryAudit{}, fmt.Errorf("audit library: %w", err)
	}
	defer tx.Rollback()
	a := &libraryAudit{
		l: l, tx: tx, said: map[string]int{}, more: map[string]string{}, rows: map[uint32][]any{}, objects: map[uint32]*audited{},
		ids: map[[2]string]bool{}, wording: map[wordingKey]*worded{}, carried: map[uint32]bool{},
	}
	for _, step := range []func(context.Context) error{a.defined, a.damage, a.snapshots, a.packs, a.names, a.wordings, a.words, a.releases, a.orphans} {
		err := step(ctx)
		if ctx.Err() != nil {
			return store.LibraryAudit{}, fmt.Errorf("audit library: %w", ctx.Err())
		}
		if err != nil {
			a.Unread = true
			a.amiss("the file cannot be read whole: %v", err)
		}
	}
	slices.SortFunc(a.Amiss, func(x, y store.AmissRelease) int { return strings.Compare(x.What, y.What) })
	for _, format := range slices.Sorted(maps.Keys(a.more)) {
		a.Amiss = append(a.Amiss, store.AmissRelease{What: fmt.Sprintf("%d more are like this one: %s", a.said[format]-maxSaid, a.more[format])})
	}
	return a.LibraryAudit, nil
}

// amiss notes something wrong that is of no one release.
func (a *libraryAudit) amiss(format string, args ...any) {
	a.amissOf(attack.Release{}, format, args...)
}

// amissOf notes something wrong with a release.
func (a *libraryAudit) amissOf(r attack.Release, format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said[format]++; a.said[format] <= maxSaid {
		a.Amiss = append(a.Amiss, store.AmissRelease{Release: r, What: fmt.Sprintf(format, args...)})
	} else if a.more[format] == "" {
		a.more[format] = fmt.Sprintf(format, args...)
	}
}

// defined compares what the file defines.
func (a *libraryAudit) defined(ctx context.Context) error {
	differ, err := redefined(ctx, a.tx, "library")
	for _, what := range differ {
		a.amiss("%s", what)
	}
	return err
}

// damage has SQLite check the file.
func (a *libraryAudit) damage(ctx context.Context) error {
	what, err := damage(ctx, a.tx)
	if what != "" {
		a.amiss("%s", what)
	}
	return err
}

// eachRow reads each row that a query finds, every value as SQLite has it: a text that
// is stored as bytes is not the same, and is not found as one.
func eachRow(ctx context.Context, q rowsOf, f func(row []any) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		row := make([]any, len(columns))
		to := make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// numberOf returns a value as the number of a snapshot or a wording; false for what
// is none.
func numberOf(v any) (uint32, bool) {
	n, ok := v.(int64)
	return uint32(n), ok && n > 0 && n < 1<<31
}

// sameValue reports whether a stored value is one of the same kind and content.
func sameValue(have, want any) bool {
	if b, ok := want.([]byte); ok {
		h, ok := have.([]byte)
		return ok && bytes.Equal(h, b)
	}
	h, isBytes := have.([]byte)
	return !isBytes && h == nil && have == want
}

// snapshots reads the table of snapshots.
func (a *libraryAudit) snapshots(ctx context.Context) error {
	return eachRow(ctx, a.tx, func(row []any) error {
		id, ok := numberOf(row[0])
		if _, twice := a.rows[id]; !ok || twice {
			a.amiss("the table of snapshots has a row of %v whose number, %v, is none or is another's", row[1], row[0])
			return nil
		}
		a.rows[id] = row
		return nil
	}, `SELECT id, stix_id, raw_hash, version, created, modified, revoked, deprecated FROM snapshot`)
}

// snapshotColumns are those of a row of the table of snapshots behind its number.
var snapshotColumns = [...]string{"stix_id", "raw_hash", "version", "created", "modified", "revoked", "deprecated"}

// packs unpacks every pack, on several cores.
func (a *libraryAudit) packs(ctx context.Context) error {
	work := make(chan []any, 2)
	var wg crew.Workers
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			d := &stix.Decoder{}
			for row := range work {
				wg.Do(func() { a.pack(d, row) })
			}
		})
	}
	next := int64(1)
	err := eachRow(ctx, a.tx, func(row []any) error {
		first, _ := row[0].(int64)
		count, _ := row[1].(int64)
		hashes, _ := row[3].([]byte)
		if first < next || count < 1 || count > 1<<24 || int64(len(hashes)) != count*sha256.Size {
			a.amiss("the row of pack %v contradicts itself or the one before it", row[0])
			return nil
		}
		next = first + count
		select {
		case work <- row:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, `SELECT first, count, type, hashes, data FROM pack ORDER BY first`)
	close(work)
	wg.Wait()
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(a.rows)) {
		if a.objects[id] == nil {
			a.amiss("the bytes of %v, version %v, are missing or cannot be read", a.rows[id][1], a.rows[id][3])
		}
	}
	return nil
}

// pack looks at each object of a pack.
func (a *libraryAudit) pack(d *stix.Decoder, row []any) {
	stored := storedPack{first: uint32(row[0].(int64)), count: uint32(row[1].(int64)), hashes: row[3].([]byte)}
	stored.data, _ = row[4].([]byte)
	p, err := a.l.unpack(stored)
	if err != nil {
		a.amiss("the pack of %d objects from number %d (%v) cannot be unpacked", stored.count, stored.first, row[2])
		return
	}
	for i := range stored.count {
		a.object(d, p, stored.first+i, row[2])
	}
}

// object makes anew what is known of an object, and compares its row.
func (a *libraryAudit) object(d *stix.Decoder, p *pack, id uint32, typ any) {
	raw, row := p.object(id), a.rows[id]
	s, _, err := d.Decode(raw)
	if err != nil {
		a.amiss("the bytes of object number %d are no object: %v", id, err)
		return
	}
	if s.ObjectHash != p.hash(id) {
		a.amiss("the bytes of %s, version %s, do not have the hash that they were stored with", s.Object.ID, s.Object.Version)
	}
	o := &s.Object
	if typ != o.Type {
		a.amiss("%s lies in a pack of another type, %v", o.ID, typ)
	}
	k := &audited{item: newItem(s), sum: sha256.Sum256(raw)}
	k.snapshot = id
	want := []any{o.ID, k.sum[:16], o.Version, o.Created, o.Modified, flag(o.Revoked), flag(o.Deprecated)}
	if row == nil {
		a.amiss("the table of snapshots has no row of %s, version %s", o.ID, o.Version)
		row = append([]any{nil}, want...)
	}
	for i, name := range snapshotColumns {
		if !sameValue(row[i+1], want[i]) {
			a.amiss("the table of snapshots says of %s, version %s, another %s than its bytes do", o.ID, o.Version, name)
		}
	}
	a.keep(k, o)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// keep notes an object, its ids and its words.
func (a *libraryAudit) keep(k *audited, o *attack.Object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.objects[k.snapshot] = k
	for _, id := range []string{o.ATTACKID, o.FormerID} {
		if id != "" {
			a.ids[[2]string{id, o.ID}] = true
		}
	}
	if o.Kind == attack.KindRelationship {
		return
	}
	words := wordsOf(o)
	hash := wordsHash(words)
	if hash == nil {
		return
	}
	key := wordingKey{o.ID, string(hash)}
	if a.wording[key] == nil {
		a.wording[key] = &worded{words: words}
	}
	k.worded = a.wording[key]
}

// names compares which objects each ATT&CK ID names. Of spellings that differ in case
// one is kept.
func (a *libraryAudit) names(ctx context.Context) error {
	folded := map[[2]string]string{} // one spelling of each
	for key := range a.ids {
		folded[[2]string{strings.ToLower(key[0]), key[1]}] = key[0]
	}
	err := eachRow(ctx, a.tx, func(row []any) error {
		id, _ := row[0].(string)
		object, _ := row[1].(string)
		if !a.ids[[2]string{id, object}] {
			a.amiss("the library finds %v under %v, which is none of its ids", row[1], row[0])
		}
		delete(folded, [2]string{strings.ToLower(id), object})
		return nil
	}, `SELECT attack_id, stix_id FROM attack_id`)
	for _, key := range sortedPairs(folded) {
		a.amiss("the library does not find %s under %s", key[1], folded[key])
	}
	return err
}

func sortedPairs[V any](m map[[2]string]V) [][2]string {
	return slices.SortedFunc(maps.Keys(m), func(x, y [2]string) int { return slices.Compare(x[:], y[:]) })
}

// orphans tells objects that no release carries.
func (a *libraryAudit) orphans(context.Context) error {
	loose := 0
	for id := range a.objects {
		if !a.carried[id] {
			loose++
		}
	}
	if loose > 0 {
		a.amiss("the library holds %d objects that no release carries", loose)
	}
	return nil
}
