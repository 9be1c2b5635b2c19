//go:build cgo && (linux || darwin) && (amd64 || arm64)

package duckdb_test

import "syscall"

// processorTime returns the seconds that processors have worked for the process.
func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
