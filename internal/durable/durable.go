// Package durable writes files so that they outlast the machine, whatever its system
// keeps in memory. It refuses to write a part of a file: what is at a path is what was
// there before, or all of what is there now.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Write puts a file with these contents at path, through one of that name with .new
// behind it. One process at a time may.
func Write(path string, contents []byte, perm fs.FileMode) error {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(contents)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return Rename(fresh, path)
}

// Rename renames a file within a folder.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return Names(filepath.Dir(to))
}

// Names makes the names in a folder durable, of files that were made, renamed and
// removed. Windows does so by itself, and refuses to be told.
func Names(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
