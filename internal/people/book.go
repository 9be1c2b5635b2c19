package people

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/ledger"
)

// Ledger records what becomes of accounts.
type Ledger interface {
	// Enter writes an entry, as of now.
	Enter(ctx context.Context, e ledger.Entry) error
	// Where returns the entries of whose kind and ID is is true, oldest first.
	Where(ctx context.Context, is func(k ledger.Kind, id string) bool) ([]ledger.Entry, error)
}

// checks is how many passwords are looked at at once: each takes memory.
const checks = 2

// Book changes accounts, with an entry for each change, and looks at passwords. It is safe
// for concurrent use.
type Book struct {
	*Folder
	// Ledger is nil where the folder cannot be written.
	Ledger Ledger
	Now    func() time.Time
	Cost   Cost
	change sync.Mutex
	room   *semaphore.Weighted
	derive derivation
}

// NewBook returns the book over a folder of accounts; the ledger may be nil for one that
// only looks.
func NewBook(f *Folder, l Ledger, now func() time.Time) *Book {
	return &Book{Folder: f, Ledger: l, Now: now, Cost: UsualCost(), room: semaphore.NewWeighted(checks), derive: argon2.IDKey}
}

// New is an account that is to be made.
type New struct {
	Name string
	Role identity.Role
	By   string
}

// Add makes an account and returns it with its one-time password, which nothing keeps.
// It fails with fault.Usage for a request
// that makes no sense, and fault.Conflict for a name that there is or was.
func (b *Book) Add(ctx context.Context, n New) (Account, string, error) {
	if err := named(n.Name); err != nil {
		return Account{}, "", err
	}
	if err := roleKnown(n.Role); err != nil {
		return Account{}, "", err
	}
	b.change.Lock()
	defer b.change.Unlock()
	if err := b.unused(ctx, n); err != nil {
		return Account{}, "", err
	}
	now := b.Now().UTC()
	k := stored{Account: Account{Name: n.Name, Role: n.Role, State: Active, Created: now.Truncate(time.Second)}}
	secret := b.oneTime(&k, now)
	a, err := b.put(ctx, k, "added", n.By)
	return a, secret, err
}

// unused returns fault.Conflict when an account cannot be made because of one that there
// is or was.
func (b *Book) unused(ctx context.Context, n New) error {
	if _, err := b.get(n.Name); fault.KindOf(err) != fault.NotFound {
		if err != nil {
			return err
		}
		return fault.New(fault.Conflict, "there is an account %s already", n.Name).Next("candor account list shows it; candor account role changes what it is")
	}
	if b.Ledger == nil {
		return readOnly()
	}
	was, err := b.Ledger.Where(ctx, func(k ledger.Kind, id string) bool { return k == ledger.Account && id == n.Name })
	if err != nil {
		return err
	}
	if len(was) > 0 {
		return fault.New(fault.Conflict, "there was an account %s (entry %d of the ledger), whose file is gone", n.Name, was[0].Seq).
			Next("choose another name: what it wrote keeps its name, so that a name is used once")
	}
	return nil
}

func readOnly() error {
	return fault.New(fault.Unavailable, "the data folder cannot be written, and no account changed").Next("check its permissions, and start the server again")
}

func roleKnown(r identity.Role) error {
	if r.Known() {
		return nil
	}
	var all []string
	for _, x := range identity.Roles() {
		all = append(all, string(x))
	}
	return fault.New(fault.Usage, "there is no role %q", r).Next("use one of: %s", strings.Join(all, ", "))
}

// oneTime gives an account a one-time password, with which every session of it ends, and
// returns it.
func (b *Book) oneTime(k *stored, now time.Time) string {
	secret := oneTime()
	k.Password, k.OneTime, k.Since = b.Cost.hash(b.derive, secret), new(now.Add(OneTimeFor).Truncate(time.Second)), now
	return secret
}

// put writes an account, its entry, and puts it in force. What has its entry counts, even
// if the process ends before it is in its place.
func (b *Book) put(ctx context.Context, k stored, change, by string) (Account, error) {
	if b.Ledger == nil {
		return Account{}, readOnly()
	}
	k.Changed, k.By = b.Now().UTC().Truncate(time.Second), by
	file, err := b.ready(k)
	if err != nil {
		return Account{}, err
	}
	note, err := json.Marshal(statement{k.Name, change, k.Role, k.State, k.Provider, k.Subject})
	if err == nil {
		err = b.Ledger.Enter(context.WithoutCancel(ctx), ledger.Entry{Kind: ledger.Account, ID: k.Name, SHA256: sum(file), Note: string(note), By: by, Reason: change})
	}
	if err != nil {
		return Account{}, errors.Join(err, os.Remove(filepath.Join(b.dir, k.Name+next)))
	}
	return k.Account, b.place(k.Name)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// files lists the files of the folder whose names end so. The folder may have any name, that
// of a pattern too.
func (f *Folder) files(ending string) (paths []string, err error) {
	all, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range all {
		if strings.HasSuffix(e.Name(), ending) {
			paths = append(paths, filepath.Join(f.dir, e.Name()))
		}
	}
	return paths, err
}

// Finish puts in force what has its entry and was not in its place when a process was
// killed, and drops what has none.
func (b *Book) Finish(ctx context.Context) error {
	left, err := b.files(next)
	if err != nil || len(left) == 0 {
		return err
	}
	for _, path := range left {
		file, err := os.ReadFile(path)
		if err != nil {
			return unreadable(path, err)
		}
		name := strings.TrimSuffix(filepath.Base(path), next)
		of, err := b.Ledger.Where(ctx, func(k ledger.Kind, id string) bool { return k == ledger.Account && id == name })
		switch {
		case err != nil:
			return err
		case len(of) > 0 && of[len(of)-1].SHA256 == sum(file):
			err = b.place(name)
		default:
			err = errors.Join(os.Remove(path), durable.Names(b.dir))
		}
		if err != nil {
			return unwritable(path, err)
		}
	}
	return nil
}

// Strange is an account whose file is not the one that was recorded.
type Strange struct {
	Name string
	// Seq is its last entry; negative when it has none.
	Seq int64
	// What says in what the two differ.
	What string
}

// Compare holds the files of accounts against the entries of a ledger. A file that is gone
// is no fault: nobody signs in with it.
func (f *Folder) Compare(entries []ledger.Entry) ([]Strange, error) {
	last := map[string]ledger.Entry{}
	for _, e := range entries {
		if e.Kind == ledger.Account {
			last[e.ID] = e
		}
	}
	paths, err := f.files(suffix)
	var list []Strange
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), suffix)
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		e, known := last[name]
		switch {
		case !known:
			list = append(list, Strange{name, -1, "it was never recorded"})
		case e.SHA256 != sum(file):
			list = append(list, Strange{name, e.Seq, differs(path, e)})
		}
	}
	return list, err
}

// differs says in what a file is other than the last entry of its account.
func differs(path string, last ledger.Entry) string {
	var said statement
	have, err := readFile(path)
	if errSaid := json.Unmarshal([]byte(last.Note), &said); err != nil || errSaid != nil {
		return "it cannot be read"
	}
	var list []string
	for _, x := range [][3]string{{"role", string(have.Role), string(said.Role)}, {"state", have.State, said.State}, {"provider", have.Provider, said.Provider}, {"subject", have.Subject, said.Subject}} {
		if x[1] != x[2] {
			list = append(list, "the "+x[0]+" is "+x[1]+", and was recorded as "+x[2])
		}
	}
	if len(list) == 0 {
		return "its password or the times in it are others"
	}
	return strings.Join(list, "; ")
}

// Changing is what becomes of one account.
type Changing struct{ Name, By string }

// SetRole gives an account another role. It returns false when it has it already. The last
// active admin keeps it: fault.Conflict.
func (b *Book) SetRole(ctx context.Context, c Changing, r identity.Role) (Account, bool, error) {
	if err := roleKnown(r); err != nil {
		return Account{}, false, err
	}
	if err := b.here(c.Name); err != nil {
		return Account{}, false, err
	}
	return b.alter(ctx, c, "role "+string(r), func(k *stored) bool {
		same := k.Role == r
		k.Role = r
		return !same
	})
}

// SetState disables an account, which ends its sessions, or has it be active again. It
// returns false when it is so already. The last active admin stays: fault.Conflict.
func (b *Book) SetState(ctx context.Context, c Changing, state string) (Account, bool, error) {
	change := map[string]string{Active: "enabled", Disabled: "disabled"}[state]
	return b.alter(ctx, c, change, func(k *stored) bool {
		same := k.State == state
		k.State, k.Since = state, b.Now().UTC()
		return !same
	})
}

// alter changes an account, and does nothing where how says that nothing changes.
func (b *Book) alter(ctx context.Context, c Changing, change string, how func(*stored) bool) (Account, bool, error) {
	b.change.Lock()
	defer b.change.Unlock()
	k, err := b.get(c.Name)
	if err != nil {
		return Account{}, false, err
	}
	was := k.Account
	if !how(&k) {
		return was, false, nil
	}
	all, err := b.List()
	if err != nil {
		return was, false, err
	}
	i := slices.IndexFunc(all, func(a Account) bool { return a.Name == k.Name })
	before := admins(all)
	if all[i] = k.Account; before > 0 && admins(all) == 0 {
		return was, false, fault.New(fault.Conflict, "%s is the only admin that is active", k.Name).Next("make another account an admin first; nothing was changed")
	}
	a, err := b.put(ctx, k, change, c.By)
	return a, err == nil, err
}

// SetPassword gives an account the password that a person chose, with which its sessions
// end. One that could be guessed is fault.Usage.
func (b *Book) SetPassword(ctx context.Context, c Changing, password string) (Account, error) {
	if err := b.here(c.Name); err != nil {
		return Account{}, err
	}
	if err := chosen(c.Name, password); err != nil {
		return Account{}, err
	}
	hash, err := b.hash(ctx, password)
	if err != nil {
		return Account{}, err
	}
	a, _, err := b.alter(ctx, c, "password chosen", func(k *stored) bool {
		k.Password, k.OneTime, k.Since = hash, nil, b.Now().UTC()
		return true
	})
	return a, err
}

// Recover gives an account a one-time password in place of the one it has, which ends its
// sessions, and returns it. It stays disabled if it is.
func (b *Book) Recover(ctx context.Context, c Changing) (Account, string, error) {
	if err := b.here(c.Name); err != nil {
		return Account{}, "", err
	}
	secret := ""
	a, _, err := b.alter(ctx, c, "one-time password made", func(k *stored) bool {
		secret = b.oneTime(k, b.Now().UTC())
		return true
	})
	if err != nil {
		return Account{}, "", err
	}
	return a, secret, nil
}

// SignOut ends every session of an account that began before now.
func (b *Book) SignOut(ctx context.Context, c Changing) (Account, error) {
	a, _, err := b.alter(ctx, c, "signed out everywhere", func(k *stored) bool { k.Since = b.Now().UTC(); return true })
	return a, err
}

// hash hashes a password once there is room.
func (b *Book) hash(ctx context.Context, password string) (string, error) {
	if err := b.room.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer b.room.Release(1)
	return b.Cost.hash(b.derive, password), nil
}

// Check returns the account that a name and a password are of. Every other pair, one of an
// account that is disabled, and a one-time password that has ended, are fault.Refused with one and the same sentence, after the same time.
func (b *Book) Check(ctx context.Context, name, password string) (Account, error) {
	k, err := b.get(name)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return Account{}, err
	}
	if err := b.room.Acquire(ctx, 1); err != nil {
		return Account{}, err
	}
	defer b.room.Release(1)
	if len(password) > mostPassword {
		password = ""
	}
	right := b.Cost.matches(b.derive, password, k.Password)
	if !right || password == "" || k.State != Active || k.OneTime != nil && !b.Now().Before(*k.OneTime) {
		return Account{}, ErrWrong()
	}
	return k.Account, nil
}

// ErrWrong says that a name and a password do not belong together, and nothing else.
func ErrWrong() error {
	return fault.New(fault.Refused, "the name or the password is wrong, or the account is not active").
		Next("try again; whoever runs the server can make a one-time password: candor account recover NAME")
}
