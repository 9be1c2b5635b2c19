// Package exercise holds tests that produced a behaviour on purpose, and what
// came of them. It refuses to judge what an outcome proves.
package exercise

import "time"

// Outcome is what the defences did about a test.
type Outcome string

// The outcomes, in the words of Candor's CSV.
const (
	Blocked Outcome = "blocked" // prevented; says nothing about detection
	Alerted Outcome = "alerted" // an alert was raised
	Logged  Outcome = "logged"  // seen in the logs, no alert
	None    Outcome = "none"    // nothing was seen
)

// ParseOutcome returns the outcome named s, which is in lower case, and whether
// there is one.
func ParseOutcome(s string) (Outcome, bool) {
	switch o := Outcome(s); o {
	case Blocked, Alerted, Logged, None:
		return o, true
	}
	return "", false
}

// Exercise is one test of one technique or analytic.
type Exercise struct {
	// Technique is an ATT&CK ID; Analytic is one too and may be empty, and then
	// the test speaks for every analytic of the technique on its platform.
	Technique string    `json:"technique"`
	Analytic  string    `json:"analytic,omitempty"`
	Platform  string    `json:"platform,omitempty"`
	Test      string    `json:"test"`
	Time      time.Time `json:"time"`
	Outcome   Outcome   `json:"outcome"`
	// RuleID is the rule that alerted, if it is known.
	RuleID string `json:"rule_id,omitempty"`
	Notes  string `json:"notes,omitempty"`
}
