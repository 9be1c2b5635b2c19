//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package flock

import (
	"errors"
	"os"
)

// Try refuses, because without a lock two processes could write at once.
func Try(*os.File) error { return errors.ErrUnsupported }
