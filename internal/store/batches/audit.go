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
	a := &audit{Store: s, found: store.Audit{Batches: map[string]store.Audited{}}, heads: map[int]Held{}}
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
		_ = s.doubt(amiss[0].What) // where it cannot be written, it is said each time
	}
	return a.found, nil
}

// doubt has the index built anew by whoever opens it for writing next.
func (s *Store) doubt(why string) error {
	if len(s.engine.Files) == 0 {
		return nil
	}
	return durable.Write(filepath.Join(s.dir, doubted), []byte(why), 0o600)
}

// audit is an audit under way.
type audit struct {
	*Store
	found store.Audit
	heads map[int]Held // what the files say, by number; those that can be read
	// expired is how many expiries are recorded.
	expired int
	count   *counts // what follows from the rows, of a deep audit
}

// amiss notes something wrong with a batch, or with none in particular.
func (a *audit) amiss(batch, format string, args ...any) {
	a.found.Amiss = append(a.found.Amiss, store.Amiss{Batch: batch, What: fmt.Sprintf(format, args...)})
}

// files reads what each file says of itself.
func (a *audit) files(ctx context.Context) error {
	l, err := a.list()
	if err != nil {
		return err
	}
	if _, err := a.readExpiries(l.expiries); err != nil {
		a.amiss("", "%v", err)
	}
	a.expired = len(l.expiries)
	withdrawals := map[string]*store.Withdrawal{}
	for _, id := range l.gone {
		w, err := a.withdrawal(id)
		if err != nil {
			a.amiss(id, "%v", err)
		}
		withdrawals[id] = w
	}
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		if err := a.file(ctx, l.files[name], withdrawals); err != nil {
			return err
		}
	}
	for _, id := range l.gone {
		if _, there := a.found.Batches[id]; !there {
			a.amiss(id, "its withdrawal is there, and its file is not")
		}
	}
	return nil
}

// file reads what one file says of itself.
func (a *audit) file(ctx context.Context, e onDisk, withdrawals map[string]*store.Withdrawal) error {
	list, sum, err := a.held(ctx, e, withdrawals)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, fs.ErrNotExist) || slices.Contains(a.left, e.id) {
		return nil // it landed while it was looked at, and did not; or its rows lie in a merged file
	}
	if err != nil {
		if sum != "" && !isMerged(e.id) {
			a.found.Batches[e.id] = store.Audited{Content: sum, Withdrawn: withdrawals[e.id]}
		}
		a.amiss(e.id, "%v", err)
		return nil
	}
	for _, h := range list {
		id := h.Batch.ID
		if other, taken := a.heads[h.Number]; taken {
			// A merging that was cut short leaves the file in which a batch landed.
			if same := other.Batch.ID == id && other.Batch.RowsHash == h.Batch.RowsHash; !same || isMerged(other.Name()) == isMerged(h.Name()) {
				a.amiss(id, "its file says that it is number %d, as that of batch %s does", h.Number, other.Batch.ID)
				continue
			}
			if isMerged(other.Name()) {
				continue
			}
		}
		a.found.Batches[id] = store.Audited{Content: h.Batch.Content, Withdrawn: withdrawals[id], Now: h.Now}
		a.heads[h.Number] = h
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
	if a.expired < at.Expiries {
		a.amiss("", "rows expired %d times, and only %d say so", at.Expiries, a.expired)
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
		for _, f := range filesOf(files) {
			if err := a.readFile(ctx, part, f.name, pick(files, f.batches)); err != nil {
				return err
			}
		}
		a.count.merge()
	}
	return nil
}

// pick returns those in some places.
func pick(files []Held, places []int) []Held {
	list := make([]Held, len(places))
	for i, at := range places {
		list[i] = files[at]
	}
	return list
}

// readFile takes in one part of the rows of a file, and compares the hashes over the rows
// of each batch with what is said of them.
func (a *audit) readFile(ctx context.Context, part int, name string, of []Held) error {
	hashes, err := a.rows(ctx, part, name, of)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if part > 0 {
		return nil
	}
	if err != nil {
		a.amiss(of[0].Batch.ID, "%v", err)
		return nil
	}
	for i := range of {
		h := &of[i]
		hash := hashes[h.Batch.ID]
		if hash != h.rowsHash() {
			a.amiss(h.Batch.ID, "the hash over its rows is %s, and its file says %s", hash, h.rowsHash())
		}
		k := a.found.Batches[h.Batch.ID]
		if k.RowsHash = hash; h.Now != nil && hash == h.Now.RowsHash {
			k.RowsHash = h.Batch.RowsHash
		}
		a.found.Batches[h.Batch.ID] = k
	}
	return nil
}

// rows takes in one part of the rows of a file, and returns the hash over all of them by
// batch.
func (a *audit) rows(ctx context.Context, part int, name string, of []Held) (map[string]string, error) {
	f, err := batchfile.Open(a.path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	counting := map[string]*Held{}
	for i := range of {
		if h := &of[i]; h.Batch.Withdrawn == nil && !a.late(h.Number) {
			counting[h.Batch.ID] = h
		}
	}
	// While some rows are counted, the next are read: each takes as long as the other.
	type some struct {
		rows []batchfile.Row
		done func()
	}
	full := make(chan some, 2)
	counted := crew.Go(func() error {
		for s := range full {
			for i := range s.rows {
				if h := counting[s.rows[i].Batch]; h != nil {
					a.count.add(part, h, &s.rows[i])
				}
			}
			s.done()
		}
		return nil
	})
	var failed error
	hashes, err := f.Check(ctx, func(rows []batchfile.Row, done func()) error {
		select {
		case full <- some{rows, done}:
		case failed = <-counted: // it has panicked
		}
		return failed
	})
	close(full)
	if failed == nil {
		failed = <-counted
	}
	return hashes, cmp.Or(failed, err)
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
