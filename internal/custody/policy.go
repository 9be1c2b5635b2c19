package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"candor/internal/fault"
	"candor/internal/ledger"
)

// PolicyChange is a policy that is to come into force.
type PolicyChange struct {
	// ID is its name and version.
	ID string
	// File is the bytes of its file, which whoever calls has checked.
	File []byte
	By   string
	// Reason may be empty.
	Reason string
}

// SetPolicy puts a policy in force and records it. It returns the entry, and
// false when the file is in force and recorded already, and nothing changed. A
// policy of the same name and version and with other bytes is fault.Conflict.
func (k *Keeper) SetPolicy(ctx context.Context, c PolicyChange) (e ledger.Entry, changed bool, err error) {
	err = k.land(ctx, func() error {
		e, changed, err = k.setPolicy(ctx, c)
		return err
	})
	return e, changed, err
}

func (k *Keeper) setPolicy(ctx context.Context, c PolicyChange) (ledger.Entry, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	entries, err := k.log.Entries(ctx)
	if err != nil {
		return ledger.Entry{}, false, err
	}
	have, err := k.policyFile()
	if err != nil {
		return ledger.Entry{}, false, err
	}
	e := ledger.Entry{Time: k.Now(), Kind: ledger.Policy, ID: clean(c.ID), SHA256: sum(c.File), By: clean(c.By), Reason: clean(c.Reason)}
	last := lastPolicy(entries)
	same := have != nil && bytes.Equal(have, c.File)
	if same && last != nil && last.SHA256 == e.SHA256 {
		return *last, false, nil
	}
	if err := namesake(entries, e); err != nil {
		return ledger.Entry{}, false, err
	}
	if !same {
		if err := replace(k.Policy, c.File); err != nil {
			return ledger.Entry{}, false, fault.New(fault.Unavailable, "the policy cannot be written").At("%s", k.Policy).Because(err).
				Next("check the space left and the permissions of the data folder; nothing was changed")
		}
	}
	if e, err = k.log.Append(context.WithoutCancel(ctx), e); err != nil {
		return ledger.Entry{}, false, unrecorded("the policy is in force", err)
	}
	return e, true, nil
}

// namesake refuses a policy whose name and version the ledger knows of other bytes:
// outputs name a policy by these alone.
func namesake(entries []ledger.Entry, e ledger.Entry) error {
	for i := range entries {
		if x := &entries[i]; x.Kind == ledger.Policy && x.ID == e.ID && x.SHA256 != e.SHA256 {
			return fault.New(fault.Conflict, "policy %s is in the ledger with other content (entry %d)", e.ID, x.Seq).
				Next("give the file another version, so that every output says which of the two it was judged by; nothing was changed")
		}
	}
	return nil
}

// policyFile returns the bytes of the policy file; nil when there is none.
func (k *Keeper) policyFile() ([]byte, error) {
	b, err := os.ReadFile(k.Policy)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fault.New(fault.Unavailable, "the policy cannot be read").At("%s", k.Policy).Because(err).Next("check that you may read it")
	case b == nil:
		b = []byte{}
	}
	return b, nil
}

func lastPolicy(entries []ledger.Entry) *ledger.Entry {
	var last *ledger.Entry
	for i := range entries {
		if entries[i].Kind == ledger.Policy {
			last = &entries[i]
		}
	}
	return last
}

// replace writes a file whole, or leaves the one before as it was.
func replace(path string, b []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // does nothing once it has its name
	_, err = temp.Write(b)
	if err := errors.Join(err, temp.Chmod(0o640), temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", temp.Name(), err)
	}
	return os.Rename(temp.Name(), path)
}
