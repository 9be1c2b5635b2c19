package measure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"candor/internal/day"
	"candor/internal/exercise"
)

// Recall is how much of what was done on purpose was detected. It comes from
// exercises alone, speaks of what was exercised alone, and is never mixed with
// what alerts say.
type Recall struct {
	// Of is an ATT&CK ID, or "organisation".
	Of string `json:"of"`
	// Source says what it rests on, always "exercises".
	Source string `json:"source"`
	// Detected of Exercises passed. What was blocked is not among Exercises: it
	// says nothing of detection.
	Detected  int       `json:"detected"`
	Exercises int       `json:"exercises"`
	Recall    *float64  `json:"recall"`
	Interval  *Interval `json:"interval"`
	// Logged were seen in the logs without an alert; they are among Exercises.
	Logged  int `json:"logged"`
	Blocked int `json:"blocked"`
	// Expired are passes that are out of date and are left out. A failure does not
	// expire before something newer passes.
	Expired int    `json:"expired"`
	Last    string `json:"last_time,omitempty"`
}

// RecallPolicy is what exercises are counted by.
type RecallPolicy struct {
	// Passing are the outcomes that detect.
	Passing []string
	// MaxAgeDays is how long an exercise counts.
	MaxAgeDays int
	Confidence float64
}

// RecallOf returns the recall that the exercises show as of today, Jeffreys; of
// names what they were of. An exercise older than policy lets it count is left
// out, unless it was missed and none of the same technique, analytic and platform
// passed since: that evidence grows old must not improve a figure. Exercises
// after today are left out.
func RecallOf(of string, exercises []exercise.Exercise, today day.Date, p RecallPolicy) Recall {
	r := Recall{Of: of, Source: "exercises"}
	passes := lastPasses(exercises, today, &p)
	var last time.Time
	for i := range exercises {
		e := &exercises[i]
		if day.Of(e.Time) > today {
			continue
		}
		if e.Time.After(last) {
			last = e.Time
		}
		r.count(e, passes, today, &p)
	}
	if !last.IsZero() {
		r.Last = last.UTC().Format(time.RFC3339)
	}
	if r.Exercises > 0 {
		r.Recall = new(float64(r.Detected) / float64(r.Exercises))
		r.Interval = new(Jeffreys(float64(r.Detected), float64(r.Exercises), p.Confidence))
	}
	return r
}

func (r *Recall) count(e *exercise.Exercise, passes map[string]time.Time, today day.Date, p *RecallPolicy) {
	passed := slices.Contains(p.Passing, string(e.Outcome))
	old := day.Of(e.Time).Until(today) > p.MaxAgeDays
	switch {
	case e.Outcome == exercise.Blocked && !passed:
		r.Blocked++
		return
	case old && (passed || passes[subjectOf(e)].After(e.Time)):
		r.Expired++
		return
	}
	r.Exercises++
	if passed {
		r.Detected++
	} else if e.Outcome == exercise.Logged {
		r.Logged++
	}
}

// subjectOf is what an exercise tests again when it is repeated.
func subjectOf(e *exercise.Exercise) string {
	return strings.ToUpper(e.Technique) + "|" + strings.ToUpper(e.Analytic) + "|" + strings.ToLower(e.Platform)
}

func lastPasses(exercises []exercise.Exercise, today day.Date, p *RecallPolicy) map[string]time.Time {
	last := map[string]time.Time{}
	for i := range exercises {
		e := &exercises[i]
		if slices.Contains(p.Passing, string(e.Outcome)) && day.Of(e.Time) <= today && e.Time.After(last[subjectOf(e)]) {
			last[subjectOf(e)] = e.Time
		}
	}
	return last
}

// Recalls returns the recall of the exercises by what by names of each, in the
// order of those names; an exercise that by names nothing of is left out.
func Recalls(exercises []exercise.Exercise, by func(exercise.Exercise) string, today day.Date, p RecallPolicy) []Recall {
	groups := map[string][]exercise.Exercise{}
	for _, e := range exercises {
		if of := strings.ToUpper(by(e)); of != "" {
			groups[of] = append(groups[of], e)
		}
	}
	list := make([]Recall, 0, len(groups))
	for of, es := range groups {
		list = append(list, RecallOf(of, es, today, p))
	}
	slices.SortFunc(list, func(a, b Recall) int { return cmp.Compare(a.Of, b.Of) })
	return list
}
