package alert

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMinutesRoundUpInSteps(t *testing.T) {
	for wait, want := range map[time.Duration]int64{
		-time.Hour: 0, 0: 0, 1: 1, time.Minute: 1, time.Minute + 1: 2, 2 * time.Hour: 120, 2*time.Hour + 1: 125, 24 * time.Hour: 1440,
		24*time.Hour + 1: 1500, 49 * time.Hour: 2940, 1<<63 - 1: 153722880,
	} {
		if got := Minutes(wait); got != want {
			t.Errorf("%s: %d minutes, want %d", wait, got, want)
		}
	}
}

func TestMinutesNeverShortenAWaitNorTheOrderOfTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := time.Duration(rapid.Int64Range(0, int64(90*24*time.Hour)).Draw(t, "x"))
		y := x + time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "more"))
		got := time.Duration(Minutes(x)) * time.Minute
		if got < x || got > max(x+time.Minute, x+x/24) || Minutes(y) < Minutes(x) {
			t.Errorf("%s is %s, and %s is %d minutes", x, got, y, Minutes(y))
		}
	})
}
