package ingest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"candor/internal/decode"
	"candor/internal/decode/workbook"
	"candor/internal/fault"
	"candor/internal/store"
)

// Bounds on input that is held in memory, unpacked. Alerts are streamed and have
// none.
const (
	maxFile    = 256 << 20
	maxArchive = 512 << 20 // of all files of an input that are read
	// maxEntries is how many files of an archive are read, and maxUnpacked how long an
	// archive may be with those that are not.
	maxEntries  = 100_000
	maxUnpacked = 8 << 30
)

// location is a file to read, found but not opened.
type location struct {
	// path is how people name it, and at where it lies.
	path, at string
	// name is the path within the folder that was named, with slashes; for a file
	// that was named itself, its base name.
	name string
	// inside says that a folder was named, and the name is part of what the input
	// says.
	inside bool
	text   bool // as of the request
	// member is the file within the zip archive that lies there; empty for the file itself.
	member string
	size   int64
}

// within returns where a path lies that is relative to a folder; an empty folder
// is the working one.
func within(dir, path string) string {
	if dir == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// find lists the files that the request's paths name, in order: by path as given,
// then by name within a folder. Files in folders count by their ending; hidden ones
// do not. The notes say how many files of a folder were passed over.
func (r Request) find(k kind) (found []location, notes []string, err error) {
	paths := slices.Clone(r.Paths)
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		at := within(r.Dir, p)
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil, fault.New(fault.NotFound, "there is no such file or folder").At("%s", p).Next("check the path")
		case err != nil:
			return nil, nil, unreadable(p, err)
		case !info.IsDir() && !info.Mode().IsRegular():
			return nil, nil, fault.New(fault.Invalid, "this is neither a file nor a folder, so that it cannot be read twice").At("%s", p).
				Next("write what comes from it to a file, and add that")
		case !info.IsDir():
			found = append(found, location{path: p, at: at, name: filepath.Base(p), size: info.Size()})
			continue
		}
		inside, others, err := folder(p, at, k)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, inside...)
		if others > 0 {
			notes = append(notes, fmt.Sprintf("%s: passed over %s of other endings than %s", p, plural(others, "file"), k.listed()))
		}
	}
	for i := range found {
		found[i].text = r.Text
	}
	return found, notes, nil
}

func unreadable(p string, err error) error {
	return fault.New(fault.Unavailable, "the file cannot be read").At("%s", p).Because(err).Next("check that you may read it")
}

// folder lists the files of a kind in a folder, and counts the others.
func folder(dir, at string, k kind) (found []location, others int, err error) {
	err = filepath.WalkDir(at, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p != at && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if !k.ends(d.Name()) {
			others++
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(at, p)
		found = append(found, location{path: filepath.Join(dir, rel), at: p, name: filepath.ToSlash(rel), inside: true, size: info.Size()})
		return err
	})
	if err != nil {
		return nil, 0, unreadable(dir, err)
	}
	if len(found) == 0 {
		return nil, 0, fault.New(fault.Invalid, "the folder holds no %s (%s)", k.Files, k.listed()).
			At("%s", dir).Next("name the folder that holds them, or the file itself")
	}
	slices.SortFunc(found, func(a, b location) int { return cmp.Compare(a.name, b.name) })
	return found, others, nil
}

// ends reports whether a file in a folder is one of the kind.
func (k kind) ends(name string) bool {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	if strings.HasSuffix(name, ".xlsx") {
		name = strings.TrimSuffix(name, ".xlsx") + ".csv" // its first sheet is read as such
	}
	return slices.ContainsFunc(k.Endings, func(e string) bool { return strings.HasSuffix(name, e) })
}

// listed are the endings of its files, for people.
func (k kind) listed() string {
	return strings.Join(k.Endings, ", ") + ", each alone or packed: .gz, .zst"
}

// file is one input in memory, unpacked.
type file struct {
	// name is the path within its folder or archive, with slashes; shown is how
	// people find it.
	name, shown string
	data        []byte
	order       decode.Order // of day and month in its dates, as the request says
}

// text is the content, with what is said of it.
func (f *file) text() io.Reader { return decode.Text{Reader: bytes.NewReader(f.data), Order: f.order} }

// open reads the files at the locations, unpacks gzip and tar, and returns them
// with the hash of the bytes as they lie on the disk. Progress is told the bytes.
func open(ctx context.Context, where []location, k kind, progress func(n int64)) ([]file, [32]byte, error) {
	h := sha256.New()
	var files []file
	var held int64
	for _, l := range where {
		if err := ctx.Err(); err != nil {
			return nil, [32]byte{}, err
		}
		data, err := l.read()
		if err != nil {
			return nil, [32]byte{}, err
		}
		l.sign(h, int64(len(data)))
		h.Write(data)
		unpacked, err := unpack(l, data, k)
		if err != nil {
			return nil, [32]byte{}, err
		}
		for i := range unpacked {
			held += int64(len(unpacked[i].data))
		}
		if held > maxArchive {
			return nil, [32]byte{}, tooLarge(l.path, maxArchive)
		}
		files = append(files, unpacked...)
		progress(int64(len(data)))
	}
	return files, [32]byte(h.Sum(nil)), nil
}

// sign adds to a hash what the place of a file says: its name, when it is one of
// a folder, and its size, so that names and bytes cannot run together.
func (l location) sign(h hash.Hash, size int64) {
	if l.inside {
		h.Write(binary.BigEndian.AppendUint64([]byte(l.name+"\x00"), uint64(size)))
	}
}

func hexSum(sum [32]byte) string { return hex.EncodeToString(sum[:]) }

// read reads a file whole and refuses one that changes meanwhile.
func (l location) read() ([]byte, error) {
	f, err := os.Open(l.at)
	if err != nil {
		return nil, unreadable(l.path, err)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return nil, unreadable(l.path, err)
	}
	if before.Size() > maxFile {
		return nil, tooLarge(l.path, maxFile)
	}
	data, err := io.ReadAll(io.LimitReader(f, before.Size()+1))
	if err != nil {
		return nil, unreadable(l.path, err)
	}
	after, err := os.Stat(l.at)
	if err != nil || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) || int64(len(data)) != before.Size() {
		return nil, changed(l.path)
	}
	return data, nil
}

func changed(p string) error {
	return fault.New(fault.Conflict, "the file changed while it was read").At("%s", p).Next("wait until it is written, and add it again; nothing was added")
}

func tooLarge(p string, bound int64) error {
	return fault.New(fault.Invalid, "the input is larger than %d MiB", bound>>20).At("%s", p).Next("split it into several batches")
}

// unpack returns the files that data holds: the entries of an archive, the first sheet
// of a workbook, or itself.
func unpack(l location, data []byte, k kind) ([]file, error) {
	if l.text {
		return []file{{name: l.name, shown: l.path, data: data}}, nil
	}
	head, err := beginning(l, data)
	switch {
	case err != nil:
		return nil, err
	case isTar(head):
		return untar(l, data, k)
	case workbook.Is(head):
		text, _, err := workbook.Text(l.path, data, maxFile)
		return []file{{name: l.name, shown: l.path, data: text}}, err
	case isZip(head):
		return unzip(l, data, k)
	}
	if err := foreign(l.path, head); err != nil && !l.inside { // in a folder it is one reject
		return nil, err
	}
	if data, err = inflate(l, data); err != nil {
		return nil, err
	}
	return []file{{name: l.name, shown: l.path, data: data}}, nil
}

// unpacked returns a reader of data, unpacked if it is packed with gzip or zstd, and as
// UTF-8 where a mark says that it is UTF-16.
func unpacked(l location, data []byte) (io.Reader, error) {
	r, err := unpackedFrom(data, bytes.NewReader(data))
	if err != nil {
		return nil, damaged(l.path, packing(data), err)
	}
	return r, nil
}

// packing names how data is packed, for messages.
func packing(data []byte) string {
	if isZstd(data) {
		return "zstd"
	}
	return "gzip"
}

// plain returns the text behind a reader: unpacked if need be, and as UTF-8 where a mark
// says that it is UTF-16.
func plain(raw *bufio.Reader) (*bufio.Reader, error) {
	head, _ := raw.Peek(4)
	return unpackedFrom(head, raw)
}

// unpackedFrom is plain for text that begins with head. From bytes in memory gzip is read faster
// than from a buffer.
func unpackedFrom(head []byte, raw io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReader(raw)
	switch {
	case isGzip(head):
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, err
		}
		text = bufio.NewReaderSize(z, 1<<16)
	case isZstd(head):
		// One window at a time, so that what is packed cannot ask for more.
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		text = bufio.NewReaderSize(z, 1<<16)
	}
	if mark, _ := text.Peek(2); string(mark) == "\xff\xfe" || string(mark) == "\xfe\xff" {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		text = bufio.NewReaderSize(transform.NewReader(text, utf16), 1<<16)
	}
	return text, nil
}

// maxWindow is how far back what is packed with zstd may point, in bytes: that of zstd's
// own limit for a stranger's file.
const maxWindow = 128 << 20

// beginning returns the first bytes of data, unpacked.
func beginning(l location, data []byte) ([]byte, error) {
	r, err := unpacked(l, data)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && (isPacked(data) && n == 0 || err != io.ErrUnexpectedEOF) {
		return nil, damaged(l.path, packing(data), err)
	}
	return head[:n], nil
}

// isGzip reports whether data begins as gzip does, isZstd as zstd (RFC 8878, section
// 3.1.1) and isZip as an archive of that form that has an entry.
func isGzip(data []byte) bool { return bytes.HasPrefix(data, []byte{0x1f, 0x8b}) }
func isZstd(data []byte) bool { return bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}) }
func isZip(data []byte) bool  { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

func isPacked(data []byte) bool { return isGzip(data) || isZstd(data) }

// isTar reports whether data begins with a tar header (POSIX ustar or GNU).
func isTar(data []byte) bool { return len(data) >= 512 && string(data[257:262]) == "ustar" }

// inflate returns data unpacked. It is unpacked twice: to know its size costs no memory,
// and what is too large is never held.
func inflate(l location, data []byte) ([]byte, error) {
	if !isPacked(data) && !isWide(data) {
		return data, nil
	}
	r, err := unpacked(l, data)
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(io.Discard, io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, damaged(l.path, packing(data), err)
	}
	if size > maxFile {
		return nil, tooLarge(l.path, maxFile)
	}
	if r, err = unpacked(l, data); err != nil {
		return nil, err
	}
	plain := make([]byte, size)
	if _, err := io.ReadFull(r, plain); err != nil {
		return nil, damaged(l.path, packing(data), err)
	}
	return plain, nil
}

// isWide reports whether data begins with a mark of UTF-16.
func isWide(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
}

// packings are the beginnings of files that are packed in a way that is not read.
var packings = [...]struct{ magic, name string }{{"BZh", "packed with bzip2"}, {"\xfd7zXZ\x00", "packed with xz"}, {"7z\xbc\xaf", "packed with 7-Zip"},
	{"PK\x05\x06", "a zip archive that holds nothing"}}

// foreign returns fault.Invalid for a file that begins with head and is packed, or
// written, in a way that is not read.
func foreign(p string, head []byte) error {
	if isTar(head) {
		return fault.New(fault.Invalid, "the file is a tar archive, in which alerts and dispositions do not come").At("%s", p).Next("unpack it, and name the folder, or pack it as zip")
	}
	for _, m := range packings {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return fault.New(fault.Invalid, "the file is %s, which is not read", m.name).At("%s", p).
				Next("unpack it, or pack it with gzip, zstd or zip")
		}
	}
	if bytes.IndexByte(head[:min(len(head), 64)], 0) >= 0 { // further on it is one record's fault
		return fault.New(fault.Invalid, "the file is not text").At("%s", p).Next("check that this is the file you mean; nothing was added")
	}
	return nil
}

func damaged(p, what string, err error) error {
	return fault.New(fault.Invalid, "the %s data is damaged", what).At("%s", p).Because(err).Next("fetch or pack the file again")
}

// maxHeld is how much of an archive is held while it is not known how much there is, in bytes.
const maxHeld = 64 << 20

// untar returns the entries of an archive that are files of the kind, in the
// order of their names. Of one that has more than a little the heads are read first: what
// is too much is never held.
func untar(l location, data []byte, k kind) ([]file, error) {
	var files []file
	keep := func(name string, size int64, text io.Reader) error {
		body := make([]byte, size)
		if _, err := io.ReadFull(text, body); err != nil {
			return damaged(l.path, "tar", err)
		}
		files = append(files, file{name: name, shown: l.path + "/" + name, data: body})
		return nil
	}
	n, left := 0, int64(maxArchive) // a hole in a file of an archive takes no room there
	err := eachPacked(l, data, k, func(name string, size int64, text io.Reader) error {
		if left -= size; left < 0 {
			return tooLarge(l.path, maxArchive)
		}
		if n++; n > maxEntries {
			return fault.New(fault.Invalid, "the archive holds more than %d files that are read", maxEntries).At("%s", l.path).Next("split it into several batches")
		}
		if maxArchive-left > maxHeld {
			files = nil
			return nil
		}
		return keep(name, size, text)
	})
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fault.New(fault.Invalid, "the archive holds no %s (%s)", k.Files, k.listed()).
			At("%s", l.path).Next("name the archive that holds them")
	}
	if len(files) < n {
		files = make([]file, 0, n)
		err = eachPacked(l, data, k, keep)
	}
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	return files, err
}

// eachPacked calls fn with every file of the kind in an archive.
func eachPacked(l location, data []byte, k kind, fn func(name string, size int64, text io.Reader) error) error {
	text, err := unpacked(l, data)
	if err != nil {
		return err
	}
	bounded := &io.LimitedReader{R: text, N: maxUnpacked}
	for r := tar.NewReader(bounded); ; {
		name, size, err := packed(r, k)
		switch {
		case err == io.EOF: // behind the end there is the checksum of gzip
			if _, err = io.Copy(io.Discard, bounded); err != nil {
				return damaged(l.path, "gzip", err)
			}
			return nil
		case bounded.N <= 0:
			return tooLarge(l.path, maxUnpacked)
		case err != nil:
			return damaged(l.path, "tar", err)
		}
		if err := fn(name, size, r); err != nil {
			return err
		}
	}
}

// packed goes to the next member of an archive that is a file of the kind.
func packed(r *tar.Reader, k kind) (name string, size int64, err error) {
	for {
		head, err := r.Next()
		if err != nil {
			return "", 0, err
		}
		name := path.Clean("/" + head.Name)[1:]
		if head.Typeflag == tar.TypeReg && !hidden(name) && k.ends(name) {
			return name, head.Size, nil
		}
	}
}

// peekTar shows the heads of the files in an archive that may be evidence.
func peekTar(l location, text io.Reader, show func(name string, head []byte) (more bool)) error {
	k, r := anyKind(), tar.NewReader(text)
	for range maxPeeked {
		name, _, err := packed(r, k)
		if err == io.EOF {
			return nil
		}
		var head []byte
		if err == nil {
			head, err = io.ReadAll(io.LimitReader(r, headSize))
		}
		if err != nil {
			return damaged(l.path, "tar", err)
		}
		if !show(name, head) {
			return nil
		}
	}
	return nil
}

// hidden reports whether a path has an element that begins with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

// meter tells progress in bytes.
func meter(total int64, tell func(done, total int64)) func(n int64) {
	var done int64
	return func(n int64) {
		done += n
		if tell != nil {
			tell(done, total)
		}
	}
}

// sizes sums the sizes of files.
func sizes(where []location) int64 {
	var n int64
	for _, l := range where {
		n += l.size
	}
	return n
}

// known lists the batches of a store among which the input may be. A store that is
// nil has none.
func (r Request) known(ctx context.Context, s interface {
	Batches(ctx context.Context) ([]store.Batch, error)
}) ([]store.Batch, error) {
	if s == nil || r.New {
		return nil, nil
	}
	return s.Batches(ctx)
}

// earlier returns the batch that brought the same input and counts, if there is
// one. Where such a batch was withdrawn, b gets an id that none has.
func earlier(batches []store.Batch, b *batch) (store.Batch, bool) {
	taken := map[string]bool{}
	for _, o := range batches {
		if o.Kind == b.Kind && o.Hash == b.Hash && o.Withdrawn == nil {
			return o, true
		}
		taken[o.ID] = true
	}
	first := b.ID
	for n := 2; taken[b.ID]; n++ {
		b.ID = fmt.Sprintf("%s-%d", first, n)
	}
	b.rejects.name = b.ID
	return store.Batch{}, false
}

// wrap says which step of adding a batch failed, for errors that are not told to
// people as they are.
func wrap(step, id string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s batch %s: %w", step, id, err)
}
