// Package ledger holds the append-only, hash-chained record of what was done to
// the evidence: every batch, every withdrawal, every change of policy.
//
// Entries are the leaves of a Merkle tree as of RFC 6962, so that one hash, noted
// elsewhere, pins every entry before it. The package knows what an entry says and
// how entries hang together; it refuses to know what the evidence is, and it
// never changes an entry.
package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"candor/internal/fault"
)

// Store keeps entries and the hashes of the tree over them. It interprets neither.
type Store interface {
	// Size is the place behind the last entry.
	Size(ctx context.Context) (int64, error)
	// Lines returns the entries in the places from one up to, and without, another, in
	// their order; upTo below 0 is no bound.
	Lines(ctx context.Context, from, upTo int64) ([]Line, error)
	// Hashes returns the hashes in the places from one up to, and without, another;
	// upTo below 0 is no bound. A place that holds none is left out.
	Hashes(ctx context.Context, from, upTo int64) (map[int64][]byte, error)
	// Append puts an entry in place seq, and hashes in the places from first on, all
	// or nothing. It is fault.Conflict if seq is not the place behind the last entry.
	Append(ctx context.Context, seq int64, line []byte, first int64, hashes [][]byte) error
}

// Line is an entry, exactly as it was appended, in its place.
type Line struct {
	Place int64
	Bytes []byte
}

// Log is the ledger over a store. One process appends at a time.
type Log struct {
	store Store
}

// New returns the ledger that s keeps.
func New(s Store) *Log { return &Log{store: s} }

// Root is the state of the ledger after so many entries: whoever has noted it
// can tell later whether any of them was changed.
type Root struct {
	Size int64  `json:"size"`
	Hash string `json:"root"` // SHA-256 in hexadecimal
}

// String returns the root as it is noted, SIZE:HASH.
func (r Root) String() string { return fmt.Sprintf("%d:%s", r.Size, r.Hash) }

// ParseRoot reads a root as String writes it. It returns fault.Usage for
// anything else.
func ParseRoot(s string) (Root, error) {
	var r Root
	n, err := fmt.Sscanf(s, "%d:%s", &r.Size, &r.Hash)
	if _, bad := hashOf(r.Hash); n != 2 || err != nil || bad != nil || r.Size < 0 || r.String() != s {
		return Root{}, fault.New(fault.Usage, "%q is no root of a ledger", s).Next("write it as candor ledger verify printed it: SIZE:HASH")
	}
	return r, nil
}

// Append adds e behind the last entry, in the place that it returns e with.
func (l *Log) Append(ctx context.Context, e Entry) (Entry, error) {
	var err error
	if e.Seq, err = l.store.Size(ctx); err != nil {
		return Entry{}, fmt.Errorf("append to the ledger: %w", err)
	}
	line, err := e.Encode()
	if err != nil {
		return Entry{}, err
	}
	hashes, err := tlog.StoredHashes(e.Seq, line, l.reader(ctx))
	if err != nil {
		return Entry{}, fmt.Errorf("append to the ledger: %w", err)
	}
	raw := make([][]byte, len(hashes))
	for i := range hashes {
		raw[i] = hashes[i][:]
	}
	if err := l.store.Append(ctx, e.Seq, line, tlog.StoredHashCount(e.Seq), raw); err != nil {
		return Entry{}, fmt.Errorf("append to the ledger: %w", err)
	}
	return e, nil
}

// Entries returns every entry, oldest first. One that cannot be read is
// fault.Conflict.
func (l *Log) Entries(ctx context.Context) ([]Entry, error) { return l.Part(ctx, 0, -1) }

// Size is how many entries there are.
func (l *Log) Size(ctx context.Context) (int64, error) { return l.store.Size(ctx) }

// Part returns the entries in the places from one up to, and without, another, as Entries
// does; upTo below 0 is no bound.
func (l *Log) Part(ctx context.Context, from, upTo int64) ([]Entry, error) {
	lines, err := l.store.Lines(ctx, from, upTo)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	entries := make([]Entry, len(lines))
	for i, line := range lines {
		if entries[i], err = read(line); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// Where returns the entries of whose kind and ID is is true, oldest first, and reads no
// more than that of the others. One of them that cannot be read is fault.Conflict.
func (l *Log) Where(ctx context.Context, is func(k Kind, id string) bool) ([]Entry, error) {
	lines, err := l.store.Lines(ctx, 0, -1)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	var entries []Entry
	for _, line := range lines {
		if id, plain := member(line.Bytes, "id"); plain {
			if kind, plain := member(line.Bytes, "kind"); plain && !is(Kind(kind), id) {
				continue
			}
		}
		e, err := read(line)
		if err != nil {
			return nil, err
		}
		if is(e.Kind, e.ID) {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// About returns the entries about batches, oldest first: those of their arrival and
// withdrawal, and all of merges and expiries, which are few and may be.
func (l *Log) About(ctx context.Context, batches ...string) ([]Entry, error) {
	of := map[string]bool{}
	for _, id := range batches {
		of[id] = true
	}
	return l.Where(ctx, func(k Kind, id string) bool { return k == Merge || k == Expiry || of[id] })
}

// member returns the text of the last member of that name of a line, within which nothing
// else can look so: quotes in texts are escaped. It is not plain where it has escapes.
func member(line []byte, name string) (text string, plain bool) {
	key := []byte(`"` + name + `":"`)
	i := bytes.LastIndex(line, key)
	if i < 0 {
		return "", false
	}
	value, _, found := bytes.Cut(line[i+len(key):], []byte(`"`))
	return string(value), found && !bytes.Contains(value, []byte(`\`))
}

// read decodes a line.
func read(line Line) (Entry, error) {
	e, err := Decode(line.Bytes)
	if err != nil {
		return Entry{}, fault.New(fault.Conflict, "the ledger is damaged").At("entry %d", line.Place).Because(err).
			Next("candor ledger verify says what fits and what does not")
	}
	return e, nil
}

// reader reads the hashes of the tree from the store.
func (l *Log) reader(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(places))
		for i, place := range places {
			found, err := l.store.Hashes(ctx, place, place+1)
			if err != nil {
				return nil, err
			}
			if copy(out[i][:], found[place]) != tlog.HashSize {
				return nil, fault.New(fault.Conflict, "the ledger is damaged: hash %d is missing", place).
					Next("candor ledger verify says what fits and what does not")
			}
		}
		return out, nil
	})
}

func hashOf(s string) (h tlog.Hash, err error) {
	b, err := hex.DecodeString(s)
	if err == nil && len(b) != tlog.HashSize {
		err = hex.ErrLength
	}
	copy(h[:], b)
	return h, err
}

func rootOf(size int64, h tlog.Hash) Root { return Root{Size: size, Hash: hex.EncodeToString(h[:])} }
