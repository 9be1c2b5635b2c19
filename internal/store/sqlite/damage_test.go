package sqlite_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/evidence"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// TestAnAuditFindsADamagedIndex changes one byte of an index alone: the table that
// an audit reads stays as it was, and what is asked for by key is not found.
func TestAnAuditFindsADamagedIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence.db")
	rule := store.Record{Kind: evidence.RecordRule, Key: "needle", Body: []byte("{}")}
	s, err := sqlite.OpenEvidence(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Append(t.Context(), store.Batch{ID: "b", Kind: "rules", Hash: "b"}, func(yield func(store.Record, error) bool) { yield(rule, nil) }); err != nil {
		t.Fatal(err)
	}
	audited(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damageIndex(t, path, "record_current", "needle")
	found, err := openEvidence(t, filepath.Dir(path)).Audit(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Amiss) != 1 || !strings.Contains(found.Amiss[0].What, "record_current") {
		t.Errorf("amiss: %+v", found.Amiss)
	}
}

// damageIndex changes a byte of a text in the root page of an index.
func damageIndex(t *testing.T, path, index, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	var root, size int
	if err := db.QueryRow(`SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?`, index).Scan(&root, &size); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := file[(root-1)*size : root*size]
	page[bytes.Index(page, []byte(text))] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAnAuditFindsAnotherSchema changes what the file defines and none of its rows.
func TestAnAuditFindsAnotherSchema(t *testing.T) {
	for statement, want := range map[string]string{
		`CREATE TRIGGER later AFTER INSERT ON batch BEGIN DELETE FROM record; END`: "trigger later, which no candor makes",
		`DROP INDEX record_current`: "has lost its index record_current",
		`PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '        ') WHERE name = 'record'`: "table record otherwise",
	} {
		path := filepath.Join(t.TempDir(), "evidence.db")
		s, err := sqlite.OpenEvidence(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		audited(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		found, err := openEvidence(t, filepath.Dir(path)).Audit(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(found.Amiss, func(a store.Amiss) bool { return strings.Contains(a.What, want) }) {
			t.Errorf("%s: amiss %+v", statement, found.Amiss)
		}
	}
}
