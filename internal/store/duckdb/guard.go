//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A checkpoint brings what is in the log into the file. It adds to blocks that tell
// what the tables consist of and that the file needs until its head speaks of others:
// where one of them has room, the engine fills it and writes the whole block anew. A
// process that ends within such a write leaves a block of which a part is new and the
// rest is not. Its checksum fits neither, and the engine opens the file no more. So
// these blocks are kept beside the file, in its guard, until the checkpoint is done.

const (
	// headPage is the size of each of the three pages of a file's head, in bytes: one
	// for good, and two of which the one with the higher count is what holds.
	headPage = 4096
	headSize = 3 * headPage
	// guardMagic begins a guard.
	guardMagic = "candor guard 1\n\x00"
	// maxLog is how large a log may get while the file is open, in bytes. It is large
	// because dispositions are spread over all that there is, and each checkpoint
	// rewrites whole columns of it.
	maxLog = 256 << 20
)

func guardOf(path string) string { return path + ".guard" }

// logged is how many bytes are in the log of the file at path.
func logged(path string) int64 {
	info, err := os.Stat(log(path))
	if err != nil {
		return 0
	}
	return info.Size()
}

// relieve brings the log into the file once it is large. What cannot be brought now
// is not lost: it stays in the log, from which it is read.
func (a *Alerts) relieve(ctx context.Context) {
	if logged(a.path) > maxLog {
		_ = a.checkpoint(ctx)
	}
}

// checkpoint brings the log into the file. Nothing else may write meanwhile. The
// guard stays where the engine gave up.
func (a *Alerts) checkpoint(ctx context.Context) error {
	if logged(a.path) == 0 {
		return nil
	}
	if err := a.protect(ctx); err != nil {
		return fmt.Errorf("guard %s: %w", a.path, err)
	}
	if _, err := a.db.ExecContext(ctx, `CHECKPOINT`); err != nil {
		return err
	}
	return os.Remove(guardOf(a.path))
}

// protect writes the guard of the file as it is.
func (a *Alerts) protect(ctx context.Context) error {
	g := guard{}
	if err := a.db.QueryRowContext(ctx, `SELECT block_size FROM pragma_database_size() WHERE database_name = current_database()`).Scan(&g.size); err != nil {
		return err
	}
	file, err := a.file()
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	broken := g.keep(file, 0, headSize)
	err = a.scan(ctx, 1, func(v []value) {
		// What is not in the file yet is not needed.
		if at := headSize + v[0].(int64)*g.size; broken == nil && at+g.size <= info.Size() {
			broken = g.keep(file, at, g.size)
		}
	}, `SELECT block_id FROM pragma_metadata_info()`)
	if err := errors.Join(err, broken); err != nil {
		return err
	}
	return writeDurably(guardOf(a.path), g.encode())
}

// guard is what a file was before a checkpoint.
type guard struct {
	size  int64 // of a block, in bytes
	parts []part
}

// part is a part of a file. The first one of a guard is the head.
type part struct {
	at    int64
	bytes []byte
}

// keep adds what the file has at a place.
func (g *guard) keep(file *os.File, at, size int64) error {
	p := part{at, make([]byte, size)}
	g.parts = append(g.parts, p)
	_, err := file.ReadAt(p.bytes, at)
	return err
}

// encode returns the contents of the guard's file: each part behind its place and its
// length, and the SHA-256 of it all.
func (g *guard) encode() []byte {
	b := []byte(guardMagic)
	for _, p := range g.parts {
		b = binary.LittleEndian.AppendUint64(b, uint64(p.at))
		b = binary.LittleEndian.AppendUint64(b, uint64(len(p.bytes)))
		b = append(b, p.bytes...)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// decodeGuard reads what encode wrote, and reports whether it is that.
func decodeGuard(b []byte) (g guard, sound bool) {
	b, sum := b[:max(0, len(b)-sha256.Size)], b[max(0, len(b)-sha256.Size):]
	if want := sha256.Sum256(b); !bytes.Equal(sum, want[:]) {
		return guard{}, false
	}
	for b, sound = bytes.CutPrefix(b, []byte(guardMagic)); sound && len(b) > 0; {
		at, size := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		g.parts = append(g.parts, part{int64(at), b[16 : 16+size]})
		b = b[16+size:]
	}
	return g, sound && len(g.parts) > 0 && len(g.parts[0].bytes) == headSize
}

// restore makes file what it was, unless it has got a new head since: that is written
// when all is there that it speaks of.
func (g *guard) restore(file *os.File) error {
	head := make([]byte, headSize)
	if _, err := file.ReadAt(head, 0); err != nil {
		return err
	}
	if !bytes.Equal(head, g.parts[0].bytes) && intact(head[headPage:2*headPage]) && intact(head[2*headPage:]) {
		return nil
	}
	for _, p := range g.parts {
		if _, err := file.WriteAt(p.bytes, p.at); err != nil {
			return err
		}
	}
	return file.Sync()
}

// intact reports whether a page of the head has the checksum with which it begins, as
// DuckDB computes it over the eight-byte words behind it.
func intact(page []byte) bool {
	sum := uint64(5381)
	for words := page[8:]; len(words) > 0; words = words[8:] {
		sum ^= binary.LittleEndian.Uint64(words) * 0xbf58476d1ce4e5b9
	}
	return sum == binary.LittleEndian.Uint64(page)
}

// ready returns ErrUnready when a process ended while it brought the log into the file
// at path, and fault.Conflict while one does.
func ready(path string) error {
	if _, err := os.Stat(guardOf(path)); err != nil {
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return refused(path, err)
	}
	defer file.Close() // which ends the lock
	if err := lock(file); err != nil {
		return busy(path, err)
	}
	return ErrUnready
}

// mend puts back what a checkpoint wrote over that did not come to its end, and
// removes the guard. One that is damaged puts nothing back. It is fault.Conflict when
// another process has the file open.
func mend(path string) error {
	kept, err := os.ReadFile(guardOf(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return refused(path, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return refused(path, err)
	}
	defer file.Close() // which ends the lock
	if err := lock(file); err != nil {
		return busy(path, err)
	}
	if g, sound := decodeGuard(kept); sound {
		err = g.restore(file)
	}
	if err == nil {
		err = os.Remove(guardOf(path))
	}
	if err != nil {
		return refused(path, fmt.Errorf("put back what %s keeps: %w", guardOf(path), err))
	}
	return nil
}

// writeDurably puts a file with these contents at path, whole or not at all, and
// returns once it would outlast the machine.
func writeDurably(path string, contents []byte) error {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(contents)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return moveDurably(fresh, path)
}

// moveDurably renames a file, and returns once that would outlast the machine.
func moveDurably(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
