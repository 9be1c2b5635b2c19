//go:build unix

package app_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"candor/internal/app"
)

// TestFilesOfADataFolderAreTheirOwnersAlone fills a folder that everybody may enter,
// under a mask that hides nothing, and looks at every file that it then holds.
func TestFilesOfADataFolderAreTheirOwnersAlone(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	for _, name := range app.Engines() {
		f := &folder{t: t, dir: t.TempDir(), engine: name, now: today}
		if err := os.Mkdir(filepath.Join(f.dir, "data"), 0o777); err != nil {
			t.Fatal(err)
		}
		f.write("a.jsonl", `{"id":"a1","rule_id":"r","time":"2026-11-04T00:00:00Z"}`+"\nnot one\n")
		f.write("f.csv", "date,source,channel,events,hosts\n2026-11-01,a,b,1,1\n")
		f.ok("demo", "--once", "--keep", "demo")
		f.ok("evidence", "add", "alerts", "a.jsonl")
		f.ok("evidence", "add", "feeds", "f.csv")
		f.ok("attack", "import", "demo/input/miniature.json")
		f.ok("assess", "--keep", "--data", "demo/data")
		f.ok("token", "create", "edr", "--scope", "alerts")
		f.ok("backup", "backup.tar")
		n := 0
		for _, dir := range []string{"data", "demo/data"} {
			err := filepath.WalkDir(filepath.Join(f.dir, dir), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				n++
				if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s: %s has mode %v, %v", name, path, info.Mode(), err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		if n < 10 {
			t.Errorf("%d files only", n)
		}
		if info, err := os.Stat(filepath.Join(f.dir, "backup.tar")); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("the backup has mode %v", info.Mode())
		}
	}
}
