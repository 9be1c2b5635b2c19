//go:build !cgo || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"

	"candor/internal/fault"
	"candor/internal/store"
)

// Alerts stands for the alert store that this build does not have.
type Alerts struct {
	store.Alerts
	store.Custody
}

// OpenAlerts returns fault.Unavailable: DuckDB needs a C compiler, and a system
// that it is made for.
func OpenAlerts(_ context.Context, path string) (*Alerts, error) {
	return nil, fault.New(fault.Unavailable, "this build of candor has no DuckDB, because it was made without a C compiler or for a system without it").
		At("%s", path).Next("keep the alerts in SQLite, which every build has, or build candor with CGO_ENABLED=1")
}

// Close does nothing.
func (a *Alerts) Close() error { return nil }
