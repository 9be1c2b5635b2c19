package custody

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"

	"candor/internal/fault"
)

// roomy says of an error that came of a full disk what to do; others are returned
// as they are.
func (k *Keeper) roomy(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) || !full(err) {
		return err
	}
	return fault.New(fault.Unavailable, "there is no room left on the disk of the data folder, and nothing was added").At("%s", filepath.Dir(k.Policy)).
		Because(err).Next("make room on that disk and run the command again; what was there before is whole")
}

// full reports whether an error came of a full disk. SQLite and DuckDB hand on what
// the system said in words alone.
func full(err error) bool {
	text := err.Error()
	return errors.Is(err, syscall.ENOSPC) || strings.Contains(text, "database or disk is full") || strings.Contains(text, "No space left on device")
}

// Damaged reports whether an error came of a file whose pages or blocks are not what
// an engine wrote. Both engines say so in words alone.
func Damaged(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "Corrupt database file") || strings.Contains(text, "database disk image is malformed")
}
