// Package head holds signed heads of the ledger's tree: a few lines that whoever reads them
// elsewhere can hold against the ledger later, without having noted anything by hand.
//
// A head is a signed note of golang.org/x/mod/sumdb/note whose text is a checkpoint: where
// the tree is from, how many entries it has, its root, and when that was said. The package
// knows keys, what they sign and how heads are found within other texts. It refuses to sign
// with a key that the ledger has no entry of, and to take a signature's word for a key that it
// does not know.
package head

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/fault"
	"candor/internal/ledger"
)

// Begin begins the origin of every head of candor's.
const Begin = "candor/"

// Head is what a tree was at a time.
type Head struct {
	// Origin names the ledger, whatever its key is.
	Origin string `json:"origin"`
	ledger.Root
	// Time is when it was signed, by the clock of the machine that did.
	Time time.Time `json:"time"`
}

// timed begins the line that says when a head was signed.
const timed = "time "

// Text is what is signed of a head.
func (h Head) Text() string {
	root, err := hex.DecodeString(h.Hash)
	if err != nil {
		return "" // no root has such a hash
	}
	return fmt.Sprintf("%s\n%d\n%s\n%s%s\n", h.Origin, h.Size, base64.StdEncoding.EncodeToString(root), timed, h.Time.UTC().Format(time.RFC3339))
}

// parse reads the text of a head. Lines that it does not know may follow the root.
func parse(text string) (h Head, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return h, errors.New("it has no origin, size and root")
	}
	h.Origin = lines[0]
	if h.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || h.Size < 0 || strconv.FormatInt(h.Size, 10) != lines[1] {
		return h, fmt.Errorf("%q is no number of entries", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != 32 {
		return h, fmt.Errorf("%q is no root", lines[2])
	}
	h.Hash = hex.EncodeToString(root)
	for _, l := range lines[3:] {
		if at, ok := strings.CutPrefix(l, timed); ok {
			if h.Time, err = time.Parse(time.RFC3339, at); err != nil {
				return h, fmt.Errorf("%q is no time", at)
			}
		}
	}
	return h, nil
}

// Sign signs a head.
func (k *Key) Sign(r ledger.Root, at time.Time) (string, error) {
	h := Head{Origin: k.signer.Name(), Root: r, Time: at}
	signed, err := note.Sign(&note.Note{Text: h.Text()}, k.signer)
	if err != nil {
		return "", fault.New(fault.Internal, "the head cannot be signed").Because(err).Next("report this as a fault of candor")
	}
	return string(signed), nil
}

// Open returns the head that a signed note holds, and the key that signed it, one of those
// that are known. It is fault.Invalid for what is no head, fault.NotFound for one that none of
// them signed, and fault.Conflict for one whose signature does not hold.
func Open(text string, keys Keys) (Head, Known, error) {
	list := make([]note.Verifier, len(keys))
	for i := range keys {
		list[i] = keys[i].verifier
	}
	n, err := note.Open([]byte(text), note.VerifierList(list...))
	var unknown *note.UnverifiedNoteError
	var forged *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown):
		h, err := parse(unknown.Note.Text)
		if err != nil {
			return h, Known{}, noHead(err)
		}
		sig := unknown.Note.UnverifiedSigs[0]
		return h, Known{}, fault.New(fault.NotFound, "it is signed with the key %s, which is not known here", name(sig.Name, sig.Hash)).
			Next("name its key with --key, as candor ledger key prints it")
	case errors.As(err, &forged):
		return Head{}, Known{}, fault.New(fault.Conflict, "the signature of the key %s does not hold: it is forged or damaged", name(forged.Name, forged.Hash)).
			Next("get it from where it was written")
	case err != nil:
		return Head{}, Known{}, noHead(err)
	}
	h, err := parse(n.Text)
	if err != nil {
		return h, Known{}, noHead(err)
	}
	by, _ := keys.find(n.Sigs[0].Name, n.Sigs[0].Hash)
	if h.Origin != by.verifier.Name() {
		return h, by, noHead(fmt.Errorf("it is of %q, and signed by %q", h.Origin, by.verifier.Name()))
	}
	return h, by, nil
}

func noHead(err error) error {
	return fault.New(fault.Invalid, "it is no signed head of a ledger").Because(err).Next("name a file that has heads as candor ledger head writes them")
}

// name is how a key is called: its name and the hash of it, as in a signed note.
func name(of string, hash uint32) string { return fmt.Sprintf("%s+%08x", of, hash) }
