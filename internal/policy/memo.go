package policy

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"candor/internal/assure"
)

// Memo remembers the policy that a text was read as last: a server asks for each request
// which one is in force. The zero Memo is empty. It is safe for concurrent use. What it
// returns is shared, and nobody may change what it points to.
type Memo struct {
	mu     sync.Mutex
	known  bool
	text   []byte // nil for the default
	policy assure.Policy
}

// Read reads a policy as Read does, and returns the default one where r is nil.
func (m *Memo) Read(r io.Reader, name string) (assure.Policy, error) {
	var text []byte
	if r != nil {
		b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
		if err != nil {
			return assure.Policy{}, unread(name, err)
		}
		text = b // never nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known && (m.text == nil) == (text == nil) && bytes.Equal(m.text, text) {
		return m.policy, nil
	}
	p, err := Default(), error(nil)
	if text != nil {
		p, err = Read(bytes.NewReader(text), name)
	}
	if err != nil {
		return p, err
	}
	m.known, m.text, m.policy = true, text, p
	return p, nil
}

// Pseudonyms returns what says whether the policy in a file, or the built-in one where it
// is not there, asks for names to be kept as pseudonyms.
func Pseudonyms(file string) func() (bool, error) {
	var m Memo
	return func() (bool, error) {
		f, err := os.Open(file)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, unread(file, err)
		}
		defer f.Close()
		p, err := m.Read(f, file)
		return p.Entities == assure.Pseudonym, err
	}
}
