package custody

import (
	"context"

	"candor/internal/ledger"
	"candor/internal/store"
)

// lying is what the ledger says of where batches of alerts lie and what their rows are, by
// its last entry about each.
type lying struct {
	files map[string]string // SHA-256 by name
	rows  map[string]string // hashes over the rows, by batch
}

// readExpiries gathers what a store says that expired. Where it cannot be read, the audit
// has said so.
func (v *verifier) readExpiries(ctx context.Context, s Batches) error {
	r, ok := s.(store.Rewriter)
	if !ok {
		return nil
	}
	list, err := r.Expiries(ctx)
	if err != nil {
		return ctx.Err()
	}
	v.expiries = map[string]string{}
	for _, x := range list {
		e, err := expiryEntry(x)
		if err != nil {
			return err
		}
		v.expiries[e.ID] = e.SHA256
		if s := (subject{ledger.Expiry, e.ID}); v.entries[s] == 0 {
			if _, said := v.entries[s]; !said {
				v.unsaid = append(v.unsaid, e)
			}
		}
	}
	return nil
}

// lying compares what was merged and what expired with the entries about it, and returns
// what they come to.
func (v *verifier) lying(entries []ledger.Entry) lying {
	now := lying{map[string]string{}, map[string]string{}}
	merged := map[string]bool{} // files that are there
	for _, b := range v.kept {
		if b.Now != nil {
			merged[b.Now.File] = true
		}
	}
	for i := range entries {
		e := &entries[i]
		switch e.Kind {
		case ledger.Batch:
			now.files[e.ID], now.rows[e.ID] = e.SHA256, e.Rows
		case ledger.Merge:
			now.files[e.ID] = e.SHA256
			v.merge(e, now, merged[e.ID])
		case ledger.Expiry:
			now.expire(e)
			v.expiry(e)
		}
	}
	for i := range v.unsaid {
		now.expire(&v.unsaid[i])
		v.want(subject{ledger.Expiry, v.unsaid[i].ID})
	}
	seen := map[string]bool{}
	for id, b := range v.kept {
		if b.Now == nil || b.Now.File == id || seen[b.Now.File] {
			continue
		}
		seen[b.Now.File] = true
		if v.want(subject{ledger.Merge, b.Now.File}); now.files[b.Now.File] == "" {
			now.files[b.Now.File] = b.Now.SHA256
		}
	}
	return now
}

// expire takes in what an expiry has changed.
func (l lying) expire(e *ledger.Entry) {
	for id, rows := range e.Batches {
		l.rows[id] = rows
	}
	for name, hash := range e.Files {
		l.files[name] = hash
	}
}

// merge compares a merged file with its entry.
func (v *verifier) merge(e *ledger.Entry, now lying, there bool) {
	if !there && !v.unread {
		v.about(e, MissingFile, "the merged file %s is not there, or cannot be read", e.ID)
	}
	for id, rows := range e.Batches {
		if was, known := now.rows[id]; known && was != rows {
			v.about(e, BatchContent, "batch %s was merged with other rows than were recorded", id)
		}
	}
}

// expiry compares the record of an expiry with its entry.
func (v *verifier) expiry(e *ledger.Entry) {
	if v.expiries != nil && v.expiries[e.ID] != e.SHA256 {
		v.about(e, ExpiryGone, "the record of %s is gone, or another one", e.ID)
		return
	}
	v.Expired = append(v.Expired, Expired{Entry: e.Seq, ID: e.ID, Time: e.Time, Rows: e.Counts["rows"], Batches: e.Counts["batches"], By: e.By, Reason: e.Reason})
}

// batch compares a batch with the entry of its arrival, and with what was recorded of it
// since.
func (v *verifier) batch(e *ledger.Entry, b store.Audited, now lying) {
	switch n := b.Now; {
	case b.Content != e.SHA256:
		v.about(e, BatchContent, "what is kept of batch %s is not what was recorded", e.ID)
	case n == nil && now.files[e.ID] != e.SHA256:
		v.about(e, BatchContent, "rows of batch %s that expired are there again", e.ID)
	case b.RowsHash != "" && b.RowsHash != e.Rows:
		v.about(e, BatchContent, "the rows of batch %s are not those that were recorded", e.ID)
	case n == nil:
	case n.SHA256 != now.files[n.File]:
		v.about(e, BatchContent, "the file %s, in which batch %s lies, is not the one that was recorded", n.File, e.ID)
	case n.RowsHash != now.rows[e.ID]:
		v.about(e, BatchContent, "the rows that are left of batch %s are not those that were recorded", e.ID)
	}
}
