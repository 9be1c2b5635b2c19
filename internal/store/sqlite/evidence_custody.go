package sqlite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"

	"candor/internal/store"
)

// Withdraw makes a batch stop counting; see store.Custody. Records that it
// superseded are in force again.
func (e *Evidence) Withdraw(ctx context.Context, batch string, w store.Withdrawal) error {
	return e.journal.withdraw(ctx, batch, w, e.follow)
}

// follow puts those records in force that the batches which count make so.
func (e *Evidence) follow(ctx context.Context, tx *sql.Tx) error {
	a, err := e.journal.audit(ctx, tx)
	if err != nil {
		return err
	}
	records, err := readVersions(ctx, tx, a)
	if err != nil {
		return err
	}
	if err := a.sound(); err != nil {
		return err
	}
	return restand(ctx, tx, records.standings(a.void))
}

// Audit reads every record; see store.Custody.
func (e *Evidence) Audit(ctx context.Context, _ bool) (store.Audit, error) {
	tx, err := e.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit evidence: %w", err)
	}
	defer tx.Rollback()
	a, err := e.journal.audit(ctx, tx)
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit evidence: %w", err)
	}
	records, err := readVersions(ctx, tx, a)
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit evidence: %w", err)
	}
	for _, s := range records.standings(a.void) {
		a.amiss(s.batch, "whether record %d is in force does not follow from the batches", s.seq)
	}
	if err := a.close(ctx, tx, &e.journal); err != nil {
		return store.Audit{}, fmt.Errorf("audit evidence: %w", err)
	}
	return a.Audit, nil
}

// version is a record as it stands.
type version struct {
	seq, batch int64
	sum        [sha256.Size]byte // of its body
	standing
}

// standing says whether a record is in force, and from which batch: the columns
// superseded and carrier of the table.
type standing struct {
	superseded, carrier sql.NullInt64
}

// saying is one time that a batch says what a record says.
type saying struct {
	batch  int64
	own    bool // the batch brought the record
	record *version
}

// versions is everything that batches say, by kind and key.
type versions map[string][]saying

// readVersions reads what the batches say and adds it to their seals.
func readVersions(ctx context.Context, tx *sql.Tx, a *auditor) (versions, error) {
	all := versions{}
	const own = `SELECT seq, seq, batch, superseded, carrier, kind, key, body FROM record ORDER BY seq`
	err := eachVersion(ctx, tx, own, func(v *version, id string, leaf []byte) {
		if s := a.seal(v.batch); s != nil {
			s.first.Write(leaf)
		} else {
			a.amiss(0, "record %d is of a batch that is not there", v.seq)
		}
		all[id] = append(all[id], saying{v.batch, true, v})
	})
	if err != nil {
		return nil, err
	}
	const again = `SELECT s.seq, r.seq, s.batch, r.superseded, r.carrier, r.kind, r.key, r.body
		FROM restatement s LEFT JOIN record r ON r.seq = s.record ORDER BY s.seq`
	err = eachVersion(ctx, tx, again, func(v *version, id string, leaf []byte) {
		i := slices.IndexFunc(all[id], func(s saying) bool { return s.own && s.record.seq == v.seq })
		s := a.seal(v.batch)
		if i < 0 || s == nil {
			a.amiss(v.batch, "a restatement is of a batch or a record that is not there")
			return
		}
		s.later.Write(leaf)
		all[id] = append(all[id], saying{v.batch, false, all[id][i].record})
	})
	return all, err
}

// eachVersion reads records, each with the name of what it is about and with
// what a seal hashes of it.
func eachVersion(ctx context.Context, tx *sql.Tx, query string, do func(v *version, id string, leaf []byte)) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	var leaf []byte
	for rows.Next() {
		var at int64
		var seq sql.NullInt64
		var kind, key sql.NullString
		var body sql.RawBytes
		v := &version{}
		if err := rows.Scan(&at, &seq, &v.batch, &v.superseded, &v.carrier, &kind, &key, &body); err != nil {
			return err
		}
		v.seq, v.sum = seq.Int64, sha256.Sum256(body)
		leaf = sealRecord(leaf[:0], at, store.Record{Kind: kind.String, Key: key.String, Body: body})
		do(v, kind.String+"\x00"+key.String, leaf)
	}
	return rows.Err()
}

// change is a record whose standing is not what it should be.
type change struct {
	seq, batch int64
	standing
}

// standings returns the records that do not stand as what the batches say makes
// them stand, in the order of the table, with how they should.
func (vs versions) standings(void map[int64]bool) []change {
	var changes []change
	for _, said := range vs {
		for record, want := range stand(said, void) {
			if record.standing != want {
				changes = append(changes, change{record.seq, record.batch, want})
			}
		}
	}
	slices.SortFunc(changes, func(x, y change) int { return cmp.Compare(x.seq, y.seq) })
	return changes
}

// stand works out how the records of one kind and key stand: each batch that
// counts speaks in turn, and only what differs from what was said before it is
// news.
func stand(said []saying, void map[int64]bool) map[*version]standing {
	slices.SortStableFunc(said, func(x, y saying) int {
		return cmp.Or(cmp.Compare(x.batch, y.batch), cmp.Compare(bit(x.own), bit(y.own)), cmp.Compare(x.record.seq, y.record.seq))
	})
	stands := map[*version]standing{}
	for _, s := range said {
		if s.own {
			stands[s.record] = standing{superseded: place(s.record.batch)}
		}
	}
	var current *version
	for _, s := range said {
		if void[s.batch] || current != nil && current.sum == s.record.sum {
			continue
		}
		if current != nil {
			was := stands[current]
			was.superseded = place(s.batch)
			stands[current] = was
		}
		current = s.record
		stands[current] = standing{}
		if s.batch != current.batch {
			stands[current] = standing{carrier: place(s.batch)}
		}
	}
	return stands
}

func place(seq int64) sql.NullInt64 { return sql.NullInt64{Int64: seq, Valid: true} }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// restand writes how records stand. What goes out of force comes first, because
// no two records of a key may be in force at once.
func restand(ctx context.Context, tx *sql.Tx, changes []change) error {
	slices.SortStableFunc(changes, func(x, y change) int {
		return bit(!x.superseded.Valid) - bit(!y.superseded.Valid)
	})
	for _, c := range changes {
		if _, err := tx.ExecContext(ctx, `UPDATE record SET superseded = ?, carrier = ? WHERE seq = ?`, c.superseded, c.carrier, c.seq); err != nil {
			return fmt.Errorf("restate record %d: %w", c.seq, err)
		}
	}
	return nil
}
