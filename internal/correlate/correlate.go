// Package correlate finds chains: observations of one entity, alerts and signals, that
// line up inside a window of time, as a definition in Sigma's correlation format asks.
//
// A definition is a predicate over the observations of one group that lie in a closed
// window [t - timespan, t]. It is asked at every time t at which the group was observed,
// once for all observations of that time, and a finding is a longest run of such times at
// which it held. So the windows slide, and what is found depends neither on the order in
// which observations arrive, as long as none is late, nor on how entities are split over
// processes.
//
// The package reads no clock, keeps nothing outside of a State and refuses to say what a
// finding is worth; that is package worth's.
package correlate

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Sort is what an observation is one of: a rule's alerts, or the signals of a name.
// Observations of one sort fit the same stages, and should share one Sort.
type Sort struct {
	// Rule is the id of an alert's rule and Name what the rule is called; Signal is the
	// name of a signal. An alert has no Signal and a signal no Rule.
	Rule, Name, Signal string
	// Techniques are ATT&CK IDs; Tactics are IDs or short names, as many spellings as
	// are known.
	Techniques, Tactics []string
}

// label is what people call the sort.
func (s *Sort) label() string {
	if s.Rule != "" {
		return s.Rule
	}
	return s.Signal
}

// Observation is one alert or signal, at one time, about one entity.
type Observation struct {
	// ID is what the observation is known by. Two of one ID, time and sort are one that
	// was delivered twice.
	ID   string
	Time time.Time
	Sort *Sort
	// Site and Entity are where and of whom; Fields is whatever else is known, which
	// definitions group by and count.
	Site, Entity string
	Fields       map[string]string
}

// field returns the value of a field by which definitions group or which they count.
func (o *Observation) field(name string) string {
	switch name {
	case "entity":
		return o.Entity
	case "site":
		return o.Site
	case "rule":
		return o.Sort.Rule
	case "signal":
		return o.Sort.Signal
	}
	return o.Fields[name]
}

// Member is an observation by which a finding was found.
type Member struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Of is the rule or the signal.
	Of string `json:"of"`
	// Stages are the stages of the definition that it fits, as the definition writes them.
	Stages []string `json:"stages,omitempty"`
	// Value is the value that was counted, or summed.
	Value string `json:"value,omitempty"`
}

// Finding is a chain that was found.
type Finding struct {
	// ID follows from the definition, the group and the time of the finding.
	ID         string `json:"id"`
	Definition string `json:"definition"`
	Title      string `json:"title"`
	Level      string `json:"level,omitempty"`
	// Group is what its observations have in common, by field, folded to lower case.
	Group map[string]string `json:"group"`
	// From is the time of its first member, At that at which the definition first held,
	// and Last the last time at which it still did; as long as Open, that is not the end.
	From time.Time `json:"from"`
	At   time.Time `json:"at"`
	Last time.Time `json:"last"`
	Open bool      `json:"open"`
	// Amount is what the condition was held against At: how many observations or values,
	// no more than it asks for, different stages, or a sum.
	Amount float64 `json:"amount"`
	// Observations is how many observations belong to it, from its members to Last.
	Observations int64    `json:"observations"`
	Members      []Member `json:"members"`
	// More is how many members are not listed.
	More int `json:"members_not_listed,omitempty"`
	// Cut says that its group was evicted to bound the state, so that it may have gone on.
	Cut bool `json:"cut,omitempty"`
}

// MostMembers is how many members a finding lists.
const MostMembers = 100

// findingID names a finding.
func findingID(definition, key string, at int64) string {
	var room [256]byte
	text := append(append(append(append(room[:0], definition...), 0x1f), key...), 0x1f)
	sum := sha256.Sum256(strconv.AppendInt(text, at, 10))
	const prefix = "chain-"
	return string(hex.AppendEncode(append(room[:0], prefix...), sum[:8]))
}

// longest is the longest text of an observation that is held as it is.
const longest = 512

// bounded returns a text, or what stands for one that is too long to hold.
func bounded(s string) string {
	if len(s) <= longest {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return strings.ToValidUTF8(s[:64], "") + "…" + hex.EncodeToString(sum[:])
}
