package correlate

import "strings"

// Aliases says which names are of one entity: a person's account, mail and host.
type Aliases map[string]string

// Of returns what an entity is called, and whether it has another name.
func (a Aliases) Of(name string) (string, bool) {
	if as, ok := a[strings.ToLower(strings.TrimSpace(name))]; ok {
		return as, true
	}
	return name, false
}
