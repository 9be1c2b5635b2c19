package fault

import (
	"errors"
	"io/fs"
	"syscall"
)

// Rights returns the next step where the system lets candor not do with a file or
// folder what it must: whoever runs it has no right to, or the disk takes no writes.
// For any other error it returns the empty string.
func Rights(err error, place string) string {
	switch {
	case errors.Is(err, syscall.EROFS):
		return "nothing can be written on the disk that has " + place + ": name a place on another one"
	case errors.Is(err, fs.ErrPermission):
		return "give the user who runs candor the right to (chmod, chown) on " + place + ", or name another one"
	}
	return ""
}
