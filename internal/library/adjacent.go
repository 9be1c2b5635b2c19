package library

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/fault"
	"candor/internal/store"
)

// Adjacent returns the techniques of other tactics that the users of a technique
// also use; tactic, if not empty, restricts them to one tactic, by ATT&CK ID,
// name or short name. Of an analytic or a detection strategy they are those of the one
// technique that it is of.
func (s *Service) Adjacent(ctx context.Context, id string, ref attack.ReleaseRef, tactic string) (adjacency.Result, error) {
	at, err := s.locate(ctx, id, ref)
	if err != nil {
		return adjacency.Result{}, err
	}
	technique, err := s.techniqueOf(ctx, at)
	if err != nil {
		return adjacency.Result{}, err
	}
	lib, err := s.adversaries(ctx, at.Release)
	if err != nil {
		return adjacency.Result{}, err
	}
	if err := checkTactic(lib, tactic); err != nil {
		return adjacency.Result{}, err
	}
	return adjacency.Of(lib, technique, adjacency.Options{Tactic: tactic}), nil
}

// techniqueOf returns the STIX id of the technique that an object is, or is of.
func (s *Service) techniqueOf(ctx context.Context, at store.Located) (string, error) {
	name := cmp.Or(at.ATTACKID, at.StixID)
	if at.Kind.Technique() {
		return at.StixID, nil
	}
	if at.Kind != attack.KindAnalytic && at.Kind != attack.KindStrategy {
		return "", fault.New(fault.Usage, "%s (%s) is no technique, and not of one: its kind is %s", name, at.Name, at.Kind).
			Next("name a technique, for example T1589.003, or one of its analytics")
	}
	lib, err := s.store.Load(ctx, at.Release, "attack-pattern", "x-mitre-analytic", "x-mitre-detection-strategy", "relationship")
	if err != nil {
		return "", err
	}
	of := lib.TechniquesOf(at.StixID)
	if at.Kind == attack.KindStrategy {
		of = lib.Targets(at.StixID, attack.Detects)
	}
	if len(of) == 1 {
		return of[0].ID, nil
	}
	var ids []string
	for _, t := range of {
		ids = append(ids, t.ATTACKID)
	}
	return "", fault.New(fault.Usage, "%s (%s) is of %d techniques", name, at.Name, len(of)).Next("name the technique: %s", cmp.Or(strings.Join(ids, " or "), "for example T1589.003"))
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
