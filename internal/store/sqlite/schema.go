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
	differ, err := redefined(ctx, tx, schema)
	for _, what := range differ {
		a.amiss(0, "%s", what)
	}
	return err
}

// redefined says where what a file defines is not what the migrations make.
func redefined(ctx context.Context, q rowsOf, schema string) (differ []string, err error) {
	want, err := made(ctx, schema)
	if err != nil {
		return nil, fmt.Errorf("make the schema of the %s store: %w", schema, err)
	}
	have, err := definitions(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the schema of the file: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if text, ok := want[name]; !ok {
			differ = append(differ, fmt.Sprintf("the file defines a %s, which no candor makes", name))
		} else if text != have[name] {
			differ = append(differ, fmt.Sprintf("the file defines the %s otherwise than candor does", name))
		}
		delete(want, name)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		differ = append(differ, fmt.Sprintf("the file has lost its %s", name))
	}
	return differ, nil
}

// damage has SQLite check a file: each index with its table, and each index of words
// within itself. It is empty when all fits.
func damage(ctx context.Context, tx *sql.Tx) (string, error) {
	var says string
	if err := tx.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&says); err != nil {
		return "", fmt.Errorf("check the file: %w", err)
	}
	if says == "ok" {
		return "", nil
	}
	return "the file is damaged: " + says, nil
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

// definitions returns the text that defines each thing, by what it is and its name;
// the settings in the file's head and the migrations are such things too.
func definitions(ctx context.Context, q rowsOf) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT type || ' ' || name, tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema
		UNION ALL SELECT 'setting user_version', user_version FROM pragma_user_version
		UNION ALL SELECT 'setting application_id', application_id FROM pragma_application_id
		UNION ALL SELECT 'setting encoding', encoding FROM pragma_encoding
		UNION ALL SELECT 'migration ' || version_id, count(*) || ' ' || max(is_applied) FROM goose_db_version GROUP BY version_id`)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	if err := gather(rows, all); err != nil || all["table words_config"] == "" {
		return all, err
	}
	if rows, err = q.QueryContext(ctx, `SELECT 'setting ' || k || ' of the index of words', v FROM words_config`); err != nil {
		return nil, err
	}
	return all, gather(rows, all)
}

// gather reads rows of two texts.
func gather(rows *sql.Rows, into map[string]string) error {
	defer rows.Close()
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return err
		}
		into[name] = text
	}
	return rows.Err()
}
