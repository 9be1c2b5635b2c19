// Package away reads tests that took place elsewhere: reports of rsigma's backtest, the
// regression data of Sigma's rules, and results of MITRE's evaluations.
//
// The first two say that a rule fires on recorded events, the last that a product did in
// a laboratory. Nothing of it says that telemetry arrives in the organisation, so that
// every exercise carries its provenance. The package refuses to take for a replay what was
// played to see that a rule stays silent.
package away

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/alert/export"
	"candor/internal/decode"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

// The names of the formats.
const (
	Backtest   = "rsigma-backtest"
	Regression = "sigma-regression"
	MITRE      = "mitre-evaluation"
)

// SniffBacktest reports whether a file is a report of rsigma rule backtest.
func SniffBacktest(head []byte, _ string) bool {
	return export.Has(head, "expectations_total", "events_processed", "rules_loaded")
}

// tests finds the key that every description of regression tests of Sigma's has.
var tests = regexp.MustCompile(`(?m)^regression_tests_info\s*:`)

// SniffRegression reports whether a file describes regression tests of Sigma rules, or
// is one of the recordings that lie beside.
func SniffRegression(head []byte, name string) bool {
	return tests.Match(head) || strings.HasSuffix(name, ".json") && export.Has(head, "Event", "System", "EventRecordID")
}

// SniffMITRE reports whether a file is the results of a participant of MITRE's evaluations.
func SniffMITRE(head []byte, _ string) bool {
	return export.Has(head, "Participant_Name", "Adversaries") || export.Has(head, "Adversary_Name", "Detections_By_Step")
}

// lists reads the records of a JSON file, each of which may say of several tests.
func lists(file string, text io.Reader, read func(*export.Record) []exercise.Exercise) (evidence.Decoded[exercise.Exercise], error) {
	all, err := export.CollectLists(file, text, nil, func(r *export.Record) ([]exercise.Exercise, bool) {
		found := read(r)
		return found, len(found) > 0
	})
	out := evidence.Decoded[exercise.Exercise]{Rejects: all.Rejects, Warnings: all.Warnings}
	for _, found := range all.Records {
		out.Records = append(out.Records, found...)
	}
	return out, err
}

// DecodeBacktest reads a report of rsigma rule backtest: a replay for each expectation that
// its rule fires. The report has no date.
func DecodeBacktest(file string, text io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return lists(file, text, func(r *export.Record) []exercise.Exercise {
		rules := map[string]export.Object{}
		for _, o := range r.Objects("rules") {
			rules[cmp.Or(o.Text("rule_id"), o.Text("rule_title"))] = o
		}
		var found []exercise.Exercise
		for _, x := range r.Objects("expectations") {
			if !fires(x.Text("bound")) {
				r.Note("expectations that a rule stays silent say nothing of what it detects and were passed over")
				continue
			}
			id := x.Text("rule_key", "rule")
			actual, err := strconv.Atoi(x.Text("actual"))
			if id == "" || err != nil {
				r.Note("expectations without a rule and a number of fires were passed over")
				continue
			}
			o := rules[id]
			e := exercise.Exercise{Provenance: exercise.Replay, RuleID: cmp.Or(o.Text("rule_id"), id), Test: "rsigma backtest", Outcome: exercise.None, Notes: fmt.Sprintf("fired %d times, expected %s", actual, x.Text("bound"))}
			if files := within(o, "by_file").Sorted(); len(files) > 0 {
				names := make([]string, len(files))
				for i, f := range files {
					names[i] = f.Name
				}
				e.Test += " of " + strings.Join(names, ", ")
			}
			if actual > 0 {
				e.Outcome = exercise.Alerted
			}
			found = append(found, e)
		}
		if len(r.Objects("unexpected")) > 0 {
			r.Note("of rules that fired without an expectation it is not known what they fired on; they were passed over")
		}
		return found
	})
}

// within returns the object under a name; nil where there is none.
func within(o export.Object, name string) export.Object {
	v, ok := o.Get(name)
	if !ok {
		return nil
	}
	sub, _ := v.Object()
	return sub
}

// number finds the first number of a bound.
var number = regexp.MustCompile(`[0-9]+`)

// fires reports whether a bound asks that a rule fires: at least once, exactly twice.
func fires(bound string) bool {
	n, err := strconv.Atoi(number.FindString(bound))
	return err == nil && n > 0 && !strings.Contains(bound, "<") && !strings.Contains(bound, "at most")
}

// described is what a description of regression tests says.
type described struct {
	Date  string `yaml:"date"`
	Rules []struct {
		ID string `yaml:"id"`
	} `yaml:"rule_metadata"`
	Tests []struct {
		Name       string `yaml:"name"`
		Path       string `yaml:"path"`
		MatchCount *int   `yaml:"match_count"`
	} `yaml:"regression_tests_info"`
}

// DecodeRegression reads the description of regression tests of Sigma rules: a replay for
// each test of each rule. That the rule fires is what its authors state and test. A
// recording beside it is passed over.
func DecodeRegression(file string, text io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	out := evidence.Decoded[exercise.Exercise]{}
	data, err := io.ReadAll(text)
	if err != nil {
		return out, err
	}
	if strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		out.Warnings = []string{file + ": a recording of events is played by the description beside it (info.yml) and was passed over"}
		return out, nil
	}
	var d described
	if err := yaml.Unmarshal(data, &d); err != nil {
		out.Rejects = []evidence.Reject{{File: file, Line: 1, Reason: "not YAML: " + err.Error()}}
		return out, nil
	}
	at, ok := (&decode.Clock{}).Time(d.Date)
	if d.Date != "" && !ok {
		out.Rejects = []evidence.Reject{{File: file, Line: 1, Field: "date", Value: d.Date, Reason: decode.TimeHelp}}
		return out, nil
	}
	for _, rule := range d.Rules {
		for _, test := range d.Tests {
			switch {
			case rule.ID == "":
				out.Rejects = append(out.Rejects, evidence.Reject{File: file, Line: 1, Field: "rule_metadata", Reason: "a rule has no id"})
			case test.MatchCount != nil && *test.MatchCount == 0:
				out.Warnings = append(out.Warnings, file+": a test that a rule stays silent says nothing of what it detects and was passed over")
			default:
				name := test.Path[strings.LastIndexAny(test.Path, `/\`)+1:]
				out.Records = append(out.Records, exercise.Exercise{Provenance: exercise.Replay, RuleID: rule.ID, Test: cmp.Or(test.Name, "regression test") + " " + name,
					Time: at, Outcome: exercise.Alerted, Notes: "as its authors state: Sigma regression data"})
			}
		}
	}
	if len(d.Rules) == 0 || len(d.Tests) == 0 {
		out.Rejects = append(out.Rejects, evidence.Reject{File: file, Line: 1, Reason: "it names no rule (rule_metadata), or no test (regression_tests_info)"})
	}
	return out, nil
}

// DecodeMITRE reads the results of a participant of MITRE's evaluations: an evaluation for
// each sub-step.
func DecodeMITRE(file string, text io.Reader) (evidence.Decoded[exercise.Exercise], error) {
	return lists(file, text, func(r *export.Record) []exercise.Exercise {
		adversaries := r.Objects("Adversaries")
		if len(adversaries) == 0 {
			adversaries = []export.Object{r.Object}
		}
		var found []exercise.Exercise
		for _, a := range adversaries {
			for _, m := range within(a, "Detections_By_Step").Sorted() {
				name := m.Name
				of, _ := m.Value.Object()
				what := strings.Join(strings.Fields(fmt.Sprintf("%s: %s %s, %s", r.Text("Participant_Name"), cmp.Or(a.Text("Display_Name"), a.Text("Adversary_Name")), a.Text("Evaluation_Year"), strings.ReplaceAll(name, "_", " "))), " ")
				for _, s := range of.Objects("Steps.Substeps") {
					if e, ok := substep(r, s); ok {
						e.Test = what + ", " + s.Text("Substep")

						found = append(found, e)
					}
				}
			}
		}
		return found
	})
}

// substep reads a sub-step of an evaluation. It alerted where what the product made of it
// was shown with a severity, as an indicator or an alert; anything else that was seen is
// logged.
func substep(r *export.Record, s export.Object) (exercise.Exercise, bool) {
	e := exercise.Exercise{Provenance: exercise.Evaluation, Outcome: exercise.None}
	for _, word := range []string{s.Text("Subtechnique.Subtechnique_Id"), s.Text("Technique.Technique_Id")} {
		if ids := (&decode.Once{}).Techniques([]string{word}); len(ids) > 0 && e.Technique == "" {
			e.Technique = ids[0]
		}
	}
	if e.Technique == "" {
		r.Note("sub-steps that name no technique were passed over")
		return e, false
	}
	for _, d := range s.Objects("Detections") {
		kind, modifiers := d.Text("Detection_Type"), d.Texts("Modifiers")
		switch kind {
		case "N/A", "Not Applicable":
			r.Note("sub-steps to which an evaluation does not apply were passed over")
			return e, false
		case "None", "":
			continue
		}
		switch raised := d.Text("Indicator") != "" || slices.Contains(modifiers, "Alert"); {
		case raised && kind != "Telemetry":
			e.Outcome = exercise.Alerted
		case e.Outcome == exercise.None:
			e.Outcome = exercise.Logged
		}
		for _, m := range modifiers {
			if !strings.Contains(e.Notes, m) {
				e.Notes = strings.TrimPrefix(e.Notes+", "+m, ", ")
			}
		}
	}
	return e, true
}
