//go:build unix

package relay

import (
	"os"
	"syscall"
)

// own reports whether a file is of the user who runs this process.
func own(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}
