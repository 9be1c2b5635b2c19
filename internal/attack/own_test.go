package attack_test

import (
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/fault"
)

const mitre = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"

func acme(version string) attack.Release {
	own := attack.Own{Collection: "x-mitre-collection--acme", Name: "ACME: détections & rules"}
	return attack.Release{Domain: own.Domain(), Version: version, STIX: "2.1", Own: own}
}

func TestWhoseCollectionItIs(t *testing.T) {
	enterprise := "x-mitre-collection--1f5f1533-f617-4ca8-9ab4-6a02367fa019"
	for _, c := range []struct {
		id, author string
		want       bool
	}{
		{enterprise, mitre, true}, {enterprise, "", true}, {"x-mitre-collection--new", mitre, true},
		{enterprise, "identity--acme", false}, {"x-mitre-collection--acme", "", false}, {"x-mitre-collection--acme", "identity--acme", false},
	} {
		if got := attack.OfMITRE(c.id, c.author); got != c.want {
			t.Errorf("%s by %q: %v", c.id, c.author, got)
		}
	}
}

func TestTheDomainOfAnOwnCollection(t *testing.T) {
	domains := map[string]string{}
	for _, o := range []attack.Own{
		{Collection: "1", Name: "ACME detections"}, {Collection: "2", Name: "ACME detections"}, {Collection: "1", Name: "ACME detections", AuthorRef: "identity--a"},
		{Collection: "3", Name: "名"}, {Collection: "4"}, {Collection: "5", Name: "Enterprise-attack"}, {Collection: "6", Name: strings.Repeat("long name ", 20)},
	} {
		d := o.Domain()
		if other, ok := domains[d]; ok {
			t.Errorf("%+v and %s are both %s", o, other, d)
		}
		domains[d] = o.Name
		if attack.DomainName(d) != d || attack.ShortDomain(d) != d || len(d) > 60 || d != strings.ToLower(d) || strings.ContainsAny(d, " /:") || strings.Contains(d, "--") {
			t.Errorf("%+v has the domain %q", o, d)
		}
	}
	if d := (attack.Own{Collection: "1", Name: "ACME: détections & rules"}).Domain(); !strings.HasPrefix(d, "own-acme-d-tections-rules-") {
		t.Error(d)
	}
}

func TestAnOwnCollectionIsReadWhenItIsNamed(t *testing.T) {
	all := []attack.Release{acme("1.0"), acme("20.0"), {Domain: "ics-attack", Version: "18.1", STIX: "2.1"}}
	for _, name := range []string{acme("1.0").Domain, strings.TrimPrefix(acme("1.0").Domain, "own-"), "acme-d-tections-rules", "ACME: détections & rules", "x-mitre-collection--ACME",
		attack.DomainName("acme-d-tections-rules")} {
		r, err := attack.Meant(all, attack.ReleaseRef{Domain: name})
		if err != nil || r.Version != "20.0" || !r.IsOwn() {
			t.Errorf("%q means %s, %v", name, r, err)
		}
		if alone, err := attack.MeantAlone(all, attack.ReleaseRef{Domain: name, Version: "1.0"}); err != nil || alone.Version != "1.0" {
			t.Errorf("%q alone means %s, %v", name, alone, err)
		}
	}
	for _, ref := range []attack.ReleaseRef{{}, {Version: "18.1"}} {
		for what, meant := range map[string]func([]attack.Release, attack.ReleaseRef) (attack.Release, error){"meant": attack.Meant, "alone": attack.MeantAlone} {
			if r, err := meant(all, ref); err != nil || r.Domain != "ics-attack" {
				t.Errorf("%s of %+v is %s, %v", what, ref, r, err)
			}
			if r, err := meant(all[:2], ref); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s of %+v among own ones is %s, %v", what, ref, r, err)
			}
		}
	}
	if r, err := attack.Meant(all, attack.ReleaseRef{Version: "20.0"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("20.0 means %s, %v", r, err)
	}
	if newest := attack.Newest(all, attack.ReleaseRef{}); len(newest) != 2 || newest[0].IsOwn() || newest[1].Version != "20.0" {
		t.Errorf("newest %v", newest)
	}
	if (attack.Release{Domain: "enterprise-attack"}).In("own-acme") || all[0].In("acme-detections-other") || all[0].In("enterprise") {
		t.Error("a release is in a domain that it is not in")
	}
}

func TestARequestLeavesTheReleaseToThePolicy(t *testing.T) {
	def := attack.ReleaseRef{Domain: "enterprise-attack", Version: "17.1"}
	for _, c := range []struct{ asked, def, want attack.ReleaseRef }{
		{attack.ReleaseRef{}, def, def},
		{attack.ReleaseRef{Domain: "enterprise"}, def, def},
		{attack.ReleaseRef{Domain: "ics"}, def, attack.ReleaseRef{Domain: "ics"}},
		{attack.ReleaseRef{Version: "18.1"}, def, attack.ReleaseRef{Version: "18.1"}},
		{attack.ReleaseRef{Domain: "enterprise"}, attack.ReleaseRef{}, attack.ReleaseRef{Domain: "enterprise"}},
	} {
		if got := c.asked.Or(c.def); got != c.want {
			t.Errorf("%+v or %+v is %+v, want %+v", c.asked, c.def, got, c.want)
		}
	}
}
