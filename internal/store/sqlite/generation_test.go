package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"candor/internal/store/sqlite"
)

// TestAStoreThatWasAskedForItsStateLeavesNoLog asks for it, closes, and looks at what lies
// beside the file.
func TestAStoreThatWasAskedForItsStateLeavesNoLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence.db")
	e, err := sqlite.OpenEvidence(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Generation(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + end); err == nil {
			t.Errorf("evidence.db%s is left", end)
		}
	}
}
