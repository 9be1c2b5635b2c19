package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"candor/internal/fault"
	"candor/internal/ledger"
)

// memory is the plainest ledger.Store.
type memory struct {
	lines  []ledger.Line
	hashes map[int64][]byte
}

func (m *memory) Size(context.Context) (int64, error) {
	if n := len(m.lines); n > 0 {
		return m.lines[n-1].Place + 1, nil
	}
	return 0, nil
}

func (m *memory) Lines(_ context.Context, from, upTo int64) ([]ledger.Line, error) {
	if upTo < 0 || upTo > int64(len(m.lines)) {
		upTo = int64(len(m.lines))
	}
	return m.lines[from:upTo], nil
}

func (m *memory) Hashes(_ context.Context, from, upTo int64) (map[int64][]byte, error) {
	found := maps.Clone(m.hashes)
	maps.DeleteFunc(found, func(p int64, _ []byte) bool { return p < from || upTo >= 0 && p >= upTo })
	return found, nil
}

func (m *memory) Append(_ context.Context, seq int64, line []byte, first int64, hashes [][]byte) error {
	if seq != int64(len(m.lines)) {
		return fault.New(fault.Conflict, "entry %d", seq)
	}
	m.lines = append(m.lines, ledger.Line{Place: seq, Bytes: bytes.Clone(line)})
	for i, h := range hashes {
		m.hashes[first+int64(i)] = bytes.Clone(h)
	}
	return nil
}

// filled returns a ledger of n entries, with the root after each.
func filled(t fataler, n int) (*memory, *ledger.Log, []ledger.Root) {
	m := &memory{hashes: map[int64][]byte{}}
	l := ledger.New(m)
	roots := []ledger.Root{rootNow(t, l)}
	for i := range n {
		if _, err := l.Append(context.Background(), entry(i)); err != nil {
			t.Fatalf("append %d: %v", i, err)
		}
		roots = append(roots, rootNow(t, l))
	}
	return m, l, roots
}

type fataler interface{ Fatalf(string, ...any) }

func entry(i int) ledger.Entry {
	return ledger.Entry{
		Time: time.Date(2026, 5, 4, 3, 2, i, 0, time.UTC), Kind: ledger.Batch, ID: fmt.Sprintf("rules-%d", i),
		SHA256: strings.Repeat("0123456789abcdef", 4), Counts: map[string]int64{"new": int64(i), "read": 9}, By: "ann <a@b>",
	}
}

func rootNow(t fataler, l *ledger.Log) ledger.Root { return check(t, l).Root }

func check(t fataler, l *ledger.Log) *ledger.Checked {
	c, err := l.Check(context.Background())
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	return c
}

func TestEntryIsCanonicalJSON(t *testing.T) {
	e := entry(1)
	e.Reason = "é \u2028 </x>"
	line, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"by":"ann <a@b>","counts":{"new":1,"read":9},"id":"rules-1","kind":"batch","reason":"é ` + "\u2028" +
		` </x>","seq":0,"sha256":"` + e.SHA256 + `","time":"2026-05-04T03:02:01Z"}`
	if string(line) != want {
		t.Errorf("%s\nwant %s", line, want)
	}
}

func TestEntryThatSaysNothingIsRefused(t *testing.T) {
	for name, change := range map[string]func(*ledger.Entry){
		"no kind":        func(e *ledger.Entry) { e.Kind = "" },
		"no id":          func(e *ledger.Entry) { e.ID = "" },
		"no time":        func(e *ledger.Entry) { e.Time = time.Time{} },
		"no hash":        func(e *ledger.Entry) { e.SHA256 = "" },
		"upper case":     func(e *ledger.Entry) { e.SHA256 = strings.ToUpper(e.SHA256) },
		"short input":    func(e *ledger.Entry) { e.Input = "abc" },
		"negative count": func(e *ledger.Entry) { e.Counts = map[string]int64{"new": -1} },
		"huge count":     func(e *ledger.Entry) { e.Counts = map[string]int64{"new": 1<<53 + 1} },
		"not UTF-8":      func(e *ledger.Entry) { e.By = "\xff" },
	} {
		e := entry(0)
		change(&e)
		if line, err := e.Encode(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %s, error %v", name, line, err)
		}
	}
}

func TestEveryEntryAndEveryOlderRootCanBeProved(t *testing.T) {
	const n = 21
	_, l, roots := filled(t, n)
	ctx := context.Background()
	for i := range int64(n) {
		p, err := l.Include(ctx, i)
		if err != nil || p.Root != roots[n] {
			t.Fatalf("entry %d: %+v, %v", i, p, err)
		}
		p.Line = strings.Replace(p.Line, "rules", "ruler", 1)
		if p.Check() == nil {
			t.Errorf("entry %d: the proof holds for another line", i)
		}
		c, err := l.Extend(ctx, i+1)
		if err != nil || c.From != roots[i+1] || c.To != roots[n] {
			t.Fatalf("first %d: %+v, %v", i+1, c, err)
		}
		c.From.Hash = roots[0].Hash
		if c.Check() == nil {
			t.Errorf("first %d: the proof holds for another root", i+1)
		}
	}
	for _, i := range []int64{-1, n} {
		if _, err := l.Include(ctx, i); fault.KindOf(err) != fault.NotFound {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	for _, from := range []int64{0, n + 1} {
		if _, err := l.Extend(ctx, from); fault.KindOf(err) != fault.NotFound {
			t.Errorf("first %d: %v", from, err)
		}
	}
}

func TestRootReadsAsItIsWritten(t *testing.T) {
	_, _, roots := filled(t, 3)
	for _, r := range roots {
		if got, err := ledger.ParseRoot(r.String()); err != nil || got != r {
			t.Errorf("%s: %v, %v", r, got, err)
		}
	}
	good := roots[1].String()
	for _, s := range []string{"", "1", ":" + roots[1].Hash, good + "0", good + " ", "-" + good, "1:" + strings.Repeat("z", 64), "01" + good[1:]} {
		if got, err := ledger.ParseRoot(s); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestIntactLedgerHasNoFaults(t *testing.T) {
	_, l, roots := filled(t, 9)
	c := check(t, l)
	if len(c.Faults) > 0 || len(c.Entries) != 9 {
		t.Errorf("%d entries, faults %v", len(c.Entries), c.Faults)
	}
	for i, r := range roots {
		if got, err := c.RootAt(int64(i)); err != nil || got != r {
			t.Errorf("root at %d: %v, %v; want %v", i, got, err, r)
		}
	}
	if _, err := c.RootAt(10); err == nil {
		t.Error("a root of more entries than there are")
	}
}

// TestFirstEntryThatDoesNotFitIsNamed changes any one byte of what is stored.
func TestFirstEntryThatDoesNotFitIsNamed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, l, _ := filled(rt, rapid.IntRange(1, 20).Draw(rt, "entries"))
		var seq int64
		var at []byte
		if rapid.Bool().Draw(rt, "line") {
			seq = rapid.Int64Range(0, int64(len(m.lines))-1).Draw(rt, "entry")
			at = m.lines[seq].Bytes
		} else {
			places := slices.Sorted(maps.Keys(m.hashes))
			place := rapid.SampledFrom(places).Draw(rt, "hash")
			at = m.hashes[place]
			for tlog.StoredHashCount(seq+1) <= place {
				seq++
			}
		}
		at[rapid.IntRange(0, len(at)-1).Draw(rt, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "change"))
		c := check(rt, l)
		if len(c.Faults) == 0 || c.Faults[0].Seq != seq {
			rt.Fatalf("a byte of entry %d was changed: faults %v", seq, c.Faults)
		}
	})
}

func TestLostAndLeftOverPlacesAreFaults(t *testing.T) {
	m, l, _ := filled(t, 5)
	m.lines = slices.Delete(m.lines, 2, 3)
	if c := check(t, l); len(c.Faults) == 0 || c.Faults[0].Seq != 2 || c.Faults[0].What != ledger.Lost {
		t.Errorf("entry 2 is gone: %v", c.Faults)
	}
	m, l, _ = filled(t, 5)
	m.lines = m.lines[:4]
	if c := check(t, l); len(c.Faults) == 0 || c.Faults[0].Seq != 4 || c.Faults[0].What != ledger.Lost {
		t.Errorf("the last entry is gone and its hashes are not: %v", c.Faults)
	}
}

func TestDamagedLedgerIsNotReadAsIfItWereWhole(t *testing.T) {
	m, l, _ := filled(t, 3)
	m.lines[1].Bytes[3] ^= 1
	if _, err := l.Entries(context.Background()); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "entry 1") {
		t.Errorf("error %v", err)
	}
	delete(m.hashes, 0)
	if _, err := l.Extend(context.Background(), 1); fault.KindOf(err) != fault.Conflict {
		t.Errorf("error %v", err)
	}
}

func FuzzDecodeEntry(f *testing.F) {
	for _, e := range []ledger.Entry{entry(0), entry(7)} {
		line, err := e.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	for _, s := range []string{``, `{}`, `null`, `{"seq":0,"seq":1}`, `{"counts":{"new":1e3}}`, "{\"by\":\"\xff\"}", `{"x":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ledger.Decode(line)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("error %v is not of kind %s", err, fault.Invalid)
			}
			return
		}
		again, err := e.Encode()
		if err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%q reads as %+v and is written as %q, %v", line, e, again, err)
		}
	})
}

// TestEntriesAreFoundWithoutReadingTheOthers, which here cannot be read.
func TestEntriesAreFoundWithoutReadingTheOthers(t *testing.T) {
	m := &memory{hashes: map[int64][]byte{}}
	l := ledger.New(m)
	for i, e := range []ledger.Entry{
		{Kind: ledger.Batch, ID: "b1", Reason: `says "id":"b2" and "kind":"merge"`}, {Kind: ledger.Batch, ID: "b2"}, {Kind: ledger.Batch, ID: `b"3`},
		{Kind: ledger.Merge, ID: "merged-1", Batches: map[string]string{"b1": strings.Repeat("ab", 32)}}, {Kind: ledger.Withdrawal, ID: "b1"}, {Kind: ledger.Policy, ID: "p 1"},
	} {
		e.Time, e.SHA256 = time.Date(2026, 5, 4, 3, 2, i, 0, time.UTC), strings.Repeat("0123456789abcdef", 4)
		if _, err := l.Append(t.Context(), e); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	places := func(es []ledger.Entry, err error) (list []int64) {
		if err != nil {
			t.Errorf("%v", err)
		}
		for _, e := range es {
			list = append(list, e.Seq)
		}
		return list
	}
	for _, c := range []struct {
		got, want []int64
	}{
		{places(l.About(t.Context(), "b1")), []int64{0, 3, 4}}, {places(l.About(t.Context(), `b"3`)), []int64{2, 3}}, {places(l.About(t.Context())), []int64{3}},
		{places(l.Where(t.Context(), func(k ledger.Kind, _ string) bool { return k == ledger.Policy })), []int64{5}},
		{places(l.Part(t.Context(), 2, 4)), []int64{2, 3}}, {places(l.Part(t.Context(), 4, 99)), []int64{4, 5}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("places %v, want %v", c.got, c.want)
		}
	}
	m.lines[1].Bytes = bytes.Replace(m.lines[1].Bytes, []byte(`"seq":1`), []byte(`"seq":x`), 1)
	if got := places(l.About(t.Context(), "b1")); len(got) != 3 {
		t.Errorf("a damaged line of another batch: %v", got)
	}
	if _, err := l.About(t.Context(), "b2"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a damaged line: %v", err)
	}
}
