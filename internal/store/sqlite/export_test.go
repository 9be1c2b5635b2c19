package sqlite

import (
	"context"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Downgrade takes a store back to an older schema.
func Downgrade(ctx context.Context, path, schema string, version int64) error {
	db, err := open(ctx, path, schema)
	if err != nil {
		return err
	}
	defer db.Close()
	dir, err := fs.Sub(migrations, "migrations/"+schema)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return err
	}
	_, err = p.DownTo(ctx, version)
	return err
}
