package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/store"
)

// libraryModel lands random releases, which share, change, reorder, repeat and
// drop objects, and compares the library with a list of what was landed. All
// rounds share one library.
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
		appearances := map[string][]store.Appearance{}
		for i, r := range releases {
			counting := counting(carried[i])
			checkRelease(t, l, r, counting)
			for id, o := range counting {
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

// counting returns, of objects with one id, the one modified last, then the last.
func counting(objects []obj) map[string]obj {
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
