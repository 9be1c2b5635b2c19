package measure

import (
	"candor/internal/alert"
	"candor/internal/day"
)

// Lately says of which rules no alerts count but those since they were changed: from the
// day Since, by rule, to To, the last day of the window. Its zero value is of none. What
// such a rule raises is held to the days since, and the volume of several rules together
// is that of the days on which all of them were as they are.
type Lately struct {
	Since map[string]day.Date
	To    day.Date
}

// newest returns since when all rules of the sums are as they are; "" where none was
// changed.
func (l Lately) newest(sums *alert.Sums) day.Date {
	var since day.Date
	for _, r := range sums.Rules {
		since = max(since, l.Since[r.Rule])
	}
	return since
}

// days returns on how many days of a window a rule was as it is.
func (l Lately) days(rule string, window int) int {
	if since := l.Since[rule]; since != "" {
		return since.Until(l.To) + 1
	}
	return window
}

// volume sums the days from since, or all of them where it is empty.
func (s *Statement) volume(sums *alert.Sums, since, to day.Date) {
	days := s.WindowDays
	if since != "" && len(sums.Rules) > 1 {
		s.VolumeDays = since.Until(to) + 1
		days = s.VolumeDays
	}
	var perDay []int64
	for _, d := range sums.Days {
		if d.Day >= since {
			perDay = append(perDay, d.N)
		}
	}
	s.PerDay = Volume(perDay, days)
}
