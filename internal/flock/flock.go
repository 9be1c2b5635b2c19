// Package flock takes the operating system's locks on whole files, which end with the
// process that has them, however it ends. It refuses to wait for one.
package flock

import "errors"

// ErrHeld says that another process has the lock.
var ErrHeld = errors.New("held by another process")
