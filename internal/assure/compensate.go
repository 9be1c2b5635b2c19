package assure

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"candor/internal/attack"
)

// mostCompensations is how many adjacent techniques a verdict names.
const mostCompensations = 5

// initialAccess is the short name of the tactic that is looked at first: the
// stage at which what was prepared outside arrives.
const initialAccess = "initial-access"

// compensate names, for each analytic outside visibility, techniques of later
// tactics that the same groups and campaigns use and that have a reliable
// analytic here. It changes no rung.
func (a *assessor) compensate() {
	reliable := a.reliableTechniques()
	if len(reliable) == 0 {
		return
	}
	adjacent := map[string][]Compensation{}
	for _, s := range a.subjects {
		if s.Rung != Outside {
			continue
		}
		key := stixIDs(s.Techniques)
		if _, ok := adjacent[key]; !ok {
			adjacent[key] = a.compensations(s, reliable)
		}
		s.Compensated = adjacent[key]
	}
}

func stixIDs(names []Name) string {
	ids := make([]string, len(names))
	for i, n := range names {
		ids[i] = n.StixID
	}
	return strings.Join(ids, " ")
}

// stronghold is a technique with a reliable analytic, and who uses it.
type stronghold struct {
	technique *attack.Object
	analytic  Name
	users     map[*attack.Object]bool
}

// reliableTechniques returns the techniques that have a reliable analytic, each
// with the first of them by ATT&CK ID.
func (a *assessor) reliableTechniques() []stronghold {
	var all []stronghold
	have := map[string]bool{}
	for _, s := range a.subjects {
		if s.Rung != Reliable {
			continue
		}
		for _, t := range s.Techniques {
			if o, ok := a.lib.Object(t.StixID); ok && !have[t.StixID] {
				have[t.StixID] = true
				all = append(all, stronghold{o, s.Analytic, a.using[t.StixID]})
			}
		}
	}
	return all
}

// usersOf returns the live groups and campaigns that use a technique.
func usersOf(lib *attack.Library, technique string) map[*attack.Object]bool {
	us := map[*attack.Object]bool{}
	for _, o := range lib.Sources(technique, attack.Uses) {
		if o.Kind == attack.KindGroup || o.Kind == attack.KindCampaign {
			us[o] = true
		}
	}
	return us
}

// compensations returns the best adjacent techniques for s: Initial Access
// first, then the other tactics in the order of the matrix, then the technique
// that shares the most users.
func (a *assessor) compensations(s *subject, reliable []stronghold) []Compensation {
	users := map[*attack.Object]bool{}
	for _, t := range s.Techniques {
		maps.Copy(users, a.using[t.StixID])
	}
	last := -1
	for _, t := range s.Tactics {
		last = max(last, a.rank[t.StixID])
	}
	found := []Compensation{}
	for _, r := range reliable {
		tactic := a.laterTactic(r.technique.ID, last)
		shared := sharedUsers(users, r.users)
		if tactic != nil && len(shared) > 0 {
			found = append(found, Compensation{Technique: nameOf(r.technique), Tactic: nameOf(tactic), Analytic: r.analytic, Users: shared})
		}
	}
	slices.SortFunc(found, func(x, y Compensation) int {
		return cmp.Or(a.stage(x.Tactic)-a.stage(y.Tactic), len(y.Users)-len(x.Users), compareNames(x.Technique, y.Technique))
	})
	return found[:min(len(found), mostCompensations)]
}

// laterTactic returns the tactic of a technique to be named among those after
// the place last, or nil.
func (a *assessor) laterTactic(technique string, last int) *attack.Object {
	var best *attack.Object
	for _, t := range a.lib.TacticsOf(technique) {
		if a.rank[t.ID] > last && (best == nil || a.stage(nameOf(t)) < a.stage(nameOf(best))) {
			best = t
		}
	}
	return best
}

// stage is a tactic's place for naming compensation.
func (a *assessor) stage(tactic Name) int {
	if o, ok := a.lib.Object(tactic.StixID); ok && o.ShortName == initialAccess {
		return -1
	}
	return a.rank[tactic.StixID]
}

func sharedUsers(a, b map[*attack.Object]bool) []Name {
	var names []Name
	for o := range a {
		if b[o] {
			names = append(names, nameOf(o))
		}
	}
	slices.SortFunc(names, compareNames)
	return names
}
