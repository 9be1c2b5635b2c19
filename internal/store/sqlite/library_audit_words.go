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

// wordIndex is an index of words, and what it has to be of.
type wordIndex struct {
	name    string
	shadows []string // the tables in which SQLite keeps it
	columns []string
	rows    func(put func(id uint32, texts ...any) error) error
}

// indexes are the indexes of words of a library.
func (a *libraryAudit) indexes() []wordIndex {
	return []wordIndex{
		{"words", []string{"words_data", "words_idx", "words_docsize", "words_config"},
			[]string{"attack_id", "name", "aliases", "description", "logs"}, a.sayWords},
		{"procedures", []string{"procedures_data", "procedures_idx", "procedures_config"}, []string{"text"}, a.sayProcedures},
	}
}

// words compares the indexes of words with the words of the objects.
func (a *libraryAudit) words(ctx context.Context) error {
	for _, x := range a.indexes() {
		if err := a.index(ctx, x); err != nil {
			return fmt.Errorf("compare the index of %s: %w", x.name, err)
		}
	}
	return nil
}

// index compares one index. It keeps no words itself: so a copy of it is put, in
// memory, over a table that has them, and SQLite, which reads both then, is asked
// whether they agree.
func (a *libraryAudit) index(ctx context.Context, x wordIndex) error {
	var defined string
	if err := a.tx.QueryRowContext(ctx, `SELECT coalesce((SELECT sql FROM sqlite_schema WHERE name = ?), '')`, x.name).Scan(&defined); err != nil {
		return err
	}
	over := strings.Replace(defined, "content = ''", "content = 'said', content_rowid = 'id'", 1)
	if over == defined {
		a.amiss("the index of %s is not one that can be compared with the objects", x.name)
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
	if _, err := tx.ExecContext(ctx, `CREATE TABLE said (id INTEGER PRIMARY KEY, `+strings.Join(x.columns, ", ")+`);`+over); err != nil {
		return err
	}
	if err := a.settings(ctx, tx, x); err != nil {
		return err
	}
	if err := a.say(ctx, tx, x); err != nil {
		return err
	}
	for _, table := range x.shadows {
		if err := a.shadow(ctx, tx, table); err != nil {
			return err
		}
	}
	// With a rank the check reads the table, too.
	if _, err := tx.ExecContext(ctx, `INSERT INTO `+x.name+` (`+x.name+`, rank) VALUES ('integrity-check', 1)`); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.amiss("the index of %s is not of the words of the objects: %v", x.name, err)
	}
	return nil
}

// settings compares how an index is set with how one that is new is.
func (a *libraryAudit) settings(ctx context.Context, made *sql.Tx, x wordIndex) error {
	var said [2]string
	for i, tx := range [2]*sql.Tx{made, a.tx} {
		err := eachRow(ctx, tx, func(row []any) error {
			said[i] += fmt.Sprintf("%v %v; ", row[0], row[1])
			return nil
		}, `SELECT k, v FROM `+x.name+`_config ORDER BY k`)
		if err != nil {
			return err
		}
	}
	if said[0] != said[1] {
		a.amiss("the index of %s is set otherwise than candor does", x.name)
	}
	return nil
}

// say fills the table of what an index has to be of.
func (a *libraryAudit) say(ctx context.Context, tx *sql.Tx, x wordIndex) error {
	put, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO said VALUES `+marks(1+len(x.columns)))
	if err != nil {
		return err
	}
	defer put.Close()
	return x.rows(func(id uint32, texts ...any) error {
		_, err := put.ExecContext(ctx, append([]any{id}, texts...)...)
		return err
	})
}

// sayWords puts the words of every wording that has a number.
func (a *libraryAudit) sayWords(put func(id uint32, texts ...any) error) error {
	for _, w := range a.wording {
		if w.id == 0 {
			continue // that is amiss already
		}
		if err := put(w.id, w.words[0], w.words[1], w.words[2], w.words[3], w.words[4]); err != nil {
			return err
		}
	}
	return nil
}

// sayProcedures puts what every relationship object says.
func (a *libraryAudit) sayProcedures(put func(id uint32, texts ...any) error) error {
	for id, o := range a.objects {
		if o.procedure == "" {
			continue
		}
		if err := put(id, o.procedure); err != nil {
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
