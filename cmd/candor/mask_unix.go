//go:build unix

package main

import "syscall"

// mask makes every file that the process makes its owner's alone, those included that
// an engine makes by itself: logs, and what it puts on the disk for want of memory.
func mask() { syscall.Umask(0o077) }
