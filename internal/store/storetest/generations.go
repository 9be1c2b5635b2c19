package storetest

import (
	"context"
	"testing"

	"candor/internal/store"
)

// named fails the test unless the names that stores have for their state are the same
// as long as nothing changes, and others once do has changed it.
func named(t *testing.T, what string, do func(), open ...store.Generations) {
	t.Helper()
	name := func(s store.Generations) string { return must(s.Generation(t.Context()))(t) }
	var before []string
	for _, s := range open {
		before = append(before, name(s))
		if again := name(s); again != before[len(before)-1] {
			t.Errorf("before %s: the state is %s, and then %s", what, before[len(before)-1], again)
		}
	}
	do()
	for i, s := range open {
		if after := name(s); after == before[i] {
			t.Errorf("after %s: the state of store %d is still %s", what, i, after)
		}
	}
}

// evidenceGenerations changes one of two stores that are open on the same data.
func evidenceGenerations(t *testing.T, open OpenEvidenceKeeper) {
	dir := t.TempDir()
	s, other := open(t, dir), open(t, dir)
	named(t, "the first batch", func() { appendRecords(t, s, "b1", rule("r1", "one")) }, s, other)
	named(t, "another one", func() { appendRecords(t, s, "b2", rule("r1", "uno")) }, s, other)
	named(t, "a withdrawal", func() { withdraw(t, s, "b2") }, s, other)
}

func alertsGenerations(t *testing.T, open OpenAlertsKeeper) {
	s := open(t, t.TempDir())
	named(t, "the first batch", func() { appendAlerts(t, s, "b1", fired("a1", 0)) }, s)
	named(t, "a batch that says nothing new", func() { appendAlerts(t, s, "b2", fired("a1", 0)) }, s)
	named(t, "a withdrawal", func() { withdraw(t, s, "b2") }, s)
}

func libraryGenerations(t *testing.T, open OpenLibrary) {
	dir := t.TempDir()
	l, other := open(t, dir), open(t, dir)
	text, _ := twoReleases(t)
	named(t, "an import", func() { landText(t, l, "acme 1.0", text) }, l, other)
	r := must(l.Releases(context.Background()))(t)[0]
	named(t, "a removal", func() { must(l.Remove(context.Background(), removal(r)))(t) }, l, other)
}
