package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/store"
)

// earlier makes of a library one as candor made them before procedures were searched.
const earlier = `
DROP TABLE procedures_terms; DROP TABLE procedures; DROP TABLE words_terms; DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (attack_id, name, aliases, description, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO words (rowid, attack_id, name, aliases, description) VALUES (1, 'S9', 'Stale', '', '');
UPDATE release_view SET data = x'00';
DELETE FROM goose_db_version WHERE version_id = 4;`

// A folder of an earlier candor is searched like a new one, and what was in its index
// is not.
func TestTheIndexOfAnEarlierLibraryIsMadeAnew(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "library.db")
	l := openAlone(t, path)
	text := `{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[
		{"type":"intrusion-set","id":"intrusion-set--1","name":"APT29","aliases":["APT29","Cozy Bear"],"external_references":[{"source_name":"mitre-attack","external_id":"G1"}]},
		{"type":"attack-pattern","id":"attack-pattern--1","name":"Exploitation","external_references":[{"source_name":"mitre-attack","external_id":"T1"}]},
		{"type":"relationship","id":"relationship--1","relationship_type":"uses","source_ref":"intrusion-set--1","target_ref":"attack-pattern--1","description":"With CVE-2017-11882."}]}`
	r := importBundle(t, l, attack.Release{Domain: "enterprise-attack", Version: "1.0"}, strings.NewReader(text))
	before := asText(t, path, l)
	l = openAlone(t, path)
	defer func() { l.Close() }()
	l.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, earlier); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	l = openAlone(t, path)
	for text, want := range map[string][]string{"cozybear": {"G1"}, "CVE-2017-11882": {"T1", "G1"}, "stale": nil} {
		ls, _, err := l.List(ctx, store.Query{Release: r, Text: text})
		var ids []string
		for _, l := range ls {
			ids = append(ids, l.ATTACKID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%q finds %v, %v; want %v", text, ids, err, want)
		}
	}
	if after := asText(t, path, l); after != before {
		t.Errorf("the views and the numbers of wordings are other ones than those of an import:\n%s\n%s", after, before)
	}
	l = openAlone(t, path)
}

// What only a removed release says is in no index of words.
func TestARemovedReleaseLeavesNoWords(t *testing.T) {
	relationship := `{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[
		{"type":"tool","id":"tool--1","name":"Both","external_references":[{"source_name":"mitre-attack","external_id":"S1"}]},
		{"type":"relationship","id":"relationship--1","relationship_type":"uses","source_ref":"tool--1","target_ref":"tool--1","description":"shared"},
		{"type":"relationship","id":"relationship--2","relationship_type":"uses","source_ref":"tool--1","target_ref":"tool--1","description":"alone"}]}`
	one := attack.Release{Domain: "enterprise-attack", Version: "1.0"}
	alone, both := filepath.Join(t.TempDir(), "library.db"), filepath.Join(t.TempDir(), "library.db")
	l := openAlone(t, alone)
	importBundle(t, l, one, strings.NewReader(relationship))
	want := asText(t, alone, l)
	l = openAlone(t, both)
	importBundle(t, l, one, strings.NewReader(relationship))
	gone := importBundle(t, l, attack.Release{Domain: "enterprise-attack", Version: "2.0"},
		strings.NewReader(strings.NewReplacer("alone", "elsewhere", "Both", "Another").Replace(relationship)))
	if _, err := l.Remove(context.Background(), attack.Removal{Release: gone}); err != nil {
		t.Fatal(err)
	}
	if got := asText(t, both, l); got != want {
		t.Errorf("after the removal of the other release:\n%s\nand of the one alone:\n%s", got, want)
	}
}

// asText closes a library and returns what is derived in it.
func asText(t *testing.T, path string, l interface{ Close() error }) string {
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var derived string
	if err := db.QueryRowContext(context.Background(), `SELECT group_concat(part, '; ') FROM (
		SELECT 'view ' || release || ' ' || hex(data) AS part FROM release_view
		UNION ALL SELECT 'wording ' || id || ' ' || stix_id || ' ' || hex(hash) FROM wording
		UNION ALL SELECT 'words ' || term || ' ' || doc FROM words_terms
		UNION ALL SELECT 'procedures ' || term || ' ' || doc FROM procedures_terms)`).Scan(&derived); err != nil {
		t.Fatal(err)
	}
	return derived
}
