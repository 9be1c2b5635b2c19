package engine

import (
	"context"
	"iter"
	"strconv"
	"sync"
	"sync/atomic"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store"
)

// Alerts is what every engine offers.
type Alerts interface {
	store.Alerts
	store.Custody
	store.Rewriter
	store.Packer
	// File returns the path of the file in which a batch lies, or of a merged file, and
	// whether it has the rows of no other batch; fault.NotFound when there is none.
	File(ctx context.Context, batch string) (path string, alone bool, err error)
	// Extract writes the rows of a batch that was merged to a new file at path, and returns
	// the SHA-256 of that.
	Extract(ctx context.Context, batch, path string) (string, error)
	Close() error
}

// Late is an alert store that is opened when it is first asked something: most
// commands ask nothing of it, and to open one takes time and may have to wait for
// another process. It is safe for concurrent use.
type Late struct {
	open func(ctx context.Context) (Alerts, error)
	mu   sync.Mutex
	s    Alerts
	// changes counts what may have changed the store.
	changes atomic.Int64
}

// NewLate returns the store that open opens. Open is called again after it failed.
func NewLate(open func(ctx context.Context) (Alerts, error)) *Late { return &Late{open: open} }

// Open opens the store, if it is not open yet.
func (l *Late) Open(ctx context.Context) (Alerts, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s == nil {
		s, err := l.open(ctx)
		if err != nil {
			return nil, err
		}
		l.s = s
	}
	return l.s, nil
}

// Close closes the store, if it was opened.
func (l *Late) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s == nil {
		return nil
	}
	return l.s.Close()
}

// Append lands a batch; see store.Alerts.
func (l *Late) Append(ctx context.Context, b store.Batch, alerts iter.Seq2[*alert.Alert, error]) (store.Batch, bool, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return store.Batch{}, false, err
	}
	defer l.changes.Add(1)
	return s.Append(ctx, b, alerts)
}

// Generation names the state of the alerts as far as this process changes it, which is
// all that does while it has them open; see store.Generations. The store need not be
// opened for it.
func (l *Late) Generation(context.Context) (string, error) {
	return strconv.FormatInt(l.changes.Load(), 10), nil
}

// Batches lists the batches; see store.Alerts.
func (l *Late) Batches(ctx context.Context) ([]store.Batch, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Batches(ctx)
}

// Newest lists the batches that landed last; see store.Recent.
func (l *Late) Newest(ctx context.Context, upTo, n int) ([]store.Batch, int, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, 0, err
	}
	return s.Newest(ctx, upTo, n)
}

// Known returns the ids that name alerts; see store.Alerts.
func (l *Late) Known(ctx context.Context, ids []string) (map[string][]alert.Identity, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Known(ctx, ids)
}

// Durations counts how long alerts took; see store.Alerts.
func (l *Late) Durations(ctx context.Context, q *alert.Waits) ([]alert.Duration, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Durations(ctx, q)
}

// Sums answers a question; see store.Alerts.
func (l *Late) Sums(ctx context.Context, q *alert.Question) ([]alert.Sums, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Sums(ctx, q)
}

// CaseCounts counts the alerts of cases; see store.Alerts.
func (l *Late) CaseCounts(ctx context.Context, q *alert.Question) ([]alert.CaseCount, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.CaseCounts(ctx, q)
}

// Tallies counts alerts; see store.Alerts.
func (l *Late) Tallies(ctx context.Context, q *alert.Question) ([]alert.Tally, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Tallies(ctx, q)
}

// Rules lists the rules of alerts; see store.Alerts.
func (l *Late) Rules(ctx context.Context) ([]store.AlertRule, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Rules(ctx)
}

// Find returns the alert that counts under an ID; see store.Alerts.
func (l *Late) Find(ctx context.Context, of alert.Identity) (*alert.Alert, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Find(ctx, of)
}

// Dispositions lists what was said of an alert; see store.Alerts.
func (l *Late) Dispositions(ctx context.Context, of alert.Identity) ([]alert.Disposition, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Dispositions(ctx, of)
}

// Each yields the alerts of a rule; see store.Alerts.
func (l *Late) Each(ctx context.Context, rule string, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	s, err := l.Open(ctx)
	if err != nil {
		return func(yield func(*alert.Alert, error) bool) { yield(nil, err) }
	}
	return s.Each(ctx, rule, from, to)
}

// All yields the alerts of all rules; see store.Alerts.
func (l *Late) All(ctx context.Context, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	s, err := l.Open(ctx)
	if err != nil {
		return func(yield func(*alert.Alert, error) bool) { yield(nil, err) }
	}
	return s.All(ctx, from, to)
}

// Withdraw makes a batch stop counting; see store.Custody.
func (l *Late) Withdraw(ctx context.Context, batch string, w store.Withdrawal) error {
	s, err := l.Open(ctx)
	if err != nil {
		return err
	}
	defer l.changes.Add(1)
	return s.Withdraw(ctx, batch, w)
}

// Audit reads all that is kept; see store.Custody.
func (l *Late) Audit(ctx context.Context, deep bool) (store.Audit, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return store.Audit{}, err
	}
	return s.Audit(ctx, deep)
}

// File returns where a batch lies; see Alerts.
func (l *Late) File(ctx context.Context, batch string) (path string, alone bool, err error) {
	s, err := l.Open(ctx)
	if err != nil {
		return "", false, err
	}
	return s.File(ctx, batch)
}

// Extract writes the rows of one batch to a file; see Alerts.
func (l *Late) Extract(ctx context.Context, batch, path string) (string, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return "", err
	}
	return s.Extract(ctx, batch, path)
}

// Merge merges batches; see store.Rewriter.
func (l *Late) Merge(ctx context.Context, m store.Merging) ([]store.Merge, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer l.changes.Add(1)
	return s.Merge(ctx, m)
}

// Merges lists the merged files; see store.Rewriter.
func (l *Late) Merges(ctx context.Context) ([]store.Merge, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Merges(ctx)
}

// Expire removes rows of alerts; see store.Rewriter.
func (l *Late) Expire(ctx context.Context, e store.Expiring) (store.Expiry, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return store.Expiry{}, err
	}
	defer l.changes.Add(1)
	return s.Expire(ctx, e)
}

// Expiries lists what expired; see store.Rewriter.
func (l *Late) Expiries(ctx context.Context) ([]store.Expiry, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Expiries(ctx)
}

// Brought lists what a batch brought; see store.Alerts.
func (l *Late) Brought(ctx context.Context, batch string, first, n int) ([]*alert.Alert, int, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, 0, err
	}
	return s.Brought(ctx, batch, first, n)
}

// Packs lists the batches by file; see store.Packer.
func (l *Late) Packs(ctx context.Context) ([]store.Pack, error) {
	s, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	return s.Packs(ctx)
}
