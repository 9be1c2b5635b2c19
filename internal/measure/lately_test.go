package measure

import (
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/day"
)

// TestARuleThatWasChangedIsHeldToTheDaysSince has two rules: one of a window of 10 days,
// one that was changed so that its last 2 days count.
func TestARuleThatWasChangedIsHeldToTheDaysSince(t *testing.T) {
	sums := &alert.Sums{Alerts: 30, Classes: []alert.ClassCount{{Class: alert.Unlabelled, N: 30}}, Days: []alert.DayCount{{Day: "2026-06-21", N: 10}, {Day: "2026-06-29", N: 12}, {Day: "2026-06-30", N: 8}},
		Rules: []alert.RuleCount{{Rule: "new", N: 14}, {Rule: "old", N: 16}}}
	l := Lately{Since: map[string]day.Date{"new": "2026-06-29"}, To: "2026-06-30"}
	p := Policy{MaxAlertsPerDay: 5, MinEpisodes: 5, MinutesPerAlert: 1, Confidence: 0.95}
	s := l.Of("both", sums, 10, p)
	if s.PerDay.Mean != 10 || s.VolumeDays != 2 || s.WindowDays != 10 || !s.Noisy {
		t.Errorf("%+v", s)
	}
	last := s.Reasons[len(s.Reasons)-1].Text
	if want := "Rule new raises 7 alerts a day on average (14 in 2 days), more than the 5 that policy allows."; last != want {
		t.Errorf("%q, want %q", last, want)
	}
	if s := (Lately{}).Of("both", sums, 10, p); s.PerDay.Mean != 3 || s.VolumeDays != 0 || s.Noisy {
		t.Errorf("%+v", s)
	}
	one := &alert.Sums{Alerts: 14, Classes: []alert.ClassCount{{Class: alert.Unlabelled, N: 14}}, Days: []alert.DayCount{{Day: "2026-06-29", N: 14}}, Rules: []alert.RuleCount{{Rule: "new", N: 14}}}
	s = l.Of("new", one, 10, p)
	if s.WindowDays != 2 || s.PerDay.Mean != 7 || s.VolumeDays != 0 || !strings.HasPrefix(s.Reasons[len(s.Reasons)-2].Text, "14 alerts in 2 days: 7 a day") {
		t.Errorf("%+v", s)
	}
}
