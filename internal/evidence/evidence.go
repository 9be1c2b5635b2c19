// Package evidence holds what every piece of evidence and every statement made
// from it have in common: the batch it came from, and the reason that names it.
//
// It has the one list of the kinds of evidence there are. It refuses to know what a
// piece of evidence means.
package evidence

// Of is a piece of evidence with the batch that brought it.
type Of[T any] struct {
	Value T
	Batch string
}

// Ref leads from a statement to what it rests on.
type Ref struct {
	// Kind is "batch", "object" (a STIX or ATT&CK id) or "policy" (a key).
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Detail says where within it, for people.
	Detail string `json:"detail,omitempty"`
}

// Reason is one sentence of a statement with what it rests on. Code is stable
// and for machines; Text is for people.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Refs []Ref  `json:"evidence"`
}

// Batches returns references to the batches, in the order given and each once.
// The empty batch is left out.
func Batches(ids ...string) []Ref {
	var refs []Ref
	seen := map[string]bool{"": true}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			refs = append(refs, Ref{Kind: "batch", ID: id})
		}
	}
	return refs
}
