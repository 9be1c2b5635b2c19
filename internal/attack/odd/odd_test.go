package odd_test

import (
	"fmt"
	"strings"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/odd"
)

func technique(n int, id string) *attack.Object {
	return &attack.Object{ID: fmt.Sprintf("attack-pattern--%d", n), Type: "attack-pattern", Kind: attack.KindTechnique, ATTACKID: id, Name: fmt.Sprintf("T %d", n)}
}

func relationship(n int, typ, from, to string) *attack.Object {
	return &attack.Object{ID: fmt.Sprintf("relationship--%d", n), Type: "relationship", Kind: attack.KindRelationship,
		Relationship: &attack.Relationship{Type: typ, Source: from, Target: to}}
}

func analytic(n int, platform, log string) *attack.Object {
	return &attack.Object{ID: fmt.Sprintf("x-mitre-analytic--%d", n), Type: "x-mitre-analytic", Kind: attack.KindAnalytic, ATTACKID: fmt.Sprintf("AN%04d", n),
		Platforms: []string{platform}, LogSources: []attack.LogSource{{Name: log, Channel: "a"}, {Name: log, Channel: "b"}}}
}

// find returns what is odd as "kind id: what".
func find(objects ...*attack.Object) []string {
	var got []string
	for _, f := range odd.Of(attack.NewLibrary(attack.Release{}, objects)) {
		got = append(got, f.Kind+" "+f.StixID+": "+f.What)
	}
	return got
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRelationsThatLeadNowhere(t *testing.T) {
	strategy := &attack.Object{ID: "det--1", Type: "det", Kind: attack.KindStrategy, Analytics: []string{"an--1", "an--2", "an--3", "an--4", "attack-pattern--1"}}
	phase := technique(2, "T2")
	phase.Phases = []attack.Phase{{Chain: "mitre-attack", Name: "execution"}}
	expect(t, find(technique(1, "T1"), strategy, phase, relationship(1, "uses", "group--1", "attack-pattern--1"), relationship(2, "uses", "attack-pattern--1", "attack-pattern--2")),
		"dangling det--1: has-analytic leads to what the release does not have: an--1, an--2, an--3 and 1 more",
		"dangling relationship--1: uses leads to what the release does not have: group--1")
}

func TestWhoMadeThemIsUnknown(t *testing.T) {
	objects := []*attack.Object{technique(1, "T1"), technique(2, "T2"), technique(3, "T3"), {ID: "identity--known", Type: "identity", Kind: attack.KindIdentity}}
	objects[0].CreatedBy, objects[0].ModifiedBy = "identity--a", "identity--a"
	objects[1].CreatedBy = "identity--known"
	objects[2].CreatedBy, objects[2].ModifiedBy = "identity--a", "identity--b"
	expect(t, find(objects...),
		"creator attack-pattern--1: identity--a made or changed it and 1 other object, and the release does not say who that is",
		"creator attack-pattern--3: identity--b made or changed it, and the release does not say who that is")
}

func TestRevokedWithoutSuccessor(t *testing.T) {
	revoked := func(n int) *attack.Object {
		o := technique(n, fmt.Sprint("T", n))
		o.Revoked = true
		return o
	}
	dead := relationship(9, "revoked-by", "attack-pattern--6", "attack-pattern--7")
	dead.Deprecated = true
	expect(t, find(revoked(1), revoked(2), revoked(3), revoked(4), revoked(5), revoked(6), technique(7, "T7"),
		relationship(1, "revoked-by", "attack-pattern--1", "attack-pattern--7"),
		relationship(2, "revoked-by", "attack-pattern--3", "attack-pattern--4"),
		relationship(3, "revoked-by", "attack-pattern--4", "attack-pattern--3"),
		relationship(4, "revoked-by", "attack-pattern--5", "attack-pattern--2"), dead),
		"successor attack-pattern--2: it is revoked, and nothing says by what",
		"successor attack-pattern--3: it is revoked by attack-pattern--4, and the way from there ends in nothing that the release has",
		"successor attack-pattern--4: it is revoked by attack-pattern--3, and the way from there ends in nothing that the release has",
		"successor attack-pattern--5: it is revoked by attack-pattern--2, which is revoked and leads nowhere",
		"successor attack-pattern--6: it is revoked, and nothing says by what")
}

func TestOneIDOnTwoLiveObjects(t *testing.T) {
	dead, mitigation := technique(3, "T1"), technique(4, "T2")
	dead.Deprecated, mitigation.Deprecated = true, true
	expect(t, find(technique(1, "T1"), technique(2, "T1"), dead, mitigation, technique(5, "T2"), technique(6, ""), technique(7, "")),
		"id attack-pattern--1: 2 live objects have the ATT&CK ID T1: T 1 (technique, attack-pattern--1); T 2 (technique, attack-pattern--2)")
}

func TestALogSourceOfAnotherPlatform(t *testing.T) {
	objects := []*attack.Object{analytic(1, "Linux", "WinEventLog:Sysmon"), analytic(2, "windows", "WinEventLog:Sysmon"), analytic(3, "Linux", "auditd:SYSCALL")}
	for n := range 11 {
		objects = append(objects, analytic(100+n, "IaaS", "AWS:CloudTrail"), analytic(200+n, "PRE", "Network Traffic"))
	}
	objects = append(objects, analytic(300, "SaaS", "aws:cloudtrail"), analytic(301, "Windows", "Network Traffic"), analytic(302, "Linux", "rare"), analytic(303, "macOS", "rare"))
	dead := analytic(400, "Linux", "WinEventLog:Sysmon")
	dead.Deprecated = true
	expect(t, find(append(objects, dead)...),
		"platform x-mitre-analytic--1: it is for Linux and names the log source WinEventLog:Sysmon, which is of Windows: its name says so",
		"platform x-mitre-analytic--300: it is for SaaS and names the log source aws:cloudtrail, which is of IaaS: 11 of the 12 analytics that name it are")
}
