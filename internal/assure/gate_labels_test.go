package assure

import (
	"strings"
	"testing"

	"candor/internal/measure"
)

// TestWhoLabelledBoundsAGate asks for two persons who did not label all at once, or for
// second readings that agree.
func TestWhoLabelledBoundsAGate(t *testing.T) {
	read := func(pairs int64, low float64) measure.Agreement {
		return measure.Agreement{Pairs: pairs, Agreed: pairs, Interval: &measure.Interval{low, 1}}
	}
	for name, c := range map[string]struct {
		persons int64
		busiest float64 // the share of the labels that may be one person's
		minute  float64 // the share that may be of one minute
		second  measure.Agreement
		ok      bool
	}{
		"two, spread":                      {persons: 2, minute: .5, ok: true},
		"two, one of them nearly all":      {persons: 2, busiest: .81, minute: .1},
		"two, one of them most":            {persons: 2, busiest: .8, minute: .1, ok: true},
		"one, spread":                      {persons: 1, minute: .1},
		"two, at once":                     {persons: 2, minute: .51},
		"one, at once, read again":         {persons: 1, minute: 1, second: read(20, .6), ok: true},
		"one, at once, too few read again": {persons: 1, minute: 1, second: read(19, 1)},
		"one, at once, read otherwise":     {persons: 1, minute: 1, second: read(40, .59)},
		"nobody known":                     {minute: .1},
	} {
		m := &measure.Statement{Labels: measure.Labels{Persons: c.persons, Busiest: "ann", ByBusiest: 4, BusiestShare: new(.5), BusiestAtMost: new(max(.5, c.busiest)),
			Minute: "2026-05-04T10:00:00Z", InMinute: 1, MinuteShare: new(.1), MinuteAtMost: new(c.minute), Untimed: 3, Second: c.second}}
		g := gate{asks: GatePolicy{MinPersons: 2, MaxPersonShare: .8, MaxMinuteShare: .5, MinSecondReadings: 20, MinAgreement: .6}}
		g.Measurement = m
		if got := g.labels(); got.OK != c.ok || c.ok != (got.Missing == "") || !strings.Contains(got.Text, "3 labels say no time, and may be of one minute") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestLabelsThatLeaveAlertsOutBoundAGate asks that at most a fifth do.
func TestLabelsThatLeaveAlertsOutBoundAGate(t *testing.T) {
	for share, ok := range map[float64]bool{0: true, .2: true, .21: false, 1: false} {
		g := gate{asks: GatePolicy{MaxLeftOutShare: .2}}
		g.Measurement = &measure.Statement{Labels: measure.Labels{LeftOutShare: new(share)}}
		if got := g.leftOut(); got.OK != ok {
			t.Errorf("%v: %+v", share, got)
		}
	}
}
