package assure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// TestEvidenceThatEndsSoonIsListedOnceWithAllThatRestOnIt has each kind of evidence at both
// sides of either bound.
func TestEvidenceThatEndsSoonIsListedOnceWithAllThatRestOnIt(t *testing.T) {
	p := Readiness{MaxExerciseAgeDays: 10, MaxRunbookAgeDays: 20}
	of := func(id string, r Rung) Verdict { return Verdict{Analytic: Name{ATTACKID: id}, Rung: r} }
	passed := func(v Verdict, state string, d day.Date) Verdict {
		v.Exercises = Proof{State: state, LastTest: "purple", LastTime: d.Time().Add(9 * time.Hour).Format(time.RFC3339)}
		return v
	}
	runbook := func(v Verdict, state string, d day.Date) Verdict {
		v.Runbook = Duty{State: state, ID: "RB", Owner: "desk", Reviewed: string(d)}
		return v
	}
	waived := func(v Verdict, until day.Date) Verdict {
		v.Waivers = []Waiver{{ID: v.Analytic.ATTACKID, Until: until}}
		return v
	}
	excepted := func(v Verdict, state string, until day.Date) Verdict {
		v.Exceptions = []Exempt{{State: state, Exception: detection.Exception{ID: "x1", Name: "jump hosts", RuleID: "R1", Owner: "soc", Expires: until}}}
		return v
	}
	outside := func(v Verdict, counts bool, until, heard day.Date) Verdict {
		v.Visibility.Externals = []visibility.Sight{{Source: telemetry.External{ID: "x", Name: "Leak watch", Owner: "intel", Expires: until}, Counts: counts, Heard: heard}}
		return v
	}
	a := Assessment{AsOf: day.Date("2026-03-20").Time(), Window: visibility.Window{From: "2026-03-11", To: "2026-03-20"}, Verdicts: []Verdict{
		passed(of("AN1", Reliable), proofPassed, "2026-03-15"),
		passed(of("AN2", Blind), proofPassed, "2026-03-15"),
		passed(of("AN3", Reliable), proofPassed, "2026-03-16"),      // ends a day too late
		passed(of("AN4", Reliable), proofFailed, "2026-03-15"),      // counts for nothing
		passed(of("AN5", NotApplicable), proofPassed, "2026-03-15"), // is not judged
		runbook(of("AN6", Reliable), dutyCurrent, "2026-03-01"),
		runbook(of("AN7", Reliable), dutyExpired, "2026-02-01"),
		runbook(of("AN8", Reliable), dutyCurrent, "2026-03-06"),
		outside(of("AN11", Observable), true, "2026-03-22", "2026-03-18"),
		outside(of("AN12", Outside), false, "2026-03-22", ""),
		outside(of("AN13", Observable), true, "2026-04-22", "2026-03-18"), // both a day too late
		outside(of("AN14", Observable), true, "2026-04-22", "2026-03-15"),
		excepted(of("AN15", Reliable), exceptionInForce, "2026-03-23"), excepted(of("AN16", Blind), exceptionInForce, "2026-03-23"),
		excepted(of("AN17", Blind), exceptionInForce, "2026-04-23"), excepted(of("AN18", Blind), exceptionInForce, ""), excepted(of("AN19", Blind), exceptionExpired, "2026-03-19"),
		waived(of("AN9", Blind), "2026-03-25"), waived(of("AN10", Blind), "2026-03-26"),
	}}
	want := []Ending{
		{Until: "2026-03-21", What: "runbook RB, reviewed 2026-03-01", Owner: "desk", Analytics: []Name{{ATTACKID: "AN6"}}, Assured: 1},
		{Until: "2026-03-22", What: "external source Leak watch", Owner: "intel", Analytics: []Name{{ATTACKID: "AN11"}}},
		{Until: "2026-03-23", What: "exception jump hosts of rule R1", Owner: "soc", Analytics: []Name{{ATTACKID: "AN15"}, {ATTACKID: "AN16"}}, Assured: 1},
		{Until: "2026-03-24", What: "external source Leak watch, heard last on 2026-03-15", Owner: "intel", Analytics: []Name{{ATTACKID: "AN14"}}},
		{Until: "2026-03-25", What: "exercise purple of 2026-03-15", Analytics: []Name{{ATTACKID: "AN1"}, {ATTACKID: "AN2"}}, Assured: 1},
		{Until: "2026-03-25", What: "waiver AN9", Analytics: []Name{{ATTACKID: "AN9"}}},
	}
	if diff := cmp.Diff(want, Endings(&a, p, 5)); diff != "" {
		t.Error(diff)
	}
}
