package correlate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Limits bound what a State takes and holds.
type Limits struct {
	// Lateness is how much later than a newer observation one may arrive and still be put
	// in its place, at least. 0 is for observations that arrive in the order of time.
	Lateness time.Duration
	// From and Until bound the time of observations, both included; the zero time is no
	// bound. One that is outside is counted and not read, so that a clock that runs ahead
	// makes nobody else late.
	From, Until time.Time
	// Groups is how many groups are held at once, at most; 0 means DefaultGroups. Of more,
	// the one that was observed longest ago is evicted, and counted.
	Groups int
}

// DefaultGroups is how many groups a State holds where Limits do not say.
const DefaultGroups = 2_000_000

// Cause is why an observation was not read, or not for all that it could have been.
type Cause string

// The causes.
const (
	Late      Cause = "late"       // newer ones were read already
	Outside   Cause = "outside"    // its time is out of bounds
	Duplicate Cause = "duplicate"  // it was read already
	Ungrouped Cause = "ungrouped"  // it has no value for a field that a definition groups by
	NoValue   Cause = "no_value"   // it has no value that a definition counts or sums
	Evicted   Cause = "evicted"    // a group that was given up to bound the state
	Dropped   Cause = "not_summed" // more are in one window than are summed
)

// Causes lists them.
func Causes() []Cause { return []Cause{Late, Outside, Duplicate, Ungrouped, NoValue, Evicted, Dropped} }

// Stats is what a State read, and what it could not.
type Stats struct {
	// Read is how many observations there were, and Fitting how many of them bear on any
	// definition and were taken in.
	Read    int64 `json:"read"`
	Fitting int64 `json:"fitting"`
	// Groups is how many groups are held, and Peak the most that were.
	Groups int   `json:"groups"`
	Peak   int   `json:"groups_at_most"`
	Amiss  Amiss `json:"amiss"`
	// Examples are the first of each cause.
	Examples []Example `json:"examples"`
}

// Amiss counts by cause. An observation is counted once for each definition that it could
// not be read for.
type Amiss map[Cause]int64

// Example is an observation, or for an evicted group the group, that was not read.
type Example struct {
	Cause Cause     `json:"cause"`
	ID    string    `json:"id"`
	Time  time.Time `json:"time"`
	// Definition is the one for which it could not be read; empty for all.
	Definition string `json:"definition,omitempty"`
}

// mostExamples is how many examples of a cause are told.
const mostExamples = 5

// State is all that a plan remembers of what it was shown. It is used by one goroutine.
type State struct {
	plan     *Plan
	limits   Limits
	matched  map[*Sort][]match
	sort     *Sort // that of the last observation, and its matches
	fit      []match
	quantum  int64
	edge     int64 // the first bucket that may still be filled
	newestAt int64
	begun    bool
	stats    Stats
	out      []Finding
	span     int64 // the longest of all definitions

	// Observations that wait, and what of them is being read.
	buckets map[int64]*bucket
	known   [64]known
	waiting ids
	spare   []*bucket
	ranks   []ranked
	queued  [][]queued // by level
	touched []touch

	// What is held.
	table   table
	age     age
	blocks  [][]holder
	free    []int32   // holders that are not in use
	given   []*holder // those that were given up at the time that is being read
	count   int       // of holders
	arrays  [classes][][]group
	links   *link // those that are not in use, by before
	start   *link // the first link that was made last
	runs    []*run
	listed  []item
	touches int64 // keeps what warm reads from being left out
}

// NewState returns the state of a plan that was shown nothing.
func NewState(p *Plan, l Limits) *State {
	s := &State{plan: p, limits: l, matched: map[*Sort][]match{}, buckets: map[int64]*bucket{}, edge: math.MinInt64,
		quantum: max(int64(time.Second), int64(l.Lateness)/16), queued: make([][]queued, p.levels), table: newTable()}
	if s.limits.Groups <= 0 {
		s.limits.Groups = DefaultGroups
	}
	for i := range p.spaces {
		s.span = max(s.span, p.spaces[i].span)
	}
	s.age.width = max(int64(time.Second), s.span/ages)
	s.stats.Amiss = Amiss{}
	return s
}

// Stats returns what the state read so far.
func (s *State) Stats() Stats {
	out := s.stats
	out.Amiss, out.Examples = Amiss{}, slices.Clone(s.stats.Examples)
	for c, n := range s.stats.Amiss {
		out.Amiss[c] = n
	}
	out.Groups = s.count
	return out
}

// Step shows an observation to a state, and returns the findings that began or ended by
// it, of which the State keeps none: the slice is good until the next call.
func Step(s *State, o *Observation) []Finding {
	s.out = s.out[:0]
	s.stats.Read++
	t := o.Time.UnixNano()
	if sec := o.Time.Unix(); sec < 0 || sec >= beyond || !s.limits.From.IsZero() && o.Time.Before(s.limits.From) ||
		!s.limits.Until.IsZero() && o.Time.After(s.limits.Until) {
		s.amiss(Outside, o.ID, o.Time, "")
		return nil
	}
	number := floor(t, s.quantum)
	if number < s.edge {
		s.amiss(Late, o.ID, o.Time, "")
		return nil
	}
	s.take(o, t, number)
	if t > s.newestAt || !s.begun {
		s.newestAt, s.begun = t, true
		s.release(floor(t-int64(s.limits.Lateness), s.quantum))
	}
	return s.out
}

// Flush reads what still waits for late observations, and ends what goes on: nothing more
// will come. It returns the findings that began or ended.
func (s *State) Flush() []Finding {
	s.out = s.out[:0]
	s.release(math.MaxInt64)
	for h := s.oldest(math.MaxInt64); h != nil; h = s.oldest(math.MaxInt64) {
		s.give(h, false)
	}
	return s.out
}

// beyond is the beginning of 2262, in which nanoseconds no longer fit.
const beyond = 9_214_646_400

// floor is t divided by a unit, rounded down.
func floor(t, by int64) int64 {
	n := t / by
	if t%by < 0 {
		n--
	}
	return n
}

func (s *State) amiss(c Cause, id string, at time.Time, definition string) {
	if s.stats.Amiss[c]++; s.stats.Amiss[c] <= mostExamples {
		s.stats.Examples = append(s.stats.Examples, Example{c, bounded(id), at.UTC(), definition})
	}
}

// mostSorts bounds how many sorts a state remembers the matches of.
const mostSorts = 100_000

func (s *State) matches(of *Sort) []match {
	if of == s.sort && of != nil {
		return s.fit
	}
	ms, known := s.matched[of]
	if !known {
		if len(s.matched) >= mostSorts {
			clear(s.matched)
		}
		ms = s.plan.matches(of)
		s.matched[of] = ms
	}
	s.sort, s.fit = of, ms
	return ms
}

// String says in a line how much was read.
func (s Stats) String() string {
	text := fmt.Sprintf("%d observations read, %d fit", s.Read, s.Fitting)
	for _, c := range Causes() {
		if n := s.Amiss[c]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, strings.ReplaceAll(string(c), "_", " "))
		}
	}
	return text
}
