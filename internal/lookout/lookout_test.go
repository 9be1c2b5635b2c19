package lookout

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/ingest"
)

// house is what a lookout looks at, and what it lands.
type house struct {
	now     time.Time
	state   string
	found   []*alert.Alert
	waiting int
	looks   int
	failed  error
	landed  []string
}

func (h *house) Add(_ context.Context, r ingest.Request) (ingest.Result, error) {
	text, err := os.ReadFile(filepath.Join(r.Dir, r.Paths[0]))
	h.landed = append(h.landed, string(text))
	var res ingest.Result
	res.New = int64(strings.Count(string(text), "\n"))
	return res, errors.Join(err, h.failed)
}

func (h *house) lookout(dir string) *Service {
	return &Service{Dir: dir, Now: func() time.Time { return h.now }, In: h,
		Generation: func(context.Context) (string, error) { return h.state, nil },
		Find: func(_ context.Context, now, until time.Time) ([]*alert.Alert, int, error) {
			h.looks++
			if now.Sub(until) != Ripe {
				return nil, 0, errors.New("asked for what is not ripe")
			}
			return h.found, h.waiting, nil
		}}
}

func TestItLooksWhenSomethingArrivedOrSettles(t *testing.T) {
	h := &house{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), state: "1"}
	s := h.lookout(t.TempDir())
	look := func(what string, want int) {
		t.Helper()
		if _, err := s.Once(t.Context()); err != nil || h.looks != want {
			t.Errorf("%s: %d looks, want %d (%v)", what, h.looks, want, err)
		}
	}
	look("at first", 1)
	h.now = h.now.Add(time.Hour)
	look("nothing arrived", 1)
	h.state, h.waiting = "2", 1
	look("something arrived", 2)
	h.now = h.now.Add(Ripe - time.Second)
	look("what waits is not ripe", 2)
	h.now, h.waiting = h.now.Add(time.Second), 0
	look("what waited is ripe", 3)
	h.now = h.now.Add(24 * time.Hour)
	look("another day has another window", 4)
}

func TestWhatIsFoundIsKeptOrFoundAgain(t *testing.T) {
	h := &house{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), state: "1", failed: errors.New("the disk is full")}
	h.found = []*alert.Alert{{ID: "chain-1", RuleID: "chain:pair", Time: h.now.Add(-time.Hour), Entity: "h1"}}
	dir := t.TempDir()
	s := h.lookout(dir)
	if _, err := s.Once(t.Context()); err == nil || s.Standing().Failed != "the disk is full" {
		t.Errorf("a failure is not told: %v, %+v", err, s.Standing())
	}
	h.failed = nil
	kept, err := s.Once(t.Context())
	if err != nil || kept != 1 || len(h.landed) != 2 || !strings.Contains(h.landed[1], `"rule_id":"chain:pair"`) {
		t.Errorf("kept %d of %q: %v", kept, h.landed, err)
	}
	if st := s.Standing(); st.Failed != "" || st.Kept != 1 || st.Looks != 2 || !st.At.Equal(h.now) {
		t.Errorf("standing %+v", st)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}

func TestALongLookIsFollowedByARest(t *testing.T) {
	h := &house{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), state: "1"}
	s := h.lookout(t.TempDir())
	find := s.Find
	s.Find = func(ctx context.Context, now, until time.Time) ([]*alert.Alert, int, error) {
		defer func() { h.now = h.now.Add(10 * time.Second) }()
		return find(ctx, now, until)
	}
	for i, want := range []int{1, 1, 1, 1, 1, 2} {
		h.state += "x"
		if _, err := s.Once(t.Context()); err != nil || h.looks != want {
			t.Errorf("after %d: %d looks, want %d (%v)", i, h.looks, want, err)
		}
		if i > 0 {
			h.now = h.now.Add(10 * time.Second)
		}
	}
}
