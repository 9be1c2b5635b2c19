//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/durable"
	"candor/internal/fault"
)

// What the engine does not do whole is guarded: a file beside the store's, its guard,
// keeps what was there before, until it is done. Who opens a store that has a guard
// puts that back.
//
// A commit appends to the log. Of a transaction that lies in the log in part, because
// the process ended meanwhile, the engine takes up the rows that had been written to
// the file before, and it leaves the others out. So the guard of a commit has the
// length of the log.
//
// A checkpoint brings what is in the log into the file. It adds to blocks that tell
// what the tables consist of and that the file needs until its head speaks of others:
// where one of them has room, the engine fills it and writes the whole block anew. If
// the process ends within that, a part of the block is new and the rest is not; its
// checksum fits neither, and the engine opens the file no more. So the guard of a
// checkpoint has these blocks and the head.

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
	// settled stands for the length of a log that needs no guard, and broken for that of
	// a store that has to be opened again.
	settled = -1
	broken  = -2
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

// relieve brings the log into the file if it has more than so many bytes. What cannot
// be brought now is not lost: it stays in the log, from which it is read. An engine
// that runs out of room meanwhile gives up for good, so there has to be room for all
// that it may write anew.
func (a *Alerts) relieve(ctx context.Context, most int64) {
	length := logged(a.path)
	if info, err := os.Stat(a.path); length > most && err == nil && room(a.path) > info.Size()+2*length {
		_ = a.checkpoint(ctx)
	}
}

// writable refuses a store that could not take back what it could not write.
func (a *Alerts) writable() error {
	if a.doubt == settled || a.doubt == logged(a.path) {
		return nil
	}
	return fault.New(fault.Unavailable, "the alert store could not be written before, and has to be opened again").At("%s", a.path).
		Next("end this process and start it again; nothing that was acknowledged is lost")
}

// commit ends a transaction of a store that is writable. It has the turn. One that
// fails leaves its guard, because the log may have a part of it; the next one goes on
// where the engine has taken that back.
func (a *Alerts) commit(tx *sql.Tx) error {
	if err := a.writable(); err != nil {
		return err
	}
	if a.doubt == settled {
		g := guard{log: logged(a.path)}
		if err := durable.Write(guardOf(a.path), g.encode(), 0o600); err != nil {
			return fmt.Errorf("guard %s: %w", a.path, err)
		}
		a.doubt = g.log
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return a.unguard()
}

// checkpoint brings the log into the file. It has the turn, and goes on when ctx ends.
// The engine refuses while somebody reads what was there before the last commit. Where
// it gives up, the guard stays, and with it the store as it was.
func (a *Alerts) checkpoint(ctx context.Context) error {
	if logged(a.path) == 0 || a.writable() != nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if err := a.protect(ctx); err != nil {
		return fmt.Errorf("guard %s: %w", a.path, err)
	}
	_, err := a.db.ExecContext(ctx, `CHECKPOINT`)
	if err != nil && !strings.Contains(err.Error(), "Cannot CHECKPOINT") {
		a.doubt = broken
		return fmt.Errorf("bring the log of %s into it: %w", a.path, err)
	}
	return errors.Join(err, a.unguard())
}

// unguard removes the guard, and returns once that would outlast the machine. One that
// cannot be removed is made one of nothing.
func (a *Alerts) unguard() error {
	if err := os.Remove(guardOf(a.path)); err != nil {
		nothing := guard{log: settled}
		if again := durable.Write(guardOf(a.path), nothing.encode(), 0o600); again != nil {
			return errors.Join(err, again)
		}
	}
	a.doubt = settled
	return durable.Names(filepath.Dir(a.path))
}

// protect writes the guard of the file as it is.
func (a *Alerts) protect(ctx context.Context) error {
	g := guard{log: settled}
	var size int64 // of a block
	if err := a.db.QueryRowContext(ctx, `SELECT block_size FROM pragma_database_size() WHERE database_name = current_database()`).Scan(&size); err != nil {
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
	unread := g.keep(file, 0, headSize)
	err = a.scan(ctx, 1, func(v []value) {
		// What is not in the file yet is not needed.
		if at := headSize + v[0].(int64)*size; unread == nil && at+size <= info.Size() {
			unread = g.keep(file, at, size)
		}
	}, `SELECT block_id FROM pragma_metadata_info()`)
	if err := errors.Join(err, unread); err != nil {
		return err
	}
	return durable.Write(guardOf(a.path), g.encode(), 0o600)
}

// guard is what a store was before a commit or a checkpoint.
type guard struct {
	log   int64 // its length in bytes, or settled
	parts []part
}

// part is a part of the file. The first one of a guard, if it has any, is the head.
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

// encode returns the contents of the guard's file: the length of the log, each part
// behind its place and its length, and the SHA-256 of it all.
func (g *guard) encode() []byte {
	b := binary.LittleEndian.AppendUint64([]byte(guardMagic), uint64(g.log))
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
	b, sound = bytes.CutPrefix(b, []byte(guardMagic))
	if !sound || len(b) < 8 {
		return guard{}, false
	}
	for g.log, b = int64(binary.LittleEndian.Uint64(b)), b[8:]; len(b) > 0; {
		if len(b) < 16 || binary.LittleEndian.Uint64(b[8:]) > uint64(len(b)-16) {
			return guard{}, false
		}
		at, size := int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint64(b[8:])
		if at < 0 || len(g.parts) == 0 && (at != 0 || size != headSize) {
			return guard{}, false
		}
		g.parts = append(g.parts, part{at, b[16 : 16+size]})
		b = b[16+size:]
	}
	return g, g.log >= settled
}

// restore makes the file, and the log at a path, what they were. A file that has got a
// new head since is left alone: that is written when all is there that it speaks of.
func (g *guard) restore(file *os.File, log string) error {
	if g.log != settled {
		if err := shorten(log, g.log); err != nil {
			return err
		}
	}
	if len(g.parts) == 0 {
		return nil
	}
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

// shorten cuts the log at path to a length. There may be none.
func shorten(path string, length int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > length {
		err = errors.Join(f.Truncate(length), f.Sync())
	}
	return errors.Join(err, f.Close())
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

// ready returns ErrUnready when the file at path has a guard that a process has left,
// and fault.Conflict while one has the file open.
func ready(path string) error {
	file, err := alone(path)
	if file == nil {
		return err
	}
	return errors.Join(ErrUnready, file.Close())
}

// mend puts back what was there before a commit or a checkpoint that did not come to
// its end, and removes the guard. One that is damaged puts nothing back. It is
// fault.Conflict when another process has the file open.
func mend(path string) error {
	file, err := alone(path)
	if file == nil {
		return err
	}
	defer file.Close() // which ends the lock
	kept, err := os.ReadFile(guardOf(path))
	if g, sound := decodeGuard(kept); err == nil && sound {
		err = g.restore(file, log(path))
	}
	if err == nil {
		err = os.Remove(guardOf(path))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unmended(path, err)
	}
	return nil
}

// alone opens a file that has a guard, for nobody else until it is closed. It returns
// no file where there is no guard.
func alone(path string) (*os.File, error) {
	if _, err := os.Stat(guardOf(path)); err != nil {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, unmended(path, err)
	}
	if err := lock(file); err != nil {
		return nil, errors.Join(busy(path, err), file.Close())
	}
	return file, nil
}

// unmended says that what a guard keeps cannot be put back.
func unmended(path string, err error) error {
	return fault.New(fault.Unavailable, "a process ended while it wrote the alert store, and this one cannot put back what was there before").At("%s", guardOf(path)).
		Because(err).Next("run any candor command once as someone who may write the data folder; nothing that was acknowledged is lost")
}
