package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/fault"
)

// ids are the next ids that may be given out.
type ids struct {
	release           int64
	snapshot, wording uint32
}

// nextIDs returns ids above all that are or were in use.
func nextIDs(ctx context.Context, tx *sql.Tx) (n ids, err error) {
	err = tx.QueryRowContext(ctx, `SELECT
		max((SELECT coalesce(max(id), 0) + 1 FROM release), (SELECT coalesce(max(next_release), 1) FROM removal)),
		max(coalesce((SELECT first + count FROM pack ORDER BY first DESC LIMIT 1), 1), (SELECT coalesce(max(next_snapshot), 1) FROM removal)),
		max((SELECT coalesce(max(id), 0) + 1 FROM wording), (SELECT coalesce(max(next_wording), 1) FROM removal))`).
		Scan(&n.release, &n.snapshot, &n.wording)
	return n, err
}

// Removals lists the releases that were removed, the latest last.
func (l *Library) Removals(ctx context.Context) ([]attack.Removal, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT release, at, by, reason FROM removal ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list removals: %w", err)
	}
	defer rows.Close()
	var list []attack.Removal
	for rows.Next() {
		var rm attack.Removal
		var release, at string
		if err := rows.Scan(&release, &at, &rm.By, &rm.Reason); err != nil {
			return nil, fmt.Errorf("list removals: %w", err)
		}
		if err := json.Unmarshal([]byte(release), &rm.Release); err != nil {
			return nil, l.damaged("a removal: %v", err)
		}
		if rm.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return nil, l.damaged("the time of the removal of %s", rm.Release)
		}
		list = append(list, rm)
	}
	return list, rows.Err()
}

// Remove drops a release and what only it carries.
func (l *Library) Remove(ctx context.Context, rm attack.Removal) (attack.Removal, error) {
	if !l.importing.CompareAndSwap(false, true) {
		return attack.Removal{}, fault.New(fault.Conflict, "an import is running").At("%s", l.path).Next("wait until it is done, then try again")
	}
	defer l.importing.Store(false)
	gone, err := l.edition(ctx, rm.Release)
	if err != nil {
		return attack.Removal{}, err
	}
	if gone.release.FileHash != rm.Release.FileHash {
		return attack.Removal{}, fault.New(fault.NotFound, "the library holds another file for %s", gone.release).Next("candor attack releases shows what it holds")
	}
	rm.Release, rm.At = gone.release, rm.At.UTC()
	if err := l.remove(ctx, gone, rm); err != nil {
		return attack.Removal{}, fmt.Errorf("remove %s: %w", gone.release, err)
	}
	l.forget()
	// What was deleted stays in free pages until the file is written anew; where that
	// cannot be, for want of room for example, nothing is wrong with the library.
	_, _ = l.db.ExecContext(context.WithoutCancel(ctx), `VACUUM`)
	_, _ = l.db.ExecContext(context.WithoutCancel(ctx), `PRAGMA wal_checkpoint(TRUNCATE)`)
	return rm, nil
}

// remove does so in one transaction.
func (l *Library) remove(ctx context.Context, gone *edition, rm attack.Removal) error {
	v, err := l.view(ctx, gone)
	if err != nil {
		return err
	}
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	next, err := nextIDs(ctx, tx)
	if err != nil {
		return err
	}
	r := &remover{l: l, tx: tx, view: v, kept: map[uint32]bool{}, worded: map[uint32]bool{}, named: map[[2]string]bool{}}
	if err := r.keepOthers(ctx, gone.id); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.unword, r.unname, r.drop} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	body, err := json.Marshal(rm.Release)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO removal (release, at, by, reason, next_release, next_snapshot, next_wording) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		string(body), rm.At.Format(time.RFC3339Nano), rm.By, rm.Reason, next.release, next.snapshot, next.wording); err != nil {
		return err
	}
	for _, table := range []string{"release_view", "oddity"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE release = ?`, gone.id); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM release WHERE id = ?`, gone.id); err != nil {
		return err
	}
	return tx.Commit()
}

// remover removes what only one release carries.
type remover struct {
	l    *Library
	tx   *sql.Tx
	view *view // of the release that goes
	// What other releases have: snapshots, wordings, and ids of objects.
	kept, worded map[uint32]bool
	named        map[[2]string]bool
}

// nameOf is an id, in any case, and the object that has it.
func nameOf(id string, c *card) [2]string { return [2]string{strings.ToLower(id), c.StixID} }

// keepOthers notes what the other releases have.
func (r *remover) keepOthers(ctx context.Context, gone int64) error {
	c, err := r.l.catalogue(ctx)
	if err != nil {
		return err
	}
	for _, e := range c.editions {
		if e.id == gone {
			continue
		}
		v, err := r.l.readView(ctx, e)
		if err != nil {
			return err
		}
		for i := range v.cards {
			c := &v.cards[i]
			r.kept[v.ids[i]], r.worded[c.wording] = true, true
			r.named[nameOf(c.ATTACKID, c)], r.named[nameOf(c.former, c)] = true, true
		}
	}
	return nil
}

// unword takes wordings and procedures out of the index, which has to be told the
// words.
func (r *remover) unword(ctx context.Context) error {
	var wanted []int32
	worded, proceeded := map[uint32]bool{0: true}, map[uint32]bool{}
	for i := range r.view.cards {
		c, id := &r.view.cards[i], r.view.ids[i]
		if c.Kind == attack.KindRelationship && !proceeded[id] && !r.kept[id] {
			proceeded[id] = true
			wanted = append(wanted, int32(i))
		}
		if !worded[c.wording] && !r.worded[c.wording] {
			worded[c.wording] = true
			wanted = append(wanted, int32(i))
		}
	}
	d := &stix.Decoder{}
	r.view.bySnapshot(wanted)
	for _, n := range wanted {
		p, err := r.l.pack(ctx, r.view.ids[n])
		if err != nil {
			return err
		}
		o, err := d.Object(p.object(r.view.ids[n]))
		if err != nil {
			return r.l.damaged("%s: %v", r.view.cards[n].StixID, err)
		}
		if err := r.unsay(ctx, n, o); err != nil {
			return err
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	_, err := r.tx.ExecContext(ctx, `INSERT INTO words (words) VALUES ('optimize'); INSERT INTO procedures (procedures) VALUES ('optimize')`)
	return err
}

// unsay takes one object's words out of the index.
func (r *remover) unsay(ctx context.Context, n int32, o *attack.Object) error {
	if o.Kind == attack.KindRelationship {
		text := procedureOf(o)
		if text == "" {
			return nil
		}
		_, err := r.tx.ExecContext(ctx, `INSERT INTO procedures (procedures, rowid, text) VALUES ('delete', ?, ?)`, r.view.ids[n], text)
		return err
	}
	id, w := r.view.cards[n].wording, wordsOf(o)
	if _, err := r.tx.ExecContext(ctx, `INSERT INTO words (words, rowid, attack_id, name, aliases, description, logs) VALUES ('delete', ?, ?, ?, ?, ?, ?)`,
		id, w[0], w[1], w[2], w[3], w[4]); err != nil {
		return err
	}
	_, err := r.tx.ExecContext(ctx, `DELETE FROM wording WHERE id = ?`, id)
	return err
}

// unname drops the ids by which no release knows an object.
func (r *remover) unname(ctx context.Context) error {
	for i := range r.view.cards {
		c := &r.view.cards[i]
		for _, id := range []string{c.ATTACKID, c.former} {
			if id == "" || r.named[nameOf(id, c)] {
				continue
			}
			if _, err := r.tx.ExecContext(ctx, `DELETE FROM attack_id WHERE attack_id = ? AND stix_id = ?`, id, c.StixID); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop drops the bytes of the snapshots that no other release carries.
func (r *remover) drop(ctx context.Context) error {
	var wanted []int32
	seen := map[uint32]bool{}
	for i, id := range r.view.ids {
		if !seen[id] && !r.kept[id] {
			seen[id] = true
			wanted = append(wanted, int32(i))
		}
	}
	r.view.bySnapshot(wanted)
	for _, n := range wanted {
		if _, err := r.tx.ExecContext(ctx, `DELETE FROM snapshot WHERE stix_id = ? AND id = ?`, r.view.cards[n].StixID, r.view.ids[n]); err != nil {
			return err
		}
	}
	for len(wanted) > 0 {
		row, err := r.l.storedPack(ctx, r.view.ids[wanted[0]], true)
		if err != nil {
			return err
		}
		p, err := r.l.unpack(row)
		if err != nil {
			return err
		}
		n, _ := slices.BinarySearchFunc(wanted, row.first+row.count, func(n int32, end uint32) int { return int(r.view.ids[n]) - int(end) })
		if err := r.cut(ctx, p, seen); err != nil {
			return err
		}
		wanted = wanted[n:]
	}
	return nil
}

// cut puts what stays of a pack, each run of consecutive snapshots as a pack of its
// own, in its place.
func (r *remover) cut(ctx context.Context, p *pack, gone map[uint32]bool) error {
	var typ string
	if err := r.tx.QueryRowContext(ctx, `DELETE FROM pack WHERE first = ? RETURNING type`, p.first).Scan(&typ); err != nil {
		return err
	}
	end := p.first + uint32(len(p.ends))
	for id := p.first; id < end; id++ {
		if gone[id] {
			continue
		}
		part := &pack{first: id}
		for ; id < end && !gone[id]; id++ {
			part.raw = append(part.raw, p.object(id)...)
			part.ends = append(part.ends, len(part.raw))
			h := p.hash(id)
			part.hashes = append(part.hashes, h[:]...)
		}
		if _, err := r.tx.ExecContext(ctx, `INSERT INTO pack (first, count, type, hashes, data) VALUES (?, ?, ?, ?, ?)`,
			part.first, len(part.ends), typ, part.hashes, part.write(r.l)); err != nil {
			return err
		}
	}
	return nil
}
