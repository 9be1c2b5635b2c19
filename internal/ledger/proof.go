package ledger

import (
	"context"
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"candor/internal/fault"
)

// Inclusion proves that an entry is among those of a root (RFC 6962, 2.1.1).
type Inclusion struct {
	Root
	// Seq is the entry's place, and Line its bytes.
	Seq  int64  `json:"entry"`
	Line string `json:"line"`
	// Leaf is SHA-256(0x00 || Line), in hexadecimal.
	Leaf  string   `json:"leaf"`
	Proof []string `json:"proof"`
}

// Consistency proves that the entries of an older root are the first of those of
// a newer one (RFC 6962, 2.1.2).
type Consistency struct {
	From  Root     `json:"from"`
	To    Root     `json:"to"`
	Proof []string `json:"proof"`
}

// Include proves that the entry in place seq is in the ledger. It is
// fault.NotFound when it is not.
func (l *Log) Include(ctx context.Context, seq int64) (Inclusion, error) {
	size, err := l.store.Size(ctx)
	if err != nil {
		return Inclusion{}, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	return l.IncludeIn(ctx, seq, size)
}

// IncludeIn proves that the entry in place seq is among the first entries, size of them.
func (l *Log) IncludeIn(ctx context.Context, seq, size int64) (Inclusion, error) {
	if seq < 0 || seq >= size {
		return Inclusion{}, fault.New(fault.NotFound, "the ledger has no entry %d", seq).Next("candor ledger list shows those that it has")
	}
	lines, err := l.store.Lines(ctx, seq, seq+1)
	if err != nil {
		return Inclusion{}, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	root, err := tlog.TreeHash(size, l.reader(ctx))
	if err != nil {
		return Inclusion{}, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	proof, err := tlog.ProveRecord(size, seq, l.reader(ctx))
	if err != nil {
		return Inclusion{}, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	leaf := tlog.RecordHash(lines[0].Bytes)
	p := Inclusion{Root: rootOf(size, root), Seq: seq, Line: string(lines[0].Bytes), Leaf: hex.EncodeToString(leaf[:]), Proof: spell(proof)}
	return p, p.Check()
}

// Check returns fault.Conflict unless the proof proves what it says.
func (p Inclusion) Check() error {
	root, err := hashOf(p.Hash)
	if err != nil {
		return broken(err)
	}
	proof, err := unspell(p.Proof)
	if err != nil {
		return broken(err)
	}
	leaf := tlog.RecordHash([]byte(p.Line))
	if hex.EncodeToString(leaf[:]) != p.Leaf {
		return broken(fmt.Errorf("the leaf is not the hash of the line"))
	}
	if err := tlog.CheckRecord(proof, p.Size, root, p.Seq, leaf); err != nil {
		return broken(err)
	}
	return nil
}

// RootOf returns the root of the first entries, size of them, which must be there.
func (l *Log) RootOf(ctx context.Context, size int64) (Root, error) {
	root, err := tlog.TreeHash(size, l.reader(ctx))
	if err != nil {
		return Root{}, fmt.Errorf("hash the first %d entries: %w", size, err)
	}
	return rootOf(size, root), nil
}

// Extend proves that the first entries, from of them, are still the first of the
// ledger.
func (l *Log) Extend(ctx context.Context, from int64) (Consistency, error) {
	size, err := l.store.Size(ctx)
	if err != nil {
		return Consistency{}, fmt.Errorf("prove the first %d entries: %w", from, err)
	}
	if from < 1 || from > size {
		return Consistency{}, fault.New(fault.NotFound, "the ledger never had %d entries", from).Next("name a size from 1 to %d", size)
	}
	var roots [2]tlog.Hash
	for i, n := range []int64{from, size} {
		if roots[i], err = tlog.TreeHash(n, l.reader(ctx)); err != nil {
			return Consistency{}, fmt.Errorf("prove the first %d entries: %w", from, err)
		}
	}
	proof, err := tlog.ProveTree(size, from, l.reader(ctx))
	if err != nil {
		return Consistency{}, fmt.Errorf("prove the first %d entries: %w", from, err)
	}
	p := Consistency{From: rootOf(from, roots[0]), To: rootOf(size, roots[1]), Proof: spell(proof)}
	return p, p.Check()
}

// Check returns fault.Conflict unless the proof proves what it says.
func (p Consistency) Check() error {
	from, err := hashOf(p.From.Hash)
	if err != nil {
		return broken(err)
	}
	to, err := hashOf(p.To.Hash)
	if err != nil {
		return broken(err)
	}
	proof, err := unspell(p.Proof)
	if err != nil {
		return broken(err)
	}
	if err := tlog.CheckTree(proof, p.To.Size, to, p.From.Size, from); err != nil {
		return broken(err)
	}
	return nil
}

func broken(err error) error {
	return fault.New(fault.Conflict, "the proof does not prove it").Because(err).
		Next("candor ledger verify says what fits and what does not")
}

func spell(hashes []tlog.Hash) []string {
	list := make([]string, len(hashes))
	for i, h := range hashes {
		list[i] = hex.EncodeToString(h[:])
	}
	return list
}

func unspell(list []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(list))
	for i, s := range list {
		var err error
		if hashes[i], err = hashOf(s); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}
