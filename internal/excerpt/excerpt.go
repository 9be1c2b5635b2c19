// Package excerpt hands a release of the library, or a part of it with all that the part
// refers to, to others: as a STIX bundle of the very bytes that were imported, as tables
// for a spreadsheet, and as a layer of the ATT&CK Navigator.
//
// It adds no object and changes none. It refuses a selection that nothing fits, and a
// layer of a domain that the Navigator does not know.
package excerpt

import (
	"context"
	"slices"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/store"
)

// Service makes excerpts of a library.
type Service struct {
	Store   store.LibraryReader
	Library *library.Service
	// Program is who makes them, for tables and layers.
	Program string
}

// Asked is what an excerpt is to be of.
type Asked struct {
	Release attack.ReleaseRef
	// IDs are ATT&CK IDs, STIX ids or names of objects; Where narrows to objects that match
	// it, where it is not the zero Query. An object that fits either is chosen, and where
	// nothing is asked for, the whole release is.
	IDs   []string
	Where store.Query
	// Alone leaves out what the chosen objects refer to.
	Alone bool
}

// Excerpt is a release, or a part of it.
type Excerpt struct {
	Release attack.Release `json:"release"`
	Whole   bool           `json:"whole"`
	// Chosen is how many objects were asked for, and Objects how many there are with what
	// they refer to; objects that repeat an id count each time.
	Chosen  int `json:"chosen"`
	Objects int `json:"objects"`

	places []int
	lib    *attack.Library
	in     map[string]bool // STIX ids; nil for the whole release
	asked  map[string]bool // those that were chosen
	origin library.Official
}

// Has reports whether the excerpt has the object with a STIX id.
func (e *Excerpt) Has(id string) bool { return e.in == nil || e.in[id] }

// Of returns the excerpt that is asked for.
func (s *Service) Of(ctx context.Context, a Asked) (*Excerpt, error) {
	r, err := s.Library.Release(ctx, a.Release)
	if err != nil {
		return nil, err
	}
	carried, err := s.Store.Carried(ctx, r)
	if err != nil {
		return nil, err
	}
	e := &Excerpt{Release: r, Whole: len(a.IDs) == 0 && a.unfiltered()}
	if e.origin, err = s.Library.Origin(ctx, r); err != nil {
		return nil, err
	}
	if !e.Whole {
		if err := s.choose(ctx, e, a); err != nil {
			return nil, err
		}
	}
	for i := range carried {
		if e.Has(carried[i].StixID) {
			e.places = append(e.places, i)
		}
		if e.Whole || e.asked[carried[i].StixID] {
			e.Chosen++
		}
	}
	e.Objects = len(e.places)
	return e, nil
}

// unfiltered reports whether Where asks for nothing.
func (a *Asked) unfiltered() bool {
	w := a.Where
	return len(w.Kinds) == 0 && w.Text == "" && w.Tactic == "" && w.Platform == "" && w.LogSource == "" && w.Lifecycle == ""
}

// choose finds the objects that are asked for, and what they refer to.
func (s *Service) choose(ctx context.Context, e *Excerpt, a Asked) (err error) {
	e.asked = map[string]bool{}
	ref := attack.ReleaseRef{Domain: e.Release.Domain, Version: e.Release.Version}
	for _, id := range a.IDs {
		at, _, err := s.Library.Locate(ctx, id, ref)
		if err != nil {
			return err
		}
		e.asked[at.StixID] = true
	}
	if !a.unfiltered() {
		if err := s.filter(ctx, e, a.Where); err != nil {
			return err
		}
	}
	if len(e.asked) == 0 {
		return fault.New(fault.NotFound, "nothing in %s matches what was asked for", e.Release).Next("candor attack list takes the same filters and shows what there is")
	}
	e.in = e.asked
	if a.Alone {
		return nil
	}
	if err := s.load(ctx, e); err != nil {
		return err
	}
	e.in = closure(e.lib, e.asked)
	return nil
}

func (s *Service) filter(ctx context.Context, e *Excerpt, q store.Query) error {
	q.Release, q.Limit, q.Offset = e.Release, max(e.Release.Objects, 1), 0
	q, err := s.Library.Narrowing(ctx, q)
	if err != nil {
		return err
	}
	found, _, err := s.Library.List(ctx, q)
	for _, l := range found {
		e.asked[l.StixID] = true
	}
	return err
}

// load reads the whole release, which tables and references need.
func (s *Service) load(ctx context.Context, e *Excerpt) (err error) {
	if e.lib == nil {
		e.lib, err = s.Store.Load(ctx, e.Release)
	}
	return err
}

// closure returns the chosen objects with those that they are related to and the
// relationship objects that say so, and with all that any of these refers to: objects
// that hold an id, who made and marked them, the parent of a sub-technique, what took the
// place of what was revoked, the strategy of an analytic and what it detects.
func closure(lib *attack.Library, chosen map[string]bool) map[string]bool {
	c := &closing{lib: lib, in: map[string]bool{}}
	for id := range chosen {
		c.add(id)
	}
	for id := range chosen {
		c.around(id)
	}
	for len(c.todo) > 0 {
		id := c.todo[len(c.todo)-1]
		c.todo = c.todo[:len(c.todo)-1]
		c.follow(id)
	}
	return c.in
}

// closing is a closure that is being made.
type closing struct {
	lib  *attack.Library
	in   map[string]bool
	todo []string
}

func (c *closing) add(ids ...string) {
	for _, id := range ids {
		if _, there := c.lib.Object(id); there && !c.in[id] {
			c.in[id] = true
			c.todo = append(c.todo, id)
		}
	}
}

// bookkeeping are relations by which everything hangs together, and nothing is meant.
func bookkeeping(typ string) bool {
	return slices.Contains([]string{attack.CreatedBy, attack.ModifiedBy, attack.MarkedBy, attack.Contains}, typ)
}

// around adds what a chosen object is related to, in either direction.
func (c *closing) around(id string) {
	for _, r := range c.lib.From(id) {
		if r.Type != attack.Contains {
			c.add(r.By, r.To)
		}
	}
	for _, r := range c.lib.To(id) {
		if !bookkeeping(r.Type) {
			c.add(r.By, r.From)
		}
	}
}

// follow adds what an object refers to.
func (c *closing) follow(id string) {
	o, _ := c.lib.Object(id)
	c.add(append([]string{o.CreatedBy, o.ModifiedBy}, o.Markings...)...)
	if o.Relationship != nil {
		c.add(o.Relationship.Source, o.Relationship.Target)
		return
	}
	for _, r := range c.lib.From(id) {
		switch {
		case r.By == "" && r.Type != attack.Contains:
			c.add(r.To)
		case r.Type == attack.SubtechniqueOf, r.Type == attack.RevokedBy, r.Type == attack.Detects && o.Kind == attack.KindStrategy:
			c.add(r.By, r.To)
		}
	}
	for _, r := range c.lib.To(id) {
		if r.Type == attack.HasAnalytic {
			c.add(r.From)
		}
	}
}
