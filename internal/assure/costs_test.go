package assure

import (
	"testing"

	"candor/internal/alert"
	"candor/internal/exercise"
)

// A runbook for AN0300 lifts one analytic, and so does an exercise of T1059 on one
// platform.
func TestProspectsAreRankedByWhatTheyCost(t *testing.T) {
	w := new(world).feed(1, "process", "script", "audit", "usb").rule("r1", "AN0200", "AN0201").rule("r2", "AN0300").
		exercise("AN0300", 10, exercise.Alerted)
	first := func(c Costs) Prospect {
		p := testPolicy()
		p.Costs = c
		return Prospects(miniature(), w.Evidence, p, asOf)[0]
	}
	if p := first(Costs{}); p.Action != actExerciseAndRunbook && p.Action != actWriteRunbook || p.Cost != nil {
		t.Errorf("without costs: %s, cost %v", p.Action, p.Cost)
	}
	if p := first(Costs{WriteRunbook: 1, Exercise: 50}); p.Action != actWriteRunbook || *p.Cost != 1 {
		t.Errorf("with dear exercises: %s, %v", p.Action, p.Cost)
	}
	if p := first(Costs{WriteRunbook: 50, Exercise: 1}); p.Action != actExercise || p.Lifted != 1 || *p.Cost != 1 {
		t.Errorf("with dear runbooks: %s, %v", p.Action, *p.Cost)
	}
	if p := first(Costs{Exercise: 50}); p.Action != actExercise || *p.Cost != 50 {
		t.Errorf("what has no cost comes last: %s, %v", p.Action, p.Cost)
	}
}

func TestLabellingCostsAsManyLabelsAsItTakes(t *testing.T) {
	w := new(world).feed(1, "mail").rule("r1", "AN0100").alerts("r1", 4, 1)
	for i := range 60 {
		w.tally("r1", string(rune('A'+i)), alert.Unlabelled, 1+i%10, 1)
	}
	p := testPolicy()
	p.Costs.Label = 0.5
	for _, pr := range Prospects(miniature(), w.Evidence, p, asOf) {
		if pr.Action == actLabel {
			if n := pr.Supposed.Labels["r1"]; n < 2 || *pr.Cost != 0.5*float64(n) {
				t.Errorf("%d labels cost %v", n, *pr.Cost)
			}
			return
		}
	}
	t.Error("labelling is not among the prospects")
}
