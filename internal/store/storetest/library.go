package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/fault"
	"candor/internal/store"
)

// OpenLibrary opens the library whose data lies in dir, which may be empty, and
// closes it when t ends.
type OpenLibrary func(t *testing.T, dir string) store.Library

// Library tests that the libraries that open opens keep the contract of
// store.Library.
func Library(t *testing.T, open OpenLibrary) {
	tests := map[string]func(*testing.T, OpenLibrary){
		"bytes and hashes come back exactly":              libraryBytes,
		"releases are listed by domain and version":       libraryReleases,
		"the same file again changes nothing":             librarySameFile,
		"another file for a release is a conflict":        libraryConflict,
		"both STIX editions of a release may be there":    libraryEditions,
		"a release without a name is refused":             libraryNameless,
		"nothing can be seen before the commit":           libraryUnseen,
		"rolling back leaves nothing":                     libraryRollback,
		"its state has another name once it changed":      libraryGenerations,
		"cancelling leaves nothing":                       libraryCancelled,
		"one import runs at a time":                       libraryOneImport,
		"reopening keeps everything":                      libraryReopen,
		"readers go on while releases land":               libraryReaders,
		"bytes that are there already are not new":        libraryNew,
		"oddities are kept":                               libraryOddities,
		"of duplicates the one modified later counts":     libraryDuplicates,
		"ids find objects in the newest release":          libraryFind,
		"old, revoked and shared ATT&CK IDs find objects": libraryFindOld,
		"a release does not carry what is not in it":      libraryAbsent,
		"relations run in both directions":                libraryRelations,
		"renames are what live relations say":             libraryRenames,
		"an analytic leads to its technique and tactic":   libraryDetection,
		"relations may be limited to types":               libraryRelationTypes,
		"a phase means the tactic of its kill chain":      libraryPhases,
		"relations survive what the release lacks":        libraryDangling,
		"a dead relationship object is said to be dead":   libraryDeadRelation,
		"appearances tell an object's history":            libraryAppearances,
		"one id may have other bytes in another domain":   libraryDomains,
		"a release loads whole or by type":                libraryLoad,
		"lists can be filtered":                           libraryFilters,
		"lists can be sorted and paged":                   libraryPages,
		"a text finds objects of the release asked":       libraryText,
		"an exact id or name comes first":                 libraryExact,
		"a text is found as people write it":              librarySearch,
		"of equals live techniques come first":            librarySearchOrder,
		"objects are called by names and aliases":         libraryCalled,
		"no text can break the search":                    libraryHostileText,
		"members and raws tell what a release carries":    libraryMembers,
		"each gives the bytes at every place":             libraryEach,
		"hashes that are added verify what is there":      libraryHashes,
		"of objects with one id each can be had":          librarySame,
		"a removed release leaves nothing behind":         libraryRemove,
		"a removal is refused or whole":                   libraryRemoveRefused,
		"any sequence of releases agrees with a model":    libraryModel,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, auditing(open)) })
	}
}

// auditing opens libraries that are audited when their test ends: whatever was done to
// one through the contract, all that it holds follows from what was added.
func auditing(open OpenLibrary) OpenLibrary {
	return func(t *testing.T, dir string) store.Library {
		l := open(t, dir)
		t.Cleanup(func() {
			a, err := l.Audit(context.Background())
			if err != nil || len(a.Amiss) > 0 {
				t.Errorf("audit: %v, amiss %+v", err, a.Amiss)
			}
			for _, r := range a.Releases {
				if content, err := l.Content(context.Background(), r.Release); err != nil || content == "" || content != r.Content {
					t.Errorf("content of %s: %q, %v; the audit says %q", r.Release, content, err, r.Content)
				}
			}
		})
		return l
	}
}

// obj is an object before it is written as JSON.
type obj map[string]any

// object returns an object of a STIX type with id TYPE--N and an ATT&CK ID,
// which may be empty.
func object(typ, n, attackID, name string) obj {
	o := obj{"type": typ, "id": typ + "--" + n, "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-02T00:00:00.000Z", "name": name}
	if attackID != "" {
		o["external_references"] = []obj{{"source_name": "a report"}, {"source_name": "mitre-attack", "external_id": attackID}}
	}
	return o
}

// relationship returns a relationship object.
func relationship(n, typ, from, to string) obj {
	return obj{"type": "relationship", "id": "relationship--" + n, "modified": "2020-01-02T00:00:00.000Z",
		"relationship_type": typ, "source_ref": from, "target_ref": to}
}

// but returns o with some keys set.
func (o obj) but(keys obj) obj {
	o = maps.Clone(o)
	maps.Copy(o, keys)
	return o
}

func (o obj) id() string { return o["id"].(string) }

// phase returns the kill chain phases of a technique.
func phase(chain, name string) obj {
	return obj{"kill_chain_phases": []obj{{"kill_chain_name": chain, "phase_name": name}}}
}

// write returns o as JSON.
func (o obj) write(t testing.TB) string {
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// bundle returns the text of a bundle.
func bundle(t testing.TB, objects ...obj) string {
	var texts []string
	for _, o := range objects {
		texts = append(texts, o.write(t))
	}
	return raws(texts...)
}

func raws(objects ...string) string {
	return `{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[` + strings.Join(objects, ",\n") + `]}`
}

// releaseOf returns the release that a name like "acme 1.0" names, as it is
// when a text has landed.
func releaseOf(t testing.TB, name, text string) attack.Release {
	domain, version, _ := strings.Cut(name, " ")
	sum, err := stix.Read(context.Background(), stix.Source{Reader: strings.NewReader(text)}, func(*attack.Snapshot) error { return nil })
	if err != nil {
		t.Fatalf("read fixture: %v", err)
	}
	return attack.Release{
		Domain: attack.DomainName(domain), Version: version, STIX: sum.STIX, FileHash: sum.FileHash.String(), Source: name + ".json",
		Size: sum.Size, Objects: sum.Objects, Imported: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Verified: "unknown",
	}
}

// add begins an import and adds the objects of a text.
func add(t testing.TB, l store.Library, text string) store.ReleaseWriter {
	t.Helper()
	ctx := context.Background()
	w, err := l.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = stix.Read(ctx, stix.Source{Reader: strings.NewReader(text)}, func(s *attack.Snapshot) error {
		if err := w.Add(ctx, s); err != nil {
			return err
		}
		clear(s.Raw) // the store has kept what it needs
		return nil
	})
	if err != nil {
		w.Rollback()
		t.Fatal(err)
	}
	return w
}

// landText lands the text of a bundle.
func landText(t testing.TB, l store.Library, name, text string) attack.Release {
	t.Helper()
	r := releaseOf(t, name, text)
	landed, err := add(t, l, text).Commit(context.Background(), r, nil)
	if err != nil || !landed {
		t.Fatalf("land %s: landed %v, %v", name, landed, err)
	}
	return r
}

// land lands a release of some objects.
func land(t testing.TB, l store.Library, name string, objects ...obj) attack.Release {
	t.Helper()
	return landText(t, l, name, bundle(t, objects...))
}

// must returns v and ends the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// equal compares what a store gave with what it should have given.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refused checks the kind of an error.
func refused(t testing.TB, err error, want fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != want {
		t.Errorf("error %v is %q, want %q", err, fault.KindOf(err), want)
	}
}

func libraryBytes(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	odd := []string{
		"{\n\t\"type\" : \"tool\",\r\n \"id\":\"tool--1\" , \"name\":\"caf\\u00e9 \\/ \\ud83d\\ude00 \\u003cPID\\u003e\" , \"n\":1.50e+2}",
		`{"id":"tool--2","type":"tool","name":"` + strings.Repeat("long ", 100_000) + `"}`,
		`{"id":"x-future--1","type":"x-future","name":"unknown type","x_new":{"deep":[1,2,{"a":null}]}}`,
	}
	r := landText(t, l, "acme 1.0", raws(odd...))
	var d stix.Decoder
	for _, raw := range odd {
		want, _, err := d.Decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		got := must(l.Snapshot(ctx, r, want.Object.ID))(t)
		if string(got.Raw) != raw {
			t.Errorf("raw bytes of %s differ", want.Object.ID)
		}
		equal(t, "snapshot", got, want)
	}
}

func libraryReleases(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	equal(t, "empty library", must(l.Releases(ctx))(t), []attack.Release(nil))
	var want []attack.Release
	for _, name := range []string{"acme 10.1", "zeta 1.0", "acme 9.0", "acme 2"} {
		want = append(want, land(t, l, name, object("tool", "1", "S1", name)))
	}
	equal(t, "releases", must(l.Releases(ctx))(t), []attack.Release{want[3], want[2], want[0], want[1]})
}

func librarySameFile(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	text := bundle(t, object("tool", "1", "S1", "a"))
	r := landText(t, l, "acme 1.0", text)
	landed, err := add(t, l, text).Commit(context.Background(), r, []store.Oddity{{What: "new"}})
	if landed || err != nil {
		t.Errorf("the same file again: landed %v, %v", landed, err)
	}
	equal(t, "releases", must(l.Releases(context.Background()))(t), []attack.Release{r})
	equal(t, "oddities", must(l.Oddities(context.Background(), r))(t), []store.Oddity(nil))
}

func libraryConflict(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", object("tool", "1", "S1", "a"))
	other := bundle(t, object("tool", "2", "S2", "b"))
	_, err := add(t, l, other).Commit(context.Background(), releaseOf(t, "acme 1.0", other), nil)
	refused(t, err, fault.Conflict)
	equal(t, "releases", must(l.Releases(context.Background()))(t), []attack.Release{r})
	equal(t, "objects of the refused file", must(l.Find(context.Background(), "S2", attack.ReleaseRef{}))(t), []store.Located(nil))
}

func libraryEditions(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	// A bundle of STIX 2.1 has no spec_version of its own.
	newer := landText(t, l, "acme 1.0", strings.Replace(
		bundle(t, object("tool", "1", "S1", "a").but(obj{"spec_version": "2.1"})), `"spec_version":"2.0",`, "", 1))
	older := land(t, l, "acme 1.0", object("tool", "1", "S1", "a"))
	equal(t, "STIX versions", []string{older.STIX, newer.STIX}, []string{"2.0", "2.1"})
	equal(t, "releases", must(l.Releases(ctx))(t), []attack.Release{older, newer})
	found := must(l.Find(ctx, "S1", attack.ReleaseRef{Version: "1.0"}))(t)
	if len(found) != 1 || found[0].Release != newer {
		t.Errorf("found %v, want the object in STIX 2.1", found)
	}
	for _, r := range []attack.Release{older, newer} {
		s := must(l.Snapshot(ctx, r, "tool--1"))(t)
		if strings.Contains(string(s.Raw), "spec_version") != (r.STIX == "2.1") {
			t.Errorf("snapshot of STIX %s is %s", r.STIX, s.Raw)
		}
	}
}

func libraryNameless(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	text := bundle(t, object("tool", "1", "S1", "a"))
	r := releaseOf(t, "acme 1.0", text)
	r.Version = ""
	_, err := add(t, l, text).Commit(context.Background(), r, nil)
	refused(t, err, fault.Invalid)
}

// seen lists what a reader sees of one object.
func seen(t *testing.T, l store.Library, id string) []any {
	t.Helper()
	ctx := context.Background()
	return []any{must(l.Releases(ctx))(t), must(l.Find(ctx, id, attack.ReleaseRef{}))(t), must(l.Appearances(ctx, id))(t)}
}

func libraryUnseen(t *testing.T, open OpenLibrary) {
	dir := t.TempDir()
	l := open(t, dir)
	land(t, l, "acme 1.0", object("tool", "1", "S1", "a"))
	text := bundle(t, object("tool", "2", "S2", "b"))
	before := seen(t, l, "tool--2")
	w := add(t, l, text)
	equal(t, "before the commit", seen(t, l, "tool--2"), before)
	if _, err := w.Commit(context.Background(), releaseOf(t, "acme 2.0", text), nil); err != nil {
		t.Fatal(err)
	}
	if after := must(l.Appearances(context.Background(), "tool--2"))(t); len(after) != 1 {
		t.Errorf("after the commit the object appears %d times", len(after))
	}
}

func libraryRollback(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	land(t, l, "acme 1.0", object("tool", "1", "S1", "a"))
	before := seen(t, l, "tool--2")
	w := add(t, l, bundle(t, object("tool", "2", "S2", "b")))
	if err := w.Rollback(); err != nil {
		t.Fatal(err)
	}
	equal(t, "after the rollback", seen(t, l, "tool--2"), before)
	r := land(t, l, "acme 2.0", object("tool", "2", "S2", "b"))
	if _, err := l.Snapshot(context.Background(), r, "tool--2"); err != nil {
		t.Errorf("import after a rollback: %v", err)
	}
	if err := w.Rollback(); err != nil {
		t.Errorf("second rollback: %v", err)
	}
}

func libraryCancelled(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	w, err := l.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Rollback()
	text := bundle(t, manyObjects(2000, "tool")...)
	n := 0
	_, err = stix.Read(context.Background(), stix.Source{Reader: strings.NewReader(text)}, func(s *attack.Snapshot) error {
		if n++; n == 1000 {
			cancel()
		}
		return w.Add(ctx, s)
	})
	if err == nil {
		_, err = w.Commit(ctx, releaseOf(t, "acme 1.0", text), nil)
	}
	if err == nil {
		t.Error("a cancelled import lands")
	}
	w.Rollback()
	equal(t, "releases", must(l.Releases(context.Background()))(t), []attack.Release(nil))
	landText(t, l, "acme 1.0", text)
}

// manyObjects returns n objects of a type.
func manyObjects(n int, typ string) []obj {
	var os []obj
	for i := range n {
		os = append(os, object(typ, fmt.Sprintf("%05d", i), fmt.Sprintf("X%04d", i), fmt.Sprintf("name %d", i)))
	}
	return os
}

func libraryOneImport(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	w := add(t, l, bundle(t, object("tool", "1", "S1", "a")))
	_, err := l.Begin(context.Background())
	refused(t, err, fault.Conflict)
	if err := w.Rollback(); err != nil {
		t.Fatal(err)
	}
	land(t, l, "acme 1.0", object("tool", "1", "S1", "a"))
}

func libraryReopen(t *testing.T, open OpenLibrary) {
	dir := t.TempDir()
	before := open(t, dir)
	r := land(t, before, "acme 1.0", object("tool", "1", "S1", "a"), object("malware", "1", "S2", "b"), relationship("1", "uses", "tool--1", "malware--1"))
	after := open(t, dir)
	ctx := context.Background()
	equal(t, "releases", must(after.Releases(ctx))(t), []attack.Release{r})
	equal(t, "snapshot", must(after.Snapshot(ctx, r, "tool--1"))(t), must(before.Snapshot(ctx, r, "tool--1"))(t))
	equal(t, "relations", must(after.Relations(ctx, r, "tool--1"))(t), must(before.Relations(ctx, r, "tool--1"))(t))
	// What one handle lands, the other sees.
	land(t, after, "acme 2.0", object("tool", "1", "S1", "a"))
	if as := must(before.Appearances(ctx, "tool--1"))(t); len(as) != 2 {
		t.Errorf("the other handle sees %d appearances, want 2", len(as))
	}
}

func libraryNew(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	objects := manyObjects(700, "tool")
	for i, want := range []int{700, 1, 0} {
		text := bundle(t, objects...)
		w := add(t, l, text)
		if _, err := w.Commit(context.Background(), releaseOf(t, fmt.Sprintf("acme %d", i), text), nil); err != nil {
			t.Fatal(err)
		}
		if w.New() != want {
			t.Errorf("release %d brought %d new objects, want %d", i, w.New(), want)
		}
		if i == 0 {
			objects[300] = objects[300].but(obj{"name": "changed"})
		} else {
			slices.Reverse(objects)
		}
	}
}

func libraryOddities(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	text := bundle(t, object("tool", "1", "S1", "a"))
	r := releaseOf(t, "acme 1.0", text)
	odd := []store.Oddity{{StixID: "tool--1", ATTACKID: "S1", What: "name is a number"}, {What: "a bundle's"}}
	if _, err := add(t, l, text).Commit(context.Background(), r, odd); err != nil {
		t.Fatal(err)
	}
	equal(t, "oddities", must(l.Oddities(context.Background(), r))(t), odd)
}

func libraryDuplicates(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	one := object("tool", "1", "S1", "one")
	late := one.but(obj{"name": "late", "modified": "2021-01-01T00:00:00Z"})
	same := one.but(obj{"name": "same time"})
	precise := late.but(obj{"name": "precise", "modified": "2021-01-01T00:00:00.001Z"})
	for i, c := range []struct {
		objects []obj
		want    string
	}{
		{[]obj{one, late}, "late"},
		{[]obj{late, one}, "late"},
		{[]obj{one, same}, "same time"},
		{[]obj{same, one, one}, "one"},
		{[]obj{precise, late}, "precise"},
	} {
		r := land(t, l, fmt.Sprintf("acme %d", i), c.objects...)
		s := must(l.Snapshot(ctx, r, "tool--1"))(t)
		as := must(l.Appearances(ctx, "tool--1"))(t)
		listed, n, err := l.List(ctx, store.Query{Release: r})
		if err != nil {
			t.Fatal(err)
		}
		loaded := must(l.Load(ctx, r))(t)
		o, _ := loaded.Object("tool--1")
		if s.Object.Name != c.want || o.Name != c.want || n != 1 || listed[0].Name != c.want || as[i].ObjectHash != s.ObjectHash {
			t.Errorf("case %d: %q counts, %q is loaded, %v is listed, want %q", i, s.Object.Name, o.Name, listed, c.want)
		}
		if r.Objects != len(c.objects) {
			t.Errorf("case %d: release has %d objects, want %d", i, r.Objects, len(c.objects))
		}
	}
}
