package library

import (
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// Search returns at most limit objects that match words, and how many match in
// all, in the newest release of each domain that ref selects. What has the words
// for its id or name comes first, then the best match of each domain in turn. An
// object that several domains hold is listed once.
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
		return nil, 0, s.notThere(ctx, all, ref)
	}
	var lists [][]store.Located
	total := 0
	for _, r := range newest {
		found, n, err := s.store.List(ctx, store.Query{Release: r, Text: words, Limit: limit})
		if err != nil {
			return nil, 0, err
		}
		lists = append(lists, found)
		total += n
	}
	found := interleave(lists)
	slices.SortStableFunc(found, func(a, b store.Located) int { return exactness(words, &a) - exactness(words, &b) })
	if limit <= 0 {
		limit = 50
	}
	return found[:min(limit, len(found))], total, nil
}

// interleave takes from each list in turn, and each object once.
func interleave(lists [][]store.Located) []store.Located {
	var out []store.Located
	seen := map[string]bool{}
	for i, more := 0, true; more; i++ {
		more = false
		for _, l := range lists {
			if i >= len(l) {
				continue
			}
			more = true
			if !seen[l[i].StixID] {
				seen[l[i].StixID] = true
				out = append(out, l[i])
			}
		}
	}
	return out
}

// exactness is 0 for an object that has the words for its id or name and is
// live, 1 for one that is not live, and 2 for any other.
func exactness(words string, l *store.Located) int {
	switch {
	case !strings.EqualFold(words, l.ATTACKID) && !strings.EqualFold(words, l.Name) && !strings.EqualFold(words, l.StixID):
		return 2
	case l.Live():
		return 0
	}
	return 1
}
