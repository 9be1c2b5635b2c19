package attack

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
)

// Own is a collection that others than MITRE made: a team's own techniques and
// analytics, say. It is a library of its own beside MITRE's.
type Own struct {
	// Collection is the STIX id of the collection, and Name what it is called.
	Collection string `json:"collection_id"`
	Name       string `json:"name"`
	// AuthorRef is the STIX id of who made it, empty if it does not say, and Author the
	// name, empty if the bundle does not have it.
	AuthorRef string `json:"author_ref,omitempty"`
	Author    string `json:"author,omitempty"`
}

// Same reports whether o and p are versions of one collection: id and author are.
func (o Own) Same(p Own) bool { return o.Collection == p.Collection && o.AuthorRef == p.AuthorRef }

// By says who made it.
func (o Own) By() string {
	switch {
	case o.Author != "":
		return o.Author
	case o.AuthorRef != "":
		return o.AuthorRef
	}
	return "an author that it does not name"
}

// ownPrefix begins the domains of own collections. No domain of MITRE's has it.
const ownPrefix = "own-"

// Domain returns the name of the domain that the collection's releases are of. It is
// made of its name, for people, and of a hash of id and author, so that it is no other's.
func (o Own) Domain() string {
	var slug strings.Builder
	for _, r := range strings.ToLower(o.Name) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			slug.WriteRune(r)
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
	}
	name := slug.String()
	sum := sha256.Sum256([]byte(o.Collection + "\n" + o.AuthorRef))
	return ownPrefix + strings.TrimLeft(strings.Trim(name[:min(len(name), 40)], "-")+"-", "-") + hex.EncodeToString(sum[:4])
}

// Who makes ATT&CK, and its collections, by their STIX ids.
const mitreIdentity = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"

var mitreCollections = [...]string{
	"x-mitre-collection--1f5f1533-f617-4ca8-9ab4-6a02367fa019", // Enterprise
	"x-mitre-collection--dac0d2d7-8653-445c-9bff-82f934c1e858", // Mobile
	"x-mitre-collection--90c00720-636b-4485-b342-8751d232bf09", // ICS
}

// OfMITRE reports whether a collection says that it is MITRE's: by who made it, and by
// its id where it does not say. Whether it is true the hash of the file tells.
func OfMITRE(collection, authorRef string) bool {
	return authorRef == mitreIdentity || authorRef == "" && slices.Contains(mitreCollections[:], collection)
}

// IsOwn reports whether the release is of a collection that others than MITRE made.
func (r Release) IsOwn() bool { return r.Own.Collection != "" }

// In reports whether the release is of the domain that people may write short, or, for
// an own collection, by its name or id. Every release is of the empty domain.
func (r Release) In(domain string) bool {
	if domain == "" || r.Domain == DomainName(domain) {
		return true
	}
	if !r.IsOwn() {
		return false
	}
	written := ShortDomain(strings.ToLower(strings.TrimSpace(domain)))
	return written == strings.ToLower(r.Own.Name) || written == strings.ToLower(r.Own.Collection) ||
		ownPrefix+written == r.Domain || ownPrefix+written == r.Domain[:max(0, len(r.Domain)-9)]
}
