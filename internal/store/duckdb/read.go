//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"

	"candor/internal/fault"
)

// Built says that this build has DuckDB.
const Built = true

// ErrUnready says that a file must be opened for writing once before it can be read:
// to bring it to the newest schema, or to mend what a process left that was killed.
var ErrUnready = errors.New("the file has an older schema, or was left by a process that was killed")

// ReadAlerts opens the alert store in the file at path for reading alone. Any
// number of processes can, but not while one has it open for writing, which is
// fault.Conflict. A file that is not there is a store without alerts, and is not
// made. What another process had no time to write to the file, but acknowledged,
// is read from the log. It is ErrUnready for a file that must be opened for writing first.
func ReadAlerts(ctx context.Context, path string) (*Alerts, error) {
	path, err := openable(path)
	if err != nil {
		return nil, err
	}
	if err := ready(path); err != nil {
		return nil, err
	}
	a, err := read(ctx, path)
	// A writer may have been killed just before the engine had the file. Now that it has,
	// there can be no other.
	if _, left := os.Stat(guardOf(path)); left == nil && fault.KindOf(err) != fault.Conflict {
		if err == nil {
			err = a.Close()
		}
		return nil, errors.Join(ErrUnready, err)
	}
	return a, err
}

// read opens the file at path for reading.
func read(ctx context.Context, path string) (*Alerts, error) {
	at, prepare := path, current
	q := options()
	q.Set("access_mode", "READ_ONLY")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		at, prepare = "", migrate
		q.Del("access_mode")
	}
	connector, err := driver.NewConnector(at+"?"+q.Encode(), nil)
	if err != nil {
		return nil, refused(path, err)
	}
	h := &held{tables: map[string]*table{}}
	db := sql.OpenDB(connector)
	if err = confine(ctx, db, path); err == nil {
		err = prepare(ctx, db)
	}
	if err == nil {
		err = h.register(ctx, db)
	}
	if errors.Is(err, ErrUnready) {
		return nil, errors.Join(err, db.Close())
	}
	if err != nil {
		return nil, refused(path, errors.Join(err, db.Close()))
	}
	return &Alerts{db: db, held: h, turn: make(chan struct{}, 1), limits: usual(), path: at}, nil
}

// openable returns the absolute path. It refuses one that the driver takes for an
// address with options.
func openable(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", path, err)
	}
	if _, err := url.Parse(path); err != nil || strings.Contains(path, "?") {
		return "", fault.New(fault.Invalid, "DuckDB cannot open a path that holds ? or %%").At("%s", path).
			Next("name a data folder without these characters")
	}
	return path, nil
}

// current returns ErrUnready unless the file has the newest schema.
func current(ctx context.Context, db *sql.DB) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	var tables, version int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_tables() WHERE table_name = 'migration'`).Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		return ErrUnready
	}
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM migration`).Scan(&version); err != nil {
		return err
	}
	if version > len(names) {
		return newer{version, len(names)}
	}
	if version < len(names) {
		return ErrUnready
	}
	return nil
}
