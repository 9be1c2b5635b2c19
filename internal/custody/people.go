package custody

import (
	"context"

	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/people"
)

// AccountFile is that the file of an account is not the one that was recorded, or an entry
// does not say what its hash is of.
const AccountFile = "account"

// Enter writes an entry of what became of an account, or of who came in, as of now. No
// other kind of entry is written so.
func (k *Keeper) Enter(ctx context.Context, e ledger.Entry) error {
	if e.Kind != ledger.Account && e.Kind != ledger.Access {
		return fault.New(fault.Internal, "an entry of kind %s is not written by itself", e.Kind)
	}
	return k.land(ctx, func() error {
		k.mu.Lock()
		defer k.mu.Unlock()
		e.ID, e.By, e.Reason = clean(e.ID), clean(e.By), clean(e.Reason)
		return k.enter(ctx, e)
	})
}

// Where returns entries of the ledger; see ledger.Log.
func (k *Keeper) Where(ctx context.Context, is func(kind ledger.Kind, id string) bool) ([]ledger.Entry, error) {
	return k.log.Where(ctx, is)
}

// comparePeople compares the files of accounts with their entries, and what entries say of
// who came in with their hashes.
func (k *Keeper) comparePeople(v *verifier, entries []ledger.Entry) error {
	for i := range entries {
		if e := &entries[i]; e.Kind == ledger.Access && sum([]byte(e.Note)) != e.SHA256 {
			v.about(e, AccountFile, "what it says of who came in is not what its hash is of")
		}
	}
	if k.People == nil {
		return nil
	}
	strange, err := k.People.Compare(entries)
	for _, s := range strange {
		if s.Seq < 0 {
			v.find(nil, subject{ledger.Account, s.Name}, AccountFile, "there is a file of an account %s, which was never recorded", s.Name)
			continue
		}
		v.find(&s.Seq, subject{ledger.Account, s.Name}, AccountFile, "the file of the account %s is not the one that was recorded: %s", s.Name, s.What)
	}
	return err
}

// People holds the files of accounts against entries of the ledger.
type People interface {
	Compare(entries []ledger.Entry) ([]people.Strange, error)
}
