package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"candor/internal/durable"
	"candor/internal/scratch"
)

// The names of folders in which backups are made, and restored, begin so.
const (
	madeIn     = ".candor-backup-"
	restoredIn = ".candor-restore-"
)

// marker is the file in a data folder that names the folder in which a backup of it is
// being made.
const marker = "backup.stage"

// mark notes where a backup is made, so that the next writer finds what a killed
// process left there.
func (j *Job) mark() error {
	at, err := filepath.Abs(filepath.Dir(j.To))
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(j.Dir, marker), []byte(at), 0o600)
}

// unmark forgets it.
func (j *Job) unmark() { _ = os.Remove(filepath.Join(j.Dir, marker)) }

// Collect removes what a process left that was killed while it made a backup of the data
// folder dir. Only who writes to the folder may call it. One that cannot be removed is
// left.
func Collect(dir string) error {
	at, err := os.ReadFile(filepath.Join(dir, marker))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	scratch.Collect(string(at), madeIn)
	return os.Remove(filepath.Join(dir, marker))
}
