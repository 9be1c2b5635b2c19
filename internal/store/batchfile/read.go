package batchfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"candor/internal/fault"
)

// File is a batch file that is open for reading.
type File struct {
	path  string
	file  *os.File
	pages *parquet.File
	Heads []Head // of the batches in it
}

// Open opens a file. It is fault.Conflict when the file is none, or is damaged, and
// fault.Unavailable when its schema is newer than Schema.
func Open(path string) (*File, error) {
	f, err := OpenRows(path)
	if err != nil {
		return nil, err
	}
	if err := f.sealed(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// OpenRows opens a file as Open does, but for its Heads: it may be one that is not sealed
// yet.
func OpenRows(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the batch file cannot be read").At("%s", path).Because(err).Next("check that you may read it")
	}
	b := &File{path: path, file: f}
	if err := b.open(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

// damaged says that a file is not what was written.
func damaged(path string, err error) error {
	return fault.New(fault.Conflict, "the batch file is damaged").At("%s", path).Because(err).
		Next("candor ledger verify says which batches are; put the file back from a backup")
}

func (f *File) open() (err error) {
	defer func() { // the library panics on some footers that nobody wrote
		if r := recover(); r != nil {
			err = damaged(f.path, fmt.Errorf("%v", r))
		}
	}()
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if f.pages, err = parquet.OpenFile(f.file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true)); err != nil {
		return damaged(f.path, err)
	}
	return nil
}

// sealed reads the footer's own part, and checks that it describes the rows.
func (f *File) sealed() (err error) {
	text, _ := f.pages.Lookup(keySchema)
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 {
		return damaged(f.path, errors.New("it is no batch file of Candor"))
	}
	if version > Schema {
		return fault.New(fault.Unavailable, "the batch file has schema %d, and this candor knows %d", version, Schema).At("%s", f.path).
			Next("use a candor as new as the one that wrote it")
	}
	text, _ = f.pages.Lookup(keyBatches)
	if f.Heads, err = decodeHeads(text); err != nil {
		return damaged(f.path, err)
	}
	var rows int64
	for _, h := range f.Heads {
		rows += h.Rows
	}
	if len(f.Heads) == 0 || rows != f.pages.NumRows() || !parquet.EqualNodes(f.pages.Schema(), parquet.SchemaOf(row{})) {
		return damaged(f.path, errors.New("its footer does not describe its rows"))
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// chunk is how many rows are read at a time.
const chunk = 2048

// Rows yields the rows in the order of the file. It ends after an error.
func (f *File) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for r, err := range f.rows(ctx) {
			if err != nil {
				yield(Row{}, err)
				return
			}
			a, err := r.alert()
			if !yield(Row{Batch: r.Batch, Place: r.Place, Alert: a}, err) || err != nil {
				return
			}
		}
	}
}

func (f *File) rows(ctx context.Context) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		r := parquet.NewGenericReader[row](f.pages)
		defer r.Close()
		for {
			rows := make([]row, min(chunk, f.pages.NumRows()+1))
			n, err := f.read(ctx, r, rows)
			for i := range rows[:n] {
				if !yield(&rows[i], nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// read reads some rows; io.EOF says that there are no more.
func (f *File) read(ctx context.Context, r *parquet.GenericReader[row], rows []row) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, damaged(f.path, fmt.Errorf("%v", p))
		}
	}()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err = r.Read(rows)
	if err != nil && err != io.EOF {
		return n, damaged(f.path, err)
	}
	return n, err
}

// Check reads all rows, computes the hash over those of each batch anew, by its ID, and
// tells each of the rows, unless that is nil.
func (f *File) Check(ctx context.Context, each func(Row) error) (map[string]string, error) {
	sums, buf := map[string]*tallied{}, []byte(nil)
	for _, h := range f.Heads {
		sums[h.Batch.ID] = newTallied()
	}
	for r, err := range f.rows(ctx) {
		if err != nil {
			return nil, err
		}
		t := sums[r.Batch]
		if t == nil {
			return nil, damaged(f.path, fmt.Errorf("a row is of batch %q, which the footer does not name", r.Batch))
		}
		buf = t.add(buf, r)
		if each == nil {
			continue
		}
		a, err := r.alert()
		if err != nil {
			return nil, err
		}
		if err := each(Row{Batch: r.Batch, Place: r.Place, Alert: a}); err != nil {
			return nil, err
		}
	}
	out := map[string]string{}
	for _, h := range f.Heads {
		if t := sums[h.Batch.ID]; t.rows != h.Rows {
			return nil, damaged(f.path, fmt.Errorf("batch %s has %d rows, and the footer says %d", h.Batch.ID, t.rows, h.Rows))
		}
		out[h.Batch.ID] = sums[h.Batch.ID].String()
	}
	return out, nil
}

// IDs tells each of the IDs of the rows, in the order of the file. The bytes are good
// until each returns.
func (f *File) IDs(ctx context.Context, each func(id []byte)) error {
	leaf, ok := f.pages.Schema().Lookup("id")
	if !ok {
		return damaged(f.path, errors.New("it has no column id"))
	}
	for _, g := range f.pages.RowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.column(g.ColumnChunks()[leaf.ColumnIndex], each); err != nil {
			return damaged(f.path, err)
		}
	}
	return nil
}

// column tells each of the values of a column of texts.
func (f *File) column(c parquet.ColumnChunk, each func([]byte)) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	pages := c.Pages()
	defer pages.Close()
	values := make([]parquet.Value, chunk)
	for {
		p, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for r, end := p.Values(), false; !end; {
			n, err := r.ReadValues(values)
			for _, v := range values[:n] {
				each(v.ByteArray())
			}
			if end = err == io.EOF; err != nil && !end {
				return err
			}
		}
		parquet.Release(p)
	}
}

// Sum returns the SHA-256 of the file at path.
func Sum(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault.New(fault.Unavailable, "the batch file cannot be read").At("%s", path).Because(err).Next("check that you may read it")
	}
	defer f.Close()
	h, buf := sha256.New(), make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return "", err
		}
	}
}
