package store

import "strings"

// sourceMark stands between the source of a record and what the source calls it. It
// is in no name: a source that held it would be refused.
const sourceMark = "\x1f"

// KeyOf returns the key of what a source calls id. A record whose source nobody named
// has its id alone for a key.
func KeyOf(source, id string) string {
	if source == "" {
		return id
	}
	return source + sourceMark + id
}

// Identity returns the source that a record is of, empty where nobody named one, and
// what the source calls it.
func (r *Record) Identity() (source, id string) {
	if source, id, ok := strings.Cut(r.Key, sourceMark); ok {
		return source, id
	}
	return "", r.Key
}
