package store

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"candor/internal/fault"
)

// listed is a store of batches.
type listed []Batch

func (l listed) Batches(context.Context) ([]Batch, error) { return l, nil }

func (l listed) Newest(_ context.Context, upTo, n int) ([]Batch, int, error) {
	of := l
	if upTo >= 0 {
		of = l[:min(upTo, len(l))]
	}
	return of[max(0, len(of)-n):], len(l), nil
}

type broken struct{}

func (broken) Batches(context.Context) ([]Batch, error) { return nil, errors.New("no disk") }

func (broken) Newest(context.Context, int, int) ([]Batch, int, error) {
	return nil, 0, errors.New("no disk")
}

func at(hour int, ids ...string) (l listed) {
	for _, id := range ids {
		l = append(l, Batch{ID: id, Added: time.Date(2026, 11, 1, hour, 0, 0, 0, time.UTC)})
	}
	return l
}

func TestMergedListsAreInOrderOfArrival(t *testing.T) {
	a := append(at(9, "a1"), append(at(5, "a2 after a clock was put back"), at(12, "a3")...)...)
	b := append(at(9, "b1"), at(11, "b2")...)
	got, err := Merged(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, x := range got {
		ids = append(ids, x.ID)
	}
	want := []string{"a1", "a2 after a clock was put back", "b1", "b2", "a3"}
	for i := range want {
		if len(ids) != len(want) || ids[i] != want[i] {
			t.Fatalf("%q, want %q", ids, want)
		}
	}
	for _, pair := range [][2]Batched{{broken{}, b}, {a, broken{}}} {
		if got, err := Merged(t.Context(), pair[0], pair[1]); err == nil || got != nil {
			t.Errorf("%v, %v, want the store's error", got, err)
		}
	}
}

// TestTheNewestComeFirstAndEachOnce goes through two lists so many at a time, while more
// arrive.
func TestTheNewestComeFirstAndEachOnce(t *testing.T) {
	a := append(at(9, "a1", "a2"), append(at(10, "a3"), at(14, "a4")...)...)
	b := append(at(9, "b1"), append(at(11, "b2"), at(12, "b3")...)...)
	want := []string{"a4", "b3", "b2", "a3", "b1", "a2", "a1"}
	for n := 1; n <= 8; n++ {
		var ids []string
		for from, more := "", true; more; {
			l, err := NewestOf(t.Context(), append(a, at(20, "later")[:min(1, len(ids))]...), b, from, n)
			if err != nil || len(l.Batches) == 0 || len(l.Batches) > n || len(ids) > 10 {
				t.Fatalf("%d at a time, from %q: %+v, %v", n, from, l, err)
			}
			if l.Total != 7+min(1, len(ids)) {
				t.Errorf("%d in all", l.Total)
			}
			for _, x := range l.Batches {
				ids = append(ids, x.ID)
			}
			from, more = l.Next, l.Next != ""
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%d at a time: %q, want %q", n, ids, want)
		}
	}
	if l, err := NewestOf(t.Context(), listed{}, listed{}, "", 5); err != nil || l.Total != 0 || l.Batches == nil || l.Next != "" {
		t.Errorf("of nothing: %+v, %v", l, err)
	}
	for _, place := range []string{"7", "-1.2", "1.2.3", "1.x", " 1.2", "01.2"} {
		if _, err := NewestOf(t.Context(), a, b, place, 5); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", place, err)
		}
	}
	if l, err := NewestOf(t.Context(), a, b, "99.99", 1); err != nil || l.Batches[0].ID != "a4" || l.Next != "3.3" {
		t.Errorf("from behind the end: %+v, %v", l, err)
	}
	for _, pair := range [][2]Recent{{broken{}, b}, {a, broken{}}} {
		if _, err := NewestOf(t.Context(), pair[0], pair[1], "", 5); err == nil {
			t.Error("the store's error is lost")
		}
	}
}
