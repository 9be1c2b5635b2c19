package custody

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"

	"candor/internal/durable"
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
	if same {
		if e, err = k.log.Append(context.WithoutCancel(ctx), e); err != nil {
			return ledger.Entry{}, false, unrecorded("the policy is in force", err)
		}
		return e, true, nil
	}
	return k.replacePolicy(context.WithoutCancel(ctx), c.File, e)
}

// replacePolicy puts a file in force. Its entry is what counts: a file that lies ready
// and has the newest entry of a policy comes into force even if the process ends
// before it does, and one that has no entry never does.
func (k *Keeper) replacePolicy(ctx context.Context, file []byte, e ledger.Entry) (ledger.Entry, bool, error) {
	unwritten := fault.New(fault.Unavailable, "the policy cannot be written").At("%s", k.Policy).
		Next("check the space left and the permissions of the data folder; nothing was changed")
	if err := durable.Write(k.ready(), file, 0o600); err != nil {
		return ledger.Entry{}, false, unwritten.Because(err)
	}
	e, err := k.log.Append(ctx, e)
	if err != nil {
		return ledger.Entry{}, false, unwritten.Because(errors.Join(err, os.Remove(k.ready())))
	}
	if err := durable.Rename(k.ready(), k.Policy); err != nil {
		return ledger.Entry{}, false, fault.New(fault.Unavailable, "the policy has its entry, and is not in force yet").At("%s", k.Policy).
			Because(err).Next("the next command puts it in force")
	}
	return e, true, nil
}

// ready is where a policy lies that is about to come into force.
func (k *Keeper) ready() string { return k.Policy + ".next" }

// finishPolicy puts in force what replacePolicy could not, or drops it.
func (k *Keeper) finishPolicy(ctx context.Context) error {
	b, err := os.ReadFile(k.ready())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	entries, err := k.log.Entries(ctx)
	if err != nil {
		return err
	}
	if last := lastPolicy(entries); last != nil && last.SHA256 == sum(b) {
		return durable.Rename(k.ready(), k.Policy)
	}
	return os.Remove(k.ready())
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
