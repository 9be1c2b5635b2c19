package hold_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/hold"
)

// holdEnv names the folder that a copy of the test binary holds.
const holdEnv = "CANDOR_HOLD_UNTIL_TOLD"

// now is when the tests take their holds.
func now() time.Time { return time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC) }

func asking(dir, command string, wait time.Duration) hold.Asking {
	return hold.Asking{Dir: dir, Command: command, Now: now(), Patience: hold.Patience{Limit: wait}}
}

// TestMain holds a folder until its input ends, if it is told to, and else runs
// the tests.
func TestMain(m *testing.M) {
	dir := os.Getenv(holdEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	h, err := hold.Acquire(context.Background(), asking(dir, "candor attack import", 0))
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("held\n")
	io.Copy(io.Discard, os.Stdin)
	if err := h.Release(); err != nil {
		os.Exit(1)
	}
}

// other is another process that holds a folder.
type other struct {
	*exec.Cmd
	input io.WriteCloser
}

// startOther starts another process and returns once it holds dir.
func startOther(t *testing.T, dir string) other {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "held\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	return other{cmd, input}
}

// take takes the hold on dir or fails the test.
func take(t *testing.T, dir string, wait time.Duration) *hold.Hold {
	t.Helper()
	h, err := hold.Acquire(t.Context(), asking(dir, "candor serve", wait))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// content returns what the lock file says.
func content(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, hold.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHeldFolderNamesItsHolder(t *testing.T) {
	dir := t.TempDir()
	holder := startOther(t, dir)
	_, err := hold.Acquire(t.Context(), asking(dir, "candor serve", 0))
	if fault.KindOf(err) != fault.Conflict {
		t.Fatalf("error %v; want one of kind %s", err, fault.Conflict)
	}
	pid := strconv.Itoa(holder.Process.Pid)
	want := "data folder " + dir + " is being written by process " + pid + " (candor attack import), since 2026-05-04T03:02:01Z"
	if err.Error() != want {
		t.Errorf("message\n%s\nwant\n%s", err, want)
	}
	if !strings.Contains(fault.HintOf(err), pid) {
		t.Errorf("hint %q does not name process %s", fault.HintOf(err), pid)
	}
}

func TestHoldOfKilledProcessIsNoObstacle(t *testing.T) {
	dir := t.TempDir()
	holder := startOther(t, dir)
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	holder.Wait()
	if !strings.Contains(content(t, dir), "candor attack import") {
		t.Fatalf("the killed process left %q", content(t, dir))
	}
	h := take(t, dir, 0)
	var said hold.Holder
	if err := json.Unmarshal([]byte(content(t, dir)), &said); err != nil {
		t.Fatalf("lock file %q: %v", content(t, dir), err)
	}
	if want := (hold.Holder{PID: os.Getpid(), Command: "candor serve", Since: now()}); said != want {
		t.Errorf("lock file says %+v, want %+v", said, want)
	}
	if err := h.Release(); err != nil {
		t.Error(err)
	}
}

func TestAcquireWaitsForRelease(t *testing.T) {
	dir := t.TempDir()
	holder := startOther(t, dir)
	done := make(chan error)
	go func() {
		h, err := hold.Acquire(t.Context(), asking(dir, "candor serve", time.Minute))
		if err == nil {
			err = h.Release()
		}
		done <- err
	}()
	holder.input.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := holder.Wait(); err != nil {
		t.Errorf("the other process: %v", err)
	}
}

func TestAcquireGivesUpAfterItsWait(t *testing.T) {
	dir := t.TempDir()
	startOther(t, dir)
	start := time.Now()
	_, err := hold.Acquire(t.Context(), asking(dir, "candor serve", 50*time.Millisecond))
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("error %v; want one of kind %s", err, fault.Conflict)
	}
	if waited := time.Since(start); waited < 50*time.Millisecond {
		t.Errorf("gave up after %v, want to wait 50ms", waited)
	}
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	startOther(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hold.Acquire(ctx, asking(dir, "candor serve", time.Minute)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want %v", err, context.Canceled)
	}
}

func TestTheFileTellsThatSomethingWasLeft(t *testing.T) {
	dir := t.TempDir()
	if hold.Left(dir) {
		t.Error("something is left in a new folder")
	}
	h := take(t, dir, 0)
	if !hold.Left(dir) {
		t.Error("a held folder tells nothing")
	}
	if err := errors.Join(h.Leave(), h.Leave(), h.Release()); err != nil {
		t.Error(err)
	}
	if !hold.Left(dir) {
		t.Error("what was left is forgotten")
	}
	// A signature of which a part was written over another one.
	for _, text := range []string{"{", `{"pid":12,"comm` + content(t, dir)} {
		if err := os.WriteFile(filepath.Join(dir, hold.FileName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := hold.Read(dir); ok || !hold.Left(dir) {
			t.Errorf("lock file %q: read %t, left %t", text, ok, hold.Left(dir))
		}
	}
	if err := take(t, dir, 0).Release(); err != nil || hold.Left(dir) {
		t.Errorf("after a release: %v, left %t", err, hold.Left(dir))
	}
}

func TestReleaseEmptiesTheFileAndFreesTheFolder(t *testing.T) {
	dir := t.TempDir()
	h := take(t, dir, 0)
	if _, err := hold.Acquire(t.Context(), asking(dir, "candor serve", 0)); fault.KindOf(err) != fault.Conflict {
		t.Errorf("second hold in one process: error %v; want one of kind %s", err, fault.Conflict)
	}
	for range 2 {
		if err := h.Release(); err != nil {
			t.Error(err)
		}
	}
	if s := content(t, dir); s != "" {
		t.Errorf("lock file says %q after release", s)
	}
	if err := take(t, dir, 0).Release(); err != nil {
		t.Error(err)
	}
}

func TestAcquireExplainsFoldersItCannotHold(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "blocked")
	if err := os.MkdirAll(filepath.Join(blocked, hold.FileName), 0o755); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]fault.Kind{
		filepath.Join(dir, "missing"): fault.NotFound,
		blocked:                       fault.Unavailable,
	} {
		_, err := hold.Acquire(t.Context(), asking(folder, "candor serve", 0))
		if fault.KindOf(err) != want || fault.HintOf(err) == "" {
			t.Errorf("%s: error %v, hint %q; want one of kind %s with a hint", folder, err, fault.HintOf(err), want)
		}
	}
}
