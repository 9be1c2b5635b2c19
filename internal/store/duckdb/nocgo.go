//go:build !cgo || !(((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"

	"candor/internal/fault"
	"candor/internal/store/batches"
)

// Built says that this build has no DuckDB.
const Built = false

// Engine returns an engine whose index cannot be opened, which is fault.Unavailable:
// DuckDB needs a C compiler, and a system that it is made for.
func Engine(path, _ string) batches.Engine {
	return batches.Engine{Open: func(context.Context, bool) (batches.Index, error) {
		return nil, fault.New(fault.Unavailable, "this build of candor has no DuckDB, because it was made without a C compiler or for a system without it").
			At("%s", path).Next("use the engine scan, which every build has, or build candor with CGO_ENABLED=1")
	}}
}
