package correlate_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"candor/internal/correlate"
)

// stream is a day of n observations of as many rules, over a million entities, in the
// order of time but for a few seconds.
func stream(n, rules int) []correlate.Observation {
	const entities = 1_000_000
	names := make([]string, entities)
	for i := range names {
		names[i] = fmt.Sprintf("host-%06d.example.org", i)
	}
	of := make([]*correlate.Sort, rules)
	for i := range of {
		of[i] = &correlate.Sort{Rule: fmt.Sprintf("rule-%d", i)}
	}
	list := make([]correlate.Observation, n)
	x := uint64(1)
	for i := range list {
		x = x*6364136223846793005 + 1442695040888963407
		at := start.Add(time.Duration(i)*(24*time.Hour/time.Duration(n)) - time.Duration(x>>60)*time.Second/4)
		list[i] = correlate.Observation{ID: fmt.Sprint(i), Time: at, Sort: of[(x>>40)%uint64(rules)], Entity: names[(x>>20)%entities]}
	}
	return list
}

// measureStream tells how many observations are read a second, as a share of the target
// too, and what is held at the end, in all and a group.
func measureStream(b *testing.B, p *correlate.Plan, target float64, list []correlate.Observation) {
	b.Helper()
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		st := correlate.NewState(p, correlate.Limits{Lateness: 10 * time.Second})
		begun := time.Now()
		found := 0
		for i := range list {
			found += len(correlate.Step(st, &list[i]))
		}
		took := time.Since(begun)
		runtime.GC()
		runtime.ReadMemStats(&after)
		held, groups := float64(after.HeapAlloc-before.HeapAlloc), float64(st.Stats().Groups)
		b.ReportMetric(float64(len(list))/took.Seconds(), "observations/s")
		b.ReportMetric(float64(len(list))/took.Seconds()/target, "of-target")
		b.ReportMetric(held/1e6, "MB-held")
		b.ReportMetric(held/groups, "B/group")
		b.ReportMetric(groups, "groups")
		b.ReportMetric(float64(found), "findings")
		st.Flush()
	}
}

// BenchmarkOrdered is two stages within a day, over a million entities.
func BenchmarkOrdered(b *testing.B) {
	measureStream(b, planOf(b, chain("c", "temporal_ordered", "1d", "", "rule-0", "rule-1")), 1e6, stream(4_000_000, 2))
}

// BenchmarkFifty is fifty definitions of two stages within a day over twenty-five rules:
// each observation is of four of them.
func BenchmarkFifty(b *testing.B) {
	var text strings.Builder
	for i := range 50 {
		text.WriteString(chain(fmt.Sprintf("c%d", i), "temporal_ordered", "1d", "", fmt.Sprintf("rule-%d", i%25), fmt.Sprintf("rule-%d", (i%25+1+i/25)%25)))
	}
	measureStream(b, planOf(b, text.String()), 3e5, stream(2_000_000, 25))
}
