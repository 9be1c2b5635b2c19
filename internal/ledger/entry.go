package ledger

import (
	"bytes"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/fault"
)

// Kind is what an entry records.
type Kind string

// The kinds of entry.
const (
	Batch      Kind = "batch"      // evidence was added
	Withdrawal Kind = "withdrawal" // a batch stopped counting
	Policy     Kind = "policy"     // a policy came into force
	Release    Kind = "release"    // an ATT&CK release was imported
	Removal    Kind = "removal"    // an ATT&CK release was removed
	Merge      Kind = "merge"      // batches of alerts were merged into one file
	Expiry     Kind = "expiry"     // rows of alerts were removed for retention
	Key        Kind = "key"        // a key began to sign the heads of the tree
	Account    Kind = "account"    // an account was made or changed
	Access     Kind = "access"     // who came in, and who was refused, for a while
)

// Entry is one line of the ledger.
type Entry struct {
	// Seq is its place, from 0.
	Seq int64 `json:"seq"`
	// Time is when it was recorded.
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`
	// ID is the batch, for a batch or a withdrawal; the name and version of a
	// policy; the name of a release, for a release or a removal; that of the merged file
	// or of the expiry; what a key is called.
	ID string `json:"id"`
	// SHA256 is of what the entry vouches for, in hexadecimal: all that the store
	// keeps of a batch, the statement of withdrawal, the policy file, all that the
	// library keeps of a release, the statement of removal, the merged file, the record of
	// what expired, the note of a key, of an account or of who came in.
	SHA256 string `json:"sha256"`
	// Rows is the SHA-256 over the rows of a batch of alerts in canonical form, which
	// stays what it is in whatever file they lie.
	Rows string `json:"rows_sha256,omitempty"`
	// Input is the SHA-256 of a batch's input files, or of a release's bundle file. A
	// release without was recorded by an earlier candor, and SHA256 is of the file.
	Input string `json:"input,omitempty"`
	// Batches are the hashes over the rows, as Rows, of each of the batches that were merged,
	// or of which rows expired, as the rows are since then; by the batch's ID.
	Batches map[string]string `json:"batches,omitempty"`
	// Files are the SHA-256 of the files that an expiry wrote anew, by name.
	Files map[string]string `json:"files,omitempty"`
	// Counts are a batch's or a release's, by name.
	Counts map[string]int64 `json:"counts,omitempty"`
	// Note is what a key is, signed by it and by the key before it; what an account is; who
	// came in.
	Note   string `json:"note,omitempty"`
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// maxCount is the largest number that every reader of JSON reads exactly.
const maxCount = 1 << 53

// Encode returns the entry as a line of JSON in canonical form (RFC 8785),
// without a line break. It returns fault.Invalid for an entry that does not say
// what it should.
func (e Entry) Encode() ([]byte, error) {
	if what := e.wrong(); what != "" {
		return nil, fault.New(fault.Invalid, "not an entry of the ledger: %s", what)
	}
	e.Time = e.Time.UTC()
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fault.New(fault.Invalid, "not an entry of the ledger").Because(err)
	}
	v := jsontext.Value(b)
	if err := v.Canonicalize(); err != nil {
		return nil, fault.New(fault.Invalid, "not an entry of the ledger").Because(err)
	}
	return v, nil
}

// wrong says what is wrong with an entry; it is empty when nothing is.
func (e *Entry) wrong() string {
	switch {
	case e.Seq < 0 || e.Seq > maxCount:
		return "its place is out of range"
	case e.Time.IsZero():
		return "it has no time"
	case e.Kind == "" || e.ID == "":
		return "it says not what it records"
	case !isHash(e.SHA256), e.Input != "" && !isHash(e.Input), e.Rows != "" && !isHash(e.Rows):
		return "its hash is not a SHA-256 in lower-case hexadecimal"
	}
	for _, hashes := range []map[string]string{e.Batches, e.Files} {
		for name, hash := range hashes {
			if name == "" || !isHash(hash) {
				return "the hash of a batch or a file is not a SHA-256 in lower-case hexadecimal"
			}
		}
	}
	for name, n := range e.Counts {
		if name == "" || n < 0 || n > maxCount {
			return "a count is out of range"
		}
	}
	return ""
}

func isHash(s string) bool {
	_, err := hashOf(s)
	return err == nil && string(bytes.ToLower([]byte(s))) == s
}

// Decode reads a line as Encode writes it, and refuses every other spelling of
// the same, with fault.Invalid.
func Decode(line []byte) (Entry, error) {
	var e Entry
	if !utf8.Valid(line) {
		return Entry{}, fault.New(fault.Invalid, "not an entry of the ledger: not UTF-8")
	}
	if err := json.Unmarshal(line, &e, json.RejectUnknownMembers(true)); err != nil {
		return Entry{}, fault.New(fault.Invalid, "not an entry of the ledger").Because(err)
	}
	again, err := e.Encode()
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(again, line) {
		return Entry{}, fault.New(fault.Invalid, "not an entry of the ledger: not in canonical form")
	}
	return e, nil
}
