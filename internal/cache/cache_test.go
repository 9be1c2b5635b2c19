package cache

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatWasUsedLastIsKept(t *testing.T) {
	var c Cache[int]
	for i, k := range strings.Split("abcd", "") {
		c.Put(k, i)
	}
	c.Get("a")
	c.Put("e", 4)
	c.Put("a", 10)
	for k, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true, "e": true} {
		if _, ok := c.Get(k); ok != want {
			t.Errorf("%s kept: %t, want %t", k, ok, want)
		}
	}
	if v, _ := c.Get("a"); v != 10 {
		t.Errorf("a is %d, want what was put last", v)
	}
}

// TestTheBoundHolds puts values of any cost under any keys: what is kept never costs
// more than it may, is what was put last under its key, and is all that fits of what
// was used last.
func TestTheBoundHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Int64Range(1, 50).Draw(t, "most")
		c := Cache[int64]{Most: most, Cost: func(v int64) int64 { return v }}
		var used []string // used last, first
		last := map[string]int64{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			k, v := strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "key")), rapid.Int64Range(1, 60).Draw(t, "cost")
			c.Put(k, v)
			used = append([]string{k}, remove(used, k)...)
			if last[k] = v; v > most {
				used = used[1:]
				delete(last, k)
			}
			sum := int64(0)
			for i, k := range used {
				if sum += last[k]; sum > most {
					for _, gone := range used[i:] {
						delete(last, gone)
					}
					used = used[:i]
					break
				}
			}
		}
		for i := range 10 {
			v, ok := c.Get(strconv.Itoa(i))
			if want, kept := last[strconv.Itoa(i)]; ok != kept || v != want {
				t.Fatalf("%d: %d, %t; want %d, %t", i, v, ok, want, kept)
			}
		}
	})
}

func remove(list []string, s string) (rest []string) {
	for _, x := range list {
		if x != s {
			rest = append(rest, x)
		}
	}
	return rest
}

func TestWhatFailedOrMayNotBeKeptIsMadeAgain(t *testing.T) {
	c := Cache[int]{Keep: func(v int) bool { return v%2 == 0 }}
	made := 0
	ask := func(v int, err error) (int, error) {
		return c.Of(t.Context(), "k", func(context.Context) (int, error) { made++; return v, err })
	}
	if _, err := ask(0, errors.New("no")); err == nil {
		t.Error("an error was lost")
	}
	for _, v := range []int{1, 3, 4, 6} {
		if got, err := ask(v, nil); err != nil || got != min(v, 4) {
			t.Errorf("%d, %v, want %d", got, err, min(v, 4))
		}
	}
	if made != 4 {
		t.Errorf("made %d times, want 4", made)
	}
	ended := false
	c.Keep = func(int) bool { return !ended }
	if _, ok := c.Get("k"); !ok {
		t.Error("what may be kept is forgotten")
	}
	ended = true
	if _, ok := c.Get("k"); ok {
		t.Error("what may be kept no more is kept")
	}
	if ended = false; len(c.at) > 0 || c.cost != 0 {
		t.Error("what is forgotten has a place")
	}
}

func TestAHorizonIsTheEarliest(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	Until(t.Context(), now) // nobody asks
	ctx, at := WithHorizon(t.Context())
	if !at().IsZero() {
		t.Errorf("%s, want none", at())
	}
	for _, d := range []time.Duration{3, 1, 2} {
		Until(context.WithoutCancel(ctx), now.Add(d))
	}
	if want := now.Add(1); !at().Equal(want) {
		t.Errorf("%s, want %s", at(), want)
	}
}
