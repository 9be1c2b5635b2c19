package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/store"
)

// libraryModel lands random releases, which share, change, reorder, repeat and
// drop objects, removes one or none of them, and compares the library with a list of
// what stays. All rounds share one library.
func libraryModel(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		domain := fmt.Sprintf("acme%d-attack", round)
		var releases []attack.Release
		var carried [][]obj
		for i := range rapid.IntRange(1, 5).Draw(rt, "releases") {
			objects := rapid.SliceOfN(drawnObject(), 1, 30).Draw(rt, "objects")
			releases = append(releases, land(t, l, fmt.Sprintf("%s %d", domain, i+1), objects...))
			carried = append(carried, objects)
		}
		if n := rapid.IntRange(0, 2*len(releases)).Draw(rt, "removed"); n < len(releases) {
			must(l.Remove(context.Background(), removal(releases[n])))(t)
			releases, carried = slices.Delete(releases, n, n+1), slices.Delete(carried, n, n+1)
		}
		appearances := map[string][]store.Appearance{}
		for i, r := range releases {
			counts := whatCounts(carried[i])
			checkRelease(t, l, r, counts)
			for id, o := range counts {
				s := must(l.Snapshot(context.Background(), r, id))(t)
				if string(s.Raw) != o.write(t) {
					rt.Errorf("%s of %s is %s, want %s", id, r, s.Raw, o.write(t))
				}
				appearances[id] = append(appearances[id], store.Appearance{
					Release: r, Created: s.Object.Created, Modified: s.Object.Modified, ObjectHash: s.ObjectHash,
				})
			}
		}
		for id, want := range appearances {
			got := must(l.Appearances(context.Background(), id))(t)
			got = slices.DeleteFunc(got, func(a store.Appearance) bool { return a.Release.Domain != domain })
			equal(t, "appearances of "+id, got, want)
		}
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// drawnObject draws one of few objects in one of few states.
func drawnObject() *rapid.Generator[obj] {
	return rapid.Custom(func(rt *rapid.T) obj {
		n := fmt.Sprint(rapid.IntRange(1, 12).Draw(rt, "n"))
		typ := rapid.SampledFrom([]string{"tool", "malware"}).Draw(rt, "type")
		return object(typ, n, "S"+n, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "name")).
			but(obj{"modified": rapid.SampledFrom([]string{"2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"}).Draw(rt, "modified")})
	})
}

// whatCounts returns, of objects with one id, the one modified last, then the last.
func whatCounts(objects []obj) map[string]obj {
	m := map[string]obj{}
	for _, o := range objects {
		if have, ok := m[o.id()]; !ok || o["modified"].(string) >= have["modified"].(string) {
			m[o.id()] = o
		}
	}
	return m
}

// checkRelease compares what a release is said to carry with what counts in it.
func checkRelease(t *testing.T, l store.Library, r attack.Release, want map[string]obj) {
	t.Helper()
	ctx := context.Background()
	loaded := must(l.Load(ctx, r))(t)
	if len(loaded.Objects()) != len(want) {
		t.Errorf("%s loads %d objects, want %d", r, len(loaded.Objects()), len(want))
	}
	members := must(l.Members(ctx, r))(t)
	_, n, err := l.List(ctx, store.Query{Release: r})
	if len(members) != len(want) || n != len(want) || err != nil {
		t.Errorf("%s has %d members and lists %d, %v; want %d", r, len(members), n, err, len(want))
	}
	for _, o := range loaded.Objects() {
		if o.Name != want[o.ID]["name"] {
			t.Errorf("%s of %s has the name %q, want %q", o.ID, r, o.Name, want[o.ID]["name"])
		}
	}
}

// libraryReaders reads, several at a time, while releases land.
func libraryReaders(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	objects := append(manyObjects(300, "tool"), relationship("1", "uses", "tool--00001", "tool--00002"))
	land(t, l, "acme 0", objects...)
	const releases = 8
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for n := 0; n < releases && !t.Failed(); {
				n = readOnce(t, l, n, len(objects))
			}
		})
	}
	for i := 1; i < releases; i++ {
		objects[i] = objects[i].but(obj{"description": fmt.Sprint("state ", i)})
		land(t, l, fmt.Sprint("acme ", i), objects...)
	}
	readers.Wait()
}

// readOnce reads what there is and returns how many releases that is, which
// must not be fewer than before.
func readOnce(t *testing.T, l store.Library, before, objects int) int {
	ctx := context.Background()
	rs, err := l.Releases(ctx)
	if err != nil || len(rs) < before {
		t.Errorf("%d releases after %d, %v", len(rs), before, err)
		return before
	}
	as, err := l.Appearances(ctx, "tool--00001")
	if err != nil || len(as) < len(rs) {
		t.Errorf("%d appearances in %d releases, %v", len(as), len(rs), err)
	}
	for _, r := range rs {
		view, err := l.Load(ctx, r)
		if err != nil || len(view.Objects()) != objects {
			t.Errorf("%s is not whole, %v", r, err)
			return before
		}
		_, n, err := l.List(ctx, store.Query{Release: r, Text: "name"})
		if err != nil || n != objects-1 {
			t.Errorf("%s lists %d, %v", r, n, err)
		}
		if es, err := l.Relations(ctx, r, "tool--00001"); err != nil || len(es) != 1 {
			t.Errorf("%s has %d relations, %v", r, len(es), err)
		}
	}
	return len(rs)
}
