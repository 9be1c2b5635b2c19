package people

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/ledger"
)

// What is noted of those who come to a server.
const (
	SignedIn      = "signed in"
	SignedOut     = "signed out"
	EverywhereOut = "signed out everywhere"
	SittingEnded  = "session ended by an admin"
	OwnEnded      = "other session ended"
	TokenMade     = "token made"
	TokenRevoked  = "token revoked"
	WrongPassword = "wrong password"
	Hurried       = "too many wrong passwords"
	WrongToken    = "wrong token"
	TokenNotFor   = "token is not for it"
	NotAllowed    = "role may not"
	// Of those whom a provider sends.
	NoGroup       = "no group with a role"
	NoName        = "no name that can be noted"
	NameTaken     = "name of somebody else"
	NotActive     = "account is not active"
	NotBegun      = "answer of no sign-in begun here"
	ProviderSays  = "refused by the provider"
	WrongEvidence = "wrong statement of the provider"
)

// happened lists what of it somebody did, and did not only try.
func happened() []string {
	return []string{SignedIn, SignedOut, EverywhereOut, SittingEnded, OwnEnded, TokenMade, TokenRevoked}
}

// Visit is one thing that is noted.
type Visit struct {
	What string `json:"what"`
	// Account is the name of an account that there is; what else was typed is not noted, as
	// it may be a password.
	Account string `json:"account,omitempty"`
	// Token is the name of a token, From the address, Route what was asked for, and By who
	// did it to the account or the token.
	Token string `json:"token,omitempty"`
	From  string `json:"from,omitempty"`
	Route string `json:"route,omitempty"`
	By    string `json:"by,omitempty"`
}

// Tally is a visit with how often it was, and when.
type Tally struct {
	Visit
	Times int64     `json:"times"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// The bounds of what is noted: who tries passwords all day fills no disk.
const (
	// soon and late are how long at most something waits for its entry that happened, and that
	// was refused.
	soon = 5 * time.Minute
	late = time.Hour
	// mostRefused and mostHappened are how many lines one entry has of each; what is more is
	// counted by what it is alone.
	mostRefused  = 48
	mostHappened = 512
)

// Visits notes who came in and who was refused: what is alike is counted, and from time to
// time it becomes an entry of the ledger. Until then it lies in a file, so that a server
// that is killed loses of what happened nothing. It is safe for concurrent use.
type Visits struct {
	path   string
	ledger Ledger
	now    func() time.Time
	mu     sync.Mutex
	lines  map[Visit]*Tally
	dirty  bool
	folded time.Time
	// failed is the last error of keeping what is noted.
	failed error
}

// NewVisits returns what notes in a folder, with what was left there; without a ledger it
// notes nothing.
func NewVisits(ctx context.Context, f *Folder, l Ledger, now func() time.Time) (*Visits, error) {
	v := &Visits{path: filepath.Join(f.dir, "visits"), ledger: l, now: now, lines: map[Visit]*Tally{}, folded: now()}
	left, err := v.left(ctx)
	for _, t := range left {
		v.lines[t.Visit] = &t
	}
	return v, err
}

// left returns what a server left that was killed. What has its entry is not left.
func (v *Visits) left(ctx context.Context) ([]Tally, error) {
	b, err := os.ReadFile(v.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var left []Tally
	if err == nil {
		err = json.Unmarshal(b, &left)
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "who came in last cannot be read").At("%s", v.path).Because(err).Next("remove the file: what is in it has no entry in the ledger yet")
	}
	if v.ledger == nil {
		return left, nil
	}
	entries, err := v.ledger.Where(ctx, func(k ledger.Kind, _ string) bool { return k == ledger.Access })
	if n := len(entries); err != nil || n > 0 && entries[n-1].SHA256 == sum(b) {
		return nil, err
	}
	return left, nil
}

// Note notes a visit. What happened is on the disk when it returns.
func (v *Visits) Note(x Visit) {
	if v.ledger == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now().UTC()
	did := slices.Contains(happened(), x.What)
	if v.lines[x] == nil && v.full(did) {
		x = Visit{What: x.What}
	}
	if t := v.lines[x]; t != nil {
		t.Times, t.Last = t.Times+1, now
	} else {
		v.lines[x] = &Tally{Visit: x, Times: 1, First: now, Last: now}
	}
	v.dirty = true
	if did {
		v.save()
	}
}

// full reports whether there is no room for another line of what happened, or was refused.
func (v *Visits) full(did bool) bool {
	n, most := 0, mostRefused
	if did {
		most = mostHappened
	}
	for x := range v.lines {
		if slices.Contains(happened(), x.What) == did {
			n++
		}
	}
	return n >= most
}

// save writes what waits for its entry; v.mu is held.
func (v *Visits) save() {
	b, err := json.Marshal(v.sorted())
	if err == nil {
		err = os.MkdirAll(filepath.Dir(v.path), 0o700)
	}
	if err == nil {
		err = durable.Write(v.path, b, 0o600)
	}
	v.dirty, v.failed = err != nil, err
}

// sorted returns the lines, the first first; v.mu is held.
func (v *Visits) sorted() []Tally {
	list := []Tally{}
	for _, t := range v.lines {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b Tally) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.What, b.What), cmp.Compare(a.Account, b.Account), cmp.Compare(a.From, b.From), cmp.Compare(a.Route, b.Route))
	})
	return list
}

// Waiting returns what has no entry yet, the first first.
func (v *Visits) Waiting() []Tally {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sorted()
}

// Keep makes an entry of what waited long enough, or of everything at the end, and keeps
// the rest on the disk. It is called every now and then.
func (v *Visits) Keep(ctx context.Context, end bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ledger == nil || len(v.lines) == 0 {
		return nil
	}
	waited, now := soon, v.now()
	if !slices.ContainsFunc(v.sorted(), func(t Tally) bool { return slices.Contains(happened(), t.What) }) {
		waited = late
	}
	if !end && now.Sub(v.folded) < waited {
		if v.dirty {
			v.save()
		}
		return v.failed
	}
	if v.save(); v.failed != nil { // so that a kill from here on is told from one before
		return v.failed
	}
	if err := v.enter(ctx); err != nil {
		return err
	}
	v.lines, v.folded, v.dirty = map[Visit]*Tally{}, now, false
	if err := os.Remove(v.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// enter writes the entry of what waits; v.mu is held.
func (v *Visits) enter(ctx context.Context) error {
	list := v.sorted()
	note, err := json.Marshal(list)
	if err != nil {
		return err
	}
	counts := map[string]int64{}
	for _, t := range list {
		counts[t.What] += t.Times
	}
	return v.ledger.Enter(context.WithoutCancel(ctx), ledger.Entry{Kind: ledger.Access, ID: list[0].First.Format(time.RFC3339), SHA256: sum(note), Note: string(note), Counts: counts})
}

// Line is one line of the audit log: a visit, or a change of an account.
type Line struct {
	Tally
	// Role and State are what the account is since then, for a change of one.
	Role  string `json:"role,omitempty"`
	State string `json:"state,omitempty"`
	// Entry is the ledger's that says so; nil while there is none yet.
	Entry *int64 `json:"entry"`
}

// Audit returns who came in, who was refused and which accounts changed, the last first, of
// entries of the ledger and of what has none yet.
func Audit(entries []ledger.Entry, waiting []Tally) []Line {
	list := []Line{}
	for _, e := range entries {
		switch e.Kind {
		case ledger.Access:
			var of []Tally
			if err := json.Unmarshal([]byte(e.Note), &of); err != nil {
				continue // candor ledger verify says so
			}
			for _, t := range of {
				list = append(list, Line{Tally: t, Entry: &e.Seq})
			}
		case ledger.Account:
			var of statement
			if err := json.Unmarshal([]byte(e.Note), &of); err != nil {
				continue
			}
			v := Visit{What: "account " + of.Change, Account: of.Account, By: e.By}
			list = append(list, Line{Tally: Tally{Visit: v, Times: 1, First: e.Time, Last: e.Time}, Role: string(of.Role), State: of.State, Entry: &e.Seq})
		}
	}
	for _, t := range waiting {
		list = append(list, Line{Tally: t})
	}
	slices.SortStableFunc(list, func(a, b Line) int { return b.Last.Compare(a.Last) })
	return list
}

// Audited reports whether entries of a kind are of the audit log.
func Audited(k ledger.Kind, _ string) bool { return k == ledger.Access || k == ledger.Account }
