package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/store"
)

// Lasting is a store of alerts whose processes are killed; Open opens the one in dir until
// its test ends.
type Lasting struct {
	Open func(t testing.TB, dir string) AlertsKeeper
}

// Killed kills a process that appends batches, at random moments, and looks at what it
// left; see Killing.
func (l Lasting) Killed(t *testing.T, rounds int) {
	k := Killing{Rounds: rounds, Within: 40 * time.Millisecond}
	k.Write = func(t *testing.T, dir string, landed func(id string)) {
		s := l.Open(t, dir)
		before, err := s.Batches(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for n := len(before); ; n++ {
			KillAlerts(t, s, n, landed)
		}
	}
	k.Check = func(t *testing.T, dir string, acknowledged map[string]bool) {
		s := l.Open(t, dir)
		list, err := s.Batches(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		AllThere(t, list, acknowledged)
		WholeAlerts(t, s, int64(len(list)))
	}
	k.Run(t)
}

// Torn kills a process within its changes to files, every step-th of them, while it adds a
// batch to two; see Tearing.
func (l Lasting) Torn(t *testing.T, step int) {
	k := Tearing{Step: step, Before: func(t *testing.T, dir string) { l.add(t, dir); l.add(t, dir) }, Write: l.add}
	k.Check = func(t *testing.T, dir string, ended bool) {
		n := l.whole(t, dir)
		if n != 3 && (n != 2 || ended) {
			t.Errorf("%d batches where there were 2 and one was added; ended: %t", n, ended)
		}
		l.add(t, dir) // what was left takes more, and is read again
		if m := l.whole(t, dir); m != n+1 {
			t.Errorf("%d batches after one was added to %d", m, n)
		}
	}
	k.Run(t)
}

// add adds a batch to the store in dir.
func (l Lasting) add(t *testing.T, dir string) {
	t.Helper()
	s := l.Open(t, dir)
	list, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	KillAlerts(t, s, len(list), func(string) {})
}

// whole checks that the batches in dir are whole, and counts them.
func (l Lasting) whole(t *testing.T, dir string) int {
	t.Helper()
	s := l.Open(t, dir)
	list, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	WholeAlerts(t, s, int64(len(list)))
	return len(list)
}

// Rewriting is a change of the files of a store that holds two batches of KillAlerts.
type Rewriting struct {
	// Do makes the change.
	Do func(t *testing.T, s RewritingKeeper)
	// Done reports whether it has been made, and fails the test unless it has been made
	// whole or not at all.
	Done func(t *testing.T, s RewritingKeeper) bool
}

// TornRewriting kills a process within its changes to files, every step-th of them, while
// it rewrites batches: whoever opens the folder next finds the change made whole or not at
// all, and nothing counted twice or not at all.
func (l Lasting) TornRewriting(t *testing.T, step int, r Rewriting) {
	keeper := func(t *testing.T, dir string) RewritingKeeper {
		s, ok := l.Open(t, dir).(RewritingKeeper)
		if !ok {
			t.Fatal("the store does not rewrite its files")
		}
		return s
	}
	k := Tearing{Step: step, Before: func(t *testing.T, dir string) { l.add(t, dir); l.add(t, dir) }}
	k.Write = func(t *testing.T, dir string) { r.Do(t, keeper(t, dir)) }
	k.Check = func(t *testing.T, dir string, ended bool) {
		var done bool
		t.Run("first", func(t *testing.T) {
			s := keeper(t, dir)
			if done = r.Done(t, s); ended && !done {
				t.Error("it came to its end, and is not made")
			}
			batches, err := s.Batches(t.Context())
			clean(t, s, batches, err)
			if !done {
				r.Do(t, s)
			}
		})
		s := keeper(t, dir)
		if !r.Done(t, s) {
			t.Error("it cannot be made afterwards")
		}
		batches, err := s.Batches(t.Context())
		clean(t, s, batches, err)
		hidden(t, dir)
	}
	k.Run(t)
}

// hidden fails the test if something on its way is left in the folder of batch files.
func hidden(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "alerts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && e.Name() != ".doubted" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// MergingTorn merges the two batches.
func MergingTorn() Rewriting {
	return Rewriting{
		Do: func(t *testing.T, s RewritingKeeper) { must(s.Merge(t.Context(), MergeAll(2)))(t) },
		Done: func(t *testing.T, s RewritingKeeper) bool {
			WholeAlerts(t, unmerged{s}, 2)
			list := must(s.Merges(t.Context()))(t)
			if len(list) > 1 || len(list) == 1 && len(list[0].Batches) != 2 {
				t.Errorf("merged %+v", list)
			}
			return len(list) == 1
		},
	}
}

// unmerged names the batches behind a rule by themselves.
type unmerged struct{ RewritingKeeper }

func (u unmerged) Rules(ctx context.Context) ([]store.AlertRule, error) {
	list, err := u.RewritingKeeper.Rules(ctx)
	batches, bad := u.Batches(ctx)
	for i := range list {
		var names []string
		for _, b := range batches {
			if slices.Contains(list[i].Batches, b.ID) || b.Merged != "" && slices.Contains(list[i].Batches, b.Merged) {
				names = append(names, b.ID)
			}
		}
		list[i].Batches = names
	}
	return list, errors.Join(err, bad)
}

// ExpiryTorn has the alerts about one entity expire.
func ExpiryTorn() Rewriting {
	return Rewriting{
		Do: func(t *testing.T, s RewritingKeeper) {
			must(s.Expire(t.Context(), store.Expiring{At: hours(100), Reason: "law", Before: "2026-06-01", Entities: []string{"h7"}}))(t)
		},
		Done: func(t *testing.T, s RewritingKeeper) bool {
			list := must(s.Expiries(t.Context()))(t)
			// Of the alerts of each of the two batches one in fifty is about the entity.
			want, rows := int64(2*PerBatch), int64(0)
			if len(list) == 1 {
				want, rows = want-2*PerBatch/50, 3*PerBatch/50
			}
			got := int64(0)
			for _, c := range must(s.Tallies(t.Context(), &alert.Question{}))(t) {
				got += c.N
			}
			if got != want || len(list) == 1 && list[0].Rows != rows {
				t.Errorf("%d alerts, and expired %+v; want %d and %d rows", got, list, want, rows)
			}
			return len(list) == 1
		},
	}
}
