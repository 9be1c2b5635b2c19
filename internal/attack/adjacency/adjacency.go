// Package adjacency answers which techniques of other stages the adversaries of
// a technique also use.
//
// It counts groups and campaigns that a release says use both. It refuses to
// read more into that: two techniques with common users are neither cause and
// effect nor a sequence, and few users say little, so that a technique with too
// few of them is answered for by what it is a part of.
package adjacency

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"candor/internal/attack"
)

// DefaultMinSupport is the number of users below which a technique alone says
// too little.
const DefaultMinSupport = 5

// Options restrict the answer.
type Options struct {
	// Tactic restricts it to techniques of one tactic, by ATT&CK ID, short name or
	// STIX id; empty means every tactic that the technique itself is not in.
	Tactic string
	// MinSupport is the fewest users of the technique on which an answer is based
	// before it backs off; 0 means DefaultMinSupport.
	MinSupport int
}

// The levels on which an answer is based.
const (
	LevelTechnique = "technique"
	LevelParent    = "parent" // the parent technique and all its sub-techniques
	LevelTactic    = "tactic" // every technique of the technique's tactics
)

// Ref points at an object.
type Ref struct {
	StixID   string `json:"stix_id"`
	ATTACKID string `json:"attack_id"`
	Name     string `json:"name"`
}

// Result is what is adjacent to a technique.
type Result struct {
	Release   attack.Release `json:"release"`
	Technique Ref            `json:"technique"`
	// Users are the live groups and campaigns that use the technique itself.
	Users []Ref `json:"users"`
	// Level says on whose users the answer is based, Basis which objects those
	// are, and Note why, for people.
	Level      string `json:"level"`
	Basis      []Ref  `json:"basis"`
	BasisUsers int    `json:"basis_users"`
	Note       string `json:"note"`
	// AllUsers is the number of live groups and campaigns that use any technique.
	AllUsers int        `json:"all_users"`
	Adjacent []Adjacent `json:"adjacent"`
}

// Adjacent is a technique of a tactic that users of the basis also use. Rows are
// in the order of the tactics, then by support and lift, highest first.
type Adjacent struct {
	Technique Ref `json:"technique"`
	Tactic    Ref `json:"tactic"`
	// Support is the number of users of the basis that use this technique.
	Support int `json:"support"`
	// Confidence is Support / users of the basis, 0 to 1.
	Confidence float64 `json:"confidence"`
	// TheirUsers is how many of all users use this technique.
	TheirUsers int `json:"technique_users"`
	// Lift is Confidence / share of all users that use this technique; 1 is what
	// chance would give.
	Lift  float64 `json:"lift"`
	Users []Ref   `json:"users"`
}

// Of returns what is adjacent to the technique with the given STIX id, as an
// Index of the view does. Whoever asks for many techniques makes one Index.
func Of(lib *attack.Library, technique string, opt Options) Result {
	return NewIndex(lib).Of(technique, opt)
}

// Index is a release made ready to answer for many techniques. It is immutable
// and safe for concurrent use.
type Index struct {
	lib     *attack.Library
	users   users
	columns []column
}

// column is a tactic with its live techniques.
type column struct {
	tactic     *attack.Object
	techniques []*attack.Object
}

// NewIndex returns the index of a view, which must hold techniques, tactics,
// matrices, groups, campaigns and relationships.
func NewIndex(lib *attack.Library) *Index {
	x := &Index{lib: lib, users: usersOf(lib)}
	for _, t := range Tactics(lib) {
		x.columns = append(x.columns, column{t, lib.Sources(t.ID, attack.InTactic)})
	}
	return x
}

// Of returns what is adjacent to the technique with the given STIX id. For an id
// that is no technique of the view it returns an empty result.
func (x *Index) Of(technique string, opt Options) Result {
	lib := x.lib
	res := Result{Release: lib.Release, Users: []Ref{}, Basis: []Ref{}, Adjacent: []Adjacent{}}
	t, ok := lib.Object(technique)
	if !ok || !t.Kind.Technique() {
		return res
	}
	if opt.MinSupport == 0 {
		opt.MinSupport = DefaultMinSupport
	}
	res.Technique = refOf(t)
	res.AllUsers = len(x.users.all)
	res.Users = x.users.refs(x.users.by[t.ID])
	b := backOff(lib, x.users, t, opt.MinSupport)
	res.Level, res.Note, res.Basis, res.BasisUsers = b.level, b.note, refs(b.techniques), b.users.len()
	if b.level == LevelTactic {
		res.Basis = refs(lib.TacticsOf(t.ID))
	}
	res.Adjacent = x.rows(&b, t, opt.Tactic)
	return res
}

// set is some of the users of a release, by their place among all.
type set []uint64

func (s set) len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// and returns what s and t have in common; either may be nil.
func (s set) and(t set) set {
	out := make(set, min(len(s), len(t)))
	for i := range out {
		out[i] = s[i] & t[i]
	}
	return out
}

// users is who uses what. It holds live objects and relations only.
type users struct {
	all []Ref          // users of any technique, by ATT&CK ID
	by  map[string]set // technique -> its users
}

func usersOf(lib *attack.Library) users {
	uses := map[*attack.Object][]*attack.Object{}
	var who []*attack.Object
	for _, k := range []attack.Kind{attack.KindGroup, attack.KindCampaign} {
		for _, o := range lib.OfKind(k) {
			if !o.Live() {
				continue
			}
			for _, t := range lib.Targets(o.ID, attack.Uses) {
				if t.Kind.Technique() {
					uses[o] = append(uses[o], t)
				}
			}
			if len(uses[o]) > 0 {
				who = append(who, o)
			}
		}
	}
	slices.SortFunc(who, func(a, b *attack.Object) int {
		return cmp.Or(strings.Compare(a.ATTACKID, b.ATTACKID), strings.Compare(a.ID, b.ID))
	})
	u := users{all: refs(who), by: map[string]set{}}
	for i, o := range who {
		for _, t := range uses[o] {
			if u.by[t.ID] == nil {
				u.by[t.ID] = make(set, (len(who)+63)/64)
			}
			u.by[t.ID][i/64] |= 1 << (i % 64)
		}
	}
	return u
}

// of returns the users of any of the techniques.
func (u users) of(techniques []*attack.Object) set {
	m := make(set, (len(u.all)+63)/64)
	for _, t := range techniques {
		for i, w := range u.by[t.ID] {
			m[i] |= w
		}
	}
	return m
}

// refs returns the users of a set, by ATT&CK ID.
func (u users) refs(s set) []Ref {
	rs := make([]Ref, 0, s.len())
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			rs = append(rs, u.all[i*64+bits.TrailingZeros64(w)])
		}
	}
	return rs
}

// basis is the techniques whose users an answer is based on.
type basis struct {
	level, note string
	techniques  []*attack.Object
	users       set
}

// backOff widens the basis from the technique to its family to its tactics until
// it has enough users.
func backOff(lib *attack.Library, u users, t *attack.Object, enough int) basis {
	b := basis{level: LevelTechnique, techniques: []*attack.Object{t}}
	b.users = u.of(b.techniques)
	own := b.users.len()
	b.note = fmt.Sprintf("based on the %s of %s", count(own), t.ATTACKID)
	if own >= enough {
		return b
	}
	few := fmt.Sprintf("%s has %s, fewer than %d", t.ATTACKID, count(own), enough)
	if f := family(lib, t); len(f) > 1 {
		b.level, b.techniques, b.users = LevelParent, f, u.of(f)
		b.note = fmt.Sprintf("%s, so this is based on the %s of %s and its sub-techniques", few, count(b.users.len()), f[0].ATTACKID)
		if b.users.len() >= enough {
			return b
		}
		few += fmt.Sprintf(", and %s with its sub-techniques has %s", f[0].ATTACKID, count(b.users.len()))
	}
	var wide []*attack.Object
	var names []string
	for _, tactic := range lib.TacticsOf(t.ID) {
		wide = append(wide, lib.Sources(tactic.ID, attack.InTactic)...)
		names = append(names, tactic.Name)
	}
	if len(wide) > 0 {
		b.level, b.techniques, b.users = LevelTactic, wide, u.of(wide)
		b.note = fmt.Sprintf("%s, so this is based on the %s of any technique of %s", few, count(b.users.len()), strings.Join(names, " or "))
	}
	return b
}

// count is a number of users for people.
func count(n int) string {
	if n == 1 {
		return "1 user"
	}
	return fmt.Sprintf("%d users", n)
}

// family returns a technique's parent, or itself if it has none, and all live
// sub-techniques.
func family(lib *attack.Library, t *attack.Object) []*attack.Object {
	parent := t
	if ps := lib.Targets(t.ID, attack.SubtechniqueOf); len(ps) > 0 {
		parent = ps[0]
	}
	return append([]*attack.Object{parent}, lib.Sources(parent.ID, attack.SubtechniqueOf)...)
}

// Names reports whether s is a tactic's ATT&CK ID, STIX id, name or short name;
// case does not count.
func Names(tactic *attack.Object, s string) bool {
	return strings.EqualFold(s, tactic.ATTACKID) || strings.EqualFold(s, tactic.ID) ||
		strings.EqualFold(s, tactic.ShortName) || strings.EqualFold(s, tactic.Name)
}

// Tactics returns the live tactics of a view in the order of its live matrices,
// then those that no matrix holds, by ATT&CK ID.
func Tactics(lib *attack.Library) []*attack.Object {
	var ts []*attack.Object
	for _, m := range lib.OfKind(attack.KindMatrix) {
		if !m.Live() {
			continue
		}
		for _, t := range lib.Targets(m.ID, attack.HasTactic) {
			if !slices.Contains(ts, t) {
				ts = append(ts, t)
			}
		}
	}
	ordered := len(ts)
	for _, t := range lib.OfKind(attack.KindTactic) {
		if t.Live() && !slices.Contains(ts, t) {
			ts = append(ts, t)
		}
	}
	slices.SortFunc(ts[ordered:], func(a, b *attack.Object) int { return strings.Compare(a.ATTACKID, b.ATTACKID) })
	return ts
}

// rows returns the techniques that users of the basis also use, of the tactic
// named or, without one, of every tactic that the technique t is not in; the basis
// itself is left out.
func (x *Index) rows(b *basis, t *attack.Object, only string) []Adjacent {
	own := x.lib.TacticsOf(t.ID)
	basis := map[*attack.Object]bool{}
	for _, t := range b.techniques {
		basis[t] = true
	}
	out := []Adjacent{}
	for _, c := range x.columns {
		if only != "" && !Names(c.tactic, only) || only == "" && slices.Contains(own, c.tactic) {
			continue
		}
		from := len(out)
		for _, t := range c.techniques {
			if basis[t] {
				continue
			}
			if a, ok := x.users.compare(b, t); ok {
				a.Tactic = refOf(c.tactic)
				out = append(out, a)
			}
		}
		slices.SortFunc(out[from:], func(x, y Adjacent) int {
			return cmp.Or(cmp.Compare(y.Support, x.Support), cmp.Compare(y.Lift, x.Lift), strings.Compare(x.Technique.ATTACKID, y.Technique.ATTACKID))
		})
	}
	return out
}

func (u users) compare(b *basis, t *attack.Object) (Adjacent, bool) {
	own := u.by[t.ID]
	both := own.and(b.users)
	support := both.len()
	if support == 0 {
		return Adjacent{}, false
	}
	a := Adjacent{Technique: refOf(t), Support: support, Users: u.refs(both)}
	a.Confidence = float64(support) / float64(b.users.len())
	a.TheirUsers = own.len()
	a.Lift = a.Confidence / (float64(a.TheirUsers) / float64(len(u.all)))
	return a, true
}

func refOf(o *attack.Object) Ref { return Ref{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name} }

func refs(os []*attack.Object) []Ref {
	rs := []Ref{}
	for _, o := range os {
		rs = append(rs, refOf(o))
	}
	return rs
}
