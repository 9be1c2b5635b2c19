package people

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"candor/internal/ledger"
)

// turnstile notes visits into a ledger in memory, with a clock that a test turns.
func turnstile(t *testing.T) (*Visits, *notes, *time.Time) {
	t.Helper()
	n, at := &notes{}, now
	v, err := NewVisits(t.Context(), In(t.TempDir()), n, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return v, n, &at
}

func TestWhoTriesAllDayFillsNoDisk(t *testing.T) {
	v, n, at := turnstile(t)
	for minute := range 24 * 60 {
		for i := range 40 {
			v.Note(Visit{What: WrongPassword, From: fmt.Sprintf("203.0.113.%d", (minute*40+i)%5000), Account: fmt.Sprint(i)})
		}
		*at = at.Add(time.Minute)
		if err := v.Keep(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	size, all := 0, int64(0)
	for _, e := range n.entries {
		size += len(e.Note)
		all += e.Counts[WrongPassword]
	}
	if len(n.entries) > 24 || size > 24*12<<10 || all != 24*60*40 {
		t.Errorf("%d tries are %d entries of %d bytes", all, len(n.entries), size)
	}
	for _, l := range Audit(n.entries, nil) {
		if l.Times < 1 || l.Entry == nil || l.Last.Before(l.First) {
			t.Fatalf("%+v", l)
		}
	}
}

func TestWhatHappenedWaitsFiveMinutesAndIsOnTheDisk(t *testing.T) {
	v, n, at := turnstile(t)
	v.Note(Visit{What: SignedIn, Account: "ann", From: "192.0.2.1"})
	v.Note(Visit{What: SignedIn, Account: "ann", From: "192.0.2.1"})
	v.Note(Visit{What: NotAllowed, Account: "ann", Route: "GET /people"})
	if err := v.Keep(t.Context(), false); err != nil || len(n.entries) != 0 {
		t.Fatal(err, n.entries)
	}
	again, err := NewVisits(t.Context(), In(strings.TrimSuffix(v.path, "/visits")), n, v.now)
	if left := again.Waiting(); err != nil || len(left) != 2 || left[0].Times+left[1].Times != 3 {
		t.Errorf("a kill loses %+v, %v", left, err)
	}
	*at = at.Add(soon)
	if err := v.Keep(t.Context(), false); err != nil || len(n.entries) != 1 || n.entries[0].Counts[SignedIn] != 2 {
		t.Errorf("%+v %v", n.entries, err)
	}
	if _, err := os.Stat(v.path); !errors.Is(err, os.ErrNotExist) || len(v.Waiting()) != 0 {
		t.Error("what has its entry waits still", err)
	}
}

func TestWhatHasItsEntryIsNotNotedTwiceAfterAKill(t *testing.T) {
	v, n, _ := turnstile(t)
	v.Note(Visit{What: SignedIn, Account: "ann"})
	left, err := os.ReadFile(v.path)
	if err == nil {
		err = v.Keep(t.Context(), true)
	}
	if err == nil {
		err = os.WriteFile(v.path, left, 0o600) // as a kill before the file goes leaves it
	}
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewVisits(t.Context(), In(strings.TrimSuffix(v.path, "/visits")), n, v.now)
	if err != nil || len(again.Waiting()) != 0 {
		t.Errorf("%+v %v", again.Waiting(), err)
	}
}

func TestTheAuditLogHasChangesAndVisits(t *testing.T) {
	b, n := newBook(t)
	add(t, b, "ann", "admin", good)
	n.entries = append(n.entries, ledger.Entry{Kind: ledger.Access, Seq: 9, Note: "no JSON"}, ledger.Entry{Kind: ledger.Batch, Seq: 10})
	lines := Audit(n.entries, []Tally{{Visit: Visit{What: SignedIn, Account: "ann"}, Times: 1, First: now.Add(time.Hour), Last: now.Add(time.Hour)}})
	if len(lines) != 3 || lines[0].What != SignedIn || lines[0].Entry != nil || lines[2].Role != "admin" || lines[2].State != Active {
		t.Errorf("%+v", lines)
	}
}
