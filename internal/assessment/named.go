package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/store"
)

// nearMost is how many names are offered that may have been meant.
const nearMost = 3

// named is what a text names among analytics: a verdict, else something else with its
// analytics, else what is nearest.
type named struct {
	verdict   *assure.Verdict
	other     *store.Located
	analytics []string
	nearest   []string
}

// analytic finds the analytic that a text names.
func (s *Service) analytic(ctx context.Context, a *assure.Assessment, text string) (named, error) {
	id := attack.SpellID(text)
	if v := verdictOn(a.Verdicts, id); v != nil {
		return named{verdict: v}, nil
	}
	found, err := s.lib.Find(ctx, id, attack.ReleaseRef{Domain: a.Release.Domain, Version: a.Release.Version})
	if err != nil {
		return named{}, err
	}
	called, exact, err := s.lib.Called(ctx, a.Release, text, nearMost)
	if err != nil {
		return named{}, err
	}
	if !exact && len(found) == 0 {
		// Tactics of old releases have no object.
		return named{analytics: analyticsUnder(a.Verdicts, id), nearest: nearestTo(a.Verdicts, id, called)}, nil
	}
	for _, c := range called {
		if exact {
			found = append(found, c.Located)
		}
	}
	n := named{other: &found[0]}
	for i := range found {
		if n.verdict = verdictOn(a.Verdicts, found[i].StixID); n.verdict != nil {
			return n, nil
		}
		if ids := analyticsUnder(a.Verdicts, found[i].StixID); len(ids) > 0 && len(n.analytics) == 0 {
			n.other, n.analytics = &found[i], ids
		}
	}
	return n, nil
}

// missing is the fault of a text that names no analytic; only says what alone an answer
// is about.
func (n *named) missing(a *assure.Assessment, text, only string) error {
	text = strings.TrimSpace(text)
	switch {
	case n.other != nil:
		return other(*n.other, n.analytics, only)
	case len(n.analytics) > 0:
		return fault.New(fault.NotFound, "%s is not an analytic, and %s", text, only).Next("its analytics are: %s", strings.Join(n.analytics, ", "))
	}
	e := fault.New(fault.NotFound, "%s has no live analytic %s", a.Release, text)
	if len(n.nearest) > 0 {
		return e.Next("nearest: %s; candor assess lists all analytics", strings.Join(n.nearest, ", "))
	}
	if len(a.Verdicts) == 0 {
		return e.Next("choose a release with analytics: candor attack releases lists them")
	}
	return e.Next("name an analytic by its ATT&CK ID, for example %s; candor assess lists them all", a.Verdicts[0].Analytic.ATTACKID)
}

// other is the fault of what names something else than a live analytic.
func other(l store.Located, analytics []string, only string) error {
	name := cmp.Or(l.ATTACKID, l.StixID)
	if l.Kind == attack.KindAnalytic {
		return fault.New(fault.NotFound, "the analytic %s is not live in %s, and %s that is", name, l.Release, only).
			Next("candor attack show %s says what became of it", name)
	}
	e := fault.New(fault.NotFound, "%s (%s, %s) is not an analytic, and %s", name, l.Name, l.Kind, only)
	if len(analytics) == 0 {
		return e.Next("candor attack show %s shows what it is related to; candor assess lists all analytics", name)
	}
	return e.Next("its analytics are: %s", strings.Join(analytics, ", "))
}

// verdictOn returns the verdict on the analytic with an id, nil for none.
func verdictOn(verdicts []assure.Verdict, id string) *assure.Verdict {
	if i := slices.IndexFunc(verdicts, func(v assure.Verdict) bool { return names(v.Analytic, id) }); i >= 0 {
		return &verdicts[i]
	}
	return nil
}

// nearestTo names the analytics whose id is one slip from an id, and what is called
// nearly so.
func nearestTo(verdicts []assure.Verdict, id string, called []store.Called) []string {
	var nearest []string
	for i := range verdicts {
		if n := verdicts[i].Analytic; len(nearest) < nearMost && near.Slips(n.ATTACKID, id) == 1 {
			nearest = append(nearest, n.ATTACKID)
		}
	}
	for _, c := range called {
		if c.ATTACKID != "" && len(nearest) < nearMost {
			nearest = append(nearest, c.ATTACKID+" "+c.Name)
		}
	}
	return nearest
}
