package day_test

import (
	"testing"
	"time"

	"candor/internal/day"
)

func TestOf(t *testing.T) {
	west := time.FixedZone("west", -7*3600)
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(0, -1), time.Date(9, 8, 7, 23, 0, 0, 0, west), time.Date(1999, 12, 31, 20, 0, 0, 0, west),
		time.Date(10000, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 2, 0, 0, 0, 0, time.UTC)} {
		if got, want := string(day.Of(at)), at.UTC().Format(time.DateOnly); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}
