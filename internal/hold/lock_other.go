//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package hold

import (
	"errors"
	"os"
)

// lock refuses, because without a lock two processes could write at once.
func lock(*os.File) error { return errors.ErrUnsupported }
