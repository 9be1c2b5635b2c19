//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws fewer histories than is usual, unless it is told how many: to open an
// index takes some time, and each opens several. Package scan draws the usual number of
// the same.
func TestMain(m *testing.M) {
	flag.Parse()
	checks := "15"
	if testing.Short() {
		checks = "4"
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(checks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
