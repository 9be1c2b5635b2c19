package claim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/attack"
)

// meant returns what each ID that a rule names leads to: where a person decided what an
// ID that is not in force means, that. An ID that is read as several stands there for each.
func (x *index) meant(r *rule, named []string, known func(id string) target) (ids []string, to []target) {
	if !x.lib.Deciding() {
		to = make([]target, len(named))
		for i, id := range named {
			to[i] = r.leads(id, known(id))
		}
		return named, to
	}
	for _, id := range named {
		d := x.lib.Decided(attack.Holder{Kind: attack.OfRule, ID: r.ID}, id)
		switch {
		case d == nil:
			ids, to = append(ids, id), append(to, r.leads(id, known(id)))
			continue
		case len(d.To) == 0:
			ids, to = append(ids, id), append(to, target{why: d.Says(), decided: true})
		}
		for _, as := range d.To {
			t := r.leads(as, known(as))
			t.via, t.reading, t.decision, t.decided, t.foreign = id, d.Says(), d.Batch, true, true
			ids, to = append(ids, id), append(to, t)
		}
	}
	return ids, to
}

// foreign returns what an ID that leads nowhere in the release in force leads to by
// what others made of it, or it of others; unread is why it leads nowhere by itself,
// and known what an ID of its sort leads to in the release.
func (x *index) foreign(id, unread string, known func(id string) target) target {
	read := x.lib.Readings(id)
	var found []target
	for _, as := range read.IDs {
		t := known(as)
		if t.why == "" && len(t.choices) == 0 && !slices.ContainsFunc(found, func(f target) bool { return f.as == t.as }) {
			found = append(found, t)
		}
	}
	for i := range found {
		t := &found[i]
		t.via, t.foreign = id, true
		t.reading = fmt.Sprintf("%s is read as %s: %s", id, t.as, read.How)
	}
	switch len(found) {
	case 0:
		return target{why: x.unread(id, unread, read)}
	case 1:
		return found[0]
	}
	return target{choices: found, via: id, reading: read.How}
}

// unread says why an ID could not be read through other releases either.
func (x *index) unread(id, why string, read attack.Readings) string {
	if len(read.IDs) > 0 {
		return fmt.Sprintf("%s; %s, which has no analytic there either", why, read.How)
	}
	parent, _, sub := strings.Cut(id, ".")
	if !sub {
		return why
	}
	if of := x.lib.Readings(parent); len(of.IDs) > 0 {
		return fmt.Sprintf("%s, and nothing says what it was or became; of its parent, %s", why, of.How)
	}
	return why
}

// leads returns what an ID leads to for one rule. Of several readings the one is
// meant with an analytic whose platform and log source are the rule's; where
// that is not exactly one, the rule claims nothing by the ID.
func (r *rule) leads(id string, t target) target {
	if len(t.choices) == 0 {
		return t
	}
	var names, fit []string
	chosen := target{}
	for _, c := range t.choices {
		names = append(names, c.as)
		if r.fits(c) {
			fit = append(fit, c.as)
			chosen = c
		}
	}
	if len(fit) == 1 {
		chosen.reading += fmt.Sprintf("; of these only %s has an analytic of the rule's platform and log source", chosen.as)
		return chosen
	}
	which := cmp.Or(attack.Listed(fit), "none")
	return target{why: fmt.Sprintf("%s may be %s: %s; the rule's log source fits %s of them", id, orList(names), t.reading, which)}
}

// fits reports whether a reading has an analytic with the rule's platform and log
// source.
func (r *rule) fits(t target) bool {
	return slices.ContainsFunc(t.analytics, func(a *analytic) bool { return r.basis(a) == TechniquePlatformLog })
}

func orList(names []string) string {
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
