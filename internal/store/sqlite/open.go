// Package sqlite keeps the library, the evidence and the alerts in SQLite files,
// through a driver that needs no C compiler.
//
// It holds SQL and what is needed to keep bytes small: the library reads objects
// back through package stix. It judges nothing. Each of the three stores has a file and migrations of its own, so
// that an import of one does not hold up another.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"

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

// open opens the database file at path, making it if need be, and brings it to
// the newest schema among the named migrations.
func open(ctx context.Context, path, schema string) (*sql.DB, error) {
	q := url.Values{}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	q.Set("_txlock", "immediate")
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := migrate(ctx, db, schema); err != nil {
		db.Close()
		return nil, fault.New(fault.Unavailable, "the %s store cannot be opened", schema).At("%s", path).
			Because(err).Next("check that you may read and write the file and its folder, that there is room on the disk, and that the file is a Candor store that no newer candor wrote")
	}
	return db, nil
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
