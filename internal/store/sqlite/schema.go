package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// defined compares what the file defines with what the migrations make: an index
// or a constraint that is gone, or a trigger that was added, would let something
// wrong in later.
func (a *auditor) defined(ctx context.Context, tx *sql.Tx, schema string) error {
	want, err := made(ctx, schema)
	if err != nil {
		return fmt.Errorf("make the schema of the %s store: %w", schema, err)
	}
	have, err := definitions(ctx, tx)
	if err != nil {
		return fmt.Errorf("read the schema of the file: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if text, ok := want[name]; !ok {
			a.amiss(0, "the file defines a %s, which no candor makes", name)
		} else if text != have[name] {
			a.amiss(0, "the file defines the %s otherwise than candor does", name)
		}
		delete(want, name)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		a.amiss(0, "the file has lost its %s", name)
	}
	return nil
}

// made returns the definitions of a store that is new.
func made(ctx context.Context, schema string) (map[string]string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	if err := migrate(ctx, db, schema); err != nil {
		return nil, err
	}
	return definitions(ctx, db)
}

// rowsOf is a database or a transaction.
type rowsOf interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// definitions returns the text that defines each thing, by what it is and its name.
func definitions(ctx context.Context, q rowsOf) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT type || ' ' || name, tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		all[name] = text
	}
	return all, rows.Err()
}
