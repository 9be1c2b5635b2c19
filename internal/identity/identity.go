// Package identity says who may do what. Pages, API, pushed evidence and the
// commands of other processes ask the one function that is here, so that whoever
// wants to know, or to change, who may do what finds it in one place.
//
// It knows no request and no secret: whoever asks has found out before who it is
// that wants something. It refuses what it does not know.
package identity

import (
	"errors"
	"slices"
	"strings"

	"candor/internal/evidence"
	"candor/internal/fault"
)

// Verb is what someone wants to do.
type Verb string

// The verbs, each with what its thing names.
const (
	// Read is to see a page or a model; the thing is the route.
	Read Verb = "read"
	// Push is to bring evidence, to write notes, to review incidents, or to have alerts removed; the thing is
	// its kind.
	Push Verb = "push"
	// Run is to have a server run a command line; the thing is the command.
	Run Verb = "run"
	// Oversee is to see who may do what, who came in and what they did; the thing is the route.
	Oversee Verb = "oversee"
	// Govern is to change who may do what; the thing is the route.
	Govern Verb = "govern"
	// Enter is to show the key of the link that a server printed, or a token, and to see
	// what the page that asks for it is drawn with; the thing is the route. The key or the
	// token decides, so that anyone may try.
	Enter Verb = "enter"
)

// Notes is the scope of those who write notes about objects.
const Notes = "notes"

// Gaps is the scope of those who state gaps: what cannot be seen or relied on.
const Gaps = "gaps"

// Profiles is the scope of those who state threat profiles.
const Profiles = "profiles"

// Upgrades is the scope of those who decide what IDs are read as that a release does not have.
const Upgrades = "upgrades"

// Retention is the scope of those who have alerts removed.
const Retention = "retention"

// Reviews is the scope of those who say which alerts are part of an incident.
const Reviews = "reviews"

// Evidence is the scope of those who bring files of evidence, of whatever kind.
const Evidence = "evidence"

// Scopes lists what someone can be known to be for: to push one kind of evidence, to
// write notes, to review incidents, to state gaps and threat profiles, to bring files, to have alerts removed,
// or to read.
func Scopes() []string {
	return append(evidence.Pushed(), Notes, Reviews, Gaps, Profiles, Upgrades, Evidence, Retention, string(Read))
}

// Who is someone who wants something. The zero Who is anyone who reaches the server.
type Who struct {
	// Name is that of the token that was shown, or of the account that signed in; empty
	// without one.
	Name string
	// Scopes are what the token is for, or what the role of the account may do.
	Scopes []string
	// Role is that of the account that signed in; empty for everyone else.
	Role Role
	// Owner says that it is a process of the user who runs the server: it came through
	// a socket that nobody else can open.
	Owner bool
}

// What begins the name of whoever recorded something: of a token, of an account that
// signed in, and of a provider that says what somebody may.
const (
	OfToken    = "token:"
	OfAccount  = "account:"
	OfProvider = "provider:"
)

// Author is who someone is in what is recorded: token:NAME, or account:NAME of who signed in.
func (w Who) Author() string {
	if w.Role != "" {
		return OfAccount + w.Name
	}
	return OfToken + w.Name
}

// ErrScope is the cause of refusing someone who is known, and not for that.
var ErrScope = errors.New("insufficient_scope")

// Rules are by what it is decided. The zero Rules let everyone read who reaches the
// server, and nobody else: it listens on this machine alone.
type Rules struct {
	// TokenToRead asks for a token with the scope read from whoever reads.
	TokenToRead bool
	// SignIn asks whoever reads to sign in with an account, or for a token with the scope
	// read.
	SignIn bool
}

// May returns nil when someone may do a thing, and fault.Refused otherwise, with
// ErrScope as its cause when it is known who that is.
func (r Rules) May(who Who, do Verb, thing string) error {
	switch do {
	case Enter:
		return nil
	case Read:
		if !r.TokenToRead && !r.SignIn {
			return nil
		}
		return r.needs(who, string(Read))
	case Push:
		if thing != string(Read) && thing != Oversight && thing != People {
			return r.needs(who, thing)
		}
	case Oversee:
		return r.needs(who, Oversight)
	case Govern:
		return r.needs(who, People)
	case Run:
		if who.Owner {
			return nil
		}
	}
	return fault.New(fault.Refused, "nobody may %s %s here", do, thing).Because(ErrScope).Next("ask whoever runs the server")
}

// needs returns fault.Refused unless someone has a scope.
func (r Rules) needs(w Who, scope string) error {
	switch {
	case slices.Contains(w.Scopes, scope):
		return nil
	case w.Role != "":
		return fault.New(fault.Refused, "the account %s has the role %s, which may not %s", w.Name, w.Role, Words(scope)).Because(ErrScope).
			Next("%s may; candor account role changes what an account is", either(rolesWith(scope)))
	case w.Name == "" && r.SignIn:
		return fault.New(fault.Refused, "nobody has signed in").
			Next("sign in with an account in a browser; programs send the header Authorization: Bearer SECRET, of a token that candor token create made")
	case w.Name == "":
		return fault.New(fault.Refused, "the request has no bearer token").
			Next("send the header Authorization: Bearer SECRET; candor token create NAME --scope %s makes one", scope)
	}
	return fault.New(fault.Refused, "the token %s is not for %s", w.Name, scope).Because(ErrScope).
		Next("it is for %s; candor token create makes one for %s", strings.Join(w.Scopes, ", "), scope)
}
