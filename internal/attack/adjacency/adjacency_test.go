package adjacency_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/attack/adjacency"
)

// world is a small release: tactics A and B, techniques by name with the tactics
// and parent that they have, and users with what they use.
type world struct {
	objects []*attack.Object
	n       int
}

func newWorld() *world {
	w := &world{}
	// The matrix puts B before A.
	w.objects = []*attack.Object{
		{ID: "x-mitre-tactic--a", Kind: attack.KindTactic, ATTACKID: "TA01", Name: "Alpha", ShortName: "alpha"},
		{ID: "x-mitre-tactic--b", Kind: attack.KindTactic, ATTACKID: "TA02", Name: "Beta", ShortName: "beta"},
		{ID: "x-mitre-tactic--c", Kind: attack.KindTactic, ATTACKID: "TA03", Name: "Gamma", ShortName: "gamma"},
		{ID: "x-mitre-matrix--m", Kind: attack.KindMatrix, Tactics: []string{"x-mitre-tactic--c", "x-mitre-tactic--b", "x-mitre-tactic--a"}},
	}
	return w
}

func (w *world) relate(typ, from, to string) *attack.Object {
	w.n++
	o := &attack.Object{
		ID: fmt.Sprintf("relationship--%d", w.n), Type: "relationship", Kind: attack.KindRelationship,
		Relationship: &attack.Relationship{Type: typ, Source: from, Target: to},
	}
	w.objects = append(w.objects, o)
	return o
}

func (w *world) technique(id string, tactics ...string) {
	o := &attack.Object{ID: "attack-pattern--" + id, Kind: attack.KindTechnique, ATTACKID: id, Name: "Technique " + id}
	if parent, _, sub := strings.Cut(id, "."); sub {
		o.Kind = attack.KindSubTechnique
		w.relate(attack.SubtechniqueOf, o.ID, "attack-pattern--"+parent)
	}
	for _, t := range tactics {
		o.Phases = append(o.Phases, attack.Phase{Chain: "mitre-attack", Name: t})
	}
	w.objects = append(w.objects, o)
}

func (w *world) user(kind attack.Kind, id string, uses ...string) *attack.Object {
	o := &attack.Object{ID: string(kind) + "--" + id, Kind: kind, ATTACKID: id, Name: id}
	w.objects = append(w.objects, o)
	for _, t := range uses {
		w.relate(attack.Uses, o.ID, "attack-pattern--"+t)
	}
	return o
}

func (w *world) of(id string, opt adjacency.Options) adjacency.Result {
	return adjacency.Of(attack.NewLibrary(attack.Release{}, w.objects), "attack-pattern--"+id, opt)
}

func TestSupportConfidenceAndLift(t *testing.T) {
	w := newWorld()
	w.technique("T1", "alpha")
	w.technique("T2", "beta")
	w.technique("T3", "beta", "gamma")
	w.technique("T4", "alpha")
	w.user(attack.KindGroup, "G1", "T1", "T2", "T3", "T4")
	w.user(attack.KindGroup, "G2", "T1", "T3")
	w.user(attack.KindCampaign, "C1", "T1", "T3")
	w.user(attack.KindCampaign, "C2", "T2")
	w.user(attack.KindMalware, "S1", "T1", "T2")
	w.user(attack.KindGroup, "G3", "T1", "T2").Revoked = true
	w.relate(attack.Uses, "campaign--C2", "attack-pattern--T1").Deprecated = true
	r := w.of("T1", adjacency.Options{MinSupport: 3})
	if r.Level != adjacency.LevelTechnique || len(r.Users) != 3 || r.BasisUsers != 3 || r.AllUsers != 4 {
		t.Fatalf("level %q, %d users, basis %d, all %d", r.Level, len(r.Users), r.BasisUsers, r.AllUsers)
	}
	var got []string
	for _, a := range r.Adjacent {
		got = append(got, fmt.Sprintf("%s %s %d %.3f %.3f", a.Tactic.ATTACKID, a.Technique.ATTACKID, a.Support, a.Confidence, a.Lift))
	}
	want := []string{"TA03 T3 3 1.000 1.333", "TA02 T3 3 1.000 1.333", "TA02 T2 1 0.333 0.667"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows: -want +got\n%s", d)
	}
	only := w.of("T1", adjacency.Options{MinSupport: 3, Tactic: "BETA"})
	if len(only.Adjacent) != 2 {
		t.Errorf("%d rows of one tactic, want 2", len(only.Adjacent))
	}
}

func TestFewUsersBackOffToParentThenTactic(t *testing.T) {
	w := newWorld()
	w.technique("T1", "alpha")
	w.technique("T1.001", "alpha")
	w.technique("T1.002", "alpha")
	w.technique("T2", "alpha")
	w.technique("T3", "beta")
	w.user(attack.KindGroup, "G1", "T1.001", "T3")
	w.user(attack.KindGroup, "G2", "T1.002", "T3")
	w.user(attack.KindGroup, "G3", "T1")
	w.user(attack.KindGroup, "G4", "T2", "T3")
	for _, tt := range []struct {
		id           string
		min          int
		level, words string
		basis        int
	}{
		{"T1.001", 1, adjacency.LevelTechnique, "based on the 1 user of T1.001", 1},
		{"T1.001", 3, adjacency.LevelParent, "T1.001 has 1 user, fewer than 3, so this is based on the 3 users of T1 and its sub-techniques", 3},
		{"T1", 3, adjacency.LevelParent, "T1 has 1 user, fewer than 3, so this is based on the 3 users of T1 and its sub-techniques", 3},
		{"T1.001", 4, adjacency.LevelTactic, "T1.001 has 1 user, fewer than 4, and T1 with its sub-techniques has 3 users, so this is based on the 4 users of any technique of Alpha", 4},
		{"T2", 2, adjacency.LevelTactic, "T2 has 1 user, fewer than 2, so this is based on the 4 users of any technique of Alpha", 4},
		{"T1.001", 0, adjacency.LevelTactic, "fewer than 5", 4},
	} {
		r := w.of(tt.id, adjacency.Options{MinSupport: tt.min})
		if r.Level != tt.level || r.BasisUsers != tt.basis || !strings.Contains(r.Note, tt.words) {
			t.Errorf("%s with %d: level %q on %d: %s", tt.id, tt.min, r.Level, r.BasisUsers, r.Note)
		}
	}
}

func TestWhatIsNoTechniqueHasNothingAdjacent(t *testing.T) {
	w := newWorld()
	w.user(attack.KindGroup, "G1")
	if r := w.of("T9", adjacency.Options{}); len(r.Adjacent) != 0 || r.Technique.StixID != "" {
		t.Errorf("result %+v", r)
	}
}

func TestFiguresAgreeWithEachOther(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		names := []string{"T1", "T1.001", "T2", "T3", "T4"}
		for _, n := range names {
			w.technique(n, rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"alpha", "beta", "gamma"}), 1, 3, rapid.ID).Draw(rt, n)...)
		}
		for i := range rapid.IntRange(0, 8).Draw(rt, "users") {
			w.user(attack.KindGroup, fmt.Sprintf("G%d", i), rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(rt, "uses")...)
		}
		r := w.of("T1", adjacency.Options{MinSupport: rapid.IntRange(1, 4).Draw(rt, "min")})
		for _, a := range r.Adjacent {
			if a.Support != len(a.Users) || a.Support < 1 || a.Support > r.BasisUsers || r.BasisUsers > r.AllUsers {
				rt.Fatalf("support %d of %d of %d, users %v", a.Support, r.BasisUsers, r.AllUsers, a.Users)
			}
			if math.Abs(a.Confidence-float64(a.Support)/float64(r.BasisUsers)) > 1e-12 || a.Confidence > 1 || a.Lift <= 0 {
				rt.Fatalf("confidence %v, lift %v", a.Confidence, a.Lift)
			}
		}
	})
}
