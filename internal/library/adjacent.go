package library

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/fault"
)

// Adjacent returns the techniques of other tactics that the users of a technique
// also use; tactic, if not empty, restricts them to one tactic, by ATT&CK ID,
// name or short name.
func (s *Service) Adjacent(ctx context.Context, id string, ref attack.ReleaseRef, tactic string) (adjacency.Result, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return adjacency.Result{}, err
	}
	if !at.Kind.Technique() {
		return adjacency.Result{}, fault.New(fault.Usage, "%s (%s) is a %s, not a technique", cmp.Or(at.ATTACKID, at.StixID), at.Name, at.Kind).
			Next("name a technique, for example T1589.003")
	}
	lib, err := s.adversaries(ctx, at.Release)
	if err != nil {
		return adjacency.Result{}, err
	}
	if err := checkTactic(lib, tactic); err != nil {
		return adjacency.Result{}, err
	}
	return adjacency.Of(lib, at.StixID, adjacency.Options{Tactic: tactic}), nil
}

// adversaries returns the view of a release that adjacency reads. The last one is
// kept: whoever asks about one technique asks about the next.
func (s *Service) adversaries(ctx context.Context, r attack.Release) (*attack.Library, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest != nil && editionOf(s.latest.Release) == editionOf(r) {
		return s.latest, nil
	}
	lib, err := s.store.Load(ctx, r, "attack-pattern", "x-mitre-tactic", "x-mitre-matrix", "intrusion-set", "campaign", "relationship")
	if err != nil {
		return nil, err
	}
	s.latest = lib
	return lib, nil
}

func checkTactic(lib *attack.Library, tactic string) error {
	all := adjacency.Tactics(lib)
	if tactic == "" || slices.ContainsFunc(all, func(t *attack.Object) bool { return adjacency.Names(t, tactic) }) {
		return nil
	}
	var have []string
	for _, t := range all {
		have = append(have, t.ShortName)
	}
	return fault.New(fault.NotFound, "%s has no tactic %q", lib.Release, tactic).Next("choose one of %s", strings.Join(have, ", "))
}
