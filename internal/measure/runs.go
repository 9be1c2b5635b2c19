package measure

import "candor/internal/day"

// mergeRuns sorts bursts by cluster and makes one of those of one cluster. It takes
// them as a few runs that are sorted already, one for each rule, and merges those.
func mergeRuns(bursts []burst) []burst {
	starts := []int{0}
	for i := 1; i < len(bursts); i++ {
		if bursts[i].cluster <= bursts[i-1].cluster {
			starts = append(starts, i)
		}
	}
	if len(starts) == 1 {
		return bursts
	}
	var runs [][]burst
	for i, from := range starts {
		to := len(bursts)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		runs = append(runs, bursts[from:to])
	}
	for len(runs) > 1 {
		var next [][]burst
		for i := 0; i+1 < len(runs); i += 2 {
			next = append(next, merge(runs[i], runs[i+1]))
		}
		if len(runs)%2 == 1 {
			next = append(next, runs[len(runs)-1])
		}
		runs = next
	}
	return runs[0]
}

// merge returns one run of two.
func merge(a, b []burst) []burst {
	out := make([]burst, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].cluster < b[0].cluster:
			out, a = append(out, a[0]), a[1:]
		case a[0].cluster > b[0].cluster:
			out, b = append(out, b[0]), b[1:]
		default:
			x := a[0]
			x.all, x.N, x.Hits = x.all+b[0].all, x.N+b[0].N, x.Hits+b[0].Hits
			out, a, b = append(out, x), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// dayCounts are alerts by day, over the days from the first that has any to the
// last.
type dayCounts struct {
	first int
	n     []int64
}

// place numbers the days of a calendar in which every month has 31, so that the
// order of days is kept and a day is found without its calendar.
func place(d string) int {
	if len(d) != len("2006-01-02") {
		return 0
	}
	digits := func(s string) (n int) {
		for i := range len(s) {
			n = 10*n + int(s[i]-'0')
		}
		return n
	}
	return (digits(d[:4])*12+digits(d[5:7]))*31 + digits(d[8:])
}

func (c *dayCounts) add(d string, n int64) {
	at := place(d)
	switch {
	case len(c.n) == 0:
		c.first, c.n = at, make([]int64, 1, 400)
	case at < c.first:
		c.n = append(make([]int64, c.first-at, c.first-at+len(c.n)), c.n...)
		c.first = at
	case at >= c.first+len(c.n):
		c.n = append(c.n, make([]int64, at-c.first-len(c.n)+1)...)
	}
	c.n[at-c.first] += n
}

// of returns the alerts of a day.
func (c *dayCounts) of(d day.Date) int64 {
	if i := place(string(d)) - c.first; i >= 0 && i < len(c.n) {
		return c.n[i]
	}
	return 0
}

// each returns the alerts of each day that has any.
func (c *dayCounts) each() []int64 {
	var list []int64
	for _, n := range c.n {
		if n > 0 {
			list = append(list, n)
		}
	}
	return list
}
