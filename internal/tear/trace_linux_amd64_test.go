package tear_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/tear"
)

func TestAChangeIsCutShort(t *testing.T) {
	for _, c := range []struct {
		script, cut, change string // the first change with cut in it
		want                string // name and length of each file that is left
	}{
		{"dd if=/dev/zero of=f bs=9000 count=3", "", "write 9000 bytes to f", "f 4096"},
		{"dd if=/dev/zero of=f bs=400 count=3 seek=1", "write", "write 400 bytes to f", "f 403"},
		{"dd if=/dev/zero of=f bs=9000 count=3", "never", "", "f 27000"},
		{"(echo a >a; mv a b; rm b)", "rename", "rename a", "a 2"},
		{"(echo a >a; mv a b; rm b)", "remove", "remove b", "b 2"},
		{"(echo a >a; mv $PWD/a b; rm b; exit 3)", "never", "", ""},
		{"(echo abc >a; truncate -s 1 a)", "truncate", "truncate a to 1", "a 4"},
		{"echo a >../elsewhere; echo a >a", "", "write 2 bytes to a", "a 1"},
	} {
		dir := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", c.script)
		cmd.Dir = dir
		left, err := tear.Run(cmd, dir, func(change string) bool { return strings.Contains(change, c.cut) })
		if errors.Is(err, tear.ErrUnable) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if left.Change != c.change || (left.Code == 3) != strings.Contains(c.script, "exit 3") {
			t.Errorf("%s: %+v, want the change %q", c.script, left, c.change)
		}
		if got := lengths(t, dir); got != c.want {
			t.Errorf("%s, %s cut short: %q is left, want %q", c.script, c.change, got, c.want)
		}
	}
}

func TestTheNthChangeIsCutShort(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("dd", "if=/dev/zero", "of="+dir+"/f", "bs=100", "count=5")
	if left, err := tear.Run(cmd, dir, tear.Nth(4, "")); err != nil && !errors.Is(err, tear.ErrUnable) || err == nil && lengths(t, dir) != "f 301" {
		t.Errorf("%+v, %v; %s is left", left, err, lengths(t, dir))
	}
}

// lengths lists the files in dir with their lengths.
func lengths(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(f.Name(), " ", info.Size()))
	}
	return strings.Join(list, ", ")
}
