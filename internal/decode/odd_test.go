package decode

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTimesThatNoEvidenceHasAreTold(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	a := Ages{Tomorrow: now.Add(24 * time.Hour)}
	a.See(time.Time{})
	a.See(now)
	a.See(a.Tomorrow)
	a.See(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	if len(a.Notes()) != 0 {
		t.Errorf("%q", a.Notes())
	}
	a.See(time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC))
	a.See(time.Unix(1714140, 0))
	a.See(a.Tomorrow.Add(1))
	want := []string{
		"2 dates of records are before 2000, the first 1970-01-20T20:09:00Z: look for a clock that was never set, or a time that was read in another unit than it is written in",
		"1 date of a record is after tomorrow, the last 2026-11-30T12:00:00Z: look for a clock that is wrong, a zone, or an order of day and month",
	}
	if d := cmp.Diff(want, a.Notes()); d != "" {
		t.Error(d)
	}
}
