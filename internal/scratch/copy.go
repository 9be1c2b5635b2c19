package scratch

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy copies those of some files that are there into a folder, as they are at one
// moment. It fails when somebody writes to them all the while.
func Copy(ctx context.Context, to string, files ...string) error {
	const tries = 5
	for range tries {
		before := look(files)
		for _, from := range files {
			if err := copyFile(ctx, from, filepath.Join(to, filepath.Base(from))); err != nil {
				return err
			}
		}
		if unchanged(before, look(files)) {
			return nil
		}
	}
	return errors.New("another process writes to it all the while")
}

// look returns what is known of files from outside, in their order; nil for one that is
// not there.
func look(files []string) []fs.FileInfo {
	infos := make([]fs.FileInfo, len(files))
	for i, name := range files {
		if info, err := os.Stat(name); err == nil {
			infos[i] = info
		}
	}
	return infos
}

// unchanged reports whether what is known of files is the same at two moments.
func unchanged(before, after []fs.FileInfo) bool {
	for i, b := range before {
		a := after[i]
		if (a == nil) != (b == nil) || a != nil && (a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime())) {
			return false
		}
	}
	return true
}

// copyFile copies a file, and makes sure that there is none where none was.
func copyFile(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, ending{ctx, in})
	return errors.Join(err, out.Close())
}

// ending reads until a context ends.
type ending struct {
	ctx context.Context
	r   io.Reader
}

func (e ending) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return e.r.Read(p)
}
