// Package library answers people's questions about ATT&CK objects from a
// library store: what an object is, what it is related to, where it has been.
//
// It makes the one model that the command line, the API and the pages render.
// It refuses to mix official text with analysis.
package library

import (
	"candor/internal/attack"
	"candor/internal/store"
)

// Page is everything the faces show of one object in one release.
type Page struct {
	Release attack.Release `json:"release"`
	Object  attack.Object  `json:"object"`
	// Lifecycle is "live", "deprecated" or "revoked".
	Lifecycle string `json:"lifecycle"`
	// Successor is the object that a revoked one leads to through Chain.
	Successor *store.Header  `json:"successor,omitempty"`
	Chain     []store.Header `json:"chain,omitempty"`

	ObjectHash  string `json:"object_sha256"`
	ContentHash string `json:"content_sha256"`
	FileHash    string `json:"file_sha256"`
	Bytes       int    `json:"bytes"`
	// Copies is how many objects of the release have the STIX id, where they are more than
	// one: this is the one that counts, and Service.Nth has each.
	Copies int `json:"copies,omitempty"`

	Relations []Group `json:"relations"`
	// Context is the path that people ask for: analytic, strategy, technique,
	// tactic, each with its header.
	Context []Step `json:"context"`
	// History holds every imported release of the domains that the object occurs
	// in, by domain, oldest first.
	History  []Moment `json:"history"`
	Official Official `json:"official"`
}

// Group is the relations of one type in one direction.
type Group struct {
	// Title is for people, for example "Detected by".
	Title string       `json:"title"`
	Type  string       `json:"type"`
	Out   bool         `json:"out"`
	Edges []store.Edge `json:"edges"`
}

// Step is one object on the way from the object to its tactics, or to those who
// use what it is about.
type Step struct {
	Relation string       `json:"relation"`
	Depth    int          `json:"depth"`
	Object   store.Header `json:"object"`
	// Text is what the relationship object that leads here says, for example how
	// a group uses the technique, with the References that its citations name.
	Text       string             `json:"text,omitempty"`
	References []attack.Reference `json:"references,omitempty"`
}

// Moment is the object in one release of its domain.
type Moment struct {
	Domain  string `json:"domain"`
	Release string `json:"release"`
	// Status is "present", "absent", "deprecated", "revoked", or "current bundle"
	// where a live object is present in the newest release of the domain.
	Status     string `json:"status"`
	Version    string `json:"version,omitempty"`
	Created    string `json:"created,omitempty"`
	Modified   string `json:"modified,omitempty"`
	ObjectHash string `json:"object_sha256,omitempty"`
	// Changed says whether the object means something else than in the release
	// before: it came, went, or its content differs. It is false in the first
	// release that is imported.
	Changed bool `json:"changed"`
}

// Official names the source and licence of official text.
type Official struct {
	Source  string `json:"source"`
	Licence string `json:"licence"`
	// Trademark says whose the name is, and that Candor is not theirs; empty for what
	// is not MITRE's.
	Trademark string `json:"trademark,omitempty"`
	URL       string `json:"url,omitempty"`
}
