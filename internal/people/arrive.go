package people

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/ledger"
)

// Person is somebody whom a provider of OpenID Connect knows, as it says now.
type Person struct {
	// Provider is what the provider is called here, and Name what it calls the person.
	Provider, Name string
	// Issuer and Subject tell the person from every other one, for good.
	Issuer, Subject string
	// Role is what the person's groups give; empty when they give none.
	Role identity.Role
}

// Turned is the cause of turning somebody away whom a provider sent. What is one of those
// that are noted, and Account the name that the person has, or would have, here.
type Turned struct{ What, Account string }

// Error says what is noted.
func (t *Turned) Error() string { return t.What }

// between stands between the name of a provider and that of a person. No name of an account
// that is made here holds it, so that the two are never one.
const between = "+"

// providerForm is what a provider may be called here.
var providerForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,19}$`)

// NamesProvider reports whether a provider may be called so.
func NamesProvider(name string) bool { return providerForm.MatchString(name) }

// Account is the name of the account that a person has here; fault.Refused without one. It
// is fit for a ledger: whatever else a provider calls somebody is refused and not mended,
// lest two become one.
func (p Person) Account() (string, error) {
	name := strings.ToLower(p.Name)
	if !providerForm.MatchString(p.Provider) || !nameForm.MatchString(name) {
		return "", fault.New(fault.Refused, "the provider calls you by a name that cannot stand in a ledger").Because(&Turned{What: NoName}).
			Next("whoever runs the server can name another claim with name_from in the configuration of the provider: names are of letters, digits, dots, dashes, underscores and @, 64 at most")
	}
	return p.Provider + between + name, nil
}

// mark is what is kept of who a person is for the provider.
func (p Person) mark() string {
	sum := sha256.Sum256([]byte(p.Issuer + "\n" + p.Subject))
	return hex.EncodeToString(sum[:])
}

// Arrive returns the account of a person whom a provider has sent, with the role that the
// person's groups give now; it is made when the person comes first, and keeps the name of
// then: who could take another one would be two. Whom no group gives a role, a name that was
// somebody else's, there or here, and an account that an admin disabled, are fault.Refused.
func (b *Book) Arrive(ctx context.Context, p Person) (Account, error) {
	if p.Role != "" {
		if err := roleKnown(p.Role); err != nil {
			return Account{}, err
		}
	}
	b.change.Lock()
	defer b.change.Unlock()
	k, known, err := b.of(p)
	switch {
	case err != nil:
		return Account{}, err
	case !known:
		return b.first(ctx, p)
	case k.State != Active:
		return Account{}, fault.New(fault.Refused, "the account %s is not active here", k.Name).Because(&Turned{What: NotActive, Account: k.Name}).Next("an admin can enable it, on the page Accounts")
	case p.Role == "":
		return Account{}, groupless(k.Name)
	case k.Role == p.Role:
		return k.Account, nil
	}
	k.Role = p.Role
	return b.put(ctx, k, "role "+string(p.Role), identity.OfProvider+p.Provider)
}

// of finds the account of a person, whatever the provider calls them now.
func (b *Book) of(p Person) (stored, bool, error) {
	all, err := b.List()
	if err != nil {
		return stored{}, false, err
	}
	mark := p.mark()
	for _, a := range all {
		if a.Provider != p.Provider {
			continue
		}
		k, err := b.get(a.Name)
		if err != nil || k.Subject == mark {
			return k, err == nil, err
		}
	}
	return stored{}, false, nil
}

// first makes the account of a person who comes first; b.change is held.
func (b *Book) first(ctx context.Context, p Person) (Account, error) {
	name, err := p.Account()
	if err != nil {
		return Account{}, err
	}
	if err := b.theirs(ctx, p, name); err != nil {
		return Account{}, err
	}
	if p.Role == "" {
		return Account{}, groupless(name)
	}
	now := b.Now().UTC()
	k := stored{Account: Account{Name: name, Role: p.Role, State: Active, Provider: p.Provider, Created: now.Truncate(time.Second)}, Subject: p.mark()}
	return b.put(ctx, k, "added, "+string(p.Role), identity.OfProvider+p.Provider)
}

// theirs returns fault.Refused when a name was somebody's, or the person had another one whose
// file is gone.
func (b *Book) theirs(ctx context.Context, p Person, name string) error {
	switch err := b.unused(ctx, New{Name: name}); {
	case fault.KindOf(err) == fault.Conflict:
		return taken(name)
	case err != nil:
		return err
	}
	mark := `"subject":"` + p.mark() + `"`
	was, err := b.Ledger.Where(ctx, func(k ledger.Kind, _ string) bool { return k == ledger.Account })
	if err != nil {
		return err
	}
	if slices.ContainsFunc(was, func(e ledger.Entry) bool { return strings.Contains(e.Note, mark) }) {
		return taken(name)
	}
	return nil
}

func groupless(name string) error {
	return fault.New(fault.Refused, "none of your groups has a role here").Because(&Turned{What: NoGroup, Account: name}).
		Next("ask whoever gives groups at the provider, or whoever runs this server")
}

func taken(name string) error {
	return fault.New(fault.Refused, "%s was the name of somebody else, or you had another one here", name).Because(&Turned{What: NameTaken, Account: name}).
		Next("what was written keeps its name, so that a name is one person's for good: whoever runs this server can say whose it was")
}

// here returns fault.Conflict for an account of a person whom a provider knows: what it asks
// for is the provider's to say.
func (b *Book) here(name string) error {
	k, err := b.get(name)
	if err == nil && k.Provider != "" {
		return fault.New(fault.Conflict, "%s signs in through %s, which says who it is and what it may", name, k.Provider).Next("change it there; here it can be disabled and signed out")
	}
	return nil // what is not there is told by who looks for it
}
