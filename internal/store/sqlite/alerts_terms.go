package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxTerms bounds the terms that are remembered between look-ups.
const maxTerms = 1 << 16

// terms gives strings their numbers.
type terms struct {
	known        map[string]int64
	find, insert *sql.Stmt
}

func newTerms(ctx context.Context, tx *sql.Tx) (*terms, error) {
	t := &terms{known: map[string]int64{}}
	return t, prepare(ctx, tx, map[string]**sql.Stmt{
		`SELECT id FROM term WHERE text = ?`: &t.find,
		`INSERT INTO term (text) VALUES (?)`: &t.insert,
	})
}

// id returns text's number, which it is given if it has none.
func (t *terms) id(ctx context.Context, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if id, ok := t.known[text]; ok {
		return id, nil
	}
	var id int64
	err := t.find.QueryRowContext(ctx, text).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		id, err = t.add(ctx, text)
	}
	if err != nil {
		return 0, fmt.Errorf("number %q: %w", text, err)
	}
	if len(t.known) >= maxTerms {
		clear(t.known)
	}
	t.known[text] = id
	return id, nil
}

func (t *terms) add(ctx context.Context, text string) (int64, error) {
	r, err := t.insert.ExecContext(ctx, text)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// ids returns the numbers of several strings, in to.
func (t *terms) ids(ctx context.Context, to []int64, texts ...string) error {
	for i, text := range texts {
		id, err := t.id(ctx, text)
		if err != nil {
			return err
		}
		to[i] = id
	}
	return nil
}
