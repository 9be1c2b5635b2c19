package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// wordings compares the table that numbers what objects say of themselves.
func (a *libraryAudit) wordings(ctx context.Context) error {
	err := eachRow(ctx, a.tx, func(row []any) error {
		object, _ := row[1].(string)
		hash, _ := row[2].([]byte)
		w := a.wording[wordingKey{object, string(hash)}]
		id, ok := numberOf(row[0])
		if w == nil || w.id != 0 || !ok {
			a.amiss("the index of words numbers a wording of %v (%v) that no object has", row[1], row[0])
			return nil
		}
		w.id = id
		return nil
	}, `SELECT id, stix_id, hash FROM wording`)
	unnumbered := 0
	for _, w := range a.wording {
		if w.id == 0 {
			unnumbered++
		}
	}
	if unnumbered > 0 {
		a.amiss("the index of words lacks %d wordings that objects have", unnumbered)
	}
	return err
}

// shadows are the tables in which SQLite keeps an index of words.
var shadows = [...]string{"words_data", "words_idx", "words_docsize", "words_config"}

// words compares the index of words with the words of the objects. The index keeps no
// words itself: so a copy of it is put, in memory, over a table that has them, and
// SQLite, which reads both then, is asked whether they agree.
func (a *libraryAudit) words(ctx context.Context) error {
	var defined string
	if err := a.tx.QueryRowContext(ctx, `SELECT coalesce((SELECT sql FROM sqlite_schema WHERE name = 'words'), '')`).Scan(&defined); err != nil {
		return err
	}
	over := strings.Replace(defined, "content = ''", "content = 'said', content_rowid = 'id'", 1)
	if over == defined {
		a.amiss("the index of words is not one that can be compared with the objects")
		return nil
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `CREATE TABLE said (id INTEGER PRIMARY KEY, attack_id, name, aliases, description);`+over); err != nil {
		return fmt.Errorf("copy the index of words: %w", err)
	}
	if err := a.say(ctx, tx); err != nil {
		return fmt.Errorf("copy the index of words: %w", err)
	}
	for _, table := range shadows {
		if err := a.shadow(ctx, tx, table); err != nil {
			return fmt.Errorf("copy the index of words: %w", err)
		}
	}
	// With a rank the check reads the table, too.
	if _, err := tx.ExecContext(ctx, `INSERT INTO words (words, rank) VALUES ('integrity-check', 1)`); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.amiss("the index of words is not of the words of the objects: %v", err)
	}
	return nil
}

// say fills the table of words.
func (a *libraryAudit) say(ctx context.Context, tx *sql.Tx) error {
	put, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO said VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer put.Close()
	for _, w := range a.wording {
		if w.id == 0 {
			continue // that is amiss already
		}
		if _, err := put.ExecContext(ctx, w.id, w.words[0], w.words[1], w.words[2], w.words[3]); err != nil {
			return err
		}
	}
	return nil
}

// shadow copies a table of the index.
func (a *libraryAudit) shadow(ctx context.Context, tx *sql.Tx, table string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
		return err
	}
	var put *sql.Stmt
	return eachRow(ctx, a.tx, func(row []any) (err error) {
		if put == nil {
			if put, err = tx.PrepareContext(ctx, `INSERT INTO `+table+` VALUES (`+strings.TrimSuffix(strings.Repeat("?, ", len(row)), ", ")+`)`); err != nil {
				return err
			}
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok && len(b) == 0 {
				row[i] = []byte{} // which the driver reads as nil, and nil is NULL
			}
		}
		_, err = put.ExecContext(ctx, row...)
		return err
	}, `SELECT * FROM `+table)
}
