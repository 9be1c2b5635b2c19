package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestAProportionNearAnEndIsDrawn looks at the marks of W-Acc-400's precision and of
// its mirror: the interval is a thousandth wide.
func TestAProportionNearAnEndIsDrawn(t *testing.T) {
	for _, c := range [][3]float64{{0.9996, 0.9995, 0.9997}, {0.0004, 0.0003, 0.0005}, {1, 1, 1}, {0, 0, 0}} {
		svg := string(whiskers(c[0], c[1], c[2], 0.5))
		for _, want := range []string{`<circle cx="` + along(c[0]) + `"`, `class="end" x1="` + along(c[1]) + `" x2="` + along(c[1]), `class="end" x1="` + along(c[2])} {
			if !strings.Contains(svg, want) {
				t.Errorf("%v: no %s in %s", c, want, svg)
			}
		}
	}
}

var widths = regexp.MustCompile(`<rect x="([0-9.]+)%" y="0" width="([0-9.]+)%"`)

// TestEveryRungOfABarIsSeen draws 1 of 1,739 beside nearly all.
func TestEveryRungOfABarIsSeen(t *testing.T) {
	s := spread{Applicable: 1739, Rungs: []tally{{Count: 1}, {}, {Count: 1736}, {Count: 2}}}
	found := widths.FindAllStringSubmatch(string(bar(s)), -1)
	if len(found) != 3 {
		t.Fatalf("%d segments, want 3", len(found))
	}
	end := 0.0
	for _, f := range found {
		x, _ := strconv.ParseFloat(f[1], 64)
		w, _ := strconv.ParseFloat(f[2], 64)
		if w < 100*leastDrawn-0.001 || math.Abs(x-end) > 0.002 {
			t.Errorf("a segment at %v of %v %%, want at least %v where the last ended, %v", x, w, 100*leastDrawn, end)
		}
		end = x + w
	}
	if math.Abs(end-100) > 0.01 {
		t.Errorf("the bar ends at %v %%", end)
	}
}

func TestAPartThatIsNotNothingIsSeen(t *testing.T) {
	for share, want := range map[float64]float64{0: 0, 1: 1, 0.0001: leastDrawn, 0.9999: 1 - leastDrawn, 0.5: 0.5} {
		if got := apart(share); got != want {
			t.Errorf("%v is drawn as %v, want %v", share, got, want)
		}
	}
}
