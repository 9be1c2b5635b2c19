package head_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/ledger"
)

// root is one of a tree that does not exist.
func root(size int64, of string) ledger.Root {
	sum := sha256.Sum256([]byte(of))
	return ledger.Root{Size: size, Hash: hex.EncodeToString(sum[:])}
}

// history is a ledger with two keys: the first at entry 0, the second at entry 10.
type history struct {
	first, second *head.Key
	entries       []ledger.Entry
}

func newHistory(t *testing.T) *history {
	t.Helper()
	first, err := head.Make("")
	if err != nil {
		t.Fatal(err)
	}
	origin, _, _ := strings.Cut(first.VKey, "+")
	second, err := head.Make(origin)
	if err != nil {
		t.Fatal(err)
	}
	h := &history{first: first, second: second}
	h.enter(t, 0, first, nil)
	h.enter(t, 10, second, first)
	return h
}

func (h *history) enter(t *testing.T, seq int64, k, before *head.Key) {
	t.Helper()
	e, err := k.Record(before)
	if err != nil {
		t.Fatal(err)
	}
	e.Seq, e.Time = seq, at
	h.entries = append(h.entries, e)
}

var at = time.Date(2026, 11, 30, 17, 20, 11, 0, time.UTC)

func sign(t *testing.T, k *head.Key, r ledger.Root) string {
	t.Helper()
	text, err := k.Sign(r, at)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// here is a ledger of 12 entries.
func (h *history) here(noted bool, keys head.Keys) head.Wanted {
	return head.Wanted{Keys: keys, Noted: noted, Size: 12, RootAt: func(n int64) (ledger.Root, error) { return root(n, "ours"), nil }}
}

func TestHeadsAreHeldAgainstALedger(t *testing.T) {
	h := newHistory(t)
	stranger, err := head.Make("")
	if err != nil {
		t.Fatal(err)
	}
	keys, wrong := head.Read(h.entries)
	if len(keys) != 2 || len(wrong) != 0 || !keys[1].Confirmed || keys[0].Confirmed {
		t.Fatalf("%+v, %v", keys, wrong)
	}
	good := sign(t, h.first, root(9, "ours"))
	for name, c := range map[string]struct{ text, what, says string }{
		"fits":              {good, "", ""},
		"fits, second key":  {sign(t, h.second, root(12, "ours")), "", ""},
		"rolled back":       {sign(t, h.second, root(13, "ours")), head.NotBegun, "has 12 entries now"},
		"forked":            {sign(t, h.second, root(12, "another")), head.NotBegun, "are others now"},
		"forged root":       {strings.Replace(good, "\n9\n", "\n8\n", 1), head.Forged, "does not hold"},
		"after retirement":  {sign(t, h.first, root(12, "ours")), head.RetiredKey, "not in force"},
		"before its entry":  {sign(t, h.second, root(10, "ours")), head.RetiredKey, "not in force"},
		"of another ledger": {sign(t, stranger, root(9, "ours")), head.UnknownKey, "no entry of that key"},
	} {
		got := head.Check([]string{c.text}, h.here(false, keys))
		if c.what == "" {
			if got.Fit != 1 || len(got.Faults) != 0 {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got.Fit != 0 || len(got.Faults) != 1 || got.Faults[0].What != c.what || !strings.Contains(got.Faults[0].Detail, c.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestANotedKeyCountsWithWhatItConfirmed(t *testing.T) {
	h := newHistory(t)
	keys, _ := head.Read(h.entries)
	stranger, _ := head.Make("")
	from, err := keys.From(h.first.VKey)
	if err != nil || len(from) != 2 {
		t.Fatalf("%v, %v", from, err)
	}
	heads := []string{sign(t, h.second, root(12, "ours")), sign(t, stranger, root(3, "theirs"))}
	if got := head.Check(heads, h.here(true, from)); got.Fit != 1 || got.Others != 1 || len(got.Faults) != 0 {
		t.Errorf("%+v", got)
	}
	// A key that the one before did not confirm does not count for who noted that.
	h.entries = h.entries[:1]
	h.enter(t, 10, h.second, nil)
	keys, wrong := head.Read(h.entries)
	from, err = keys.From(h.first.VKey)
	if err != nil || len(from) != 1 || len(keys) != 2 || len(wrong) != 0 {
		t.Fatalf("%v, %v, %v", from, keys, err)
	}
	if got := head.Check(heads[:1], h.here(true, from)); got.Fit != 0 || len(got.Faults) != 1 || got.Faults[0].What != head.UnknownKey {
		t.Errorf("%+v", got)
	}
	if _, err := keys.From("candor/x"); fault.KindOf(err) != fault.Usage {
		t.Errorf("what is no key: %v", err)
	}
}

func TestAnEntryOfAKeyIsHeldAgainstWhatItSays(t *testing.T) {
	h := newHistory(t)
	stranger, _ := head.Make("")
	taken, err := h.second.Record(stranger) // it names a key that was not in force
	if err != nil {
		t.Fatal(err)
	}
	taken.Seq = 10
	other := h.entries[1]
	other.ID = h.first.Name()
	changed := h.entries[1]
	changed.Note = strings.Replace(changed.Note, "key of heads", "key of heads ", 1)
	unsigned := h.entries[1]
	text, _, _ := strings.Cut(h.entries[1].Note, "\n\n")
	unsigned.Note = text + "\n\n" + strings.SplitAfter(h.entries[1].Note, "\n\n")[1]
	unsigned.Note = strings.Join(strings.Split(strings.TrimSpace(unsigned.Note), "\n")[:5], "\n") + "\n" // without the signature of the one before
	sum := sha256.Sum256([]byte(unsigned.Note))
	unsigned.SHA256 = hex.EncodeToString(sum[:])
	for name, e := range map[string]ledger.Entry{"a key before that was not": taken, "another name": other, "another note": changed, "not confirmed": unsigned} {
		if keys, wrong := head.Read([]ledger.Entry{h.entries[0], e}); len(keys) != 1 || wrong[10] == "" {
			t.Errorf("%s: %v, %v", name, keys, wrong)
		}
	}
}

func TestHeadsAreFoundWithinOtherTexts(t *testing.T) {
	k, err := head.Make("")
	if err != nil {
		t.Fatal(err)
	}
	one, two := sign(t, k, root(9, "ours")), sign(t, k, root(12, "ours"))
	line := func(breaks, dash string, s string) string {
		return strings.NewReplacer("\n", breaks, "—", dash).Replace(s)
	}
	for name, text := range map[string]string{
		"one under the other": one + two,
		"lines of syslog":     "<134>1 2026-11-30T17:20:11Z host candor 1 head - \ufeff" + line(`\n`, "—", one) + "\nNov 30 host candor[1]: " + line("#012", "#342#200#224", two),
		"json":                `{"head":"` + line(`\n`, `\u2014`, one) + `","more":[{"head":"` + line(`\n`, "—", two) + `"}]}`,
		"quoted-printable":    "Subject: x\r\n\r\n" + strings.NewReplacer("=", "=3D", "—", "=E2=80=94", "\n", "\r\n").Replace(one+"\nbye\n\n"+two),
		"a mail's answer":     "he wrote:\n> " + strings.ReplaceAll(one, "\n", "\n> ") + "\n>\n> " + strings.ReplaceAll(two, "\n", "\n> "),
		"windows":             strings.ReplaceAll(one+"\n\n"+two, "\n", "\r\n"),
	} {
		if got := head.Find(text); len(got) != 2 || got[0] != one || got[1] != two {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := head.Find(one + one + "candor/x\nnothing\n"); len(got) != 1 {
		t.Errorf("the same twice: %q", got)
	}
}

func TestTheKeyIsItsOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	f := head.Folder{Dir: dir}
	k, err := head.Make("")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Ready(k); err != nil {
		t.Fatal(err)
	}
	if f.There() {
		t.Error("a key without an entry is in its place")
	}
	if err := f.Place(k.VKey); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir + ".heads.key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if again, err := f.Read(); err != nil || again.VKey != k.VKey {
		t.Errorf("%v", err)
	}
	if err := os.Chmod(dir+".heads.key", 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read(); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a key that others may read: %v", err)
	}
	if _, err := (head.Folder{Dir: dir, File: filepath.Join(dir, "key")}).Read(); fault.KindOf(err) != fault.Usage {
		t.Errorf("a key in the data folder: %v", err)
	}
	// One whose entry was not written goes.
	other, _ := head.Make("")
	if err := f.Ready(other); err != nil {
		t.Fatal(err)
	}
	if err := f.Place(k.VKey); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + ".heads.key.next"); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
