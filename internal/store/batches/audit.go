package batches

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"candor/internal/crew"
	"candor/internal/durable"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// Audit computes the hash of every file anew, and compares the files with each other, with
// what the folder says of itself and with what the index notes of them; see store.Custody.
// A deep audit reads every row, computes the hashes over the rows anew, and compares every
// count that the index gives with what package history makes of the rows. An index that
// differs is built anew by whoever opens it for writing next. What would be written
// meanwhile waits.
func (s *Store) Audit(ctx context.Context, deep bool) (store.Audit, error) {
	release, err := s.wait(ctx)
	if err != nil {
		return store.Audit{}, err
	}
	defer release()
	a := &audit{Store: s, found: store.Audit{Batches: map[string]store.Kept{}}, heads: map[int]Held{}}
	if err := a.files(ctx); err != nil {
		return store.Audit{}, err
	}
	a.order()
	if deep {
		if err := a.read(ctx); err != nil {
			return store.Audit{}, err
		}
	}
	if s.fit() != nil { // the files say why
		return a.found, nil
	}
	before := len(a.found.Amiss)
	if err := a.notes(ctx); err != nil {
		return store.Audit{}, err
	}
	if deep && before == 0 {
		if err := a.answers(ctx); err != nil {
			return store.Audit{}, err
		}
	}
	if amiss := a.found.Amiss[before:]; len(amiss) > 0 {
		s.doubt(amiss[0].What)
	}
	return a.found, nil
}

// doubt has the index built anew by whoever opens it for writing next.
func (s *Store) doubt(why string) {
	if len(s.engine.Files) > 0 {
		_ = durable.Write(filepath.Join(s.dir, doubted), []byte(why), 0o600) // where it cannot be written, it is said each time
	}
}

// audit is an audit under way.
type audit struct {
	*Store
	found store.Audit
	heads map[int]Held // what the files say, by number; those that can be read
	count *counts      // what follows from the rows, of a deep audit
}

// amiss notes something wrong with a batch, or with none in particular.
func (a *audit) amiss(batch, format string, args ...any) {
	a.found.Amiss = append(a.found.Amiss, store.Amiss{Batch: batch, What: fmt.Sprintf(format, args...)})
}

// files reads what each file says of itself.
func (a *audit) files(ctx context.Context) error {
	files, gone, err := a.list()
	if err != nil {
		return err
	}
	withdrawals := map[string]*store.Withdrawal{}
	for _, id := range gone {
		w, err := a.withdrawal(id)
		switch _, there := files[id]; {
		case err != nil:
			a.amiss(id, "%v", err)
		case !there:
			a.amiss(id, "its withdrawal is there, and its file is not")
		}
		withdrawals[id] = w
	}
	for _, id := range slices.Sorted(maps.Keys(files)) {
		h, err := a.held(ctx, files[id], withdrawals[id])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue // it landed while it was looked at, and did not
		}
		if h.Batch.Content != "" {
			a.found.Batches[id] = store.Kept{Content: h.Batch.Content, Withdrawn: withdrawals[id]}
		}
		if err != nil {
			a.amiss(id, "%v", err)
		} else if other, taken := a.heads[h.Number]; taken {
			a.amiss(id, "its file says that it is number %d, as that of batch %s does", h.Number, other.Batch.ID)
		} else {
			a.heads[h.Number] = h
		}
	}
	return nil
}

// order compares the files with what the folder says of itself.
func (a *audit) order() {
	at, err := a.tip()
	if err != nil {
		a.amiss("", "%v", err)
		return
	}
	most := at.Number
	for n := range a.heads {
		most = max(most, n)
	}
	for n := 1; n <= most; n++ {
		_, there := a.heads[n]
		switch {
		case there:
		case n == at.Number:
			a.amiss("", "the file of batch %s, number %d, which landed last, is missing or cannot be read", at.ID, n)
		default:
			a.amiss("", "the file of batch number %d is missing or cannot be read", n)
		}
	}
	if h, there := a.heads[at.Number]; there && h.Batch.ID != at.ID {
		a.amiss(h.Batch.ID, "its file says that it is number %d, which %s says is batch %s", at.Number, TipName, at.ID)
	}
	withdrawn := 0
	for _, k := range a.found.Batches {
		if k.Withdrawn != nil {
			withdrawn++
		}
	}
	if withdrawn < at.Withdrawals {
		a.amiss("", "%d batches were withdrawn, and only %d say so", at.Withdrawals, withdrawn)
	}
}

// read reads every row, and works out what follows.
func (a *audit) read(ctx context.Context) error {
	a.count = newCounts(a.gather)
	files := slices.SortedFunc(maps.Values(a.heads), byNumber)
	if err := a.count.ids(ctx, a.Store.folder, files); err != nil && ctx.Err() != nil {
		return err
	}
	for part := range a.count.parts() {
		for _, h := range files {
			hash, err := a.rows(ctx, part, h)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if part > 0 {
				continue
			}
			if err != nil {
				a.amiss(h.Batch.ID, "%v", err)
				continue
			}
			if hash != h.Batch.RowsHash {
				a.amiss(h.Batch.ID, "the hash over its rows is %s, and its file says %s", hash, h.Batch.RowsHash)
			}
			k := a.found.Batches[h.Batch.ID]
			k.RowsHash = hash
			a.found.Batches[h.Batch.ID] = k
		}
		a.count.merge()
	}
	return nil
}

// rows takes in one part of the rows of a file, and returns the hash over all of them.
func (a *audit) rows(ctx context.Context, part int, h Held) (string, error) {
	f, err := batchfile.Open(a.path(h.Batch.ID))
	if err != nil {
		return "", err
	}
	defer f.Close()
	void := h.Batch.Withdrawn != nil || a.late(h.Number)
	// While some rows are counted, the next are read: each takes as long as the other.
	const step = 2048
	full := make(chan []batchfile.Row, 2)
	counted := crew.Go(func() error {
		for rows := range full {
			for i := range rows {
				a.count.add(part, h.Number, &rows[i])
			}
		}
		return nil
	})
	var failed error
	rows := make([]batchfile.Row, 0, step)
	hand := func() {
		select {
		case full <- rows:
		case failed = <-counted: // it has panicked
		}
		rows = make([]batchfile.Row, 0, step)
	}
	hashes, err := f.Check(ctx, func(r batchfile.Row) error {
		if rows = append(rows, r); len(rows) == step && !void {
			hand()
		}
		if void {
			rows = rows[:0]
		}
		return failed
	})
	if failed == nil && !void {
		hand()
	}
	close(full)
	if failed == nil {
		failed = <-counted
	}
	return hashes[h.Batch.ID], cmp.Or(failed, err)
}

// late reports whether a batch landed since this store was opened for reading.
func (a *audit) late(number int) bool { return number > a.at.Number }

// notes compares what the index notes with what the files say.
func (a *audit) notes(ctx context.Context) error {
	noted, err := a.index.Held(ctx)
	if err != nil {
		return err
	}
	rows, err := a.index.Rows(ctx)
	if err != nil {
		return err
	}
	there := map[int]bool{}
	for _, h := range noted {
		there[h.Number] = true
		is, ok := a.heads[h.Number]
		switch {
		case !ok: // which is said already
		case is.says() != h.says():
			a.amiss(is.Batch.ID, "the index notes something else of it than its file says")
		case rows[h.Number] != is.Rows:
			a.amiss(is.Batch.ID, "the index has %d of its rows, and its file has %d", rows[h.Number], is.Rows)
		}
	}
	for n, h := range a.heads {
		if !there[n] && !a.late(n) {
			a.amiss(h.Batch.ID, "the index has not taken it in")
		}
	}
	for n := range rows {
		if !there[n] {
			a.amiss("", "the index has rows of a batch number %d that it does not note", n)
		}
	}
	slices.SortStableFunc(a.found.Amiss, func(x, y store.Amiss) int { return cmp.Compare(x.Batch, y.Batch) })
	return nil
}

// says is what is noted of a batch, but for what the system says of its file.
func (h Held) says() string {
	h.Size, h.Time = 0, time.Time{}
	text, err := json.Marshal(h)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
