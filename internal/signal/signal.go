// Package signal holds weak or external observations about an entity: something
// that is no alert by itself, such as a look-alike domain, a name on a leak site
// or a rare log-on.
//
// It refuses to judge what a signal is worth; its rating is its provider's.
package signal

import "time"

// Signal is one observation of one entity.
type Signal struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Entity is whom or what it is about, as alerts name entities.
	Entity string `json:"entity"`
	// Name is what was observed, for example "look-alike domain registered".
	Name string `json:"name"`
	Site string `json:"site,omitempty"`
	// Source is who or what observed it.
	Source string `json:"source,omitempty"`
	// Techniques are ATT&CK IDs in upper case; Tactic is a tactic's name or ID.
	Techniques []string `json:"techniques,omitempty"`
	Tactic     string   `json:"tactic,omitempty"`
	// Reliability (A to F) and Credibility (1 to 6) rate source and content on the
	// Admiralty scale; empty and 0 when they were not rated.
	Reliability string `json:"reliability,omitempty"`
	Credibility int    `json:"credibility,omitempty"`
	// Score is the source's own, if it gives one.
	Score  *float64          `json:"score,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
}
