package upgrade

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/figure"
)

// Asked is what a plan is made from.
type Asked struct {
	Old *attack.Library
	// New knows what was decided, and what is supposed to be.
	New *attack.Library
	// Mapping says besides where IDs went; By names file and line.
	Mapping []attack.Rename
	Named   []Named
}

// New makes the plan of an upgrade.
func New(a Asked) Plan {
	p := &paths{old: a.Old, now: a.New, mapping: map[string][]attack.Rename{}}
	for _, r := range a.Mapping {
		if r.Domain == "" || r.Domain == a.New.Release.Domain {
			p.mapping[r.Old] = append(p.mapping[r.Old], r)
		}
	}
	plan := Plan{Old: a.Old.Release, New: a.New.Release, Items: []Item{}, All: len(a.Named), Limits: []string{}}
	by := map[string][]Named{}
	for _, n := range a.Named {
		for _, id := range spelled(n.IDs) {
			by[id] = append(by[id], n)
		}
	}
	things := map[attack.Holder]bool{}
	for id, named := range by {
		item, ok := p.item(id)
		if !ok {
			if !a.New.InForce(id) && len(a.New.ByATTACKID(id)) > 0 {
				plan.Before++
			}
			continue
		}
		item.hold(a.New, named)
		for _, n := range named {
			things[n.Holder] = true
		}
		plan.Items = append(plan.Items, item)
	}
	plan.Things = len(things)
	slices.SortFunc(plan.Items, func(x, y Item) int {
		return cmp.Or(slices.Index(order(), x.State)-slices.Index(order(), y.State), strings.Compare(x.ID, y.ID))
	})
	plan.merge()
	plan.limit(a)
	return plan
}

// order is that in which items are listed: what waits for a person first.
func order() []State { return []State{Ambiguous, Certain, Decided, Unaffected} }

// spelled returns IDs in upper case, each once.
func spelled(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id = strings.ToUpper(strings.TrimSpace(id)); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// item says what became of an ID; false where nothing did that the older release did not
// already say.
func (p *paths) item(id string) (Item, bool) {
	was, now := first(p.old, id), first(p.now, id)
	item := Item{ID: id, To: []string{}, Candidates: []Candidate{}, Merged: []string{}, Named: []Naming{}}
	item.Name = nameOf(was, now)
	switch {
	case was == nil && now == nil && len(p.mapping[id]) == 0:
		return item, false // neither knows it
	case now != nil && now.Live():
		return item.live(was, now, p)
	}
	item.Candidates = append(item.Candidates, p.find(id)...)
	if was == nil || !was.Live() {
		if was != nil && p.same(id, item.Candidates) {
			return item, false
		}
		if was == nil && len(item.Candidates) == 0 {
			return item, false
		}
	}
	p.judge(&item, now)
	return item, true
}

// live says of an ID that is in force whether it means another object, or has another name.
func (i Item) live(was, now *attack.Object, p *paths) (Item, bool) {
	switch {
	case was == nil || !was.Live():
		return i, false
	case was.ID != now.ID:
		i.Fate, i.State = Reused, Ambiguous
		i.Why = fmt.Sprintf("%s was %s in %s and is %s in %s: the ID is another object's. No decision changes what an ID that is in force means; change what names it where it is kept.",
			i.ID, was.Name, p.old.Release, now.Name, p.now.Release)
		return i, true
	case was.Name != now.Name:
		i.Fate, i.State, i.To = Renamed, Unaffected, []string{i.ID}
		i.Why = fmt.Sprintf("%s is called %s in %s and was called %s: it is the same object, and is read as before.", i.ID, now.Name, p.now.Release, was.Name)
		return i, true
	}
	return i, false
}

// same reports whether the older release, in which an ID was not in force either, leads to
// the same.
func (p *paths) same(id string, found []Candidate) bool {
	back := &paths{old: p.old, now: p.old}
	before := back.find(id)
	ids := func(cs []Candidate) string {
		var s []string
		for _, c := range cs {
			s = append(s, c.ID)
		}
		return strings.Join(s, " ")
	}
	return ids(before) == ids(found)
}

// judge says what became of an ID that is not in force, and what there is to decide.
func (p *paths) judge(i *Item, now *attack.Object) {
	switch n := len(i.Candidates); {
	case n == 1:
		i.Fate, i.State, i.To = Revoked, Certain, []string{i.Candidates[0].ID}
		i.Why = strings.Join(i.Candidates[0].By, "; and ")
	case n > 1:
		i.Fate, i.State = Split, Ambiguous
		i.Why = fmt.Sprintf("%s may be %s: %s.", i.ID, either(i.Candidates), p.reasons(i.Candidates))
	case now == nil:
		i.Fate, i.State = Removed, Ambiguous
		i.Why = fmt.Sprintf("%s does not have %s, and nobody says what took its place", p.now.Release, i.ID)
	case now.Revoked:
		i.Fate, i.State = Revoked, Ambiguous
		i.Why = fmt.Sprintf("%s is revoked in %s, and leads nowhere", i.ID, p.now.Release)
	default:
		i.Fate, i.State = Deprecated, Ambiguous
		i.Why = fmt.Sprintf("%s is deprecated in %s, and nobody says what took its place", i.ID, p.now.Release)
	}
	if len(p.dead) > 0 {
		i.Why = strings.TrimSuffix(i.Why, ".") + "; " + strings.Join(p.dead, "; ")
		if i.State == Certain { // somebody says otherwise
			i.State, i.To = Ambiguous, []string{}
		}
	}
	i.Why = strings.TrimSuffix(i.Why, ".") + "."
	if len(i.Candidates) == 0 {
		i.Candidates = append(i.Candidates, p.related(i.ID)...)
	}
}

// either lists candidates as a choice.
func either(cs []Candidate) string {
	var ids []string
	for _, c := range cs {
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, " or ")
}

// reasons says who says which of several.
func (p *paths) reasons(cs []Candidate) string {
	var by []string
	for _, c := range cs {
		by = append(by, c.By...)
	}
	return strings.Join(by, "; ")
}

// hold notes who names the item, and what is decided for each.
func (i *Item) hold(now *attack.Library, named []Named) {
	decided := 0
	for _, n := range named {
		h := Naming{Holder: n.Holder, Title: n.Title, To: []string{}}
		if d := now.Decided(n.Holder, i.ID); d != nil {
			h.To, h.Decision, h.Batch = append(h.To, d.To...), d.Says(), d.Batch
		}
		if h.Decision != "" {
			decided++
		}
		i.Named = append(i.Named, h)
	}
	slices.SortFunc(i.Named, func(a, b Naming) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Title, b.Title), strings.Compare(a.ID, b.ID))
	})
	if decided == len(named) && decided > 0 {
		i.State, i.To = Decided, []string{}
		if to := i.Named[0].To; !slices.ContainsFunc(i.Named, func(n Naming) bool { return !slices.Equal(n.To, to) }) {
			i.To = append(i.To, to...)
		}
	}
}

// merge says of items which others come to the same.
func (p *Plan) merge() {
	by := map[string][]string{}
	for i := range p.Items {
		if x := &p.Items[i]; x.Fate != Renamed && len(x.To) == 1 {
			by[x.To[0]] = append(by[x.To[0]], x.ID)
		}
	}
	for i := range p.Items {
		x := &p.Items[i]
		if x.Fate == Renamed || len(x.To) != 1 {
			continue
		}
		for _, id := range by[x.To[0]] {
			if id != x.ID {
				x.Merged = append(x.Merged, id)
			}
		}
	}
}

// limit says what the plan does not say.
func (p *Plan) limit(a Asked) {
	add := func(format string, args ...any) { p.Limits = append(p.Limits, figure.Sprintf(format, args...)) }
	if p.Before > 0 {
		add("%d of the IDs that evidence names were not in force in %s either, and are read alike by both.", p.Before, p.Old)
	}
	if a.Old.Release.Domain != a.New.Release.Domain {
		add("The two releases are of different domains.")
	}
}

// first returns the object that an ID means in a release, a live one if there is one.
func first(lib *attack.Library, id string) *attack.Object {
	for _, o := range lib.ByATTACKID(id) {
		return o
	}
	return nil
}

func nameOf(os ...*attack.Object) string {
	for _, o := range os {
		if o != nil && o.Name != "" {
			return o.Name
		}
	}
	return ""
}
