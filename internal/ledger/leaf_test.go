package ledger_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"candor/internal/fault"
	"candor/internal/ledger"
)

// TestAProofNamesTheLeafThatItProves changes the leaf of a proof alone, which a reader
// may compare in place of the line.
func TestAProofNamesTheLeafThatItProves(t *testing.T) {
	const line = "{}" // of a ledger with this one entry: its leaf is the root, and the proof is empty
	p := ledger.Inclusion{Seq: 0, Line: line, Proof: []string{}}
	p.Leaf = leafOf(line)
	p.Root = ledger.Root{Size: 1, Hash: p.Leaf}
	if err := p.Check(); err != nil {
		t.Fatalf("a proof that holds: %v", err)
	}
	p.Leaf = strings.Repeat("ab", 32)
	if err := p.Check(); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a leaf of another line: %v", err)
	}
}

// leafOf is the hash of a leaf by RFC 6962.
func leafOf(line string) string {
	h := sha256.Sum256([]byte("\x00" + line))
	return hex.EncodeToString(h[:])
}
