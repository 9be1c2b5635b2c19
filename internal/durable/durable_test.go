package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/durable"
)

func TestAFileIsWrittenWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, text := range []string{"long before", "now"} {
		if err := durable.Write(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%q, %v; want %q", b, err, text)
		}
	}
	// Where it cannot be placed, what is there stays.
	taken := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(taken, "in it"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.Write(taken, []byte("x"), 0o600); err == nil {
		t.Error("a file was written over a folder")
	}
	if _, err := os.Stat(filepath.Join(taken, "in it")); err != nil {
		t.Error(err)
	}
	for _, err := range []error{durable.Write(filepath.Join(dir, "no", "f"), nil, 0o600), durable.Names(filepath.Join(dir, "no")), durable.Rename(filepath.Join(dir, "no"), path)} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v, want %v", err, fs.ErrNotExist)
		}
	}
}
