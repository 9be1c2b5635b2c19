package batches

import (
	"cmp"
	"slices"

	"candor/internal/alert"
	"candor/internal/alert/history"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

// Only returns the one alert that an identity names, which an index found, or why there is
// not one.
func Only(of alert.Identity, found []*alert.Alert) (*alert.Alert, error) {
	switch len(found) {
	case 0:
		return nil, NoAlert(of)
	case 1:
		return found[0], nil
	}
	names := make([]alert.Identity, len(found))
	for i, a := range found {
		names[i] = a.Identity()
	}
	return nil, fault.New(fault.Conflict, "%d alerts can be meant by %q", len(found), of).
		Next("name one by its source and site: %s", alert.Names(names))
}

// NoAlert says that no alert has an identity.
func NoAlert(of alert.Identity) error {
	return fault.New(fault.NotFound, "there is no alert %q", of).Next("check the id; alert ids are those of the imported file")
}

// ExpiredSums adds to sums what alerts that count counted as, in the order of store.Expiry.
func ExpiredSums(sums []store.ExpiredSum, states []history.State) []store.ExpiredSum {
	counts := map[store.ExpiredSum]int64{}
	for _, s := range sums {
		n := s.N
		s.N = 0
		counts[s] += n
	}
	for i := range states {
		a, t := &states[i].Alert, states[i].Tally()
		counts[store.ExpiredSum{RuleID: a.RuleID, Source: a.Source, Day: day.Date(t.Day), Class: t.Class, Provenance: t.Provenance}]++
	}
	list := []store.ExpiredSum{}
	for s, n := range counts {
		s.N = n
		list = append(list, s)
	}
	slices.SortFunc(list, func(x, y store.ExpiredSum) int {
		return cmp.Or(cmp.Compare(alert.RuleKey(x.Source, x.RuleID), alert.RuleKey(y.Source, y.RuleID)), cmp.Compare(x.Day, y.Day), cmp.Compare(x.Class, y.Class), cmp.Compare(x.Provenance, y.Provenance))
	})
	return list
}
