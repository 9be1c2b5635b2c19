package batches

import (
	"cmp"
	"context"
	"errors"
	"time"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/store"
)

// Index answers questions about alerts from batch files that it has taken in. It can be
// lost: whatever it holds follows from the files. Whoever writes another engine for
// alerts implements it, and package storetest says when it is right.
//
// A zero index holds nothing. What it notes of itself, in Held and Tip, it only keeps.
type Index interface {
	store.AlertIndex
	// Tip returns what the last change that was committed left; the zero Tip before one.
	// It costs the same however many batches there are.
	Tip(ctx context.Context) (Tip, error)
	// Held lists what has been taken in, by number.
	Held(ctx context.Context) ([]Held, error)
	// Newest lists the last n of the first upTo batches taken in, by number, and says how
	// many there are in all.
	Newest(ctx context.Context, upTo, n int) (list []Held, all int, err error)
	// Packs lists what has been taken in, as one by file; see store.Packer.
	Packs(ctx context.Context) ([]store.Pack, error)
	// Shares answers a question about sets day by day, by what shares of its rules and sets add
	// up; see alert.Question.Shares, whose answer it is in any order.
	Shares(ctx context.Context, q *alert.Question) (alert.Shares, error)
	// RulesOf does what Rules does, of the rules with some keys, or of all for nil.
	RulesOf(ctx context.Context, keys []string) ([]store.AlertRule, error)
	// PresenceOf does what Presence does, of the rules with some keys, or of all for nil.
	PresenceOf(ctx context.Context, keys []string, from, to day.Date) ([]alert.Presence, error)
	// Rows counts the arrivals that the answers are worked out from, by the number of
	// their batch, void ones included. A batch without any may be left out.
	Rows(ctx context.Context) (map[int]int64, error)
	// Begin begins a change, which nobody sees before it is committed. One is made at a
	// time. It is ErrReadOnly where the index was opened for reading alone.
	Begin(ctx context.Context) (Change, error)
	// Close closes the index.
	Close() error
}

// Change is a change of an index. It must end with Commit or Rollback; Rollback after
// Commit does nothing.
type Change interface {
	// Take takes in files, in their order, whose numbers are higher than those held, and
	// says what became of their arrivals.
	Take(ctx context.Context, files []File) (Outcomes, error)
	// Forget makes the arrivals of a batch void.
	Forget(ctx context.Context, number int) error
	// Drop takes out arrivals, by their IDs, and returns what the alerts counted as that they
	// were of, as ExpiredSums does.
	Drop(ctx context.Context, gone []Gone) ([]store.ExpiredSum, error)
	// Touched lists the rules and days that have alerts which, for all the change did so
	// far, count otherwise than before, or are told of by other batches: those of before,
	// and those of now. It may list others, and is asked at the end.
	Touched(ctx context.Context) ([]Touch, error)
	// Enter notes what the index holds of batches, in place of what was noted before.
	Enter(ctx context.Context, held ...Held) error
	// Commit makes the change seen, whole or not at all also when the process is killed,
	// and notes the tip.
	Commit(ctx context.Context, at Tip) error
	Rollback()
}

// Engine is how a store comes to its index.
type Engine struct {
	// Open opens the index for writing, where there is none making one that holds nothing,
	// or for reading alone. Errors that a store understands are ErrRebuild and ErrReadOnly.
	Open func(ctx context.Context, write bool) (Index, error)
	// Files are the paths of the files that the index may have; none for one in memory.
	Files []string
}

// ErrRebuild says that what lies in the files of an index cannot be used: it is damaged, of
// another version, or holds what Candor did not define. A store moves the files aside and
// builds the index anew. It is returned with what is wrong, as by fmt.Errorf("%w: ...").
var ErrRebuild = errors.New("the index has to be built anew")

// ErrReadOnly says that an index was to be opened for reading alone, and has to be written
// first: it is missing, or has not taken in all files.
var ErrReadOnly = errors.New("the index has to follow the batch files, and was opened for reading alone")

// Tip says how far a folder of batch files, or an index of it, has come.
type Tip struct {
	// Number and ID are those of the batch that landed last.
	Number int    `json:"number"`
	ID     string `json:"id,omitempty"`
	// Withdrawals is how many batches were withdrawn.
	Withdrawals int `json:"withdrawals"`
	// Merges is how many merged files there are, and Expiries how often rows expired.
	Merges   int `json:"merges,omitempty"`
	Expiries int `json:"expiries,omitempty"`
	// Folder is what the system said of the files in the folder; only an index notes it.
	Folder string `json:"folder,omitempty"`
}

// File is a batch to be taken in, with the file in which it lies.
type File struct {
	Path string
	// Batch is the ID of the batch, of which alone the rows are meant; empty for a file that
	// has rows of no other.
	Batch  string
	Number int
	// Source is whose statements the batch has, as it was said to be; see store.Batch.
	Source string
	// Void says that the batch was withdrawn.
	Void bool
}

// Touch is the alerts of one rule on one day.
type Touch struct {
	Rule string // the rule's key, as alert.RuleKey gives it
	Day  day.Date
}

// Outcomes are the numbers of arrivals that history.Family.Add came to. New counts those of
// Another, and Updated those of Moved; each has the first of them.
type Outcomes struct {
	New, Another, Updated, Moved, Unchanged, Waits, Ambiguous int64
	// FirstAnother and the others are the first of their kind.
	FirstAnother, FirstMoved, FirstWaits, FirstAmbiguous First
}

// First is the arrival that arrived first of some.
type First struct {
	at Spot
	alert.Identity
}

// Count counts what became of an arrival that is not void.
func (o *Outcomes) Count(what history.Outcome, a *history.Arrival) {
	one := func(n *int64, first *First) {
		if *n++; *n == 1 || cmp.Or(cmp.Compare(a.Batch, first.at.Number), cmp.Compare(a.Place, first.at.Place)) < 0 {
			*first = First{Spot{a.Batch, a.Place}, a.Identity()}
		}
	}
	switch what {
	case history.Waits:
		one(&o.Waits, &o.FirstWaits)
	case history.Ambiguous:
		one(&o.Ambiguous, &o.FirstAmbiguous)
	case history.New:
		o.New++
	case history.Another:
		o.New++
		one(&o.Another, &o.FirstAnother)
	case history.Updated:
		o.Updated++
	case history.Moved:
		o.Updated++
		one(&o.Moved, &o.FirstMoved)
	case history.Unchanged:
		o.Unchanged++
	}
}

// Spot is where a row lies: the number of its batch, and its place in that.
type Spot struct {
	Number int
	Place  int64
}

// Gone is rows of an ID that are to go: those of Only, or all where that is nil.
type Gone struct {
	ID   string
	Only map[Spot]bool
}

// Goes reports whether an arrival goes.
func (g *Gone) Goes(a *history.Arrival) bool { return g.Only == nil || g.Only[Spot{a.Batch, a.Place}] }

// Held is what an index notes of a batch.
type Held struct {
	Number int         `json:"number"`
	Rows   int64       `json:"rows"`
	Size   int64       `json:"size"` // of the file, in bytes
	Time   time.Time   `json:"time"` // at which the file was changed last, as the system says
	Batch  store.Batch `json:"batch"`
	// Now is where the rows lie and what they are, where that is not as it was when the
	// batch landed.
	Now *store.Lying `json:"now,omitempty"`
}

// Name is that of the file in which the batch's rows lie, within the folder and without
// its suffix.
func (h *Held) Name() string {
	if h.Now != nil {
		return h.Now.File
	}
	return h.Batch.ID
}

// sum is the SHA-256 of that file, and rowsHash the one over the batch's rows in it.
func (h *Held) sum() string {
	if h.Now != nil {
		return h.Now.SHA256
	}
	return h.Batch.Content
}

func (h *Held) rowsHash() string {
	if h.Now != nil {
		return h.Now.RowsHash
	}
	return h.Batch.RowsHash
}
