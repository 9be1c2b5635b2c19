package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// importer takes the objects of one release into one transaction.
type importer struct {
	l     *Library
	tx    *sql.Tx
	depot *depot
	items []*item // in the order of the bundle
	ended bool
}

// item is one object of the release.
type item struct {
	card     card
	created  string
	hash     attack.Hash
	snapshot uint32 // set by the depot, for new bytes when their pack is sealed
	same     *item  // set when an object before has the same new bytes
	rels     []attack.Relation
	// procedure is what a relationship object says.
	procedure string
	named     *attack.Object // set for what others refer to by name
}

// Begin starts an import. It is fault.Conflict while another import runs.
func (l *Library) Begin(ctx context.Context) (store.ReleaseWriter, error) {
	busy := fault.New(fault.Conflict, "another import is running").At("%s", l.path).Next("wait until it is done, then try again")
	if !l.importing.CompareAndSwap(false, true) {
		return nil, busy
	}
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		l.importing.Store(false)
		if strings.Contains(err.Error(), "SQLITE_BUSY") {
			return nil, busy.Because(err)
		}
		return nil, fmt.Errorf("begin import: %w", err)
	}
	w := &importer{l: l, tx: tx}
	if w.depot, err = newDepot(ctx, l, tx); err != nil {
		w.Rollback()
		return nil, fmt.Errorf("begin import: %w", err)
	}
	return w, nil
}

// Add adds an object of the release.
func (w *importer) Add(ctx context.Context, s *attack.Snapshot) error {
	if w.ended {
		return errors.New("add to an import that has ended")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("add %s: %w", s.Object.ID, err)
	}
	it := newItem(s)
	w.items = append(w.items, it)
	if err := w.depot.add(ctx, it, s); err != nil {
		return fmt.Errorf("add %s: %w", s.Object.ID, err)
	}
	return nil
}

// newItem returns what a view is made of, of one object.
func newItem(s *attack.Snapshot) *item {
	o := &s.Object
	it := &item{card: newCard(o), created: o.Created, hash: s.ObjectHash, rels: attack.RelationsOf(o), procedure: procedureOf(o)}
	if o.Kind == attack.KindTactic || o.Kind == attack.KindAsset {
		named := *o
		it.named = &named
	}
	return it
}

// Rollback ends the import and leaves the library as it was.
func (w *importer) Rollback() error {
	if w.ended {
		return nil
	}
	w.end()
	if err := w.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("roll back import: %w", err)
	}
	return nil
}

// New returns how many of the objects had new bytes.
func (w *importer) New() int { return len(w.depot.fresh) }

// end marks the import as over and lets the next one begin.
func (w *importer) end() {
	w.ended = true
	w.l.importing.Store(false)
}

// Commit lands the release.
func (w *importer) Commit(ctx context.Context, r attack.Release, odd []store.Oddity) (landed bool, err error) {
	if w.ended {
		return false, errors.New("commit an import that has ended")
	}
	defer w.Rollback() // does nothing after the commit
	if r.Domain == "" || r.Version == "" || r.STIX == "" || r.FileHash == "" {
		return false, fault.New(fault.Invalid, "a release needs a domain, a version, a STIX version and a file hash")
	}
	there, err := w.alreadyThere(ctx, r)
	if there || err != nil {
		return false, err
	}
	if err := w.land(ctx, r, odd); err != nil {
		return false, fmt.Errorf("import %s: %w", r, err)
	}
	if err := w.tx.Commit(); err != nil {
		return false, fmt.Errorf("import %s: %w", r, err)
	}
	w.end()
	return true, nil
}

// alreadyThere reports whether the library has the same file as the same
// release. Another file for the release is an error.
func (w *importer) alreadyThere(ctx context.Context, r attack.Release) (bool, error) {
	rows, err := w.tx.QueryContext(ctx, `SELECT stix, file_hash FROM release WHERE domain = ? AND version = ?`, r.Domain, r.Version)
	if err != nil {
		return false, fmt.Errorf("import %s: %w", r, err)
	}
	defer rows.Close()
	other := ""
	for rows.Next() {
		var stix, hash string
		if err := rows.Scan(&stix, &hash); err != nil {
			return false, fmt.Errorf("import %s: %w", r, err)
		}
		if hash == r.FileHash {
			return true, nil
		}
		if stix == r.STIX {
			other = hash
		}
	}
	if other != "" {
		return false, fault.New(fault.Conflict, "the library holds another file for %s in STIX %s: its SHA-256 is %s, this one's is %s",
			r, r.STIX, other, r.FileHash).At("%s", r.Source).
			Next("compare both with the SHA-256 that MITRE publishes; import the right one into a new library")
	}
	return false, rows.Err()
}

// land writes the release and what is derived from its objects.
func (w *importer) land(ctx context.Context, r attack.Release, odd []store.Oddity) error {
	if err := w.depot.finish(ctx); err != nil {
		return err
	}
	v := newView(w.items)
	if r.Verified == "" {
		r.Verified = "unknown"
	}
	n, err := nextIDs(ctx, w.tx)
	if err != nil {
		return err
	}
	id, own := n.release, ""
	if r.IsOwn() {
		body, err := json.Marshal(r.Own)
		if err != nil {
			return err
		}
		own = string(body)
	}
	if _, err := w.tx.ExecContext(ctx, `INSERT INTO release (id, domain, version, stix, file_hash, source, size, objects,
		published, imported, verified, own, members) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, r.Domain, r.Version, r.STIX, r.FileHash, r.Source, r.Size, len(w.items),
		r.Published, r.Imported.UTC().Format(time.RFC3339Nano), r.Verified, own, packMembers(v.ids)); err != nil {
		return err
	}
	if _, err := w.tx.ExecContext(ctx, `INSERT INTO release_view (release, data) VALUES (?, ?)`, id, w.l.zip.EncodeAll(v.write(), nil)); err != nil {
		return err
	}
	for i, o := range odd {
		if _, err := w.tx.ExecContext(ctx, `INSERT INTO oddity (release, seq, stix_id, attack_id, what) VALUES (?, ?, ?, ?, ?)`,
			id, i, o.StixID, o.ATTACKID, o.What); err != nil {
			return err
		}
	}
	return nil
}

// newView makes the view of a release out of its objects.
func newView(items []*item) *view {
	v := &view{}
	b := viewBuilder{view: v, byID: make(map[string]int32, len(items)), outside: map[string]int32{}}
	for i, it := range items {
		if it.same != nil {
			it.snapshot = it.same.snapshot
		}
		v.ids = append(v.ids, it.snapshot)
		v.cards = append(v.cards, it.card)
		b.count(int32(i))
	}
	var named []*attack.Object
	for i, it := range items {
		if it.named != nil && b.byID[it.card.StixID] == int32(i) {
			named = append(named, it.named)
		}
	}
	names := attack.NewNames(named)
	for i, it := range items {
		if b.byID[it.card.StixID] != int32(i) {
			v.spare = append(v.spare, int32(i))
			continue
		}
		for _, r := range it.rels {
			for _, resolved := range names.Resolve(r) {
				b.relate(int32(i), resolved)
			}
		}
	}
	return v
}

// viewBuilder finds the ordinals of STIX ids.
type viewBuilder struct {
	*view
	byID    map[string]int32
	outside map[string]int32
}

// count makes an ordinal the one that its id means, unless one before it was
// modified later.
func (b *viewBuilder) count(n int32) {
	c := &b.cards[n]
	if have, ok := b.byID[c.StixID]; ok && attack.CompareTimes(c.Modified, b.cards[have].Modified) < 0 {
		return
	}
	b.byID[c.StixID] = n
}

// relate adds a relation that the object at an ordinal holds.
func (b *viewBuilder) relate(holder int32, r attack.Relation) {
	e := edge{typ: r.Type, field: r.Field, from: b.end(r.From), to: b.end(r.To), by: -1, log: r.Log}
	if r.By != "" {
		e.by = holder
	}
	b.edges = append(b.edges, e)
}

func (b *viewBuilder) end(id string) int32 {
	if n, ok := b.byID[id]; ok {
		return n
	}
	n, ok := b.outside[id]
	if !ok {
		n = int32(len(b.view.outside))
		b.outside[id] = n
		b.view.outside = append(b.view.outside, id)
	}
	return ^n
}
