package door

import (
	"sync"
	"time"
)

// Bounds of how often a password is looked at for one name, and from one address: so many
// in a row, and then one for each time that passes.
const (
	triesOfName    = 10
	nameEvery      = 30 * time.Second
	triesOfAddress = 30
	addressEvery   = 6 * time.Second
	// mostTried is how many names and addresses are remembered. The one that has waited
	// longest makes room: with others' names alone nobody gets more tries, as those come from
	// an address, too.
	mostTried = 4096
)

// counted counts how often passwords were looked at. Those that were right do not count.
type counted struct {
	mu sync.Mutex
	// until is, by kind and name, when all tries of it will have been taken off.
	until map[[2]string]time.Time
}

// bounds returns how many tries something of a kind has in a row, and what each of them
// takes until it is taken off.
func bounds(kind string) (burst int, every time.Duration) {
	if kind == "name" {
		return triesOfName, nameEvery
	}
	return triesOfAddress, addressEvery
}

// take notes a try of each of several, or none and returns how long to wait until there
// is one.
func (t *counted) take(now time.Time, keys [][2]string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var wait time.Duration
	for _, key := range keys {
		burst, every := bounds(key[0])
		if until, tried := t.until[key]; tried {
			wait = max(wait, until.Sub(now)-time.Duration(burst-1)*every)
		}
	}
	if wait > 0 {
		return max(wait, time.Second)
	}
	for _, key := range keys {
		t.add(now, key, 1)
	}
	return 0
}

// give takes a try off again, which was right.
func (t *counted) give(now time.Time, keys [][2]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		t.add(now, key, -1)
	}
}

func (t *counted) add(now time.Time, key [2]string, n int) {
	if t.until == nil {
		t.until = map[[2]string]time.Time{}
	}
	_, every := bounds(key[0])
	from := t.until[key]
	if from.Before(now) {
		from = now
	}
	if to := from.Add(time.Duration(n) * every); to.After(now) {
		if _, known := t.until[key]; !known {
			t.makeRoom(now)
		}
		t.until[key] = to
	} else {
		delete(t.until, key)
	}
}

// makeRoom forgets whatever has no tries to take off, and else the one with the fewest.
func (t *counted) makeRoom(now time.Time) {
	if len(t.until) < mostTried {
		return
	}
	var least [2]string
	for key, until := range t.until {
		if !until.After(now) {
			delete(t.until, key)
		} else if t.until[least].IsZero() || until.Before(t.until[least]) {
			least = key
		}
	}
	if len(t.until) >= mostTried {
		delete(t.until, least)
	}
}
