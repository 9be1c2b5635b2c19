//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package hold

import (
	"errors"
	"os"
	"syscall"
)

// lock locks file for this process alone, or returns ErrHeld at once.
func lock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrHeld
		default:
			return err
		}
	}
}
