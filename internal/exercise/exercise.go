// Package exercise holds tests that produced a behaviour on purpose, and what
// came of them. It refuses to judge what an outcome proves.
package exercise

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Outcome is what the defences did about a test.
type Outcome string

// The outcomes, in the words of Candor's CSV.
const (
	Blocked Outcome = "blocked" // prevented; says nothing about detection
	Alerted Outcome = "alerted" // an alert was raised
	Logged  Outcome = "logged"  // seen in the logs, no alert
	None    Outcome = "none"    // nothing was seen
	Ran     Outcome = "ran"     // it ran, and nobody says what came of it
)

// ParseOutcome returns the outcome named s, which is in lower case, and whether
// there is one.
func ParseOutcome(s string) (Outcome, bool) {
	switch o := Outcome(s); o {
	case Blocked, Alerted, Logged, None, Ran:
		return o, true
	}
	return "", false
}

// Provenance is where a test took place. What took place elsewhere passes nothing here.
type Provenance string

// The provenances.
const (
	Here       Provenance = ""           // in the organisation
	Replay     Provenance = "replay"     // events that were recorded somewhere were given to a rule
	Evaluation Provenance = "evaluation" // a product was tried in the laboratory of others
)

// ParseProvenance returns the provenance named s, which is in lower case, and whether
// there is one.
func ParseProvenance(s string) (Provenance, bool) {
	switch p := Provenance(s); p {
	case Here, Replay, Evaluation:
		return p, true
	}
	return "", false
}

// Exercise is one test of one technique or analytic.
type Exercise struct {
	// Provenance is where it took place. A replay may name its rule alone, and then speaks of
	// whatever that rule claims.
	Provenance Provenance `json:"provenance,omitempty"`
	// Technique is an ATT&CK ID; Analytic is one too and may be empty, and then
	// the test speaks for every analytic of the technique on its platform.
	Technique string `json:"technique"`
	Analytic  string `json:"analytic,omitempty"`
	Platform  string `json:"platform,omitempty"`
	// Host is what it ran on, as alerts name their entity, and Site where; either may be
	// empty.
	Host    string    `json:"host,omitempty"`
	Site    string    `json:"site,omitempty"`
	Test    string    `json:"test"`
	Time    time.Time `json:"time"`
	Outcome Outcome   `json:"outcome"`
	// RuleID is the rule that alerted, if it is known.
	RuleID string `json:"rule_id,omitempty"`
	Notes  string `json:"notes,omitempty"`
}

// Away reports whether it took place elsewhere.
func (e *Exercise) Away() bool { return e.Provenance != Here }

// Key names what a later record supersedes: the exercise by what was done, when and where;
// one that took place elsewhere by what was done with which rule, whenever that was.
func (e *Exercise) Key() string {
	if e.Away() {
		return strings.Join([]string{string(e.Provenance), e.RuleID, e.Technique, e.Analytic, e.Test}, "|")
	}
	parts := []string{e.Technique, e.Analytic, e.Platform, e.Test, e.Time.Format(time.RFC3339Nano)}
	if e.Host != "" || e.Site != "" {
		parts = append(parts, e.Host, e.Site)
	}
	return strings.Join(parts, "|")
}

// idDigits is how many digits of the hash an ID has.
const idDigits = 10

// ID is a short name for the exercise, which follows from its key: "ex-" and the beginning
// of the key's SHA-256 in hex.
func (e *Exercise) ID() string {
	h := sha256.Sum256([]byte(e.Key()))
	return "ex-" + hex.EncodeToString(h[:])[:idDigits]
}
