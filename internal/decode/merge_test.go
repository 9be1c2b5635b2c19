package decode

import "testing"

func TestMergedKeysStandBehindTheMappingsOwn(t *testing.T) {
	docs, err := Documents("f", []byte("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2, <<: *a}\nc:\n  <<: [*b, {w: 3}]\n  z: 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	top, _ := NewMap("f", docs[0])
	c := top.Map("c")
	for key, want := range map[string]string{"x": "1", "y": "2", "z": "9", "w": "3"} {
		if got := c.String(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if unknown := c.Unknown(); len(unknown) != 0 {
		t.Errorf("%v", unknown)
	}
	docs, _ = Documents("f", []byte("<<: 3\na: b\n"))
	if m, _ := NewMap("f", docs[0]); m != nil {
		if r, bad := m.Bad(); !bad || r.Line != 1 {
			t.Errorf("what is no mapping was merged: %+v", r)
		}
	}
}
