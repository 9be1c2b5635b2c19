package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
)

// CopyTo writes a consistent copy of the store to a new file, whatever is read or
// written meanwhile.
func (e *Evidence) CopyTo(ctx context.Context, path string) error { return copyTo(ctx, e.db, path) }

// CopyTo writes a consistent copy of the store to a new file, whatever is read or
// written meanwhile.
func (l *Library) CopyTo(ctx context.Context, path string) error { return copyTo(ctx, l.db, path) }

// pagesPerStep is how many pages are copied between two looks at the context.
const pagesPerStep = 4096

// copyTo copies the pages of a database, as of one moment.
func copyTo(ctx context.Context, db *sql.DB, path string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("copy to %s: %w", path, err)
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		source, ok := c.(interface {
			NewBackup(to string) (*driver.Backup, error)
		})
		if !ok {
			return errors.ErrUnsupported
		}
		b, err := source.NewBackup(path)
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if err = ctx.Err(); err == nil {
				more, err = b.Step(pagesPerStep)
			}
		}
		return cmp.Or(err, b.Finish()) // the first says more
	})
	if err != nil {
		return fmt.Errorf("copy to %s: %w", path, err)
	}
	return nil
}
