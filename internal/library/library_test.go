package library_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/store"
)

var ctx = context.Background()

func page(t *testing.T, s *library.Service, id string, ref attack.ReleaseRef) library.Page {
	t.Helper()
	p, err := s.Page(ctx, id, ref)
	if err != nil {
		t.Fatalf("page of %s: %v (%s)", id, err, fault.HintOf(err))
	}
	return p
}

func TestPageOfEachKindLeadsToWhatPeopleAskFor(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 1.0", basics()...)
	tests := []struct {
		id        string
		relations []string
		context   []string
	}{
		{"AN0001",
			[]string{"Detection strategy it belongs to: DET0001", "Log sources it reads: DC0001", "Created by: The MITRE Corporation"},
			[]string{"1 detection strategy DET0001", "2 technique T0001.001", "3 tactic TA0001", "3 parent technique T0001", "3 used by G0001"}},
		{"det0001",
			[]string{"Detects: T0001.001", "Analytics: AN0001", "Created by: The MITRE Corporation"},
			[]string{"1 technique T0001.001", "2 tactic TA0001", "2 parent technique T0001", "2 used by G0001"}},
		{"t0001.001",
			[]string{"Tactics: TA0001", "Sub-technique of: T0001", "Detected by: DET0001", "Used by groups: G0001", "Used by software: S0001", "Mitigated by: M0001", "Created by: The MITRE Corporation"},
			[]string{"1 tactic TA0001", "1 parent technique T0001", "1 used by G0001"}},
		{"T0001",
			[]string{"Tactics: TA0001", "Sub-techniques: T0001.001", "Created by: The MITRE Corporation"},
			[]string{"1 tactic TA0001"}},
		{"DC0001", []string{"Analytics that read it: AN0001", "Created by: The MITRE Corporation"}, []string{"1 analytic AN0001"}},
		{"M0001", []string{"Mitigates: T0001.001", "Created by: The MITRE Corporation"}, []string{"1 technique T0001.001"}},
		{"intrusion-set--1", []string{"Techniques it uses: T0001.001", "Created by: The MITRE Corporation"}, nil},
		{"RELATIONSHIP--3", nil, []string{"1 from G0001", "1 to T0001.001"}},
	}
	for _, tt := range tests {
		p := page(t, s, tt.id, attack.ReleaseRef{})
		if d := cmp.Diff(tt.relations, outline(p)); d != "" {
			t.Errorf("%s: relations -want +got\n%s", tt.id, d)
		}
		if d := cmp.Diff(tt.context, path(p)); d != "" {
			t.Errorf("%s: context -want +got\n%s", tt.id, d)
		}
	}
}

func TestPageCarriesProcedureTextsWithTheirReferences(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 1.0", basics()...)
	want := []attack.Reference{{SourceName: "R", URL: "https://example.org/r"}}
	p := page(t, s, "AN0001", attack.ReleaseRef{})
	last := p.Context[len(p.Context)-1]
	if last.Text != "Bear mails.(Citation: R)" || !cmp.Equal(last.References, want) {
		t.Errorf("the analytic's step to the group says %q with %v", last.Text, last.References)
	}
	for _, g := range page(t, s, "T0001.001", attack.ReleaseRef{}).Relations {
		if e := g.Edges[0]; g.Type == attack.Uses && e.Other.ATTACKID == "G0001" && (e.Text != last.Text || !cmp.Equal(e.References, want)) {
			t.Errorf("the technique's edge to the group says %q with %v", e.Text, e.References)
		}
	}
	if log := p.Relations[1].Edges[0].Log; log == nil || log.Name != "m365" || log.Channel != "mail" {
		t.Errorf("the log source is %+v", log)
	}
}

func TestPageNamesBytesHashesAndOrigin(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 1.0", append(basics(), named("tool", "9", "S0009", "Sample", obj{"created_by_ref": candorID}), obj{
		"type": "tool", "spec_version": "2.1", "id": "tool--8", "name": "Nobody's",
	})...)
	p := page(t, s, "T0001", attack.ReleaseRef{})
	raw, err := s.Raw(ctx, "T0001", attack.ReleaseRef{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Bytes != len(raw.Raw) || p.ObjectHash != raw.ObjectHash.String() || p.FileHash != p.Release.FileHash || len(p.ContentHash) != 64 {
		t.Errorf("%d bytes, hashes %s, %s, %s", p.Bytes, p.ObjectHash, p.ContentHash, p.FileHash)
	}
	want := library.Official{
		Source:    "The MITRE Corporation, ATT&CK enterprise 1.0",
		Licence:   "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.",
		Trademark: "MITRE ATT&CK and ATT&CK are registered trademarks of The MITRE Corporation, which has no part in Candor and does not endorse it.",
		URL:       "https://attack.example/T0001",
	}
	if d := cmp.Diff(want, p.Official); d != "" {
		t.Errorf("official: -want +got\n%s", d)
	}
	sample := page(t, s, "S0009", attack.ReleaseRef{}).Official
	if strings.Contains(sample.Source, "MITRE") || !strings.Contains(sample.Licence, "Made by Candor, not by The MITRE Corporation") {
		t.Errorf("official of a sample object: %+v", sample)
	}
	if o := page(t, s, "relationship--3", attack.ReleaseRef{}).Official; o.Source != want.Source {
		t.Errorf("official of a relationship: %+v", o)
	}
	if o := page(t, s, "tool--8", attack.ReleaseRef{}).Official; strings.HasPrefix(o.Licence, "©") {
		t.Errorf("official of an object without a maker: %+v", o)
	}
}

func TestYearOfAReleaseWithoutCollectionIsThatOfItsLastChange(t *testing.T) {
	s, lib := newService(t)
	addAs(t, lib, "enterprise 1.0", "", append(basics(), named("tool", "9", "S0009", "Late", obj{"modified": "2023-12-01T00:00:00.000Z", "created_by_ref": mitreID}),
		named("tool", "8", "S0008", "Later", obj{"modified": "2031-12-01T00:00:00.000Z"}))...)
	if o := page(t, s, "S0009", attack.ReleaseRef{}).Official; !strings.HasPrefix(o.Licence, "© 2031 ") {
		t.Errorf("licence %q", o.Licence)
	}
}

func TestIDMeansTheLiveObjectOfTheNewestRelease(t *testing.T) {
	s, lib := newService(t)
	gone := named("tool", "7", "S0007", "Gone", nil)
	old := append(basics(), gone, named("attack-pattern", "5", "T0005", "Five", nil))
	add(t, lib, "enterprise 9.0", old...)
	add(t, lib, "enterprise 10.0", append(basics(),
		named("course-of-action", "5", "T0005", "Five mitigation", obj{"x_mitre_deprecated": true}),
		named("attack-pattern", "5", "T0005", "Five", obj{"revoked": true}),
		named("malware", "6", "S0002", "Enterprise two", nil), named("tool", "3", "S0003", "Shared", nil))...)
	add(t, lib, "ics 3.0", append(basics()[:2], named("malware", "66", "S0002", "ICS two", nil), named("tool", "3", "S0003", "Shared", nil),
		named("attack-pattern", "99", "T0001", "Dead namesake", obj{"x_mitre_deprecated": true}))...)
	for _, tt := range []struct {
		id, domain, version, want string
	}{
		{"T0001", "", "", "attack-pattern--1 in enterprise 10.0"},
		{"T0001", "", "9.0", "attack-pattern--1 in enterprise 9.0"},
		{"T0001", "ics", "", "attack-pattern--99 in ics 3.0"},
		{"T0005", "", "", "attack-pattern--5 in enterprise 10.0"},
		{"S0007", "", "", "tool--7 in enterprise 9.0"},
		{"S0003", "", "", "tool--3 in enterprise 10.0"},
		{"S0003", "ics-attack", "", "tool--3 in ics 3.0"},
		{"S0002", "ics", "", "malware--66 in ics 3.0"},
		{" malware--66 ", "", "", "malware--66 in ics 3.0"},
	} {
		p := page(t, s, tt.id, attack.ReleaseRef{Domain: tt.domain, Version: tt.version})
		if got := p.Object.ID + " in " + p.Release.String(); got != tt.want {
			t.Errorf("%s (%s %s) is %s, want %s", tt.id, tt.domain, tt.version, got, tt.want)
		}
	}
	_, err := s.Page(ctx, "S0002", attack.ReleaseRef{})
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "Enterprise two") || !strings.Contains(err.Error(), "ICS two") || !strings.Contains(fault.HintOf(err), "--domain") {
		t.Errorf("an id of two live objects gives %v (%s)", err, fault.HintOf(err))
	}
}

func TestWhatIsMissingIsSaidWithTheNextStep(t *testing.T) {
	s, lib := newService(t)
	check := func(err error, what, hint string) {
		t.Helper()
		if fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), what) || !strings.Contains(fault.HintOf(err), hint) {
			t.Errorf("error %v (%s), want %q (%q)", err, fault.HintOf(err), what, hint)
		}
	}
	_, err := s.Page(ctx, "T0001", attack.ReleaseRef{})
	check(err, "no ATT&CK release is imported", "candor attack import FILE")
	add(t, lib, "enterprise 9.0", append(basics(), named("tool", "7", "S0007", "Gone", nil))...)
	add(t, lib, "enterprise 10.0", basics()...)
	_, err = s.Release(ctx, attack.ReleaseRef{Domain: "ics"})
	check(err, "release ics is not imported; there is enterprise 9.0, enterprise 10.0", "candor attack import FILE")
	_, err = s.Page(ctx, "T9999", attack.ReleaseRef{})
	check(err, "nothing in enterprise 10.0 has the id or the name T9999", "candor attack search")
	_, err = s.Page(ctx, "S0007", attack.ReleaseRef{Version: "10.0"})
	check(err, "nothing in enterprise 10.0 has the id or the name S0007", "--release 9.0")
}

func TestReleaseIsTheNewestOfTheDefaultDomain(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "ics 20.0", basics()...)
	if r, err := s.Release(ctx, attack.ReleaseRef{}); err != nil || r.String() != "ics 20.0" {
		t.Errorf("only ICS: %v, %v", r, err)
	}
	add(t, lib, "enterprise 9.1", basics()...)
	add(t, lib, "enterprise 10.0", basics()...)
	if r, err := s.Release(ctx, attack.ReleaseRef{}); err != nil || r.String() != "enterprise 10.0" {
		t.Errorf("default: %v, %v", r, err)
	}
	if r, err := s.Release(ctx, attack.ReleaseRef{Version: "20.0"}); err != nil || r.String() != "ics 20.0" {
		t.Errorf("version of another domain: %v, %v", r, err)
	}
}

func TestHistoryShowsEveryReleaseOfTheDomain(t *testing.T) {
	s, lib := newService(t)
	tool := func(more obj) []obj { return append(basics(), named("tool", "7", "S0007", "Seven", more)) }
	add(t, lib, "enterprise 8.0", basics()...)
	add(t, lib, "enterprise 9.0", tool(nil)...)
	add(t, lib, "enterprise 10.0", tool(nil)...)
	add(t, lib, "enterprise 11.0", tool(obj{"aliases": []string{"VII"}})...)
	add(t, lib, "enterprise 12.0", tool(obj{"x_mitre_deprecated": true})...)
	add(t, lib, "enterprise 13.0", tool(obj{"revoked": true})...)
	add(t, lib, "enterprise 14.0", basics()...)
	add(t, lib, "ics 1.0", basics()...)
	var got []string
	for _, m := range page(t, s, "S0007", attack.ReleaseRef{}).History {
		changed := ""
		if m.Changed {
			changed = " changed"
		}
		got = append(got, m.Domain+" "+m.Release+" "+m.Status+changed)
		if (m.Status == "absent") != (m.ObjectHash == "") {
			t.Errorf("%s: status %s with hash %q", m.Release, m.Status, m.ObjectHash)
		}
	}
	want := []string{
		"enterprise-attack 8.0 absent", "enterprise-attack 9.0 present changed", "enterprise-attack 10.0 present",
		"enterprise-attack 11.0 present changed", "enterprise-attack 12.0 deprecated changed", "enterprise-attack 13.0 revoked changed",
		"enterprise-attack 14.0 absent changed",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("history: -want +got\n%s", d)
	}
	both := page(t, s, "T0001", attack.ReleaseRef{}).History
	if n := len(both); n != 8 || both[6].Status != "current bundle" || both[7].Domain != "ics-attack" || both[7].Status != "current bundle" {
		t.Errorf("an object of two domains has the history %+v", both)
	}
}

func TestRevokedObjectLeadsToItsSuccessor(t *testing.T) {
	s, lib := newService(t)
	revoked := obj{"revoked": true}
	add(t, lib, "enterprise 1.0", append(basics(),
		named("malware", "10", "S0010", "First", revoked), named("tool", "11", "S0011", "Second", revoked), named("tool", "12", "S0012", "Last", nil),
		named("tool", "13", "S0013", "Round", revoked), named("tool", "14", "S0014", "About", revoked), named("tool", "15", "S0015", "Lost", revoked),
		relates("10", "revoked-by", "malware--10", "tool--11", nil), relates("11", "revoked-by", "tool--11", "tool--12", nil),
		relates("13", "revoked-by", "tool--13", "tool--14", nil), relates("14", "revoked-by", "tool--14", "tool--13", nil))...)
	for _, tt := range []struct {
		id, successor string
		chain         []string
	}{
		{"S0010", "S0012", []string{"S0010", "S0011"}},
		{"S0013", "", []string{"S0013", "S0014"}},
		{"S0015", "", []string{"S0015"}},
		{"S0012", "", nil},
	} {
		p := page(t, s, tt.id, attack.ReleaseRef{})
		successor := ""
		if p.Successor != nil {
			successor = p.Successor.ATTACKID
		}
		var chain []string
		for _, h := range p.Chain {
			chain = append(chain, h.ATTACKID)
		}
		if successor != tt.successor || !cmp.Equal(chain, tt.chain) {
			t.Errorf("%s leads to %q through %v", tt.id, successor, chain)
		}
	}
}

func TestRelationsOfUnknownTypeAreShownUnderTheirName(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 1.0", append(basics(), relates("20", "befriends", "malware--1", "intrusion-set--1", obj{"description": "They met."}),
		relates("21", "uses", "malware--1", "campaign--404", nil))...)
	want := []string{"Techniques it uses: T0001.001", "befriends (from here): G0001", "uses (from here): ", "Created by: The MITRE Corporation"}
	p := page(t, s, "S0001", attack.ReleaseRef{})
	if d := cmp.Diff(want, outline(p)); d != "" {
		t.Errorf("relations: -want +got\n%s", d)
	}
	if e := p.Relations[1].Edges[0]; e.Text != "They met." {
		t.Errorf("its text is %q", e.Text)
	}
	if e := p.Relations[2].Edges[0]; e.Other.StixID != "campaign--404" {
		t.Errorf("the end that is not there is %+v", e.Other)
	}
}

func TestSearchPutsTheExactMatchFirst(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 1.0", append(basics(), named("tool", "30", "S0030", "Worm eater", obj{"description": "Eats a worm, worm, worm."}))...)
	add(t, lib, "ics 1.0", basics()...)
	found, total, err := s.Search(ctx, "worm", attack.ReleaseRef{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.ATTACKID)
	}
	if d := cmp.Diff([]string{"S0001", "S0030"}, got); d != "" || total != 3 {
		t.Errorf("%d in all; -want +got\n%s", total, d)
	}
	if found, _, err := s.Search(ctx, "worm", attack.ReleaseRef{}, 1); err != nil || len(found) != 1 {
		t.Errorf("one of them: %v, %v", found, err)
	}
	if _, _, err := s.Search(ctx, " ", attack.ReleaseRef{}, 1); fault.KindOf(err) != fault.Usage {
		t.Errorf("no words: %v", err)
	}
}

func TestListTakesTheReleaseFromTheQuery(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 1.0", basics()...)
	add(t, lib, "enterprise 2.0", append(basics(), named("tool", "30", "S0030", "New", nil))...)
	for version, want := range map[string]int{"": 1, "1.0": 0} {
		_, n, err := s.List(ctx, store.Query{Release: attack.Release{Version: version}, Kinds: []attack.Kind{attack.KindTool}})
		if err != nil || n != want {
			t.Errorf("tools of %q: %d, %v, want %d", version, n, err, want)
		}
	}
}

func TestStatsCountLiveObjectsOfTheDomain(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "ics 1.0", append(basics(), named("tool", "30", "S0030", "Elsewhere", obj{"x_mitre_domains": []string{"enterprise-attack"}}),
		named("tool", "31", "S0031", "Here", obj{"x_mitre_domains": []string{"enterprise-attack", "ics-attack"}}),
		named("tool", "32", "S0032", "Dead", obj{"revoked": true, "spec_version": "2.1"}))...)
	st, err := s.Stats(ctx, attack.ReleaseRef{})
	if err != nil {
		t.Fatal(err)
	}
	want := library.Stats{
		Release: st.Release, Tactics: 2, Techniques: 1, SubTechniques: 1, Groups: 1, Software: 2, Mitigations: 1,
		DataComponents: 1, Strategies: 1, Analytics: 1,
	}
	if d := cmp.Diff(want, st); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestABundleOfSTIX20IsOfItsDomain has objects that name another domain, as those of ICS
// do in STIX 2.0.
func TestABundleOfSTIX20IsOfItsDomain(t *testing.T) {
	for stix, want := range map[string]int{"2.0": 3, "2.1": 1} {
		s, lib := newService(t)
		add(t, lib, "ics 1.0", named("x-mitre-data-source", "1", "DS0001", "Network traffic", obj{"x_mitre_domains": []string{"enterprise-attack"}, "spec_version": stix}),
			named("x-mitre-data-source", "2", "DS0002", "Files", obj{"x_mitre_domains": []string{"enterprise-attack", "mobile-attack"}, "spec_version": stix}),
			named("x-mitre-data-source", "3", "DS0003", "Assets", obj{"x_mitre_domains": []string{"ics-attack"}, "spec_version": stix}))
		if st, err := s.Stats(ctx, attack.ReleaseRef{}); err != nil || st.DataSources != want || st.Release.STIX != stix {
			t.Errorf("STIX %s: %+v, %v; want %d data sources", stix, st, err, want)
		}
	}
}

func TestWhatIsOddIsWhatTheImportMetAndThenTheWhole(t *testing.T) {
	s, lib := newService(t)
	w, err := lib.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	bundle := `{"type":"bundle","id":"b","spec_version":"2.0","objects":[{"type":"tool","id":"tool--1","name":"a","created_by_ref":"identity--1"},{"type":"tool","id":"tool--1","name":"b","created_by_ref":"identity--1"}]}`
	sum, err := stix.Read(ctx, stix.Source{Reader: strings.NewReader(bundle)}, func(o *attack.Snapshot) error { return w.Add(ctx, o) })
	if err != nil {
		t.Fatal(err)
	}
	r := attack.Release{Domain: "enterprise-attack", Version: "1.0", STIX: "2.0", FileHash: sum.FileHash.String(), Imported: time.Unix(1, 0)}
	if _, err := w.Commit(ctx, r, []store.Oddity{{StixID: "tool--1", What: "it is there twice"}}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time out of memory
		odd, err := s.Oddities(ctx, attack.ReleaseRef{})
		if err != nil || len(odd) != 2 || odd[0].Kind != "" || odd[0].What != "it is there twice" || odd[1].Kind != "creator" || odd[1].StixID != "tool--1" {
			t.Errorf("%+v, %v", odd, err)
		}
	}
	for n, want := range map[int]string{1: `"name":"a"`, 2: `"name":"b"`} {
		if o, of, err := s.Nth(ctx, "tool--1", attack.ReleaseRef{}, n); err != nil || of != 2 || !strings.Contains(string(o.Raw), want) {
			t.Errorf("%d: %v of %d, %v", n, o, of, err)
		}
	}
	for _, n := range []int{-1, 0, 3} {
		if _, _, err := s.Nth(ctx, "tool--1", attack.ReleaseRef{}, n); fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "twice") {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestAdjacentAsksForATechniqueAndATactic(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 1.0", basics()...)
	if _, err := s.Adjacent(ctx, "G0001", attack.ReleaseRef{}, ""); fault.KindOf(err) != fault.Usage {
		t.Errorf("a group: %v", err)
	}
	for _, id := range []string{"AN0001", "DET0001"} {
		if r, err := s.Adjacent(ctx, id, attack.ReleaseRef{}, ""); err != nil || r.Technique.ATTACKID != "T0001.001" {
			t.Errorf("of %s: %v, %v", id, r.Technique, err)
		}
	}
	if _, err := s.Adjacent(ctx, "T0001", attack.ReleaseRef{}, "nowhere"); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "initial, later") {
		t.Errorf("an unknown tactic: %v (%s)", err, fault.HintOf(err))
	}
	r, err := s.Adjacent(ctx, "T0001.001", attack.ReleaseRef{}, "later")
	if err != nil || len(r.Users) != 1 {
		t.Errorf("users %v, %v", r.Users, err)
	}
}

func TestDiffChoosesTheReleasesToCompare(t *testing.T) {
	s, lib := newService(t)
	add(t, lib, "enterprise 9.0", basics()...)
	if _, err := s.Diff(ctx, "", "", ""); fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "no release before enterprise 9.0") {
		t.Errorf("one release alone: %v", err)
	}
	add(t, lib, "enterprise 10.0", append(basics(), named("tool", "30", "S0030", "New", nil))...)
	add(t, lib, "ics 1.0", basics()...)
	add(t, lib, "ics 2.0", basics()...)
	for _, tt := range []struct{ from, to, domain, want string }{
		{"", "", "", "enterprise 9.0 enterprise 10.0"},
		{"1.0", "2.0", "", "ics 1.0 ics 2.0"},
		{"10.0", "9.0", "enterprise", "enterprise 10.0 enterprise 9.0"},
	} {
		r, err := s.Diff(ctx, tt.from, tt.to, tt.domain)
		if got := r.Old.String() + " " + r.New.String(); err != nil || got != tt.want {
			t.Errorf("diff %s %s %s: %s, %v, want %s", tt.from, tt.to, tt.domain, got, err, tt.want)
		}
	}
	if _, err := s.Diff(ctx, "9.0", "9.0", ""); fault.KindOf(err) != fault.Usage {
		t.Errorf("a release with itself: %v", err)
	}
	if _, err := s.Diff(ctx, "8.0", "9.0", ""); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a release that is not there: %v", err)
	}
}
