package sqlite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/store"
	"candor/internal/store/sqlite"
)

// realLibrary imports every real bundle into a new library.
func realLibrary(t *testing.T, path string) (*sqlite.Library, map[string]attack.Release) {
	l := openLibrary(t, path)
	releases := map[string]attack.Release{}
	for _, path := range bundles(t) {
		packed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := importBundle(t, l, named(path), bytes.NewReader(packed))
		releases[r.String()] = r
	}
	return l, releases
}

func TestRealReleasesGiveTheirKnownAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "library.db")
	l, releases := realLibrary(t, path)
	t.Run("counts", func(t *testing.T) { knownCounts(t, l, releases) })
	t.Run("AN1989", func(t *testing.T) { knownAnalytic(t, l, releases) })
	t.Run("every object", func(t *testing.T) { everyObject(t, l, releases["ics 11.0"]) })
	t.Run("search", func(t *testing.T) { knownSearch(t, l, releases) })
	t.Run("size", func(t *testing.T) {
		var unpacked int64
		for _, r := range releases {
			unpacked += r.Size
		}
		l.Close() // folds the write-ahead log into the file
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		ratio := float64(info.Size()) / float64(unpacked)
		t.Logf("%d releases, %d bytes unpacked, library file %d bytes: %.3f", len(releases), unpacked, info.Size(), ratio)
		if ratio > 0.25 {
			t.Errorf("the file is %.3f of the unpacked bytes, want 0.25 at most", ratio)
		}
	})
}

// countOf returns how many objects a release has of some kinds, dead ones
// included.
func countOf(t *testing.T, l *sqlite.Library, r attack.Release, kinds ...attack.Kind) int {
	t.Helper()
	_, n, err := l.List(context.Background(), store.Query{Release: r, Kinds: kinds, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// liveOf returns how many live objects of some kinds belong to the release's
// domain: a bundle also carries objects of other domains that its own refer to.
func liveOf(t *testing.T, l *sqlite.Library, r attack.Release, kinds ...attack.Kind) int {
	t.Helper()
	view, err := l.Load(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, o := range view.Objects() {
		if slices.Contains(kinds, o.Kind) && o.Live() && slices.Contains(o.Domains, r.Domain) {
			n++
		}
	}
	return n
}

func knownCounts(t *testing.T, l *sqlite.Library, releases map[string]attack.Release) {
	enterprise, ics := releases["enterprise 18.1"], releases["ics 17.0"]
	all, err := l.Releases(context.Background())
	if err != nil || len(all) != len(releases) {
		t.Fatalf("%d releases, %v; want %d", len(all), err, len(releases))
	}
	i := slices.IndexFunc(all, func(r attack.Release) bool { return r.String() == "enterprise 18.1" })
	for what, c := range map[string][2]int{
		"objects":               {all[i].Objects, 24771},
		"analytics":             {countOf(t, l, enterprise, attack.KindAnalytic), 1739},
		"detection strategies":  {countOf(t, l, enterprise, attack.KindStrategy), 691},
		"techniques":            {countOf(t, l, enterprise, attack.KindTechnique, attack.KindSubTechnique), 835},
		"live techniques":       {liveOf(t, l, enterprise, attack.KindTechnique, attack.KindSubTechnique), 691},
		"ICS 17.0 tactics":      {liveOf(t, l, ics, attack.KindTactic), 12},
		"ICS 17.0 techniques":   {liveOf(t, l, ics, attack.KindTechnique), 83},
		"ICS 17.0 subs":         {liveOf(t, l, ics, attack.KindSubTechnique), 0},
		"ICS 17.0 groups":       {liveOf(t, l, ics, attack.KindGroup), 14},
		"ICS 17.0 software":     {liveOf(t, l, ics, attack.KindMalware, attack.KindTool), 23},
		"ICS 17.0 campaigns":    {liveOf(t, l, ics, attack.KindCampaign), 7},
		"ICS 17.0 mitigations":  {liveOf(t, l, ics, attack.KindMitigation), 52},
		"ICS 17.0 data sources": {liveOf(t, l, ics, attack.KindDataSource), 17},
		"ICS 17.0 assets":       {liveOf(t, l, ics, attack.KindAsset), 14},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d, want %d", what, c[0], c[1])
		}
	}
}

func knownAnalytic(t *testing.T, l *sqlite.Library, releases map[string]attack.Release) {
	ctx := context.Background()
	found, err := l.Find(ctx, "AN1989", attack.ReleaseRef{})
	if err != nil || len(found) != 1 {
		t.Fatalf("AN1989 finds %d objects, %v", len(found), err)
	}
	for _, name := range []string{"enterprise 18.0", "enterprise 18.1"} {
		s, err := l.Snapshot(ctx, releases[name], found[0].StixID)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.ObjectHash.String(); got != "e1df90f31ec8f8bda151aeb70aef1d27b3a41341d91e4f5f1f8740d4c395ef1f" {
			t.Errorf("object hash in %s is %s", name, got)
		}
	}
	far := func(id, typ string) store.Edge {
		t.Helper()
		es, err := l.Relations(ctx, releases["enterprise 18.1"], id, typ)
		if err != nil || len(es) != 1 {
			t.Fatalf("%s has %d relations %s, %v", id, len(es), typ, err)
		}
		return es[0]
	}
	strategy := far(found[0].StixID, attack.HasAnalytic)
	technique := far(strategy.Other.StixID, attack.Detects)
	tactic := far(technique.Other.StixID, attack.InTactic)
	if strategy.Other.ATTACKID != "DET0857" || technique.Other.ATTACKID != "T1589.003" || tactic.Other.ATTACKID != "TA0043" {
		t.Errorf("AN1989 leads to %s, %s, %s", strategy.Other.ATTACKID, technique.Other.ATTACKID, tactic.Other.ATTACKID)
	}
	as, err := l.Appearances(ctx, found[0].StixID)
	if err != nil || len(as) != 2 || as[0].Release.Version != "18.0" || as[1].Release.Version != "18.1" {
		t.Errorf("appearances %v, %v", as, err)
	}
}

// everyObject compares every object of a release, which repeats some, with the
// bytes of its file, and a loaded view with single snapshots.
func everyObject(t *testing.T, l *sqlite.Library, r attack.Release) {
	ctx := context.Background()
	path := bundles(t)[slices.IndexFunc(bundles(t), func(p string) bool { return named(p).String() == r.String() })]
	file := unpacked(t, path)
	var text struct{ Objects []json.RawMessage }
	if err := json.Unmarshal(file, &text); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, raw := range text.Objects {
		known[string(raw)] = true
	}
	view, err := l.Load(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	members, err := l.Members(ctx, r)
	if err != nil || len(members) != len(view.Objects()) {
		t.Fatalf("%d members and %d objects, %v", len(members), len(view.Objects()), err)
	}
	for _, o := range view.Objects() {
		s, err := l.Snapshot(ctx, r, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !known[string(s.Raw)] {
			t.Errorf("the bytes of %s are not in the file", o.ID)
		}
		if s.Object.Modified != o.Modified || s.Object.Name != o.Name {
			t.Errorf("%s is %q of %s and %q of %s", o.ID, s.Object.Name, s.Object.Modified, o.Name, o.Modified)
		}
	}
}

func knownSearch(t *testing.T, l *sqlite.Library, releases map[string]attack.Release) {
	for text, want := range map[string]string{
		"powershell": "T1059.001", "T1059.001": "T1059.001", "mimikatz": "S0002", "apt28": "G0007", "AN1989": "AN1989",
		"LSASS Memory": "T1003.001", "employee names": "T1589.003",
	} {
		ls, _, err := l.List(context.Background(), store.Query{Release: releases["enterprise 18.1"], Text: text, Lifecycle: "live"})
		if err != nil {
			t.Fatal(err)
		}
		if len(ls) == 0 || ls[0].ATTACKID != want {
			var ids []string
			for _, l := range ls[:min(len(ls), 5)] {
				ids = append(ids, l.ATTACKID)
			}
			t.Errorf("%q finds %s first, want %s", text, strings.Join(ids, ", "), want)
		}
	}
}
