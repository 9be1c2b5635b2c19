//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/store"
	"candor/internal/store/duckdb"
)

// audited fills a store in dir with three batches: alerts, the same again with
// statements and changes, and other alerts, which are withdrawn.
func audited(t *testing.T, dir string) {
	s, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n, id := range []string{"b1", "b2", "b3"} {
		alerts := func(yield func(*alert.Alert, error) bool) {
			for a := range made(20) {
				if n == 1 {
					a.Severity = "low"
					a.Disposition = &alert.Disposition{Class: alert.Test, Word: "word", Time: a.Time, By: "ann", Provenance: alert.Analyst}
				}
				if n == 2 {
					a.ID += "other"
				}
				if !yield(a, nil) {
					return
				}
			}
		}
		if _, _, err := s.Append(t.Context(), store.Batch{ID: id, Kind: "alerts", Hash: id}, alerts); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Withdraw(t.Context(), "b3", store.Withdrawal{At: time.Unix(0, 0), Reason: "wrong tenant"}); err != nil {
		t.Fatal(err)
	}
}

// damage runs a statement on the file of a store.
func damage(t *testing.T, dir, statement string) {
	db, err := sql.Open("duckdb", filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		t.Fatalf("%s changed %d rows, error %v", statement, n, err)
	}
}

// tester is a test, of a property or of one case.
type tester interface {
	Fatal(args ...any)
	Context() context.Context
}

// findings are what an audit of a store says: what is amiss, and for each batch
// whether what is kept of it is what the batch says, or why it cannot be read.
func findings(t tester, s *duckdb.Alerts) (list []string) {
	found, err := s.Audit(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range found.Amiss {
		list = append(list, a.Batch+": "+a.What)
	}
	batches, err := s.Batches(t.Context())
	if err != nil {
		list = append(list, err.Error())
	}
	for _, b := range batches {
		if kept := found.Batches[b.ID]; kept.Content != b.Content {
			list = append(list, b.ID+": content")
		}
	}
	return list
}

// damaged are the findings of a store like that in the file honest, on which a
// statement has run. It is read so few alerts at a time that what a batch says
// reaches over several readings.
func damaged(t *testing.T, honest, statement string) []string {
	dir := t.TempDir()
	b, err := os.ReadFile(honest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "alerts.duckdb"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	damage(t, dir, statement)
	s := openAlerts(t, dir)
	s.Confine(3, 7)
	return findings(t, s)
}

func TestAnAuditFindsNothingInAnHonestStore(t *testing.T) {
	dir := t.TempDir()
	audited(t, dir)
	s := openAlerts(t, dir)
	for range 2 {
		if list := findings(t, s); len(list) > 0 {
			t.Error(list)
		}
		s.Confine(3, 7)
	}
}

func TestAnAuditFindsDamage(t *testing.T) {
	dir := t.TempDir()
	audited(t, dir)
	for name, statement := range map[string]string{
		"an alert's time":         `UPDATE alert SET time = time + 1 WHERE seq = 1`,
		"an alert's day":          `UPDATE alert SET day = day + 1 WHERE seq = 1`,
		"an alert's class":        `UPDATE alert SET class = 1 WHERE seq = 1`,
		"an alert's id":           `UPDATE alert SET id = id || 'x' WHERE seq = 2`,
		"an alert's digest":       `UPDATE alert SET digest = 1 WHERE seq = 2`,
		"what arrived first":      `UPDATE origin SET entity = site WHERE alert = 3`,
		"that it was revised":     `UPDATE alert SET revised = false WHERE seq = 3`,
		"an origin is gone":       `DELETE FROM origin WHERE alert = 3`,
		"what arrived later":      `UPDATE restated SET severity = 0 WHERE alert = 4`,
		"a statement's word":      `UPDATE arrival SET word = 0 WHERE alert = 5`,
		"an arrival is gone":      `DELETE FROM arrival WHERE alert = 5`,
		"an arrival is moved":     `UPDATE arrival SET seq = seq + 1000 WHERE alert = 5`,
		"an alert is gone":        `DELETE FROM alert WHERE seq = 6`,
		"an alert is there twice": `INSERT INTO alert SELECT * REPLACE (seq + 100 AS seq) FROM alert WHERE seq = 6`,
		"an alert is brought in":  `UPDATE alert SET void = false WHERE batch = 3 AND seq % 7 = 0`,
		"an alert is left out":    `UPDATE alert SET void = true WHERE seq = 7`,
		"a term's text":           `UPDATE term SET text = 'another' WHERE text = 'site-0'`,
		"the news of a rule":      `UPDATE arrival SET was = 0 WHERE alert = 8`,
		"a batch's row":           `UPDATE batch SET body = replace(body, '"new":20', '"new":21') WHERE id = 'b1'`,
		"a batch's hash":          `UPDATE batch SET hash = 'other' WHERE id = 'b2'`,
		"a batch is gone":         `DELETE FROM batch WHERE id = 'b2'`,
		"a withdrawal is gone":    `DELETE FROM withdrawal`,
		"a withdrawal is made up": `INSERT INTO withdrawal VALUES (1, '{}')`,
		"a withdrawal of nothing": `INSERT INTO withdrawal VALUES (9, '{}')`,

		"an alert is there twice, with its number": `INSERT INTO alert FROM alert WHERE seq = 6`,
		"an alert lies before all others":          `INSERT INTO alert SELECT * REPLACE (-5 AS seq) FROM alert WHERE seq = 6`,
		"a first arrival is there twice":           `INSERT INTO arrival FROM arrival WHERE seq = alert LIMIT 1`,
		"an arrival is there twice":                `INSERT INTO arrival FROM arrival WHERE alert = 5 AND seq <> alert`,
		"an origin is there twice":                 `INSERT INTO origin FROM origin WHERE alert = 3`,
		"a restatement is there twice":             `INSERT INTO restated FROM restated WHERE alert = 4`,
		"an origin of nothing":                     `INSERT INTO origin SELECT * REPLACE (1000 AS alert) FROM origin WHERE alert = 3`,
		"a restatement of nothing":                 `INSERT INTO restated SELECT * REPLACE (1000 AS seq) FROM restated WHERE alert = 3`,
		"a restatement of another alert":           `UPDATE restated SET alert = 5 WHERE alert = 4`,
		"an arrival of nothing":                    `INSERT INTO arrival SELECT * REPLACE (1000 AS alert) FROM arrival WHERE alert = 5`,
		"a statement came with another batch":      `UPDATE arrival SET batch = 2 WHERE seq = alert`,
		"the digest of what does not count":        `UPDATE alert SET digest = 1 WHERE seq = (SELECT max(seq) FROM alert)`,
		"a text is there twice":                    `INSERT INTO term SELECT max(id) + 1, 'site-0' FROM term`,
		"a number has two texts":                   `INSERT INTO term SELECT max(id), 'more' FROM term`,
		"a word without a text":                    `UPDATE alert SET tactic = 1000 WHERE seq = 9`,
		"what is not labelled has another name":    `UPDATE term SET text = 'proven' WHERE id = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			list := damaged(t, filepath.Join(dir, "alerts.duckdb"), statement)
			if len(list) == 0 {
				t.Errorf("%s: nothing found", statement)
			}
			t.Log(fmt.Sprint(list))
		})
	}
}

// unsaid are the cells that nothing rests on: under what an alert counts that does
// not count, and what was news of rules where nothing was. What a withdrawal says
// is in the ledger.
func unsaid() map[string]string {
	return map[string]string{
		"alert.class": "void", "alert.provenance": "void", "alert.said": "void",
		"arrival.was": "rule = 0", "arrival.name": "rule = 0",
		"withdrawal.body": "true",
	}
}

func TestAnAuditFindsAnyChangedColumn(t *testing.T) {
	dir := t.TempDir()
	audited(t, dir)
	honest := filepath.Join(dir, "alerts.duckdb")
	for name, change := range changes(t, honest) {
		except := cmp.Or(unsaid()[name], "false")
		if except == "true" {
			continue
		}
		table, _, _ := strings.Cut(name, ".")
		statement := fmt.Sprintf(`UPDATE %s SET %s WHERE rowid = (SELECT max(rowid) FROM %[1]s WHERE NOT (%[3]s))`, table, change, except)
		if list := damaged(t, honest, statement); len(list) == 0 {
			t.Errorf("%s: nothing found", statement)
		}
	}
}

// changes returns for each column of a store what changes it.
func changes(t *testing.T, file string) map[string]string {
	db, err := sql.Open("duckdb", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT table_name || '.' || column_name, column_name || ' = ' || CASE data_type
			WHEN 'VARCHAR' THEN column_name || ' || ''x'''
			WHEN 'BOOLEAN' THEN 'NOT ' || column_name
			ELSE 'coalesce(' || column_name || ', 0) + 1' END
		FROM duckdb_columns() WHERE NOT internal AND table_name <> 'migration'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var column, change string
		if err := rows.Scan(&column, &change); err != nil {
			t.Fatal(err)
		}
		found[column] = change
	}
	if rows.Err() != nil || len(found) < 50 {
		t.Fatalf("columns %v, error %v", found, rows.Err())
	}
	return found
}

func TestAnAuditNamesSomeAlertsAndCountsTheOthers(t *testing.T) {
	dir := t.TempDir()
	w, err := duckdb.OpenAlerts(t.Context(), filepath.Join(dir, "alerts.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, "r", 1200)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, dir, `UPDATE alert SET said = 0`)
	list := findings(t, openAlerts(t, dir))
	if len(list) != 1001 || list[1000] != "alerts-r: 200 more alerts are not what their batches say" {
		t.Errorf("%d findings, the last of them %q", len(list), list[len(list)-1])
	}
}
