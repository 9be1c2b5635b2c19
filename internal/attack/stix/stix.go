// Package stix reads ATT&CK release bundles: STIX 2.0 and 2.1 JSON bytes in,
// objects with their exact bytes and hashes out. It is the only place that knows
// how STIX writes an object.
//
// It streams: memory is bounded by the largest object, not by the file. It
// refuses, with the byte offset, what is not one whole bundle of valid JSON
// (invalid UTF-8 included), an object without id or type, and what exceeds its
// limits. It repairs nothing: a field of the wrong type stays empty, of members
// with equal keys the last counts, the bytes are kept, and the reader is told of the
// oddity.
package stix

import (
	"io"
	"strings"

	"candor/internal/attack"
)

// Limits bound what Read accepts. A field that is zero has its default.
type Limits struct {
	// File is the most bytes of an unpacked file; 4 GiB by default.
	File int64
	// Object is the most bytes of one object; 64 MiB by default.
	Object int
	// Objects is the most objects in a bundle; a million by default.
	Objects int
	// Depth is how deep arrays and objects may nest; 128 by default.
	Depth int
	// Ratio is how many times its packed size a gzip file may have unpacked; 200
	// by default. Files that unpack to less than 16 MiB may have any ratio.
	Ratio int64
}

// orDefault returns l with the default of every field that is zero.
func (l Limits) orDefault() Limits {
	def := func(have *int, want int) {
		if *have == 0 {
			*have = want
		}
	}
	if l.File == 0 {
		l.File = 4 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	def(&l.Object, 64<<20)
	def(&l.Objects, 1<<20)
	def(&l.Depth, 128)
	return l
}

// Source is the bytes to read, plain or packed with gzip.
type Source struct {
	// Name is the file's name in errors.
	Name   string
	Reader io.Reader
	Limits Limits
}

// Oddity is something unusual about an object, which was kept as it was.
type Oddity struct {
	StixID   string
	ATTACKID string
	What     string
}

// maxOddities is how many oddities a summary lists.
const maxOddities = 1000

// Collection is what the bundle's x-mitre-collection object says of the bundle.
type Collection struct {
	ID       string
	Name     string
	Version  string
	Modified string
	// Author is the STIX id of who made it; empty if it does not say.
	Author string
}

// Summary is what Read learnt of a bundle as a whole.
type Summary struct {
	// ID is the bundle's id.
	ID string
	// STIX is the STIX version, "2.0" or "2.1": the one that the bundle states, else
	// the highest that objects state, else "2.0".
	STIX string
	// Objects is the number of objects, duplicates included.
	Objects int
	// Collection is nil for a bundle without a collection object.
	Collection *Collection
	// Identities are the names of the identities in the bundle, by their STIX ids.
	Identities map[string]string
	// Domains counts the objects that name each domain.
	Domains map[string]int
	// FileHash and Size are of the unpacked file, every byte of it.
	FileHash attack.Hash
	Size     int64
	// Oddities lists the first thousand; MoreOddities counts the rest.
	Oddities     []Oddity
	MoreOddities int
}

// Domain returns the ATT&CK domain that the bundle is of, or the empty string
// if it cannot be told: the collection's name says ("ICS ATT&CK"), else the
// domain that most objects name.
func (s *Summary) Domain() string {
	if s.Collection != nil {
		if name, ok := strings.CutSuffix(s.Collection.Name, " ATT&CK"); ok && name != "" && !strings.Contains(name, " ") {
			return attack.DomainName(name)
		}
	}
	best, most, tie := "", 0, false
	for d, n := range s.Domains {
		switch {
		case n > most:
			best, most, tie = d, n, false
		case n == most:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return best
}

// note records an oddity.
func (s *Summary) note(o Oddity) {
	if len(s.Oddities) >= maxOddities {
		s.MoreOddities++
		return
	}
	s.Oddities = append(s.Oddities, o)
}

// add takes one object into the summary.
func (s *Summary) add(o *attack.Object) {
	s.Objects++
	for _, d := range o.Domains {
		s.Domains[d]++
	}
	if o.Kind == attack.KindCollection && s.Collection == nil {
		s.Collection = &Collection{ID: o.ID, Name: o.Name, Version: o.Version, Modified: o.Modified, Author: o.CreatedBy}
	}
	if o.Kind == attack.KindIdentity {
		if s.Identities == nil {
			s.Identities = map[string]string{}
		}
		s.Identities[o.ID] = o.Name
	}
}
