package sqlite

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/store"
)

func TestMembersComeBackInTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.Uint32Range(1, 40)).Draw(t, "ids")
		m, ok := unpackMembers(packMembers(ids))
		if !ok || !slices.Equal(m.ids(), ids) || m.length != len(ids) {
			t.Fatalf("%v comes back as %v, %v", ids, m.ids(), ok)
		}
		for id := range uint32(42) {
			last := -1
			for i, have := range ids {
				if have == id {
					last = i
				}
			}
			if at, ok := m.ordinal(id); ok != (last >= 0) || ok && at != last {
				t.Fatalf("snapshot %d of %v is at %d, %v; want %d", id, ids, at, ok, last)
			}
		}
	})
}

func TestDamagedMembersAreRefused(t *testing.T) {
	for _, b := range [][]byte{{0x80}, {2}, {2, 0}, {1, 1}, {2, 0x80}} {
		if _, ok := unpackMembers(b); ok {
			t.Errorf("%v is read", b)
		}
	}
}

// aView is a view with something in every field.
func aView() *view {
	return &view{
		ids: []uint32{7, 8, 9},
		cards: []card{
			{Header: store.Header{StixID: "tool--1", Type: "tool", Kind: attack.KindTool, ATTACKID: "S1", Name: "one", Version: "1.0",
				Modified: "m", Revoked: true, Platforms: []string{"Windows", "Linux"}}, former: "F", short: "s", phases: []string{"c/p"}, logs: []string{"l", "l"}, wording: 300},
			{Header: store.Header{StixID: "relationship--1", Type: "relationship", Kind: attack.KindRelationship, Modified: "m", Deprecated: true}},
			{Header: store.Header{StixID: "tool--1", Type: "tool", Kind: attack.KindTool}},
		},
		edges: []edge{
			{typ: "uses", from: 0, to: ^0, by: 1}, {typ: attack.ReadsSource, field: "f", from: 0, to: 0, by: -1, log: &attack.LogSource{Name: "n", Channel: "None"}},
		},
		outside: []string{"attack-pattern--gone"}, spare: []int32{2},
	}
}

func encode(v *view) []byte {
	e := &encoder{known: map[string]uint64{}}
	v.code(e)
	return e.out
}

func TestAViewComesBackAsItWas(t *testing.T) {
	d := &decoder{in: string(encode(aView()))}
	got := &view{ids: []uint32{7, 8, 9}}
	got.code(d)
	if d.bad || !got.sound() || d.at != len(d.in) {
		t.Fatalf("bad %v, sound %v, %d of %d bytes read", d.bad, got.sound(), d.at, len(d.in))
	}
	opts := cmp.AllowUnexported(card{}, edge{})
	want := aView()
	for _, c := range [][2]any{{want.cards, got.cards}, {want.edges, got.edges}, {want.outside, got.outside}, {want.spare, got.spare}} {
		if diff := cmp.Diff(c[0], c[1], opts); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestDamagedViewsDoNotPanic(t *testing.T) {
	whole := encode(aView())
	rapid.Check(t, func(t *rapid.T) {
		b := slices.Clone(whole[:rapid.IntRange(0, len(whole)).Draw(t, "length")])
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			if len(b) > 0 {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			}
		}
		d := &decoder{in: string(b)}
		v := &view{ids: []uint32{7, 8, 9}}
		v.code(d)
		if len(b) < len(whole) && slices.Equal(b, whole[:len(b)]) && !d.bad {
			t.Fatal("a view that is cut off is read")
		}
		if !d.bad && v.sound() {
			v.derive()
			for i := range v.edges {
				v.relation(int32(i), true)
			}
		}
	})
}

func TestTheCacheKeepsWhatWasUsedLast(t *testing.T) {
	c := newCache[int, string](2)
	is := func(n int) func(int, string) bool { return func(k int, _ string) bool { return k == n } }
	c.put(1, "one")
	c.put(2, "two")
	if v, ok := c.find(is(1)); !ok || v != "one" {
		t.Errorf("found %q, %v", v, ok)
	}
	c.put(3, "three")
	c.put(3, "drei")
	for n, want := range map[int]string{1: "one", 2: "", 3: "drei"} {
		if v, ok := c.find(is(n)); v != want || ok != (want != "") {
			t.Errorf("%d is %q, %v; want %q", n, v, ok, want)
		}
	}
}
