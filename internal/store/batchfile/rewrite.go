package batchfile

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// Part is a file whose rows go into another one.
type Part struct {
	Path string
	// SHA256 is the hash of the file.
	SHA256 string
	// Only, if set, is the one batch of the file that is meant.
	Only string
}

// Rewrite writes the rows of files to a new file at path, replacing what is there: those
// that keep lets pass, or all where it is nil. The rows of a batch stay in the order in
// which they are, and keep their places. It returns the heads of the batches, by number,
// with what was recorded of them when they landed, and the SHA-256 of the file, which is
// on the disk then.
func Rewrite(ctx context.Context, path string, parts []Part, keep func(Row) bool) (heads []Head, sum string, err error) {
	w, err := Create(path, "")
	if err != nil {
		return nil, "", err
	}
	defer w.Abandon()
	for _, p := range parts { // before any row, since they are hashed while others are read
		some, err := w.heads(p)
		if err != nil {
			return nil, "", err
		}
		heads = append(heads, some...)
	}
	for _, p := range parts {
		if err := w.part(ctx, p, keep); err != nil {
			return nil, "", err
		}
	}
	if err := cmp.Or(ctx.Err(), w.Close()); err != nil {
		return nil, "", err
	}
	slices.SortFunc(heads, func(x, y Head) int { return cmp.Compare(x.Number, y.Number) })
	for i := range heads {
		h := &heads[i]
		t := w.sums[h.Batch.ID]
		h.Rows, h.RowsHash = t.rows, t.String()
	}
	sum, err = w.seal(heads)
	return heads, sum, err
}

// heads returns those of the batches of a file, with what was recorded of them when they
// landed, and makes ready to hash their rows.
func (w *Writer) heads(p Part) ([]Head, error) {
	f, err := Open(p.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	heads := slices.DeleteFunc(slices.Clone(f.Heads), func(h Head) bool { return p.Only != "" && h.Batch.ID != p.Only })
	for i := range heads {
		h := &heads[i]
		if h.Landed == nil {
			h.Landed = &Landed{SHA256: p.SHA256, Rows: h.Rows, RowsHash: h.RowsHash}
		}
		if w.sums[h.Batch.ID] != nil {
			return nil, damaged(p.Path, errors.New("batch "+h.Batch.ID+" is in two files"))
		}
		w.sums[h.Batch.ID] = newTallied()
	}
	return heads, nil
}

// part adds the rows of a file.
func (w *Writer) part(ctx context.Context, p Part, keep func(Row) bool) error {
	f, err := Open(p.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	for rows, err := range f.pieces(ctx, nil) {
		if err != nil {
			return err
		}
		told, err := rows.tell()
		if err != nil {
			return err
		}
		for i := range told {
			if err := w.some(p, &rows.rows[i], told[i], keep); err != nil {
				return err
			}
		}
	}
	return nil
}

// some adds a row of a file if it is meant.
func (w *Writer) some(p Part, r *row, told Row, keep func(Row) bool) error {
	switch {
	case p.Only != "" && r.Batch != p.Only:
		return nil
	case w.sums[r.Batch] == nil:
		return damaged(p.Path, errors.New("a row is of batch "+r.Batch+", which the footer does not name"))
	case keep != nil && !keep(told):
		return nil
	}
	r.Fields, r.pairs = r.fields(), nil
	return w.copy(r)
}

// copy adds a row as it is.
func (w *Writer) copy(r *row) error {
	to, times := w.next()
	*to = *r
	if r.Time != nil {
		times[0] = *r.Time
		to.Time = &times[0]
	}
	if s := to.Statements; len(s) == 1 && s[0].At != nil {
		times[1] = *s[0].At
		s[0].At = &times[1]
	}
	return w.added(to)
}
