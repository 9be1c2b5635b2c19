package visibility_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/visibility"
)

// TestAViewWithMoreIsTheViewOfAll says that what is supposed is judged as though
// it had been there from the start, and that the view it is added to stays as it
// was.
func TestAViewWithMoreIsTheViewOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have, more := anyTelemetry(t), anyTelemetry(t)
		more.Scope = nil
		all := have
		all.Sources = slices.Concat(have.Sources, more.Sources)
		all.Observations = slices.Concat(have.Observations, more.Observations)
		all.Externals = slices.Concat(have.Externals, more.Externals)
		lib := library()
		base := visibility.NewView(lib, have, policy(), window)
		with := base.With(more)
		for name, tt := range map[string]struct {
			view visibility.View
			of   visibility.Telemetry
		}{"with more": {with, all}, "as it was": {base, have}} {
			want := visibility.Judge(lib, tt.of, policy(), window)
			for _, o := range lib.OfKind(attack.KindAnalytic) {
				if !o.Live() {
					continue
				}
				if diff := cmp.Diff(want[o.ID], tt.view.Of(o)); diff != "" {
					t.Fatalf("%s, %s: %s", name, o.ATTACKID, diff)
				}
				bare := want[o.ID]
				bare.Sentence, bare.Reasons = "", nil
				if diff := cmp.Diff(bare, tt.view.States().Of(o)); diff != "" {
					t.Fatalf("%s, the states alone, %s: %s", name, o.ATTACKID, diff)
				}
			}
		}
	})
}
