package custody_test

import (
	"candor/internal/attack"
	"testing"
	"time"

	"candor/internal/custody"
	"candor/internal/ledger"
)

// TestARemovedReleaseIsRemovedAndNotMissing removes, imports again and removes again:
// the last entry about a release says whether it is there.
func TestARemovedReleaseIsRemovedAndNotMissing(t *testing.T) {
	h := opened(t)
	h.fill(t)
	release := h.library.have[0]
	size := h.verify(t, nil).Size
	remove := func(at time.Time, reason string) {
		t.Helper()
		if _, err := h.Remove(t.Context(), attack.Removal{Release: release, At: at, By: "ann", Reason: reason}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, entries int64, removed int) custody.Report {
		t.Helper()
		r := h.verify(t, nil)
		if !r.OK || r.Size != size+entries || len(r.Removed) != removed {
			t.Errorf("%s: %s, unrecorded %v, %d entries after %d, removed %+v", what, found(r), r.Unrecorded, r.Size, size, r.Removed)
		}
		return r
	}
	remove(now, "another tenant's")
	r := expect("removed", 1, 1)
	if rm := r.Removed[0]; rm.ID != "enterprise 18.1 (STIX 2.1)" || rm.By != "ann" || rm.Reason != "another tenant's" || rm.Entry != size {
		t.Errorf("removed: %+v", rm)
	}
	if r.Checked[ledger.Removal] != 1 || r.Checked[ledger.Release] != 1 {
		t.Errorf("checked: %v", r.Checked)
	}
	h.library.have = append(h.library.have, release)
	if r := h.verify(t, nil); r.OK || len(r.Findings) != 0 || len(r.Unrecorded) != 1 || r.Unrecorded[0].Kind != ledger.Release {
		t.Errorf("there again without an entry: %s, %v", found(r), r.Unrecorded)
	}
	if err := h.CatchUp(t.Context(), custody.ReleaseID(release)); err != nil {
		t.Fatal(err)
	}
	expect("imported again", 2, 0)
	h.library.have = nil
	if r := h.verify(t, nil); len(r.Findings) != 1 || r.Findings[0].What != custody.MissingRelease || *r.Findings[0].Entry != size+1 {
		t.Errorf("gone without a removal: %s", found(r))
	}
	remove(now.Add(time.Hour), "")
	expect("removed again", 3, 1)
	if err := h.CatchUp(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	expect("caught up", 3, 1)
}

// TestARemovalWithoutItsEntryIsSaid is of a process that ended between the two.
func TestARemovalWithoutItsEntryIsSaid(t *testing.T) {
	h := opened(t)
	h.fill(t)
	if _, err := h.library.Remove(t.Context(), attack.Removal{Release: h.library.have[0], At: now}); err != nil {
		t.Fatal(err)
	}
	r := h.verify(t, nil)
	if r.OK || len(r.Findings) != 0 || len(r.Unrecorded) != 1 || r.Unrecorded[0].Kind != ledger.Removal {
		t.Errorf("%s, unrecorded %v", found(r), r.Unrecorded)
	}
	if err := h.CatchUp(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if r := h.verify(t, nil); !r.OK || len(r.Removed) != 1 || r.Removed[0].Reason != "found without an entry" {
		t.Errorf("%s, unrecorded %v, removed %+v", found(r), r.Unrecorded, r.Removed)
	}
}
