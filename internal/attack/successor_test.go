package attack_test

import (
	"testing"

	"candor/internal/attack"
)

// Where relations lead to several objects in force nothing says which took the place; two ways
// to one object say the same.
func TestSeveralSuccessorsAreNone(t *testing.T) {
	object := func(id string, revoked bool) *attack.Object {
		return &attack.Object{ID: id, Kind: attack.KindTechnique, ATTACKID: id, Revoked: revoked}
	}
	by := func(id, from, to string) *attack.Object {
		return &attack.Object{ID: id, Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: attack.RevokedBy, Source: from, Target: to}}
	}
	l := attack.NewLibrary(attack.Release{}, []*attack.Object{
		object("split", true), object("alike", true), object("gone", true), object("middle", true), object("a", false), object("b", false),
		by("r1", "split", "a"), by("r2", "split", "b"), by("r3", "alike", "a"), by("r4", "alike", "middle"), by("r5", "middle", "a"), by("r6", "gone", "split"),
	})
	for id, want := range map[string]string{"split": "", "gone": "", "alike": "a", "middle": "a"} {
		got := ""
		if next, chain := l.Successor(id); next != nil {
			got = next.ID
		} else if len(chain) == 0 || chain[0] != id {
			t.Errorf("%s: the chain is %q", id, chain)
		}
		if got != want {
			t.Errorf("%s is succeeded by %q, want %q", id, got, want)
		}
	}
	if n := len(l.Successors("gone")); n != 2 {
		t.Errorf("%d may have taken the place", n)
	}
}
