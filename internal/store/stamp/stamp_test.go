package stamp_test

import (
	"math"
	"testing"
	"time"

	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store/stamp"
)

func TestATimeComesBackWithinTheBoundsOfItsDay(t *testing.T) {
	for text, on := range map[string]day.Date{
		"1970-01-01T00:00:00Z": "1970-01-01", "1969-12-31T23:59:59.999999999Z": "1969-12-31", "2026-11-26T13:00:00+14:00": "2026-11-25", "1678-01-01T00:00:00Z": "1678-01-01",
	} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		n, err := stamp.Of(at)
		first, last := stamp.Bounds(on, on)
		if err != nil || !stamp.Time(n).Equal(at) || n < first || n > last || last-first != int64(24*time.Hour)-1 {
			t.Errorf("%s is stored as %d, its day %s from %d to %d, %v", text, n, on, first, last, err)
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
	if first, last := stamp.Bounds("", ""); first != stamp.Unknown || last != math.MaxInt64 {
		t.Errorf("no bounds are %d and %d", first, last)
	}
	for far, end := range map[day.Date]int64{"0001-01-02": stamp.Unknown, "9999-12-30": math.MaxInt64} {
		if first, last := stamp.Bounds(far, ""); first != end || last != math.MaxInt64 {
			t.Errorf("from %s on, which has no stored form: %d to %d", far, first, last)
		}
	}
	if first, last := stamp.Bounds("", "9999-12-30"); first != stamp.Unknown || last != math.MaxInt64-1 {
		t.Errorf("until a day that has no stored form: %d to %d", first, last)
	}
}
