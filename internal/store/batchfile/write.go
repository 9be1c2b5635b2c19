package batchfile

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"candor/internal/alert"
	"candor/internal/crew"
	"candor/internal/store"
)

// A group of rows is written when it has so many, or so many bytes of text; the rows of
// a group are in order of time. Engines read files by such groups.
const (
	groupRows = 122_880
	groupText = 64 << 20
)

// Writer writes rows to a new file: those of one batch or, by Rewrite, of several. While
// one group is written, the next is filled.
type Writer struct {
	batch string
	path  string
	file  *os.File
	out   *parquet.GenericWriter[row]
	sums  map[string]*tallied // by batch

	fill    *group
	place   int64
	spare   chan *group
	full    chan *group
	done    chan struct{} // closed once the writing has ended
	came    <-chan error  // what came of it
	failure error
	buf     []byte
}

// group is rows that wait to be written.
type group struct {
	rows  []row
	times [][2]int64
	text  int
}

// Create begins the file of a batch at path, replacing what is there.
func Create(path, batch string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{batch: batch, path: path, file: f, sums: map[string]*tallied{batch: newTallied()}, fill: &group{}, spare: make(chan *group, 1), full: make(chan *group), done: make(chan struct{})}
	w.out = parquet.NewGenericWriter[row](f, parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.CreatedBy("candor", "", ""), parquet.MaxRowsPerRowGroup(groupRows))
	w.spare <- &group{}
	w.came = crew.Go(w.write)
	return w, nil
}

// Add adds an alert behind those before, once Check lets it pass. It keeps a's texts,
// slices and maps until it is written.
func (w *Writer) Add(a *alert.Alert) error {
	if err := Check(a); err != nil {
		return fmt.Errorf("alert %d of batch %s, id %q: %w", w.place+1, w.batch, a.ID, err)
	}
	r, times := w.next()
	r.put(w.batch, w.place, a, times)
	w.place++
	return w.added(r)
}

// next returns the place of the next row, and of its times.
func (w *Writer) next() (*row, *[2]int64) {
	g := w.fill
	if g.rows == nil {
		const first = 1024
		g.grow(first)
	}
	if len(g.rows) == cap(g.rows) {
		g.grow(min(2*cap(g.rows), groupRows))
	}
	g.rows, g.times = append(g.rows, row{}), append(g.times, [2]int64{})
	return &g.rows[len(g.rows)-1], &g.times[len(g.times)-1]
}

// added hands on the rows that wait once they are enough, r the last of them.
func (w *Writer) added(r *row) error {
	g := w.fill
	for k, v := range r.Fields {
		g.text += len(k) + len(v)
	}
	for i := 1; i < len(r.Entities); i++ {
		g.text += len(r.Entities[i].Name)
	}
	if g.text += len(r.ID); len(g.rows) < groupRows && g.text < groupText {
		return nil
	}
	return w.flush()
}

// grow makes room for n rows. Rows point at their times, which move.
func (g *group) grow(n int) {
	rows, times := make([]row, len(g.rows), n), make([][2]int64, len(g.times), n)
	copy(rows, g.rows)
	copy(times, g.times)
	for i := range rows {
		if rows[i].Time != nil {
			rows[i].Time = &times[i][0]
		}
		if s := rows[i].Statements; len(s) == 1 && s[0].At != nil {
			s[0].At = &times[i][1]
		}
	}
	g.rows, g.times = rows, times
}

// flush hands on what waits.
func (w *Writer) flush() error {
	select {
	case w.full <- w.fill:
	case <-w.done:
		return w.ended()
	}
	select {
	case w.fill = <-w.spare:
		return nil
	case <-w.done:
		return w.ended()
	}
}

// ended returns what came of the writing.
func (w *Writer) ended() error {
	if w.came != nil {
		w.failure = <-w.came
		w.came = nil
	}
	return w.failure
}

// write writes groups until there are no more.
func (w *Writer) write() error {
	defer close(w.done)
	for g := range w.full {
		if err := w.writeGroup(g); err != nil {
			return err
		}
		clear(g.rows)
		g.rows, g.times, g.text = g.rows[:0], g.times[:0], 0
		w.spare <- g
	}
	return nil
}

func (w *Writer) writeGroup(g *group) error {
	byTime := func(x, y row) int { return cmp.Compare(moment(x.Time), moment(y.Time)) }
	if !slices.IsSortedFunc(g.rows, byTime) {
		slices.SortStableFunc(g.rows, byTime)
	}
	for i := range g.rows {
		w.buf = w.sums[g.rows[i].Batch].add(w.buf, &g.rows[i])
	}
	if _, err := w.out.Write(g.rows); err != nil {
		return err
	}
	return w.out.Flush()
}

// Close ends the rows. The file can be read then, and has no row of its batch yet;
// Seal writes it.
func (w *Writer) Close() error {
	if w.full != nil {
		var err error
		if len(w.fill.rows) > 0 {
			err = w.flush()
		}
		close(w.full)
		ended := w.ended()
		w.full = nil
		if w.failure = cmp.Or(err, ended); w.failure == nil {
			w.failure = w.out.Close()
		}
	}
	return w.failure
}

// Abandon ends the writing and removes the file, unless it has been sealed.
func (w *Writer) Abandon() {
	if w.file == nil {
		return
	}
	_ = w.Close()
	_ = w.file.Close()
	_ = os.Remove(w.path)
	w.file = nil
}

// Seal writes the batch's own row into the footer, brings the file to the disk and
// closes it. It returns the head, and the SHA-256 of the file.
func (w *Writer) Seal(number int, b store.Batch) (Head, string, error) {
	if err := w.Close(); err != nil {
		return Head{}, "", err
	}
	heads := []Head{{Number: number, Rows: w.place, RowsHash: w.sums[w.batch].String(), Batch: b}}
	sum, err := w.seal(heads)
	return heads[0], sum, err
}

// seal writes the rows of batches into the footer of a file that is closed, and returns the
// SHA-256 of it.
func (w *Writer) seal(heads []Head) (string, error) {
	if err := seal(w.file, heads); err != nil {
		return "", err
	}
	if err := w.file.Sync(); err != nil {
		return "", err
	}
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err := io.Copy(sum, w.file)
	if err = errors.Join(err, w.file.Close()); err != nil {
		return "", err
	}
	w.file = nil
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// tail is what ends a Parquet file: the length of the footer, and the magic word.
const tail = 8

// seal writes a footer with the rows of batches over the one that a file has.
func seal(f *os.File, heads []Head) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	var end [tail]byte
	if _, err := f.ReadAt(end[:], info.Size()-tail); err != nil {
		return err
	}
	text, err := encodeHeads(heads)
	if err != nil {
		return err
	}
	meta := *p.Metadata()
	meta.KeyValueMetadata = append(meta.KeyValueMetadata, format.KeyValue{Key: keySchema, Value: fmt.Sprint(version(heads))}, format.KeyValue{Key: keyBatches, Value: text})
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		return err
	}
	at := info.Size() - tail - int64(binary.LittleEndian.Uint32(end[:4]))
	footer = append(binary.LittleEndian.AppendUint32(footer, uint32(len(footer))), end[4:]...)
	if err := f.Truncate(at); err != nil {
		return err
	}
	_, err = f.WriteAt(footer, at)
	return err
}

// version is that of the form which says all that heads do.
func version(heads []Head) int {
	if slices.ContainsFunc(heads, func(h Head) bool { return h.Landed != nil }) {
		return Schema
	}
	return 1
}
