package stix_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

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
