// Package token holds the bearer tokens of those who push evidence or write notes, or
// read where reading asks for one: what each is for, until when, and whether that was taken back.
//
// Of a secret only the SHA-256 is kept. A slow hash is for secrets that can be
// guessed; these are 256 random bits, and to find one from its hash takes as many
// tries as to find it without. The package refuses to show a secret again, and to
// use a name twice: what was pushed says for good under which name it came.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/internal/fault"
	"candor/internal/identity"
)

// Scopes lists what a token may be for: to push one of the kinds of evidence, to write
// notes, or to read.
func Scopes() []string { return identity.Scopes() }

// Prefix begins every secret, so that people and scanners recognise one.
const Prefix = "candor_"

// usedEvery is how exact the time of last use is.
const usedEvery = time.Minute

// Token is what is known of a token. Its secret is not.
type Token struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
	// By is who made it.
	By      string    `json:"by,omitempty"`
	Created time.Time `json:"created"`
	// Expires is nil for one that does not.
	Expires   *time.Time `json:"expires"`
	Revoked   *time.Time `json:"revoked"`
	RevokedBy string     `json:"revoked_by,omitempty"`
	// LastUsed is exact to a minute, and nil when it was never used.
	LastUsed *time.Time `json:"last_used"`
}

// The states that a token can be in.
const (
	Active  = "active"
	Expired = "expired"
	Revoked = "revoked"
)

// State returns what a token is at a time: Active, Expired or Revoked.
func (t Token) State(now time.Time) string {
	switch {
	case t.Revoked != nil:
		return Revoked
	case t.Expires != nil && !now.Before(*t.Expires):
		return Expired
	}
	return Active
}

// Allows reports whether a token is for a scope.
func (t Token) Allows(scope string) bool { return slices.Contains(t.Scopes, scope) }

// Request is a token to make.
type Request struct {
	// Name tells it from others: lower-case letters, digits, dashes and dots.
	Name   string
	Scopes []string
	// Expires is nil for a token that does not.
	Expires *time.Time
	By      string
}

// Folder keeps tokens, one file each. It is safe for concurrent use, in one
// process and in several: a file is made whole under a name that none has, and
// changes whole, so that nobody waits for anybody.
type Folder struct {
	dir  string
	mu   sync.Mutex
	used map[string]time.Time // by name, as last noted
}

// In returns the tokens in a folder, which need not exist.
func In(dir string) *Folder { return &Folder{dir: dir, used: map[string]time.Time{}} }

// nameForm leaves no room for another folder, another case or a secret's parts.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,39}$`)

// Create makes a token and returns it with its secret, which nothing keeps. It
// fails with fault.Usage for a request that makes no sense, and fault.Conflict
// for a name that was used before.
func (f *Folder) Create(r Request, now time.Time) (Token, string, error) {
	if err := r.check(now); err != nil {
		return Token{}, "", err
	}
	secret := newSecret(r.Name)
	k := stored{SHA256: digest(secret)}
	k.Token = Token{ID: k.SHA256[:12], Name: r.Name, Scopes: ordered(r.Scopes), By: r.By, Created: now.UTC().Truncate(time.Second)}
	if r.Expires != nil {
		k.Expires = new(r.Expires.UTC().Truncate(time.Second))
	}
	if err := f.write(k, os.Link); err != nil {
		return Token{}, "", err
	}
	return k.Token, secret, nil
}

// check returns fault.Usage for a request that makes no sense.
func (r Request) check(now time.Time) error {
	switch {
	case !nameForm.MatchString(r.Name):
		return fault.New(fault.Usage, "%q is no name for a token", r.Name).
			Next("use lower-case letters, digits, dashes and dots, 40 at most, and begin with a letter or digit")
	case len(r.Scopes) == 0:
		return fault.New(fault.Usage, "no scope was given").Next("say what it is for: --scope %s", strings.Join(Scopes(), ","))
	case r.Expires != nil && !r.Expires.After(now):
		return fault.New(fault.Usage, "the token would have expired on %s", r.Expires.UTC().Format(time.DateTime)).Next("name a later day")
	}
	for _, s := range r.Scopes {
		if !slices.Contains(Scopes(), s) {
			return fault.New(fault.Usage, "there is no scope %q", s).Next("use one or more of: %s", strings.Join(Scopes(), ","))
		}
	}
	return nil
}

// ordered returns the scopes each once, in the order of Scopes.
func ordered(scopes []string) []string {
	return slices.DeleteFunc(Scopes(), func(s string) bool { return !slices.Contains(scopes, s) })
}

// newSecret returns a secret: prefix, the token's name, which says what to revoke
// if it is found somewhere, and 256 random bits in base32.
func newSecret(name string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // cannot fail: the program ends if there is no randomness
	return Prefix + name + "_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Verify returns the token that a secret belongs to and notes that it was used.
// Every other secret, and one of a token that expired or was revoked, is
// fault.Refused. What was revoked by another process counts at once.
func (f *Folder) Verify(secret string, now time.Time) (Token, error) {
	rest, ok := strings.CutPrefix(secret, Prefix)
	name, _, random := strings.Cut(rest, "_")
	if !ok || !random || !nameForm.MatchString(name) {
		return Token{}, unknown()
	}
	k, err := f.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Token{}, unknown()
	case err != nil:
		return Token{}, err
	case subtle.ConstantTimeCompare([]byte(digest(secret)), []byte(k.SHA256)) != 1:
		return Token{}, unknown()
	}
	return f.lasting(k, now)
}

// Current returns a token that was verified before as it is now, and notes that it was
// used. One that expired or was revoked meanwhile, by whichever process, is fault.Refused.
func (f *Folder) Current(t Token, now time.Time) (Token, error) {
	k, err := f.read(t.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && k.ID != t.ID:
		return Token{}, unknown()
	case err != nil:
		return Token{}, err
	}
	return f.lasting(k, now)
}

// lasting returns a token that was neither revoked nor has expired.
func (f *Folder) lasting(k stored, now time.Time) (Token, error) {
	switch k.State(now) {
	case Revoked:
		return Token{}, fault.New(fault.Refused, "the token %s was revoked on %s", k.Name, k.Revoked.Format(time.DateTime)).Next("candor token create makes another")
	case Expired:
		return Token{}, fault.New(fault.Refused, "the token %s expired on %s", k.Name, k.Expires.Format(time.DateTime)).Next("candor token create makes another")
	}
	f.note(k.Name, now)
	return k.Token, nil
}

func unknown() error {
	return fault.New(fault.Refused, "the token is not known").Next("candor token list shows those that there are; candor token create makes another")
}

// note keeps when a token was used, at most once a minute. That it cannot be
// kept is no reason to refuse what is pushed.
func (f *Folder) note(name string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if since := now.Sub(f.used[name]); since >= 0 && since < usedEvery {
		return
	}
	f.used[name] = now
	path := f.usedPath(name)
	if file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		_ = file.Close()
		_ = os.Chtimes(path, now, now)
	}
}

// List returns the tokens by name, the revoked and the expired included.
func (f *Folder) List() ([]Token, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(f.dir, err)
	}
	list := []Token{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || !nameForm.MatchString(name) {
			continue
		}
		k, err := f.read(name)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(f.usedPath(name)); err == nil {
			k.LastUsed = new(info.ModTime().UTC().Truncate(time.Second))
		}
		list = append(list, k.Token)
	}
	return list, nil
}

// Revoke takes a token back, which is named or given by its id. It returns the
// token, and false when it was revoked before. A token that is not there is
// fault.NotFound.
func (f *Folder) Revoke(which, by string, now time.Time) (Token, bool, error) {
	list, err := f.List()
	if err != nil {
		return Token{}, false, err
	}
	i := slices.IndexFunc(list, func(t Token) bool { return t.Name == which })
	if i < 0 {
		i = slices.IndexFunc(list, func(t Token) bool { return t.ID == which })
	}
	if i < 0 {
		return Token{}, false, fault.New(fault.NotFound, "there is no token %q", which).Next("candor token list shows those that there are")
	}
	if list[i].Revoked != nil {
		return list[i], false, nil
	}
	k, err := f.read(list[i].Name)
	if err != nil {
		return Token{}, false, err
	}
	k.Revoked, k.RevokedBy = new(now.UTC().Truncate(time.Second)), by
	if err := f.write(k, os.Rename); err != nil {
		return Token{}, false, err
	}
	k.LastUsed = list[i].LastUsed
	return k.Token, true, nil
}

func (f *Folder) path(name string) string     { return filepath.Join(f.dir, name+suffix) }
func (f *Folder) usedPath(name string) string { return filepath.Join(f.dir, name+".used") }
