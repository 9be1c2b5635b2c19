package stamp_test

import (
	"math"
	"testing"
	"time"

	"candor/internal/fault"
	"candor/internal/store/stamp"
)

func TestATimeComesBackAndKeepsItsDay(t *testing.T) {
	for text, day := range map[string]int32{
		"1970-01-01T00:00:00Z": 0, "1969-12-31T23:59:59.999999999Z": -1, "2026-11-26T13:00:00+14:00": 20782, "1678-01-01T00:00:00Z": -106650,
	} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		n, err := stamp.Of(at)
		if err != nil || !stamp.Time(n).Equal(at) || stamp.Day(n) != day {
			t.Errorf("%s is stored as %d on day %d, %v", text, n, stamp.Day(n), err)
		}
	}
	if n, err := stamp.Of(time.Time{}); err != nil || n != stamp.Unknown || !stamp.Time(n).IsZero() {
		t.Errorf("no time is stored as %d, %v", n, err)
	}
	if _, err := stamp.Of(time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a time that has no stored form: %v", err)
	}
}

func TestAnUnknownDayIsNoBound(t *testing.T) {
	if first, last := stamp.Bounds("", ""); first != math.MinInt32 || last != math.MaxInt32 {
		t.Errorf("no bounds are %d and %d", first, last)
	}
	if first, last := stamp.Bounds("1970-01-02", "1970-01-03"); first != 1 || last != 2 {
		t.Errorf("bounds are %d and %d", first, last)
	}
}
