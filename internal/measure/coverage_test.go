package measure_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"candor/internal/alert"
	"candor/internal/measure"
	"gonum.org/v1/gonum/stat/distuv"
)

// bursty is a population of alerts in clusters: the share of hits in a cluster
// has mean p and intraclass correlation rho (beta-binomial), and the size of a
// cluster is uniform from 1 to 2*mean-1, or heavy-tailed: Pareto with exponent 1.1,
// at most 5,000, so that often one burst outweighs all others.
type bursty struct {
	heavy    bool
	p, rho   float64
	clusters int
	mean     int
}

func (b bursty) draw(r *rand.Rand) (k, n float64, sums alert.Sums) {
	share := distuv.Beta{Alpha: b.p * (1 - b.rho) / b.rho, Beta: (1 - b.p) * (1 - b.rho) / b.rho, Src: r}
	for range b.clusters {
		c := cluster{N: 1 + r.Int64N(int64(2*b.mean-1))}
		if b.heavy {
			c.N = int64(min(5000, math.Pow(1-r.Float64(), -1/1.1)))
		}
		q := share.Rand()
		for range c.N {
			if r.Float64() < q {
				c.Hits++
			}
		}
		k, n = k+float64(c.Hits), n+float64(c.N)
		sums.Episode(c.N, c.Hits)
	}
	sums.Occasions = sums.Episodes
	return k, n, sums
}

// coverage returns how often the plain and the clustered 95 % interval hold p,
// and how often the clustered one lies above it: the error that would let a
// rule pass that should not.
func (b bursty) coverage(repeats int) (plain, clustered, above float64) {
	r := rand.New(rand.NewPCG(1, uint64(b.clusters)))
	for range repeats {
		k, n, sums := b.draw(r)
		if holds(measure.Jeffreys(k, n, 0.95), b.p) {
			plain++
		}
		i := measure.Clustered(k/n, measure.EffectiveN(&sums, 0.95), 0.95)
		if holds(i, b.p) {
			clustered++
		}
		if i[0] > b.p {
			above++
		}
	}
	return plain / float64(repeats), clustered / float64(repeats), above / float64(repeats)
}

func holds(i measure.Interval, p float64) bool { return i[0] <= p && p <= i[1] }

// With bursts the plain interval holds the truth far less often than it says. The
// clustered one holds it at least as often, with few clusters and with heavy tails
// too: it errs wide. The floors are what 5,000 repeats showed, less a margin for 200.
func TestLongCoverageUnderBursts(t *testing.T) {
	repeats := 200
	if os.Getenv("CANDOR_TEST_LONG") != "" {
		repeats = 5000
	}
	t.Logf("%5s %5s %9s %6s | %7s %9s %7s  (%d repeats)", "p", "rho", "clusters", "heavy", "plain", "clustered", "above", repeats)
	for _, heavy := range []bool{false, true} {
		for _, clusters := range []int{5, 10, 30, 100} {
			for _, p := range []float64{0.1, 0.5, 0.9} {
				for _, rho := range []float64{0.1, 0.5, 0.9} {
					b := bursty{heavy: heavy, p: p, rho: rho, clusters: clusters, mean: 20}
					plain, clustered, above := b.coverage(repeats)
					t.Logf("%5.2f %5.2f %9d %6v | %7.3f %9.3f %7.3f", p, rho, clusters, heavy, plain, clustered, above)
					if clustered < 0.93 {
						t.Errorf("clustered interval of %+v holds the truth in %.3f of samples", b, clustered)
					}
					if plain > clustered {
						t.Errorf("plain interval of %+v does better than the clustered one", b)
					}
				}
			}
		}
	}
}

// before is the definition that today's replaced: Jeffreys on labelled alerts divided by
// the design effect alone.
func before(k, n float64, sums *alert.Sums) measure.Interval {
	deff := measure.Deff(sums)
	return measure.Jeffreys(k/deff, n/deff, 0.95)
}

// TestLongCoverageOfBothDefinitions is the table of doc/statistics.md that compares the
// definition that was with that which is: mean and worst coverage of clustered intervals
// over shares of .1, .5, .9 and .97 and correlations of .1, .5 and .9.
func TestLongCoverageOfBothDefinitions(t *testing.T) {
	repeats := 40
	if os.Getenv("CANDOR_TEST_LONG") != "" {
		repeats = 1000
	}
	t.Logf("%-12s %8s | %6s %6s | %6s %6s  (%d repeats)", "sizes", "clusters", "was", "worst", "is", "worst", repeats)
	for _, heavy := range []bool{false, true} {
		for _, clusters := range []int{5, 10, 100} {
			var sum [2]float64
			worst, cells := [2]float64{1, 1}, 0.0
			for _, p := range []float64{0.1, 0.5, 0.9, 0.97} {
				for _, rho := range []float64{0.1, 0.5, 0.9} {
					b, r := bursty{heavy: heavy, p: p, rho: rho, clusters: clusters, mean: 20}, rand.New(rand.NewPCG(2, uint64(clusters)))
					var held [2]float64
					for range repeats {
						k, n, sums := b.draw(r)
						for i, interval := range []measure.Interval{before(k, n, &sums), measure.Clustered(k/n, measure.EffectiveN(&sums, 0.95), 0.95)} {
							if holds(interval, p) {
								held[i] += 1 / float64(repeats)
							}
						}
					}
					cells++
					for i := range held {
						sum[i], worst[i] = sum[i]+held[i], min(worst[i], held[i])
					}
				}
			}
			sizes := "1 to 39"
			if heavy {
				sizes = "heavy-tailed"
			}
			t.Logf("%-12s %8d | %6.3f %6.3f | %6.3f %6.3f", sizes, clusters, sum[0]/cells, worst[0], sum[1]/cells, worst[1])
			if is := sum[1] / cells; is < 0.96 || is <= sum[0]/cells {
				t.Errorf("%s, %d clusters: today's definition holds the truth in %.3f of samples, the one before in %.3f", sizes, clusters, is, sum[0]/cells)
			}
		}
	}
}
