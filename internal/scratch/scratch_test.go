package scratch_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/scratch"
)

// leaveEnv names the place in which a copy of the test binary makes a folder and waits.
const leaveEnv = "CANDOR_SCRATCH_IN"

func TestMain(m *testing.M) {
	in := os.Getenv(leaveEnv)
	if in == "" {
		os.Exit(m.Run())
	}
	f, err := scratch.Make(in, ".used-")
	if err == nil {
		err = os.WriteFile(filepath.Join(f.Path(), "half"), []byte("a half"), 0o600)
	}
	if err != nil {
		os.Exit(1)
	}
	os.Stdout.WriteString(f.Path() + "\n")
	select {}
}

// TestWhatAKilledProcessLeftIsRemoved kills a process that has a folder.
func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	in := t.TempDir()
	if err := os.Mkdir(filepath.Join(in, "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), leaveEnv+"="+in)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Process.Kill(); other.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	left := strings.TrimSpace(line)
	mine, err := scratch.Make(in, ".used-")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(left, "half")); err != nil {
		t.Errorf("the folder of a process that runs: %v", err)
	}
	other.Process.Kill()
	other.Wait()
	scratch.Collect(in, ".used-")
	if _, err := os.Stat(left); err == nil {
		t.Error("the folder of a process that was killed is there")
	}
	if _, err := os.Stat(mine.Path()); err != nil {
		t.Errorf("a folder in use: %v", err)
	}
	for range 2 {
		if err := mine.Remove(); err != nil {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(in); err != nil || len(entries) != 1 || entries[0].Name() != "other" {
		t.Errorf("left: %v, %v", entries, err)
	}
	if _, err := scratch.Make(filepath.Join(in, "no"), "x"); err == nil {
		t.Error("a folder in none was made")
	}
}
