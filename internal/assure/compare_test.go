package assure

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/evidence"
	"candor/internal/exercise"
)

func TestAShiftNamesWhatItRestsOn(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100")
	before := assess(t, w)
	w.exercise("AN0100", 3, exercise.Alerted)
	w.Exercises[0].Batch = "exercises-new"
	c := Compare(before, assess(t, w))
	if len(c.Shifts) != 1 || c.Shifts[0].From != Unproven || c.Shifts[0].To != Proven {
		t.Fatalf("shifts %+v, want AN0100 from unproven to proven", c.Shifts)
	}
	b := c.Shifts[0].Because
	if len(b) != 1 || b[0].What != "exercises" || !slices.Equal(b[0].New, []string{"exercises-new"}) || len(b[0].Gone) != 0 {
		t.Errorf("because %+v, want the new exercise alone", b)
	}
	if len(c.Ways) != 1 || c.Ways[0] != (Way{Unproven, Proven, 1}) || len(c.Differences) != 0 {
		t.Errorf("ways %+v, differences %v", c.Ways, c.Differences)
	}
}

func TestEvidenceThatGrewOldIsToldFromEvidenceThatIsNew(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").exercise("AN0100", 3, exercise.Alerted)
	before := assess(t, w)
	after := Assess(miniature(), w.Evidence, testPolicy(), asOf.AddDate(0, 0, 60))
	c := Compare(before, after)
	i := slices.IndexFunc(c.Shifts, func(s Shift) bool { return s.Analytic.ATTACKID == "AN0100" })
	if i < 0 || c.Shifts[i].Because[0].What != "visibility" || !strings.Contains(c.Shifts[i].Because[0].Text, "the same evidence") {
		t.Errorf("shifts %+v, want visibility gone stale", c.Shifts)
	}
	if len(c.Differences) != 0 {
		t.Errorf("differences %v; a window that moved on is none", c.Differences)
	}
	if want := "From 2026-06-30 to 2026-08-29, 60 days later."; c.Order != want || c.Backwards {
		t.Errorf("order %q, want %q", c.Order, want)
	}
	if back := Compare(after, before); !back.Backwards || back.Order != "Backwards: from 2026-08-29 to 2026-06-30, 60 days earlier." {
		t.Errorf("order %q, backwards %v", back.Order, back.Backwards)
	}
	if same := Compare(before, before); same.Backwards || same.Order != "Both are as of 2026-06-30." {
		t.Errorf("order %q of one and the same", same.Order)
	}
	shorter := testPolicy()
	shorter.WindowDays = 30
	if c := Compare(before, Assess(miniature(), w.Evidence, shorter, asOf)); len(c.Differences) != 1 || !strings.HasPrefix(c.Differences[0], "window: ") || !strings.HasSuffix(c.Differences[0], " days before, 30 days after") {
		t.Errorf("differences %v, want the length of the window", c.Differences)
	}
}

func TestAnotherPolicyAloneIsNamed(t *testing.T) {
	w := new(world).scope("Windows").feed(0, "mail").rule("r1", "AN0100").exercise("AN0100", 3, exercise.Logged)
	p := testPolicy()
	p.Version, p.Readiness.Passing = "8", []string{"alerted", "logged"}
	c := Compare(assess(t, w), Assess(miniature(), w.Evidence, p, asOf))
	if len(c.Shifts) != 1 || len(c.Differences) != 1 || !strings.Contains(c.Differences[0], "test 8") {
		t.Errorf("shifts %+v, differences %v", c.Shifts, c.Differences)
	}
}

func TestComparingFindsEveryMoveAndNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawAll(t)
		before := Assess(miniature(), w.Evidence, testPolicy(), asOf)
		x := drawAll(t)
		after := Assess(miniature(), x.Evidence, testPolicy(), asOf)
		c := Compare(kept(t, before), kept(t, after))
		var got []Move
		for _, s := range c.Shifts {
			got = append(got, Move{s.Analytic, s.From, s.To})
			if len(s.Because) == 0 {
				t.Fatalf("%s moved and nothing says why", s.Analytic.ATTACKID)
			}
		}
		if want := movesBetween(before, after); !slices.Equal(sortedMoves(want), sortedMoves(got)) {
			t.Fatalf("shifts %v, want %v", got, want)
		}
		if same := Compare(before, before); len(same.Shifts)+len(same.Appeared)+len(same.Vanished)+len(same.Differences) != 0 {
			t.Fatalf("an assessment differs from itself: %+v", same)
		}
	})
}

// kept is an assessment as it comes back from a file.
func kept(t *rapid.T, a Assessment) (back Assessment) {
	body, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(body, &back)
	}
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestAnalyticsOfOneReleaseAloneAreListed(t *testing.T) {
	a := Assessment{Verdicts: []Verdict{{Analytic: Name{StixID: "x", ATTACKID: "AN2"}, Rung: Blind}}}
	b := Assessment{Verdicts: []Verdict{{Analytic: Name{StixID: "y", ATTACKID: "AN10"}, Rung: Outside, Reasons: []evidence.Reason{}}}}
	c := Compare(a, b)
	if len(c.Appeared) != 1 || c.Appeared[0].Analytic.ATTACKID != "AN10" || len(c.Vanished) != 1 || c.Vanished[0].Rung != Blind {
		t.Errorf("appeared %+v, vanished %+v", c.Appeared, c.Vanished)
	}
}
