package reach_test

import (
	"fmt"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/reach"
)

// star is a view of a group that uses n techniques, each of which m others use, one of
// whom is revoked, and one relation of which is withdrawn.
func star(n, m int) (*attack.Library, *attack.Object) {
	of := &attack.Object{ID: "intrusion-set--0", Kind: attack.KindGroup, ATTACKID: "G0000"}
	objects := []*attack.Object{of, {ID: "malware--dead", Kind: attack.KindMalware, Revoked: true}}
	uses := func(by, from, to string, dead bool) {
		objects = append(objects, &attack.Object{ID: "relationship--" + by, Kind: attack.KindRelationship, Deprecated: dead,
			Relationship: &attack.Relationship{Type: attack.Uses, Source: from, Target: to}})
	}
	uses("dead", of.ID, "malware--dead", false)
	for i := range n {
		t := &attack.Object{ID: fmt.Sprintf("attack-pattern--%d", i), Kind: attack.KindTechnique, ATTACKID: fmt.Sprintf("T%04d", i)}
		objects = append(objects, t)
		uses(fmt.Sprint("own", i), of.ID, t.ID, false)
		for j := range m {
			s := &attack.Object{ID: fmt.Sprintf("malware--%d-%d", i, j), Kind: attack.KindMalware, ATTACKID: fmt.Sprintf("S%02d%02d", i, j)}
			objects = append(objects, s)
			uses(fmt.Sprint("far", i, "-", j), s.ID, t.ID, false)
		}
	}
	uses("withdrawn", "malware--0-0", of.ID, true)
	return attack.NewLibrary(attack.Release{}, objects), of
}

func TestWithinTwoStepsIsEachObjectOnceByItsShortestWay(t *testing.T) {
	lib, of := star(5, 3)
	g := reach.Of(lib, of, 2, "")
	if g.Within(1) != 5 || g.Within(2) != 15 || g.LeftOut != 2 {
		t.Errorf("%d and %d objects, %d left out", g.Within(1), g.Within(2), g.LeftOut)
	}
	if len(g.Headings) != 1 || g.Headings[0].Title != "Techniques it uses" || g.Headings[0].Count != 5 || g.Headings[0].Key() != "techniques-it-uses" {
		t.Errorf("headings %+v", g.Headings)
	}
	for _, n := range g.Nodes[6:] {
		if len(n.Ways) != 1 || n.Ways[0].Title != "Used by software" || g.Nodes[n.Ways[0].From].Steps != 1 {
			t.Errorf("%s by %+v", n.Object.ATTACKID, n.Ways)
		}
	}
	if one := reach.Of(lib, of, 1, ""); len(one.Nodes) != 6 {
		t.Errorf("one step: %d objects", len(one.Nodes))
	}
	if none := reach.Of(lib, of, 2, "used-by-groups"); len(none.Nodes) != 1 || len(none.Headings) != 1 {
		t.Errorf("under a heading that it does not have: %d objects", len(none.Nodes))
	}
}

func TestAPictureShowsFortyAndCountsTheRest(t *testing.T) {
	for _, c := range []struct{ n, m, steps, shown int }{{5, 3, 2, 21}, {60, 0, 1, 40}, {60, 0, 2, 40}, {60, 4, 2, 40}, {3, 40, 2, 40}, {0, 0, 2, 1}} {
		lib, of := star(c.n, c.m)
		g := reach.Of(lib, of, c.steps, "")
		p := g.Fold(0)
		shown, folded := 1, 0
		for _, x := range p.Clusters {
			folded += x.Total - len(x.Nodes)
			for _, s := range x.Nodes {
				shown++
				folded += s.Folded
				for _, y := range s.Beyond {
					shown += len(y.Nodes)
				}
			}
		}
		if shown != c.shown || p.Shown != shown || p.Shown+p.Folded != len(g.Nodes) {
			t.Errorf("%+v: %d are shown, it says %d and %d folded of %d", c, shown, p.Shown, p.Folded, len(g.Nodes))
		}
		if c.n <= 14 && folded != p.Folded {
			t.Errorf("%+v: links lead to %d that are folded, of %d", c, folded, p.Folded)
		}
	}
}

func TestLaterPartsOfAPicturePassOverTheFirst(t *testing.T) {
	lib, of := star(60, 0)
	g := reach.Of(lib, of, 1, "")
	p := g.Fold(39)
	if c := p.Clusters[0]; c.First != 39 || len(c.Nodes) != 21 || g.Nodes[c.Nodes[0].Node].Object.ATTACKID != "T0039" {
		t.Errorf("%+v", c)
	}
	if p := g.Fold(100); len(p.Clusters[0].Nodes) != 0 || p.Shown != 1 {
		t.Errorf("beyond the end: %+v", p)
	}
}
