package storetest

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"candor/internal/tear"
)

// tearEnv names the folder that a copy of the test binary writes to until a write of
// it is cut short.
const tearEnv = "CANDOR_WRITE_UNTIL_TORN"

// Tearing is a test that kills a process within each change that it makes to its
// files.
type Tearing struct {
	// Before brings about what is there before.
	Before func(t *testing.T, dir string)
	// Write changes what is there, and ends.
	Write func(t *testing.T, dir string)
	// Check looks at what was left; ended says that Write came to its end.
	Check func(t *testing.T, dir string, ended bool)
	// Step is how many changes there are from one that is cut short to the next.
	Step int
}

// Run starts the test binary again for each change. It is to be all that its test
// does.
func (k *Tearing) Run(t *testing.T) {
	if dir := os.Getenv(tearEnv); dir != "" {
		k.Write(t, dir)
		return
	}
	before := t.TempDir()
	k.Before(t, before)
	cut, step, least := 0, k.Step, 5
	if testing.Short() {
		step, least = 3*step, 2
	}
	for n := 1; ; n += step {
		var left tear.Left
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(before)); err != nil {
				t.Fatal(err)
			}
			left = Tear(t, dir, tear.Nth(n, ""))
			k.Check(t, dir, left.Change == "")
		})
		if left.Change == "" {
			break
		}
		cut++
	}
	if cut < least && !t.Failed() {
		t.Errorf("only %d changes were cut short", cut)
	}
}

// Tear runs what the Tearing of the test writes to dir, and cuts a change short.
func Tear(t *testing.T, dir string, cut func(change string) bool) tear.Left {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	c := exec.Command(os.Args[0], "-test.run=^"+name+"$")
	c.Env = append(os.Environ(), tearEnv+"="+dir)
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	left, err := tear.Run(c, dir, cut)
	switch {
	case errors.Is(err, tear.ErrUnable):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	case left.Change == "" && left.Code != 0:
		t.Fatalf("the writing process ended by itself with %d", left.Code)
	}
	t.Log(left.Change)
	return left
}
