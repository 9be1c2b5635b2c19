package attack

import (
	"testing"

	"pgregory.net/rapid"
)

func TestKindOfNamesEveryType(t *testing.T) {
	for typ, want := range map[string]Kind{
		"attack-pattern": KindTechnique, "x-mitre-tactic": KindTactic, "x-mitre-matrix": KindMatrix, "intrusion-set": KindGroup,
		"malware": KindMalware, "tool": KindTool, "campaign": KindCampaign, "course-of-action": KindMitigation,
		"x-mitre-data-source": KindDataSource, "x-mitre-data-component": KindComponent, "x-mitre-detection-strategy": KindStrategy,
		"x-mitre-analytic": KindAnalytic, "x-mitre-asset": KindAsset, "relationship": KindRelationship, "x-mitre-collection": KindCollection,
		"identity": KindIdentity, "marking-definition": KindMarking, "x-future": "x-future", "": "",
	} {
		if got := KindOf(typ, false); got != want {
			t.Errorf("KindOf(%q) is %q, want %q", typ, got, want)
		}
	}
	if got := KindOf("attack-pattern", true); got != KindSubTechnique {
		t.Errorf("a sub-technique is %q", got)
	}
	if got := KindOf("malware", true); got != KindMalware {
		t.Errorf("the flag is ignored for other types, not %q", got)
	}
	if !KindTechnique.Technique() || !KindSubTechnique.Technique() || KindTactic.Technique() {
		t.Error("techniques and sub-techniques are techniques, and nothing else is")
	}
}

func TestIDOfTakesTheFirstIDOfMITRE(t *testing.T) {
	for name, c := range map[string]struct {
		refs []Reference
		want string
	}{
		"none":          {nil, ""},
		"not the first": {[]Reference{{SourceName: "NIST", ExternalID: "CEL-1"}, {SourceName: "mitre-mobile-attack", ExternalID: "T1"}}, "T1"},
		"of two":        {[]Reference{{SourceName: "mitre-ics-attack", ExternalID: "T1"}, {SourceName: "mitre-attack", ExternalID: "T2"}}, "T1"},
		"without id":    {[]Reference{{SourceName: "mitre-attack"}, {SourceName: "mitre-pre-attack", ExternalID: "T2"}}, "T2"},
		"of others":     {[]Reference{{SourceName: "capec", ExternalID: "CAPEC-1"}}, ""},
	} {
		if got := IDOf(c.refs); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLifecycle(t *testing.T) {
	for want, o := range map[string]Object{
		"live": {}, "revoked": {Revoked: true, Deprecated: true}, "deprecated": {Deprecated: true},
	} {
		if got := o.Lifecycle(); got != want || o.Live() != (want == "live") {
			t.Errorf("%s is %s, live %v", want, got, o.Live())
		}
	}
}

func TestCompareVersions(t *testing.T) {
	inOrder := []string{"", "1", "1.1", "2", "9.0", "10.1", "10.2.1", "18.1", "19", "19.x", "next"}
	for i, a := range inOrder {
		for j, b := range inOrder {
			got := CompareVersions(a, b)
			if got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("CompareVersions(%q, %q) is %d", a, b, got)
			}
		}
	}
	for _, same := range [][2]string{{"1", "1.0"}, {"", "0.0"}, {"01.1", "1.1"}} {
		if CompareVersions(same[0], same[1]) != 0 {
			t.Errorf("%q and %q are the same", same[0], same[1])
		}
	}
}

func TestCompareVersionsIsAnOrder(t *testing.T) {
	version := rapid.StringMatching(`([0-9]{1,2}|[a-z])?(\.([0-9]{1,2}|[a-z])?){0,2}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := version.Draw(t, "a"), version.Draw(t, "b"), version.Draw(t, "c")
		if CompareVersions(a, a) != 0 || CompareVersions(a, b) != -CompareVersions(b, a) {
			t.Fatalf("%q against %q is not turned round", a, b)
		}
		if CompareVersions(a, b) <= 0 && CompareVersions(b, c) <= 0 && CompareVersions(a, c) > 0 {
			t.Fatalf("%q, %q, %q are not in order", a, b, c)
		}
	})
}

func TestCompareTimes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000Z", 0},
		{"2020-01-01T00:00:00Z", "2020-01-01T00:00:00.001Z", -1},
		{"2020-01-01T02:00:00+02:00", "2020-01-01T00:00:00Z", 0},
		{"", "2020-01-01T00:00:00Z", -1},
		{"not a time", "also not", 1},
	} {
		if got := CompareTimes(c.a, c.b); got != c.want || CompareTimes(c.b, c.a) != -c.want {
			t.Errorf("CompareTimes(%q, %q) is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestDomainNames(t *testing.T) {
	for short, full := range map[string]string{"ics": "ics-attack", " Mobile ": "mobile-attack", "enterprise-attack": "enterprise-attack", "acme": "acme-attack", "": ""} {
		if got := DomainName(short); got != full {
			t.Errorf("DomainName(%q) is %q, want %q", short, got, full)
		}
	}
	if got := (Release{Domain: "ics-attack", Version: "18.1"}).String(); got != "ics 18.1" {
		t.Errorf("a release is called %q", got)
	}
}
