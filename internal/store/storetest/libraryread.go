package storetest

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// where writes found objects as "id@release".
func where(ls []store.Located) []string {
	var s []string
	for _, l := range ls {
		s = append(s, l.StixID+"@"+l.Release.String())
	}
	return s
}

// find returns what an id finds.
func find(t *testing.T, l store.Library, id string, ref attack.ReleaseRef) []string {
	t.Helper()
	return where(must(l.Find(context.Background(), id, ref))(t))
}

func libraryFind(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	a, b := object("tool", "1", "S1", "a"), object("tool", "2", "S2", "b")
	land(t, l, "acme 10.0", a)
	land(t, l, "acme 9.0", a, b)
	land(t, l, "zeta 10.0", a)
	for _, c := range []struct {
		id   string
		ref  attack.ReleaseRef
		want []string
	}{
		{"S1", attack.ReleaseRef{}, []string{"tool--1@acme 10.0"}},
		{"s1", attack.ReleaseRef{}, []string{"tool--1@acme 10.0"}},
		{" S1 ", attack.ReleaseRef{}, []string{"tool--1@acme 10.0"}},
		{"tool--1", attack.ReleaseRef{}, []string{"tool--1@acme 10.0"}},
		{"S1", attack.ReleaseRef{Version: "9.0"}, []string{"tool--1@acme 9.0"}},
		{"S1", attack.ReleaseRef{Domain: "zeta"}, []string{"tool--1@zeta 10.0"}},
		{"S1", attack.ReleaseRef{Domain: "zeta-attack", Version: "9.0"}, nil},
		{"S2", attack.ReleaseRef{}, []string{"tool--2@acme 9.0"}},
		{"S2", attack.ReleaseRef{Version: "10.0"}, nil},
		{"S3", attack.ReleaseRef{}, nil},
		{"tool--3", attack.ReleaseRef{}, nil},
		{"", attack.ReleaseRef{}, nil},
		{"S%", attack.ReleaseRef{}, nil},
		{"' OR 1=1 --", attack.ReleaseRef{}, nil},
	} {
		equal(t, "find "+c.id, find(t, l, c.id, c.ref), c.want)
	}
	header := must(l.Find(context.Background(), "S1", attack.ReleaseRef{}))(t)[0].Header
	want := store.Header{StixID: "tool--1", Type: "tool", Kind: attack.KindTool, ATTACKID: "S1", Name: "a", Modified: "2020-01-02T00:00:00.000Z"}
	equal(t, "header", header, want)
}

func libraryFindOld(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	technique := object("attack-pattern", "1", "T1", "now T1")
	mitigation := object("course-of-action", "1", "T1", "deprecated").but(obj{"x_mitre_deprecated": true})
	revoked := object("attack-pattern", "2", "T2", "revoked").but(obj{"revoked": true})
	renamed := object("malware", "1", "S10", "renamed")
	former := object("tool", "1", "S20", "former").but(obj{"x_mitre_old_attack_id": "MOB-S20"})
	land(t, l, "acme 1.0", renamed, object("tool", "9", "S11", "not S10"))
	land(t, l, "acme 2.0", mitigation, technique, revoked, former,
		object("malware", "1", "S11", "renamed"), object("tool", "9", "S10", "now S10"))
	none := attack.ReleaseRef{}
	equal(t, "shared id", find(t, l, "T1", none), []string{"attack-pattern--1@acme 2.0", "course-of-action--1@acme 2.0"})
	equal(t, "revoked id", find(t, l, "T2", none), []string{"attack-pattern--2@acme 2.0"})
	equal(t, "former id", find(t, l, "mob-s20", none), []string{"tool--1@acme 2.0"})
	equal(t, "reused id", find(t, l, "S10", none), []string{"tool--9@acme 2.0", "malware--1@acme 2.0"})
	equal(t, "reused id, then", find(t, l, "S10", attack.ReleaseRef{Version: "1.0"}), []string{"malware--1@acme 1.0", "tool--9@acme 1.0"})
}

func libraryAbsent(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	r := land(t, l, "acme 1.0", object("tool", "1", "S1", "a"))
	land(t, l, "acme 2.0", object("tool", "2", "S2", "b"))
	_, err := l.Snapshot(ctx, r, "tool--2")
	refused(t, err, fault.NotFound)
	_, err = l.Relations(ctx, r, "tool--2")
	refused(t, err, fault.NotFound)
	equal(t, "appearances of nothing", must(l.Appearances(ctx, "tool--3"))(t), []store.Appearance(nil))
	r.Version = "3.0"
	for _, err := range []error{
		second(l.Snapshot(ctx, r, "tool--1")), second(l.Relations(ctx, r, "tool--1")), second(l.Load(ctx, r)),
		second(l.Oddities(ctx, r)), second(l.Members(ctx, r)), second(l.Raws(ctx, r, nil)), second(l.Renames(ctx, r)),
		second(l.Hashes(ctx, r)),
	} {
		refused(t, err, fault.NotFound)
	}
	_, _, err = l.List(ctx, store.Query{Release: r})
	refused(t, err, fault.NotFound)
}

func second[T any](_ T, err error) error { return err }

// edges writes the relations of an object, one a line, sorted.
func edges(t *testing.T, l store.Library, r attack.Release, id string, types ...string) []string {
	t.Helper()
	var lines []string
	for _, e := range must(l.Relations(context.Background(), r, id, types...))(t) {
		line := e.From + " " + e.Type + " " + e.To
		if e.Out != (e.From == id) || e.Other.StixID != map[bool]string{true: e.To, false: e.From}[e.Out] {
			t.Errorf("%s: out %v, other %q", line, e.Out, e.Other.StixID)
		}
		if (e.By == "") == (e.Field == "") {
			t.Errorf("%s: by %q and field %q", line, e.By, e.Field)
		}
		if e.Named {
			t.Errorf("%s is by name", line)
		}
		if e.Log != nil {
			line += " " + e.Log.Name + "/" + e.Log.Channel
		}
		if !e.Live {
			line += " (dead)"
		}
		if e.Other.Type == "" {
			line += " (unknown)"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func libraryRelations(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	group := object("intrusion-set", "1", "G1", "group").but(obj{"created_by_ref": "identity--1", "x_mitre_modified_by_ref": "identity--1",
		"object_marking_refs": []string{"marking-definition--1"}})
	r := land(t, l, "acme 1.0", group,
		object("malware", "1", "S1", "malware").but(obj{"x_mitre_platforms": []string{"Windows"}}), object("attack-pattern", "1", "T1", "technique"),
		object("identity", "1", "", "MITRE"), obj{"type": "marking-definition", "id": "marking-definition--1"},
		relationship("1", "uses", "intrusion-set--1", "malware--1"), relationship("2", "uses", "malware--1", "attack-pattern--1"),
		object("x-mitre-collection", "1", "", "ACME ATT&CK").but(obj{"x_mitre_contents": []obj{{"object_ref": "malware--1", "object_modified": "x"}}}))
	equal(t, "malware", edges(t, l, r, "malware--1"), []string{
		"intrusion-set--1 uses malware--1", "malware--1 uses attack-pattern--1", "x-mitre-collection--1 contains malware--1",
	})
	equal(t, "group", edges(t, l, r, "intrusion-set--1"), []string{
		"intrusion-set--1 created-by identity--1", "intrusion-set--1 marked-by marking-definition--1",
		"intrusion-set--1 modified-by identity--1", "intrusion-set--1 uses malware--1",
	})
	equal(t, "identity", edges(t, l, r, "identity--1"), []string{
		"intrusion-set--1 created-by identity--1", "intrusion-set--1 modified-by identity--1",
	})
	es := must(l.Relations(context.Background(), r, "intrusion-set--1", "uses"))(t)
	want := []store.Edge{{
		Relation: attack.Relation{Type: "uses", From: "intrusion-set--1", To: "malware--1", By: "relationship--1"}, Out: true, Live: true,
		Other: store.Header{StixID: "malware--1", Type: "malware", Kind: attack.KindMalware, ATTACKID: "S1", Name: "malware",
			Modified: "2020-01-02T00:00:00.000Z", Platforms: []string{"Windows"}},
	}}
	equal(t, "edge", es, want)
}

func libraryRenames(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	dead := obj{"revoked": true}
	r := land(t, l, "acme 1.0", object("attack-pattern", "1", "T1", "a").but(dead), object("attack-pattern", "2", "T2", "b").but(dead),
		object("attack-pattern", "3", "T3", "c"), object("malware", "1", "S1", "d").but(dead), object("tool", "1", "S1", "e"), object("identity", "1", "", "f").but(dead),
		relationship("1", "revoked-by", "attack-pattern--1", "attack-pattern--2"), relationship("2", "revoked-by", "attack-pattern--2", "attack-pattern--3"),
		relationship("3", "revoked-by", "attack-pattern--1", "attack-pattern--3").but(dead), relationship("4", "revoked-by", "attack-pattern--1", "attack-pattern--9"),
		relationship("5", "revoked-by", "malware--1", "tool--1"), relationship("6", "revoked-by", "identity--1", "tool--1"), relationship("7", "uses", "tool--1", "attack-pattern--3"))
	equal(t, "renames", must(l.Renames(context.Background(), r))(t), []attack.Rename{
		{Old: "T1", New: "T2", By: "acme 1.0", Domain: "acme-attack"}, {Old: "T2", New: "T3", By: "acme 1.0", Domain: "acme-attack"},
	})
}

// detection is an analytic, what holds it and what it detects.
func detection() []obj {
	return []obj{
		object("x-mitre-analytic", "1", "AN1", "Analytic 1").but(obj{"x_mitre_platforms": []string{"Windows"}, "x_mitre_log_source_references": []obj{
			{"x_mitre_data_component_ref": "x-mitre-data-component--1", "name": "WinEventLog:Security", "channel": "EventCode=4688"},
			{"x_mitre_data_component_ref": "x-mitre-data-component--1", "name": "auditd:SYSCALL", "channel": "None"}}}),
		object("x-mitre-detection-strategy", "1", "DET1", "Detection 1").but(obj{"x_mitre_analytic_refs": []string{"x-mitre-analytic--1"}}),
		object("attack-pattern", "1", "T1", "technique").but(phase("mitre-attack", "execution")).but(obj{"x_mitre_platforms": []string{"Windows", "Linux"}}),
		object("x-mitre-tactic", "1", "TA1", "Execution").but(obj{"x_mitre_shortname": "execution", "x_mitre_domains": []string{"enterprise-attack"}}),
		object("x-mitre-matrix", "1", "enterprise-attack", "Matrix").but(obj{"tactic_refs": []string{"x-mitre-tactic--1"}}),
		object("x-mitre-data-component", "1", "DC1", "Process Creation").but(obj{"x_mitre_data_source_ref": "x-mitre-data-source--1",
			"x_mitre_log_sources": []obj{{"name": "WinEventLog:Security", "channel": "EventCode=4688"}}}),
		object("x-mitre-data-source", "1", "DS1", "Process").but(obj{"x_mitre_deprecated": true}),
		relationship("1", "detects", "x-mitre-detection-strategy--1", "attack-pattern--1"),
	}
}

func libraryDetection(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", detection()...)
	for id, want := range map[string][]string{
		"x-mitre-analytic--1": {
			"x-mitre-analytic--1 reads x-mitre-data-component--1 WinEventLog:Security/EventCode=4688",
			"x-mitre-analytic--1 reads x-mitre-data-component--1 auditd:SYSCALL/None",
			"x-mitre-detection-strategy--1 has-analytic x-mitre-analytic--1",
		},
		"x-mitre-detection-strategy--1": {
			"x-mitre-detection-strategy--1 detects attack-pattern--1", "x-mitre-detection-strategy--1 has-analytic x-mitre-analytic--1",
		},
		"attack-pattern--1": {
			"attack-pattern--1 in-tactic x-mitre-tactic--1", "x-mitre-detection-strategy--1 detects attack-pattern--1",
		},
		"x-mitre-tactic--1": {"attack-pattern--1 in-tactic x-mitre-tactic--1", "x-mitre-matrix--1 has-tactic x-mitre-tactic--1"},
		"x-mitre-data-component--1": {
			"x-mitre-analytic--1 reads x-mitre-data-component--1 WinEventLog:Security/EventCode=4688",
			"x-mitre-analytic--1 reads x-mitre-data-component--1 auditd:SYSCALL/None",
			"x-mitre-data-component--1 part-of x-mitre-data-source--1",
		},
	} {
		equal(t, id, edges(t, l, r, id), want)
	}
}

func libraryRelationTypes(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", detection()...)
	equal(t, "one type", edges(t, l, r, "attack-pattern--1", attack.InTactic), []string{"attack-pattern--1 in-tactic x-mitre-tactic--1"})
	equal(t, "two types", len(edges(t, l, r, "attack-pattern--1", attack.InTactic, attack.Detects)), 2)
	equal(t, "no such type", edges(t, l, r, "attack-pattern--1", "no-such-type"), []string(nil))
}

func libraryPhases(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	tactic := func(n, domain string) obj {
		return object("x-mitre-tactic", n, "TA"+n, domain).but(obj{"x_mitre_shortname": "impact", "x_mitre_domains": []string{domain}})
	}
	asset := func(n, name string, related ...obj) obj {
		return object("x-mitre-asset", n, "A"+n, name).but(obj{"x_mitre_related_assets": related})
	}
	r := land(t, l, "acme 1.0", tactic("1", "enterprise-attack"), tactic("2", "mobile-attack"),
		tactic("3", "mobile-attack").but(obj{"x_mitre_deprecated": true}),
		object("attack-pattern", "1", "T1", "a").but(phase("mitre-attack", "impact")),
		object("attack-pattern", "2", "T2", "b").but(phase("mitre-mobile-attack", "impact")),
		object("attack-pattern", "3", "T3", "c").but(phase("mitre-mobile-attack", "unheard-of")),
		asset("1", "PLC"), asset("2", "DCS", obj{"name": "PLC"}, obj{"name": "Field Device"}))
	equal(t, "enterprise phase", edges(t, l, r, "attack-pattern--1"), []string{"attack-pattern--1 in-tactic x-mitre-tactic--1"})
	equal(t, "mobile phase", edges(t, l, r, "attack-pattern--2"), []string{"attack-pattern--2 in-tactic x-mitre-tactic--2"})
	equal(t, "phase of no tactic", edges(t, l, r, "attack-pattern--3"), []string(nil))
	equal(t, "asset", edges(t, l, r, "x-mitre-asset--1"), []string{"x-mitre-asset--2 related-to x-mitre-asset--1"})
}

func libraryDangling(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", object("tool", "1", "S1", "a").but(obj{"created_by_ref": "identity--gone"}),
		relationship("1", "uses", "tool--1", "attack-pattern--gone"), relationship("2", "uses", "campaign--gone", "tool--1"),
		relationship("3", "uses", "campaign--gone", "attack-pattern--gone"), relationship("4", "related-to", "tool--1", "tool--1"))
	equal(t, "relations", edges(t, l, r, "tool--1"), []string{
		"campaign--gone uses tool--1 (unknown)", "tool--1 created-by identity--gone (unknown)",
		"tool--1 related-to tool--1", "tool--1 uses attack-pattern--gone (unknown)",
	})
}

func libraryDeadRelation(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", object("tool", "1", "S1", "a"), object("tool", "2", "S2", "b"), object("tool", "3", "S3", "c"),
		relationship("1", "uses", "tool--1", "tool--2").but(obj{"x_mitre_deprecated": true}),
		relationship("2", "uses", "tool--1", "tool--3").but(obj{"revoked": true}))
	equal(t, "relations", edges(t, l, r, "tool--1"), []string{"tool--1 uses tool--2 (dead)", "tool--1 uses tool--3 (dead)"})
}

func libraryAppearances(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	first := object("tool", "1", "S1", "a").but(obj{"x_mitre_version": "1.0"})
	changed := first.but(obj{"x_mitre_version": "2", "modified": "2022-01-01T00:00:00.000Z", "x_mitre_deprecated": true})
	other := object("tool", "2", "S2", "other")
	r3 := land(t, l, "acme 10.0", changed, other)
	r1 := land(t, l, "acme 8.0", first)
	r2 := land(t, l, "acme 9.0", first, other)
	land(t, l, "acme 11.0", other)
	r5 := land(t, l, "acme 12.0", first.but(obj{"revoked": true}))
	got := must(l.Appearances(context.Background(), "tool--1"))(t)
	var releases []attack.Release
	for _, a := range got {
		releases = append(releases, a.Release)
	}
	equal(t, "releases", releases, []attack.Release{r1, r2, r3, r5})
	if t.Failed() {
		return
	}
	if got[0].ObjectHash != got[1].ObjectHash || got[1].ObjectHash == got[2].ObjectHash {
		t.Error("the object hash changes exactly when the object does")
	}
	got[2].Release, got[2].ObjectHash = attack.Release{}, attack.Hash{}
	equal(t, "appearance", got[2], store.Appearance{Version: "2", Created: "2020-01-01T00:00:00.000Z", Modified: "2022-01-01T00:00:00.000Z", Deprecated: true})
	if !got[3].Revoked || got[3].Deprecated {
		t.Errorf("last appearance is %+v, want revoked", got[3])
	}
}

func libraryDomains(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	a := object("tool", "1", "S1", "in acme")
	ra := land(t, l, "acme 1.0", a)
	rz := land(t, l, "zeta 1.0", a.but(obj{"name": "in zeta"}))
	equal(t, "acme", must(l.Snapshot(ctx, ra, "tool--1"))(t).Object.Name, "in acme")
	equal(t, "zeta", must(l.Snapshot(ctx, rz, "tool--1"))(t).Object.Name, "in zeta")
	equal(t, "found", find(t, l, "S1", attack.ReleaseRef{}), []string{"tool--1@acme 1.0"})
	equal(t, "appearances", len(must(l.Appearances(ctx, "tool--1"))(t)), 2)
}

func libraryLoad(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	land(t, l, "acme 0.9", detection()[:3]...)
	objects := detection()
	r := land(t, l, "acme 1.0", objects...)
	all := must(l.Load(ctx, r))(t)
	equal(t, "release", all.Release, r)
	var want []string
	for i, o := range objects {
		want = append(want, o.id())
		got, ok := all.Object(o.id())
		if !ok || i >= len(all.Objects()) || all.Objects()[i] != got {
			t.Fatalf("%s is not at its place", o.id())
		}
		equal(t, o.id(), *got, must(l.Snapshot(ctx, r, o.id()))(t).Object)
	}
	equal(t, "objects", len(all.Objects()), len(want))
	if ts := all.TechniquesOf("x-mitre-analytic--1"); len(ts) != 1 || ts[0].ATTACKID != "T1" {
		t.Errorf("the analytic detects %v", ts)
	}
	some := must(l.Load(ctx, r, "x-mitre-analytic", "relationship"))(t)
	if n := len(some.Objects()); n != 2 {
		t.Errorf("two types hold %d objects, want 2", n)
	}
	if none := must(l.Load(ctx, r, "no-such-type"))(t); len(none.Objects()) != 0 {
		t.Errorf("a type that is not there has %d objects", len(none.Objects()))
	}
}

// list returns the ATT&CK IDs that a query lists.
func list(t *testing.T, l store.Library, q store.Query) []string {
	t.Helper()
	ls, n, err := l.List(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range ls {
		ids = append(ids, cmp.Or(l.ATTACKID, l.StixID))
		if l.Release != q.Release {
			t.Errorf("%s is listed in %s", l.StixID, l.Release)
		}
	}
	if q.Limit == 0 && q.Offset == 0 && n != len(ids) {
		t.Errorf("%d are listed of %d", len(ids), n)
	}
	return ids
}

func libraryFilters(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", append(detection(),
		object("attack-pattern", "2", "T1.001", "sub").but(obj{"x_mitre_is_subtechnique": true, "x_mitre_platforms": []string{"Linux"}}),
		object("attack-pattern", "3", "T3", "revoked").but(obj{"revoked": true}).but(phase("mitre-attack", "execution")))...)
	bare := land(t, l, "acme 0.1", object("attack-pattern", "1", "T1", "technique").but(phase("mitre-attack", "execution")))
	for name, c := range map[string]struct {
		q    store.Query
		want []string
	}{
		"all but relationships": {store.Query{}, []string{"AN1", "DC1", "DET1", "DS1", "T1", "T1.001", "T3", "TA1", "enterprise-attack"}},
		"relationships":         {store.Query{Kinds: []attack.Kind{attack.KindRelationship}}, []string{"relationship--1"}},
		"kinds":                 {store.Query{Kinds: []attack.Kind{attack.KindSubTechnique, attack.KindAnalytic}}, []string{"AN1", "T1.001"}},
		"tactic by id":          {store.Query{Tactic: "TA1"}, []string{"T1", "T3"}},
		"tactic by name":        {store.Query{Tactic: "execution"}, []string{"T1", "T3"}},
		"no such tactic":        {store.Query{Tactic: "TA2"}, nil},
		"tactic without object": {store.Query{Release: bare, Tactic: "execution"}, []string{"T1"}},
		"platform":              {store.Query{Platform: "linux"}, []string{"T1", "T1.001"}},
		"log source":            {store.Query{LogSource: "WinEventLog:Security"}, []string{"AN1", "DC1", "DET1", "T1"}},
		"log source of one":     {store.Query{LogSource: "auditd:SYSCALL"}, []string{"AN1", "DET1", "T1"}},
		"live":                  {store.Query{Lifecycle: "live", Kinds: []attack.Kind{attack.KindTechnique}}, []string{"T1"}},
		"revoked":               {store.Query{Lifecycle: "revoked"}, []string{"T3"}},
		"deprecated":            {store.Query{Lifecycle: "deprecated"}, []string{"DS1"}},
		"together":              {store.Query{Tactic: "TA1", Platform: "Windows", Lifecycle: "live"}, []string{"T1"}},
		"with a text":           {store.Query{Text: "technique", Platform: "Windows"}, []string{"T1", "AN1"}},
	} {
		if c.q.Release == (attack.Release{}) {
			c.q.Release = r
		}
		equal(t, name, list(t, l, c.q), c.want)
	}
	_, _, err := l.List(context.Background(), store.Query{Release: r, Lifecycle: "sleeping"})
	refused(t, err, fault.Usage)
	_, _, err = l.List(context.Background(), store.Query{Release: r, Sort: "colour"})
	refused(t, err, fault.Usage)
}

func libraryPages(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0",
		object("tool", "1", "S2", "alpha").but(obj{"modified": "2020-01-03T00:00:00Z"}),
		object("tool", "2", "S1", "Charlie").but(obj{"modified": "2020-01-03T00:00:00.500Z"}),
		object("tool", "3", "S3", "bravo").but(obj{"modified": "2019-01-01T00:00:00Z"}),
		object("identity", "1", "", "nobody").but(obj{"modified": "2018-01-01T00:00:00Z"}))
	for sort, want := range map[string][]string{
		"":          {"S1", "S2", "S3", "identity--1"},
		"id":        {"S1", "S2", "S3", "identity--1"},
		"-id":       {"identity--1", "S3", "S2", "S1"},
		"name":      {"S2", "S3", "S1", "identity--1"},
		"-modified": {"S1", "S2", "S3", "identity--1"},
		"modified":  {"identity--1", "S3", "S2", "S1"},
	} {
		equal(t, "sort "+sort, list(t, l, store.Query{Release: r, Sort: sort}), want)
		var paged []string
		for i := range 5 {
			paged = append(paged, list(t, l, store.Query{Release: r, Sort: sort, Offset: i, Limit: 1})...)
		}
		equal(t, "pages of "+sort, paged, want)
	}
	_, n, err := l.List(context.Background(), store.Query{Release: r, Limit: 1, Offset: 9})
	if n != 4 || err != nil {
		t.Errorf("%d match, %v; want 4", n, err)
	}
	big := land(t, l, "acme 2.0", manyObjects(120, "tool")...)
	ls, n, err := l.List(context.Background(), store.Query{Release: big})
	if len(ls) != 50 || n != 120 || err != nil {
		t.Errorf("%d of %d are listed, %v; want 50 of 120", len(ls), n, err)
	}
}

func libraryText(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	old := object("malware", "1", "S1", "Oldname").but(obj{"x_mitre_aliases": []string{"Sandworm tool"}, "description": "Dumps credentials with <code>lsass</code>."})
	r1 := land(t, l, "acme 1.0", old, object("malware", "2", "S2", "Café"))
	r2 := land(t, l, "acme 2.0", old.but(obj{"name": "Newname", "description": "Talks over DNS."}), object("malware", "2", "S2", "Café"),
		relationship("1", "uses", "malware--1", "malware--2").but(obj{"description": "unfindable"}))
	for _, c := range []struct {
		r    attack.Release
		text string
		want []string
	}{
		{r1, "oldname", []string{"S1"}}, {r2, "oldname", nil}, {r2, "newname", []string{"S1"}}, {r1, "newname", nil},
		{r1, "LSASS dumps", []string{"S1"}}, {r1, "dumps nothing", []string{"S1"}}, {r1, "creden", []string{"S1"}}, {r1, "creden dumps", []string{"S1"}},
		{r2, "sandworm", []string{"S1"}}, {r1, "cafe", []string{"S2"}}, {r2, "café", []string{"S2"}}, {r2, "unfindable", []string{"S1", "S2"}}, {r1, "unfindable", nil},
		{r1, " ", []string{"S1", "S2"}},
	} {
		equal(t, c.r.Version+" "+c.text, list(t, l, store.Query{Release: c.r, Text: c.text}), c.want)
	}
}

func libraryExact(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	mention := obj{"description": strings.Repeat("T1059 PowerShell attack-pattern--2 ", 20)}
	r := land(t, l, "acme 1.0", object("attack-pattern", "1", "T1", "About").but(mention),
		object("attack-pattern", "3", "T1059.001", "PowerShell"), object("attack-pattern", "2", "T1059", "Interpreter"),
		object("attack-pattern", "4", "T1086", "powershell").but(obj{"revoked": true}))
	first := func(text string) string { return list(t, l, store.Query{Release: r, Text: text})[0] }
	equal(t, "ATT&CK ID", first("t1059"), "T1059")
	equal(t, "STIX id", first("attack-pattern--2"), "T1059")
	equal(t, "sub-technique", first("T1059.001"), "T1059.001")
	equal(t, "revoked", first("T1086"), "T1086")
	equal(t, "name", list(t, l, store.Query{Release: r, Text: "powershell"}), []string{"T1059.001", "T1", "T1086"})
}

func libraryHostileText(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", object("tool", "1", "S1", "near miss OR not"))
	for _, text := range []string{
		`"`, `""`, `'`, `a"b`, `*`, `a*b*`, `(`, `)`, `NEAR(a b)`, `OR`, `NOT`, `AND OR`, `name:x`, `-x`, `^near`, `a + b`, `{a b}`, `\`, "\x00", "a\x00b",
		"\xff\xfe", `--`, `; DROP TABLE words`, `%`, `_`, strings.Repeat("word ", 10_000), strings.Repeat("x", 100_000), "\u0301", "🙂", "…",
	} {
		if _, _, err := l.List(context.Background(), store.Query{Release: r, Text: text}); err != nil {
			t.Errorf("text %.20q: %v", text, err)
		}
	}
	equal(t, "operators are words", list(t, l, store.Query{Release: r, Text: "miss OR not"}), []string{"S1"})
	equal(t, "quotes are nothing", list(t, l, store.Query{Release: r, Text: `"near" "miss"`}), []string{"S1"})
}

func libraryMembers(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	a, b := object("tool", "1", "S1", "a"), object("tool", "2", "S2", "b")
	r1 := land(t, l, "acme 1.0", a, b)
	r2 := land(t, l, "acme 2.0", b, a.but(obj{"name": "changed"}), relationship("1", "uses", "tool--1", "tool--2"))
	members := func(r attack.Release) map[string]uint64 {
		m := map[string]uint64{}
		for _, x := range must(l.Members(ctx, r))(t) {
			m[x.StixID] = x.Bytes
		}
		return m
	}
	m1, m2 := members(r1), members(r2)
	if len(m1) != 2 || len(m2) != 3 || m1["tool--2"] != m2["tool--2"] || m1["tool--1"] == m2["tool--1"] {
		t.Errorf("members %v, then %v", m1, m2)
	}
	got := must(l.Raws(ctx, r1, []string{"tool--1", "tool--2", "tool--3", "relationship--1"}))(t)
	equal(t, "raws", texts(got), map[string]string{"tool--1": a.write(t), "tool--2": b.write(t)})
	for _, r := range []attack.Release{r1, r2} {
		hashes := must(l.Hashes(ctx, r))(t)
		if len(hashes) != len(members(r)) {
			t.Errorf("%s has %d hashes, and %d members", r, len(hashes), len(members(r)))
		}
		for id, h := range hashes {
			if want := must(l.Snapshot(ctx, r, id))(t).ObjectHash; h != want {
				t.Errorf("hash of %s in %s is %s, want %s", id, r, h, want)
			}
		}
	}
}

func texts(raws map[string][]byte) map[string]string {
	m := map[string]string{}
	for id, raw := range raws {
		m[id] = string(json.RawMessage(raw))
	}
	return m
}

func librarySame(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	first := object("tool", "1", "S1", "a").but(obj{"modified": "2024-01-01T00:00:00.000Z"})
	second, third := object("tool", "1", "S1", "b"), object("tool", "1", "S1", "b").but(obj{"revoked": true})
	r := land(t, l, "acme 1.0", first, object("tool", "2", "S2", "other"), second, third, second)
	land(t, l, "acme 2.0", third)
	var got []string
	for _, s := range must(l.Same(context.Background(), r, "tool--1"))(t) {
		got = append(got, string(s.Raw))
	}
	equal(t, "objects with one id", got, []string{first.write(t), second.write(t), third.write(t), second.write(t)})
	if s := must(l.Snapshot(context.Background(), r, "tool--1"))(t); string(s.Raw) != first.write(t) {
		t.Errorf("what counts is %s", s.Raw)
	}
	if same := must(l.Same(context.Background(), r, "tool--2"))(t); len(same) != 1 {
		t.Errorf("%d objects have an id that is there once", len(same))
	}
	_, err := l.Same(context.Background(), r, "tool--3")
	refused(t, err, fault.NotFound)
}

func libraryEach(t *testing.T, open OpenLibrary) {
	ctx, l := context.Background(), open(t, t.TempDir())
	first := object("tool", "1", "S1", "a").but(obj{"modified": "2024-01-01T00:00:00.000Z"})
	other, second := object("malware", "2", "S2", "other"), object("tool", "1", "S1", "b")
	r := land(t, l, "acme 1.0", first, other, second, first)
	var counts []bool
	for _, c := range must(l.Carried(ctx, r))(t) {
		counts = append(counts, c.Counts)
	}
	if c := must(l.Carried(ctx, r))(t); len(c) != 4 || c[0].Bytes != c[3].Bytes || c[0].Bytes == c[2].Bytes || c[1].StixID != "malware--2" {
		t.Errorf("carried %+v", c)
	}
	want := []string{first.write(t), other.write(t), second.write(t), first.write(t)}
	m := must(l.Members(ctx, r))(t)
	if n := len(m); n != 2 {
		t.Errorf("%d members", n)
	}
	counting := 0
	for _, c := range counts {
		if c {
			counting++
		}
	}
	if counting != len(m) {
		t.Errorf("%v count, of %d members", counts, len(m))
	}
	for _, places := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1}, {0, 0}, {}} {
		var got, expected []string
		if err := l.Each(ctx, r, places, func(i int, raw []byte) error {
			if i != len(got) {
				t.Errorf("index %d after %d", i, len(got))
			}
			got = append(got, string(raw))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, n := range places {
			expected = append(expected, want[n])
		}
		equal(t, "bytes in the order asked for", got, expected)
	}
	stop := fault.New(fault.Refused, "enough")
	if err := l.Each(ctx, r, []int{0, 1}, func(int, []byte) error { return stop }); err != stop {
		t.Errorf("the error of the caller comes back as %v", err)
	}
	refused(t, l.Each(ctx, r, []int{4}, func(int, []byte) error { return nil }), fault.NotFound)
}
