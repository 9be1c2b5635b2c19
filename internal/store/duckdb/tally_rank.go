//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"candor/internal/alert"
	"candor/internal/crew"
	"candor/internal/store/stamp"
)

// ranks sorts cells as their tallies are sorted, comparing numbers for texts.
type ranks struct {
	of    []int32  // the rank of a term
	texts []string // by rank
	cases int32    // the rank of the word that begins the name of a case's cluster
}

func newRanks(texts map[int32]string) *ranks {
	word, _, _ := strings.Cut((&alert.Alert{CaseID: "-"}).Cluster(), "\x1f")
	type named struct {
		text string
		term int32
	}
	list := []named{{word, -1}}
	most := int32(0)
	for term, text := range texts {
		list = append(list, named{text, term})
		most = max(most, term)
	}
	slices.SortFunc(list, func(x, y named) int { return cmp.Or(strings.Compare(x.text, y.text), cmp.Compare(x.term, y.term)) })
	r := &ranks{of: make([]int32, most+1), texts: make([]string, 0, len(list))}
	for _, n := range list {
		if last := len(r.texts) - 1; last < 0 || r.texts[last] != n.text {
			r.texts = append(r.texts, n.text)
		}
		rank := int32(len(r.texts) - 1)
		if n.term < 0 {
			r.cases = rank
		} else {
			r.of[n.term] = rank
		}
	}
	return r
}

// ranked is a cell of a rule: the numbers that it is sorted by, and its count.
// They are those of the cluster (two words, and whether a day follows), of the
// day, of class and provenance, and when it was opened.
type ranked struct {
	cluster, day, label uint64
	site                int32
	hours               alert.Hours
	opened, n           int64
}

func (x *ranked) compare(y *ranked) int {
	return cmp.Or(cmp.Compare(x.cluster, y.cluster), cmp.Compare(x.day, y.day), cmp.Compare(x.label, y.label), cmp.Compare(x.opened, y.opened), cmp.Compare(x.site, y.site))
}

// pack puts two numbers into one that sorts as they do.
func pack(high, low int32) uint64 { return uint64(uint32(high))<<32 | uint64(uint32(low)) }

// earliest makes a day a number that is not negative.
const earliest = math.MinInt32

func (r *ranks) rank(c *cell) ranked {
	x := ranked{cluster: pack(r.of[c.site], r.of[c.entity]), day: pack(1, c.day^earliest), label: pack(r.of[c.class], r.of[c.provenance]), site: r.of[c.site],
		hours: c.hours, opened: c.opened, n: c.n}
	if c.incident != 0 {
		x.cluster, x.day = pack(r.cases, r.of[c.incident]), pack(0, c.day^earliest)
	}
	return x
}

// tallies returns what cells count, sorted. The cells of a rule are a matter of
// their own, so that all processors can work.
func (r *ranks) tallies(cells []cell) []alert.Tally {
	ends := make([]int, len(r.texts)+1)
	for i := range cells {
		ends[r.of[cells[i].rule]+1]++
	}
	for rule := range r.texts {
		ends[rule+1] += ends[rule]
	}
	next, sorted := slices.Clone(ends), make([]ranked, len(cells))
	for i := range cells {
		at := &next[r.of[cells[i].rule]]
		sorted[*at] = r.rank(&cells[i])
		*at++
	}
	list := make([]alert.Tally, len(cells))
	var workers crew.Workers
	var turn atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			n := namer{ranks: r, days: map[int32]string{}}
			for rule := turn.Add(1) - 1; rule < int64(len(r.texts)); rule = turn.Add(1) - 1 {
				from, to := ends[rule], ends[rule+1]
				n.name(list[from:to], r.texts[rule], sorted[from:to])
			}
		})
	}
	workers.Wait()
	return list
}

// namer gives ranked cells their names.
type namer struct {
	*ranks
	days map[int32]string // those that it has met
}

// name sorts the cells of a rule, and puts what they count into list.
func (n *namer) name(list []alert.Tally, rule string, cells []ranked) {
	slices.SortFunc(cells, func(x, y ranked) int { return x.compare(&y) })
	for i := range cells {
		x := &cells[i]
		t := &list[i]
		class, provenance := unpack(int64(x.label))
		*t = alert.Tally{RuleID: rule, Class: alert.Class(n.texts[class]), Provenance: alert.Provenance(n.texts[provenance]), Opened: stamp.Time(x.opened),
			Site: n.texts[x.site], Hours: x.hours, N: x.n}
		if i > 0 && cells[i-1].cluster == x.cluster && cells[i-1].day == x.day {
			t.Cluster, t.Day = list[i-1].Cluster, list[i-1].Day
			continue
		}
		t.Cluster, t.Day = n.cluster(x)
	}
}

// cluster returns the name of a cell's cluster and its day.
func (n *namer) cluster(x *ranked) (name, date string) {
	dated, days := unpack(int64(x.day))
	first, second := unpack(int64(x.cluster))
	member := alert.Alert{Time: time.Unix(int64(days^earliest)*stamp.SecondsPerDay, 0), Site: n.texts[first], Entity: n.texts[second]}
	if dated == 0 {
		member.CaseID = n.texts[second]
	}
	date, ok := n.days[days]
	if !ok {
		date = member.Day()
		n.days[days] = date
	}
	return member.Cluster(), date
}
