// Package detection holds detection rules and what their authors say they
// detect.
//
// A rule here is a statement, not a proof: whether it maps to an analytic is
// judged by package claim, and whether it works by measurement. Vendors' files
// are read by its decoders.
package detection

import (
	"slices"

	"candor/internal/attack/place"
)

// Rule is one detection rule.
type Rule struct {
	// ID is the rule's name among all that are looked at together: its source's id
	// for it, or what Apart makes of it.
	ID string `json:"id"`
	// Origin is the source that the rule is of, as whoever added it named it, else its
	// format. With the id it is the rule's identity; Source is something else.
	Origin string `json:"origin,omitempty"`
	// Bare is the source's own id where ID is Qualified.
	Bare   string `json:"-"`
	Name   string `json:"name"`
	Format string `json:"format"` // "sigma", "candor-csv", ...
	// Stated says that somebody states the claim and there is no rule: a layer of the
	// Navigator, a score of DeTT&CT.
	Stated bool `json:"stated,omitempty"`
	// Aliases are the other names under which the product's alerts may name the
	// rule: what it is called where it is deployed, its title, an id that it had
	// before. Two rules may share one, which then tells nothing.
	Aliases []string `json:"aliases,omitempty"`
	// Enabled says whether the rule runs. A format that does not say it leaves
	// the decision to its decoder, which states it in Status.
	Enabled bool   `json:"enabled"`
	Status  string `json:"status,omitempty"` // vendor's word: stable, test, ...
	Level   string `json:"level,omitempty"`  // vendor's word: informational..critical
	Owner   string `json:"owner,omitempty"`
	// Techniques and Analytics are ATT&CK IDs in upper case, as the rule names
	// them; they may be unknown to a release.
	Techniques []string `json:"techniques,omitempty"`
	Analytics  []string `json:"analytics,omitempty"`
	// Tactics are tactic names as spelled, for example "initial-access".
	Tactics []string `json:"tactics,omitempty"`
	// Platforms are the ATT&CK platforms on which the rule's log source exists;
	// empty means that the rule does not say.
	Platforms []string `json:"platforms,omitempty"`
	// Reach says how Platforms are meant.
	Reach Reach `json:"reach,omitempty"`
	// Logs is what the rule reads, in ATT&CK's words where they are known.
	Logs []Log `json:"logs,omitempty"`
	// Fields are those of an event that the rule reads, as the rule spells them, each once
	// and in byte order; empty where the format does not say.
	Fields []string `json:"fields,omitempty"`
	// Optional are those of Fields without which the rule can fire all the same: what only
	// excludes, and what stands beside another way to match.
	Optional []string `json:"optional_fields,omitempty"`
	// Role says what comes of the rule when it fires; empty is an alert.
	Role Role `json:"role,omitempty"`
	// Of names the rules that this one correlates, by id or name, and Generate says
	// that those raise alerts of their own besides.
	Of       []string `json:"correlates,omitempty"`
	Generate bool     `json:"generate,omitempty"`
	// Schedule is when the rule runs, and Actions what it does when it fires, both in
	// the product's words; empty where it does not say.
	Schedule string   `json:"schedule,omitempty"`
	Actions  []string `json:"actions,omitempty"`
	// Replaces are the ids of rules in whose place it is.
	Replaces []string `json:"replaces,omitempty"`
	// ExceptionLists are the ids of the lists of exceptions that hold for the rule.
	ExceptionLists []string `json:"exception_lists,omitempty"`
	// Source is the rule's own description of its log source.
	Source string `json:"source,omitempty"`
	// FalsePositives are the known false positives that the author lists.
	FalsePositives []string `json:"false_positives,omitempty"`
	// Path is the file that it came from, within the folder or archive.
	Path string `json:"path,omitempty"`
	// Modified is the rule's own date, as spelled.
	Modified string `json:"modified,omitempty"`
	// Logic is the SHA-256, in hex, over what the rule looks for, and how much of it before
	// it fires: its query or its conditions, with no regard to layout and remarks. Names,
	// texts, tags, severity, status, schedule and dates are not in it. It is empty where the
	// format does not say what the rule looks for.
	Logic string `json:"logic_sha256,omitempty"`
}

// Reach is how the platforms of a rule's log source are meant.
type Reach string

// The reaches.
const (
	// Stated: the rule is about each of the platforms that it states.
	Stated Reach = ""
	// Several: the log source serves all of them, the first foremost, and nothing
	// tells which the rule is about. It speaks for those on which ATT&CK names what
	// it reads.
	Several Reach = "several"
	// Any: the log source serves any platform. The rule speaks for those on which
	// ATT&CK names what it reads, whatever others it states.
	Any Reach = "any"
)

// Look sets where the rule looks: at the platforms and the logs of a place.
func (r *Rule) Look(at place.Place) {
	r.Platforms, r.Logs = at.Platforms, nil
	for _, l := range at.Logs {
		r.Logs = append(r.Logs, Log{Component: l.Component, Name: l.Name, Channel: l.Channel})
	}
	switch at.Serves {
	case place.Several:
		r.Reach = Several
	case place.Any:
		r.Reach = Any
	default:
		r.Reach = Stated
	}
}

// Wider returns the reach of a rule that reads sources of both.
func (r Reach) Wider(s Reach) Reach {
	if r == Any || s == Any {
		return Any
	}
	return max(r, s)
}

// Log is one log source that a rule reads, as far as it is known. An empty field
// is wild.
type Log struct {
	// Component is a data component's name, for example "Process Creation".
	Component string `json:"component,omitempty"`
	// Name and Channel are a log source's, for example "auditd:SYSCALL", "execve".
	Name    string `json:"name,omitempty"`
	Channel string `json:"channel,omitempty"`
	// Group joins logs that the rule needs together, counted from 1. A log of group
	// 0 is enough by itself.
	Group int `json:"group,omitempty"`
}

// Needed returns the fields without which the rule cannot fire.
func (r *Rule) Needed() []string {
	return slices.DeleteFunc(slices.Clone(r.Fields), func(f string) bool { return slices.Contains(r.Optional, f) })
}
