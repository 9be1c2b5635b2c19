package attack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
)

func TestWhoIsAskedFirstDecidesWhatAnIDIs(t *testing.T) {
	lib := attack.NewLibrary(attack.Release{Domain: "x-attack", Version: "1.0"}, []*attack.Object{
		{ID: "t--1", Kind: attack.KindTechnique, ATTACKID: "T1"}, {ID: "t--2", Kind: attack.KindTechnique, ATTACKID: "T2"},
	}).WithRenames(attack.Lineage{
		{{Old: "T5", New: "T6", By: "x 2.0"}, {Old: "T1", New: "T9", By: "x 2.0"}},
		{{Old: "T6", New: "T2", By: "our own"}, {Old: "T2", New: "T9", By: "our own"}, {Old: "T2", New: "T8", By: "our own"}},
		{{Old: "T5", New: "T1", By: "others"}, {Old: "T1", New: "T8", By: "others"}},
	})
	for id, want := range map[string]attack.Readings{
		// Who is asked first knows it, and the others are not asked.
		"T9": {IDs: []string{"T1"}, How: "by x 2.0 T9 took the place of T1"},
		"T8": {IDs: []string{"T2"}, How: "by our own T8 took the place of T2"},
		// Who is asked second goes on from what the first one says.
		"T5": {IDs: []string{"T2"}, How: "by x 2.0 T6 took the place of T5; by our own T2 took the place of T6"},
		"T7": {},
	} {
		if d := cmp.Diff(want, lib.Readings(id)); d != "" {
			t.Errorf("%s (-want +got)\n%s", id, d)
		}
	}
}
