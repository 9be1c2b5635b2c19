//go:build cgo && (linux || darwin) && (amd64 || arm64)

package duckdb

import (
	"os"
	"syscall"
)

// lock locks file as the engine locks it, until file is closed. It fails while the
// engine has it in another process.
func lock(file *os.File) error {
	return syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK})
}

// room is how many bytes can be written beside the file at path.
func room(path string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0
	}
	return int64(s.Bavail) * int64(s.Bsize)
}

// writable reports whether this process may write to a folder.
func writable(dir string) bool {
	const write = 2
	return syscall.Access(dir, write) == nil
}
