//go:build !cgo || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"testing"

	"candor/internal/fault"
	"candor/internal/store/duckdb"
)

func TestABuildWithoutDuckDBSaysSo(t *testing.T) {
	_, err := duckdb.Engine("alerts.index", "alerts").Open(t.Context(), true)
	if fault.KindOf(err) != fault.Unavailable || fault.HintOf(err) == "" {
		t.Errorf("error %v; want one of kind %s with a hint", err, fault.Unavailable)
	}
}
