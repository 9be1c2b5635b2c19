package custody_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/custody"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/store"
	"candor/internal/store/storetest"
)

// TestFirstEntryThatDoesNotFitIsNamed makes known changes to what fill brings:
// entries 0 to 2 are rules, 3 to 5 alerts, 6 and 7 withdrawals of rules-3 and
// alerts-3, 8 the release and 9 the policy.
func TestFirstEntryThatDoesNotFitIsNamed(t *testing.T) {
	for _, test := range []struct {
		name, file, change string
		entry              int64
		what               string
	}{
		{"a record's body", "evidence.db", `UPDATE record SET body = CAST('zwo' AS BLOB) WHERE body = CAST('zwei' AS BLOB)`, 1, custody.BatchContent},
		{"a record's key", "evidence.db", `UPDATE record SET key = 'r9' WHERE batch = 3 AND key = 'r2'`, 2, custody.BatchContent},
		{"a record is added", "evidence.db", `INSERT INTO record (batch, kind, key, body) VALUES (2, 'rule', 'r9', x'00')`, 1, custody.BatchContent},
		{"a record is removed", "evidence.db", `DELETE FROM record WHERE batch = 1 AND key = 'r1'`, 0, custody.BatchContent},
		{"which record is in force", "evidence.db", `UPDATE record SET superseded = 2 WHERE batch = 2`, 1, custody.BatchState},
		{"who added a batch", "evidence.db", `UPDATE batch SET body = replace(body, 'ann', 'bob') WHERE id = 'rules-2'`, 1, custody.BatchContent},
		{"a batch's name", "evidence.db", `UPDATE batch SET id = 'rules-9' WHERE id = 'rules-2'`, 1, custody.MissingBatch},
		{"a withdrawal's reason", "evidence.db", `UPDATE withdrawal SET body = replace(body, 'wrong', 'right')`, 6, custody.WithdrawalGone},
		{"a withdrawal is removed", "evidence.db", `DELETE FROM withdrawal`, 6, custody.WithdrawalGone},
		{"an entry", "evidence.db", `UPDATE ledger_entry SET line = CAST(replace(CAST(line AS TEXT), 'ann', 'bob') AS BLOB) WHERE seq = 4`, 4, ledger.Bytes},
		{"an entry is removed", "evidence.db", `DELETE FROM ledger_entry WHERE seq = 4`, 4, ledger.Lost},
		{"a leaf of the tree", "evidence.db", `UPDATE ledger_hash SET hash = zeroblob(32) WHERE place = 0`, 0, ledger.Bytes},
		{"a node of the tree", "evidence.db", `UPDATE ledger_hash SET hash = zeroblob(32) WHERE place = 2`, 1, ledger.Chain},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := opened(t)
			h.fill(t)
			db := raw(t, filepath.Join(h.dir, test.file))
			defer db.Close()
			res, err := db.Exec(test.change)
			if err != nil {
				t.Fatal(err)
			}
			if n, _ := res.RowsAffected(); n == 0 {
				t.Fatal("nothing was changed")
			}
			r := h.verify(t, nil)
			if len(r.Findings) == 0 || r.Findings[0].Entry == nil || *r.Findings[0].Entry != test.entry || r.Findings[0].What != test.what {
				t.Errorf("want entry %d (%s), found %+v", test.entry, test.what, found(r))
			}
		})
	}
}

func found(r custody.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		at := "none"
		if f.Entry != nil {
			at = strconv.FormatInt(*f.Entry, 10)
		}
		fmt.Fprintf(&b, "\nentry %s (%s): %s", at, f.What, f.Detail)
	}
	return b.String()
}

// TestABatchFileThatIsNotAsItWasIsNamed changes the files of what fill brings.
func TestABatchFileThatIsNotAsItWasIsNamed(t *testing.T) {
	change := func(name string, change func(b []byte) []byte) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, name)
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, change(b), 0o600)
		}
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	for name, c := range map[string]struct {
		change func(dir string) error
		entry  int64
		what   string
	}{
		"deleted":   {remove("alerts-2.parquet"), 4, custody.MissingBatch},
		"the last":  {remove("alerts-3.parquet"), 5, custody.MissingBatch},
		"truncated": {change("alerts-1.parquet", func(b []byte) []byte { return b[:len(b)-1] }), 3, custody.BatchContent},
		"emptied":   {change("alerts-1.parquet", func(b []byte) []byte { return nil }), 3, custody.BatchContent},
		"grown":     {change("alerts-2.parquet", func(b []byte) []byte { return append(b, 0) }), 4, custody.BatchContent},
		"a byte":    {change("alerts-2.parquet", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), 4, custody.BatchContent},
		"swapped": {func(dir string) error {
			one, other, aside := filepath.Join(dir, "alerts-1.parquet"), filepath.Join(dir, "alerts-2.parquet"), filepath.Join(dir, "aside")
			return errors.Join(os.Rename(one, aside), os.Rename(other, one), os.Rename(aside, other))
		}, 3, custody.BatchContent},
		"another withdrawal": {change("alerts-3.withdrawn.json", func(b []byte) []byte { return bytes.Replace(b, []byte("wrong"), []byte("right"), 1) }), 7, custody.WithdrawalGone},
		"no withdrawal":      {remove("alerts-3.withdrawn.json"), 7, custody.WithdrawalGone},
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			h.fill(t)
			if err := c.change(filepath.Join(h.dir, "alerts")); err != nil {
				t.Fatal(err)
			}
			other := open(t, h.dir)
			defer other.close()
			other.library = h.library
			for _, h := range []*house{h, other} {
				for _, deep := range []bool{false, true} {
					r, err := h.Verify(t.Context(), custody.Verification{Deep: deep})
					if err != nil {
						t.Fatal(err)
					}
					if len(r.Findings) == 0 || r.Findings[0].Entry == nil || *r.Findings[0].Entry != c.entry || r.Findings[0].What != c.what {
						t.Errorf("want entry %d (%s), found %+v", c.entry, c.what, found(r))
					}
				}
			}
		})
	}
}

func TestPolicyInForceIsTheOneRecorded(t *testing.T) {
	h := opened(t)
	path := filepath.Join(h.dir, "policy.yaml")
	write := func(s string) {
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := func(s string, want bool) {
		t.Helper()
		_, fresh, err := h.SetPolicy(t.Context(), custody.PolicyChange{ID: "ours " + s, File: []byte(s), By: "ann"})
		if err != nil || fresh != want {
			t.Fatalf("set %q: fresh %v, error %v; want %v", s, fresh, err, want)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != s {
			t.Fatalf("the file holds %q, %v", b, err)
		}
	}
	write("one")
	if r := h.verify(t, nil); r.OK || len(r.Unrecorded) != 1 || r.Unrecorded[0].Kind != ledger.Policy {
		t.Errorf("a policy without an entry: %+v", r)
	}
	set("one", true)
	set("one", false)
	set("two", true)
	set("one", true)
	if _, _, err := h.SetPolicy(t.Context(), custody.PolicyChange{ID: "ours two", File: []byte("zwei"), By: "ann"}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("other bytes under the name of a policy in the ledger: %v", err)
	}
	if r := h.verify(t, nil); !r.OK || r.Size != 3 {
		t.Errorf("%+v", r)
	}
	write("uno")
	if r := h.verify(t, nil); len(r.Findings) != 1 || r.Findings[0].What != custody.PolicyFile || *r.Findings[0].Entry != 2 {
		t.Errorf("a policy that was edited: %s", found(r))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := h.verify(t, nil); len(r.Findings) != 1 || r.Findings[0].What != custody.PolicyFile {
		t.Errorf("a policy that is gone: %s", found(r))
	}
	set("one", true)
	if names, _ := filepath.Glob(filepath.Join(h.dir, ".policy*")); len(names) > 0 {
		t.Errorf("left over: %v", names)
	}
}

func TestReleaseThatIsGoneOrAnotherIsFound(t *testing.T) {
	h := opened(t)
	h.fill(t)
	h.library.have[0].FileHash = strings.Repeat("cd", 32)
	if r := h.verify(t, nil); len(r.Findings) != 1 || r.Findings[0].What != custody.MissingRelease || *r.Findings[0].Entry != 8 {
		t.Errorf("another file: %s", found(r))
	}
	h.library.have[0].FileHash, h.library.have[0].Verified = strings.Repeat("ab", 32), "not what was recorded"
	if r := h.verify(t, nil); len(r.Findings) != 1 || r.Findings[0].What != custody.ReleaseContent || *r.Findings[0].Entry != 8 {
		t.Errorf("other content: %s", found(r))
	}
	h.library.have = nil
	if r := h.verify(t, nil); len(r.Findings) != 1 || r.Findings[0].What != custody.MissingRelease {
		t.Errorf("gone: %s", found(r))
	}
	h.library.have = append(h.library.have, attack.Release{Domain: "ics-attack", Version: "9.0", STIX: "2.1"})
	if r := h.verify(t, nil); len(r.Unrecorded) != 1 || r.Unrecorded[0].Kind != ledger.Release {
		t.Errorf("another release: %+v", r)
	}
}

func TestWithdrawalThatCannotBeMeantLeavesNoEntry(t *testing.T) {
	h := opened(t)
	h.fill(t)
	before := h.verify(t, nil)
	for id, want := range map[string]fault.Kind{"rules-9": fault.NotFound, "rules-3": fault.Conflict} {
		if _, err := h.Withdraw(t.Context(), id, store.Withdrawal{Reason: "no reason"}); fault.KindOf(err) != want {
			t.Errorf("%s: %v; want one of kind %s", id, err, want)
		}
	}
	if _, err := h.Withdraw(t.Context(), "rules-1", store.Withdrawal{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if after := h.verify(t, &before.Root); !after.OK || after.Root != before.Root {
		t.Errorf("%+v, before %+v", after, before)
	}
}

// TestBatchWithoutEntryIsSaidUntilTheNextWrite lands a batch as a process does
// that ends before its entry is written. The next process that writes records it.
func TestBatchWithoutEntryIsSaidUntilTheNextWrite(t *testing.T) {
	h := opened(t)
	h.addRules(t, "rules-1", "one")
	if _, _, err := h.alerts.Append(t.Context(), batch("alerts", "alerts-1"), each(fired("a1", "", nil))); err != nil {
		t.Fatal(err)
	}
	if err := h.evidence.Withdraw(t.Context(), "rules-1", store.Withdrawal{At: now, Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	r := h.verify(t, nil)
	if r.OK || len(r.Findings) != 0 || len(r.Unrecorded) != 2 {
		t.Fatalf("%+v", r)
	}
	next := open(t, h.dir)
	t.Cleanup(next.close)
	next.addRules(t, "rules-2", "two")
	if r := h.verify(t, nil); !r.OK || r.Size != 4 {
		t.Errorf("after the next write: %+v", r)
	}
	entries, err := h.Log().Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	about := custody.Accounts([]store.Batch{{ID: "alerts-1"}}, entries)[0].Ledger
	if len(about) != 1 || about[0].Reason != "found without an entry" {
		t.Errorf("entries %+v", about)
	}
}

// TestKilledWriterLeavesNoBatchWithoutItsEntryForLong kills a process that adds
// alerts and rules, at random moments, and looks at what it left.
func TestKilledWriterLeavesNoBatchWithoutItsEntryForLong(t *testing.T) {
	var root *ledger.Root
	k := storetest.Killing{Rounds: 8, Within: 20 * time.Millisecond, Write: recordForGood, Check: func(t *testing.T, dir string, acknowledged map[string]bool) {
		h := open(t, dir)
		defer h.close()
		alerts, err := h.alerts.Batches(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		rules, err := h.evidence.Batches(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		storetest.AllThere(t, append(alerts, rules...), acknowledged)
		r := h.verify(t, root)
		t.Logf("%d entries, without one: %v", r.Size, r.Unrecorded)
		if len(r.Findings) > 0 || len(r.Unrecorded) > 1 {
			t.Fatalf("%s\nunrecorded %v", found(r), r.Unrecorded)
		}
		if err := h.CatchUp(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if r = h.verify(t, root); !r.OK {
			t.Fatalf("after the next write: %s, %v", found(r), r.Unrecorded)
		}
		root = &r.Root
	}}
	k.Run(t)
}

// recordForGood adds batches of alerts and rules.
func recordForGood(t *testing.T, dir string, landed func(id string)) {
	h := open(t, dir)
	before, err := h.Log().Entries(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for n := len(before); ; n++ {
		var list iter.Seq2[*alert.Alert, error] = func(yield func(*alert.Alert, error) bool) {
			for i := range 50 {
				if !yield(fired(fmt.Sprintf("%d-%d", n-i%2, i), alert.TruePositive, nil), nil) {
					return
				}
			}
		}
		id := fmt.Sprint("alerts-", n)
		if _, _, err := h.Alerts(h.alerts).Append(context.Background(), batch("alerts", id), list); err != nil {
			t.Fatal(err)
		}
		landed(id)
		id = fmt.Sprint("rules-", n)
		h.addRules(t, id, fmt.Sprint("body ", n))
		landed(id)
	}
}

// TestVerifyWhileAnotherWrites finds nothing wrong, at whatever moment it looks.
func TestVerifyWhileAnotherWrites(t *testing.T) {
	dir := t.TempDir()
	writer, reader := open(t, dir), open(t, dir)
	defer writer.close()
	defer reader.close()
	done := make(chan error)
	go func() {
		for n := range 15 {
			id := fmt.Sprint("rules-", n)
			_, _, err := writer.Evidence(writer.evidence).Append(context.Background(), batch("rules", id),
				each(store.Record{Kind: evidence.RecordRule, Key: "r", Body: []byte(id)}))
			if err == nil && n%5 == 4 {
				_, err = writer.Withdraw(context.Background(), id, store.Withdrawal{At: now, Reason: "wrong"})
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for looks := 0; ; looks++ {
		select {
		case err := <-done:
			if r := reader.verify(t, nil); err != nil || !r.OK || r.Size != 18 {
				t.Errorf("after %d looks: %v, %+v", looks, err, r)
			}
			return
		default:
			if r := reader.verify(t, nil); len(r.Findings) > 0 {
				t.Fatalf("look %d: %s", looks, found(r))
			}
		}
	}
}
