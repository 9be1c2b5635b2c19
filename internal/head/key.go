package head

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/ledger"
)

// Variable is the variable of the environment that names the key's file.
const Variable = "CANDOR_HEADS_KEY"

// Folder says where the key lies that signs the heads of a data folder: beside it, so that who
// copies the folder, or backs it up, does not take along what signs for it.
type Folder struct {
	// Dir is the data folder, and File the key's; empty for the folder's name with
	// .heads.key.
	Dir, File string
}

// Key signs heads.
type Key struct {
	signer note.Signer
	// VKey is what verifies what it signed.
	VKey   string
	secret string
}

// Name is how the key is called.
func (k *Key) Name() string { return name(k.signer.Name(), k.signer.KeyHash()) }

// KeyFile returns the path of the key's file.
func (f Folder) KeyFile() string {
	if f.File != "" {
		return f.File
	}
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		dir = filepath.Clean(f.Dir)
	}
	return dir + ".heads.key"
}

// ready is where a key lies that has no entry yet.
func (f Folder) ready() string { return f.KeyFile() + ".next" }

// Make returns a new key, of an origin or, where that is empty, of a new one.
func Make(origin string) (*Key, error) {
	if origin == "" {
		var b [8]byte
		_, _ = rand.Read(b[:]) // cannot fail
		origin = Begin + hex.EncodeToString(b[:])
	}
	secret, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fault.New(fault.Internal, "no key can be made").Because(err).Next("report this as a fault of candor")
	}
	return keyOf(secret)
}

// keyOf reads a key.
func keyOf(secret string) (*Key, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	parts := strings.SplitN(secret, "+", 5) // PRIVATE, KEY, name, hash, seed; the last can have a + in it
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, errors.New("it holds no Ed25519 key")
	}
	vkey, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	return &Key{signer: signer, VKey: vkey, secret: secret}, err
}

// There reports whether there is a key's file.
func (f Folder) There() bool {
	_, err := os.Stat(f.KeyFile())
	return err == nil
}

// Read reads the key. The error is fs.ErrNotExist when there is none.
func (f Folder) Read() (*Key, error) { return f.read(f.KeyFile()) }

func (f Folder) read(path string) (*Key, error) {
	if err := f.outside(); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the key of the heads cannot be read").At("%s", path).Because(err).Next("check that you may read it; no head was signed")
	}
	if others := info.Mode().Perm() & 0o077; others != 0 {
		return nil, fault.New(fault.Invalid, "others may read or write the key of the heads (mode %04o)", info.Mode().Perm()).At("%s", path).
			Next("chmod 600 %s; if anybody may have read it: candor ledger key rotate", path)
	}
	k, err := keyOf(strings.TrimSpace(string(text)))
	if err != nil { // of which nothing is told: it may have a part of the key
		return nil, fault.New(fault.Invalid, "the file holds no key of heads").At("%s", path).Next("put the ledger's own key there, or name it with %s", Variable)
	}
	return k, nil
}

// Ready writes a key to where it lies until it has its entry.
func (f Folder) Ready(k *Key) error {
	if err := f.outside(); err != nil {
		return err
	}
	if err := durable.Write(f.ready(), []byte(k.secret+"\n"), 0o600); err != nil {
		return fault.New(fault.Unavailable, "the key of the heads cannot be written").At("%s", f.KeyFile()).Because(err).
			Next("name a file that can be made with %s; nothing was changed", Variable)
	}
	return nil
}

// Place puts the key that lies ready in force if it is the one that is wanted, and removes
// any other.
func (f Folder) Place(wanted string) error {
	k, err := f.read(f.ready())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if k.VKey != wanted {
		return os.Remove(f.ready())
	}
	if err := durable.Rename(f.ready(), f.KeyFile()); err != nil {
		return fault.New(fault.Unavailable, "the key has its entry, and is not in its place yet").At("%s", f.KeyFile()).Because(err).Next("run the command again")
	}
	return nil
}

// outside refuses a key within the data folder, which is what its signatures are to be
// held against.
func (f Folder) outside() error {
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return err
	}
	file, err := filepath.Abs(f.KeyFile())
	if err != nil {
		return err
	}
	if in, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(in) {
		return fault.New(fault.Usage, "the key of the heads would lie in the data folder").At("%s", f.KeyFile()).Next("name a file elsewhere with %s", Variable)
	}
	return nil
}

// Known is a key that the ledger has an entry of.
type Known struct {
	// VKey is what verifies what it signed, and Name how it is called.
	VKey string `json:"vkey"`
	Name string `json:"name"`
	// Seq is the place of its entry, and Since the time of that.
	Seq   int64     `json:"entry"`
	Since time.Time `json:"since"`
	// Until is the place of the entry of the key after it; nil for the one in force.
	Until *int64 `json:"until,omitempty"`
	// Confirmed says that the key before it signed it; the first one has none.
	Confirmed bool   `json:"confirmed"`
	By        string `json:"by,omitempty"`
	Reason    string `json:"reason,omitempty"`

	verifier note.Verifier
}

// Keys are the keys of a ledger, in the order of their entries.
type Keys []Known

// stating is the first line of what the entry of a key says.
const stating = "candor key of heads"

// Record returns the entry of a key, but for place and time, which before signs besides the
// key itself; nil for a key that none confirms.
func (k *Key) Record(before *Key) (ledger.Entry, error) {
	signers := []note.Signer{k.signer}
	text := stating + "\n" + k.VKey + "\n"
	if before != nil {
		signers, text = append(signers, before.signer), text+"after "+before.VKey+"\n"
	}
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return ledger.Entry{}, fault.New(fault.Internal, "the key cannot be signed").Because(err).Next("report this as a fault of candor")
	}
	sum := sha256.Sum256(signed)
	return ledger.Entry{Kind: ledger.Key, ID: k.Name(), SHA256: hex.EncodeToString(sum[:]), Note: string(signed)}, nil
}

// Read returns the keys of which entries are. An entry that does not say what it should is
// in wrong, and its key is not known.
func Read(entries []ledger.Entry) (keys Keys, wrong map[int64]string) {
	wrong = map[int64]string{}
	for i := range entries {
		e := &entries[i]
		if e.Kind != ledger.Key {
			continue
		}
		k, err := stated(e, keys)
		if err != nil {
			wrong[e.Seq] = err.Error()
			continue
		}
		if n := len(keys); n > 0 {
			keys[n-1].Until = &e.Seq
		}
		keys = append(keys, k)
	}
	return keys, wrong
}

// stated reads the entry of a key that comes after others.
func stated(e *ledger.Entry, before Keys) (Known, error) {
	if sum := sha256.Sum256([]byte(e.Note)); hex.EncodeToString(sum[:]) != e.SHA256 {
		return Known{}, errors.New("what it says of the key is not what its hash is of")
	}
	body, _, _ := strings.Cut(e.Note, "\n\n")
	lines := strings.Split(body, "\n")
	if len(lines) < 2 || lines[0] != stating {
		return Known{}, errors.New("it states no key")
	}
	v, err := note.NewVerifier(lines[1])
	if err != nil || name(v.Name(), v.KeyHash()) != e.ID {
		return Known{}, errors.New("the key that it states is none, or another one")
	}
	n, err := note.Open([]byte(e.Note), note.VerifierList(v))
	if err != nil {
		return Known{}, errors.New("the key did not sign it")
	}
	k := Known{VKey: lines[1], Name: e.ID, Seq: e.Seq, Since: e.Time, By: e.By, Reason: e.Reason, verifier: v}
	if strings.Count(n.Text, "\n") < 3 {
		return k, nil // none confirms it
	}
	last, ok := before.Current()
	if !ok || lines[2] != "after "+last.VKey {
		return Known{}, errors.New("it names a key before it that was not in force")
	}
	if _, err := note.Open([]byte(e.Note), note.VerifierList(last.verifier)); err != nil {
		return Known{}, errors.New("the key before it, which it names, did not sign it")
	}
	k.Confirmed = true
	return k, nil
}

// Current returns the key in force; false where there is none.
func (ks Keys) Current() (Known, bool) {
	if len(ks) == 0 {
		return Known{}, false
	}
	return ks[len(ks)-1], true
}

func (ks Keys) find(of string, hash uint32) (Known, bool) {
	for _, k := range ks {
		if k.verifier.Name() == of && k.verifier.KeyHash() == hash {
			return k, true
		}
	}
	return Known{}, false
}

// From returns the keys that follow from one that somebody noted: it, and each that the one
// before confirmed. It is fault.Usage for what is no key. A key that is not among them is
// known all the same, by itself.
func (ks Keys) From(vkey string) (Keys, error) {
	v, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return nil, fault.New(fault.Usage, "%q is no key that verifies heads", vkey).At("--key").Because(err).Next("write it as candor ledger key printed it: NAME+HASH+KEY")
	}
	for i := range ks {
		if ks[i].VKey != strings.TrimSpace(vkey) {
			continue
		}
		end := i + 1
		for end < len(ks) && ks[end].Confirmed {
			end++
		}
		return ks[i:end], nil
	}
	return Keys{{VKey: strings.TrimSpace(vkey), Name: name(v.Name(), v.KeyHash()), Seq: -1, verifier: v}}, nil
}
