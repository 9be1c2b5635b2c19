// Package sqlite keeps the library and the evidence in SQLite files,
// through a driver that needs no C compiler.
//
// It holds SQL and what is needed to keep bytes small: the library reads objects
// back through package stix. It judges nothing. Each store has a file and migrations of its own, so
// that an import of one does not hold up another.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"candor/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// pragmas make a commit durable against kill -9 and against power loss, let
// readers go on while one connection writes, and make a second writer wait.
var pragmas = [...]string{
	"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
	"foreign_keys(ON)", "temp_store(MEMORY)", "cache_size(-16000)",
}

// maxHandles bounds the connections to one file, each of which takes three handles of
// the system and a cache of its own. Who holds one must not wait for a second.
const maxHandles = 16

// open opens the database file at path, making it if need be, and brings it to
// the newest schema among the named migrations. A file that a newer candor wrote is
// refused before anything is written to it.
func open(ctx context.Context, path, schema string) (*sql.DB, error) {
	if err := known(ctx, path, schema); err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, unopened(path, schema, err)
	}
	q := url.Values{}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	q.Set("_txlock", "immediate")
	db, err := sql.Open("sqlite", address(path, q))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(maxHandles)
	if err := migrate(ctx, db, schema); err != nil {
		db.Close()
		return nil, unopened(path, schema, err)
	}
	return db, nil
}

// address names a file to the driver.
func address(path string, options url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}).String()
}

func unopened(path, schema string, err error) error {
	return fault.New(fault.Unavailable, "the %s store cannot be opened", schema).At("%s", path).
		Because(err).Next("check that you may read and write the file and its folder, that there is room on the disk, and that the file is a Candor store")
}

// private makes the file, if need be, and keeps it and what SQLite puts beside it to
// the user who owns them, whatever the folder allows. SQLite gives what it makes
// beside a file that file's mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Lstat(p)
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(p, 0o600); err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// migrate brings the schema up to date; a migration that fails is rolled back.
func migrate(ctx context.Context, db *sql.DB, schema string) error {
	dir, err := fs.Sub(migrations, "migrations/"+schema)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
