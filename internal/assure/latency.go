package assure

import (
	"fmt"
	"time"

	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/visibility"
)

// tooLate is from which delay on nobody who looks for an alert after something happened
// finds it: a day.
const tooLate = 24 * time.Hour

// late returns the needed log sources whose events arrive later than a bound, as far as
// that was measured.
func (s *subject) late(bound time.Duration) []visibility.Need {
	var of []visibility.Need
	seen := map[string]bool{}
	for _, n := range s.Visibility.Needs {
		if n.P95Latency != nil && *n.P95Latency > bound.Seconds() && n.State == visibility.Measured && !seen[logSource(n)] {
			seen[logSource(n)] = true
			of = append(of, n)
		}
	}
	return of
}

// latencyText says how late a log source arrives.
func latencyText(n visibility.Need) string {
	text := fmt.Sprintf("95 %% of the events of %s arrived within %s on %s", logSource(n), lasting(*n.P95Latency), n.LatencyDay)
	if n.MedianLatency != nil {
		text += fmt.Sprintf(", half of them within %s", lasting(*n.MedianLatency))
	}
	return text
}

// Lasting writes a number of seconds for people; empty for nil.
func Lasting(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return lasting(*seconds)
}

// lasting writes seconds in the unit that suits them.
func lasting(seconds float64) string {
	switch {
	case seconds < 120:
		return figure.Sprintf("%.0f seconds", seconds)
	case seconds < 2*3600:
		return figure.Sprintf("%.0f minutes", seconds/60)
	case seconds < 2*86400:
		return figure.Sprintf("%.1f hours", seconds/3600)
	}
	return figure.Sprintf("%.1f days", seconds/86400)
}

// latencyLimits says which needed log sources arrive later than policy asks.
func (a *assessor) latencyLimits(s *subject) []string {
	most := a.policy.Visibility.MaxLatencyMinutes
	if most <= 0 {
		return nil
	}
	var l []string
	for _, n := range s.late(time.Duration(most * float64(time.Minute))) {
		l = append(l, figure.Sprintf("%s; policy asks for %g minutes: what looks at it sees it that late.", latencyText(n), most))
	}
	return l
}

// latencyBounds says which needed log sources arrive so late that no alert on them comes
// in time.
func (a *assessor) latencyBounds(s *subject) []evidence.Reason {
	var rs []evidence.Reason
	for _, n := range s.late(tooLate) {
		rs = append(rs, evidence.Reason{Code: "bounded_latency", Refs: append(append([]evidence.Ref{}, n.Refs...), policy("visibility.max_latency_minutes")...),
			Text: latencyText(n) + ": an alert on it comes more than a day after what it is of."})
	}
	return rs
}
