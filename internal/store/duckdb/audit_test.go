//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
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
				a.Disposition = nil
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

// findings are what an audit of a store says: what is amiss, and for each batch
// whether what is kept of it is what the batch says.
func findings(t *testing.T, dir string) (list []string) {
	s := openAlerts(t, dir)
	found, err := s.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range found.Amiss {
		list = append(list, a.Batch+": "+a.What)
	}
	batches, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if kept := found.Batches[b.ID]; kept.Content != b.Content {
			list = append(list, b.ID+": content")
		}
	}
	return list
}

func TestAnAuditFindsNothingInAnHonestStore(t *testing.T) {
	dir := t.TempDir()
	audited(t, dir)
	if list := findings(t, dir); len(list) > 0 {
		t.Error(list)
	}
}

func TestAnAuditFindsDamage(t *testing.T) {
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
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			audited(t, dir)
			damage(t, dir, statement)
			list := findings(t, dir)
			if len(list) == 0 {
				t.Errorf("%s: nothing found", statement)
			}
			t.Log(fmt.Sprint(list))
		})
	}
}
