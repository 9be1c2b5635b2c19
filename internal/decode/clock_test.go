package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/fault"
)

func TestTimesAreReadByWhatTheySay(t *testing.T) {
	want := time.Date(2026, 11, 29, 15, 4, 5, 0, time.UTC)
	for _, s := range []string{
		"2026-11-29T15:04:05Z", "2026-11-29T15:04:05+00:00", "2026-11-29T15:04:05+0000", "2026-11-29T16:04:05+0100", "2026-11-29T16:04:05+01",
		"2026-11-29 15:04:05 UTC", "2026-11-29 15:04:05 GMT", "2026-11-29 15:04:05 +0000", "2026-11-29 10:04:05 -0500", "2026-11-29 16:04:05 CET",
		"2026-11-29 15:04:05Z", "2026-11-29t15:04:05z", "2026-11-29T15:04:05z", "20261129T150405Z", "20261129T160405+0100", "20261129T150405", "2026-11-29T15:04:05,000Z",
		"2026/11/29 15:04:05", "Nov 29, 2026 @ 15:04:05.000", "Nov 29, 2026, 3:04:05 PM", "29 Nov 2026 15:04:05", "Sun, 29 Nov 2026 15:04:05 GMT", "29.11.2026 15:04:05",
		"29/11/2026 15:04:05", "11/29/2026, 3:04:05 PM", "11/29/2026, 3:04:05\u202fPM", "29-11-2026 15:04:05", " 2026-11-29T15:04:05Z ",
		"1795964645", "1795964645000", "1795964645000000", "1795964645000000000", "1795964645.000", "1795964645,0", "1795964645000.0",
	} {
		if got, ok := Time(s); !ok || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("Time(%q) = %v, %v; want %v", s, got, ok, want)
		}
	}
	if got, ok := Time("2026-11-29T15:04:05.712927+0000"); !ok || got.Nanosecond() != 712927000 {
		t.Errorf("%v, %v", got, ok)
	}
	if got, ok := Time("20261129"); !ok || !got.Equal(time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v: a day is no number of seconds", got, ok)
	}
	for _, s := range []string{
		"3/11/2026", "3-11-2026 15:04", "31/31/2026", "0/1/2026", "31/2/2026", "3/11/26", "3/11/2026 25:00", "12345678", "2026", "17959646450000000000000", "1,2,3,456789",
		"2026-11-29 15:04:05 BST", "15:04:05 UTC", "UTC", "12/2026", "1/2/3/2026", "-1795964645", "1e10", "Nov 2026", "29.13.2026", strings.Repeat("1", 70), "1.795964645",
	} {
		if got, ok := Time(s); ok {
			t.Errorf("Time(%q) = %v, want none", s, got)
		}
	}
}

func TestAClockNotesWhatItTakesForGranted(t *testing.T) {
	var notes []string
	c := &Clock{Unit: time.Millisecond, Once: Once{Note: func(s string) { notes = append(notes, s) }}}
	for _, s := range []string{"1795964645000", "1795964645", "1795964646", "1795964645000000", "2026-11-29 15:04:05 CET", "2026-11-29 15:04:05 UTC"} {
		if _, ok := c.Time(s); !ok {
			t.Errorf("%q is no time", s)
		}
	}
	want := []string{
		"times that are numbers were read as seconds since 1970, as their size tells, and not as milliseconds",
		"times that are numbers were read as microseconds since 1970, as their size tells, and not as milliseconds",
		"the zone CET was read as UTC+1",
	}
	if d := cmp.Diff(want, notes); d != "" {
		t.Error(d)
	}
	if got, ok := c.Time("86400000"); !ok || got.Unix() != 86400 { // as it is said to be
		t.Errorf("%v, %v", got, ok)
	}
	notes = nil
	if _, ok := (&Clock{Once: Once{Note: c.Note}}).Time("1795964645"); !ok || len(notes) != 1 {
		t.Errorf("%v", notes)
	}
}

func TestAnInputHasOneOrderOfDayAndMonth(t *testing.T) {
	read := func(d *Dates, texts ...string) (out []string) {
		c := &Clock{Dates: d}
		for _, s := range texts {
			at, ok := c.Time(s)
			if out = append(out, at.Format(time.DateOnly)); !ok {
				out[len(out)-1] = "none"
			}
		}
		return out
	}
	for _, c := range []struct {
		texts []string
		want  []string
	}{
		{[]string{"3/11/2026, 3:04:05.123 PM", "12/11/2026", "13/11/2026"}, []string{"2026-11-03", "2026-11-12", "2026-11-13"}},
		{[]string{"3/11/2026", "11/13/2026"}, []string{"2026-03-11", "2026-11-13"}},
		{[]string{"3.11.2026", "2026-03-11"}, []string{"2026-11-03", "2026-03-11"}}, // points tell by themselves
	} {
		d := NewDates(Untold)
		read(d, c.texts...)
		told, err := d.Tell("f.csv", "say it")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, read(told, c.texts...)); diff != "" {
			t.Error(diff)
		}
	}
	asked := 0
	d := AskDates(func() (Order, error) { asked++; return DayFirst, nil })
	if got := read(d, "2026-03-01", "3.4.2026", "3/11/2026", "13/11/2026"); asked != 1 || got[2] != "2026-11-03" || d.Err() != nil || !d.Told() {
		t.Errorf("%v, asked %d times, %v", got, asked, d.Err())
	}
	d = AskDates(func() (Order, error) { return Untold, fault.New(fault.Invalid, "two orders") })
	if got := read(d, "13/11/2026"); got[0] != "none" || d.Err() == nil {
		t.Errorf("%v: read though its order cannot be told", got)
	}
	lines := &Clock{Dates: NewDates(Untold), Line: 7}
	lines.Time("13/11/2026")
	lines.Line = 9
	lines.Time("11/13/2026")
	lines.Line = 3
	lines.Time("14/11/2026")
	if _, err := lines.Dates.Tell("f.csv", "say it"); err == nil || !strings.Contains(err.Error(), "14/11/2026 (line 3)") || !strings.Contains(err.Error(), "11/13/2026 (line 9)") {
		t.Errorf("%v does not say where", err)
	}
	for _, texts := range [][]string{{"3/11/2026", "4/11/2026"}, {"13/11/2026", "11/13/2026"}} {
		d := NewDates(Untold)
		read(d, texts...)
		if _, err := d.Tell("f.csv", "say it"); !d.Met() || fault.KindOf(err) != fault.Invalid || fault.HintOf(err) != "say it" {
			t.Errorf("%v: %v", texts, err)
		}
	}
	if got := read(NewDates(MonthFirst), "13/11/2026", "3/11/2026"); got[0] != "none" || got[1] != "2026-03-11" {
		t.Errorf("%v: a date that does not fit the order was read", got)
	}
	if o, ok := ParseOrder("day-first"); !ok || o != DayFirst {
		t.Error("day-first is no order")
	}
	if _, ok := ParseOrder("dmy"); ok {
		t.Error("dmy is an order")
	}
}

// TestPlainTimesAreReadAsOthers compares what is read by hand with what package time reads.
func TestPlainTimesAreReadAsOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := func(name string, most int) string { return fmt.Sprintf("%02d", rapid.IntRange(0, most).Draw(t, name)) }
		s := fmt.Sprintf("%04d-%s-%s", rapid.IntRange(1960, 2300).Draw(t, "year"), part("month", 13), part("day", 32)) + rapid.SampledFrom([]string{"T", " ", "t"}).Draw(t, "between") +
			part("hour", 25) + ":" + part("minute", 61) + ":" + part("second", 61) +
			rapid.SampledFrom([]string{"", ".", ".5", ".000001", ".123456789", ".1234567891", ",5"}).Draw(t, "decimals") +
			rapid.SampledFrom([]string{"Z", "+00:00", "-0730", "+14:00", "+01", "", "z", " +0100"}).Draw(t, "zone")
		got, ok := plainTime(s)
		if !ok {
			return
		}
		for _, list := range [][]string{layouts[:], others[:]} {
			for _, l := range list {
				if want, err := time.Parse(l, s); err == nil {
					if !want.Equal(got) || got.Location() != time.UTC || !Sane(want) {
						t.Fatalf("%s: %v, want %v", s, got, want)
					}
					return
				}
			}
		}
		t.Fatalf("%s is read as %v, and is no time", s, got)
	})
	for _, s := range []string{"2026-03-31T10:00:00Z", "2026-03-31 10:00:00.123+0200", "2024-02-29T23:59:59.999999999-05:00"} {
		if _, ok := plainTime(s); !ok {
			t.Errorf("%s is not plain", s)
		}
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"3/11/2026, 3:04 PM", "2026-11-29 15:04:05 CET", "1795964645,5", "20261129T150405+01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := (&Clock{Dates: NewDates(DayFirst)}).Time(s)
		if ok && (!Sane(at) || at.Location() != time.UTC) {
			t.Fatalf("%q: %v", s, at)
		}
	})
}
