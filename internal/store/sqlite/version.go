package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"candor/internal/fault"
)

// Known refuses a file that a newer candor wrote, or that is no store of Candor, and
// writes nothing: fault.Unavailable. The schema is "library", "evidence" or "alerts".
// A file that is not there is one that can be made. Where a log lies beside it and
// nothing can be written, the file cannot be looked at in its place: whoever reads it
// takes a copy, and is told then.
func Known(ctx context.Context, path, schema string) error {
	err := known(ctx, path, schema)
	var e *driver.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CANTOPEN {
		return nil
	}
	return err
}

func known(ctx context.Context, path, schema string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	have, err := versionOf(ctx, path)
	if err != nil {
		return unopened(path, schema, err)
	}
	newest, err := newestVersion(schema)
	if err != nil {
		return err
	}
	if have > newest {
		return fault.New(fault.Unavailable, "the %s store has schema version %d, and this candor knows versions up to %d: a newer candor wrote it", schema, have, newest).
			At("%s", path).Next("use a candor at least as new as the one that wrote the file; nothing was written to it")
	}
	return nil
}

// newestVersion is the number of the last migration.
func newestVersion(schema string) (int64, error) {
	names, err := fs.Glob(migrations, "migrations/"+schema+"/*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(err, fmt.Errorf("no migration is of %q", schema))
	}
	newest := int64(0)
	for _, name := range names {
		number, _, _ := strings.Cut(name[strings.LastIndex(name, "/")+1:], "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s has no number", name)
		}
		newest = max(newest, n)
	}
	return newest, nil
}

// versionOf reads the number of the last migration of a file, and changes nothing:
// where no log lies beside the file, not even that is made.
func versionOf(ctx context.Context, path string) (version int64, err error) {
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)"}}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		q.Set("immutable", "1")
	}
	db, err := sql.Open("sqlite", address(path, q))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return migrated(ctx, db)
}

// migrated returns the number of the last migration of a database.
func migrated(ctx context.Context, db *sql.DB) (version int64, err error) {
	var ours, all int
	err = db.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE name = 'goose_db_version'), count(*) FROM sqlite_schema`).Scan(&ours, &all)
	switch {
	case err != nil:
		return 0, err
	case ours == 0 && all > 0:
		return 0, errors.New("the file is a database of something else")
	case ours == 0:
		return 0, nil
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}
