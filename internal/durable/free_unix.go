//go:build darwin || linux

package durable

import "syscall"

// Free returns how many bytes can be written to the disk of a folder.
func Free(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
