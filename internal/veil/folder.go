// Package veil keeps the names of hosts, accounts, addresses and persons out of a data
// folder where the policy asks for it: what lands has their pseudonyms, by a key that lies
// beside the folder and in no backup of it.
//
// It says which texts of the evidence are names, and what is done about texts in which
// names stand. What doc/batches.md says is not covered stays as it is. It refuses to let
// anything land when the key that the folder was begun with is not there.
package veil

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/pseudonym"
)

// Variable is the variable of the environment that names the key's file.
const Variable = "CANDOR_KEY_FILE"

// BegunName is the name of the file in a data folder that says with which key names are
// kept in it.
const BegunName = "names.json"

// Begun says which key the pseudonyms of a folder are of.
type Begun struct {
	Format int `json:"format"`
	// Key is the fingerprint of the key, and Since when the folder was begun with it.
	Key   string    `json:"key"`
	Since time.Time `json:"since"`
	// Earlier are the fingerprints of keys that were given up; what is of them is told
	// apart from what is of this one.
	Earlier []string `json:"earlier,omitempty"`
}

// Folder is how names are kept in a data folder.
type Folder struct {
	// Dir is the data folder, and File the key's; empty for the folder's name with .key.
	Dir, File string
	// Wanted says whether the policy in force asks for pseudonyms.
	Wanted func() (bool, error)
	Now    func() time.Time
}

// KeyFile returns the path of the key's file.
func (f *Folder) KeyFile() string {
	if f.File != "" {
		return f.File
	}
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		dir = filepath.Clean(f.Dir)
	}
	return dir + ".key"
}

// Same refuses the file of a key that is not the folder's; an empty path is none.
func (f *Folder) Same(file string) error {
	if file == "" || filepath.Clean(file) == filepath.Clean(f.KeyFile()) {
		return nil
	}
	return fault.New(fault.Conflict, "the server of the data folder keeps names by the key in %s", f.KeyFile()).At("%s", file).
		Next("leave --key and %s out, or start the server with that key", Variable)
}

// InForce returns the key by which names are kept now; nil when they are kept as they are.
// A folder that no key was begun with is begun with the one in the file, and where there is
// none one is made. Faults: NotFound when the key is gone, Conflict when it is another
// one, Invalid when the file holds none.
func (f *Folder) InForce() (*pseudonym.Key, error) {
	if want, err := f.Wanted(); err != nil || !want {
		return nil, err
	}
	return f.Begin(false)
}

// Trying is InForce for who lands nothing: of a folder that was begun with no key it returns
// one that is forgotten again.
func (f *Folder) Trying() (*pseudonym.Key, error) {
	if want, err := f.Wanted(); err != nil || !want {
		return nil, err
	}
	if k, err := f.Find(); err != nil || k != nil {
		return k, err
	}
	return pseudonym.New([pseudonym.KeySize]byte{}), nil
}

// Begin returns the key that the folder was begun with, as InForce does, whether or not the
// policy asks for it. With renew the folder is begun with another key, and pseudonyms of
// the one before are no longer those of the same names.
func (f *Folder) Begin(renew bool) (*pseudonym.Key, error) {
	begun, err := f.Begun()
	if err != nil {
		return nil, err
	}
	if begun != nil && !renew {
		return f.same(begun)
	}
	k, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		k, err = f.make()
	}
	if err != nil {
		return nil, err
	}
	b := Begun{Format: 1, Key: k.Fingerprint(), Since: f.Now().UTC()}
	if begun != nil {
		if b.Key == begun.Key {
			return k, nil
		}
		b.Earlier = append(begun.Earlier, begun.Key)
	}
	text, err := json.Marshal(b)
	if err == nil {
		err = durable.Write(f.begun(), append(text, '\n'), 0o600)
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "which key names are kept with cannot be written").At("%s", f.begun()).Because(err).
			Next("check the space left and the permissions of the data folder; nothing was added")
	}
	return k, nil
}

// Find returns the key that the folder was begun with; nil when it was begun with none. It
// writes nothing.
func (f *Folder) Find() (*pseudonym.Key, error) {
	begun, err := f.Begun()
	if err != nil || begun == nil {
		return nil, err
	}
	return f.same(begun)
}

// Begun returns what the folder says of its key; nil when it was begun with none.
func (f *Folder) Begun() (*Begun, error) {
	text, err := os.ReadFile(f.begun())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var b Begun
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	switch {
	case err != nil:
		return nil, fault.New(fault.Unavailable, "which key names are kept with cannot be read").At("%s", f.begun()).Because(err).
			Next("put the file back from a backup; nothing was added")
	case b.Format != 1:
		return nil, fault.New(fault.Unavailable, "the file is of format %d, and this candor reads format 1", b.Format).At("%s", f.begun()).Next("use a newer candor")
	}
	return &b, nil
}

func (f *Folder) begun() string { return filepath.Join(f.Dir, BegunName) }

// same returns the key in the file when it is the one that the folder was begun with.
func (f *Folder) same(b *Begun) (*pseudonym.Key, error) {
	k, err := f.read()
	const lost = "if it is lost for good, candor policy set FILE --new-key begins another, by which what is there is not found under its names, or set entities to clear"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "names are kept here as pseudonyms by key %s, and its file is not there", b.Key).At("%s", f.KeyFile()).
			Next("put it back there from where you keep it (no backup has it), or name it with --key or %s; %s", Variable, lost)
	case err != nil:
		return nil, err
	case k.Fingerprint() != b.Key:
		return nil, fault.New(fault.Conflict, "names are kept here as pseudonyms by key %s, and the file holds key %s", b.Key, k.Fingerprint()).At("%s", f.KeyFile()).
			Next("put the folder's own key there, or name it with --key or %s; %s", Variable, lost)
	}
	return k, nil
}

// head begins the line of a key's file; the secret follows in hexadecimal digits.
const head = "candor-key-1 "

// read reads the key's file. The error is fs.ErrNotExist when there is none.
func (f *Folder) read() (*pseudonym.Key, error) {
	if err := f.outside(); err != nil {
		return nil, err
	}
	info, err := os.Stat(f.KeyFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(f.KeyFile())
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the key of the names cannot be read").At("%s", f.KeyFile()).Because(err).Next("check that you may read it; nothing was added")
	}
	if others := info.Mode().Perm() & 0o077; others != 0 {
		return nil, fault.New(fault.Invalid, "others may read or write the key of the names (mode %04o)", info.Mode().Perm()).At("%s", f.KeyFile()).
			Next("chmod 600 %s", f.KeyFile())
	}
	digits, ok := strings.CutPrefix(string(bytes.TrimSpace(text)), head)
	secret, err := hex.DecodeString(digits)
	if !ok || err != nil || len(secret) != pseudonym.KeySize {
		return nil, fault.New(fault.Invalid, "the file holds no key of candor").At("%s", f.KeyFile()).Next("put the folder's own key there, or name it with --key or %s", Variable)
	}
	return pseudonym.New([pseudonym.KeySize]byte(secret)), nil
}

// make makes a key and its file.
func (f *Folder) make() (*pseudonym.Key, error) {
	var secret [pseudonym.KeySize]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, err
	}
	err := durable.Write(f.KeyFile(), []byte(head+hex.EncodeToString(secret[:])+"\n"), 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the key of the names cannot be written").At("%s", f.KeyFile()).Because(err).
			Next("name a file with --key or %s that can be made; nothing was added", Variable)
	}
	return pseudonym.New(secret), nil
}

// outside refuses a key within the data folder, where it would lie beside what it is to
// keep apart.
func (f *Folder) outside() error {
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return err
	}
	file, err := filepath.Abs(f.KeyFile())
	if err != nil {
		return err
	}
	if in, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(in) {
		return fault.New(fault.Usage, "the key of the names would lie in the data folder").At("%s", f.KeyFile()).Next("name a file elsewhere with --key or %s", Variable)
	}
	return nil
}
