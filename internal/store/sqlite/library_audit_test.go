package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// auditedBundle is a small bundle with something in every table. The second release
// has a newer version of the technique.
func auditedBundle(version string) string {
	technique := "attack-pattern--11111111-1111-4111-8111-111111111111"
	refs := func(id string) string {
		return `"external_references":[{"source_name":"mitre-attack","external_id":"` + id + `"}]`
	}
	return `{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[
	{"type":"attack-pattern","id":"` + technique + `","name":"Probe","description":"Adversaries may probe ` + version + `.","created":"2020-01-01T00:00:00.000Z",
	 "modified":"2020-01-0` + version + `T00:00:00.000Z","x_mitre_version":"` + version + `.0","x_mitre_platforms":["Windows"],
	 "kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"scouting"}],` + refs("T9001") + `},
	{"type":"x-mitre-tactic","id":"x-mitre-tactic--22222222-2222-4222-8222-222222222222","name":"Scouting","x_mitre_shortname":"scouting","modified":"2020-01-01T00:00:00.000Z",` + refs("TA9001") + `},
	{"type":"course-of-action","id":"course-of-action--33333333-3333-4333-8333-333333333333","name":"Filter","description":"Filter what comes in.","modified":"2020-01-01T00:00:00.000Z","revoked":true,` + refs("M9001") + `},
	{"type":"relationship","id":"relationship--44444444-4444-4444-8444-444444444444","relationship_type":"mitigates","modified":"2020-01-01T00:00:00.000Z","description":"Filter probes at the border.",
	 "source_ref":"course-of-action--33333333-3333-4333-8333-333333333333","target_ref":"` + technique + `"}]}`
}

// auditedLibrary makes a library of two releases, and of one that was removed, and
// returns its path.
func auditedLibrary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "library.db")
	l := openAlone(t, path)
	var last attack.Release
	for _, version := range []string{"1", "2", "3"} {
		last = importAudited(t, l, version, auditedBundle(version))
	}
	if _, err := l.Remove(t.Context(), attack.Removal{Release: last, At: time.Unix(8, 0), By: "ann", Reason: "for good"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func importAudited(t *testing.T, l *sqlite.Library, version, text string) attack.Release {
	t.Helper()
	w, err := l.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Rollback()
	sum, err := stix.Read(t.Context(), stix.Source{Reader: strings.NewReader(text)}, func(s *attack.Snapshot) error { return w.Add(t.Context(), s) })
	if err != nil {
		t.Fatal(err)
	}
	r := attack.Release{Domain: "enterprise-attack", Version: version, STIX: sum.STIX, FileHash: sum.FileHash.String(), Source: "here",
		Size: sum.Size, Published: "2020-01-01", Imported: time.Unix(7, 0)}
	odd := []store.Oddity{{StixID: "tool--1", ATTACKID: "S1", What: "odd"}, {What: "odder"}}
	if landed, err := w.Commit(t.Context(), r, odd); err != nil || !landed {
		t.Fatal(landed, err)
	}
	return r
}

// auditOf returns all that an audit of a copy of a library says once the statements ran
// on it: what is amiss, and of each release what is kept.
func auditOf(t *testing.T, path string, statements ...string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "library.db")
	if err := os.WriteFile(copied, b, 0o600); err != nil {
		t.Fatal(err)
	}
	tamper(t, copied, statements...)
	l, err := sqlite.OpenLibrary(t.Context(), copied)
	if err != nil {
		return []string{err.Error()}
	}
	defer l.Close()
	a, err := l.Audit(t.Context())
	if err != nil {
		t.Errorf("%q: the audit fails: %v", statements, err)
	}
	var all []string
	for _, r := range a.Releases {
		all = append(all, fmt.Sprintf("%s: %s %s", r.Version, r.FileHash, r.Content))
	}
	removals, err := l.Removals(t.Context())
	all = append(all, fmt.Sprint("removed: ", removals, err)) // which verification compares with the ledger
	for _, x := range a.Amiss {
		all = append(all, "amiss: "+x.What)
	}
	return all
}

func tamper(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// TestAnAuditOfALibraryNamesEachChange changes a library in the ways that somebody who
// wants to hide something would.
func TestAnAuditOfALibraryNamesEachChange(t *testing.T) {
	path := auditedLibrary(t)
	if got := auditOf(t, path); len(got) != 3 || !strings.HasPrefix(got[0], "1: ") {
		t.Fatalf("a library that nobody changed: %q", got)
	}
	technique := "attack-pattern--11111111-1111-4111-8111-111111111111"
	for i, c := range []struct{ want, change string }{
		{"the bytes of " + technique + ", version 1.0, are missing", `DELETE FROM pack WHERE first = (SELECT id FROM snapshot WHERE version = '1.0')`},
		{"(attack-pattern) cannot be unpacked", `UPDATE pack SET data = zeroblob(length(data)) WHERE type = 'attack-pattern'`},
		{"do not have the hash", `UPDATE pack SET hashes = zeroblob(length(hashes)) WHERE type = 'relationship'`},
		{"contradicts itself", `UPDATE pack SET hashes = zeroblob(31) WHERE type = 'relationship'`},
		{"lies in a pack of another type, tool", `UPDATE pack SET type = 'tool' WHERE type = 'relationship'`},
		{"no row of " + technique + ", version 2.0", `DELETE FROM snapshot WHERE version = '2.0'`},
		{"version 2.0, another revoked than its bytes", `UPDATE snapshot SET revoked = 1 WHERE version = '2.0'`},
		{"another deprecated than", `UPDATE snapshot SET deprecated = 1 WHERE version = '2.0'`},
		{"another raw_hash than", `UPDATE snapshot SET raw_hash = zeroblob(16) WHERE version = '2.0'`},
		{"another version than", `UPDATE snapshot SET version = CAST(version AS BLOB) WHERE version = '2.0'`},
		{"does not find " + technique + " under T9001", `DELETE FROM attack_id WHERE attack_id = 'T9001'`},
		{"finds " + technique + " under M9001, which is none", `INSERT INTO attack_id VALUES ('M9001', '` + technique + `')`},
		{"under t9001, which is none", `UPDATE attack_id SET attack_id = 't9001' WHERE attack_id = 'T9001'`},
		{"lacks 1 wordings", `DELETE FROM wording WHERE id = 2`},
		{"that no object has", `INSERT INTO wording (id, stix_id, hash) VALUES (99, 'tool--1', x'00')`},
		{"not of the words", `INSERT INTO words (rowid, attack_id, name, aliases, description) VALUES (99, 'T9999', 'hidden', '', '')`},
		{"not of the words", `INSERT INTO words (rowid, attack_id, name, aliases, description) VALUES (1, 'T9001', 'more', '', '')`},
		{"not of the words", `INSERT INTO words (words, rowid, attack_id, name, aliases, description) VALUES ('delete', 2, 'TA9001', 'Scouting', '', '')`},
		{"index of procedures is not of the words", `INSERT INTO procedures (rowid, text) VALUES (99, 'hidden')`},
		{"index of procedures is not of the words", `INSERT INTO procedures (procedures) VALUES ('delete-all')`},
		{"lists and relations of enterprise 1", `DELETE FROM release_view WHERE release = 1`},
		{"lists and relations of enterprise 2", `UPDATE release_view SET data = (SELECT data FROM release_view WHERE release = 1) WHERE release = 2`},
		{"view of a release that is not there", `INSERT INTO release_view VALUES (3, x'00')`},
		{"oddity of a release that is not there", `INSERT INTO oddity VALUES (3, 0, '', '', 'x')`},
		{"or one before it is gone", `DELETE FROM oddity WHERE seq = 0`},
		{"objects enterprise 1 carries cannot be read", `UPDATE release SET members = x'80' WHERE id = 1`},
		{"lists and relations of enterprise 2", `UPDATE release SET members = (SELECT members FROM release WHERE id = 1) WHERE id = 2`},
		{"objects that no release carries", `DELETE FROM release WHERE id = 2`},
		{"a trigger quiet", `CREATE TRIGGER quiet AFTER INSERT ON release BEGIN DELETE FROM oddity; END`},
		{"a view quiet", `CREATE VIEW quiet AS SELECT * FROM release`},
		{"a table quiet", `CREATE TABLE quiet (x)`},
		{"a index quiet", `CREATE INDEX quiet ON pack (type)`},
		{"lost its table oddity", `DROP TABLE oddity`},
		{"the setting user_version otherwise", `PRAGMA user_version = 7`},
		{"a migration 0 otherwise", `INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)`},
	} {
		if testing.Short() && i%6 != 0 {
			continue
		}
		want := strings.TrimPrefix(c.want, "a ")
		got := auditOf(t, path, c.change)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) && !strings.Contains(s, "%!") }) {
			t.Errorf("%s: want %q in\n%s", c.change, want, strings.Join(got, "\n"))
		}
	}
}

// silent are columns that nothing depends on: when the file was made, numbers to begin at, and the marks by which SQLite skips pages in an index of words, which
// lead to the same page of one that has only one.
var silent = []string{"goose_db_version.id", "goose_db_version.tstamp", "sqlite_sequence.name", "sqlite_sequence.seq", "words_idx.segid", "words_idx.term",
	"procedures_idx.segid", "procedures_idx.term",
	"removal.id", "removal.next_release", "removal.next_snapshot", "removal.next_wording"}

// TestAnAuditOfALibraryReadsEveryCell changes one cell of every column of every table,
// those in which SQLite keeps the index of words included.
func TestAnAuditOfALibraryReadsEveryCell(t *testing.T) {
	path := auditedLibrary(t)
	clean := auditOf(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type IN ('table', 'shadow') AND t.name <> 'sqlite_schema' ORDER BY 1, c.cid`)
	if err != nil {
		t.Fatal(err)
	}
	var cells [][2]string
	for rows.Next() {
		var c [2]string
		if err := rows.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		cells = append(cells, c)
	}
	if len(cells) < 45 || rows.Err() != nil {
		t.Fatal(cells, rows.Err())
	}
	for i, c := range cells {
		if testing.Short() && i%6 != 0 {
			continue
		}
		var some bool
		if err := db.QueryRow(`SELECT EXISTS (SELECT 1 FROM ` + c[0] + `)`).Scan(&some); err != nil {
			t.Fatal(err)
		}
		if !some || slices.Contains(silent, c[0]+"."+c[1]) {
			continue
		}
		for _, which := range []string{"min", "max"} {
			var key, change string
			var value any
			if err := db.QueryRow(`SELECT name FROM pragma_table_info(?) ORDER BY cid LIMIT 1`, c[0]).Scan(&key); err != nil {
				t.Fatal(err)
			}
			where := fmt.Sprintf(`WHERE %[1]s = (SELECT %[2]s(%[1]s) FROM %[3]s)`, key, which, c[0])
			if err := db.QueryRow(fmt.Sprintf(`SELECT %s FROM %s %s LIMIT 1`, c[1], c[0], where)).Scan(&value); err != nil {
				t.Fatal(c, err)
			}
			change = fmt.Sprintf(`UPDATE OR REPLACE %s SET %s = %s %s`, c[0], c[1], changed(value), where)
			if got := auditOf(t, path, `PRAGMA foreign_keys = OFF`, change); slices.Equal(got, clean) {
				t.Errorf("%s was not seen", change)
			}
		}
	}
}

// changed returns, in SQL, another value of the same kind.
func changed(v any) string {
	switch v := v.(type) {
	case []byte:
		if len(v) == 0 {
			return "x'01'"
		}
		b := bytes.Clone(v)
		b[len(b)/2] ^= 1
		return "x'" + hex.EncodeToString(b) + "'"
	case int64:
		return fmt.Sprint(v ^ 1)
	}
	return fmt.Sprintf("'%vx'", v)
}

// TestTheContentOfAReleaseIsAllThatIsKeptOfIt asks for the hash that the ledger has of
// a release, which an audit computes anew.
func TestTheContentOfAReleaseIsAllThatIsKeptOfIt(t *testing.T) {
	path := auditedLibrary(t)
	l := openLibrary(t, path)
	a, err := l.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Releases {
		if got, err := l.Content(t.Context(), r.Release); err != nil || got != r.Content || len(got) != 64 {
			t.Errorf("content of %s: %s, %v; the audit says %s", r.Release, got, err, r.Content)
		}
	}
	// The same objects but for a space, in another library.
	other := openLibrary(t, filepath.Join(t.TempDir(), "library.db"))
	for _, version := range []string{"1", "2"} {
		importAudited(t, other, version, strings.Replace(auditedBundle(version), `"name":"Filter"`, `"name": "Filter"`, 1))
	}
	b, err := other.Audit(t.Context())
	if err != nil || len(b.Amiss) > 0 {
		t.Fatal(err, b.Amiss)
	}
	for i := range b.Releases {
		if b.Releases[i].Content == a.Releases[i].Content {
			t.Errorf("%s: other bytes have the same content", b.Releases[i].Release)
		}
	}
}

func TestAnAuditOfALibraryEndsWithItsContext(t *testing.T) {
	l := openLibrary(t, auditedLibrary(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Audit(ctx); err == nil {
		t.Error("no error")
	}
}

// BenchmarkAuditLibrary audits a library of every real release.
func BenchmarkAuditLibrary(b *testing.B) {
	l := openLibrary(b, filepath.Join(b.TempDir(), "library.db"))
	for _, p := range bundles(b) {
		f, err := os.Open(p)
		if err != nil {
			b.Fatal(err)
		}
		importBundle(b, l, named(p), f)
		f.Close()
	}
	for b.Loop() {
		a, err := l.Audit(context.Background())
		if err != nil || len(a.Amiss) > 0 {
			b.Fatal(err, a.Amiss)
		}
	}
}
