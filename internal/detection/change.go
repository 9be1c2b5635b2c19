package detection

import (
	"slices"
	"strings"

	"candor/internal/day"
)

// Version is a rule as a batch stated it on a day.
type Version struct {
	Rule     Rule
	Batch    string
	Recorded day.Date
}

// Grounds are what a change of a rule is known by.
type Grounds string

// The grounds.
const (
	// ByText: what it looks for differs from what it looked for before (Rule.Logic).
	ByText Grounds = "text"
	// ByReading: what it reads differs, where it is not known what it looks for.
	ByReading Grounds = "reading"
	// ByDate: its own date says so, and no other text of it is known.
	ByDate Grounds = "date"
)

// Change is when a rule came to look for something else.
type Change struct {
	// On is the day by the rule's own date where that moved with the change and is no later
	// than Batch, else the day on which Batch was recorded.
	On day.Date `json:"on"`
	By Grounds  `json:"known_by"`
	// Batch brought the rule as it was then.
	Batch string `json:"batch"`
}

// Changes returns when a rule changed, by the order of its versions, which are the oldest
// first. Other names, texts, tags, severities, states, schedules or dates are no change
// where it is known that what the rule looks for is the same. The first version changed on
// its own date, since no text is known of before.
func Changes(versions []Version) []Change {
	var list []Change
	for i := range versions {
		v := &versions[i]
		on, dated := v.Rule.changed()
		if i == 0 {
			if dated {
				list = append(list, Change{on, ByDate, v.Batch})
			}
			continue
		}
		before := &versions[i-1].Rule
		by, differs := v.Rule.differs(before)
		if !differs {
			continue
		}
		if was, ok := before.changed(); !dated || ok && on <= was || on > v.Recorded {
			on = v.Recorded
		}
		list = append(list, Change{on, by, v.Batch})
	}
	return list
}

// differs reports whether a rule looks for something else than it did before, and by what
// that is known.
func (r *Rule) differs(before *Rule) (Grounds, bool) {
	switch {
	case r.Logic != "" && before.Logic != "":
		return ByText, r.Logic != before.Logic
	case r.Logic == "" && before.Logic == "":
		return ByReading, !slices.Equal(r.Platforms, before.Platforms) || !slices.Equal(r.Logs, before.Logs) || !slices.Equal(r.Of, before.Of) ||
			!slices.Equal(r.Fields, before.Fields) || !slices.Equal(r.Optional, before.Optional)
	}
	return ByDate, r.Modified != before.Modified // an older candor did not keep what it looks for
}

// changed returns the rule's own date, as products write dates and times: 2026-06-30,
// 2026/06/30, or either with a time behind it.
func (r *Rule) changed() (day.Date, bool) {
	d, err := day.Parse(strings.ReplaceAll(r.Modified[:min(len(r.Modified), 10)], "/", "-"))
	return d, err == nil
}
