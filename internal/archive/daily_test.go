package archive

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"candor/internal/assure"
	"candor/internal/fault"
)

// clock is a clock that stands until it is set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func names(t *testing.T, a Archive) []string {
	t.Helper()
	list, err := a.List()
	if err != nil {
		t.Fatal(err)
	}
	var ns []string
	for _, k := range list {
		ns = append(ns, k.Name)
	}
	slices.Sort(ns)
	return ns
}

func daily(t *testing.T, most int) (Daily, *clock, *int) {
	t.Helper()
	c, made := &clock{time.Date(2026, 5, 1, 22, 0, 0, 0, time.UTC)}, new(int)
	return Daily{Archive: In(t.TempDir()), Now: c.now, Most: func() (int, error) { return most, nil },
		Assess: func(_ context.Context, at time.Time) (assure.Assessment, error) {
			*made++
			return assure.Assessment{AsOf: at}, nil
		}}, c, made
}

func TestOneAssessmentADayIsKeptAndTheOldestGo(t *testing.T) {
	d, c, made := daily(t, 2)
	if _, _, err := d.Archive.Keep("audit", c.at, assure.Assessment{}); err != nil {
		t.Fatal(err)
	}
	for _, hour := range []int{0, 1, 3, 9, 30, 60} { // three calls on the first day's evening and night, ...
		c.at = time.Date(2026, 5, 1, 22+hour, 0, 0, 0, time.UTC)
		k, fresh, err := d.Once(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want := "daily-" + c.at.Format(time.DateOnly); k.Name != want || fresh && !k.At.Equal(c.at) {
			t.Errorf("kept %+v, want %s", k, want)
		}
	}
	if want := []string{"audit", "daily-2026-05-03", "daily-2026-05-04"}; !slices.Equal(names(t, d.Archive), want) || *made != 4 {
		t.Errorf("%v kept of %d made, want %v of 4", names(t, d.Archive), *made, want)
	}
}

func TestPolicyCanAskForNoDailyAssessment(t *testing.T) {
	d, _, made := daily(t, 0)
	if _, fresh, err := d.Once(t.Context()); fresh || err != nil || *made != 0 {
		t.Errorf("kept %v, %v, %d made", fresh, err, *made)
	}
}

func TestNobodyElseKeepsUnderADailyName(t *testing.T) {
	d, c, _ := daily(t, 2)
	if _, _, err := d.Archive.Keep("daily-2026-05-01", c.at, assure.Assessment{}); fault.KindOf(err) != fault.Usage {
		t.Errorf("%v", err)
	}
}

// TestRunningIsWokenAndTellsATroubleOnce lets a day pass at each waking, with trouble
// on some of them.
func TestRunningIsWokenAndTellsATroubleOnce(t *testing.T) {
	d, c, _ := daily(t, 9)
	full := errors.New("the disk is full")
	days := []error{fault.New(fault.NotFound, "no release"), nil, full, full, nil, full}
	ctx, stop := context.WithCancel(t.Context())
	wake, told, i := make(chan time.Time, len(days)), 0, 0
	for range days {
		wake <- c.at
	}
	d.Assess = func(_ context.Context, at time.Time) (assure.Assessment, error) {
		if i == len(days) {
			stop()
			return assure.Assessment{}, context.Canceled
		}
		i++
		c.at = c.at.AddDate(0, 0, 1)
		return assure.Assessment{AsOf: at}, days[i-1]
	}
	d.Run(ctx, wake, func(error) { told++ })
	if kept := names(t, d.Archive); told != 2 || len(kept) != 2 {
		t.Errorf("told %d times and kept %v; want to be told of the full disk, and again once it was over, and two days", told, kept)
	}
}
