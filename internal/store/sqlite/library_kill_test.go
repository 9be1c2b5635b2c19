package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
)

// importEnv names the folder that a copy of the test binary imports into.
const importEnv = "CANDOR_IMPORT_UNTIL_KILLED"

// TestAReleaseLandsWholeOrNotAtAllWhenKilled kills a process that imports
// releases, at random moments, and looks at what it left.
func TestAReleaseLandsWholeOrNotAtAllWhenKilled(t *testing.T) {
	if dir := os.Getenv(importEnv); dir != "" {
		importUntilKilled(t, dir)
		return
	}
	dir := t.TempDir()
	acknowledged := 0
	for range 8 {
		acknowledged += killedImporter(t, dir, time.Duration(rand.Int64N(int64(60*time.Millisecond))))
		l := openLibrary(t, filepath.Join(dir, "library.db"))
		rs, err := l.Releases(t.Context())
		if err != nil || len(rs) < acknowledged {
			t.Fatalf("%d releases, %v; %d were acknowledged", len(rs), err, acknowledged)
		}
		acknowledged = len(rs)
		for _, r := range rs {
			view, err := l.Load(t.Context(), r)
			if err != nil || len(view.Objects()) != objectsPerImport {
				t.Fatalf("%s is not whole: %v", r, err)
			}
		}
		l.Close()
	}
}

const objectsPerImport = 3000

// killedImporter runs a process that imports, kills it some time after its
// first release landed, and returns how many releases it acknowledged.
func killedImporter(t *testing.T, dir string, delay time.Duration) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAReleaseLandsWholeOrNotAtAllWhenKilled$")
	cmd.Env = append(os.Environ(), importEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); acknowledged++ {
		if acknowledged == 0 {
			time.AfterFunc(delay, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); acknowledged == 0 || cmd.ProcessState.Exited() {
		t.Fatalf("the importing process ended by itself: %v", err)
	}
	return acknowledged
}

// importUntilKilled imports releases, each a little different from the one
// before, and prints each that landed.
func importUntilKilled(t *testing.T, dir string) {
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
		fmt.Println(importBundle(t, l, attack.Release{Domain: "acme-attack", Version: fmt.Sprint(n)}, strings.NewReader(text)))
	}
}
