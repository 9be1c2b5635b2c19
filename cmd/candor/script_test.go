package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"candor": described})
}

// TestScripts runs the transcripts in testdata/script with the real binary.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Setup: setup, Cmds: commands()})
}

// TestRealInput runs the transcripts that need the shared data, which stays
// outside the repository.
func TestRealInput(t *testing.T) {
	data := os.Getenv("CANDOR_TEST_DATA")
	if data == "" {
		t.Skip("CANDOR_TEST_DATA is not set: the transcripts on real releases, rules and alerts need it")
	}
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/real", Cmds: commands(), Setup: func(e *testscript.Env) error {
		e.Setenv("SHARED", data)
		return setup(e)
	}})
}

// commands are those of transcripts that are not candor's.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){"sentences": sentences, "documented": documented, "replace": replace}
}

// replace puts one text in the place of another, which must be there, in a file: replace OLD NEW FILE.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	was := ts.ReadFile(args[2])
	if !strings.Contains(was, args[0]) {
		ts.Fatalf("%s has no %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(was, args[0], args[1])), 0o600))
}

func setup(e *testscript.Env) error {
	root, err := filepath.Abs("../..")
	e.Setenv("REPO", root)
	e.Setenv("TMPDIR", e.WorkDir)
	// For evidence beside the demonstration's, which ends yesterday.
	e.Setenv("SOON", time.Now().UTC().AddDate(0, 0, 90).Format(time.DateOnly))
	e.Setenv("YESTERDAY", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly))
	return err
}
