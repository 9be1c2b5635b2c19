package detection

import "strings"

// A rule's identity is its source and its id: the same id in two sources is two
// rules. Where an id is of one source alone, which is nearly always so, the id alone
// names the rule; where it is not, source and id joined by a slash do.

// Qualified returns the name of a rule of a source whose id is not its own alone.
func Qualified(source, id string) string { return source + "/" + id }

// Apart gives each rule an id of its own: Qualified for those whose id a rule of
// another source has as well. It sets Bare on those.
func Apart(rules []*Rule) {
	origin, shared := make(map[string]string, len(rules)), map[string]bool{}
	for _, r := range rules {
		if first, there := origin[r.ID]; !there {
			origin[r.ID] = r.Origin
		} else if first != r.Origin {
			shared[r.ID] = true
		}
	}
	for _, r := range rules {
		if shared[r.ID] && r.Origin != "" {
			r.Bare, r.ID = r.ID, Qualified(r.Origin, r.ID)
		}
	}
}

// of reports whether an alert that names its source so may be of a rule of this one:
// the same but for case, or the word of it that tells a product from its maker, as
// "Elastic Security" and "elastic".
func (r *Rule) of(source string) bool {
	if r.Origin == "" || source == "" {
		return false
	}
	if strings.EqualFold(r.Origin, source) {
		return true
	}
	for word := range strings.FieldsSeq(source) {
		if strings.EqualFold(r.Origin, word) {
			return true
		}
	}
	return false
}
