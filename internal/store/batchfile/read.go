package batchfile

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
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
		for p, err := range f.pieces(ctx, nil) {
			told, failed := p.tell()
			for i := range told {
				told[i].Whole()
				if !yield(told[i], nil) {
					return
				}
			}
			if err = cmp.Or(err, failed); err != nil {
				yield(Row{}, err)
				return
			}
		}
	}
}

// tell returns what the rows say, without Fields. It ends before a row that cannot be told.
func (p *piece) tell() ([]Row, error) {
	n := len(p.rows)
	p.told, p.alerts, p.said = slices.Grow(p.told[:0], n)[:n], slices.Grow(p.alerts[:0], n)[:n], slices.Grow(p.said[:0], n+1)[:n+1]
	for i := range p.rows {
		r := &p.rows[i]
		if err := r.alert(&p.alerts[i], &p.said[i]); err != nil {
			return p.told[:i], err
		}
		p.told[i] = Row{Batch: r.Batch, Place: r.Place, Alert: &p.alerts[i], row: r}
	}
	return p.told, nil
}

// pieces yields the rows, some at a time, in spare pieces as far as there are any. Whoever
// gets a piece may keep it.
func (f *File) pieces(ctx context.Context, spare <-chan *piece) iter.Seq2[*piece, error] {
	return func(yield func(*piece, error) bool) {
		if !parquet.EqualNodes(f.pages.Schema(), parquet.SchemaOf(row{})) {
			yield(&piece{}, damaged(f.path, errors.New("its footer does not describe its rows")))
			return
		}
		shared := map[string]map[string]string{}
		for _, g := range f.pages.RowGroups() {
			if !f.group(ctx, g, shared, spare, yield) {
				return
			}
		}
	}
}

// group yields the rows of a group, and reports whether to go on.
func (f *File) group(ctx context.Context, g parquet.RowGroup, shared map[string]map[string]string, spare <-chan *piece, yield func(*piece, error) bool) bool {
	d, err := newDecoder(f.pages.Schema(), g, shared)
	if err != nil {
		yield(&piece{}, damaged(f.path, err))
		return false
	}
	defer d.close()
	for {
		var p *piece
		select {
		case p = <-spare:
		default:
			p = &piece{}
		}
		err := f.read(ctx, d, p)
		if err == io.EOF {
			return true
		}
		if err != nil {
			p.clear()
		}
		if !yield(p, err) || err != nil {
			return false
		}
	}
}

// read reads some rows; io.EOF says that there are no more.
func (f *File) read(ctx context.Context, d *decoder, p *piece) (err error) {
	defer func() {
		if what := recover(); what != nil { // the library panics on some pages that nobody wrote
			err = damaged(f.path, fmt.Errorf("%v", what))
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err = d.read(p, chunk); err != nil && err != io.EOF {
		return damaged(f.path, err)
	}
	return err
}

// Check reads all rows, computes the hash over those of each batch anew, by its ID, and
// tells each of them, some at a time, unless that is nil. Whoever calls done no longer needs
// them; see Row.Copied. What it tells of lacks Fields; see Row.Whole.
func (f *File) Check(ctx context.Context, each func(rows []Row, done func()) error) (map[string]string, error) {
	sums, buf, spare := map[string]*tallied{}, []byte(nil), make(chan *piece, 8)
	for _, h := range f.Heads {
		sums[h.Batch.ID] = newTallied()
	}
	for p, err := range f.pieces(ctx, spare) {
		if err != nil {
			return nil, err
		}
		for i := range p.rows {
			t := sums[p.rows[i].Batch]
			if t == nil {
				return nil, damaged(f.path, fmt.Errorf("a row is of batch %q, which the footer does not name", p.rows[i].Batch))
			}
			buf = t.add(buf, &p.rows[i])
		}
		if each == nil {
			continue
		}
		told, err := p.tell()
		if err != nil {
			return nil, err
		}
		err = each(told, func() {
			select {
			case spare <- p:
			default:
			}
		})
		if err != nil {
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
