//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"

	"candor/internal/store"
)

// Audit reads every alert and all that was said of it; see store.Custody.
func (a *Alerts) Audit(ctx context.Context) (store.Audit, error) {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit alerts: %w", err)
	}
	defer tx.Rollback()
	u := &auditor{alerts: a, tx: tx}
	if err := u.run(ctx); err != nil {
		return store.Audit{}, fmt.Errorf("audit alerts: %w", err)
	}
	return u.Audit, nil
}

// auditor gathers what an audit finds.
type auditor struct {
	store.Audit
	alerts *Alerts
	tx     *sql.Tx
	void   map[int32]bool // the batches that are withdrawn
	ids    map[int32]string
}

func (u *auditor) run(ctx context.Context) (err error) {
	if u.void, err = voidBatches(ctx, u.tx); err != nil {
		return err
	}
	if err := u.batches(ctx); err != nil {
		return err
	}
	if err := u.strays(ctx); err != nil {
		return err
	}
	starts, err := pages(ctx, u.tx, "alert")
	if err != nil {
		return err
	}
	for _, first := range starts {
		p, err := readPage(ctx, u.tx, first, first+reach, "")
		if err != nil {
			return err
		}
		if err := u.compare(p); err != nil {
			return err
		}
	}
	return nil
}

// amiss notes something wrong about the batch in place seq; 0 is no batch.
func (u *auditor) amiss(seq int32, format string, args ...any) {
	u.Amiss = append(u.Amiss, store.Amiss{Batch: u.ids[seq], What: fmt.Sprintf(format, args...)})
}

// entered is a batch as its table has it.
type entered struct {
	seq                                 int32
	id, hash, body, content, withdrawal string
}

// batches computes the seal of each batch anew.
func (u *auditor) batches(ctx context.Context) error {
	u.Batches, u.ids = map[string]store.Kept{}, map[int32]string{}
	var list []entered
	err := scan(ctx, u.tx, 6, func(v []any) {
		b := entered{v[0].(int32), v[1].(string), v[2].(string), v[3].(string), v[4].(string), v[5].(string)}
		list = append(list, b)
		u.ids[b.seq] = b.id
	}, `SELECT b.seq, b.id, b.hash, b.body, b.content, coalesce(w.body, '') FROM batch b LEFT JOIN withdrawal w ON w.batch = b.seq ORDER BY b.seq`)
	if err != nil {
		return err
	}
	for seq := range u.void {
		if u.ids[seq] == "" {
			u.amiss(0, "a batch was withdrawn that is not there (place %d)", seq)
		}
	}
	for _, b := range list {
		said := sha256.New()
		if err := u.reseal(ctx, b.seq, said); err != nil {
			return err
		}
		u.batch(&b, sealed(said, b.body))
	}
	return nil
}

// batch compares a batch's row with itself and with its seal.
func (u *auditor) batch(b *entered, content string) {
	kept := store.Kept{Content: content}
	if b.withdrawal != "" {
		kept.Withdrawn = &store.Withdrawal{}
		if err := json.Unmarshal([]byte(b.withdrawal), kept.Withdrawn); err != nil {
			u.amiss(b.seq, "its withdrawal cannot be read")
		}
	}
	if got, err := decodeBatch(b.body, b.content, ""); err != nil {
		u.amiss(b.seq, "its row cannot be read")
	} else if got.ID != b.id || got.Hash != b.hash || b.content != content {
		u.amiss(b.seq, "its row contradicts itself")
	}
	u.Batches[b.id] = kept
}

// arrived is one thing that a batch said, as it is sealed.
type arrived struct {
	seq int64
	id  span
	saying
	statement
}

// reseal adds to a hash what the batch in a place said, in the order of arrival.
func (u *auditor) reseal(ctx context.Context, batch int32, said hash.Hash) error {
	var first, last sql.NullInt64
	var base int64
	err := u.tx.QueryRowContext(ctx, `SELECT min(seq), max(seq) FROM (SELECT seq FROM alert WHERE batch = $1 UNION ALL SELECT seq FROM arrival WHERE batch = $1)`, batch).
		Scan(&first, &last)
	if err != nil || !first.Valid {
		return err
	}
	// Numbers begin behind those of the batch before.
	if err := u.tx.QueryRowContext(ctx, `SELECT greatest((SELECT coalesce(max(seq), 0) FROM alert WHERE batch < $1),
		(SELECT coalesce(max(seq), 0) FROM arrival WHERE batch < $1))`, batch).Scan(&base); err != nil {
		return err
	}
	for from := first.Int64; from <= last.Int64; from += reach {
		if err := u.resealPage(ctx, batch, [3]int64{from, from + reach, base}, said); err != nil {
			return err
		}
	}
	return nil
}

// resealPage does so for the numbers from bounds[0] to before bounds[1]; places
// are counted from bounds[2].
func (u *auditor) resealPage(ctx context.Context, batch int32, bounds [3]int64, said hash.Hash) error {
	var t texts
	var list []arrived
	read := func(v []any) {
		list = append(list, arrived{seq: v[0].(int64), id: t.keepString(v[1].(string)), statement: statementOf(v[2:]), saying: t.sayingOf(v[7:])})
	}
	for _, query := range []string{firstArrivals(), laterArrivals()} {
		if err := scan(ctx, u.tx, 7+numContent, read, query, batch, bounds[0], bounds[1]); err != nil {
			return err
		}
	}
	slices.SortFunc(list, func(x, y arrived) int { return cmp.Compare(x.seq, y.seq) })
	words := map[int32]string{}
	for i := range list {
		for _, w := range list[i].words {
			words[w] = ""
		}
		for _, w := range [...]int32{list[i].class, list[i].word, list[i].author, list[i].provenance} {
			words[w] = ""
		}
	}
	if err := u.alerts.texts(ctx, words); err != nil {
		return err
	}
	var leaf []byte
	for i := range list {
		v := &list[i]
		leaf = sealHead(leaf[:0], v.seq-bounds[2], string(t.of(v.id)), &v.saying)
		for _, w := range v.words {
			leaf = sealText(leaf, words[w])
		}
		leaf = sealText(leaf, t.of(v.fields))
		if v.class != 0 {
			leaf = sealStatement(leaf, v.statement.time)
			for _, w := range [...]int32{v.class, v.word, v.author, v.provenance} {
				leaf = sealText(leaf, words[w])
			}
		}
		said.Write(leaf)
	}
	return nil
}

// firstArrivals asks for what a batch said of alerts that were new, in a range of
// numbers: seq, id, said, class, word, author, provenance and content.
func firstArrivals() string {
	return `SELECT a.seq, a.id, coalesce(r.said, 0), coalesce(r.class, 0), coalesce(r.word, 0), coalesce(r.author, 0), coalesce(r.provenance, 0), ` +
		contentOf(`if(o.alert IS NULL, a.%[1]s, o.%[1]s)`) + `
		FROM alert a LEFT JOIN origin o ON o.alert = a.seq LEFT JOIN arrival r ON r.seq = a.seq
		WHERE a.batch = ? AND a.seq >= ? AND a.seq < ?`
}

// laterArrivals asks for the same of alerts that were known.
func laterArrivals() string {
	return `SELECT r.seq, a.id, r.said, r.class, r.word, r.author, r.provenance, ` +
		contentOf(`if(t.seq IS NOT NULL, t.%[1]s, if(o.alert IS NULL, a.%[1]s, o.%[1]s))`) + `
		FROM arrival r JOIN alert a ON a.seq = r.alert LEFT JOIN origin o ON o.alert = a.seq LEFT JOIN restated t ON t.seq = r.seq
		WHERE r.batch = ? AND r.seq >= ? AND r.seq < ? AND r.seq <> r.alert`
}

// contentOf formats each of the columns content.
func contentOf(format string) string {
	var list []string
	for name := range strings.SplitSeq(content, ", ") {
		list = append(list, fmt.Sprintf(format, name))
	}
	return strings.Join(list, ", ")
}

// strays looks for rows that belong to nothing, and for alerts that are there
// twice.
func (u *auditor) strays(ctx context.Context) error {
	for _, look := range [...][2]string{
		{"%d alerts are of no batch", `SELECT count(*) FROM alert ANTI JOIN batch b ON b.seq = alert.batch`},
		{"%d arrivals are of no batch", `SELECT count(*) FROM arrival ANTI JOIN batch b ON b.seq = arrival.batch`},
		{"%d arrivals are of no alert", `SELECT count(*) FROM arrival ANTI JOIN alert a ON a.seq = arrival.alert`},
		{"%d alerts that are no longer as they arrived have lost how they did", `SELECT count(*) FROM alert ANTI JOIN origin o ON o.alert = alert.seq WHERE revised`},
		{"%d alerts are counted on another day than that of their time",
			`SELECT count(*) FROM alert WHERE day != time // 86400000000000 - if(time % 86400000000000 < 0, 1, 0)`},
		{"%d alerts are there more than once", `SELECT count(*) - count(DISTINCT id) FROM alert`},
	} {
		var n int64
		if err := u.tx.QueryRowContext(ctx, look[1]).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			u.amiss(0, look[0], n)
		}
	}
	return nil
}

// compare compares the alerts of a page with what their batches say.
func (u *auditor) compare(p *page) error {
	for i := range p.alerts {
		h := &p.alerts[i]
		o, err := p.replay(h, u.void)
		if err != nil {
			return err
		}
		if !p.agree(h, &o) {
			u.amiss(h.batch, "alert %q is not what its batches say", p.of(h.id))
		}
	}
	return nil
}

// agree reports whether the store has an alert as its batches make it.
func (p *page) agree(h *history, o *outcome) bool {
	if h.void || o.void {
		return h.void == o.void
	}
	return p.same(&h.saying, &o.saying) && h.counts == o.counts &&
		h.digest == digest(string(p.of(h.id))) && len(h.stale(o)) == 0
}
