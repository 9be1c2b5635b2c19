//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"candor/internal/crew"
	"candor/internal/store"
)

// Audit reads every alert and all that was said of it; see store.Custody. It goes
// through the alerts in the order of their numbers, once: what a page of them
// needs is read while the page before is checked.
func (a *Alerts) Audit(ctx context.Context, _ bool) (store.Audit, error) {
	conn, err := a.db.Conn(ctx)
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit alerts: %w", err)
	}
	defer conn.Close()
	// Where the engine cannot do with less, it goes on with what it has. So does a
	// batch that lands meanwhile, only slower.
	_ = limitMemory(ctx, conn, memoryOfAudit)
	defer func() { _ = limitMemory(context.WithoutCancel(ctx), conn, memory) }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return store.Audit{}, fmt.Errorf("audit alerts: %w", err)
	}
	defer tx.Rollback()
	u := &auditor{conn: conn, limits: a.limits, ids: map[int32]string{}, wrong: map[int32]int{}}
	if err := u.run(ctx); err != nil {
		return store.Audit{}, fmt.Errorf("audit alerts: %w", err)
	}
	return u.Audit, nil
}

// auditor gathers what an audit finds.
type auditor struct {
	store.Audit
	conn    *sql.Conn
	limits  limits
	batches []entered
	ids     map[int32]string // of the batches
	void    map[int32]bool   // the batches that are withdrawn
	seals   *seals
	known   *filter
	twice   []int64       // the digests that alerts seem to share
	many    int           // how many of them are looked into at once
	read    rows          // that belong together
	wrong   map[int32]int // how many alerts of a batch are not what they should be
}

func (u *auditor) run(ctx context.Context) (err error) {
	for _, step := range [...]func(context.Context) error{u.readBatches, u.begin, u.readAlerts, u.share, u.strays} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	u.batchesAgree()
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

// readBatches reads the batches and their withdrawals.
func (u *auditor) readBatches(ctx context.Context) (err error) {
	if u.void, err = voidBatches(ctx, u.conn); err != nil {
		return err
	}
	err = scan(ctx, u.conn, 6, func(v []value) {
		b := entered{v[0].(int32), v[1].(string), v[2].(string), v[3].(string), v[4].(string), v[5].(string)}
		u.batches = append(u.batches, b)
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
	return nil
}

// begin makes ready to read alerts.
func (u *auditor) begin(ctx context.Context) (err error) {
	if u.seals, err = newSeals(ctx, u.conn, u.limits.terms); err != nil {
		return err
	}
	var n int64
	if err := u.conn.QueryRowContext(ctx, `SELECT count(*) FROM alert`).Scan(&n); err != nil {
		return err
	}
	// Twelve bits to a digest keep all but one in a hundred from being looked into.
	u.known = newFilter(min(u.limits.filter, 1+int(n)/40))
	// To look into them goes through all alerts there are.
	u.many = max(u.limits.page, int(n)/256)
	return nil
}

// readAlerts reads the alerts, and checks each page while the next one is read.
func (u *auditor) readAlerts(ctx context.Context) error {
	starts, err := pages(ctx, u.conn, `(SELECT seq FROM alert UNION ALL SELECT seq FROM arrival)`, u.limits.reach)
	if err != nil {
		return err
	}
	p, other := newSheet(), newSheet()
	checked := crew.Go(func() error { return nil })
	for _, first := range starts {
		err = p.fill(ctx, u.conn, [2]int64{first, first + u.limits.reach}, len(u.seals.common))
		if err = errors.Join(err, <-checked); err != nil {
			return err
		}
		full := p
		checked = crew.Go(func() error { return u.check(ctx, full) })
		p, other = other, p
	}
	return <-checked
}

// check checks the alerts of a page, and what arrived within its numbers.
func (u *auditor) check(ctx context.Context, p *sheet) error {
	u.seals.add(p)
	u.read.add(p.read)
	u.compare(&p.page)
	if len(u.twice) < u.many {
		return nil
	}
	return u.share(ctx)
}

// maxWrong is how many alerts of a batch are named that are not what they should
// be; the others are counted.
const maxWrong = 1000

// compare compares the alerts of a page with what their batches say.
func (u *auditor) compare(p *page) {
	for i := range p.alerts {
		h := &p.alerts[i]
		if u.known.add(h.digest) {
			u.twice = append(u.twice, h.digest)
		}
		o, err := p.replay(h, u.void)
		if err == nil && p.agree(h, &o) {
			continue
		}
		if u.wrong[h.batch]++; u.wrong[h.batch] <= maxWrong {
			u.amiss(h.batch, "alert %q is not what its batches say", p.of(h.id))
		}
	}
}

// agree reports whether the store has an alert as its batches make it.
func (p *page) agree(h *history, o *outcome) bool {
	if h.odd || h.digest != digest(p.of(h.id)) {
		return false
	}
	if h.void || o.void {
		return h.void == o.void && h.revised == o.revised
	}
	return h.counts == o.counts && (h.told == nil || p.same(&h.saying, &o.saying) && len(h.stale(o)) == 0)
}

// batchesAgree compares each batch's row with itself and with its seal.
func (u *auditor) batchesAgree() {
	u.Batches = map[string]store.Kept{}
	for i := range u.batches {
		b := &u.batches[i]
		if n := u.wrong[b.seq]; n > maxWrong {
			u.amiss(b.seq, "%d more alerts are not what their batches say", n-maxWrong)
		}
		u.batch(b, sealed(u.seals.said(b.seq), b.body))
	}
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
