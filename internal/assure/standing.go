package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// reportable reports whether s is reliable and passes the reporting gate by itself.
func (a *assessor) reportable(s *subject) bool {
	if s.Rung != Reliable {
		return false
	}
	d := Gate(Asked{Purpose: Reporting, Kind: "analytic", ID: s.Analytic.ATTACKID, Verdicts: []Verdict{s.Verdict}, Measurement: s.Measurement}, a.policy, a.today)
	return d.Allowed && !d.Waived
}

// inForce lists the waivers that hold on the day, by what they are about.
func (a *assessor) inForce() []Waiver {
	var in []Waiver
	for _, w := range a.ev.Waivers {
		if v := w.Value.Under(a.policy.Gates); v.InForce(a.today) {
			in = append(in, v)
		}
	}
	slices.SortFunc(in, func(x, y Waiver) int { return strings.Compare(x.Key(), y.Key()) })
	return in
}

// beside says what stands beside every answer that is drawn from the evidence: that it is
// of one site, what was
// recorded after the day judged, and what was withdrawn within the window.
func (a *assessor) beside() []string {
	var l []string
	if a.ev.Left != "" {
		l = append(l, a.ev.Left)
	}
	if text := RecordedLater(a.ev.Batches, a.today); text != "" {
		l = append(l, text)
	}
	if text := a.withdrawn(); text != "" {
		l = append(l, text)
	}
	if text := leftOut(a.ev.Batches); text != "" {
		l = append(l, text)
	}
	l = append(l, a.silent...)
	return append(l, ExpiredLimits(a.ev.Expired, nil)...)
}

// RecordedLater says how many of the batches that count were recorded after a day, and so
// were not known then; empty where none was.
func RecordedLater(batches []BatchRef, today day.Date) string {
	counting, later := 0, 0
	for i := range batches {
		if !batches[i].Withdrawn.IsZero() {
			continue
		}
		n := max(batches[i].Batches, 1)
		counting += n
		if day.Of(batches[i].Added) > today {
			later += n
		}
	}
	if later == 0 {
		return ""
	}
	return figure.Sprintf("%d of %s recorded after %s, the day judged: what they say was not known then.", later, batchesWere(counting), today)
}

// leftOut says how much of what may speak against a verdict never became evidence, because
// the conditions of a mapping file kept it out; empty where nothing did. What was left out
// is not known, so that nobody can say that it would have changed nothing.
func leftOut(batches []BatchRef) string {
	var n int64
	var of []string
	for i := range batches {
		b := &batches[i]
		if b.LeftOut > 0 && b.Withdrawn.IsZero() && evidence.KindOf(b.Kind).Against > 0 {
			n += b.LeftOut
			of = append(of, fmt.Sprintf("%s of %s", figure.Count(b.LeftOut), b.ID))
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Left out by the conditions of mapping files, and in no figure: %s of what was added as evidence (%s).", count(n, "record"), listed(of, 5))
}

// pulled is the telemetry that says of sources which are asked for evidence whether they
// answer.
func pulled(observations []evidence.Of[telemetry.Observation]) visibility.Telemetry {
	var t visibility.Telemetry
	for i := range observations {
		if _, is := telemetry.IsPulled(observations[i].Value.Source); is {
			t.Observations = append(t.Observations, observations[i])
		}
	}
	return t
}

// silent says which sources have stopped answering: that nothing came of them since is
// then no sign that nothing happened.
func silent(stopped []visibility.StoppedFeed) (l []string) {
	for i := range stopped {
		f := &stopped[i]
		name, _ := telemetry.IsPulled(f.Name)
		l = append(l, fmt.Sprintf("The source %s, which is asked for evidence, answered last on %s, %s before the day judged: what its rules raised since, and what was closed there, is not known.",
			name, f.LastSeen, count(int64(f.Days), "day")))
	}
	return l
}

func batchesWere(n int) string {
	if n == 1 {
		return "1 batch was"
	}
	return figure.Sprintf("%d batches were", n)
}

// withdrawn says which batches stopped counting within the window, with how much they
// held; empty where none did.
func (a *assessor) withdrawn() string {
	var gone []BatchRef
	for _, b := range a.ev.Batches {
		if d := day.Of(b.Withdrawn); !b.Withdrawn.IsZero() && d >= a.window.From && d <= a.window.To {
			gone = append(gone, b)
		}
	}
	if len(gone) == 0 {
		return ""
	}
	// What may have spoken against a verdict comes first, so that none can bury it.
	rank := func(b BatchRef) int { return evidence.KindOf(b.Kind).Against }
	slices.SortFunc(gone, func(x, y BatchRef) int {
		return cmp.Or(cmp.Compare(rank(y), rank(x)), y.Withdrawn.Compare(x.Withdrawn), strings.Compare(x.ID, y.ID))
	})
	texts := make([]string, len(gone))
	for i, b := range gone {
		by := ""
		if b.By != "" {
			by = " by " + b.By
		}
		texts[i] = fmt.Sprintf("%s with %s, on %s%s (%s)", b.ID, count(b.Records, cmp.Or(evidence.KindOf(b.Kind).One, "record")), day.Of(b.Withdrawn), by, b.Reason)
	}
	return fmt.Sprintf("Withdrawn within the window, and counted before: %s.", listed(texts, 5))
}

// ExpiredLimits says how many alerts of the window, of those that name a rule for which of
// is true or of all where it is nil, were removed for retention: they are not counted.
func ExpiredLimits(expired []Expired, of func(rule string) bool) []string {
	var l []string
	for _, e := range expired {
		n := int64(0)
		for rule, alerts := range e.Alerts {
			if of == nil || of(rule) {
				n += alerts
			}
		}
		if n > 0 {
			was := "were"
			if n == 1 {
				was = "was"
			}
			l = append(l, fmt.Sprintf("%s of this window %s removed on %s for retention (%s), and %s not counted.", count(n, "alert"), was, e.On, e.Reason, map[bool]string{true: "is", false: "are"}[n == 1]))
		}
	}
	return l
}
