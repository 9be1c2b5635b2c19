package custody_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"candor/internal/custody"
	"candor/internal/ledger"
	"candor/internal/store"
)

// audited is a store under another name, so that it can be embedded.
type audited interface{ custody.Batches }

// busy is a store in which something lands just before it is audited.
type busy struct {
	audited
	land func()
}

func (b busy) Audit(ctx context.Context, deep bool) (store.Audit, error) {
	b.land()
	return b.audited.Audit(ctx, deep)
}

func TestWhatLandsWhileItIsVerifiedIsNotUnrecorded(t *testing.T) {
	h := opened(t)
	h.addRules(t, "rules-1", "one")
	land := sync.OnceFunc(func() { h.addRules(t, "rules-2", "two") })
	h.Keeper = custody.New(custody.Stores{
		Ledger: h.evidence.Ledger(), Batches: []custody.Batches{busy{h.evidence, land}, h.alerts}, Releases: &h.library,
		Policy: filepath.Join(h.dir, "policy.yaml"), Now: h.Now,
	})
	r, err := h.Verify(t.Context(), custody.Verification{})
	if err != nil || !r.OK {
		t.Errorf("%+v, %v", r, err)
	}
	// What nobody recorded is still said to be so.
	if _, _, err := h.evidence.Append(t.Context(), batch("rules", "rules-3"), each[store.Record]()); err != nil {
		t.Fatal(err)
	}
	if r, err := h.Verify(t.Context(), custody.Verification{}); err != nil || len(r.Unrecorded) != 1 || r.Unrecorded[0].ID != "rules-3" {
		t.Errorf("%+v, %v", r.Unrecorded, err)
	}
}

func TestNothingLandsWhileAllIsStill(t *testing.T) {
	h := opened(t)
	h.addRules(t, "rules-1", "one")
	landed := make(chan bool)
	err := h.Still(t.Context(), func(root ledger.Root) error {
		if root.Size != 1 {
			t.Errorf("root %s", root)
		}
		go func() {
			h.addRules(t, "rules-2", "two")
			close(landed)
		}()
		for range 20 {
			if b, err := h.evidence.Batches(t.Context()); err != nil || len(b) != 1 {
				t.Errorf("batches %v, %v", b, err)
			}
		}
		return errors.New("as it is")
	})
	if err == nil || err.Error() != "as it is" {
		t.Errorf("error %v", err)
	}
	<-landed
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = h.Still(t.Context(), func(ledger.Root) error {
		return h.Still(ctx, func(ledger.Root) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want %v", err, context.Canceled)
	}
}
