package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"candor/internal/store"
	"candor/internal/store/sqlite"
	"candor/internal/store/storetest"
)

func TestLibraryKeepsTheContract(t *testing.T) {
	storetest.Library(t, func(t *testing.T, dir string) store.Library {
		l, err := sqlite.OpenLibrary(context.Background(), filepath.Join(dir, "library.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	})
}
