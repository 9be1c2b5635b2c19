package attack

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// object returns an object of a STIX type with id TYPE--N.
func object(typ, n string) *Object {
	return &Object{ID: typ + "--" + n, Type: typ, Kind: KindOf(typ, false), Modified: "2020-01-01T00:00:00Z"}
}

func relation(n, typ string, from, to *Object) *Object {
	o := object("relationship", n)
	o.Relationship = &Relationship{Type: typ, Source: from.ID, Target: to.ID}
	return o
}

func ids(os []*Object) []string {
	var s []string
	for _, o := range os {
		s = append(s, o.ID)
	}
	return s
}

func TestAnAnalyticLeadsToItsTacticThroughReferencesAndRelationships(t *testing.T) {
	an, det, tech, tactic, matrix := object("x-mitre-analytic", "1"), object("x-mitre-detection-strategy", "1"),
		object("attack-pattern", "1"), object("x-mitre-tactic", "1"), object("x-mitre-matrix", "1")
	component := object("x-mitre-data-component", "1")
	an.LogSources = []LogSource{{Component: component.ID, Name: "n", Channel: "c1"}, {Component: component.ID, Name: "n", Channel: "c2"}}
	det.Analytics = []string{an.ID}
	tech.Phases = []Phase{{Chain: "mitre-attack", Name: "impact"}}
	tactic.ShortName = "impact"
	matrix.Tactics = []string{tactic.ID}
	l := NewLibrary(Release{}, []*Object{an, det, tech, tactic, matrix, component, relation("1", Detects, det, tech)})
	for name, c := range map[string][2][]string{
		"strategies": {ids(l.StrategiesOf(an.ID)), {det.ID}},
		"techniques": {ids(l.TechniquesOf(an.ID)), {tech.ID}},
		"tactics":    {ids(l.TacticsOf(tech.ID)), {tactic.ID}},
		"matrix":     {ids(l.Sources(tactic.ID, HasTactic)), {matrix.ID}},
		"components": {ids(l.Targets(an.ID, ReadsSource)), {component.ID}},
	} {
		if diff := cmp.Diff(c[1], c[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	reads := l.From(an.ID)
	if len(reads) != 2 || reads[0].Log.Channel != "c1" || reads[1].Log.Channel != "c2" || reads[0].Field == "" || reads[0].By != "" {
		t.Errorf("relations from the analytic: %+v", reads)
	}
	detects := l.To(tech.ID)
	if len(detects) != 1 || detects[0].By != "relationship--1" || detects[0].Field != "" {
		t.Errorf("relations to the technique: %+v", detects)
	}
}

func TestRelationsOfListsEveryReference(t *testing.T) {
	o := &Object{ID: "x--1", Phases: []Phase{{Chain: "c", Name: "p"}}, Tactics: []string{"t1", "t2"}, Analytics: []string{"a"},
		LogSources: []LogSource{{Component: "dc", Name: "n", Channel: "None"}}, DataSource: "ds", RelatedAssets: []RelatedAsset{{Name: "PLC"}},
		CreatedBy: "i1", ModifiedBy: "i2", Markings: []string{"m"}, Contents: []ContentRef{{Ref: "o", Modified: "x"}}}
	var got [][3]string
	for _, r := range RelationsOf(o) {
		if r.From != o.ID || r.By != "" || r.Named != (r.Type == InTactic || r.Type == RelatedToName) || (r.Log != nil) != (r.Type == ReadsSource) {
			t.Errorf("relation %+v", r)
		}
		got = append(got, [3]string{r.Type, r.Field, r.To})
	}
	want := [][3]string{
		{InTactic, "kill_chain_phases", "c/p"}, {HasTactic, "tactic_refs", "t1"}, {HasTactic, "tactic_refs", "t2"},
		{HasAnalytic, "x_mitre_analytic_refs", "a"}, {ReadsSource, "x_mitre_log_source_references", "dc"},
		{PartOf, "x_mitre_data_source_ref", "ds"}, {RelatedToName, "x_mitre_related_assets", "PLC"}, {CreatedBy, "created_by_ref", "i1"},
		{ModifiedBy, "x_mitre_modified_by_ref", "i2"}, {MarkedBy, "object_marking_refs", "m"}, {Contains, "x_mitre_contents", "o"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rs := RelationsOf(&Object{ID: "x--1"}); len(rs) != 0 {
		t.Errorf("an object without references has %v", rs)
	}
}

func TestNamesMeanTheTacticOfTheirChain(t *testing.T) {
	tactic := func(n string, change func(*Object)) *Object {
		o := object("x-mitre-tactic", n)
		o.ShortName = "impact"
		change(o)
		return o
	}
	inDomain := func(d string) func(*Object) { return func(o *Object) { o.Domains = []string{d} } }
	bySource := func(s string) func(*Object) {
		return func(o *Object) { o.References = []Reference{{SourceName: s, ExternalID: "TA1"}} }
	}
	dead := func(o *Object) { o.Domains, o.Deprecated = []string{"enterprise-attack"}, true }
	nothing := func(*Object) {}
	for name, c := range map[string]struct {
		tactics []*Object
		chain   string
		want    []string
	}{
		"by domain":        {[]*Object{tactic("1", inDomain("enterprise-attack")), tactic("2", inDomain("mobile-attack"))}, "mitre-mobile-attack", []string{"x-mitre-tactic--2"}},
		"enterprise":       {[]*Object{tactic("1", inDomain("enterprise-attack")), tactic("2", inDomain("ics-attack"))}, "mitre-attack", []string{"x-mitre-tactic--1"}},
		"by source":        {[]*Object{tactic("1", bySource("mitre-attack")), tactic("2", bySource("mitre-ics-attack"))}, "mitre-ics-attack", []string{"x-mitre-tactic--2"}},
		"only one":         {[]*Object{tactic("1", inDomain("enterprise-attack"))}, "mitre-acme", []string{"x-mitre-tactic--1"}},
		"live before dead": {[]*Object{tactic("1", dead), tactic("2", inDomain("enterprise-attack"))}, "mitre-attack", []string{"x-mitre-tactic--2"}},
		"all the same":     {[]*Object{tactic("1", nothing), tactic("2", nothing)}, "mitre-attack", []string{"x-mitre-tactic--1", "x-mitre-tactic--2"}},
		"none":             {nil, "mitre-attack", nil},
	} {
		technique := object("attack-pattern", "1")
		technique.Phases = []Phase{{Chain: c.chain, Name: "impact"}}
		l := NewLibrary(Release{}, append(c.tactics, technique))
		var got []string
		for _, r := range l.From(technique.ID) {
			if r.Named {
				t.Errorf("%s: %+v is not resolved", name, r)
			}
			got = append(got, r.To)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRelatedAssetsLeadToAssetsOfThatName(t *testing.T) {
	plc, dcs := object("x-mitre-asset", "1"), object("x-mitre-asset", "2")
	plc.Name = "PLC"
	dcs.RelatedAssets = []RelatedAsset{{Name: "PLC"}, {Name: "Field Device"}}
	l := NewLibrary(Release{}, []*Object{plc, dcs})
	if got := ids(l.Targets(dcs.ID, RelatedToName)); !slices.Equal(got, []string{plc.ID}) {
		t.Errorf("related assets: %v", got)
	}
}

func TestOfDuplicatesTheOneModifiedLaterCounts(t *testing.T) {
	early, late, last := object("tool", "1"), object("tool", "1"), object("tool", "1")
	late.Modified, late.Name = "2021-01-01T00:00:00.000Z", "late"
	last.Modified, last.Name = "2021-01-01T00:00:00Z", "last"
	for i, c := range []struct {
		in   []*Object
		want *Object
	}{
		{[]*Object{early, late}, late}, {[]*Object{late, early}, late}, {[]*Object{late, last}, last}, {[]*Object{last, late, early}, late},
	} {
		l := NewLibrary(Release{}, c.in)
		if o, ok := l.Object("tool--1"); !ok || o != c.want || len(l.Objects()) != 1 {
			t.Errorf("case %d: %+v of %d counts", i, o, len(l.Objects()))
		}
	}
}

func TestATTACKIDsAreSharedLiveTechniquesFirst(t *testing.T) {
	dead, mitigation, technique := object("attack-pattern", "1"), object("course-of-action", "1"), object("attack-pattern", "2")
	for _, o := range []*Object{dead, mitigation, technique} {
		o.ATTACKID = "T1"
	}
	dead.Deprecated = true
	l := NewLibrary(Release{}, []*Object{dead, mitigation, technique})
	if got := ids(l.ByATTACKID("T1")); !slices.Equal(got, []string{technique.ID, mitigation.ID, dead.ID}) {
		t.Errorf("T1 is %v", got)
	}
	if got := ids(l.OfKind(KindTechnique)); !slices.Equal(got, []string{dead.ID, technique.ID}) {
		t.Errorf("techniques are %v", got)
	}
}

func TestTargetsAreLiveThroughLiveRelationshipsAndListedOnce(t *testing.T) {
	group, a, b, c, d := object("intrusion-set", "1"), object("tool", "a"), object("tool", "b"), object("tool", "c"), object("tool", "d")
	b.Revoked = true
	deadLink := relation("3", Uses, group, c)
	deadLink.Deprecated = true
	l := NewLibrary(Release{}, []*Object{group, a, b, c, d, relation("1", Uses, group, a), relation("2", Uses, group, b), deadLink,
		relation("4", Uses, group, a), relation("5", Targets, group, d), relation("6", Uses, group, object("tool", "gone"))})
	if got := ids(l.Targets(group.ID, Uses)); !slices.Equal(got, []string{a.ID}) {
		t.Errorf("group uses %v", got)
	}
	if got := ids(l.Sources(a.ID, Uses)); !slices.Equal(got, []string{group.ID}) {
		t.Errorf("tool is used by %v", got)
	}
}

func TestSuccessorFollowsChains(t *testing.T) {
	revoked := func(n string) *Object {
		o := object("attack-pattern", n)
		o.Revoked = true
		return o
	}
	a, b, c := revoked("a"), revoked("b"), object("attack-pattern", "c")
	x, y, lost, self := revoked("x"), revoked("y"), revoked("lost"), revoked("self")
	tool := object("tool", "1")
	gone, forked := revoked("gone"), revoked("forked")
	deadLink := relation("9", RevokedBy, forked, a)
	deadLink.Revoked = true
	l := NewLibrary(Release{}, []*Object{a, b, c, x, y, lost, self, tool, gone, forked, deadLink,
		relation("1", RevokedBy, a, b), relation("2", RevokedBy, b, c), relation("3", RevokedBy, x, y), relation("4", RevokedBy, y, x),
		relation("5", RevokedBy, self, self), relation("6", RevokedBy, gone, object("attack-pattern", "nowhere")), relation("7", RevokedBy, forked, tool)})
	for name, c := range map[string]struct {
		id    string
		want  *Object
		chain []string
	}{
		"chain":         {a.ID, c, []string{a.ID, b.ID}},
		"live":          {c.ID, c, nil},
		"circle":        {x.ID, nil, []string{x.ID, y.ID}},
		"itself":        {self.ID, nil, []string{self.ID}},
		"no successor":  {lost.ID, nil, []string{lost.ID}},
		"unknown":       {"attack-pattern--0", nil, nil},
		"leads nowhere": {gone.ID, nil, []string{gone.ID}},
		"another type":  {forked.ID, tool, []string{forked.ID}},
	} {
		got, chain := l.Successor(c.id)
		if got != c.want || !slices.Equal(chain, c.chain) {
			t.Errorf("%s: %v through %v, want %v through %v", name, got, chain, c.want, c.chain)
		}
	}
}
