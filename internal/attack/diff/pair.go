package diff

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"candor/internal/attack"
)

// pair is one object in two releases that differs between them.
type pair struct {
	id, typ  string
	from, to []field // nil where the object is not there
	changed  []string
}

// SameMeaning reports whether two spellings of an object mean the same. Across
// STIX versions, what the versions write differently does not count.
func SameMeaning(a, b []byte, acrossVersions bool) bool {
	p := newPair("", a, b, acrossVersions)
	return p == nil
}

// newPair returns the pair of an object's bytes in two releases, and nil if they
// mean the same or are of a collection.
func newPair(id string, from, to []byte, cross bool) *pair {
	if from != nil && bytes.Equal(from, to) {
		return nil
	}
	p := &pair{id: id, from: members(from), to: members(to)}
	p.typ = p.text("type")
	if p.typ == "x-mitre-collection" {
		return nil
	}
	if from == nil || to == nil {
		return p
	}
	if p.compare(cross); len(p.changed) == 0 {
		return nil
	}
	return p
}

// compare notes which fields differ.
func (p *pair) compare(cross bool) {
	note := func(key string) {
		if !cross || !editionOnly(p.typ, key) {
			p.changed = append(p.changed, key)
		}
	}
	for i, f := range p.from {
		now, ok := get(p.to, f.key, i)
		if !ok || !sameValue(f.value, now) {
			note(f.key)
		}
	}
	for i, f := range p.to {
		if _, ok := get(p.from, f.key, i); !ok {
			note(f.key)
		}
	}
}

// editionOnly reports whether a field is what the two versions of STIX write
// differently: 2.0 has no spec_version on objects, and says with the labels of
// malware what 2.1 says with is_family; labels of tools are 2.0's alone.
func editionOnly(typ, key string) bool {
	switch key {
	case "spec_version":
		return true
	case "labels", "is_family":
		return typ == "malware" || typ == "tool"
	}
	return false
}

// get returns the value of a key, which is probably near the index at.
func get(fields []field, key string, at int) ([]byte, bool) {
	for i := max(at-1, 0); i < min(at+3, len(fields)); i++ {
		if fields[i].key == key {
			return fields[i].value, true
		}
	}
	for i := range fields {
		if fields[i].key == key {
			return fields[i].value, true
		}
	}
	return nil, false
}

// text returns the text of a field of the newer spelling, or of the older one if
// there is no newer.
func (p *pair) text(key string) string {
	if p.to == nil {
		return textOf(p.from, key)
	}
	return textOf(p.to, key)
}

func textOf(fields []field, key string) string {
	v, ok := get(fields, key, 0)
	if !ok || len(v) == 0 || v[0] != '"' {
		return ""
	}
	return unquote(v)
}

func flagOf(fields []field, key string) bool {
	v, _ := get(fields, key, 0)
	return string(v) == "true"
}

func live(fields []field) bool {
	return fields != nil && !flagOf(fields, "revoked") && !flagOf(fields, "x_mitre_deprecated")
}

// category returns how the object changed.
func (p *pair) category() (Category, bool) {
	switch {
	case p.from == nil && p.to == nil:
		return "", false
	case p.from == nil:
		return Addition, true
	case p.to == nil:
		return Deletion, true
	}
	if c, ok := p.lifecycle(); ok {
		return c, true
	}
	if !live(p.from) && !live(p.to) {
		return Retired, true // MITRE's tool calls these unchanged
	}
	if c, ok := versionChange(textOf(p.from, "x_mitre_version"), textOf(p.to, "x_mitre_version")); ok {
		return c, true
	}
	if p.patched() {
		return Patch, true
	}
	return Content, true
}

func (p *pair) lifecycle() (Category, bool) {
	wasRevoked, isRevoked := flagOf(p.from, "revoked"), flagOf(p.to, "revoked")
	wasDeprecated, isDeprecated := flagOf(p.from, "x_mitre_deprecated"), flagOf(p.to, "x_mitre_deprecated")
	switch {
	case isRevoked && !wasRevoked:
		return Revocation, true
	case isDeprecated && !wasDeprecated:
		return Deprecation, true
	case wasRevoked && !isRevoked:
		return Unrevocation, true
	case wasDeprecated && !isDeprecated:
		return Undeprecation, true
	}
	return "", false
}

// versionChange returns what kind of step two versions are apart, and whether
// they are apart at all.
func versionChange(from, to string) (Category, bool) {
	m, n, ok := parseVersion(from)
	x, y, ok2 := parseVersion(to)
	switch {
	case from == to || ok && ok2 && m == x && n == y:
		return "", false
	case ok && ok2 && x == m+1 && y == 0:
		return Major, true
	case ok && ok2 && x == m && y == n+1:
		return Minor, true
	}
	return OtherVersion, true
}

// parseVersion reads "M.N" or "M"; a missing version is 0.0.
func parseVersion(s string) (major, minor int, ok bool) {
	if s == "" {
		return 0, 0, true
	}
	m, n, dotted := strings.Cut(s, ".")
	major, err := strconv.Atoi(m)
	if err != nil {
		return 0, 0, false
	}
	if dotted {
		minor, err = strconv.Atoi(n)
	}
	return major, minor, err == nil
}

// patched reports whether the time of modification or the description, line ends
// aside, differs.
func (p *pair) patched() bool {
	if attack.CompareTimes(textOf(p.from, "modified"), textOf(p.to, "modified")) != 0 {
		return true
	}
	unbroken := func(s string) string { return strings.NewReplacer("\r\n", " ", "\n", " ").Replace(s) }
	return unbroken(textOf(p.from, "description")) != unbroken(textOf(p.to, "description"))
}

// listed returns the pair as reports list it.
func (p *pair) listed() Changed {
	e := Changed{
		ID: p.id, ATTACKID: p.attackID(), Name: p.text("name"), Fields: make(map[string]Values, len(p.changed)),
		OldVersion: textOf(p.from, "x_mitre_version"), NewVersion: textOf(p.to, "x_mitre_version"), Lifecycle: p.state(),
	}
	for _, key := range p.changed {
		was, _ := get(p.from, key, 0)
		is, _ := get(p.to, key, 0)
		e.Fields[key] = Values{Old: value(was), New: value(is)}
	}
	if e.Name == "" && p.typ == "relationship" {
		e.Name = p.text("source_ref") + " " + p.text("relationship_type") + " " + p.text("target_ref")
	}
	return e
}

// state returns the lifecycle of the object in the newer release that has it.
func (p *pair) state() string {
	fields := p.to
	if fields == nil {
		fields = p.from
	}
	o := attack.Object{Revoked: flagOf(fields, "revoked"), Deprecated: flagOf(fields, "x_mitre_deprecated")}
	return o.Lifecycle()
}

func value(b []byte) json.RawMessage {
	if b == nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(b)
}

// attackID returns the object's ATT&CK ID.
func (p *pair) attackID() string {
	fields := p.to
	if fields == nil {
		fields = p.from
	}
	raw, ok := get(fields, "external_references", 0)
	if !ok || p.typ == "relationship" {
		return ""
	}
	var refs []attack.Reference
	if json.Unmarshal(raw, &refs) != nil {
		return ""
	}
	return attack.IDOf(refs)
}

// Between returns how an object changed from one spelling to another, with the
// fields that differ. It returns false if both mean the same. Across STIX
// versions, what the versions write differently does not count.
func Between(from, to []byte, acrossVersions bool) (Category, map[string]Values, bool) {
	p := newPair("", from, to, acrossVersions)
	if p == nil {
		return "", nil, false
	}
	c, ok := p.category()
	return c, p.listed().Fields, ok
}
