package storetest

import (
	"testing"
	"time"
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
		Kept(t, list, acknowledged)
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
