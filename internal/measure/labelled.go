package measure

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"candor/internal/alert"
)

// Labelled returns the tallies of one rule as they would be if more of its
// unlabelled alerts, drawn at random, were labelled and came out as the labelled
// ones did. A cluster that has labels keeps its share of hits. Of the clusters
// without, as many hold hits as among the labelled, and those that do hold as
// many. Nothing is drawn: every share is rounded so that the sums are right. It
// returns the tallies as they are when none is labelled, because then there is no
// estimate. Labels that policy does not count are replaced by what is supposed.
func Labelled(tallies []alert.Tally, more int64, p Policy) []alert.Tally {
	tallies = slices.Clone(tallies)
	if !slices.IsSortedFunc(tallies, byCluster) {
		slices.SortFunc(tallies, byCluster)
	}
	g := newGuess(tallies, &p)
	if g.episodes == 0 || g.unlabelled == 0 || len(p.Provenances) == 0 {
		return tallies
	}
	share := math.Min(1, float64(more)/float64(g.unlabelled))
	var out []alert.Tally
	for _, t := range tallies {
		if !open(&t, &p) {
			out = append(out, t)
			continue
		}
		n := g.drawn.take(share * float64(t.N))
		hits := g.hitsOf(&t, n)
		out = appendTally(out, t, t.Class, t.Provenance, t.N-n)
		out = appendTally(out, t, alert.TruePositive, alert.Provenance(p.Provenances[0]), hits)
		out = appendTally(out, t, alert.FalsePositive, alert.Provenance(p.Provenances[0]), n-hits)
	}
	return out
}

func byCluster(a, b alert.Tally) int {
	if c := strings.Compare(a.Cluster, b.Cluster); c != 0 {
		return c // there are millions to compare
	}
	return cmp.Or(strings.Compare(a.Day, b.Day),
		strings.Compare(string(a.Class), string(b.Class)), strings.Compare(string(a.Provenance), string(b.Provenance)), strings.Compare(a.Site, b.Site))
}

// open reports whether policy counts the tally's alerts as unlabelled.
func open(t *alert.Tally, p *Policy) bool {
	return t.Class == alert.Unlabelled || !slices.Contains(p.Provenances, string(t.Provenance))
}

func appendTally(list []alert.Tally, t alert.Tally, c alert.Class, p alert.Provenance, n int64) []alert.Tally {
	if n == 0 {
		return list
	}
	t.Class, t.Provenance, t.N, t.Hours = c, p, n, t.Hours.First(n)
	return append(list, t)
}

// dole gives out whole numbers so that their sum keeps up with that of the
// fractions asked for.
type dole struct{ asked, given float64 }

func (d *dole) take(x float64) int64 {
	d.asked += x
	n := math.Floor(d.asked - d.given + 1e-9)
	d.given += n
	return int64(n)
}

// guess is the current estimate of a rule.
type guess struct {
	clusters             map[string]cluster
	unlabelled           int64
	episodes             int
	hitShare, withinHits float64 // episodes with hits; hits within those
	drawn, struck        dole
	within               map[string]*dole
	fresh                map[string]bool // clusters without labels that were given hits, or not
}

// cluster is the labelled alerts of one cluster, and how many of them are hits.
type cluster struct{ n, hits int64 }

func newGuess(tallies []alert.Tally, p *Policy) *guess {
	g := &guess{clusters: map[string]cluster{}, within: map[string]*dole{}, fresh: map[string]bool{}}
	for i := range tallies {
		t := &tallies[i]
		if open(t, p) {
			g.unlabelled += t.N
		} else if t.Class.Judges() {
			c := g.clusters[t.Cluster]
			c.n += t.N
			if t.Class == alert.TruePositive {
				c.hits += t.N
			}
			g.clusters[t.Cluster] = c
		}
	}
	var hits, inHits, with int64
	for _, c := range g.clusters {
		if c.hits > 0 {
			hits, inHits, with = hits+c.hits, inHits+c.n, with+1
		}
	}
	if g.episodes = len(g.clusters); g.episodes > 0 {
		g.hitShare = float64(with) / float64(g.episodes)
	}
	if inHits > 0 {
		g.withinHits = share(hits, inHits)
	}
	return g
}

// hitsOf returns how many of n newly labelled alerts of a tally are hits.
func (g *guess) hitsOf(t *alert.Tally, n int64) int64 {
	if n == 0 {
		return 0
	}
	at := g.within[t.Cluster]
	if at == nil {
		at = &dole{}
		g.within[t.Cluster] = at
		if _, known := g.clusters[t.Cluster]; !known {
			g.fresh[t.Cluster] = g.struck.take(g.hitShare) == 1
			at.asked = 1 - g.withinHits // so that a cluster with hits has one from the first
		}
	}
	if c, known := g.clusters[t.Cluster]; known {
		return min(n, at.take(float64(n)*share(c.hits, c.n)))
	}
	if !g.fresh[t.Cluster] {
		return 0
	}
	return min(n, at.take(float64(n)*g.withinHits))
}
