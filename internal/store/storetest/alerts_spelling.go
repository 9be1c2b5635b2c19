package storetest

import (
	"testing"

	"candor/internal/alert"
)

// alertsSpelling appends alerts of one host in two spellings, which are of one cluster;
// each keeps its own.
func alertsSpelling(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	large := judged(with(fired("a1", 0), func(a *alert.Alert) { a.Entity = "WEB-01" }), alert.TruePositive, 1)
	small := judged(with(fired("a2", 1), func(a *alert.Alert) { a.Entity = "web-01" }), alert.TruePositive, 2)
	appendAlerts(t, s, "b1", large, small)
	same(t, "tallies", []alert.Tally{tally(large, 2, small)}, tallies(t, s))
	if a, err := s.Find(t.Context(), alert.Identity{ID: "a1"}); err != nil || a.Entity != "WEB-01" {
		t.Errorf("%+v, %v: the spelling is not kept", a, err)
	}
}
