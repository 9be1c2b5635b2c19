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
	// Lift is Confidence / share of all users that use this technique; 1 is what
	// chance would give.
	Lift  float64 `json:"lift"`
	Users []Ref   `json:"users"`
}

// Of returns what is adjacent to the technique with the given STIX id. The view
// must hold techniques, tactics, matrices, groups, campaigns and relationships.
// For an id that is no technique of the view it returns an empty result.
func Of(lib *attack.Library, technique string, opt Options) Result {
	res := Result{Release: lib.Release, Users: []Ref{}, Basis: []Ref{}, Adjacent: []Adjacent{}}
	t, ok := lib.Object(technique)
	if !ok || !t.Kind.Technique() {
		return res
	}
	if opt.MinSupport == 0 {
		opt.MinSupport = DefaultMinSupport
	}
	res.Technique = refOf(t)
	u := usersOf(lib)
	res.AllUsers = len(u.all)
	own := u.of([]*attack.Object{t})
	res.Users = refsOf(lib, own)
	b := backOff(lib, u, t, opt.MinSupport)
	res.Level, res.Note, res.Basis, res.BasisUsers = b.level, b.note, refs(b.techniques), len(b.users)
	if b.level == LevelTactic {
		res.Basis = refs(lib.TacticsOf(t.ID))
	}
	res.Adjacent = rows(lib, u, &b, tactics(lib, t, opt.Tactic))
	return res
}

// users is who uses what, by STIX id. It holds live objects and relations only.
type users struct {
	all map[string]bool            // users of any technique
	by  map[string]map[string]bool // technique -> its users
}

func usersOf(lib *attack.Library) users {
	u := users{all: map[string]bool{}, by: map[string]map[string]bool{}}
	for _, k := range []attack.Kind{attack.KindGroup, attack.KindCampaign} {
		for _, o := range lib.OfKind(k) {
			if !o.Live() {
				continue
			}
			for _, t := range lib.Targets(o.ID, attack.Uses) {
				if !t.Kind.Technique() {
					continue
				}
				if u.by[t.ID] == nil {
					u.by[t.ID] = map[string]bool{}
				}
				u.by[t.ID][o.ID], u.all[o.ID] = true, true
			}
		}
	}
	return u
}

// of returns the users of any of the techniques.
func (u users) of(techniques []*attack.Object) map[string]bool {
	m := map[string]bool{}
	for _, t := range techniques {
		for id := range u.by[t.ID] {
			m[id] = true
		}
	}
	return m
}

// basis is the techniques whose users an answer is based on.
type basis struct {
	level, note string
	techniques  []*attack.Object
	users       map[string]bool
}

// backOff widens the basis from the technique to its family to its tactics until
// it has enough users.
func backOff(lib *attack.Library, u users, t *attack.Object, enough int) basis {
	b := basis{level: LevelTechnique, techniques: []*attack.Object{t}}
	b.users = u.of(b.techniques)
	own := len(b.users)
	b.note = fmt.Sprintf("based on the %s of %s", count(own), t.ATTACKID)
	if own >= enough {
		return b
	}
	few := fmt.Sprintf("%s has %s, fewer than %d", t.ATTACKID, count(own), enough)
	if f := family(lib, t); len(f) > 1 {
		b.level, b.techniques, b.users = LevelParent, f, u.of(f)
		b.note = fmt.Sprintf("%s, so this is based on the %s of %s and its sub-techniques", few, count(len(b.users)), f[0].ATTACKID)
		if len(b.users) >= enough {
			return b
		}
		few += fmt.Sprintf(", and %s with its sub-techniques has %s", f[0].ATTACKID, count(len(b.users)))
	}
	var wide []*attack.Object
	var names []string
	for _, tactic := range lib.TacticsOf(t.ID) {
		wide = append(wide, lib.Sources(tactic.ID, attack.InTactic)...)
		names = append(names, tactic.Name)
	}
	if len(wide) > 0 {
		b.level, b.techniques, b.users = LevelTactic, wide, u.of(wide)
		b.note = fmt.Sprintf("%s, so this is based on the %s of any technique of %s", few, count(len(b.users)), strings.Join(names, " or "))
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

// tactics returns the tactics whose techniques are looked at, in order.
func tactics(lib *attack.Library, t *attack.Object, only string) []*attack.Object {
	own := lib.TacticsOf(t.ID)
	var ts []*attack.Object
	for _, tactic := range Tactics(lib) {
		if only != "" && !Names(tactic, only) || only == "" && slices.Contains(own, tactic) {
			continue
		}
		ts = append(ts, tactic)
	}
	return ts
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

// rows returns the techniques of the tactics that users of the basis also use,
// the basis itself left out.
func rows(lib *attack.Library, u users, b *basis, ts []*attack.Object) []Adjacent {
	out := []Adjacent{}
	for _, tactic := range ts {
		from := len(out)
		for _, t := range lib.Sources(tactic.ID, attack.InTactic) {
			if slices.Contains(b.techniques, t) {
				continue
			}
			if a, ok := compare(lib, u, b, t); ok {
				a.Tactic = refOf(tactic)
				out = append(out, a)
			}
		}
		slices.SortFunc(out[from:], func(x, y Adjacent) int {
			return cmp.Or(cmp.Compare(y.Support, x.Support), cmp.Compare(y.Lift, x.Lift), strings.Compare(x.Technique.ATTACKID, y.Technique.ATTACKID))
		})
	}
	return out
}

func compare(lib *attack.Library, u users, b *basis, t *attack.Object) (Adjacent, bool) {
	both := map[string]bool{}
	for id := range u.by[t.ID] {
		if b.users[id] {
			both[id] = true
		}
	}
	if len(both) == 0 {
		return Adjacent{}, false
	}
	a := Adjacent{Technique: refOf(t), Support: len(both), Users: refsOf(lib, both)}
	a.Confidence = float64(len(both)) / float64(len(b.users))
	a.Lift = a.Confidence / (float64(len(u.by[t.ID])) / float64(len(u.all)))
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

// refsOf returns the objects with the given STIX ids, by ATT&CK ID.
func refsOf(lib *attack.Library, ids map[string]bool) []Ref {
	rs := []Ref{}
	for id := range ids {
		if o, ok := lib.Object(id); ok {
			rs = append(rs, refOf(o))
		}
	}
	slices.SortFunc(rs, func(a, b Ref) int {
		return cmp.Or(strings.Compare(a.ATTACKID, b.ATTACKID), strings.Compare(a.StixID, b.StixID))
	})
	return rs
}
