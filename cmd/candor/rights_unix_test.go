//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// stranger is the same place as a user uses it whom the modes of files bind: as root
// the system lets everything pass.
func (p place) stranger() place {
	p.t.Helper()
	if os.Getuid() != 0 {
		return p
	}
	const nobody = 65534
	// The binary of the test lies in a folder that root alone can enter.
	program, err := exec.LookPath("candor")
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	if err == nil {
		err = os.Link(program, p.path("candor"))
	}
	if err == nil {
		err = os.Chmod(p.dir, 0o777)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	own := p.path("candor")
	p.as = func(c *exec.Cmd) {
		c.Path = own
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return p
}

// TestAFolderWithoutRightsIsToldAsSuch tells who is in the way, and what to do.
func TestAFolderWithoutRightsIsToldAsSuch(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	feeds := p.feeds("f.csv")
	p.ok("evidence", "add", "feeds", feeds)
	for _, dir := range []string{"above/below", "open"} {
		if err := os.MkdirAll(p.path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := p.stranger()
	shut := func(mode os.FileMode, names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.Chmod(p.path(name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	reads := [][]string{{"evidence", "list"}, {"assess", "--summary"}, {"ledger", "verify"}, {"attack", "releases"}}
	writes := [][]string{{"evidence", "add", "feeds", feeds}, {"serve", "--addr", "127.0.0.1:0"}}
	shut(0, "data")
	for _, args := range append(reads, writes...) {
		s.fails([]string{"data", "permission denied", "next: give the user who runs candor the right", "chown"}, args...)
	}
	shut(0o555, "data")
	for _, args := range writes {
		s.fails([]string{"nothing can be written into the data folder", "permission denied", "chown", "--data"}, args...)
	}
	shut(0o755, "data")
	shut(0, feeds)
	shut(0o777, "open")
	s.fails([]string{feeds, "permission denied", "next: check that you may read it"}, "evidence", "add", "feeds", feeds, "--data", "open/data")
	s.fails([]string{feeds, "permission denied", "next: ", "chown"}, "policy", "set", feeds, "--data", "open/data")
	shut(0o555, "above/below")
	for _, args := range [][]string{{"evidence", "add", "feeds", feeds, "--data", "above/below/new"}, {"demo", "--once", "--keep", "above/below/new"}} {
		s.fails([]string{"above/below/new", "permission denied", "next: ", "name another one"}, args...)
	}
	shut(0, "above")
	s.fails([]string{"cannot be read", "permission denied", "chown"}, "evidence", "list", "--data", "above/below")
	shut(0o755, "above", "above/below", feeds)
}
