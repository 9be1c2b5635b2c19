package measure

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"candor/internal/alert"
	"candor/internal/day"
)

// Span is the days of a window, From to To inclusive. Both must be known days.
type Span struct{ From, To day.Date }

// Days is the number of days of the span, 0 when it ends before it begins.
func (s Span) Days() int { return max(0, s.From.Until(s.To)+1) }

// Trend is the Theil-Sen slope of alerts per day: by how many alerts a day the
// volume grows with each day, with its interval.
type Trend struct {
	Slope    float64    `json:"slope"`
	Interval [2]float64 `json:"interval"`
	// Days is how many days it was computed from.
	Days int `json:"days"`
}

const (
	// leastTrendDays is the fewest days that a slope is computed from.
	leastTrendDays = 7
	// mostTrendPoints bounds the pairs of points; longer series are averaged
	// over blocks of days first.
	mostTrendPoints = 400
)

// TheilSen returns the median of the slopes between all pairs of days (P. K. Sen,
// "Estimates of the Regression Coefficient Based on Kendall's Tau", Journal of
// the American Statistical Association 63, 1968), with the interval of that
// paper from the variance of Kendall's statistic, corrected for ties. It is nil
// for fewer than seven days. Series of more than 400 days are averaged over
// blocks of equal length, a shorter last block being left out.
func TheilSen(perDay []int64, confidence float64) *Trend {
	if len(perDay) < leastTrendDays {
		return nil
	}
	ys, width := blocks(perDay)
	var slopes []float64
	for i, y := range ys {
		for j := i + 1; j < len(ys); j++ {
			slopes = append(slopes, (ys[j]-y)/float64((j-i)*width))
		}
	}
	slices.Sort(slopes)
	n := len(slopes)
	c := distuv.UnitNormal.Quantile(1-(1-confidence)/2) * math.Sqrt(kendallVariance(ys))
	low := int(math.Round((float64(n)-c)/2)) - 1
	high := int(math.Round((float64(n) + c) / 2))
	return &Trend{
		Slope:    (slopes[(n-1)/2] + slopes[n/2]) / 2,
		Interval: [2]float64{slopes[max(low, 0)], slopes[min(high, n-1)]},
		Days:     len(perDay),
	}
}

// blocks returns the series as means of blocks of width days, of which there are
// at most mostTrendPoints.
func blocks(perDay []int64) (means []float64, width int) {
	width = (len(perDay) + mostTrendPoints - 1) / mostTrendPoints
	for i := 0; i+width <= len(perDay); i += width {
		var sum int64
		for _, n := range perDay[i : i+width] {
			sum += n
		}
		means = append(means, share(sum, int64(width)))
	}
	return means, width
}

// kendallVariance is the variance of Kendall's S under no trend, with ties among
// the values.
func kendallVariance(ys []float64) float64 {
	ties := map[float64]int{}
	for _, y := range ys {
		ties[y]++
	}
	term := func(n int) float64 { return float64(n) * float64(n-1) * float64(2*n+5) }
	v := term(len(ys))
	for _, t := range ties {
		v -= term(t)
	}
	return v / 18
}

// series returns the alerts of each day of the span.
func series(days []alert.DayCount, s Span) []int64 {
	perDay := make([]int64, s.Days())
	for _, d := range days {
		if d.Day >= s.From && d.Day <= s.To {
			perDay[s.From.Until(d.Day)] = d.N
		}
	}
	return perDay
}
