package ledger

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Fault is one way in which an entry does not fit.
type Fault struct {
	Seq int64
	// What is Lost, Bytes or Chain.
	What   string
	Detail string
}

// What can be wrong with an entry by itself.
const (
	Lost  = "missing" // its place is empty
	Bytes = "entry"   // its bytes are not those that were recorded
	Chain = "chain"   // a hash that leads from it to the root was changed
)

// Checked is a ledger that was read whole and computed anew.
type Checked struct {
	// Root is that of the entries as they are.
	Root Root
	// Entries are those that could be read.
	Entries []Entry
	// Faults are the entries that do not fit, first to last.
	Faults []Fault

	hashes []tlog.Hash
}

// Check reads every entry and computes the tree over them anew.
func (l *Log) Check(ctx context.Context) (*Checked, error) {
	lines, stored, err := l.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("check the ledger: %w", err)
	}
	c := &Checked{}
	for i, line := range lines {
		if line.Place != int64(i) {
			c.fault(int64(i), Lost, "the ledger goes on with entry %d", line.Place)
			break
		}
		if err := c.entry(line, stored); err != nil {
			return nil, fmt.Errorf("check the ledger: %w", err)
		}
	}
	size := min(int64(len(lines)), c.size())
	if extra := int64(len(stored)) - tlog.StoredHashCount(size); extra > 0 && len(c.Faults) == 0 {
		c.fault(size, Lost, "%d hashes are left of entries that are not there", extra)
	}
	c.Root, err = c.RootAt(size)
	return c, err
}

// read returns every entry and every hash as of one moment: it reads again when
// an entry was appended meanwhile.
func (l *Log) read(ctx context.Context) (lines []Line, stored map[int64][]byte, err error) {
	for {
		if lines, err = l.store.Lines(ctx, 0, -1); err != nil {
			return nil, nil, err
		}
		if stored, err = l.store.Hashes(ctx, 0, -1); err != nil {
			return nil, nil, err
		}
		size, err := l.store.Size(ctx)
		if err != nil {
			return nil, nil, err
		}
		if len(lines) == 0 && size == 0 || len(lines) > 0 && lines[len(lines)-1].Place == size-1 {
			return lines, stored, nil
		}
	}
}

// size is how many entries are hashed.
func (c *Checked) size() int64 {
	n := int64(0)
	for tlog.StoredHashCount(n+1) <= int64(len(c.hashes)) {
		n++
	}
	return n
}

func (c *Checked) fault(seq int64, what, format string, args ...any) {
	c.Faults = append(c.Faults, Fault{Seq: seq, What: what, Detail: fmt.Sprintf(format, args...)})
}

// entry checks one entry against the hashes that were stored with it.
func (c *Checked) entry(line Line, stored map[int64][]byte) error {
	e, bad := Decode(line.Bytes)
	if bad == nil && e.Seq != line.Place {
		bad = fmt.Errorf("it says that it is entry %d", e.Seq)
	}
	if bad == nil {
		c.Entries = append(c.Entries, e)
	}
	first := int64(len(c.hashes))
	hashes, err := tlog.StoredHashes(line.Place, line.Bytes, c.reader())
	if err != nil {
		return err
	}
	c.hashes = append(c.hashes, hashes...)
	leaf := bytes.Equal(stored[first], hashes[0][:])
	switch {
	case bad != nil:
		c.fault(line.Place, Bytes, "%v", bad)
	case !leaf:
		c.fault(line.Place, Bytes, "its hash is not the one that was recorded")
	}
	for i := 1; i < len(hashes); i++ {
		if !bytes.Equal(stored[first+int64(i)], hashes[i][:]) && leaf && bad == nil {
			c.fault(line.Place, Chain, "the hash that joins it to the entries before is not the one that was recorded")
			break
		}
	}
	return nil
}

// reader reads the hashes that were computed.
func (c *Checked) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(places))
		for i, place := range places {
			if place < 0 || place >= int64(len(c.hashes)) {
				return nil, fmt.Errorf("hash %d is not known", place)
			}
			out[i] = c.hashes[place]
		}
		return out, nil
	})
}

// RootAt returns the root of the first size entries, as they are.
func (c *Checked) RootAt(size int64) (Root, error) {
	h, err := tlog.TreeHash(size, c.reader())
	if err != nil {
		return Root{}, fmt.Errorf("root of the first %d entries: %w", size, err)
	}
	return rootOf(size, h), nil
}
