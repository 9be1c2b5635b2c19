package assure

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/telemetry"
)

// proven is a world in which AN0100 is reliable by rule r, of log source mail.
func proven() *world {
	w := new(world)
	w.feed(1, "mail").rule("r", "AN0100").alerts("r", 40, 0).exercise("AN0100", 10, exercise.Alerted).runbook("me", 5, "AN0100")
	for i := range w.Telemetry.Observations {
		w.Telemetry.Observations[i].Value.Hosts = 3
	}
	w.Telemetry.Sources = append(w.Telemetry.Sources, evidence.Of[telemetry.Source]{Batch: "b-source", Value: telemetry.Source{Name: "mail", Channel: "c", Hosts: 3}})
	return w
}

func (w *world) except(e Exempt) *world {
	w.Exceptions = append(w.Exceptions, e)
	return w
}

func hiding(n int64) Exempt {
	e := Exempt{Exception: detection.Exception{ID: "e1", RuleID: "r", Condition: `entity = "a"`, Owner: "me", Expires: "2027-01-01"}, Batch: "b-ex", True: 40, Hides: n}
	if n > 0 {
		e.Alerts = []string{"a1"}
	}
	return e
}

func TestAnExceptionThatHidesATrueAlertLeavesARuleOnly(t *testing.T) {
	if v := verdict(t, assess(t, proven()), "AN0100"); v.Rung != Reliable {
		t.Fatalf("without an exception it is %s: %s", v.Rung, v.Sentence)
	}
	v := verdict(t, assess(t, proven().except(hiding(1))), "AN0100")
	if v.Rung != RuleOnly || !slices.Contains(codes(v), exceptionHides) || !strings.Contains(v.Sentence, "Exception e1 would have hidden 1 of 40 alerts of rule Rule r that are known to be true (a1)") {
		t.Errorf("%s, %v: %s", v.Rung, codes(v), v.Sentence)
	}
	if !slices.Equal(actions(v), []string{"narrow_exception r"}) || !v.Next[0].Alone {
		t.Errorf("next %v", v.Next)
	}
	v = verdict(t, assess(t, proven().except(hiding(0))), "AN0100")
	if v.Rung != Reliable || !slices.ContainsFunc(v.Limits, func(l string) bool {
		return strings.Contains(l, "Exception e1 of rule Rule r, owned by me until 2027-01-01")
	}) {
		t.Errorf("%s: %q", v.Rung, v.Limits)
	}
}

func TestWhatIsWantingOfAnExceptionIsSaid(t *testing.T) {
	for name, of := range map[string]struct {
		change func(*Exempt)
		rung   Rung
		want   string
	}{
		"expired":                       {func(e *Exempt) { e.Expires = "2026-05-01" }, Reliable, "expired on 2026-05-01 and still stands."},
		"expired, and hides":            {func(e *Exempt) { e.Expires = "2026-05-01"; *e = withHidden(*e) }, RuleOnly, "expired on 2026-05-01 and still stands."},
		"ended by its product, and hid": {func(e *Exempt) { e.Expires, e.Ends = "2026-05-01", true; *e = withHidden(*e) }, Reliable, "ended on 2026-05-01"},
		"nobody's":                      {func(e *Exempt) { e.Owner = "" }, Reliable, "has no owner."},
		"nobody's, for ever":            {func(e *Exempt) { e.Owner, e.Expires = "", "" }, Reliable, "has no owner, has no end."},
		"unknown":                       {func(e *Exempt) { e.Unknown, e.Lacks = 3, []string{"host"} }, Reliable, "Whether it hides 3 of 40 alerts that are known to be true is not known: they do not carry host."},
	} {
		e := hiding(0)
		of.change(&e)
		v := verdict(t, assess(t, proven().except(e)), "AN0100")
		if v.Rung != of.rung || !slices.ContainsFunc(v.Limits, func(l string) bool { return strings.Contains(l, of.want) }) {
			t.Errorf("%s: %s, %q", name, v.Rung, v.Limits)
		}
	}
	later := hiding(1)
	later.Since = "2026-12-01"
	if v := verdict(t, assess(t, proven().except(later)), "AN0100"); v.Rung != Reliable || len(v.Exceptions) > 0 {
		t.Errorf("one that has not begun: %s", v.Rung)
	}
}

func withHidden(e Exempt) Exempt {
	e.Hides, e.Alerts = 1, []string{"a1"}
	return e
}

func TestARuleThatSomethingIsInTheWayOfProvesNothingForOthers(t *testing.T) {
	w := proven().except(hiding(1)).rule("other", "AN0100")
	v := verdict(t, assess(t, w), "AN0100")
	if v.Measurement.Alerts != 0 || v.Rung != Reliable { // by the exercise
		t.Errorf("%s, %d alerts", v.Rung, v.Measurement.Alerts)
	}
	if !slices.ContainsFunc(v.Limits, func(l string) bool {
		return strings.Contains(l, "1 rule that claims it is left out of what was measured")
	}) {
		t.Errorf("%q", v.Limits)
	}
	q := Asked{Purpose: Reporting, Kind: "rule", ID: "r", Verdicts: []Verdict{v}, Measurement: v.Measurement}
	if d := Gate(q, testPolicy(), "2026-06-01"); d.Allowed || !slices.ContainsFunc(d.Checks, func(c Check) bool { return c.Name == exceptionHides && !c.OK }) {
		t.Errorf("%+v", d)
	}
}

// needing is proven by a rule that reads field f of mail.
func needing(optional ...string) *world {
	w := proven()
	w.Rules[0].Value.Fields, w.Rules[0].Value.Optional = []string{"f"}, optional
	w.Rules[0].Value.Logs = []detection.Log{{Name: "mail", Channel: "c"}}
	return w
}

func (w *world) field(source, name string, share float64) *world {
	w.Fields = append(w.Fields, evidence.Of[telemetry.FieldShare]{Batch: "b-field", Value: telemetry.FieldShare{Source: source, Field: name, Share: share, Events: 100, Day: "2026-05-30"}})
	return w
}

func TestARuleWhoseFieldIsMissingDoesNotSee(t *testing.T) {
	limit := "In how many events these fields arrive was not measured where they are needed: f of rule Rule r."
	for name, of := range map[string]struct {
		w     *world
		rung  Rung
		limit string
	}{
		"nobody measured a field":    {needing(), Reliable, ""},
		"carried":                    {needing().field("mail", "f", 0.9), Reliable, ""},
		"scarce":                     {needing().field("MAIL", "F", 0.12), RuleOnly, ""},
		"scarce, and not needed":     {needing("f").field("mail", "f", 0.12), Reliable, ""},
		"the channel's own field":    {channelled().field("mail", "g", 0.1), Reliable, ""},
		"measured at another source": {needing().field("script", "f", 0.12), Reliable, limit},
		"another field was measured": {needing().field("mail", "g", 0.12), Reliable, limit},
		"two places weigh by events": {needing().field("mail", "f", 1).siteField(0.5, 900), RuleOnly, ""},
		"measured before the window": {needing().field("mail", "g", 1).oldField(0.1), Reliable, limit},
	} {
		v := verdict(t, assess(t, of.w), "AN0100")
		if v.Rung != of.rung || of.limit != "" && !slices.Contains(v.Limits, of.limit) {
			t.Errorf("%s: %s, %q", name, v.Rung, v.Limits)
		}
	}
	v := verdict(t, assess(t, needing().field("mail", "f", 0.12)), "AN0100")
	if want := "Rule Rule r needs field f, which 12 % of the events of mail / c carry; policy asks for 80 %: it does not see."; !strings.Contains(v.Sentence, want) {
		t.Errorf("%s", v.Sentence)
	}
	if !slices.Equal(actions(v), []string{"collect_field r"}) {
		t.Errorf("%v", v.Next)
	}
}

// channelled needs nothing but what tells channels apart.
func channelled() *world {
	w := needing()
	w.Rules[0].Value.Fields = []string{"EventID"}
	return w
}

func (w *world) siteField(share float64, events int64) *world {
	w.field("mail", "f", share)
	f := &w.Fields[len(w.Fields)-1].Value
	f.Site, f.Events = "elsewhere", events
	return w
}

func (w *world) oldField(share float64) *world {
	w.field("mail", "f", share)
	w.Fields[len(w.Fields)-1].Value.Day = "2025-01-01"
	return w
}

func TestAnotherLogSourceThatCarriesTheFieldWillDo(t *testing.T) {
	w := needing().field("mail", "f", 0.1)
	w.Rules[0].Value.Logs = append(w.Rules[0].Value.Logs, detection.Log{Name: "script", Channel: "c"})
	if v := verdict(t, assess(t, w), "AN0100"); v.Rung != RuleOnly {
		t.Errorf("one that does not arrive: %s", v.Rung)
	}
	w.feed(1, "script")
	if v := verdict(t, assess(t, w), "AN0100"); v.Rung != Reliable {
		t.Errorf("one that arrives and was not measured: %s", v.Rung)
	}
	if v := verdict(t, assess(t, w.field("script", "f", 0.2)), "AN0100"); v.Rung != RuleOnly || !strings.Contains(v.Sentence, "20 % of the events of script") {
		t.Errorf("one that lacks it too: %s: %s", v.Rung, v.Sentence)
	}
	if v := verdict(t, assess(t, w.field("script", "f", 1)), "AN0100"); v.Rung != RuleOnly {
		t.Errorf("of two statements about one day the lower counts: %s", v.Rung)
	}
}

func TestWhatArrivesLateIsSaidAndBounds(t *testing.T) {
	late := func(seconds float64) *world {
		w := proven()
		for i := range w.Telemetry.Observations {
			w.Telemetry.Observations[i].Value.P95Latency = &seconds
		}
		return w
	}
	for seconds, of := range map[float64]struct {
		rung  Rung
		limit string
	}{
		30: {Reliable, ""}, 7300: {Reliable, "95 % of the events of mail / c arrived within 2.0 hours on 2026-06-29; policy asks for 60 minutes: what looks at it sees it that late."},
		200000: {Proven, "95 % of the events of mail / c arrived within 2.3 days on 2026-06-29"},
	} {
		v := verdict(t, assess(t, late(seconds)), "AN0100")
		said := slices.ContainsFunc(v.Limits, func(l string) bool { return strings.Contains(l, "arrived within") })
		if v.Rung != of.rung || said != (of.limit != "") || said && !slices.ContainsFunc(v.Limits, func(l string) bool { return strings.HasPrefix(l, of.limit) }) {
			t.Errorf("%g: %s %q", seconds, v.Rung, v.Limits)
		}
	}
	if v := verdict(t, assess(t, late(200000)), "AN0100"); !strings.Contains(v.Sentence, "an alert on it comes more than a day after what it is of") || !slices.Equal(actions(v), []string{"verify_feed mail / c"}) {
		t.Errorf("%s %v", v.Sentence, v.Next)
	}
}
