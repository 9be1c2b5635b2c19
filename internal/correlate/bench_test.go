package correlate_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"candor/internal/correlate"
)

// stream is observations of so many rules over a million entities, in the order of time
// but for a few seconds. It makes them a chunk at a time, as they would come from outside,
// so that what is measured is what a State holds and does.
type stream struct {
	names []string
	rules []*correlate.Sort
	chunk []correlate.Observation
	step  time.Duration
	made  int
	read  int
	x     uint64
}

const entities = 1_000_000

// newStream is a stream of as many observations a day.
func newStream(rules, aDay int) *stream {
	s := &stream{names: make([]string, entities), rules: make([]*correlate.Sort, rules), chunk: make([]correlate.Observation, 1_000), step: 24 * time.Hour / time.Duration(aDay), x: 1}
	for i := range s.names {
		s.names[i] = fmt.Sprintf("host-%06d.example.org", i)
	}
	for i := range s.rules {
		s.rules[i] = &correlate.Sort{Rule: fmt.Sprintf("rule-%d", i)}
	}
	return s
}

// next makes the next chunk.
func (s *stream) next() []correlate.Observation {
	for i := range s.chunk {
		s.x = s.x*6364136223846793005 + 1442695040888963407
		at := start.Add(time.Duration(s.made)*s.step - time.Duration(s.x>>60)*time.Second/4)
		name := s.names[(s.x>>20)%entities]
		s.read += int(name[0]) // as whoever decoded it did
		s.chunk[i] = correlate.Observation{ID: strconv.Itoa(s.made), Time: at, Sort: s.rules[(s.x>>40)%uint64(len(s.rules))], Entity: name}
		s.made++
	}
	return s.chunk
}

// spent is the processor time of this process: other work on the machine is none of it.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measureStream tells how many observations are read in a second of processor time, what
// collecting garbage takes included, as a share of the target too, and what is held at the
// end, in all and a group.
func measureStream(b *testing.B, p *correlate.Plan, target float64, s *stream, n int) {
	b.Helper()
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		st := correlate.NewState(p, correlate.Limits{Lateness: 10 * time.Second})
		took, late, found := time.Duration(0), time.Duration(0), 0
		for at := 0; at < n; at += len(s.chunk) {
			list := s.next()
			begun := spent()
			for i := range list {
				found += len(correlate.Step(st, &list[i]))
			}
			one := spent() - begun
			if took += one; at >= n-n/10 {
				late += one
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		held, groups := float64(after.HeapAlloc-before.HeapAlloc), float64(st.Stats().Groups)
		b.ReportMetric(float64(n)/took.Seconds(), "observations/s")
		b.ReportMetric(float64(n)/took.Seconds()/target, "of-target")
		b.ReportMetric(float64(n/10)/late.Seconds(), "observations/s-of-last-tenth")
		b.ReportMetric(held/1e6, "MB-held")
		b.ReportMetric(held/groups, "B/group")
		b.ReportMetric(groups, "groups")
		b.ReportMetric(float64(found), "findings")
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), "allocations/observation")
		st.Flush()
	}
}

// BenchmarkOrdered is two stages within a day, over a million entities.
func BenchmarkOrdered(b *testing.B) {
	for _, n := range []int{1_000_000, 10_000_000, 100_000_000} {
		b.Run(fmt.Sprintf("%dM", n/1_000_000), func(b *testing.B) {
			measureStream(b, planOf(b, chain("c", "temporal_ordered", "1d", "", "rule-0", "rule-1")), 1e6, newStream(2, 4_000_000), n)
		})
	}
}

// BenchmarkRare is the same where one of a hundred observations is of the second stage: most
// of what comes of sensors lines up with nothing.
func BenchmarkRare(b *testing.B) {
	s := newStream(100, 4_000_000)
	for i := 2; i < len(s.rules); i++ {
		s.rules[i] = s.rules[0]
	}
	measureStream(b, planOf(b, chain("c", "temporal_ordered", "1d", "", "rule-0", "rule-1")), 1e6, s, 4_000_000)
}

// BenchmarkFifty is fifty definitions of two stages within a day over twenty-five rules:
// each observation is of four of them.
func BenchmarkFifty(b *testing.B) {
	var text strings.Builder
	for i := range 50 {
		text.WriteString(chain(fmt.Sprintf("c%d", i), "temporal_ordered", "1d", "", fmt.Sprintf("rule-%d", i%25), fmt.Sprintf("rule-%d", (i%25+1+i/25)%25)))
	}
	measureStream(b, planOf(b, text.String()), 3e5, newStream(25, 2_000_000), 2_000_000)
}
