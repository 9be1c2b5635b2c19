package archive_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"candor/internal/archive"
	"candor/internal/assure"
)

func TestTheStateOfAnArchiveHasAName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	a := archive.In(dir)
	none, err := a.Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Keep("monday", time.Now(), assure.Assessment{}); err != nil {
		t.Fatal(err)
	}
	now, err := a.Generation(t.Context())
	if _, _, failed := a.Keep("tuesday", time.Now(), assure.Assessment{}); failed != nil || err != nil {
		t.Fatal(failed, err)
	}
	if then, err := a.Generation(t.Context()); err != nil || then == now {
		t.Errorf("%s, %v after another change, and %s before", then, err, now)
	}
	names := map[string]bool{none: true, now: true}
	for _, ago := range []time.Duration{time.Hour, time.Minute} {
		if err := os.Chtimes(dir, time.Time{}, time.Now().Add(-ago)); err != nil {
			t.Fatal(err)
		}
		name, err := a.Generation(t.Context())
		if again, _ := a.Generation(t.Context()); err != nil || names[name] || again != name {
			t.Errorf("%s, %v, and then %s; before %v", name, err, again, names)
		}
		names[name] = true
	}
}
