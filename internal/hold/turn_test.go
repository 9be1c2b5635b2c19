package hold_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/hold"
)

func TestATurnIsTakenByOneAtATime(t *testing.T) {
	turn := hold.NewTurn()
	release, err := turn.Take(t.Context(), asking("data", "candor evidence add", 0))
	if err != nil {
		t.Fatal(err)
	}
	_, err = turn.Take(t.Context(), asking("data", "candor backup", 0))
	if fault.KindOf(err) != fault.Conflict || fault.HintOf(err) == "" {
		t.Errorf("error %v; want one of kind %s with a hint", err, fault.Conflict)
	}
	want := "data folder data is being written by process " + strconv.Itoa(os.Getpid()) + " (candor evidence add), since 2026-05-04T03:02:01Z"
	if err.Error() != want {
		t.Errorf("message\n%s\nwant\n%s", err, want)
	}
	told := make(chan string, 1)
	a := asking("data", "candor backup", time.Minute)
	a.Tell = func(h hold.Holder) {
		told <- h.Waited("data")
		release()
	}
	second, err := turn.Take(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if s := <-told; !strings.Contains(s, "candor evidence add") {
		t.Errorf("told %q", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turn.Take(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want %v", err, context.Canceled)
	}
	second()
	third, err := turn.Take(t.Context(), asking("data", "candor backup", 0))
	if err != nil {
		t.Fatal(err)
	}
	third()
}

func TestWhatIsMetEndsTheWait(t *testing.T) {
	dir := t.TempDir()
	startOther(t, dir)
	served, times := errors.New("a server has it"), 0
	a := asking(dir, "candor evidence add", time.Minute)
	a.Meet = func(context.Context) error {
		if times++; times < 3 {
			return nil
		}
		return served
	}
	if _, err := hold.Acquire(t.Context(), a); !errors.Is(err, served) {
		t.Errorf("error %v; want %v", err, served)
	}
}

func TestAServerIsAnnounced(t *testing.T) {
	dir := t.TempDir()
	h := take(t, dir, 0)
	if err := h.Announce("/run/s", "http://127.0.0.1:1/", "v1"); err != nil {
		t.Fatal(err)
	}
	got, ok := hold.Read(dir)
	want := hold.Holder{PID: os.Getpid(), Command: "candor serve", Since: now(), Socket: "/run/s", Address: "http://127.0.0.1:1/", Version: "v1"}
	if !ok || got != want {
		t.Errorf("the lock file says %+v, want %+v", got, want)
	}
	if err := h.Release(); err != nil {
		t.Fatal(err)
	}
	if got, ok := hold.Read(dir); ok {
		t.Errorf("nobody holds the folder, and it says %+v", got)
	}
	if _, ok := hold.Read(t.TempDir()); ok {
		t.Error("a folder without a lock file has a holder")
	}
}
