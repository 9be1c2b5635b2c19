package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

// listed is a store of batches.
type listed []Batch

func (l listed) Batches(context.Context) ([]Batch, error) { return l, nil }

type broken struct{}

func (broken) Batches(context.Context) ([]Batch, error) { return nil, errors.New("no disk") }

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
