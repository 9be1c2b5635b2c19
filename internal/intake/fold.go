package intake

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"candor/internal/crew"
	"candor/internal/fault"
	"candor/internal/ingest"
)

// grace is how long an intake that stops makes batches of what is left. What is
// left after that is on the disk, and becomes batches at the next start.
const grace = 5 * time.Second

// refusedDir is the folder, in that of the journal, of segments of which no batch
// could be made.
const refusedDir = "refused"

// Start takes up what an earlier process left, takes requests from now on, and
// makes batches of the journal so often. What stops it makes batches of the rest.
func (s *Service) Start(every time.Duration, log *slog.Logger) (stop func(), err error) {
	s.every, s.log = every, log
	if err := s.recover(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.taking = true
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	done := crew.Go(func() error { s.run(ctx); return nil })
	return func() {
		s.mu.Lock()
		s.taking = false
		s.mu.Unlock()
		cancel()
		<-done
		last, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		s.report(crew.Do(func() error { return s.Fold(last) }))
	}, nil
}

// run makes batches when a segment is full, and every so often. After a failure
// it waits for the next time.
func (s *Service) run(ctx context.Context) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for wake := s.wake; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-wake:
		}
		wake = s.wake
		if err := crew.Do(func() error { return cmp.Or(s.Fold(ctx), s.compact(ctx)) }); err != nil {
			s.report(err)
			wake = nil
		}
	}
}

func (s *Service) report(err error) {
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		s.log.Error("pushed evidence waits: no batch could be made of it", "error", err)
	}
}

// Fold makes batches of everything that was acknowledged before it was called:
// alerts first, so that whatever speaks of them finds them. It stops at the first
// batch that cannot land; what is left stays in the journal.
func (s *Service) Fold(ctx context.Context) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	s.mu.Lock()
	for of, g := range s.open {
		s.ready = append(s.ready, g)
		delete(s.open, of)
	}
	due := slices.Clone(s.ready)
	s.mu.Unlock()
	slices.SortFunc(due, func(a, b *segment) int {
		x, at, _ := parseName(a.name)
		y, bt, _ := parseName(b.name)
		return cmp.Or(cmp.Compare(kindOrder(x.kind), kindOrder(y.kind)), at.Compare(bt))
	})
	for _, g := range due {
		if err := s.land(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// land makes a batch of a segment and takes it out of the journal. A segment that
// had landed already is recognised by its hash.
func (s *Service) land(ctx context.Context, g *segment) error {
	size, err := g.seal()
	if err != nil {
		return unwritten(g.path, err)
	}
	if size > 0 {
		of, _, _ := parseName(g.name)
		fresh := !g.tried
		g.tried = true
		g.landed, err = s.in.Add(ctx, ingest.Request{Kind: of.kind, Paths: []string{filepath.Dir(g.path)}, Format: "candor-jsonl", Text: true,
			By: of.author(), RejectsDir: s.RejectsDir, New: fresh})
	}
	switch {
	case fault.KindOf(err) == fault.Invalid:
		g.refused = err
		err = s.refuse(g, err)
	case err == nil:
		err = g.remove()
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting -= size
	s.folded++
	s.ready = slices.DeleteFunc(s.ready, func(r *segment) bool { return r == g })
	return nil
}

// compact merges small batches, when so many were made since it did last that there may be
// enough.
func (s *Service) compact(ctx context.Context) error {
	s.mu.Lock()
	due := s.Compact != nil && s.folded >= s.due
	if due {
		s.folded, s.due = 0, Enough
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	if err := s.Compact(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("batches of pushed evidence could not be merged", "error", err)
	}
	return nil
}

// refuse puts a segment aside of which no batch can be made, however often it is
// tried.
func (s *Service) refuse(g *segment, why error) error {
	s.log.Warn("pushed evidence was put aside: no batch can be made of it", "segment", g.name, "folder", filepath.Join(s.Dir, refusedDir), "error", why)
	if err := os.MkdirAll(filepath.Join(s.Dir, refusedDir), 0o700); err != nil {
		return err
	}
	return os.Rename(filepath.Dir(g.path), filepath.Join(s.Dir, refusedDir, g.name))
}

// recover takes up the segments that an earlier process left. What it had not
// acknowledged may end in the middle of a line, which is cut off.
func (s *Service) recover() error {
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Unavailable, "the journal cannot be read").At("%s", s.Dir).Because(err).Next("check that you may read the folder")
	}
	for _, e := range entries {
		_, at, ok := parseName(e.Name())
		if !ok {
			continue
		}
		if at.After(s.last) {
			s.last = at
		}
		g := &segment{name: e.Name(), path: fileIn(s.Dir, e.Name()), sealed: true, tried: true}
		if g.synced, err = mend(g.path); err != nil {
			return fault.New(fault.Unavailable, "the journal cannot be read").At("%s", g.path).Because(err).Next("check that you may read and write it")
		}
		s.ready = append(s.ready, g)
		s.waiting += g.synced
		s.hurry()
	}
	return nil
}

// mend cuts off what lies behind the last line end of a file and returns its size.
// A file that is not there has none.
func mend(path string) (int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, errors.Join(err, f.Close())
	}
	end, err := lastLine(f, size)
	if err == nil && end < size {
		err = errors.Join(f.Truncate(end), f.Sync())
	}
	return end, errors.Join(err, f.Close())
}

// lastLine returns the offset behind the last line end of the first size bytes.
func lastLine(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 1<<16)
	for end := size; end > 0; {
		from := max(0, end-int64(len(buf)))
		n, err := f.ReadAt(buf[:end-from], from)
		if err != nil && !(err == io.EOF && int64(n) == end-from) {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}
