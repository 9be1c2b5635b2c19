package measure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
)

// CaseRecall is how incidents came to be known. It comes from the reviews of
// incidents alone, knows of no incident that nobody ever found, and is never mixed
// with what alerts or exercises say.
type CaseRecall struct {
	// Of is an ATT&CK ID, or "organisation".
	Of string `json:"of"`
	// Source says what it rests on, always "cases".
	Source string `json:"source"`
	// ByAlert of Incidents became known by an alert of our own, Otherwise by a hunt or
	// by others, and Missed only when they were over.
	ByAlert   int       `json:"found_by_alert"`
	Otherwise int       `json:"found_otherwise"`
	Missed    int       `json:"missed"`
	Incidents int       `json:"incidents"`
	Recall    *float64  `json:"recall"`
	Interval  *Interval `json:"interval"`
	// Unsaid are incidents of which it is not said how they became known; they are
	// not among Incidents.
	Unsaid int    `json:"unsaid"`
	Last   string `json:"last_time,omitempty"`
}

// CaseRecallOf returns how the incidents among the cases became known as of today,
// Jeffreys; of names what they are of. A case that is no true positive, or was
// opened after today, is no incident of it.
func CaseRecallOf(of string, cases []alert.Case, today day.Date, confidence float64) CaseRecall {
	r := CaseRecall{Of: of, Source: "cases"}
	var last time.Time
	for i := range cases {
		c := &cases[i]
		if c.Class != alert.TruePositive || day.Of(c.Opened) > today {
			continue
		}
		if c.When().After(last) {
			last = c.When()
		}
		switch c.FoundBy {
		case alert.FoundByAlert:
			r.ByAlert++
		case alert.FoundByHunt, alert.FoundByOthers:
			r.Otherwise++
		case alert.FoundTooLate:
			r.Missed++
		default:
			r.Unsaid++
		}
	}
	r.Incidents = r.ByAlert + r.Otherwise + r.Missed
	if !last.IsZero() {
		r.Last = last.UTC().Format(time.RFC3339)
	}
	if r.Incidents > 0 {
		r.Recall = new(float64(r.ByAlert) / float64(r.Incidents))
		r.Interval = new(Jeffreys(float64(r.ByAlert), float64(r.Incidents), confidence))
	}
	return r
}

// CaseRecalls returns how the incidents became known by each of what by names of
// them, in the order of those names.
func CaseRecalls(cases []alert.Case, by func(alert.Case) []string, today day.Date, confidence float64) []CaseRecall {
	groups := map[string][]alert.Case{}
	for _, c := range cases {
		var once []string
		for _, of := range by(c) {
			if of = strings.ToUpper(of); of != "" && !slices.Contains(once, of) {
				once = append(once, of)
				groups[of] = append(groups[of], c)
			}
		}
	}
	list := []CaseRecall{}
	for of, cs := range groups {
		if r := CaseRecallOf(of, cs, today, confidence); r.Incidents+r.Unsaid > 0 {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b CaseRecall) int { return cmp.Compare(a.Of, b.Of) })
	return list
}
