package profile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/profile"
	"candor/internal/standing"
)

var said = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

// shelf is a release with two tactics, three techniques and one that was revoked, and
// adversaries: Snail uses T1 and T2, its successor Slug T3, Idle nothing, Gone is
// deprecated.
func shelf() *attack.Library {
	tactic := func(id, short string) *attack.Object {
		return &attack.Object{ID: "x-mitre-tactic--" + id, Type: "x-mitre-tactic", Kind: attack.KindTactic, ATTACKID: id, Name: "Tactic " + short, ShortName: short}
	}
	technique := func(id string, tactics ...string) *attack.Object {
		o := &attack.Object{ID: "attack-pattern--" + id, Type: "attack-pattern", Kind: attack.KindTechnique, ATTACKID: id, Name: "Name of " + id}
		for _, t := range tactics {
			o.Phases = append(o.Phases, attack.Phase{Chain: "mitre-attack", Name: t})
		}
		return o
	}
	relation := func(typ, from, to string) *attack.Object {
		return &attack.Object{ID: "relationship--" + typ + from + to, Type: "relationship", Kind: attack.KindRelationship,
			Relationship: &attack.Relationship{Type: typ, Source: from, Target: to}}
	}
	actor := func(typ, id, name string, aliases ...string) *attack.Object {
		return &attack.Object{ID: typ + "--" + id, Type: typ, Kind: attack.KindOf(typ, false), ATTACKID: id, Name: name, Aliases: aliases}
	}
	old, merged, gone := technique("T9", "early"), actor("intrusion-set", "G3", "Leech"), actor("intrusion-set", "G4", "Gone")
	old.Revoked, merged.Revoked, gone.Deprecated = true, true, true
	m := &attack.Object{ID: "x-mitre-matrix--1", Type: "x-mitre-matrix", Kind: attack.KindMatrix, Name: "Enterprise", Tactics: []string{"x-mitre-tactic--TA1", "x-mitre-tactic--TA2"}}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, []*attack.Object{
		m, tactic("TA1", "early"), tactic("TA2", "late"), technique("T1", "early"), technique("T2", "late"), technique("T3", "late", "early"), old,
		actor("intrusion-set", "G1", "Snail", "Slow One"), actor("intrusion-set", "G2", "Slug", "Slow One"), merged, gone,
		actor("intrusion-set", "G5", "Idle"), actor("malware", "S1", "Slime"), actor("campaign", "C1", "Wet Spring"),
		relation(attack.Uses, "intrusion-set--G1", "attack-pattern--T1"), relation(attack.Uses, "intrusion-set--G1", "attack-pattern--T2"),
		relation(attack.Uses, "intrusion-set--G2", "attack-pattern--T3"), relation(attack.Uses, "malware--S1", "attack-pattern--T2"),
		relation(attack.Uses, "intrusion-set--G4", "attack-pattern--T1"),
		relation(attack.RevokedBy, "intrusion-set--G3", "intrusion-set--G2"), relation(attack.RevokedBy, "attack-pattern--T9", "attack-pattern--T1"),
	})
}

func str(s string) *string { return &s }

func list(s ...string) *[]string { return &s }

// stated returns a profile of members that must be there.
func stated(t *testing.T, c profile.Change) profile.Profile {
	t.Helper()
	c.Name, c.By, c.At = "P", "Ann", said
	if c.Owner == nil {
		c.Owner = str("Bea")
	}
	p, err := c.Apply(profile.Profile{}, shelf())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMembersAreNamedAsPeopleDo(t *testing.T) {
	p := stated(t, profile.Change{Groups: list("slug", "G1", "Snail", " "), Software: list("slime"), Campaigns: list("C1"), Techniques: list("t9", "T2", "T2"), Layer: "plan.json"})
	var ids []string
	for _, m := range p.Members() {
		ids = append(ids, m.ATTACKID)
	}
	if got, want := strings.Join(append(ids, p.Techniques...), " "), "G1 G2 C1 S1 T2 T9"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// Of one that is there only what is given changes.
	next, err := (&profile.Change{Name: "p", Groups: list(), By: "Bob", At: said}).Apply(p, shelf())
	if err != nil || next.Name != "P" || len(next.Groups) != 0 || len(next.Software) != 1 || next.Owner != "Bea" || next.By != "Bob" {
		t.Errorf("%+v, %v", next, err)
	}
	if next.Same(&p) || !p.Same(&p) {
		t.Error("two that differ are the same, or one is not itself")
	}
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	long := strings.Repeat("x", profile.MaxText+1)
	for _, tt := range []struct {
		c    profile.Change
		kind fault.Kind
		says string
	}{
		{profile.Change{Name: "P", Groups: list("Slow One"), Owner: str("a"), By: "b"}, fault.Usage, "several are called"},
		{profile.Change{Name: "P", Groups: list("Slime"), Owner: str("a"), By: "b"}, fault.NotFound, `no group "Slime"`},
		{profile.Change{Name: "P", Groups: list("Leech"), Owner: str("a"), By: "b"}, fault.NotFound, `no group "Leech"`},
		{profile.Change{Name: "P", Groups: list("G1"), By: "b"}, fault.Usage, "nobody answers"},
		{profile.Change{Name: "P", Owner: str("a"), By: "b"}, fault.Usage, "names nobody"},
		{profile.Change{Name: " ", Groups: list("G1"), Owner: str("a"), By: "b"}, fault.Usage, "has no name"},
		{profile.Change{Name: "P", Groups: list("G1"), Owner: str("a")}, fault.Usage, "who says so"},
		{profile.Change{Name: "P", Groups: list("G1"), Owner: &long, By: "b"}, fault.Usage, "2001 characters"},
		{profile.Change{Name: "P", Remove: true, By: "b"}, fault.Usage, "why the profile is removed"},
	} {
		_, err := tt.c.Apply(profile.Profile{}, shelf())
		var f *fault.Error
		if !errors.As(err, &f) || fault.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: %v, want %s with %q", tt.c, err, tt.kind, tt.says)
		}
	}
}

// verdict is one on an analytic of a technique.
func verdict(lib *attack.Library, id, technique string, rung assure.Rung) assure.Verdict {
	o := lib.ByATTACKID(technique)[0]
	return assure.Verdict{Analytic: assure.Name{StixID: "x-mitre-analytic--" + id, ATTACKID: id}, Rung: rung,
		Techniques: []assure.Name{{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}}}
}

func TestAReadingHasAColumnForEachMember(t *testing.T) {
	lib := shelf()
	p := stated(t, profile.Change{Groups: list("G1", "G5"), Software: list("S1"), Techniques: list("T9", "T77"), Layer: "plan.json"})
	// Statements of other releases may name who is none any more.
	p.Groups = append(p.Groups, assure.Name{StixID: "intrusion-set--G3", ATTACKID: "G3", Name: "Leech"}, assure.Name{StixID: "intrusion-set--G4", ATTACKID: "G4", Name: "Gone"},
		assure.Name{StixID: "intrusion-set--G8", ATTACKID: "G8", Name: "Elsewhere"})
	a := &assure.Assessment{Release: lib.Release, Verdicts: []assure.Verdict{
		verdict(lib, "AN1", "T1", assure.Blind), verdict(lib, "AN2", "T2", assure.Reliable), verdict(lib, "AN3", "T3", assure.RuleOnly)}}
	s := profile.Read(p, lib)
	r := s.On(standing.New(lib, a), "profile-1")

	var got []string
	for _, row := range r.Rows {
		line := row.Tactics[0].ATTACKID + " " + row.Of.ATTACKID + " " + string(row.Worst)
		for i, used := range row.Uses {
			if used {
				line += " " + r.Columns[i].Label()
			}
		}
		got = append(got, line)
	}
	if want := []string{"TA1 T1 blind G1 layer", "TA1 T3 rule_only G2", "TA2 T2 reliable G1 S1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if r.First == nil || r.First.Analytic.ATTACKID != "AN2" || len(r.Unseen) != 1 || r.Unseen[0].ATTACKID != "TA1" {
		t.Errorf("the first chance is %+v, not seen before it %v", r.First, r.Unseen)
	}
	if r.Totals.Analytics != 3 || r.Totals.Assured != 1 || !slices.Equal(r.Unknown, []string{"T77"}) {
		t.Errorf("%+v, unknown %v", r.Totals, r.Unknown)
	}
	limits := strings.Join(r.Limits, "\n")
	for _, want := range []string{"G2 Slug is revoked: read as G2 Slug", "G4 Gone is deprecated in enterprise 18.1", "G8 Elsewhere is not in enterprise 18.1", "G5 Idle uses no live technique", "T77", "not weighed"} {
		if !strings.Contains(limits, want) {
			t.Errorf("the limits do not say %q:\n%s", want, limits)
		}
	}
	narrow := s.Narrow(*a)
	if len(narrow.Verdicts) != 3 || len(narrow.Narrowed) != 1 || !strings.Contains(narrow.Narrowed[0], "3 techniques alone") {
		t.Errorf("%d verdicts, %q", len(narrow.Verdicts), narrow.Narrowed)
	}
	only := profile.Read(stated(t, profile.Change{Software: list("S1")}), lib).Narrow(*a)
	if len(only.Verdicts) != 1 || only.Totals.Analytics != 1 || only.Totals.Assured != 1 || len(a.Verdicts) != 3 {
		t.Errorf("narrowed to S1: %+v", only.Totals)
	}
}

func TestAnObjectIsReadForAProfile(t *testing.T) {
	lib := shelf()
	s := profile.Read(stated(t, profile.Change{Groups: list("G1"), Techniques: list("T3"), Layer: "plan.json"}), lib)
	for id, want := range map[string]string{
		"T1": "members of it use 1 of the 1 technique here themselves",
		"T3": "members of it use, or its layer picks out, 1 of the 1 technique here themselves",
		"S1": "members of it use 1 of the 1 technique",
		"G1": "G1 is in it",
		"G5": "is about no live technique",
		"G2": "members of it use, or its layer picks out, 1 of the 1",
	} {
		if u := s.Use(lib.ByATTACKID(id)[0], lib); !strings.Contains(u.Text, want) {
			t.Errorf("%s: %q, want %q", id, u.Text, want)
		}
	}
	none := profile.Read(stated(t, profile.Change{Software: list("S1")}), lib)
	if u := none.Use(lib.ByATTACKID("T1")[0], lib); !strings.Contains(u.Text, "none of it uses any of 1 technique") || len(u.Used) != 0 {
		t.Errorf("%+v", u)
	}
}
