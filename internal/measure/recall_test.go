package measure_test

import (
	"testing"
	"time"

	"candor/internal/day"
	"candor/internal/exercise"
	"candor/internal/measure"
)

func tried(technique string, ago int, o exercise.Outcome) exercise.Exercise {
	return exercise.Exercise{Technique: technique, Outcome: o, Time: time.Date(2026, 6, 30, 9, 0, 0, 0, time.UTC).AddDate(0, 0, -ago)}
}

func recallPolicy() measure.RecallPolicy {
	return measure.RecallPolicy{Passing: []string{"alerted"}, MaxAgeDays: 180, Confidence: 0.95}
}

const judgedOn = day.Date("2026-06-30")

func TestRecallCountsWhatWasDetectedOfWhatWasTried(t *testing.T) {
	r := measure.RecallOf("organisation", []exercise.Exercise{
		tried("T1", 1, exercise.Alerted), tried("T1", 2, exercise.Alerted), tried("T2", 3, exercise.Logged),
		tried("T2", 4, exercise.None), tried("T3", 5, exercise.Blocked), tried("T4", -1, exercise.None),
	}, judgedOn, recallPolicy())
	if r.Detected != 2 || r.Exercises != 4 || r.Logged != 1 || r.Blocked != 1 || r.Source != "exercises" {
		t.Errorf("got %+v, want 2 of 4, one logged, one blocked and left out, the one of tomorrow left out", r)
	}
	if want := measure.Jeffreys(2, 4, 0.95); *r.Interval != want {
		t.Errorf("interval %v, want %v", *r.Interval, want)
	}
}

func TestAnOldFailureCountsUntilSomethingPasses(t *testing.T) {
	old := []exercise.Exercise{tried("T1", 400, exercise.None), tried("T1", 500, exercise.Alerted)}
	if r := measure.RecallOf("T1", old, judgedOn, recallPolicy()); r.Exercises != 1 || r.Detected != 0 || r.Expired != 1 {
		t.Errorf("got %+v, want the failure to stand and the pass before it to be out of date", r)
	}
	passed := append(old, tried("T1", 300, exercise.Alerted))
	if r := measure.RecallOf("T1", passed, judgedOn, recallPolicy()); r.Exercises != 0 || r.Expired != 3 || r.Recall != nil {
		t.Errorf("got %+v, want nothing in date and no figure", r)
	}
}

func TestRecallsAreBySubject(t *testing.T) {
	all := []exercise.Exercise{tried("t2", 1, exercise.None), tried("T1", 1, exercise.Alerted), tried("T2", 1, exercise.Alerted), {}}
	got := measure.Recalls(all, func(e exercise.Exercise) string { return e.Technique }, judgedOn, recallPolicy())
	if len(got) != 2 || got[0].Of != "T1" || got[1].Of != "T2" || got[1].Exercises != 2 {
		t.Errorf("got %+v, want T1 and T2, and two exercises of T2", got)
	}
}
