package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/store/storetest"
)

const objectsPerImport = 3000

// TestAReleaseLandsWholeOrNotAtAllWhenKilled kills a process that imports
// releases, at random moments, and looks at what it left.
func TestAReleaseLandsWholeOrNotAtAllWhenKilled(t *testing.T) {
	k := storetest.Killing{Rounds: 8, Within: 60 * time.Millisecond, Write: importForGood, Check: checkReleases}
	k.Run(t)
}

// importForGood imports releases, each a little different from the one before.
func importForGood(t *testing.T, dir string, landed func(id string)) {
	l := openLibrary(t, filepath.Join(dir, "library.db"))
	have, err := l.Releases(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for n := len(have); ; n++ {
		var objects []string
		for i := range objectsPerImport {
			objects = append(objects, fmt.Sprintf(`{"type":"tool","id":"tool--%d","name":"state %d of %d"}`, i, (n+i)/7, i))
		}
		text := `{"type":"bundle","spec_version":"2.0","objects":[` + strings.Join(objects, ",") + `]}`
		release := attack.Release{Domain: "acme-attack", Version: fmt.Sprint(n)}
		importBundle(t, l, release, strings.NewReader(text))
		landed(release.Version)
	}
}

// checkReleases checks that what was acknowledged is there, and every release
// that is listed is whole.
func checkReleases(t *testing.T, dir string, acknowledged map[string]bool) {
	l := openLibrary(t, filepath.Join(dir, "library.db"))
	defer l.Close()
	releases, err := l.Releases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, r := range releases {
		there[r.Version] = true
		view, err := l.Load(t.Context(), r)
		if err != nil || len(view.Objects()) != objectsPerImport {
			t.Fatalf("%s is not whole: %v", r, err)
		}
	}
	for version := range acknowledged {
		if !there[version] {
			t.Errorf("release %s was acknowledged and is lost", version)
		}
	}
}
