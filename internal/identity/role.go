package identity

import (
	"slices"
	"strings"

	"candor/internal/evidence"
)

// Role is what an account is: it says what whoever signs in with it may do.
type Role string

// The roles.
const (
	Reader  Role = "reader"
	Analyst Role = "analyst"
	Lead    Role = "lead"
	Auditor Role = "auditor"
	Admin   Role = "admin"
)

// What only accounts can be for, and tokens never.
const (
	// Oversight is to see accounts, tokens, sessions and who came in.
	Oversight = "oversight"
	// People is to change accounts, tokens and sessions.
	People = "people"
)

// Roles lists the roles, from the one that may do least.
func Roles() []Role { return []Role{Reader, Analyst, Lead, Auditor, Admin} }

// Scopes lists what a role may do. A role that is none may do nothing.
func (r Role) Scopes() []string {
	reads := string(Read)
	works := []string{evidence.Dispositions, Evidence, Notes, Reviews}
	leads := []string{Gaps, Profiles, Upgrades}
	switch r {
	case Reader:
		return []string{reads}
	case Analyst:
		return slices.Concat([]string{reads}, works)
	case Lead:
		return slices.Concat([]string{reads}, works, leads)
	case Auditor:
		return []string{reads, Oversight}
	case Admin:
		return slices.Concat([]string{reads}, works, leads, []string{Retention, Oversight, People})
	}
	return nil
}

// Known reports whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Words says what a scope lets someone do, in words.
func Words(scope string) string {
	all := map[string]string{
		string(Read): "read", evidence.Dispositions: "label alerts", Evidence: "bring files of evidence", Notes: "write notes",
		Reviews: "say which alerts are part of an incident", Gaps: "state gaps and take on next steps", Profiles: "state threat profiles",
		Upgrades: "decide what IDs of another release are read as", Retention: "have alerts removed",
		Oversight: "see accounts, tokens, sessions and who came in", People: "change accounts, tokens and sessions",
	}
	if w := all[scope]; w != "" {
		return w
	}
	return "push " + scope
}

// AccountScopes lists what roles can be for, in the order in which people read it.
func AccountScopes() []string { return Admin.Scopes() }

// rolesWith lists the roles that may do what a scope is for.
func rolesWith(scope string) []string {
	var list []string
	for _, r := range Roles() {
		if slices.Contains(r.Scopes(), scope) {
			list = append(list, string(r))
		}
	}
	return list
}

// either joins roles as alternatives; without any it says so.
func either(roles []string) string {
	switch n := len(roles); n {
	case 0:
		return "a token that is for it, and no role,"
	case 1:
		return roles[0]
	default:
		return strings.Join(roles[:n-1], ", ") + " or " + roles[n-1]
	}
}
