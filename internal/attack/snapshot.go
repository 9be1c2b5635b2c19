package attack

import "encoding/hex"

// Hash is a SHA-256 digest.
type Hash [32]byte

// String returns h in lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns h in lower-case hex.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Snapshot is one object as a release carries it.
type Snapshot struct {
	Object Object
	// Raw is the object's exact bytes, white space included, from the first
	// brace to the last.
	Raw []byte
	// ObjectHash is the SHA-256 of Raw less the white space outside strings.
	ObjectHash Hash
}
