package custody

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"candor/internal/fault"
	"candor/internal/head"
	"candor/internal/ledger"
)

// KeyWrong is an entry of a key that does not say what it should, and HeadWrong a signed
// head that the ledger does not fit.
const (
	KeyWrong  = "key"
	HeadWrong = "head"
)

// Signed is a head of the ledger's tree with what signs it.
type Signed struct {
	ledger.Root
	// Note is the signed note, and Key what the key is called that signed it.
	Note string `json:"note"`
	Key  string `json:"key"`
}

// HeadKeys returns the keys that signed heads of the ledger, in their order.
func (k *Keeper) HeadKeys(ctx context.Context) (head.Keys, error) {
	entries, err := k.log.Where(ctx, func(kind ledger.Kind, _ string) bool { return kind == ledger.Key })
	keys, _ := head.Read(entries)
	return keys, err
}

// Head signs the head of the tree as it is now. A ledger that has no key gets one, and its
// entry. Faults: NotFound when the key's file is gone, Conflict when it holds another key.
func (k *Keeper) Head(ctx context.Context) (Signed, error) {
	key, err := k.headKey(ctx)
	if err != nil {
		return Signed{}, err
	}
	return k.sign(ctx, key)
}

// KnownHead is Head of a ledger that has a key, without writing anything. It is
// fault.NotFound for one that has none.
func (k *Keeper) KnownHead(ctx context.Context) (Signed, error) {
	keys, err := k.HeadKeys(ctx)
	if err != nil {
		return Signed{}, err
	}
	current, ok := keys.Current()
	if !ok {
		return Signed{}, fault.New(fault.NotFound, "the ledger has no key yet").Next("candor ledger key makes the first one")
	}
	key, err := k.own(current)
	if err != nil {
		return Signed{}, err
	}
	return k.sign(ctx, key)
}

// HeadOf signs the head of the first entries, size of them, if the ledger has a key by then
// and the key is here. It writes nothing, and returns nothing where it has none.
func (k *Keeper) HeadOf(ctx context.Context, r ledger.Root) (string, error) {
	keys, err := k.HeadKeys(ctx)
	current, ok := keys.Current()
	if err != nil || !ok || current.Seq >= r.Size {
		return "", err
	}
	key, err := k.Keys.Read()
	if err != nil || key.VKey != current.VKey {
		return "", nil // whoever asks for a head alone is told why
	}
	return key.Sign(r, k.Now())
}

func (k *Keeper) sign(ctx context.Context, key *head.Key) (Signed, error) {
	size, err := k.log.Size(ctx)
	if err != nil {
		return Signed{}, err
	}
	root, err := k.log.RootOf(ctx, size)
	if err != nil {
		return Signed{}, err
	}
	text, err := key.Sign(root, k.Now())
	return Signed{root, text, key.Name()}, err
}

// headKey returns the key in force, and makes the first one.
func (k *Keeper) headKey(ctx context.Context) (key *head.Key, err error) {
	err = k.land(ctx, func() error {
		k.mu.Lock()
		defer k.mu.Unlock()
		keys, err := k.placed(ctx)
		if err != nil {
			return err
		}
		if current, ok := keys.Current(); ok {
			key, err = k.own(current)
			return err
		}
		if key, err = k.Keys.Read(); err == nil { // it was made before the ledger lost its entry
			return k.begin(ctx, key, nil, Rotation{})
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if key, err = head.Make(""); err != nil {
			return err
		}
		if err = k.Keys.Ready(key); err != nil {
			return err
		}
		return k.begin(ctx, key, nil, Rotation{})
	})
	return key, err
}

// placed returns the keys of the ledger, with the file of the one in force in its place.
func (k *Keeper) placed(ctx context.Context) (head.Keys, error) {
	keys, err := k.HeadKeys(ctx)
	if err != nil {
		return nil, err
	}
	current, _ := keys.Current()
	return keys, k.Keys.Place(current.VKey)
}

// own returns the key in the file when it is the one in force.
func (k *Keeper) own(current head.Known) (*head.Key, error) {
	const lost = "if it is lost for good: candor ledger key rotate --lost"
	key, err := k.Keys.Read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "heads are signed here with the key %s, and its file is not there", current.Name).At("%s", k.Keys.KeyFile()).
			Next("put it back there from where you keep it (no backup has it), or name it with %s; %s", head.Variable, lost)
	case err != nil:
		return nil, err
	case key.VKey != current.VKey:
		return nil, fault.New(fault.Conflict, "heads are signed here with the key %s, and the file holds the key %s", current.Name, key.Name()).At("%s", k.Keys.KeyFile()).
			Next("put the ledger's own key there, or name it with %s; %s", head.Variable, lost)
	}
	return key, nil
}

// Rotation is that another key signs from now on.
type Rotation struct {
	By, Reason string
	// Lost says that the key before is not to be had any more, and so confirms nothing.
	Lost bool
}

// RotateKey makes another key, which the one in force confirms, and records it. The one
// before is gone then. It fails as Head does, unless the key is lost.
func (k *Keeper) RotateKey(ctx context.Context, r Rotation) (made head.Known, err error) {
	err = k.land(ctx, func() error {
		k.mu.Lock()
		defer k.mu.Unlock()
		keys, err := k.placed(ctx)
		if err != nil {
			return err
		}
		current, ok := keys.Current()
		if !ok {
			return fault.New(fault.NotFound, "the ledger has no key yet").Next("candor ledger key makes the first one")
		}
		var before *head.Key
		if !r.Lost {
			if before, err = k.own(current); err != nil {
				return err
			}
		}
		origin, _, _ := strings.Cut(current.VKey, "+")
		key, err := head.Make(origin)
		if err == nil {
			err = k.Keys.Ready(key)
		}
		if err == nil {
			err = k.begin(ctx, key, before, r)
		}
		return err
	})
	if err != nil {
		return head.Known{}, err
	}
	keys, err := k.HeadKeys(ctx)
	made, _ = keys.Current()
	return made, err
}

// begin records that a key signs from now on, and puts it in its place. Its entry is what
// counts, as that of a policy does.
func (k *Keeper) begin(ctx context.Context, key, before *head.Key, r Rotation) error {
	e, err := key.Record(before)
	if err != nil {
		return err
	}
	e.By, e.Reason = clean(r.By), clean(r.Reason)
	if err := k.enter(ctx, e); err != nil {
		return err
	}
	return k.Keys.Place(key.VKey)
}

// keys says which entries of keys do not say what they should.
func (v *verifier) keys(entries []ledger.Entry) {
	_, wrong := head.Read(entries)
	for i := range entries {
		if what, is := wrong[entries[i].Seq]; is {
			v.about(&entries[i], KeyWrong, "%s", what)
		}
	}
}

// heads holds signed heads against the ledger.
func (v *verifier) heads(asked Verification, c *ledger.Checked) error {
	if asked.Heads == nil && asked.Key == "" {
		return nil
	}
	keys, _ := head.Read(c.Entries)
	if asked.Key != "" {
		var err error
		if keys, err = keys.From(asked.Key); err != nil {
			return err
		}
		if keys[0].Seq < 0 {
			v.find(nil, subject{}, HeadWrong, "the ledger has no entry of the key %s: it was rolled back to before it, or is another ledger", keys[0].Name)
		}
	}
	checked := head.Check(asked.Heads, head.Wanted{Keys: keys, Noted: asked.Key != "", Size: c.Root.Size, RootAt: c.RootAt})
	v.Heads = &checked
	for _, f := range checked.Faults {
		v.find(nil, subject{}, HeadWrong, "%s", f.Detail)
	}
	if asked.Heads != nil && checked.Fit == 0 && len(checked.Faults) == 0 {
		v.find(nil, subject{}, HeadWrong, "none of the %d heads that were found is of this ledger", checked.Found)
	}
	return nil
}
