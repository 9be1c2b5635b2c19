package alert

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
)

// EntityType is what kind of thing an entity is.
type EntityType string

// The types of entities.
const (
	Untyped     EntityType = ""         // it is not said
	Host        EntityType = "host"     // a computer, a device
	Account     EntityType = "account"  // of a person or of a service
	Address     EntityType = "address"  // of the network
	Mail        EntityType = "mail"     // a mailbox, or whom a message is from or to
	Resource    EntityType = "resource" // of a cloud, or an application
	OtherEntity EntityType = "other"    // anything else, such as a domain, a file or a URL
)

// EntityTypes lists the types that can be said, in the order in which they are shown.
func EntityTypes() []EntityType {
	return []EntityType{Host, Account, Address, Mail, Resource, OtherEntity}
}

// ParseEntityType returns the type that a word means, and whether it means one. Words of
// products are known beside the names of the types; a blank one is Untyped.
func ParseEntityType(word string) (EntityType, bool) {
	switch t := EntityType(word); t { // what each of a million alerts may say
	case Untyped, Host, Account, Address, Mail, Resource, OtherEntity:
		return t, true
	}
	switch strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(word)) {
	case "":
		return Untyped, true
	case "host", "hostname", "device", "devicename", "machine", "computer", "endpoint", "system", "fqdn":
		return Host, true
	case "account", "user", "username", "useraccount", "identity", "principal", "sid":
		return Account, true
	case "address", "ip", "ipaddress", "ipv4", "ipv6":
		return Address, true
	case "mail", "email", "emailaddress", "mailbox", "mailmessage", "mailcluster", "sender", "recipient":
		return Mail, true
	case "resource", "azureresource", "amazonresource", "googlecloudresource", "cloudapplication", "bucket", "container", "application":
		return Resource, true
	case "other", "domain", "dns", "url", "file", "filehash", "hash":
		return OtherEntity, true
	}
	return OtherEntity, false
}

// Entity is something that an alert is about.
type Entity struct {
	Type EntityType `json:"type,omitempty"`
	// Name is its name as it was spelled; see FoldEntity.
	Name string `json:"name"`
}

// EntityOf returns the entity of a name whose type is what is given, unless the name shows
// that it is none of that: what stands for a host or for nothing that is known can be an
// address.
func EntityOf(t EntityType, name string) Entity {
	if t == Host || t == Untyped {
		if _, err := netip.ParseAddr(strings.TrimSpace(name)); err == nil {
			t = Address
		}
	}
	return Entity{t, name}
}

// ParseEntity reads an entity as text, which is its name, or the name of a type, a colon and
// its name.
func ParseEntity(text string) Entity {
	word, name, ok := strings.Cut(text, ":")
	if t := EntityType(strings.ToLower(strings.TrimSpace(word))); ok && slices.Contains(EntityTypes(), t) {
		return Entity{t, strings.TrimSpace(name)}
	}
	return Entity{Name: strings.TrimSpace(text)}
}

// String is the entity as ParseEntity reads it.
func (e Entity) String() string {
	if e.Type == Untyped && ParseEntity(e.Name).Type == Untyped {
		return e.Name
	}
	if e.Type == Untyped {
		return string(OtherEntity) + ":" + e.Name
	}
	return string(e.Type) + ":" + e.Name
}

// Hosts reports whether the entity can be a host, or what a host is known by: accounts and
// mailboxes cannot, though they may have the name of one.
func (e Entity) Hosts() bool { return e.Type != Account && e.Type != Mail }

// is reports whether two are one: one that has no type is of any.
func (e Entity) is(f Entity) bool {
	return (e.Type == f.Type || e.Type == Untyped || f.Type == Untyped) && FoldEntity(e.Name) == FoldEntity(f.Name)
}

// FoldEntity is the form in which two names of an entity are the same: hosts and accounts
// are written in upper and in lower case.
func FoldEntity(name string) string { return strings.ToLower(name) }

// MaxEntities is how many entities are kept of an alert, the primary one among them.
const MaxEntities = 100

// SetEntities sets what the alert is about: the primary one, whose bursts are clusters, and
// what else. Those without a name are left out, and those that are there already, whatever
// the case of their letters; the first one is primary where no primary one is named. It
// reports whether all that are left are kept: no more than MaxEntities are.
func (a *Alert) SetEntities(primary Entity, others []Entity) (all bool) {
	a.Entity, a.EntityType, a.Others = strings.TrimSpace(primary.Name), primary.Type, nil
	if a.Entity == "" {
		a.EntityType = Untyped
	}
	for _, e := range others {
		if e.Name = strings.TrimSpace(e.Name); e.Name == "" {
			continue
		}
		if a.Entity == "" {
			a.Entity, a.EntityType = e.Name, e.Type
			continue
		}
		if a.joins(e) {
			continue
		}
		if len(a.Others) == MaxEntities-1 {
			return false
		}
		a.Others = append(a.Others, e)
	}
	return true
}

// joins reports whether the alert is about e already, and takes over its type if it is the
// first to say one.
func (a *Alert) joins(e Entity) bool {
	if p := (Entity{a.EntityType, a.Entity}); p.is(e) {
		if p.Type == Untyped {
			a.EntityType = e.Type
		}
		return true
	}
	for i := range a.Others {
		if o := &a.Others[i]; o.is(e) {
			if o.Type == Untyped {
				o.Type = e.Type
			}
			return true
		}
	}
	return false
}

// Entities yields what the alert is about, the primary one first.
func (a *Alert) Entities() iter.Seq[Entity] {
	return func(yield func(Entity) bool) {
		if a.Entity == "" || !yield(Entity{a.EntityType, a.Entity}) {
			return
		}
		for _, e := range a.Others {
			if !yield(e) {
				return
			}
		}
	}
}

// Names are the names of what the alert is about, the primary one first: so many of them, and
// how many more there are.
func (a *Alert) Names(most int) string {
	var b strings.Builder
	n := 0
	for e := range a.Entities() {
		if n++; n > most {
			continue
		}
		if n > 1 {
			b.WriteString(", ")
		}
		b.WriteString(e.Name)
	}
	if n > most {
		fmt.Fprintf(&b, " and %d more", n-most)
	}
	return b.String()
}

// About reports whether the alert is about one of some names, as FoldEntity has them: with
// hosts set, about a host of that name; see Entity.Hosts. One without entities is about the
// empty name.
func (a *Alert) About(hosts bool, folded ...string) bool {
	meant := func(e Entity) bool {
		return (!hosts || e.Hosts()) && slices.Contains(folded, FoldEntity(e.Name))
	}
	return meant(Entity{a.EntityType, a.Entity}) || slices.ContainsFunc(a.Others, meant)
}
