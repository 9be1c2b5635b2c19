package assure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/day"
	"candor/internal/visibility"
)

// Ending is evidence that verdicts rest on and that stops counting after a day unless it
// is renewed.
type Ending struct {
	// Until is the last day on which it counts.
	Until day.Date
	// What names it, and Owner who keeps it where that is known.
	What, Owner string
	// Analytics rest on it, of which Assured are reliable now.
	Analytics []Name
	Assured   int
}

// Endings lists what stops counting within days of the day of an assessment, the first
// to end first: exercises that passed, runbooks that are current, external sources that count,
// exceptions of rules and waivers. What ended before is no news; the verdicts say so.
func Endings(a *Assessment, p Readiness, days int) []Ending {
	e := endings{last: day.Of(a.AsOf).Add(days), by: map[[2]string]*Ending{}}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		if v.Rung == NotApplicable {
			continue
		}
		if t, err := time.Parse(time.RFC3339, v.Exercises.LastTime); err == nil && v.Exercises.State == proofPassed {
			d := day.Of(t)
			e.add(v, Ending{Until: d.Add(p.MaxExerciseAgeDays), What: fmt.Sprintf("exercise %s of %s", v.Exercises.LastTest, d)})
		}
		if r := &v.Runbook; r.State == dutyCurrent {
			e.add(v, Ending{Until: day.Date(r.Reviewed).Add(p.MaxRunbookAgeDays), Owner: r.Owner, What: fmt.Sprintf("runbook %s, reviewed %s", r.ID, r.Reviewed)})
		}
		for _, x := range v.Visibility.Externals {
			if x.Counts {
				e.add(v, external(&x, a.Window))
			}
		}
		for i := range v.Exceptions {
			if x := &v.Exceptions[i]; x.State == exceptionInForce {
				e.add(v, Ending{Until: x.Expires, Owner: x.Owner, What: fmt.Sprintf("exception %s of rule %s", x.Called(), x.RuleID)})
			}
		}
		for _, w := range v.Waivers {
			e.add(v, Ending{Until: w.Until, What: "waiver " + w.ID})
		}
	}
	return e.sorted()
}

// external is when a source that counts stops to: at its end, or before it, once nothing has
// come from it for as long as the window is.
func external(x *visibility.Sight, w visibility.Window) Ending {
	e := Ending{Until: x.Source.Expires, Owner: x.Source.Owner, What: "external source " + x.Source.Name}
	if x.Heard == "" {
		return e
	}
	if silent := x.Heard.Add(w.From.Until(w.To)); silent < e.Until {
		e.Until, e.What = silent, fmt.Sprintf("%s, heard last on %s", e.What, x.Heard)
	}
	return e
}

// endings collects what ends by a day.
type endings struct {
	last day.Date
	by   map[[2]string]*Ending
}

func (e *endings) add(v *Verdict, x Ending) {
	if x.Until == "" || x.Until > e.last {
		return
	}
	key := [2]string{string(x.Until), x.What}
	if e.by[key] == nil {
		e.by[key] = &x
	}
	of := e.by[key]
	of.Analytics = append(of.Analytics, v.Analytic)
	if v.Rung == Reliable {
		of.Assured++
	}
}

func (e *endings) sorted() []Ending {
	list := make([]Ending, 0, len(e.by))
	for _, x := range e.by {
		list = append(list, *x)
	}
	slices.SortFunc(list, func(a, b Ending) int {
		return cmp.Or(cmp.Compare(a.Until, b.Until), cmp.Compare(b.Assured, a.Assured), strings.Compare(a.What, b.What))
	})
	return list
}
