// Package people holds the accounts of those who sign in: who they are, which role each
// has, whether that was taken back, and with what each shows that it is them.
//
// Of a password only an Argon2id hash is kept. Each change of an account has an entry in
// the ledger before it counts, which says all of the account but that hash, so that a file
// that somebody edits beside is found. The package refuses to say whether it was the name
// or the password that was wrong, and to use a name twice: what was written says for good
// under which name it was.
package people

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/identity"
)

// The states of an account.
const (
	Active   = "active"
	Disabled = "disabled"
)

// OneTimeFor is how long a one-time password opens.
const OneTimeFor = 7 * 24 * time.Hour

// Account is what is known of an account. Its password is not.
type Account struct {
	Name string        `json:"name"`
	Role identity.Role `json:"role"`
	// State is Active or Disabled.
	State string `json:"state"`
	// Provider is what the provider is called through which the person signs in; empty for
	// who has a password here.
	Provider string `json:"provider,omitempty"`
	// Created and Changed are when it was made and last changed, and By who changed it.
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
	By      string    `json:"by,omitempty"`
	// OneTime is until when its password opens, once, to choose another one; nil when the
	// person has chosen it.
	OneTime *time.Time `json:"one_time_until"`
	// Since is when it last had to sign in anew: no session counts that began before.
	Since time.Time `json:"since"`
}

// stored is an account as its file has it.
type stored struct {
	Account
	// Password is the hash of its password; empty without one.
	Password string `json:"password,omitempty"`
	// Subject is the digest of who the person is for the provider.
	Subject string `json:"subject,omitempty"`
}

// statement is what the ledger says of an account: all but its password and what follows
// from the time of the entry.
type statement struct {
	Account string        `json:"account"`
	Change  string        `json:"change"`
	Role    identity.Role `json:"role"`
	State   string        `json:"state"`
	// Provider and Subject are of who signs in through a provider.
	Provider string `json:"provider,omitempty"`
	Subject  string `json:"subject,omitempty"`
}

// Folder keeps accounts, one file each. It is safe for concurrent use; one process may
// write at a time.
type Folder struct {
	dir string
	mu  sync.Mutex
	// read are the accounts as they were read last, by name.
	read map[string]onDisk
	// some says that there was an account: none is ever removed but by hand.
	some atomic.Bool
}

// onDisk is an account with the state of the file that it was read from.
type onDisk struct {
	stored
	at   time.Time
	size int64
}

// In returns the accounts in a folder, which need not exist.
func In(dir string) *Folder { return &Folder{dir: dir, read: map[string]onDisk{}} }

// Name is the name of the folder within a data folder.
const Name = "people"

// suffix ends the names of the accounts' files, and next those of files that await their
// entry in the ledger.
const (
	suffix = ".json"
	next   = ".json.next"
)

// nameForm leaves no room for another folder, or another case; anyForm has also the names of
// who signs in through a provider.
var (
	nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)
	anyForm  = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,19}\+)?[a-z0-9][a-z0-9._@-]{0,63}$`)
)

// named returns fault.Usage for what is no name of an account.
func named(name string) error {
	if !nameForm.MatchString(name) {
		return fault.New(fault.Usage, "%q is no name for an account", name).
			Next("use lower-case letters, digits, dots, dashes, underscores and @, 64 at most, and begin with a letter or digit")
	}
	return nil
}

// Any reports whether there is an account, of whatever state. A folder that cannot be
// read has some: who may not be told apart is not let in.
func (f *Folder) Any() bool {
	if f.some.Load() {
		return true
	}
	some := f.any()
	if some {
		f.some.Store(true)
	}
	return some
}

func (f *Folder) any() bool {
	d, err := os.Open(f.dir)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(16)
		if slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, suffix) }) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// Get returns an account as it is now, whichever process changed it. One that is not there
// is fault.NotFound.
func (f *Folder) Get(name string) (Account, error) {
	k, err := f.get(name)
	return k.Account, err
}

func (f *Folder) get(name string) (stored, error) {
	missing := func() error {
		return fault.New(fault.NotFound, "there is no account %q", name).Next("candor account list shows those that there are")
	}
	f.mu.Lock()
	have, ok := f.read[name]
	f.mu.Unlock()
	if !ok && !anyForm.MatchString(name) {
		return stored{}, missing()
	}
	info, err := os.Stat(f.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stored{}, missing()
	case err != nil:
		return stored{}, unreadable(f.path(name), err)
	}
	if ok && have.at.Equal(info.ModTime()) && have.size == info.Size() {
		return have.stored, nil
	}
	k, err := readFile(f.path(name))
	if err != nil {
		return stored{}, err
	}
	f.mu.Lock()
	f.read[name] = onDisk{k, info.ModTime(), info.Size()}
	f.mu.Unlock()
	return k, nil
}

// forget drops what was read of an account, whose file changes.
func (f *Folder) forget(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.read, name)
}

// readFile reads the file of an account.
func readFile(path string) (stored, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return stored{}, unreadable(path, err)
	}
	var k stored
	if err := json.Unmarshal(b, &k); err != nil || k.Name+suffix != filepath.Base(path) || !k.Role.Known() || k.State != Active && k.State != Disabled || !k.ofItsKind() {
		return stored{}, fault.New(fault.Unavailable, "the account's file is damaged").At("%s", path).Because(err).
			Next("put it back from where you keep it, or remove it: candor ledger list says what the account was")
	}
	return k, nil
}

// ofItsKind reports whether an account is either of a person whom a provider knows, and named
// so, or one that was made here.
func (k stored) ofItsKind() bool {
	before, _, through := strings.Cut(k.Name, between)
	if !through {
		return k.Provider == "" && k.Subject == ""
	}
	return k.Provider == before && k.Subject != "" && k.Password == "" && k.OneTime == nil
}

// List returns the accounts by name, the disabled included.
func (f *Folder) List() ([]Account, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(f.dir, err)
	}
	list := []Account{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || !anyForm.MatchString(name) {
			continue
		}
		k, err := f.get(name)
		if err != nil {
			return nil, err
		}
		list = append(list, k.Account)
	}
	return list, nil
}

// ready writes an account so that it lies ready for its entry, and returns the file.
func (f *Folder) ready(k stored) ([]byte, error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, unwritable(f.dir, err)
	}
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	if err := durable.Write(filepath.Join(f.dir, k.Name+next), b, 0o600); err != nil {
		return nil, unwritable(f.dir, err)
	}
	return b, nil
}

// place puts what lies ready of an account in force.
func (f *Folder) place(name string) error {
	defer f.forget(name)
	if err := durable.Rename(filepath.Join(f.dir, name+next), f.path(name)); err != nil {
		return unwritable(f.path(name), err)
	}
	return nil
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, name+suffix) }

func unwritable(path string, err error) error {
	return fault.New(fault.Unavailable, "the account cannot be kept").At("%s", path).Because(err).Next("check the space left and the permissions of the folder")
}

func unreadable(path string, err error) error {
	return fault.New(fault.Unavailable, "the accounts cannot be read").At("%s", path).Because(err).Next("check that you may read the folder")
}

// admins is how many accounts are active admins that were made here: who comes through a
// provider may be another one tomorrow, and nobody when it is out of reach.
func admins(all []Account) int {
	n := 0
	for _, a := range all {
		if a.Role == identity.Admin && a.State == Active && a.Provider == "" {
			n++
		}
	}
	return n
}
