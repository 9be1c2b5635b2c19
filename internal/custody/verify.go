package custody

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/ledger"
	"candor/internal/store"
)

// What can be wrong with what an entry vouches for, beside what package ledger
// finds wrong with the entry itself.
const (
	MissingBatch   = "missing_batch"   // the batch is not in its store
	BatchContent   = "batch_content"   // what is kept of it is not what was recorded
	BatchState     = "batch_state"     // what is worked out from it is wrong
	WithdrawalGone = "withdrawal"      // the store holds another withdrawal, or none
	PolicyFile     = "policy_file"     // the policy in force is not the one recorded
	MissingRelease = "missing_release" // the library holds another file, or none
	ReleaseContent = "release_content" // what is kept of it is not what was recorded
	ReleaseState   = "release_state"   // what is worked out from it is wrong
	RemovalGone    = "removal"         // the library states another removal, or none
	StoreState     = "store"           // something of no one batch is wrong
	MissingFile    = "missing_file"    // a merged file is not there
	ExpiryGone     = "expiry"          // the store holds another record of an expiry, or none
	OtherRoot      = "root"            // the root is not the one that was noted
)

// Finding is one thing that does not fit.
type Finding struct {
	// Entry is the place of the entry; nil when it is of no one entry.
	Entry *int64      `json:"entry"`
	Kind  ledger.Kind `json:"kind,omitempty"`
	ID    string      `json:"id,omitempty"`
	// What is "missing", "entry" or "chain" for the entry itself, or one of the
	// constants of this package.
	What   string `json:"what"`
	Detail string `json:"detail"`
}

// Unrecorded is something in force that has no entry.
type Unrecorded struct {
	Kind ledger.Kind `json:"kind"`
	ID   string      `json:"id"`
}

// Removed is a release that was removed.
type Removed struct {
	// Entry is the place of the entry of its removal.
	Entry  int64     `json:"entry"`
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Expired is rows of alerts that were removed for retention, as was recorded.
type Expired struct {
	// Entry is the place of the entry of the expiry.
	Entry   int64     `json:"entry"`
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Rows    int64     `json:"rows"`
	Batches int64     `json:"batches"`
	By      string    `json:"by,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// Report is what verification found.
type Report struct {
	// OK says that everything fits and everything has its entry.
	OK bool `json:"ok"`
	ledger.Root
	// Deep says that every row of every batch of alerts was read, and every count that is
	// given of them compared with what follows from the rows.
	Deep bool `json:"deep"`
	// Expected is the root that was noted earlier, if one was given.
	Expected *ledger.Root `json:"expected,omitempty"`
	// Heads is what signed heads came to, if some were given.
	Heads *head.Checked `json:"heads,omitempty"`
	// Findings do not fit. What was recorded comes before what is worked out from
	// it, and the first entry comes first.
	Findings []Finding `json:"findings"`
	// Unrecorded awaits its entry: the next write records batches, withdrawals and
	// releases.
	Unrecorded []Unrecorded `json:"unrecorded"`
	// Removed are the releases that were removed and are not in the library: that
	// their files are gone is as it should be.
	Removed []Removed `json:"removed"`
	// Expired are the rows that are not there because they were removed for retention.
	Expired []Expired `json:"expired"`
	// Checked is how many entries of each kind were compared with what they vouch for.
	Checked map[ledger.Kind]int `json:"checked"`
}

// verifier is a verification under way.
type verifier struct {
	Report
	entries map[subject]int64 // the newest entry of each
	kept    map[string]store.Audited
	amiss   []store.Amiss
	unread  bool // a store could not be read whole, so that kept may lack batches
	// expiries are the hashes of the records of what expired, by ID, and entries of those
	// that have none yet; nil when they could not be read.
	expiries map[string]string
	unsaid   []ledger.Entry
}

// Verification is what is to be verified.
type Verification struct {
	// Expected, if there is one, is a root with whose entries the ledger must begin.
	Expected *ledger.Root
	// Heads are signed heads that the ledger must begin with, and Key what verifies them; where
	// it is empty, the keys that the ledger has entries of do.
	Heads []string
	Key   string
	// Deep says that what takes long is computed anew, too; see store.Custody.
	Deep bool
}

// Verify reads the ledger and the stores, computes anew what they hold and compares.
func (k *Keeper) Verify(ctx context.Context, asked Verification) (Report, error) {
	checked, err := k.log.Check(ctx)
	if Damaged(err) {
		return Report{}, fault.New(fault.Conflict, "the ledger cannot be read whole").Because(err).Next("restore a backup that verifies")
	}
	if err != nil {
		return Report{}, err
	}
	v := &verifier{entries: map[subject]int64{}, kept: map[string]store.Audited{}}
	v.Root, v.Expected, v.Deep, v.Checked = checked.Root, asked.Expected, asked.Deep, map[ledger.Kind]int{}
	v.Findings, v.Unrecorded, v.Removed = []Finding{}, []Unrecorded{}, []Removed{}
	v.Expired = []Expired{}
	for _, f := range checked.Faults {
		v.find(&f.Seq, subject{}, f.What, "%s", f.Detail)
	}
	for _, e := range checked.Entries {
		v.entries[subject{e.Kind, e.ID}] = e.Seq
		v.Checked[e.Kind]++
	}
	for _, s := range k.Batches {
		if err := v.audit(ctx, s); err != nil {
			return Report{}, err
		}
		if err := v.readExpiries(ctx, s); err != nil {
			return Report{}, err
		}
	}
	v.batches(checked.Entries)
	if err := k.compareReleases(ctx, v, checked.Entries); err != nil {
		return Report{}, err
	}
	if err := k.comparePolicy(v, checked.Entries); err != nil {
		return Report{}, err
	}
	if err := k.comparePeople(v, checked.Entries); err != nil {
		return Report{}, err
	}
	v.keys(checked.Entries)
	v.expect(checked)
	if err := v.heads(asked, checked); err != nil {
		return Report{}, err
	}
	if err := k.confirm(ctx, v); err != nil {
		return Report{}, err
	}
	return v.report(), nil
}

// audit gathers what a store says of its batches. That it is too damaged to be
// read whole is a finding.
func (v *verifier) audit(ctx context.Context, s store.Custody) error {
	a, err := s.Audit(ctx, v.Deep)
	if Damaged(err) {
		v.unread = true
		v.find(nil, subject{}, StoreState, "a store is damaged, and what is in it was not compared: %v", err)
		return nil
	}
	v.amiss = append(v.amiss, a.Amiss...)
	maps.Copy(v.kept, a.Batches)
	return err
}

// confirm drops what was without an entry only because it was landing while the
// stores were read.
func (k *Keeper) confirm(ctx context.Context, v *verifier) error {
	if len(v.Unrecorded) == 0 {
		return nil
	}
	return k.still(ctx, func(now *ledger.Checked) error {
		v.Unrecorded = slices.DeleteFunc(v.Unrecorded, func(u Unrecorded) bool {
			return u.Kind != ledger.Policy && slices.ContainsFunc(now.Entries, func(e ledger.Entry) bool {
				return e.Seq >= v.Root.Size && e.Kind == u.Kind && e.ID == u.ID
			})
		})
		return nil
	})
}

func (v *verifier) find(seq *int64, s subject, what, format string, args ...any) {
	v.Findings = append(v.Findings, Finding{Entry: seq, Kind: s.kind, ID: s.id, What: what, Detail: fmt.Sprintf(format, args...)})
}

// about notes something wrong with what an entry vouches for.
func (v *verifier) about(e *ledger.Entry, what, format string, args ...any) {
	v.find(&e.Seq, subject{e.Kind, e.ID}, what, format, args...)
}

// batches compares batches and withdrawals with their entries.
func (v *verifier) batches(entries []ledger.Entry) {
	now := v.lying(entries)
	for i := range entries {
		e := &entries[i]
		b, there := v.kept[e.ID]
		switch {
		case e.Kind != ledger.Batch && e.Kind != ledger.Withdrawal:
		case !there && v.unread:
		case !there:
			v.about(e, MissingBatch, "batch %s is not in its store", e.ID)
		case e.Kind == ledger.Withdrawal && (b.Withdrawn == nil || withdrawalEntry(e.ID, *b.Withdrawn).SHA256 != e.SHA256):
			v.about(e, WithdrawalGone, "batch %s is not withdrawn as was recorded", e.ID)
		case e.Kind == ledger.Batch:
			v.batch(e, b, now)
		}
	}
	for id, b := range v.kept {
		v.want(subject{ledger.Batch, id})
		if b.Withdrawn != nil {
			v.want(subject{ledger.Withdrawal, id})
		}
	}
	for _, a := range v.amiss {
		s := subject{ledger.Batch, a.Batch}
		if seq, ok := v.entries[s]; ok {
			v.find(&seq, s, BatchState, "%s", a.What)
		} else {
			v.find(nil, subject{}, StoreState, "%s", a.What)
		}
	}
}

// want notes what has no entry.
func (v *verifier) want(s subject) {
	if _, ok := v.entries[s]; !ok {
		v.Unrecorded = append(v.Unrecorded, Unrecorded{s.kind, s.id})
	}
}

// compareReleases compares the library with the entries about releases. The last entry
// about a release says which file is there, or that none is.
func (k *Keeper) compareReleases(ctx context.Context, v *verifier, entries []ledger.Entry) error {
	a, err := k.Releases.Audit(ctx)
	if err != nil {
		return err
	}
	removals, err := k.Releases.Removals(ctx)
	if err != nil && !a.Unread {
		return err
	}
	said := newRecord()
	for _, e := range entries {
		said.add(e)
	}
	kept := map[string]store.AuditedRelease{}
	for _, r := range a.Releases {
		e := releaseEntry(r.Release)
		kept[e.ID] = r
		if last := said.release[e.ID]; !said.has(e) && last.Kind != ledger.Release {
			v.Unrecorded = append(v.Unrecorded, Unrecorded{ledger.Release, e.ID})
		}
	}
	unsaid, stated := map[string]bool{}, map[string]bool{}
	for _, rm := range removals {
		e := removalEntry(rm)
		stated[e.SHA256] = true
		if !said.has(e) {
			unsaid[e.ID] = true
			v.Unrecorded = append(v.Unrecorded, Unrecorded{ledger.Removal, e.ID})
		}
	}
	for i := range entries {
		e := &entries[i]
		r, there := kept[e.ID]
		if e.Kind == ledger.Removal && !stated[e.SHA256] && !a.Unread {
			v.about(e, RemovalGone, "the library does not hold the statement that %s was removed, or another one", e.ID)
		}
		if said.release[e.ID].Seq != e.Seq {
			continue // of what is said later of the release
		}
		switch {
		case e.Kind == ledger.Removal && !there:
			v.Removed = append(v.Removed, Removed{e.Seq, e.ID, e.Time, e.By, e.Reason})
		case e.Kind != ledger.Release || !there && (a.Unread || unsaid[e.ID]):
		case !there || r.FileHash != fileOf(*e):
			v.about(e, MissingRelease, "the library does not hold the file of %s that was recorded", e.ID)
		case e.Input != "" && r.Content != e.SHA256:
			v.about(e, ReleaseContent, "what the library holds of %s is not what was recorded", e.ID)
		}
	}
	v.amissReleases(a.Amiss)
	return nil
}

// amissReleases tells what a library finds wrong with itself.
func (v *verifier) amissReleases(amiss []store.AmissRelease) {
	for _, x := range amiss {
		s := subject{ledger.Release, ReleaseID(x.Release)}
		if seq, ok := v.entries[s]; ok && x.Release != (attack.Release{}) {
			v.find(&seq, s, ReleaseState, "%s", x.What)
		} else {
			v.find(nil, subject{}, StoreState, "library: %s", x.What)
		}
	}
}

func (k *Keeper) comparePolicy(v *verifier, entries []ledger.Entry) error {
	have, err := k.policyFile()
	if err != nil {
		return err
	}
	last := lastPolicy(entries)
	switch {
	case last == nil && have != nil:
		v.Unrecorded = append(v.Unrecorded, Unrecorded{ledger.Policy, "policy.yaml"})
	case last != nil && have == nil:
		v.about(last, PolicyFile, "policy.yaml is gone, and the built-in policy is in force")
	case last != nil && sum(have) != last.SHA256:
		v.about(last, PolicyFile, "policy.yaml is not the file that was recorded")
	}
	return nil
}

// expect compares the root that was noted earlier.
func (v *verifier) expect(c *ledger.Checked) {
	if v.Expected == nil {
		return
	}
	if v.Expected.Size > c.Root.Size {
		v.find(nil, subject{}, OtherRoot, "the ledger had %d entries when the root was noted, and has %d", v.Expected.Size, c.Root.Size)
		return
	}
	if then, err := c.RootAt(v.Expected.Size); err != nil || then != *v.Expected {
		v.find(nil, subject{}, OtherRoot, "the first %d entries are not those of the root that was noted", v.Expected.Size)
	}
}

// report puts what was found in order.
func (v *verifier) report() Report {
	slices.SortStableFunc(v.Findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.place(), y.place()))
	})
	slices.SortFunc(v.Unrecorded, func(x, y Unrecorded) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID)) })
	v.OK = len(v.Findings)+len(v.Unrecorded) == 0
	return v.Report
}

// rank puts what was recorded before what is worked out from it: the latter may
// be wrong because the former is.
func (f *Finding) rank() int {
	if f.What == BatchState || f.What == StoreState || f.What == ReleaseState {
		return 1
	}
	return 0
}

// place is where the entry comes; what is of none comes last.
func (f *Finding) place() int64 {
	if f.Entry == nil {
		return math.MaxInt64
	}
	return *f.Entry
}
