package stix_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/fault"
)

// FuzzRead reads any bytes: nothing panics, nothing is accepted that is not
// valid JSON, what is accepted decodes again to the same, and every refusal is a
// fault with a place.
func FuzzRead(f *testing.F) {
	f.Add([]byte(bundle(tool)))
	f.Add(packed(bundle(tool)))
	f.Fuzz(func(t *testing.T, file []byte) {
		var snaps []*attack.Snapshot
		src := stix.Source{Name: "f.json", Reader: bytes.NewReader(file), Limits: stix.Limits{File: 1 << 20, Object: 1 << 16, Depth: 64}}
		sum, err := stix.Read(context.Background(), src, func(s *attack.Snapshot) error {
			snaps = append(snaps, s)
			return nil
		})
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("refused with %v, which is not an invalid fault", err)
			}
			return
		}
		if !bytes.HasPrefix(file, []byte("\x1f\x8b")) && (!json.Valid(file) || sum.Size != int64(len(file))) {
			t.Errorf("accepted %d bytes of %q", sum.Size, file)
		}
		if sum.Objects != len(snaps) {
			t.Errorf("%d objects are counted, %d were read", sum.Objects, len(snaps))
		}
		var d stix.Decoder
		for _, s := range snaps {
			again, _, err := d.Decode(s.Raw)
			if err != nil || !json.Valid(s.Raw) || again.ObjectHash != s.ObjectHash || again.Object.ID != s.Object.ID {
				t.Errorf("%s does not decode again: %v", s.Raw, err)
			}
		}
	})
}

func FuzzDistinct(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":[1,{"d":2,"d":3}]},"a":{"x":1}}`))
	f.Add([]byte(`{"a":{"x":1,"y":2}, "\u0061":{"x":3}, "a" : null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := stix.Distinct(raw)
		valid := jsontext.Value(raw).IsValid(jsontext.AllowDuplicateNames(true))
		if !valid || jsontext.Value(raw).Kind() != '{' {
			return // it must end, and that is all
		}
		if !jsontext.Value(got).IsValid() {
			t.Fatalf("%q becomes %q, which is not valid or repeats a key", raw, got)
		}
		if want, _ := lastOf(raw); !sameText(t, want, got) {
			t.Errorf("%q becomes %q, want the meaning of %q", raw, got, want)
		}
	})
}

// lastOf is what Distinct does, token by token and without a thought for speed.
func lastOf(raw []byte) ([]byte, error) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	v, err := treeOf(d)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func treeOf(d *jsontext.Decoder) (any, error) {
	tok, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		m := map[string]any{}
		for d.PeekKind() == '"' {
			key, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			name := key.String()
			if m[name], err = treeOf(d); err != nil {
				return nil, err
			}
		}
		_, err = d.ReadToken()
		return m, err
	case '[':
		l := []any{}
		for d.PeekKind() != ']' && d.PeekKind() > 0 {
			v, err := treeOf(d)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		_, err = d.ReadToken()
		return l, err
	case '"':
		return tok.String(), nil
	case '0':
		return json.Number(tok.String()), nil
	case 't', 'f':
		return tok.Bool(), nil
	}
	return nil, nil
}

// sameText reports whether two texts are the same JSON, with numbers as spelled.
func sameText(t *testing.T, a, b []byte) bool {
	x, errX := treeOf(jsontext.NewDecoder(bytes.NewReader(a)))
	y, errY := treeOf(jsontext.NewDecoder(bytes.NewReader(b)))
	if errX != nil || errY != nil {
		t.Fatalf("%q: %v; %q: %v", a, errX, b, errY)
	}
	return reflect.DeepEqual(x, y)
}
