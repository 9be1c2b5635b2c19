package storetest

import (
	"testing"

	"candor/internal/alert"
	"candor/internal/fault"
	"candor/internal/store"
)

// at returns the alert 591 as it fired at a site, of a source.
func at(source, site string, n int) *alert.Alert {
	return with(fired("591", n), func(a *alert.Alert) { a.Source, a.Site = source, site })
}

// appendOf lands a batch that was said to be of a source.
func appendOf(t *testing.T, s store.Alerts, id, source string, alerts ...*alert.Alert) store.Batch {
	t.Helper()
	b := batch("alerts", id)
	b.Source = source
	b, _, err := s.Append(t.Context(), b, each(alerts...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// knownAs lists what the alerts are known by that have the id 591.
func knownAs(t *testing.T, s store.Alerts) (list []string) {
	t.Helper()
	known, err := s.Known(t.Context(), []string{"591"})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range known["591"] {
		list = append(list, i.String())
	}
	return list
}

func alertsApartByIdentity(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	b := appendOf(t, s, "b1", "", at("", "Berlin", 0), at("", "Paris", 0))
	same(t, "new, updated, unchanged", [3]int64{2, 0, 0}, counted(b))
	if b.Shared != 1 || b.FirstShared != (alert.Identity{Site: "Paris", ID: "591"}) {
		t.Errorf("shared %d, first %+v", b.Shared, b.FirstShared)
	}
	same(t, "each with itself", [3]int64{0, 1, 1}, counted(appendOf(t, s, "b2", "", at("", "berlin", 0), at("", "Paris", 0))))
	said := judged(at("", "Paris", 0), alert.TruePositive, 5)
	appendOf(t, s, "b3", "", &alert.Alert{ID: "591", Site: "PARIS", Disposition: said.Disposition})
	same(t, "known", []string{"Paris/591", "berlin/591"}, knownAs(t, s))
	same(t, "in order", []alert.Alert{inForce(said, said.Disposition), inForce(at("", "berlin", 0), nil)}, everyAlert(t, s, "r1", "", ""))
	same(t, "of Paris", 1, len(must(s.Dispositions(t.Context(), alert.Identity{Site: "Paris", ID: "591"}))(t)))
	same(t, "of Berlin", 0, len(must(s.Dispositions(t.Context(), alert.Identity{Site: "Berlin", ID: "591"}))(t)))
	if _, err := s.Find(t.Context(), alert.Identity{ID: "591"}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("either: %v", err)
	}
	b = appendOf(t, s, "b4", "", at("edr", "Oslo", 1), at("siem", "Oslo", 1))
	same(t, "two sources of one site", [3]int64{2, 0, 0}, counted(b))
	b = appendOf(t, s, "b5", "west", with(at("", "Rome", 2), func(a *alert.Alert) { a.ID = "7" }))
	b = appendOf(t, s, "b6", "east", with(at("", "Rome", 2), func(a *alert.Alert) { a.ID = "7" }))
	same(t, "as their batches were said to be of", [2]int64{1, 1}, [2]int64{b.New, b.Shared})
}

func alertsFitting(t *testing.T, open OpenAlerts) {
	for name, test := range map[string]struct {
		first, second *alert.Alert
		of, then      string // whose the batches were said to be
		want          string
		moved         int64
	}{
		"a later one leaves out the site":       {at("edr", "Berlin", 0), at("edr", "", 0), "", "", "edr/Berlin/591", 0},
		"a later one leaves out the source":     {at("edr", "Berlin", 0), at("", "Berlin", 0), "", "", "edr/Berlin/591", 0},
		"a later one says both":                 {at("", "", 0), at("edr", "Berlin", 0), "", "", "edr/Berlin/591", 0},
		"each says what the other does not":     {at("edr", "", 0), at("", "Berlin", 0), "", "", "edr/Berlin/591", 0},
		"a re-export under another name":        {at("edr", "", 0), at("edr", "", 0), "old", "new", "edr/591", 0},
		"a re-export without the source":        {at("edr", "", 0), at("", "", 0), "corp", "corp", "edr/591", 0},
		"a re-export that nobody said whose":    {at("", "", 0), at("", "", 0), "corp", "", "corp/591", 0},
		"another rule, and says less":           {at("", "Berlin", 0), with(at("", "", 0), func(a *alert.Alert) { a.RuleID = "r2" }), "", "", "Berlin/591", 1},
		"another rule of the same, by its name": {at("", "Berlin", 0), with(at("", "Berlin", 0), func(a *alert.Alert) { a.RuleID = "r2" }), "", "", "Berlin/591", 0},
	} {
		s := open(t, t.TempDir())
		appendOf(t, s, "b1", test.of, test.first)
		b := appendOf(t, s, "b2", test.then, test.second)
		if b.New != 0 || b.Shared != 0 || b.Moved != test.moved {
			t.Errorf("%s: new %d, shared %d, moved %d", name, b.New, b.Shared, b.Moved)
		}
		same(t, name, []string{test.want}, knownAs(t, s))
	}
}

func alertsAmbiguous(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	appendOf(t, s, "b1", "", at("", "Berlin", 0))
	said := judged(at("", "", 0), alert.FalsePositive, 5).Disposition
	appendOf(t, s, "b2", "", &alert.Alert{ID: "591", Site: "Berlin", Disposition: said})
	appendOf(t, s, "b3", "", at("", "Paris", 0))
	_, fresh, err := s.Append(t.Context(), batch("alerts", "b4"), each(&alert.Alert{ID: "591", CaseID: "c"}))
	if fault.KindOf(err) != fault.Conflict || fresh {
		t.Errorf("of either: fresh %v, error %v", fresh, err)
	}
	same(t, "alerts", []alert.Alert{inForce(at("", "Berlin", 0), said), inForce(at("", "Paris", 0), nil)}, everyAlert(t, s, "r1", "", ""))
	b := appendOf(t, s, "b5", "", at("", "", 0))
	same(t, "one of neither is one of its own", [2]int64{1, 1}, [2]int64{b.New, b.Shared})
	c, ok := s.(AlertsKeeper)
	if !ok {
		return
	}
	withdraw(t, c, "b1")
	same(t, "what was said of Berlin's stays with it", []alert.Alert{inForce(at("", "Paris", 0), nil)}, everyAlert(t, s, "r1", "", ""))
	same(t, "known", []string{"Paris/591"}, knownAs(t, s))
	batches, err := s.Batches(t.Context())
	clean(t, c, batches, err)
}
