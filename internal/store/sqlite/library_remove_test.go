package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/store/sqlite"
)

// TestNothingOfARemovedReleaseIsInTheFile looks for a word that only one release has.
func TestNothingOfARemovedReleaseIsInTheFile(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l, err := sqlite.OpenLibrary(ctx, filepath.Join(dir, "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	land := func(version, word string) attack.Release {
		text := fmt.Sprintf(`{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[{"type":"tool","id":"tool--1","name":"same"},`+
			`{"type":"tool","id":"tool--2","name":%q}]}`, word)
		w, err := l.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := stix.Read(ctx, stix.Source{Reader: strings.NewReader(text)}, func(s *attack.Snapshot) error { return w.Add(ctx, s) })
		if err != nil {
			t.Fatal(err)
		}
		r := attack.Release{Domain: "acme-attack", Version: version, STIX: "2.0", FileHash: sum.FileHash.String(), Imported: time.Unix(0, 0)}
		if landed, err := w.Commit(ctx, r, nil); err != nil || !landed {
			t.Fatalf("landed %v, %v", landed, err)
		}
		return r
	}
	count := func(word string) (n int) {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			n += bytes.Count(b, []byte(word))
		}
		return n
	}
	gone := land("1.0", "jabberwocky")
	land("2.0", "bandersnatch")
	if count("jabberwocky") == 0 || count("bandersnatch") == 0 {
		t.Fatal("the words are not in the file to begin with")
	}
	if _, err := l.Remove(ctx, attack.Removal{Release: gone, At: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	if n := count("jabberwocky"); n > 0 {
		t.Errorf("the word is there %d times", n)
	}
	if count("bandersnatch") == 0 {
		t.Error("the other release lost its word")
	}
}
