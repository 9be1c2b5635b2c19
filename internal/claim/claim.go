// Package claim judges which analytics a detection rule speaks for, and on what
// basis.
//
// A claim is what a rule says, not what it does; the package refuses to look at
// alerts. Its functions are pure.
package claim

import (
	"strings"

	"candor/internal/detection"
	"candor/internal/evidence"
)

// Basis is why a rule is taken to speak for an analytic, strongest first.
type Basis string

// The bases.
const (
	Explicit             Basis = "analytic"                      // the rule names the analytic
	TechniquePlatformLog Basis = "technique+platform+log_source" // all three agree
	TechniquePlatform    Basis = "technique+platform"            // the log source does not, or is unknown
	TechniqueOnly        Basis = "technique"                     // too little is known of where the rule looks
	// Elsewhere is the technique too, where it is known that the rule looks at something
	// else than the analytic is of. It never counts; see Claim.Misfit.
	Elsewhere Basis = "elsewhere"
)

// Bases lists every basis, strongest first.
func Bases() []Basis { return append(Countable(), Elsewhere) }

// Countable lists the bases that policy may count, strongest first.
func Countable() []Basis {
	return []Basis{Explicit, TechniquePlatformLog, TechniquePlatform, TechniqueOnly}
}

// Words says a basis as lists of rules show it; the empty one is none.
func (b Basis) Words() string {
	switch b {
	case "":
		return "none"
	case Elsewhere:
		return "technique, elsewhere"
	}
	return strings.NewReplacer("+", ", ", "_", " ").Replace(string(b))
}

// Meaning says what it is that a basis is a rule's strongest.
func (b Basis) Meaning() string {
	switch b {
	case Explicit:
		return "it names the analytic"
	case TechniquePlatformLog:
		return "its technique has an analytic of its platform that names what it reads"
	case TechniquePlatform:
		return "its technique has an analytic of its platform, and none that names what it reads"
	case TechniqueOnly:
		return "too little is known of where it looks"
	case Elsewhere:
		return "where it looks is known, and ATT&CK has no analytic of its techniques there"
	}
	return "it names no technique or analytic that the release has an analytic of"
}

// Policy is what claims are judged by.
type Policy struct {
	// Count are the bases on which a rule counts as a claim.
	Count []Basis
	// Statuses are the rule statuses that count; empty means all. A rule that
	// states no status is not held back by it.
	Statuses []string
	// JoinAlertsBy is how alerts may be joined to their rules.
	JoinAlertsBy []detection.Join
}

// Claim is a rule's claim on one analytic.
type Claim struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name"`
	Basis    Basis  `json:"basis"`
	// Technique is the technique through which the rule was mapped, and Via the
	// id that the rule names where that one is revoked, or of another release.
	// Reading then says how the one leads to the other.
	Technique string `json:"technique,omitempty"`
	Via       string `json:"via,omitempty"`
	Reading   string `json:"reading,omitempty"`
	// Decision is the batch of the decision of a person that says so, if one does.
	Decision string `json:"decision,omitempty"`
	Enabled  bool   `json:"enabled"`
	// Role is what comes of the rule when it fires; see detection.Role.
	Role detection.Role `json:"role,omitempty"`
	// Counts says that policy lets the claim count; Why says why not.
	Counts bool   `json:"counts"`
	Why    string `json:"why,omitempty"`
	// Misfit says what the rule is of where the basis is Elsewhere: the platforms that it
	// states, or OtherLogSource. It then shares the technique with the analytic and
	// nothing else, and cannot be what detects it.
	Misfit string `json:"misfit,omitempty"`
	Batch  string `json:"batch"`
}

// OtherLogSource is the Misfit of a rule that is of no platform in particular, since it
// states none or its log source serves several, and reads none of the analytic's log
// sources.
const OtherLogSource = "another log source"

// Cannot reports whether the claim does not count and no change to the rule's state
// or to policy's statuses would make it: the rule is of another platform or product.
func (c *Claim) Cannot() bool { return c.Misfit != "" && !c.Counts }

// Unmapped is a rule's reference that the release does not know.
type Unmapped struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name"`
	Path     string `json:"path,omitempty"`
	// Names is the ATT&CK ID that the rule names.
	Names string `json:"names"`
	Why   string `json:"why"`
	Batch string `json:"batch"`
}

// Reread is a rule's reference to an id that the release does not know, and that
// was read as one that it does know.
type Reread struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name"`
	// Names is the ATT&CK ID that the rule names, As the one it is read as.
	Names string `json:"names"`
	As    string `json:"as"`
	How   string `json:"how"`
	Batch string `json:"batch"`
	// Decision is the batch of the decision of a person that says so, if one does.
	Decision string `json:"decision,omitempty"`
}

// Narrowed is a technique that a rule names beside a sub-technique of it: the
// sub-technique is claimed, and the parent is not.
type Narrowed struct {
	RuleID   string `json:"rule_id"`
	RuleName string `json:"rule_name"`
	// Names is the ATT&CK ID of the parent, To that of the sub-technique.
	Names string `json:"names"`
	To    string `json:"to"`
	Batch string `json:"batch"`
}

// Claims is every claim of a set of rules on a release.
type Claims struct {
	// ByAnalytic holds the claims by the analytic's STIX id, strongest first.
	ByAnalytic map[string][]Claim
	// Unmapped lists what the release does not know, by rule id.
	Unmapped []Unmapped
	// Reread lists what was read through other releases, by rule id.
	Reread []Reread
	// Narrowed lists the parents that gave way to their sub-techniques, by rule id.
	Narrowed []Narrowed
	// Nowhere lists the techniques that have no analytic where the rule looks, by rule id.
	Nowhere []Nowhere
	// Silent lists the ids of rules that name no technique and no analytic.
	Silent []string
}

// Rules is what claims are judged from.
type Rules = []evidence.Of[detection.Rule]
