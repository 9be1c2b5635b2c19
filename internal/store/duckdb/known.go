//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/fault"
)

// newer is the error of a file whose schema this candor does not know.
type newer struct{ have, known int }

// Error says so.
func (n newer) Error() string {
	return fmt.Sprintf("the alerts store has schema version %d, and this candor knows versions up to %d: a newer candor wrote it", n.have, n.known)
}

// Known refuses a file that a newer candor wrote and writes nothing:
// fault.Unavailable. It says nothing of a file that cannot be looked at now, because
// it is not there, another process has it, or it must be mended first: whoever opens it
// is told.
func Known(ctx context.Context, path string) error {
	path, err := openable(path)
	if err != nil {
		return nil
	}
	if _, err := os.Stat(path); err != nil || ready(path) != nil {
		return nil
	}
	q := options()
	q.Set("access_mode", "READ_ONLY")
	connector, err := driver.NewConnector(path+"?"+q.Encode(), nil)
	if err != nil {
		return nil
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if confine(ctx, db, path) != nil {
		return nil
	}
	var n newer
	if err := current(ctx, db); errors.As(err, &n) {
		return refused(path, err)
	}
	return nil
}

// refusedNewer says what to do with a file of a newer candor.
func refusedNewer(path string, n newer) error {
	return fault.New(fault.Unavailable, "%s", n.Error()).At("%s", path).
		Next("use a candor at least as new as the one that wrote the file; nothing was written to it")
}
