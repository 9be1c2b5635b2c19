package people

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/ledger"
)

// notes is a ledger in memory.
type notes struct {
	entries []ledger.Entry
	fail    error
}

func (n *notes) Enter(_ context.Context, e ledger.Entry) error {
	if n.fail != nil {
		return n.fail
	}
	e.Seq, e.Time = int64(len(n.entries)), now
	if _, err := e.Encode(); err != nil {
		return err
	}
	n.entries = append(n.entries, e)
	return nil
}

func (n *notes) Where(_ context.Context, is func(ledger.Kind, string) bool) ([]ledger.Entry, error) {
	var list []ledger.Entry
	for _, e := range n.entries {
		if is(e.Kind, e.ID) {
			list = append(list, e)
		}
	}
	return list, nil
}

var now = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// newBook returns a book over an empty folder, whose hashes are quick.
func newBook(t *testing.T) (*Book, *notes) {
	t.Helper()
	n := &notes{}
	b := NewBook(In(filepath.Join(t.TempDir(), "a folder of [ any name", Name)), n, func() time.Time { return now })
	b.Cost = Cost{Memory: 64, Passes: 1}
	return b, n
}

// add makes an account that has chosen its password.
func add(t *testing.T, b *Book, name string, role identity.Role, password string) {
	t.Helper()
	if _, _, err := b.Add(t.Context(), New{Name: name, Role: role, By: "root"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SetPassword(t.Context(), Changing{name, name}, password); err != nil {
		t.Fatal(err)
	}
}

const good = "correct horse battery"

func TestAnAccountOpensWithItsPasswordAlone(t *testing.T) {
	b, _ := newBook(t)
	add(t, b, "ann", identity.Admin, good)
	add(t, b, "ben", identity.Reader, good+" too")
	if _, _, err := b.SetState(t.Context(), Changing{"ben", "ann"}, Disabled); err != nil {
		t.Fatal(err)
	}
	if a, err := b.Check(t.Context(), "ann", good); err != nil || a.Role != identity.Admin {
		t.Fatal(a, err)
	}
	for _, x := range [][2]string{
		{"ann", ""}, {"ann", good + " "}, {"ann", strings.ToUpper(good)}, {"ann", strings.Repeat("x", 10_000)}, {"Ann", good}, {"", ""}, {"../ann", good},
		{"nobody", good}, {"ben", good + " too"},
	} {
		if _, err := b.Check(t.Context(), x[0], x[1]); err == nil || err.Error() != ErrWrong().Error() || fault.HintOf(err) != fault.HintOf(ErrWrong()) {
			t.Errorf("%.40q: %v", x, err)
		}
	}
}

func TestAOneTimePasswordOpensUntilItEnds(t *testing.T) {
	b, _ := newBook(t)
	_, secret, err := b.Add(t.Context(), New{Name: "ann", Role: identity.Admin})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := b.Check(t.Context(), "ann", secret); err != nil || a.OneTime == nil {
		t.Fatal(a, err)
	}
	b.Now = func() time.Time { return now.Add(OneTimeFor) }
	if _, err := b.Check(t.Context(), "ann", secret); fault.KindOf(err) != fault.Refused {
		t.Error(err)
	}
	a, again, err := b.Recover(t.Context(), Changing{"ann", "root"})
	if err != nil || again == secret || !a.Since.After(now) {
		t.Fatal(a, err)
	}
	if _, err := b.Check(t.Context(), "ann", again); err != nil {
		t.Error(err)
	}
}

func TestAPasswordThatCanBeGuessedIsRefused(t *testing.T) {
	b, _ := newBook(t)
	add(t, b, "annette", identity.Admin, good)
	for _, weak := range []string{"", "eleven char", "aaaaaaaaaaaaaaaa", "abababababababab", "abcdefghijklmnop", "321098765432"[:3], "annette is here", "i love CANDOR so", "two\nlines of it", strings.Repeat("long ", 60), "no text \xff\xfe at all"} {
		if _, err := b.SetPassword(t.Context(), Changing{"annette", "annette"}, weak); fault.KindOf(err) != fault.Usage {
			t.Errorf("%.40q: %v", weak, err)
		}
	}
	if _, err := b.Check(t.Context(), "annette", good); err != nil {
		t.Error("the password before is gone:", err)
	}
}

func TestEveryChangeHasItsEntryAndNoneHasThePassword(t *testing.T) {
	b, n := newBook(t)
	add(t, b, "ann", identity.Admin, good)
	add(t, b, "ben", identity.Reader, good)
	for _, do := range []func() error{
		func() error { _, _, err := b.SetRole(t.Context(), Changing{"ben", "ann"}, identity.Lead); return err },
		func() error { _, _, err := b.SetState(t.Context(), Changing{"ben", "ann"}, Disabled); return err },
		func() error { _, _, err := b.Recover(t.Context(), Changing{"ben", "ann"}); return err },
		func() error { _, err := b.SignOut(t.Context(), Changing{"ben", "ann"}); return err },
	} {
		before := len(n.entries)
		if err := do(); err != nil || len(n.entries) != before+1 {
			t.Fatalf("%v, %d entries", err, len(n.entries)-before)
		}
		e := n.entries[before]
		if e.Kind != ledger.Account || e.ID != "ben" || e.By != "ann" || strings.Contains(e.Note, "argon2") || !strings.Contains(e.Note, `"account":"ben"`) {
			t.Errorf("%+v", e)
		}
	}
	if _, fresh, err := b.SetState(t.Context(), Changing{"ben", "ann"}, Disabled); fresh || err != nil {
		t.Error(fresh, err)
	}
	if strange, err := b.Compare(n.entries); len(strange) != 0 || err != nil {
		t.Errorf("%+v %v", strange, err)
	}
}

func TestAFileThatSomebodyEditedIsFound(t *testing.T) {
	b, n := newBook(t)
	add(t, b, "ann", identity.Admin, good)
	add(t, b, "ben", identity.Reader, good)
	edit := func(name, from, to string) {
		t.Helper()
		file, err := os.ReadFile(b.path(name))
		if err == nil {
			err = os.WriteFile(b.path(name), []byte(strings.Replace(string(file), from, to, 1)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	edit("ben", `"reader"`, `"admin"`)
	ann, _ := b.get("ann")
	edit("ann", ann.Password, b.Cost.hash(b.derive, "another password"))
	if err := os.WriteFile(b.path("eve"), []byte(`{"name":"eve","role":"admin","state":"active"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := b.Compare(n.entries)
	if err != nil || len(got) != 3 || !strings.Contains(got[0].What, "password") || got[1].What != "the role is admin, and was recorded as reader" || got[2].Seq != -1 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestWhatWasKilledHalfwayIsFinishedOrNeverWas(t *testing.T) {
	b, n := newBook(t)
	add(t, b, "ann", identity.Admin, good)
	// Killed after the entry: the file lies ready.
	k, _ := b.get("ann")
	was, _ := os.ReadFile(b.path("ann"))
	if _, err := b.SignOut(t.Context(), Changing{"ann", "ann"}); err != nil {
		t.Fatal(err)
	}
	put, _ := os.ReadFile(b.path("ann"))
	if err := os.WriteFile(b.path("ann"), was, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "ann"+next), put, 0o600); err != nil {
		t.Fatal(err)
	}
	b.forget("ann")
	if err := b.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(b.path("ann")); string(now) != string(put) {
		t.Error("what has its entry is not in force")
	}
	// Killed before the entry, and a ledger that fails.
	k.Role = identity.Reader
	if _, err := b.ready(k); err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.fail = fault.New(fault.Unavailable, "the disk is full")
	if _, _, err := b.Recover(t.Context(), Changing{"ann", "ann"}); err == nil {
		t.Error("it changed without an entry")
	}
	if a, err := b.Check(t.Context(), "ann", good); err != nil || a.Role != identity.Admin {
		t.Error(a, err)
	}
	if left, _ := filepath.Glob(filepath.Join(b.dir, "*"+next+"*")); len(left) > 0 {
		t.Error(left)
	}
}

func TestTheLastAdminStays(t *testing.T) {
	b, _ := newBook(t)
	add(t, b, "ann", identity.Admin, good)
	add(t, b, "ben", identity.Admin, good)
	if _, _, err := b.SetRole(t.Context(), Changing{"ben", "ann"}, identity.Auditor); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.SetRole(t.Context(), Changing{"ann", "ann"}, identity.Lead); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	if _, _, err := b.SetState(t.Context(), Changing{"ann", "ann"}, Disabled); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
}

func TestWhatIsNoAccountIsRefused(t *testing.T) {
	b, _ := newBook(t)
	if b.Any() {
		t.Error("there are accounts in an empty folder")
	}
	for _, n := range []New{{Name: "Ann", Role: identity.Lead}, {Name: "../x", Role: identity.Lead}, {Name: "", Role: identity.Lead}, {Name: "ann", Role: "boss"}, {Name: "ann"}} {
		if _, _, err := b.Add(t.Context(), n); fault.KindOf(err) != fault.Usage {
			t.Errorf("%+v: %v", n, err)
		}
	}
	add(t, b, "ann", identity.Admin, good)
	if !b.Any() {
		t.Error("an account is not seen")
	}
	if _, _, err := b.Add(t.Context(), New{Name: "ann", Role: identity.Lead}); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	if err := os.Remove(b.path("ann")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Add(t.Context(), New{Name: "ann", Role: identity.Lead}); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "there was an account ann") {
		t.Error("a name is used twice:", err)
	}
}

func TestWhatIsNoHashMatchesNothing(t *testing.T) {
	b, _ := newBook(t)
	c := b.Cost
	for _, hash := range []string{"", "x", "$argon2id$v=19$m=64,t=1,p=1$!!$!!", "$argon2id$v=19$m=99999999,t=1,p=1$AAAA$AAAA", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA"} {
		if c.matches(b.derive, "", hash) || c.matches(b.derive, "x", hash) {
			t.Errorf("%q matches", hash)
		}
	}
	if h := c.hash(b.derive, "x"); !c.matches(b.derive, "x", h) || c.matches(b.derive, "y", h) || !(Cost{Memory: 128, Passes: 2}).matches(b.derive, "x", h) {
		t.Error(h)
	}
}

func TestNoAnswerIsSoonerThanAnother(t *testing.T) {
	b, _ := newBook(t)
	add(t, b, "ann", identity.Admin, good)
	add(t, b, "ben", identity.Reader, good)
	if _, _, err := b.SetState(t.Context(), Changing{"ben", "ann"}, Disabled); err != nil {
		t.Fatal(err)
	}
	var took []Cost
	real := b.derive
	b.derive = func(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte {
		took = append(took, Cost{Memory: memory, Passes: passes})
		return real(password, salt, passes, memory, threads, size)
	}
	for _, x := range [][2]string{{"ann", good}, {"ann", "wrong"}, {"ann", ""}, {"ann", strings.Repeat("x", 10_000)}, {"nobody", good}, {"../../etc/passwd", good}, {"", ""}, {"ben", good}, {"ben", "wrong"}} {
		took = nil
		_, _ = b.Check(t.Context(), x[0], x[1])
		if len(took) != 1 || took[0] != b.Cost {
			t.Errorf("%.20q: looked at %v, want one hash of %v", x, took, b.Cost)
		}
	}
}
