package sqlite

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/store"
)

// defaultLimit is how many headers List returns when Query.Limit is 0.
const defaultLimit = 50

// List returns the headers that match, and how many match in all. Without a
// text and a sort the order is that of ATT&CK IDs. Relationship objects are
// listed only when Kinds names them.
func (l *Library) List(ctx context.Context, q store.Query) ([]store.Located, int, error) {
	order, err := orderOf(q.Sort)
	if err != nil {
		return nil, 0, err
	}
	e, err := l.edition(ctx, q.Release)
	if err != nil {
		return nil, 0, err
	}
	v, err := l.view(ctx, e)
	if err != nil {
		return nil, 0, err
	}
	matches, err := v.filter(q)
	if err != nil {
		return nil, 0, err
	}
	hits, err := l.candidates(ctx, v, e, q.Text)
	if err != nil {
		return nil, 0, err
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool { return !matches(h.n) })
	if q.Sort != "" || strings.TrimSpace(q.Text) == "" {
		slices.SortStableFunc(hits, func(a, b hit) int { return order(&v.cards[a.n].Header, &v.cards[b.n].Header) })
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	page := hits[min(max(q.Offset, 0), len(hits)):]
	var ls []store.Located
	for _, h := range page[:min(limit, len(page))] {
		ls = append(ls, store.Located{Header: v.cards[h.n].Header, Release: v.release, Fit: h.fit})
	}
	return ls, len(hits), nil
}

// orderOf returns how a sort orders headers. Objects without an ATT&CK ID come
// after those with one.
func orderOf(sort string) (func(a, b *store.Header) int, error) {
	key, down := strings.CutPrefix(sort, "-")
	var by func(a, b *store.Header) int
	switch key {
	case "", "id":
		by = func(a, b *store.Header) int {
			if (a.ATTACKID == "") != (b.ATTACKID == "") {
				return -strings.Compare(a.ATTACKID, b.ATTACKID)
			}
			return cmp.Or(strings.Compare(a.ATTACKID, b.ATTACKID), strings.Compare(a.StixID, b.StixID))
		}
	case "name":
		by = func(a, b *store.Header) int {
			return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.StixID, b.StixID))
		}
	case "modified":
		by = func(a, b *store.Header) int {
			return cmp.Or(attack.CompareTimes(a.Modified, b.Modified), strings.Compare(a.StixID, b.StixID))
		}
	default:
		return nil, fault.New(fault.Usage, "there is no sort %q", sort).At("sort").Next("%s", near.Hint(sort, []string{"id", "-id", "name", "-name", "modified", "-modified"}, ""))
	}
	if !down {
		return by, nil
	}
	return func(a, b *store.Header) int { return by(b, a) }, nil
}

// filter returns which ordinals match everything in q but its text.
func (v *view) filter(q store.Query) (func(n int32) bool, error) {
	switch q.Lifecycle {
	case "", "live", "revoked", "deprecated":
	default:
		return nil, fault.New(fault.Usage, "there is no lifecycle %q", q.Lifecycle).At("lifecycle").Next("%s", near.Hint(q.Lifecycle, []string{"live", "revoked", "deprecated"}, ""))
	}
	inTactic := v.techniquesOf(q.Tactic)
	reads := v.readersOf(q.LogSource)
	return func(n int32) bool {
		c := &v.cards[n]
		switch {
		case len(q.Kinds) > 0 && !slices.Contains(q.Kinds, c.Kind),
			len(q.Kinds) == 0 && c.Kind == attack.KindRelationship,
			q.Lifecycle != "" && q.Lifecycle != lifecycle(c),
			q.Platform != "" && !containsFold(c.Platforms, q.Platform),
			q.LogSource != "" && !reads[n],
			q.Tactic != "" && !inTactic[n]:
			return false
		}
		return v.counts(int(n))
	}, nil
}

// readersOf returns what names a log source, and the strategies that hold such an
// analytic with the techniques that they detect.
func (v *view) readersOf(log string) map[int32]bool {
	if log == "" {
		return nil
	}
	ns := map[int32]bool{}
	for i := range v.cards {
		if !containsFold(v.cards[i].logs, log) {
			continue
		}
		ns[int32(i)] = true
		for _, j := range v.in.of(int32(i)) {
			if e := &v.edges[j]; e.typ == attack.HasAnalytic && e.from >= 0 {
				ns[e.from] = true
				v.detected(e.from, ns)
			}
		}
	}
	return ns
}

// detected adds the techniques that a strategy detects.
func (v *view) detected(strategy int32, ns map[int32]bool) {
	for _, j := range v.out.of(strategy) {
		if e := &v.edges[j]; e.typ == attack.Detects && e.to >= 0 && (e.by < 0 || v.cards[e.by].Live()) {
			ns[e.to] = true
		}
	}
}

func lifecycle(c *card) string {
	return (&attack.Object{Revoked: c.Revoked, Deprecated: c.Deprecated}).Lifecycle()
}

func containsFold(have []string, want string) bool {
	return slices.ContainsFunc(have, func(s string) bool { return strings.EqualFold(s, want) })
}

// techniquesOf returns the techniques of the tactics that a name names. Releases
// that have no tactic objects name tactics by their phases alone.
func (v *view) techniquesOf(tactic string) map[int32]bool {
	if tactic == "" {
		return nil
	}
	ns := map[int32]bool{}
	known := false
	for i := range v.cards {
		c := &v.cards[i]
		if c.Kind != attack.KindTactic || !strings.EqualFold(c.ATTACKID, tactic) && !strings.EqualFold(c.short, tactic) {
			continue
		}
		known = true
		for _, j := range v.in.of(int32(i)) {
			if e := &v.edges[j]; e.typ == attack.InTactic {
				ns[e.from] = true
			}
		}
	}
	if known {
		return ns
	}
	for i := range v.cards {
		for _, p := range v.cards[i].phases {
			if _, phase, _ := strings.Cut(p, "/"); strings.EqualFold(phase, tactic) {
				ns[int32(i)] = true
			}
		}
	}
	return ns
}
