// Package telemetry holds what an organisation says it collects and what was
// measured to arrive: log sources, feed observations and external sources.
//
// A declaration is a claim and an observation is a measurement; the package
// keeps them apart and refuses to judge either. Files are read by its decoders.
package telemetry

import (
	"strings"

	"candor/internal/day"
)

// Scope says what an organisation operates, for judging which analytics apply
// to it.
type Scope struct {
	Organisation string `json:"organisation"`
	// Platforms are ATT&CK platform names. An empty list means that the scope is
	// not stated, which is not the same as having none.
	Platforms []string `json:"platforms"`
}

// Source declares a log source that the organisation says it collects.
type Source struct {
	// Name and Channel are ATT&CK's names; an empty Channel stands for every
	// channel of the name.
	Name    string `json:"name"`
	Channel string `json:"channel,omitempty"`
	// Component is an optional data component, by ATT&CK ID or name.
	Component string   `json:"component,omitempty"`
	Platforms []string `json:"platforms,omitempty"`
	Sites     []string `json:"sites,omitempty"`
	// Hosts is the number of systems that should send it; 0 is unknown.
	Hosts   int      `json:"hosts,omitempty"`
	Product string   `json:"product,omitempty"`
	Owner   string   `json:"owner,omitempty"`
	Since   day.Date `json:"since,omitempty"`
	Until   day.Date `json:"until,omitempty"`
	Note    string   `json:"note,omitempty"`
}

// External is visibility that someone else provides.
type External struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Provider string `json:"provider"`
	Owner    string `json:"owner"`
	// Covers lists what it sees: ATT&CK IDs of analytics, strategies or techniques.
	Covers []string `json:"covers"`
	// Reliability is the Admiralty rating of the source, "A" (completely
	// reliable) to "E" (unreliable), "F" when it cannot be judged.
	Reliability string `json:"reliability"`
	// Credibility is the Admiralty rating of what it says, 1 (confirmed) to 5
	// (improbable), 6 when it cannot be judged.
	Credibility int `json:"credibility"`
	// RatedBy is who gave the two ratings; empty for the owner. A rating is that of who
	// reads the source, and never its provider's.
	RatedBy string   `json:"rated_by,omitempty"`
	Since   day.Date `json:"since,omitempty"`
	Expires day.Date `json:"expires"`
	Note    string   `json:"note,omitempty"`
}

// Hearing is that something came from an external source on a day: a signal, or events
// of a feed that bears its id or name.
type Hearing struct {
	Source string   `json:"source"`
	Day    day.Date `json:"date"`
}

// Observation is a measured statement that a log source arrived on a day.
type Observation struct {
	Day     day.Date `json:"date"`
	Source  string   `json:"source"`
	Channel string   `json:"channel,omitempty"`
	// Events and Hosts are what arrived that day; zero events says that the feed
	// was looked for and did not arrive.
	Events int64 `json:"events"`
	Hosts  int   `json:"hosts"`
	// Site is where it was measured; it may be empty.
	Site string `json:"site,omitempty"`
	// MedianLatency and P95Latency are how long the day's events took from their own time
	// to their arrival: half of them at most the one, 95 % at most the other, in
	// seconds. Nil where nobody measured it.
	MedianLatency *float64 `json:"latency_median,omitempty"`
	P95Latency    *float64 `json:"latency_p95,omitempty"`
}

// FieldShare is a measured statement of how many of a log source's events carry a field.
type FieldShare struct {
	Source  string `json:"source"`
	Channel string `json:"channel,omitempty"`
	// Field is its name, as rules spell it.
	Field string `json:"field"`
	// Share is of the events that were looked at, 0 to 1.
	Share float64 `json:"share"`
	// Events is how many were looked at; 0 where it is not said.
	Events int64 `json:"events,omitempty"`
	// Day is when; empty where it is not said.
	Day  day.Date `json:"date,omitempty"`
	Site string   `json:"site,omitempty"`
}

// Key names what a later record supersedes.
func (s *FieldShare) Key() string {
	return strings.Join([]string{string(s.Day), s.Source, s.Channel, s.Field, s.Site}, "|")
}
