// Package visibility judges whether an organisation can see what an analytic
// looks at: the library's log sources against declared, measured and external
// telemetry.
//
// It refuses to look at rules and alerts, and to treat what was not observed as
// absent. Its functions are pure: the day is passed in.
package visibility

import (
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/telemetry"
)

// State is how well an analytic's log sources are seen.
type State string

// The states.
const (
	OutOfScope State = "out_of_scope"  // the platform is not operated here
	Outside    State = "outside"       // no log source is named, or no sensor can be there
	External   State = "external_only" // seen by a registered external source alone
	Blind      State = "blind"         // log sources exist, none is collected
	Declared   State = "declared"      // all are said to be collected, some never measured
	Partial    State = "partial"       // some are collected, some are not
	Stale      State = "stale"         // all were measured once, some not lately
	Verified   State = "verified"      // every needed log source was measured lately
)

// Seen reports whether the state lets an analytic be observed.
func (s State) Seen() bool { return s == Verified || s == External }

// Policy is what visibility is judged by.
type Policy struct {
	// OutsidePlatforms are platforms where no organisation has a sensor of its own.
	OutsidePlatforms []string
	// JointNeed says which of an analytic's log sources must be seen: "all",
	// "component" (one for each data component), or "any". Another value counts
	// as "all".
	JointNeed string
	// MaxFeedAgeDays is how many days after its last observation a feed still
	// counts.
	MaxFeedAgeDays int
	// MinFeedDays is on how many days of the window a feed must have arrived.
	MinFeedDays int
	// MinHostShare is the share of a source's declared hosts, 0 to 1, that must
	// have sent it on its best day of the window. Of a source that declares no hosts the
	// share is unknown; see Need.ShareUnknown.
	MinHostShare float64
	// MinFieldShare is the share of a log source's events, 0 to 1, that must carry a field
	// which a rule needs.
	MinFieldShare float64
	// MaxLatencyMinutes is within how many minutes 95 % of a log source's events must
	// arrive; 0 sets no bound.
	MaxLatencyMinutes float64
	// WorstReliability and WorstCredibility bound the rating at which an external
	// source counts, for example "C" and 3. An empty bound lets none count.
	WorstReliability string
	WorstCredibility int
}

// Telemetry is what visibility is judged from.
type Telemetry struct {
	Scope        []evidence.Of[telemetry.Scope]
	Sources      []evidence.Of[telemetry.Source]
	Externals    []evidence.Of[telemetry.External]
	Observations []evidence.Of[telemetry.Observation]
	// Hearings are what came from external sources by signals.
	Hearings []evidence.Of[telemetry.Hearing]
}

// Window is the days that are looked at, From to To inclusive. To is the day as
// of which everything is judged.
type Window struct {
	From day.Date `json:"from"`
	To   day.Date `json:"to"`
}

// NeedState is how one needed log source is seen.
type NeedState string

// The states of a need.
const (
	Missing    NeedState = "missing"    // nobody says that it is collected
	Unmeasured NeedState = "unmeasured" // declared, never observed to arrive
	Silent     NeedState = "silent"     // looked for and did not arrive in the window
	Old        NeedState = "old"        // arrived once, not lately
	Thin       NeedState = "thin"       // arrives on too few days or from too few hosts
	Measured   NeedState = "measured"   // arrives as the policy asks
)

// Need is one log source that an analytic names, and what is known of it here.
type Need struct {
	attack.LogSource
	ComponentName string    `json:"component_name,omitempty"`
	State         NeedState `json:"state"`
	// FirstSeen is the first day on which it arrived, as far as evidence goes, and LastSeen the last.
	FirstSeen day.Date `json:"first_seen,omitempty"`
	LastSeen  day.Date `json:"last_seen,omitempty"`
	Days      int      `json:"days"`     // days of the window on which it arrived
	Hosts     int      `json:"hosts"`    // most hosts on one day of the window
	HostsOf   int      `json:"hosts_of"` // hosts that should send it; 0 unknown
	// ShareUnknown says that it arrives and that nobody declared how many hosts should
	// send it, so that what policy asks of their share is not known to hold.
	ShareUnknown bool `json:"share_unknown,omitempty"`
	// MedianLatency and P95Latency are how long events took to arrive on LatencyDay, the
	// newest day of the window on which that was measured, of several places and channels
	// the longest, in seconds; nil where it was not.
	MedianLatency *float64 `json:"latency_median,omitempty"`
	P95Latency    *float64 `json:"latency_p95,omitempty"`
	LatencyDay    day.Date `json:"latency_day,omitempty"`
	// Declared says that a source in force on the day of judgement covers it.
	Declared bool `json:"declared"`
	// Note says why a declaration that names it does not cover it.
	Note string         `json:"note,omitempty"`
	Refs []evidence.Ref `json:"evidence"`
}

// Sight is an external source that covers an analytic.
type Sight struct {
	Source telemetry.External `json:"source"`
	// Counts says that it is in date and rated within policy; Why says why not.
	Counts bool   `json:"counts"`
	Why    string `json:"why,omitempty"`
	// Heard is the last day of the window on which something came from it; empty for
	// never.
	Heard day.Date       `json:"heard,omitempty"`
	Refs  []evidence.Ref `json:"evidence"`
}

// Statement is the judgement of one analytic.
type Statement struct {
	State State `json:"state"`
	// Shortfall tells apart in which way it is not seen; empty when it is seen, outside
	// or out of scope.
	Shortfall Shortfall `json:"shortfall,omitempty"`
	// Sentence says State in words, with what is seen and what is missing.
	Sentence  string            `json:"sentence"`
	Needs     []Need            `json:"needs"`
	Externals []Sight           `json:"externals"`
	Reasons   []evidence.Reason `json:"reasons"`
}
