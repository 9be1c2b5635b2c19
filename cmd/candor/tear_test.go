package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/tear"
)

// TestACommandIsCutShort kills commands within changes that they make to the data
// folder, and does them again.
func TestACommandIsCutShort(t *testing.T) {
	t.Parallel()
	type command struct {
		name, engine string
		args         []string
		// again is what the command says the second time if it had done its work.
		again string
	}
	commands := []command{
		{"alerts", "duckdb", []string{"evidence", "add", "alerts", "new.jsonl"}, "unchanged"},
		{"alerts", "scan", []string{"evidence", "add", "alerts", "new.jsonl"}, "unchanged"},
		{"records", "scan", []string{"evidence", "add", "feeds", "feeds.csv"}, "unchanged"},
		{"withdrawal", "duckdb", []string{"evidence", "withdraw", "alerts-", "--reason", "a test"}, "was withdrawn"},
		{"withdrawal", "scan", []string{"evidence", "withdraw", "alerts-", "--reason", "a test"}, "was withdrawn"},
		{"policy", "scan", []string{"policy", "set", "policy.yaml", "--reason", "a test"}, "policy"},
		{"token", "scan", []string{"token", "create", "edr", "--scope", "alerts"}, "edr"},
		{"backup", "duckdb", []string{"backup", "data/backup.tar.gz"}, "is there already"},
	}
	if data := os.Getenv("CANDOR_TEST_DATA"); data != "" {
		commands = append(commands, command{"release", "scan", []string{"attack", "import", filepath.Join(data, "attack", "ics-attack-8.2.json.gz")}, ""})
	}
	for _, c := range commands {
		t.Run(c.name+" "+c.engine, func(t *testing.T) {
			t.Parallel()
			p := engined(t, c.engine)
			p.alerts("old.jsonl", 0, 300)
			p.alerts("new.jsonl", 150, 300)
			p.ok("evidence", "add", "alerts", "old.jsonl")
			p.ok("evidence", "add", "feeds", p.feeds("old.csv"))
			p.feeds("feeds.csv")
			p.write("policy.yaml", strings.Replace(p.ok("policy", "show"), "min_episodes: 20", "min_episodes: 21", 1))
			for _, n := range p.cuts(c.args...) {
				q := p.copy()
				change := q.torn(tear.Nth(n, ""), c.args...).Change
				q.ok("ledger", "verify")
				q.batches()
				if s := q.run(c.args...); s.code != 0 && !strings.Contains(s.err, c.again) {
					t.Errorf("cut short at change %d, %s; then: %+v", n, change, s)
				}
				q.ok("ledger", "verify")
			}
		})
	}
}

// TestALongImportIsCutShort kills imports that write to the file before they are
// committed, and that find half of what they bring.
func TestALongImportIsCutShort(t *testing.T) {
	if testing.Short() {
		t.Skip("long imports take a while")
	}
	t.Parallel()
	const n = 260_000 // of which half are more than the engine keeps in memory
	p := engined(t, "duckdb")
	p.alerts("0.jsonl", 0, n)
	p.alerts("1.jsonl", n/2, n)
	add := []string{"evidence", "add", "alerts", "1.jsonl"}
	p.ok("evidence", "add", "alerts", "0.jsonl")
	step := 10 // of about ten changes that are cut short, one in the middle
	if os.Getenv("CANDOR_TEST_LONG") != "" {
		step = 1
	}
	for i, nth := range p.cuts(add...) {
		if i%step != step/2 {
			continue
		}
		q := p.copy()
		left := q.torn(tear.Nth(nth, ""), add...)
		q.t.Log(left.Change)
		q.ok("ledger", "verify")
		q.whole(1, n, left.Change == "")
		q.ok(add...)
		q.whole(1, n, true)
		q.ok("ledger", "verify")
	}
}

// TestAServerIsCutShort kills servers within changes that they make while they are
// pushed to.
func TestAServerIsCutShort(t *testing.T) {
	t.Parallel()
	f := newPushPlace(newPlace(t))
	for round := range kills(8) {
		f.untilTorn(round, 30+rand.IntN(120))
		f.ok("ledger", "verify")
	}
	f.settle()
	f.check()
}

// untilTorn pushes to a server until its nth change since the first request is cut
// short.
func (f *pushPlace) untilTorn(round, n int) {
	f.t.Helper()
	os.Remove(f.path("torn.out")) // of the server before
	ended := make(chan struct{})
	var pushing sync.WaitGroup
	pushing.Go(func() {
		if address := f.address(ended); address != "" {
			f.pushAll(address, round, func() {})
		}
	})
	defer pushing.Wait()
	defer close(ended)
	pushed, nth := false, tear.Nth(n, "")
	left := f.torn(func(change string) bool {
		pushed = pushed || strings.Contains(change, "push/")
		return pushed && nth(change)
	}, "serve", "--addr", "127.0.0.1:0", "--fold", "100ms")
	f.t.Logf("round %d: cut short at change %d, %s", round, n, left.Change)
}

// address waits for the address that a server run by torn says, until it has ended.
func (f *pushPlace) address(ended <-chan struct{}) string {
	for {
		select {
		case <-ended:
			return ""
		case <-time.After(5 * time.Millisecond):
		}
		said, _ := os.ReadFile(f.path("torn.out"))
		if line, _, whole := strings.Cut(string(said), "\n"); whole {
			return strings.Fields(line)[1]
		}
	}
}

// torn runs candor until a change in the data folder is cut short.
func (p place) torn(cut func(string) bool, args ...string) tear.Left {
	p.t.Helper()
	out, err := os.Create(p.path("torn.out"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer out.Close()
	c := p.command(args...)
	c.Stdout, c.Stderr = out, out
	left, err := tear.Run(c, p.path("data"), cut)
	if errors.Is(err, tear.ErrUnable) {
		p.t.Skip(err)
	}
	if said, _ := os.ReadFile(out.Name()); err != nil || left.Change == "" && left.Code != 0 {
		p.t.Fatalf("%v, %+v\n%s", err, left, said)
	}
	return left
}

// cuts returns which changes of a command to cut short: some, or many if that is asked
// for.
func (p place) cuts(args ...string) (list []int) {
	p.t.Helper()
	changes := 0
	p.copy().torn(func(string) bool { changes++; return false }, args...)
	if changes == 0 {
		p.t.Fatal("nothing was changed")
	}
	step := max(1, changes/kills(10))
	for n := 1 + rand.IntN(step); n <= changes; n += step {
		list = append(list, n)
	}
	return list
}

// copy returns a copy of the place.
func (p place) copy() place {
	p.t.Helper()
	q := newPlace(p.t)
	q.env = p.env
	if err := os.CopyFS(q.dir, os.DirFS(p.dir)); err != nil {
		p.t.Fatal(err)
	}
	return q
}
