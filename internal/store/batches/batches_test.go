package batches_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
)

// kept is an engine whose index is kept while its file is there, as one on a disk is. What
// it does wrong is set by tests.
type kept struct {
	batches.Index
	file   string
	asked  int   // how often Held was
	unfit  error // on opening
	more   int64 // alerts that are counted and are not there
	fewer  int64 // rows that are not there
	longer int64 // minutes that alerts are said to have taken besides
	commit func(real func() error) error
}

func newKept(t *testing.T) *kept { return &kept{file: filepath.Join(t.TempDir(), "index")} }

func (k *kept) engine() batches.Engine {
	return batches.Engine{Files: []string{k.file, k.file + ".log"}, Open: func(_ context.Context, write bool) (batches.Index, error) {
		_, err := os.Stat(k.file)
		switch {
		case err == nil && k.unfit != nil:
			return nil, k.unfit
		case err == nil:
			return reading{k, write}, nil
		case !write:
			return nil, batches.ErrReadOnly
		}
		k.Index, k.unfit, k.more, k.fewer = scan.New(), nil, 0, 0
		return reading{k, write}, os.WriteFile(k.file, nil, 0o600)
	}}
}

// reading is a kept index, which may be open for reading alone.
type reading struct {
	*kept
	write bool
}

func (r reading) Held(ctx context.Context) ([]batches.Held, error) {
	r.asked++
	return r.Index.Held(ctx)
}

func (r reading) Rows(ctx context.Context) (map[int]int64, error) {
	rows, err := r.Index.Rows(ctx)
	for n := range rows {
		rows[n] -= r.fewer
	}
	return rows, err
}

func (r reading) Tallies(ctx context.Context, q *alert.Question) ([]alert.Tally, error) {
	list, err := r.Index.Tallies(ctx, q)
	for i := range list {
		list[i].N += r.more
	}
	return list, err
}

func (r reading) Durations(ctx context.Context, q *alert.Waits) ([]alert.Duration, error) {
	list, err := r.Index.Durations(ctx, q)
	for i := range list {
		list[i].Minutes += r.longer
	}
	return list, err
}

func (r reading) Begin(ctx context.Context) (batches.Change, error) {
	if !r.write {
		return nil, batches.ErrReadOnly
	}
	c, err := r.Index.Begin(ctx)
	return committing{c, r.kept}, err
}

type committing struct {
	batches.Change
	k *kept
}

func (c committing) Commit(ctx context.Context, at batches.Tip) error {
	real := func() error { return c.Change.Commit(ctx, at) }
	if c.k.commit == nil {
		return real()
	}
	return c.k.commit(real)
}

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func fired(ids ...string) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for i, id := range ids {
			a := &alert.Alert{ID: id, RuleID: fmt.Sprint("r", i%2), Time: now.AddDate(0, 0, -i), Entity: "h"}
			if i%2 == 1 {
				a.Disposition = &alert.Disposition{Class: alert.TruePositive, Time: now, By: "ann", Provenance: alert.Analyst}
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func open(t *testing.T, dir string, e batches.Engine, o batches.Options) *batches.Store {
	t.Helper()
	s, err := batches.Open(t.Context(), dir, e, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func writing(t *testing.T, dir string, e batches.Engine) *batches.Store {
	t.Helper()
	return open(t, dir, e, batches.Options{Write: true})
}

func add(t *testing.T, s *batches.Store, id string, alerts ...string) store.Batch {
	t.Helper()
	b, fresh, err := s.Append(t.Context(), store.Batch{ID: id, Kind: "alerts", Hash: "input of " + id, Added: now}, fired(alerts...))
	if err != nil || !fresh {
		t.Fatalf("append %s: fresh %v, %v", id, fresh, err)
	}
	return b
}

// count returns how many alerts count.
func count(t *testing.T, s *batches.Store) (n int64) {
	t.Helper()
	list, err := s.Tallies(t.Context(), &alert.Question{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		n += c.N
	}
	return n
}

// amiss returns what an audit finds.
func amiss(t *testing.T, s *batches.Store, deep bool) string {
	t.Helper()
	a, err := s.Audit(t.Context(), deep)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, x := range a.Amiss {
		found = append(found, x.Batch+": "+x.What)
	}
	return strings.Join(found, "\n")
}

// three makes a folder of three batches, of which the second is withdrawn, with an index.
func three(t *testing.T) (dir string, k *kept) {
	t.Helper()
	dir, k = filepath.Join(t.TempDir(), "alerts"), newKept(t)
	s := writing(t, dir, k.engine())
	add(t, s, "b1", "a1", "a2", "a3")
	add(t, s, "b2", "a3", "a4")
	add(t, s, "b3", "a4", "a5", "a1")
	if err := s.Withdraw(t.Context(), "b2", store.Withdrawal{At: now, By: "ann", Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, k
}

// TestAFileThatIsNotAsItWasIsRefused reads what is left of three batches with an index in
// memory, with one that had taken them in, and with one that had not: none counts.
func TestAFileThatIsNotAsItWasIsRefused(t *testing.T) {
	alter := func(name string, change func([]byte) []byte) func(dir string) error {
		return func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, name), change(b), 0o600)
		}
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	copied := func(from, to string) func(string) error {
		return func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, from))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, to), b, 0o600))
		}
	}
	for name, c := range map[string]struct {
		change func(dir string) error
		named  string
	}{
		"deleted":           {remove("b1.parquet"), "missing"},
		"the last deleted":  {remove("b3.parquet"), "b3.parquet"},
		"truncated":         {alter("b1.parquet", func(b []byte) []byte { return b[:len(b)-10] }), "b1.parquet"},
		"emptied":           {alter("b2.parquet", func([]byte) []byte { return nil }), "b2.parquet"},
		"grown":             {alter("b3.parquet", func(b []byte) []byte { return append(b, "more"...) }), "b3.parquet"},
		"a byte of a row":   {alter("b3.parquet", func(b []byte) []byte { b[40] ^= 1; return b }), "b3.parquet"},
		"swapped":           {copied("b1.parquet", "b3.parquet"), "b3.parquet"},
		"copied":            {copied("b1.parquet", "b9.parquet"), "b9.parquet"},
		"its withdrawal":    {remove("b2.withdrawn.json"), "withdrawn"},
		"a withdrawal's":    {alter("b2.withdrawn.json", func(b []byte) []byte { return b[:5] }), "b2.withdrawn.json"},
		"what landed last":  {alter("last.json", func(b []byte) []byte { return b[:5] }), "last.json"},
		"a later format":    {alter("last.json", func(b []byte) []byte { return []byte(`{"format":3}`) }), "newer candor"},
		"all but the index": {func(dir string) error { return os.RemoveAll(dir) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, k := three(t)
			before, err := open(t, dir, scan.Engine(), batches.Options{}).Batches(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			recorded := func(context.Context) (map[string]string, error) {
				hashes := map[string]string{}
				for _, b := range before {
					hashes[b.ID] = b.Content
				}
				return hashes, nil
			}
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			for what, e := range map[string]batches.Engine{"in memory": scan.Engine(), "kept": k.engine(), "new": newKept(t).engine()} {
				s, err := batches.Open(t.Context(), dir, e, batches.Options{Write: what != "in memory", Recorded: recorded})
				if err == nil {
					defer s.Close()
					_, err = s.Tallies(t.Context(), &alert.Question{})
				}
				if c.named == "" {
					continue // there is nothing, and only a ledger knows that there was
				}
				var said *fault.Error
				if !errors.As(err, &said) || !strings.Contains(err.Error(), c.named) || fault.HintOf(err) == "" {
					t.Errorf("%s: %v; want %s to be named", what, err, c.named)
				}
				if s == nil {
					continue
				}
				if _, _, err := s.Append(t.Context(), store.Batch{ID: "b4", Hash: "b4"}, fired("x")); !errors.As(err, &said) {
					t.Errorf("%s: another batch: %v", what, err)
				}
				a, err := s.Audit(t.Context(), false)
				if err != nil {
					t.Fatal(err)
				}
				whole := len(a.Amiss) == 0
				for _, b := range before {
					whole = whole && a.Batches[b.ID].Content == b.Content && cmp.Equal(a.Batches[b.ID].Withdrawn, b.Withdrawn)
				}
				if whole {
					t.Errorf("%s: an audit finds nothing", what)
				}
			}
		})
	}
}

// TestAnIndexThatIsInStepIsNotLookedAt: what opening costs does not hang on how many
// batches there are.
func TestAnIndexThatIsInStepIsNotLookedAt(t *testing.T) {
	dir, k := three(t)
	k.asked = 0
	for _, write := range []bool{false, true, false} {
		s := open(t, dir, k.engine(), batches.Options{Write: write})
		if n := count(t, s); n != 5 || k.asked != 0 {
			t.Errorf("%d alerts count; what is held was asked for %d times", n, k.asked)
		}
		s.Close()
	}
	// A file that may be another is looked into.
	if err := os.Chtimes(filepath.Join(dir, "b1.parquet"), now, now); err != nil {
		t.Fatal(err)
	}
	if n := count(t, open(t, dir, k.engine(), batches.Options{})); n != 5 || k.asked == 0 {
		t.Errorf("%d alerts count; what is held was asked for %d times", n, k.asked)
	}
}

// TestAnIndexFollows opens a folder to which batches were added with another index, as
// after a kill between a file and the commit of the index.
func TestAnIndexFollows(t *testing.T) {
	dir, old := three(t)
	other := newKept(t)
	s := writing(t, dir, other.engine())
	add(t, s, "b4", "a7", "a8")
	if err := s.Withdraw(t.Context(), "b3", store.Withdrawal{At: now, Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	want, err := s.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := batches.Open(t.Context(), dir, old.engine(), batches.Options{}); !errors.Is(err, batches.ErrReadOnly) {
		t.Errorf("an index that cannot follow: %v", err)
	}
	var told [][2]int64
	s = open(t, dir, old.engine(), batches.Options{Write: true, Progress: func(taken, all int64) { told = append(told, [2]int64{taken, all}) }})
	got, err := s.Batches(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if n := count(t, s); n != 5 {
		t.Errorf("%d alerts count", n)
	}
	if diff := cmp.Diff([][2]int64{{0, 2}, {2, 2}}, told); diff != "" {
		t.Error(diff)
	}
	if found := amiss(t, s, true); found != "" {
		t.Error(found)
	}
}

// TestWhatTheIndexCannotCommitHasNotLanded also commits and says that it could not: the
// folder is right, and the index is built anew.
func TestWhatTheIndexCannotCommitHasNotLanded(t *testing.T) {
	full := errors.New("no space left on device")
	for name, c := range map[string]struct {
		commit func(func() error) error
		aside  bool
	}{
		"not committed":      {func(func() error) error { return full }, false},
		"committed and lost": {func(real func() error) error { return errors.Join(real(), full) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, k := three(t)
			s := writing(t, dir, k.engine())
			k.commit = c.commit
			if _, fresh, err := s.Append(t.Context(), store.Batch{ID: "b4", Hash: "b4"}, fired("a9")); !errors.Is(err, full) || fresh {
				t.Errorf("append: fresh %v, %v", fresh, err)
			}
			if err := s.Withdraw(t.Context(), "b3", store.Withdrawal{At: now, Reason: "wrong"}); !errors.Is(err, full) {
				t.Errorf("withdraw: %v", err)
			}
			k.commit = nil
			s.Close()
			var aside []string
			s = open(t, dir, k.engine(), batches.Options{Write: true, Aside: func(to []string, why error) { aside = append(aside, to...) }})
			if n := count(t, s); n != 5 || (len(aside) > 0) != c.aside {
				t.Errorf("%d alerts count, moved aside: %v", n, aside)
			}
			add(t, s, "b4", "a9")
			if found := amiss(t, s, true); found != "" || count(t, s) != 6 {
				t.Errorf("%s; %d alerts count", found, count(t, s))
			}
		})
	}
}

// TestAnIndexThatIsWrongIsBuiltAnew: one that cannot be opened, one whose notes and one
// whose counts differ from the files.
func TestAnIndexThatIsWrongIsBuiltAnew(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(k *kept)
		plainly bool
		says    string
	}{
		"unfit":  {func(k *kept) { k.unfit = fmt.Errorf("%w: it defines a macro", batches.ErrRebuild) }, false, "defines a macro"},
		"rows":   {func(k *kept) { k.fewer = 1 }, true, "of its rows"},
		"counts": {func(k *kept) { k.more = 1 }, false, `counts 3 alerts of rule "r0" on 2026-05-02, and the files have 2; so it is with 2 other`},
	} {
		t.Run(name, func(t *testing.T) {
			dir, k := three(t)
			c.spoil(k)
			if k.unfit == nil {
				s := open(t, dir, k.engine(), batches.Options{})
				if found := amiss(t, s, false); strings.Contains(found, c.says) != c.plainly {
					t.Errorf("a plain audit finds %q", found)
				}
				if found := amiss(t, s, true); !strings.Contains(found, c.says) {
					t.Errorf("a deep audit finds %q", found)
				}
				s.Close()
			}
			if _, err := batches.Open(t.Context(), dir, k.engine(), batches.Options{}); !errors.Is(err, batches.ErrReadOnly) {
				t.Errorf("opened to read: %v", err)
			}
			var aside []string
			var why error
			s := open(t, dir, k.engine(), batches.Options{Write: true, Aside: func(to []string, w error) { aside, why = to, w }})
			if diff := cmp.Diff([]string{k.file + ".aside"}, aside); diff != "" || why == nil || !strings.Contains(why.Error(), c.says) {
				t.Errorf("%s, because %v", diff, why)
			}
			if found := amiss(t, s, true); found != "" || count(t, s) != 5 {
				t.Errorf("%s; %d alerts count", found, count(t, s))
			}
			s.Close()
			s = open(t, dir, k.engine(), batches.Options{}) // which is not doubted any more
			if n := count(t, s); n != 5 {
				t.Errorf("%d alerts count", n)
			}
		})
	}
}

// TestTwoWhoWriteAtOnce have no lock between them: the second is refused, and nothing is
// lost.
func TestTwoWhoWriteAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "alerts")
	one, other := writing(t, dir, scan.Engine()), writing(t, dir, scan.Engine())
	add(t, one, "b1", "a1")
	if _, _, err := other.Append(t.Context(), store.Batch{ID: "b2", Hash: "b2"}, fired("a2")); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "another process") {
		t.Errorf("%v", err)
	}
	add(t, one, "b2", "a2", "a3")
	if found := amiss(t, one, true); found != "" || count(t, one) != 3 {
		t.Errorf("%s; %d alerts count", found, count(t, one))
	}
}

func TestAnIDNamesAFileOnEverySystem(t *testing.T) {
	s := writing(t, filepath.Join(t.TempDir(), "alerts"), scan.Engine())
	add(t, s, "alerts-1", "a1")
	for id, want := range map[string]fault.Kind{"": fault.Invalid, "../x": fault.Invalid, ".x": fault.Invalid, "a b": fault.Invalid, "ü": fault.Invalid,
		strings.Repeat("x", 300): fault.Invalid, "Alerts-1": fault.Conflict} {
		if _, _, err := s.Append(t.Context(), store.Batch{ID: id, Hash: id + "!"}, fired("a2")); fault.KindOf(err) != want {
			t.Errorf("%q: %v; want one of kind %s", id, err, want)
		}
	}
	if err := s.Withdraw(t.Context(), "ALERTS-1", store.Withdrawal{Reason: "wrong"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("withdrawn under another name: %v", err)
	}
}

// TestReadingWritesNothing reads a folder that is not there, and one that is.
func TestReadingWritesNothing(t *testing.T) {
	none := filepath.Join(t.TempDir(), "alerts")
	if n := count(t, open(t, none, scan.Engine(), batches.Options{})); n != 0 {
		t.Errorf("%d alerts in no folder", n)
	}
	if _, err := os.Stat(none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	dir, _ := three(t)
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, scan.Engine(), batches.Options{})
	if found := amiss(t, s, true); found != "" || count(t, s) != 5 {
		t.Errorf("%s; %d alerts count", found, count(t, s))
	}
	after, err := os.ReadDir(dir)
	if err != nil || len(after) != len(before) {
		t.Errorf("%d files, and %d before, %v", len(after), len(before), err)
	}
}

// TestADeepAuditGathersAFewAtATime audits a folder in which most alerts arrived more than
// once, in parts of any size, and finds what is wrong in each.
func TestADeepAuditGathersAFewAtATime(t *testing.T) {
	dir, k := three(t)
	s := open(t, dir, k.engine(), batches.Options{Write: true})
	add(t, s, "b4", "a1", "a2", "a3", "a4", "a5", "a6", "a7")
	for _, n := range []int{1, 2, 3, 100} {
		s.Gather(n)
		k.more = 0
		if found := amiss(t, s, true); found != "" {
			t.Errorf("%d at a time: %s", n, found)
		}
		k.more = 1
		if found := amiss(t, s, true); !strings.Contains(found, "the index counts") {
			t.Errorf("%d at a time: %q", n, found)
		}
	}
}

// TestADeepAuditComparesHowLongAlertsTook has an index that counts as many alerts as the
// files have, and is wrong about how long they took.
func TestADeepAuditComparesHowLongAlertsTook(t *testing.T) {
	k := newKept(t)
	s := writing(t, t.TempDir(), k.engine())
	if _, _, err := s.Append(t.Context(), store.Batch{ID: "b1", Hash: "1"}, fired("a", "b", "c")); err != nil {
		t.Fatal(err)
	}
	for _, longer := range []int64{0, 1} {
		k.longer = longer
		found, err := s.Audit(t.Context(), true)
		if err != nil || int64(len(found.Amiss)) != longer || longer > 0 && !strings.Contains(found.Amiss[0].What, "how long") {
			t.Errorf("%d minutes more: %+v, %v", longer, found.Amiss, err)
		}
	}
}
