package attack

import (
	"slices"
	"strings"

	"candor/internal/fault"
	"candor/internal/near"
)

// Called returns the one live object of the kinds that somebody means by its ATT&CK ID,
// STIX id, short name, name or alias. Field is where it was asked for. It fails with
// fault.NotFound where there is none, and with fault.Usage where several are called so.
func (l *Library) Called(field, asked string, kinds ...Kind) (*Object, error) {
	asked = strings.TrimSpace(asked)
	var found []*Object
	var words []string
	for _, o := range l.Objects() {
		if !slices.Contains(kinds, o.Kind) || !o.Live() {
			continue
		}
		if o.ATTACKID == SpellID(asked) || o.ID == asked || strings.EqualFold(o.ShortName, asked) {
			return o, nil
		}
		called := append([]string{o.Name}, o.Aliases...)
		if slices.ContainsFunc(called, func(name string) bool { return Fold(name) == Fold(asked) }) {
			found = append(found, o)
		}
		words = append(append(words, called...), o.ATTACKID)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		wrong := fault.New(fault.NotFound, "%s has no %s %q", l.Release, field, asked).At("%s", field)
		if len(words) == 0 {
			return nil, wrong.Next("the release has none at all: choose another with --release or --domain")
		}
		slices.Sort(words)
		return nil, wrong.Next("%s", near.Hint(asked, slices.Compact(words), "write its ATT&CK ID or its name"))
	}
	var ids []string
	for _, o := range found {
		ids = append(ids, o.ATTACKID+" "+o.Name)
	}
	return nil, fault.New(fault.Usage, "several are called %q", asked).At("%s", field).Next("write the ATT&CK ID of one of: %s", strings.Join(ids, ", "))
}
