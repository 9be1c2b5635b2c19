// Package custody keeps the ledger and the stores in step: what lands in a store
// gets its entry, and what the ledger vouches for is compared with what the
// stores hold.
//
// A store and the ledger may lie in different files, so that a process can end
// between the two. Custody takes a batch without an entry for what it is: it is
// said until the next write, which records it. The package refuses to repair
// evidence, and to change or drop an entry.
package custody

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/ledger"
	"candor/internal/store"
)

// Batches is a store that lists its batches and answers for them.
type Batches interface {
	Batches(ctx context.Context) ([]store.Batch, error)
	store.Custody
}

// Releases is a library that lists its releases, and those that it had, removes one,
// and answers for them.
type Releases interface {
	Releases(ctx context.Context) ([]attack.Release, error)
	Removals(ctx context.Context) ([]attack.Removal, error)
	store.LibraryRemover
	store.LibraryCustody
}

// Stores is what a Keeper keeps.
type Stores struct {
	Ledger ledger.Store
	// Batches are the stores of evidence and of alerts.
	Batches  []Batches
	Releases Releases
	// Policy is the path of the policy file in force, whether or not there is one.
	Policy string
	// Keys is where the key lies that signs heads of the ledger's tree.
	Keys head.Folder
	// People are the files of accounts; nil for none.
	People People
	// Now is the time that entries are marked with.
	Now func() time.Time
}

// Keeper keeps the stores of one data folder. It is safe for concurrent use; one
// process may write at a time.
type Keeper struct {
	Stores
	log *ledger.Log
	mu  sync.Mutex // held while entries are written
	// seen is what the first entries of the ledger are about, up to the place read.
	seen *record
	read int64
	// caughtUp says that once everything had its entry, and that what has landed
	// since through the keeper has one.
	caughtUp bool
	// landing is held, a part by each, by what lands in a store until it has its
	// entry, and whole by what needs both to be in step.
	landing *semaphore.Weighted
	// copying is held, a part by each, by whoever copies the files of batches, and whole by
	// whoever replaces some.
	copying *semaphore.Weighted
}

// whole is all parts of a semaphore.
const whole = 1 << 30

// New returns the keeper of the stores.
func New(s Stores) *Keeper {
	return &Keeper{Stores: s, log: ledger.New(s.Ledger), landing: semaphore.NewWeighted(whole), copying: semaphore.NewWeighted(whole)}
}

// Still runs f, with the root of the ledger, while nothing lands through the
// keeper. It waits for what is about to.
func (k *Keeper) Still(ctx context.Context, f func(ledger.Root) error) error {
	return k.still(ctx, func(c *ledger.Checked) error { return f(c.Root) })
}

func (k *Keeper) still(ctx context.Context, f func(*ledger.Checked) error) error {
	if err := k.landing.Acquire(ctx, whole); err != nil {
		return err
	}
	defer k.landing.Release(whole)
	checked, err := k.log.Check(ctx)
	if err != nil {
		return err
	}
	return f(checked)
}

// land runs f, through which something lands and gets its entry. What a full disk
// kept from landing is fault.Unavailable.
func (k *Keeper) land(ctx context.Context, f func() error) error {
	if err := k.landing.Acquire(ctx, 1); err != nil {
		return err
	}
	defer k.landing.Release(1)
	return k.roomy(f())
}

// Log returns the ledger.
func (k *Keeper) Log() *ledger.Log { return k.log }

// late is the reason of an entry for what was found without one.
const late = "found without an entry"

// CatchUp writes the entries that are missing: of batches, withdrawals and
// releases. The batch or release named just has landed now; whatever else is
// missing was left without an entry, and the entry says so. A policy that has its
// entry and is not in force yet comes into force.
func (k *Keeper) CatchUp(ctx context.Context, just string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.finishPolicy(ctx); err != nil {
		return fmt.Errorf("put the policy in force: %w", err)
	}
	known, err := k.recorded(ctx)
	if err != nil {
		return err
	}
	wanted, err := k.wanted(ctx)
	if err != nil {
		return err
	}
	for _, e := range wanted {
		if known.has(e.Entry) {
			continue
		}
		if e.Reason == "" && e.ID != just {
			e.Reason = late
		}
		if e.release != nil {
			if e.SHA256, err = k.Releases.Content(ctx, *e.release); err != nil {
				return err
			}
		}
		if err := k.enter(ctx, e.Entry); err != nil {
			return err
		}
		known.add(e.Entry)
	}
	k.caughtUp = true
	return nil
}

// enter writes an entry, as of now.
func (k *Keeper) enter(ctx context.Context, e ledger.Entry) error {
	e.Time = k.Now()
	if _, err := k.log.Append(ctx, e); err != nil {
		k.caughtUp = false
		return err
	}
	return nil
}

// record writes the entry of a batch that has landed just now. Where everything
// before it has its entry, which is so but for the first time in a process, the
// stores need not be asked for all that they hold: a server that is pushed to makes
// thousands of batches a day.
func (k *Keeper) record(ctx context.Context, b store.Batch) error {
	k.mu.Lock()
	caughtUp := k.caughtUp
	if caughtUp {
		defer k.mu.Unlock()
		known, err := k.recorded(ctx)
		if e := batchEntry(b); err == nil && !known.has(e) {
			err = k.enter(ctx, e)
		}
		return err
	}
	k.mu.Unlock()
	return k.CatchUp(ctx, b.ID)
}

// subject is what an entry is about.
type subject struct {
	kind ledger.Kind
	id   string
}

// record is what the ledger has entries of.
type record struct {
	first map[subject]bool
	// release is the last entry about each release, of its import or its removal.
	release map[string]ledger.Entry
}

func newRecord() *record {
	return &record{first: map[subject]bool{}, release: map[string]ledger.Entry{}}
}

// add takes in an entry, in the order of the ledger.
func (r *record) add(e ledger.Entry) {
	r.first[subjectOf(e)] = true
	if e.Kind == ledger.Release || e.Kind == ledger.Removal {
		r.release[e.ID] = e
	}
}

// has reports whether an entry says already what e does. What it says of a release
// can be said again: one that was removed may be imported once more.
func (r *record) has(e ledger.Entry) bool {
	if e.Kind == ledger.Release {
		last := r.release[e.ID]
		return last.Kind == ledger.Release && fileOf(last) == fileOf(e)
	}
	return r.first[subjectOf(e)]
}

// fileOf returns the hash of the file that the entry of a release names. An entry that
// an earlier candor wrote has it in place of the hash of the content.
func fileOf(e ledger.Entry) string { return cmp.Or(e.Input, e.SHA256) }

// subjectOf returns what an entry is about. Of a release there may be many removals.
func subjectOf(e ledger.Entry) subject {
	if e.Kind == ledger.Removal {
		return subject{e.Kind, e.ID + " " + e.SHA256}
	}
	return subject{e.Kind, e.ID}
}

// recorded returns what the ledger has entries of. It reads those that were
// written since it was called last.
func (k *Keeper) recorded(ctx context.Context) (*record, error) {
	entries, err := k.log.Part(ctx, k.read, -1)
	if err != nil {
		return nil, err
	}
	if k.seen == nil {
		k.seen = newRecord()
	}
	for _, e := range entries {
		k.seen.add(e)
	}
	k.read += int64(len(entries))
	return k.seen, nil
}

// due is an entry that something should have, since a time. That of a release lacks the
// hash of its content, which takes longer to find than whether there is an entry.
type due struct {
	ledger.Entry
	at      time.Time
	release *attack.Release
}

// wanted returns an entry for everything that should have one, in order of time.
func (k *Keeper) wanted(ctx context.Context) ([]due, error) {
	var list []due
	for _, s := range k.Batches {
		batches, err := s.Batches(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range batches {
			list = append(list, due{Entry: batchEntry(b), at: b.Added})
			if b.Withdrawn != nil {
				list = append(list, due{Entry: withdrawalEntry(b.ID, *b.Withdrawn), at: b.Withdrawn.At})
			}
		}
		more, err := rewritten(ctx, s)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	releases, err := k.Releases.Releases(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range releases {
		list = append(list, due{Entry: releaseEntry(r), at: r.Imported, release: &r})
	}
	removals, err := k.Releases.Removals(ctx)
	if err != nil {
		return nil, err
	}
	for _, rm := range removals {
		list = append(list, due{Entry: removalEntry(rm), at: rm.At})
	}
	slices.SortStableFunc(list, func(x, y due) int { return x.at.Compare(y.at) })
	return list, nil
}

// batchEntry returns the entry of a batch, but for place and time.
func batchEntry(b store.Batch) ledger.Entry {
	e := ledger.Entry{Kind: ledger.Batch, ID: clean(b.ID), SHA256: b.Content, By: clean(b.By), Counts: map[string]int64{
		"read": b.Read, "new": b.New, "updated": b.Updated, "unchanged": b.Unchanged, "rejected": b.Rejected,
	}}
	if b.Retired > 0 {
		e.Counts["retired"] = b.Retired
	}
	if b.LeftOut > 0 {
		e.Counts["left_out"] = b.LeftOut
	}
	if _, err := hex.DecodeString(b.Hash); err == nil && len(b.Hash) == 2*sha256.Size {
		e.Input = b.Hash
	}
	e.Rows = b.RowsHash
	return e
}

// withdrawalEntry returns the entry of a withdrawal, but for place and time. Its
// hash is of batch, time, author and reason as JSON.
func withdrawalEntry(batch string, w store.Withdrawal) ledger.Entry {
	// A struct of strings and a time in range cannot fail to be encoded.
	body, _ := json.Marshal(struct {
		Batch string `json:"batch"`
		store.Withdrawal
	}{batch, w})
	return ledger.Entry{Kind: ledger.Withdrawal, ID: clean(batch), SHA256: sum(body), By: clean(w.By), Reason: clean(w.Reason)}
}

// releaseEntry returns the entry of a release, but for place, time and the hash of its
// content.
func releaseEntry(r attack.Release) ledger.Entry {
	return ledger.Entry{Kind: ledger.Release, ID: ReleaseID(r), Input: r.FileHash, Counts: map[string]int64{"objects": int64(r.Objects)}}
}

// removalEntry returns the entry of a removal, but for place and time. Its hash is of
// the release's name, the hash of its file, time, author and reason as JSON.
func removalEntry(rm attack.Removal) ledger.Entry {
	// A struct of strings and a time in range cannot fail to be encoded.
	body, _ := json.Marshal(struct {
		Release string    `json:"release"`
		File    string    `json:"file_sha256"`
		At      time.Time `json:"at"`
		By      string    `json:"by,omitempty"`
		Reason  string    `json:"reason,omitempty"`
	}{ReleaseID(rm.Release), rm.Release.FileHash, rm.At.UTC(), rm.By, rm.Reason})
	return ledger.Entry{Kind: ledger.Removal, ID: ReleaseID(rm.Release), SHA256: sum(body), By: clean(rm.By), Reason: clean(rm.Reason)}
}

// ReleaseID is how the ledger names a release.
func ReleaseID(r attack.Release) string { return clean(r.String() + " (STIX " + r.STIX + ")") }

// clean makes a text fit for the ledger, which holds UTF-8 alone.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Withdraw makes the batch stop counting and records it, and with a batch of cases
// those that tie alerts to them: they first, so that whoever is stopped in between
// can ask again. It fails as store.Custody.Withdraw does.
func (k *Keeper) Withdraw(ctx context.Context, batch string, w store.Withdrawal) (b store.Batch, err error) {
	err = k.land(ctx, func() error {
		b, err = k.withdraw(ctx, batch, w)
		return err
	})
	return b, err
}

func (k *Keeper) withdraw(ctx context.Context, batch string, w store.Withdrawal) (store.Batch, error) {
	b, s, err := k.find(ctx, batch)
	if err != nil {
		return store.Batch{}, err
	}
	if b.Withdrawn == nil && strings.TrimSpace(w.Reason) != "" {
		if err := k.withdrawCompanions(ctx, batch, w); err != nil {
			return store.Batch{}, err
		}
	}
	if err := s.Withdraw(ctx, batch, w); err != nil {
		return store.Batch{}, err
	}
	ctx = context.WithoutCancel(ctx) // it is withdrawn
	if err := k.CatchUp(ctx, batch); err != nil {
		return store.Batch{}, unrecorded("batch "+batch+" is withdrawn", err)
	}
	b, _, err = k.find(ctx, batch)
	return b, err
}

// Remove removes a release from the library and records it. It fails as
// store.LibraryRemover does.
func (k *Keeper) Remove(ctx context.Context, rm attack.Removal) (removed attack.Removal, err error) {
	err = k.land(ctx, func() error {
		if removed, err = k.Releases.Remove(ctx, rm); err != nil {
			return err
		}
		if err := k.CatchUp(context.WithoutCancel(ctx), ReleaseID(removed.Release)); err != nil {
			return unrecorded(removed.Release.String()+" is removed", err)
		}
		return nil
	})
	return removed, err
}

// find returns a batch and its store.
func (k *Keeper) find(ctx context.Context, id string) (store.Batch, Batches, error) {
	for _, s := range k.Batches {
		batches, err := s.Batches(ctx)
		if err != nil {
			return store.Batch{}, nil, err
		}
		if i := slices.IndexFunc(batches, func(b store.Batch) bool { return b.ID == id }); i >= 0 {
			return batches[i], s, nil
		}
	}
	return store.Batch{}, nil, fault.New(fault.NotFound, "there is no batch %s", id).Next("candor evidence list shows those that there are")
}

// withdrawCompanions withdraws the batches that tie alerts to the cases of a batch.
func (k *Keeper) withdrawCompanions(ctx context.Context, batch string, w store.Withdrawal) error {
	for _, s := range k.Batches {
		batches, err := s.Batches(ctx)
		if err != nil {
			return err
		}
		for _, b := range batches {
			if !b.Accompanies(batch) || b.Withdrawn != nil {
				continue
			}
			if err := s.Withdraw(ctx, b.ID, w); err != nil {
				return err
			}
			if err := k.CatchUp(context.WithoutCancel(ctx), b.ID); err != nil {
				return unrecorded("batch "+b.ID+" is withdrawn", err)
			}
		}
	}
	return nil
}

// unrecorded says that something is done and has no entry yet.
func unrecorded(what string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Conflict {
		return fmt.Errorf("%s, and has no entry in the ledger: %w", what, err)
	}
	return fault.New(fault.Unavailable, "%s, and its entry in the ledger could not be written", what).Because(err).
		Next("the next write records it; until then candor ledger verify says so")
}
