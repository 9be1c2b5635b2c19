//go:build cgo && amd64

package duckdb

import "os"

// lock does nothing: a file that the engine has open cannot be opened.
func lock(*os.File) error { return nil }
