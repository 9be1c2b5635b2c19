package custody_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/custody"
	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// What follows are stores whose caller goes away as soon as something has landed.

type leftEvidence struct {
	store.Evidence
	leave func()
}

func (l leftEvidence) Append(ctx context.Context, b store.Batch, records iter.Seq2[store.Record, error]) (store.Batch, bool, error) {
	defer l.leave()
	return l.Evidence.Append(ctx, b, records)
}

type leftAlerts struct {
	store.Alerts
	leave func()
}

func (l leftAlerts) Append(ctx context.Context, b store.Batch, alerts iter.Seq2[*alert.Alert, error]) (store.Batch, bool, error) {
	defer l.leave()
	return l.Alerts.Append(ctx, b, alerts)
}

type leftWithdrawal struct {
	audited
	leave func()
}

func (l leftWithdrawal) Withdraw(ctx context.Context, batch string, w store.Withdrawal) error {
	defer l.leave()
	return l.audited.Withdraw(ctx, batch, w)
}

type leftLibrary struct {
	*sqlite.Library
	leave func()
}

func (l leftLibrary) Begin(ctx context.Context) (store.ReleaseWriter, error) {
	w, err := l.Library.Begin(ctx)
	return leftRelease{w, l.leave}, err
}

type leftRelease struct {
	store.ReleaseWriter
	leave func()
}

func (l leftRelease) Commit(ctx context.Context, r attack.Release, odd []store.Oddity) (bool, error) {
	defer l.leave()
	return l.ReleaseWriter.Commit(ctx, r, odd)
}

// TestWhatHasLandedIsRecordedWhoeverGoesAway lands each kind of thing for a caller who
// goes away before it has its entry.
func TestWhatHasLandedIsRecordedWhoeverGoesAway(t *testing.T) {
	for name, land := range map[string]func(t *testing.T, ctx context.Context, leave func(), h *house) error{
		"evidence": func(_ *testing.T, ctx context.Context, leave func(), h *house) error {
			_, _, err := h.Evidence(leftEvidence{h.evidence, leave}).Append(ctx, batch("rules", "new"), each[store.Record]())
			return err
		},
		"alerts": func(_ *testing.T, ctx context.Context, leave func(), h *house) error {
			_, _, err := h.Alerts(leftAlerts{h.alerts, leave}).Append(ctx, batch("alerts", "new"), each(fired("a", "", nil)))
			return err
		},
		"a withdrawal": func(_ *testing.T, ctx context.Context, leave func(), h *house) error {
			h.Keeper.Batches = []custody.Batches{leftWithdrawal{h.evidence, leave}, h.alerts}
			_, err := h.Withdraw(ctx, "old", store.Withdrawal{At: now, Reason: "wrong"})
			return err
		},
		"a release": func(t *testing.T, ctx context.Context, leave func(), h *house) error {
			l, err := sqlite.OpenLibrary(t.Context(), filepath.Join(h.dir, "library.db"))
			if err != nil {
				return err
			}
			t.Cleanup(func() { l.Close() })
			h.Keeper.Releases = l
			w, err := h.Library(leftLibrary{l, leave}).Begin(t.Context()) // which ends with it
			if err != nil {
				return err
			}
			bundle := `{"type":"bundle","id":"bundle--1","objects":[{"type":"tool","spec_version":"2.1","id":"tool--1","name":"Needle"}]}`
			_, err = stix.Read(t.Context(), stix.Source{Reader: strings.NewReader(bundle)}, func(s *attack.Snapshot) error { return w.Add(t.Context(), s) })
			if err != nil {
				return err
			}
			_, err = w.Commit(ctx, attack.Release{Domain: "ics-attack", Version: "9.0", STIX: "2.1", FileHash: strings.Repeat("ab", 32), Imported: now}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			h.addRules(t, "old", "one")
			ctx, leave := context.WithCancel(t.Context())
			err := land(t, ctx, leave, h)
			if ctx.Err() == nil {
				t.Fatalf("nothing landed: %v", err)
			}
			if err != nil {
				t.Errorf("error %v", err)
			}
			size, err := h.evidence.Ledger().Size(t.Context())
			if err != nil || size != 2 {
				t.Errorf("%d entries, %v; want one of what has landed", size, err)
			}
		})
	}
}

// watched is the store of a ledger, of which each entry is told before it is written.
type watched struct {
	ledger.Store
	before func() error
}

func (w watched) Append(ctx context.Context, seq int64, line []byte, first int64, hashes [][]byte) error {
	if err := w.before(); err != nil {
		return err
	}
	return w.Store.Append(ctx, seq, line, first, hashes)
}

// TestAPolicyIsNotInForceBeforeItsEntry looks at the policy in force while its entry is
// written, and after it could not be.
func TestAPolicyIsNotInForceBeforeItsEntry(t *testing.T) {
	h := opened(t)
	path := filepath.Join(h.dir, "policy.yaml")
	set := func(text, id string, before func() error) error {
		t.Helper()
		k := custody.New(custody.Stores{Ledger: watched{h.evidence.Ledger(), before}, Batches: []custody.Batches{h.evidence, h.alerts},
			Releases: &h.library, Policy: path, Now: h.Now})
		_, _, err := k.SetPolicy(t.Context(), custody.PolicyChange{ID: id, File: []byte(text)})
		return err
	}
	inForce := func() string {
		b, _ := os.ReadFile(path)
		return string(b)
	}
	for _, change := range []struct{ before, to, id string }{{"", "one", "p 1"}, {"one", "two", "p 2"}} {
		refused := errors.New("refused")
		err := set(change.to, change.id, func() error {
			if got := inForce(); got != change.before {
				t.Errorf("%q is in force while the entry of %q is written", got, change.to)
			}
			return refused
		})
		if !errors.Is(err, refused) || fault.HintOf(err) == "" {
			t.Errorf("error %v", err)
		}
		if got := inForce(); got != change.before {
			t.Errorf("%q is in force without an entry", got)
		}
		if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
		if r := h.verify(t, nil); !r.OK {
			t.Errorf("%s, unrecorded %v", found(r), r.Unrecorded)
		}
		if err := set(change.to, change.id, func() error { return nil }); err != nil || inForce() != change.to {
			t.Errorf("%q is in force, %v", inForce(), err)
		}
	}
	if r := h.verify(t, nil); !r.OK || r.Size != 2 {
		t.Errorf("%s, %d entries", found(r), r.Size)
	}
	// A file that nobody recorded is said.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	fresh := opened(t)
	if err := os.WriteFile(filepath.Join(fresh.dir, "policy.yaml"), []byte("by hand"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := fresh.verify(t, nil); r.OK || len(r.Unrecorded) != 1 || r.Unrecorded[0].Kind != ledger.Policy {
		t.Errorf("a policy in force without an entry: %+v", r)
	}
}

// TestARemovalThatTheLibraryForgotIsFound takes back the statement that a release was
// removed, which its entry has the hash of.
func TestARemovalThatTheLibraryForgotIsFound(t *testing.T) {
	h := opened(t)
	h.fill(t)
	if _, err := h.Remove(t.Context(), attack.Removal{Release: h.library.have[0], At: now}); err != nil {
		t.Fatal(err)
	}
	h.library.removed[0].Reason = "another reason"
	r := h.verify(t, nil)
	if r.OK || len(r.Findings) == 0 || r.Findings[0].What != custody.RemovalGone {
		t.Errorf("%s", found(r))
	}
}
