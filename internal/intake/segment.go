package intake

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/internal/durable"
	"candor/internal/ingest"
)

// stampForm writes the moment at which a segment was begun so that names sort by it.
const stampForm = "20060102T150405.000000000Z"

// nameOf names a segment: alerts-20261126T103000.123456789Z-edr.
func nameOf(of stream, at time.Time) string {
	return of.kind + "-" + at.UTC().Format(stampForm) + "-" + of.token
}

// parseName reads a name as nameOf writes it.
func parseName(name string) (of stream, at time.Time, ok bool) {
	parts := strings.SplitN(name, "-", 3)
	if len(parts) != 3 || !slices.Contains(Kinds(), parts[0]) || parts[2] == "" {
		return stream{}, time.Time{}, false
	}
	at, err := time.Parse(stampForm, parts[1])
	return stream{parts[0], parts[2]}, at, err == nil
}

// fileIn returns the path of a segment's file. It lies in a folder of its own:
// the name of a file in a folder is part of what a batch's hash is of, so that the
// same bytes pushed again later are another input.
func fileIn(dir, name string) string { return filepath.Join(dir, name, name+".jsonl") }

// errSealed says that a segment takes nothing any more.
var errSealed = errors.New("the segment is sealed")

// segment is a file of the journal. Appends that wait at the same time share one
// flush to the disk: the first to come flushes for all whose bytes are written by
// then, and the others wait for it.
type segment struct {
	name, path string
	// tried says that a batch may have been made of it already.
	tried bool
	// landed is the batch that it became, or refused why it became none. Whoever folds
	// sets them.
	landed  ingest.Result
	refused error

	mu      sync.Mutex
	flushed *sync.Cond
	file    *os.File // nil once it is sealed
	written int64    // end of the last whole append
	synced  int64    // what is on the disk
	syncing bool
	sealed  bool
	err     error // of a flush, after which the file's end is not known
}

// newSegment makes a segment, its names durable.
func newSegment(dir, name string) (*segment, error) {
	g := &segment{name: name, path: fileIn(dir, name)}
	g.flushed = sync.NewCond(&g.mu)
	if err := os.MkdirAll(filepath.Dir(g.path), 0o700); err != nil {
		return nil, err
	}
	var err error
	if g.file, err = os.OpenFile(g.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
		return nil, errors.Join(err, os.Remove(filepath.Dir(g.path)))
	}
	if err := errors.Join(durable.Names(filepath.Dir(g.path)), durable.Names(dir), durable.Names(filepath.Dir(dir))); err != nil {
		return nil, errors.Join(err, g.file.Close(), g.remove())
	}
	return g, nil
}

// full reports whether a segment takes no more: it has its size, or is broken.
func (g *segment) full(size int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err != nil || g.sealed || g.written >= size
}

// append adds lines and returns once they are on the disk, or it adds nothing. It
// returns errSealed for a segment that takes nothing any more.
func (g *segment) append(lines []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sealed || g.err != nil {
		return errSealed
	}
	if _, err := g.file.WriteAt(lines, g.written); err != nil {
		if cut := g.file.Truncate(g.written); cut != nil {
			g.err = errors.Join(err, cut)
		}
		return err
	}
	g.written += int64(len(lines))
	return g.flush(g.written)
}

// flush returns once the file is on the disk up to an offset. It is called with
// the lock held, and gives it up while it waits.
func (g *segment) flush(upTo int64) error {
	for g.synced < upTo && g.err == nil {
		if g.syncing {
			g.flushed.Wait()
			continue
		}
		g.syncing = true
		end := g.written
		g.mu.Unlock()
		err := g.file.Sync()
		g.mu.Lock()
		g.syncing = false
		if g.err = err; err == nil {
			g.synced = end
		}
		g.flushed.Broadcast()
	}
	if g.synced < upTo {
		return g.err
	}
	return nil
}

// seal makes the file what was acknowledged and closes it. It returns the file's
// size. It may be called again.
func (g *segment) seal() (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sealed = true
	if g.file == nil {
		return g.synced, nil
	}
	if err := g.flush(g.written); err != nil {
		// What was not acknowledged may be there in part, and must not become a batch.
		if err := errors.Join(g.file.Truncate(g.synced), g.file.Sync()); err != nil {
			return 0, err
		}
	}
	file := g.file
	g.file = nil
	return g.synced, file.Close()
}

// remove takes the segment out of the journal.
func (g *segment) remove() error {
	if err := os.Remove(g.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Remove(filepath.Dir(g.path))
}
