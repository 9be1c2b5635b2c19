package library

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// Search returns at most limit objects that match words, and how many match in
// all, in the newest release of each domain that ref selects, best first. An object that
// several domains hold is listed once.
func (s *Service) Search(ctx context.Context, words string, ref attack.ReleaseRef, limit int) ([]store.Located, int, error) {
	words = strings.TrimSpace(words)
	if words == "" {
		return nil, 0, fault.New(fault.Usage, "there are no words to search for").Next("name an id, or words of a name or description")
	}
	all, err := s.store.Releases(ctx)
	if err != nil {
		return nil, 0, err
	}
	newest := attack.Newest(all, ref)
	if len(newest) == 0 {
		return nil, 0, attack.NotThere(all, ref)
	}
	var found []store.Located
	total := 0
	for _, r := range newest {
		ls, n, err := s.store.List(ctx, store.Query{Release: r, Text: words, Limit: limit})
		if err != nil {
			return nil, 0, err
		}
		found = append(found, ls...)
		total += n
	}
	slices.SortStableFunc(found, func(a, b store.Located) int { return cmp.Compare(b.Fit, a.Fit) })
	listed := map[string]bool{}
	found = slices.DeleteFunc(found, func(l store.Located) bool {
		again := listed[l.StixID]
		listed[l.StixID] = true
		return again
	})
	if limit <= 0 {
		limit = 50
	}
	return found[:min(limit, len(found))], total, nil
}
