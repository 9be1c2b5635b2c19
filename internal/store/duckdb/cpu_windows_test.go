//go:build cgo && windows && amd64

package duckdb_test

// processorTime is not known here.
func processorTime() float64 { return 0 }
