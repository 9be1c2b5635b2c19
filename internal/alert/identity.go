package alert

import (
	"cmp"
	"slices"
	"strings"
)

// Identity is what an alert is known by: whose it is, where it was raised, and what its
// source calls it. Of what only names an alert, an empty Source or Site is any.
type Identity struct {
	Source string `json:"source,omitempty"`
	Site   string `json:"site,omitempty"`
	ID     string `json:"id"`
}

// Identity is what the alert is known by. Whose it is, it says itself, or else whoever added
// its batch did.
func (a *Alert) Identity() Identity { return Identity{cmp.Or(a.Source, a.Origin), a.Site, a.ID} }

// Compare orders identities by id, then source and site, in byte order.
func (i Identity) Compare(j Identity) int {
	return cmp.Or(cmp.Compare(i.ID, j.ID), cmp.Compare(i.Source, j.Source), cmp.Compare(i.Site, j.Site))
}

// String is the identity as people write it: the id behind the source and the site, as far
// as there are any, with a slash between two.
func (i Identity) String() string {
	text := i.ID
	for _, part := range [...]string{i.Site, i.Source} {
		if part != "" {
			text = part + "/" + text
		}
	}
	return text
}

// Is reports whether two identities are one, however the case of their sources and sites is
// spelled.
func (i Identity) Is(j Identity) bool {
	return i.ID == j.ID && strings.EqualFold(i.Source, j.Source) && strings.EqualFold(i.Site, j.Site)
}

// Fits reports whether two identities can be of one alert: nothing that both say differs.
func (i Identity) Fits(j Identity) bool {
	return i.ID == j.ID && fitting(i.Source, j.Source) && fitting(i.Site, j.Site)
}

// Within reports whether i says of j what j is known by: nothing that i says differs, and
// nothing that i says is left out of j.
func (i Identity) Within(j Identity) bool {
	within := func(a, b string) bool { return a == "" || strings.EqualFold(a, b) }
	return i.ID == j.ID && within(i.Source, j.Source) && within(i.Site, j.Site)
}

// Meant returns which of the alerts that are known an identity means: the one that has it,
// or else those that it fits. Of several those are meant that hint fits best, if any do: by
// the site that it says, or else by the source.
func Meant(known []Identity, of, hint Identity) (list []Identity) {
	for _, i := range known {
		if i.Is(of) {
			return []Identity{i}
		}
		if i.Fits(of) {
			list = append(list, i)
		}
	}
	for _, by := range [...]Identity{{Site: hint.Site}, {Source: hint.Source}} {
		if len(list) < 2 || by == (Identity{}) {
			continue
		}
		by.ID = of.ID
		if near := slices.DeleteFunc(slices.Clone(list), func(i Identity) bool { return !by.Within(i) }); len(near) > 0 {
			list = near
		}
	}
	return list
}

// Names lists identities as people write them, in byte order.
func Names(list []Identity) string {
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].String()
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func fitting(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }

// Same reports whether two arrivals can be of one alert. Sources are compared as the alerts
// name them, where both do, else as their batches were said to be of, where both were, else
// as they are known by.
func (a *Alert) Same(b *Alert) bool {
	if a.ID != b.ID || !fitting(a.Site, b.Site) {
		return false
	}
	switch {
	case a.Source != "" && b.Source != "":
		return strings.EqualFold(a.Source, b.Source)
	case a.Origin != "" && b.Origin != "":
		return strings.EqualFold(a.Origin, b.Origin)
	}
	return fitting(cmp.Or(a.Source, a.Origin), cmp.Or(b.Source, b.Origin))
}

// mostParts bounds how many slashes of a text are looked at that names an alert.
const mostParts = 6

// Naming returns the identities that a text can mean which names an alert as String writes
// it, the text as an id by itself first.
func Naming(text string) []Identity {
	list := []Identity{{ID: text}}
	parts := strings.SplitN(text, "/", mostParts)
	upTo := func(from, to int) string { return strings.Join(parts[from:to], "/") }
	for n := 1; n < len(parts); n++ {
		id := upTo(n, len(parts))
		list = append(list, Identity{Site: upTo(0, n), ID: id}, Identity{Source: upTo(0, n), ID: id})
		for m := 1; m < n; m++ {
			list = append(list, Identity{Source: upTo(0, m), Site: upTo(m, n), ID: id})
		}
	}
	return slices.DeleteFunc(list, func(i Identity) bool { return i.ID == "" })
}
