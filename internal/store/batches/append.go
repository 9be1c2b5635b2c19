package batches

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// Append lands the alerts of a batch, whole or not at all; see store.Alerts, and
// batchfile.Check for what an alert needs. Errors from alerts are returned as they are.
func (s *Store) Append(ctx context.Context, b store.Batch, alerts iter.Seq2[*alert.Alert, error]) (store.Batch, bool, error) {
	if b.Hash == "" {
		return store.Batch{}, false, fault.New(fault.Invalid, "a batch needs an id and the hash of its input")
	}
	if err := fits(b.ID); err != nil {
		return store.Batch{}, false, err
	}
	release, err := s.wait(ctx)
	if err != nil {
		return store.Batch{}, false, err
	}
	defer release()
	r, err := s.known(ctx)
	if err != nil {
		return store.Batch{}, false, err
	}
	if is := r.input(b.Hash); is != nil {
		return *is, false, nil
	}
	if _, _, err := r.find(b.ID); err == nil {
		return store.Batch{}, false, fault.New(fault.Conflict, "batch id %s is taken by another input", b.ID)
	}
	landed, err := s.land(ctx, r, b, alerts)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return landed, err == nil, err
}

// land writes the file of a batch, and has the index take it in.
func (s *Store) land(ctx context.Context, r *roll, b store.Batch, alerts iter.Seq2[*alert.Alert, error]) (store.Batch, error) {
	b.Content, b.RowsHash, b.Withdrawn, b.First, b.Last, b.Shared, b.Moved = "", "", nil, b.First.UTC(), b.Last.UTC(), 0, 0
	path := filepath.Join(s.dir, incoming)
	w, err := batchfile.Create(path, b.ID)
	if err != nil {
		return store.Batch{}, err
	}
	defer w.Abandon()
	if err := write(ctx, w, &b, alerts); err != nil {
		return store.Batch{}, err
	}
	c, err := s.index.Begin(ctx)
	if err != nil {
		return store.Batch{}, err
	}
	defer c.Rollback()
	number := len(r.held) + 1
	got, err := c.Take(ctx, []File{{Path: path, Number: number, Source: b.Source}})
	if err != nil {
		return store.Batch{}, fmt.Errorf("batch %s: %w", b.ID, err)
	}
	if got.Waits > 0 {
		return store.Batch{}, fault.New(fault.NotFound, "batch %s says something of alert %q, which is not known", b.ID, got.FirstWaits.Identity).
			Next("add the alert first; nothing was changed")
	}
	if got.Ambiguous > 0 {
		return store.Batch{}, fault.New(fault.Conflict, "batch %s says something of alert %q, and could mean several", b.ID, got.FirstAmbiguous.Identity).
			Next("name its source and site; nothing was changed")
	}
	b.New, b.Updated, b.Unchanged, b.Shared, b.Moved = got.New, got.Updated, got.Unchanged, got.Another, got.Moved
	if f := b.Found; f != nil {
		b.Format, b.Rejected, b.Rejects, b.LeftOut, b.Found = f.Format, f.Rejected, f.Rejects, f.LeftOut, nil
	}
	b.Read = b.New + b.Updated + b.Unchanged + b.Rejected
	h, err := s.seal(number, b, w)
	if err != nil {
		return store.Batch{}, err
	}
	if err := c.Enter(ctx, h); err != nil {
		return store.Batch{}, err
	}
	landed := h.Batch
	landed.FirstShared, landed.FirstMoved = got.FirstAnother.Identity, got.FirstMoved.Identity
	return landed, s.name(ctx, c, h)
}

// write writes the alerts, and sets when they happened.
func write(ctx context.Context, w *batchfile.Writer, b *store.Batch, alerts iter.Seq2[*alert.Alert, error]) error {
	for a, err := range alerts {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if err := w.Add(a); err != nil {
			return err
		}
		at := a.Time
		if a.Partial() && a.Disposition != nil {
			at = a.Disposition.Time
		}
		if at = at.UTC(); at.IsZero() {
			continue
		}
		if b.First.IsZero() || at.Before(b.First) {
			b.First = at
		}
		if at.After(b.Last) {
			b.Last = at
		}
	}
	return cmp.Or(ctx.Err(), w.Close())
}

// seal makes the incoming file one that is whole.
func (s *Store) seal(number int, b store.Batch, w *batchfile.Writer) (Held, error) {
	head, sum, err := w.Seal(number, b)
	if err != nil {
		return Held{}, err
	}
	info, err := os.Stat(filepath.Join(s.dir, incoming))
	if err != nil {
		return Held{}, err
	}
	h := Held{Number: number, Rows: head.Rows, Size: info.Size(), Time: info.ModTime().UTC(), Batch: head.Batch}
	h.Batch.Content, h.Batch.RowsHash = sum, head.RowsHash
	return h, nil
}

// name gives the file its name, with which the batch has landed, and commits. What the
// index cannot commit is taken back.
func (s *Store) name(ctx context.Context, c Change, h Held) error {
	ctx = context.WithoutCancel(ctx)
	from, to := filepath.Join(s.dir, incoming), filepath.Join(s.dir, h.Name()+suffix)
	err := s.alone(to)
	if err == nil {
		err = durable.Rename(from, to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(from))
	}
	at := s.at
	at.Number, at.ID = h.Number, h.Batch.ID
	return s.commit(ctx, c, at, to, func(r *roll) *roll { r.add(h); return r })
}

// alone checks that no other process has written to the folder, nor made a file.
func (s *Store) alone(path string) error {
	at, err := s.tip()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); at != s.at || err == nil {
		return fault.New(fault.Conflict, "another process has written to the folder of batch files").At("%s", s.dir).
			Next("run the command again; nothing was changed")
	}
	return nil
}

// commit notes in the folder how far it has come, with a file that is there now, and
// commits a change. Where it cannot, the file goes again.
func (s *Store) commit(ctx context.Context, c Change, at Tip, path string, next func(*roll) *roll) error {
	touched, err := s.touched(ctx, c, at)
	if err == nil {
		err = s.setTip(at)
	}
	if err == nil {
		noted := at
		noted.Folder = s.state()
		err = s.memory.change(touched, func() error { return c.Commit(ctx, noted) })
	}
	if err != nil {
		return errors.Join(err, s.setTip(s.at), os.Remove(path), durable.Names(s.dir))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roll, s.at = next(s.roll), at
	return nil
}

// touched returns what a change touches, as far as anything is remembered; nil for all.
func (s *Store) touched(ctx context.Context, c Change, at Tip) ([]Touch, error) {
	if at.Merges > s.at.Merges || s.memory.idle() {
		return nil, nil
	}
	touched, err := c.Touched(ctx)
	if err != nil {
		return nil, fmt.Errorf("find what the change touches: %w", err)
	}
	return append([]Touch{}, touched...), nil
}

// Withdraw makes a batch stop counting; see store.Custody.
func (s *Store) Withdraw(ctx context.Context, batch string, w store.Withdrawal) error {
	if strings.TrimSpace(w.Reason) == "" {
		return fault.New(fault.Invalid, "a withdrawal needs a reason").Next("say why, for whoever asks later")
	}
	release, err := s.wait(ctx)
	if err != nil {
		return err
	}
	defer release()
	r, err := s.known(ctx)
	if err != nil {
		return err
	}
	i, exact, err := r.find(batch)
	if err != nil || !exact {
		return fault.New(fault.NotFound, "there is no batch %s of alerts", batch)
	}
	h := r.held[i]
	if before := h.Batch.Withdrawn; before != nil {
		return fault.New(fault.Conflict, "batch %s was withdrawn on %s: %s", batch, before.At.Format(time.DateOnly), before.Reason).
			Next("nothing was changed; candor evidence list shows what is withdrawn")
	}
	w.At = w.At.Round(0).UTC()
	h.Batch.Withdrawn = &w
	c, err := s.index.Begin(ctx)
	if err != nil {
		return err
	}
	defer c.Rollback()
	if err := cmp.Or(c.Forget(ctx, h.Number), c.Enter(ctx, h)); err != nil {
		return fmt.Errorf("withdraw batch %s: %w", batch, err)
	}
	return s.withdraw(ctx, c, i, h)
}

// withdraw writes that batch h, which is in place i, is withdrawn, and commits.
func (s *Store) withdraw(ctx context.Context, c Change, i int, h Held) error {
	ctx = context.WithoutCancel(ctx)
	text, err := encodeWithdrawal(h.Batch.Withdrawn)
	if err != nil {
		return err
	}
	path, at := filepath.Join(s.dir, h.Batch.ID+withdrawn), s.at
	if err := s.alone(path); err != nil {
		return err
	}
	if err := durable.Write(path, text, 0o600); err != nil {
		return err
	}
	at.Withdrawals++
	return s.commit(ctx, c, at, path, func(r *roll) *roll { return r.withdraw(i, h.Batch.Withdrawn) })
}
