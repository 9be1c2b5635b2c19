package alert

import (
	"testing"
	"time"
)

// check turns a draft into an alert and returns what was said of it.
func check(d Draft) (a *Alert, fails, warnings []string) {
	c := &Checker{
		When: func(_, text string) (time.Time, bool) {
			t, err := time.Parse(time.DateOnly, text)
			return t, err == nil
		},
		Help: "not a day",
		Fail: func(field, _, _ string) { fails = append(fails, field) },
		Warn: func(text string) { warnings = append(warnings, text) },
	}
	c.Alert(&d)
	return c.Alert(&d), fails, warnings
}

func whole() Draft {
	return Draft{ID: "a", RuleID: "r", Time: "2026-03-01", Disposition: "true_positive", Provenance: "incident"}
}

func TestADraftIsRefusedForEachWrongField(t *testing.T) {
	for field, spoil := range map[string]func(*Draft){
		"id":               func(d *Draft) { d.ID = "" },
		"rule_id":          func(d *Draft) { d.RuleID = "" },
		"time":             func(d *Draft) { d.Time = "noon" },
		"score":            func(d *Draft) { d.Score = "NaN" },
		"disposition":      func(d *Draft) { d.Disposition = "dubious" },
		"disposition_time": func(d *Draft) { d.DispositionTime = "later" },
		"provenance":       func(d *Draft) { d.Provenance = "oracle" },
		"reading":          func(d *Draft) { d.Reading = "third" },
		"disposition_by":   func(d *Draft) { d.Reading = "second" },
		"duplicate_of":     func(d *Draft) { d.DuplicateOf = "b" },
	} {
		d := whole()
		spoil(&d)
		if _, fails, _ := check(d); len(fails) == 0 || fails[0] != field {
			t.Errorf("%s: refused for %q", field, fails)
		}
	}
	if _, fails, warnings := check(whole()); len(fails)+len(warnings) != 0 {
		t.Errorf("a whole draft: refused for %q, warnings %q", fails, warnings)
	}
}

func TestAStatementSaysWhichReadingItIsAndWhatItRepeats(t *testing.T) {
	d := whole()
	d.Disposition, d.DuplicateOf, d.Provenance, d.Reading, d.DispositionBy = "duplicate", "b", "AI", "Second", "bob"
	a, fails, _ := check(d)
	if len(fails) > 0 || !a.Disposition.Second || a.Disposition.DuplicateOf != "b" || a.Disposition.Provenance != AI {
		t.Errorf("refused for %q: %+v", fails, a.Disposition)
	}
	d.DuplicateOf = "a"
	if _, fails, _ := check(d); len(fails) == 0 || fails[0] != "duplicate_of" {
		t.Errorf("an alert that repeats itself is refused for %q", fails)
	}
}

func TestADispositionTakesTheTimeOfItsAlert(t *testing.T) {
	d := whole()
	a, _, _ := check(d)
	if !a.Disposition.Time.Equal(a.Time) || a.Disposition.Provenance != Incident || a.Disposition.AlertID != "a" {
		t.Errorf("%+v", a.Disposition)
	}
	d.DispositionTime = "2026-03-04"
	if a, _, _ = check(d); a.Disposition.Time.Equal(a.Time) {
		t.Errorf("its own time is lost: %+v", a.Disposition)
	}
}

func TestNoWordIsNoStatementAndOpenIsOne(t *testing.T) {
	d := whole()
	d.Disposition = ""
	if a, _, _ := check(d); a.Disposition != nil {
		t.Errorf("%+v", a.Disposition)
	}
	for word, want := range map[string]Class{"open": Open, "Reopened": Open, "undetermined": Unlabelled, "none": Unlabelled, "unlabelled": Unlabelled} {
		d.Disposition = word
		if a, _, _ := check(d); a.Disposition == nil || a.Disposition.Class != want {
			t.Errorf("%s: %+v, want %s", word, a.Disposition, want)
		}
	}
}

func TestAnAssumedProvenanceIsSaidOnce(t *testing.T) {
	d := whole()
	d.Provenance = ""
	if a, _, warnings := check(d); a.Disposition.Provenance != Analyst || len(warnings) != 1 {
		t.Errorf("%+v, warnings %q", a.Disposition, warnings)
	}
}

func TestTheVendorsWordIsKeptWhereItIsAnother(t *testing.T) {
	d := whole()
	d.Word = "TruePositive"
	if a, _, _ := check(d); a.Disposition.Word != "TruePositive" {
		t.Errorf("%+v", a.Disposition)
	}
	d.Word = "true_positive"
	if a, _, _ := check(d); a.Disposition.Word != "" {
		t.Errorf("%+v", a.Disposition)
	}
}
