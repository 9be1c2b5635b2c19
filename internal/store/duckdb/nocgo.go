//go:build !cgo || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"errors"

	"candor/internal/fault"
	"candor/internal/store"
)

// Built says that this build has no DuckDB.
const Built = false

// ErrUnready is an error that this build does not meet.
var ErrUnready = errors.New("the file must be opened for writing first")

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

// Known says nothing: whoever opens the file is told.
func Known(context.Context, string) error { return nil }

// ReadAlerts returns fault.Unavailable, as OpenAlerts does.
func ReadAlerts(ctx context.Context, path string) (*Alerts, error) { return OpenAlerts(ctx, path) }

// CopyTo does nothing: there is no such store.
func (a *Alerts) CopyTo(context.Context, string) error { return errors.ErrUnsupported }

// Close does nothing.
func (a *Alerts) Close() error { return nil }
