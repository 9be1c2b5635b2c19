package store

import (
	"context"
	"encoding/json"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
)

// Rewriter is a store of alerts whose batches can be merged into larger files, and whose
// rows can expire. What each batch brought stays provable: the hash over its rows is the
// same in whatever file they lie.
type Rewriter interface {
	// Merge merges batches as m asks, a file after the other. Each is there whole or not at
	// all, also when the process is killed. It returns what was merged, also with an error.
	Merge(ctx context.Context, m Merging) ([]Merge, error)
	// Merges lists the merged files, by the number of their first batch.
	Merges(ctx context.Context) ([]Merge, error)
	// Expire removes all rows of the alerts that e means from the files, whole or not at
	// all. Whatever is answered afterwards is what it would be had they never arrived, but
	// for the lists of batches and of expiries. Where there are none, it changes nothing and
	// returns an Expiry without rows. No reason is fault.Invalid.
	Expire(ctx context.Context, e Expiring) (Expiry, error)
	// Expiries lists what expired, oldest first.
	Expiries(ctx context.Context) ([]Expiry, error)
}

// Merging says which batches are to be merged.
type Merging struct {
	// Of returns what batches have to share to be merged with each other; a batch for which
	// it is empty is left as it is, and so is one that is merged already.
	Of func(b *Batch) string
	// Least is how many batches there have to be for a file, and Most how many it takes.
	Least, Most int
	// Files is how many files to make at most; 0 for as many as there are to be.
	Files int
	// Done, if set, is told after each file how many batches were merged, and how many are
	// left to be.
	Done func(merged, left int)
}

// Merge is a file into which batches of alerts were merged.
type Merge struct {
	// File is its name, and SHA256 its hash.
	File   string    `json:"file"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
	// Batches are the hashes over the rows of each batch, by its ID, and Rows how many rows
	// there are in all.
	Batches map[string]string `json:"batches"`
	Rows    int64             `json:"rows"`
}

// Expiring says which alerts are to expire: those that fired before the first moment of
// the day Before (UTC) and, where there are Entities, of which some row is about one of them,
// primarily or besides, however the case of its name is spelled. An alert goes with all its rows, statements included, and it stays while any
// row says that it fired later.
type Expiring struct {
	At       time.Time
	By       string
	Reason   string
	Before   day.Date
	Entities []string
	// Dry says to change nothing, and only to say what would expire.
	Dry bool
}

// Expiry is what expired at one time, and why. It names no entity.
type Expiry struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason"`
	Before day.Date  `json:"before"`
	// OfEntity says that only alerts about one entity expired.
	OfEntity bool `json:"of_entity,omitempty"`
	// Rows is how many rows went, and Alerts how many alerts that counted.
	Rows   int64 `json:"rows"`
	Alerts int64 `json:"alerts"`
	// Batches are those that had some of the rows, by ID, and Files the hashes of the files
	// that were written anew, by name.
	Batches map[string]Remains `json:"batches"`
	Files   map[string]string  `json:"files"`
	// Sums are what the alerts counted as, by rule, then day, class and provenance.
	Sums []ExpiredSum `json:"sums"`
}

// Encode returns what the file of an expiry holds, whose hash is in the ledger.
func (e *Expiry) Encode() ([]byte, error) {
	text, err := json.Marshal(e)
	return append(text, '\n'), err
}

// Remains is what was left of a batch.
type Remains struct {
	Expired  int64  `json:"expired"`
	Rows     int64  `json:"rows"`
	RowsHash string `json:"rows_sha256"`
}

// ExpiredSum is how many of the alerts that expired counted as one thing.
type ExpiredSum struct {
	RuleID string `json:"rule_id"`
	// Source is whose rule it is; empty where the alerts named none.
	Source     string           `json:"source,omitempty"`
	Day        day.Date         `json:"day"`
	Class      alert.Class      `json:"class"`
	Provenance alert.Provenance `json:"provenance,omitempty"`
	N          int64            `json:"n"`
}

// Pack is the batches of alerts that lie in one file, as one. A withdrawn batch is a pack
// of its own.
type Pack struct {
	// ID is that of the one batch, or the name of a merged file.
	ID      string
	Batches int
	// First and Last bound when the batches were added.
	First, Last time.Time
	// Records is how many alerts they brought or changed.
	Records int64
	// LeftOut is how many records of their inputs mapping files left out.
	LeftOut int64
	// Source is whose statements they are, else the format; empty where they differ.
	Source    string
	Withdrawn *Withdrawal
}

// Packer lists the batches of alerts by file: that takes as long as there are files,
// however many batches were merged.
type Packer interface {
	Packs(ctx context.Context) ([]Pack, error)
}
