// Package scratch makes folders for what is needed for a while, and removes those that
// a process left which was killed.
//
// A folder is locked for as long as it is in use, so that the next one to be made in the
// same place tells whether it was left. Where files cannot be locked none is ever taken
// for left. The package refuses to remove what it did not make.
package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/flock"
)

// Folder is a folder in use. It is not safe for concurrent use.
type Folder struct {
	path string
	held *os.File
}

// tries is how often a folder is made anew that was taken for one that was left,
// because it was not locked yet.
const tries = 5

// Make makes a folder in another one, with a name that begins with a prefix, and first
// removes those with the prefix that were left. The prefix has to be of the caller's
// alone.
func Make(in, prefix string) (*Folder, error) {
	Collect(in, prefix)
	for try := 1; ; try++ {
		path, err := os.MkdirTemp(in, prefix)
		if err != nil {
			return nil, err
		}
		f, err := take(path)
		if err == nil || try == tries || !errors.Is(err, flock.ErrHeld) && !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
}

// take locks a folder, as far as the system can.
func take(path string) (*Folder, error) {
	held, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := flock.Try(held); errors.Is(err, flock.ErrHeld) {
		return nil, errors.Join(err, held.Close())
	}
	if _, err := os.Stat(path); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return &Folder{path, held}, nil
}

// Path is where the folder is.
func (f *Folder) Path() string { return f.path }

// Remove removes the folder and all that is in it. Once it has been called it does
// nothing.
func (f *Folder) Remove() error {
	if f.held == nil {
		return nil
	}
	held := f.held
	f.held = nil
	return errors.Join(os.RemoveAll(f.path), held.Close())
}

// Rename gives the folder its name for good, where it is in use no more.
func (f *Folder) Rename(to string) error {
	if err := os.Rename(f.path, to); err != nil {
		return err
	}
	held := f.held
	f.held = nil
	return held.Close()
}

// Collect removes the folders with a prefix that were left in another one.
func Collect(in, prefix string) {
	entries, err := os.ReadDir(in)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			remove(filepath.Join(in, e.Name()))
		}
	}
}

// remove removes a folder that nobody has locked. One that cannot be locked for another
// reason may be in use.
func remove(path string) {
	held, err := os.Open(path)
	if err != nil {
		return
	}
	defer held.Close()
	if flock.Try(held) == nil {
		_ = os.RemoveAll(path)
	}
}
