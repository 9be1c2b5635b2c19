package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/control"
	"candor/internal/custody"
	"candor/internal/fault"
	"candor/internal/gap"
	"candor/internal/store"
)

// compliance is a report on four controls: one that is satisfied, one that the gate refuses, one
// that a waiver opens, one of which nothing can be judged.
func compliance(t *testing.T) *complianceOf {
	t.Helper()
	a := assessed()
	v := func(i int) []*assure.Verdict { return []*assure.Verdict{&a.Verdicts[i]} }
	w := assure.Waiver{ID: "AN0003", For: assure.Reporting, Reason: evil, By: "ann", Second: "bob", Made: made1, Until: "2026-04-01"}
	a.Verdicts[2].Waivers = []assure.Waiver{w}
	c := &complianceOf{request: assessment.Request{AsOf: endOf("2026-03-01")}, whole: a, members: [][]*assure.Verdict{v(0), v(1), v(2), v(3)}, bare: [][]string{nil, nil, nil, {"T1004"}},
		mapping: &control.Mapping{File: "map.yaml", Standard: "Example " + evil, By: "ann", Controls: []control.Control{{ID: "si-4", Title: "Monitoring"}, {ID: "au-6", Title: evil}, {ID: "ir-4"}, {ID: "ra-5"}}},
		decisions: map[string]*assure.Decision{
			"AN0001": {ID: "AN0001", Allowed: true, Reason: "Every check holds."},
			"AN0002": {ID: "AN0002", Reason: evil},
			"AN0003": {ID: "AN0003", Allowed: true, Waived: true, Reason: "By waiver."}},
		gaps: &gap.Register{Gaps: []gap.Listed{{State: gap.Decided, Gap: gap.Gap{ID: "T1002", Object: &assure.Name{ATTACKID: "T1002"}, Title: evil, Why: evil, Owner: "bob", Decision: gap.Accept, Until: "2026-12-31"}}}}}
	c.request.Policy.Readiness = assure.Readiness{MaxExerciseAgeDays: 180, MaxRunbookAgeDays: 365}
	c.request.Policy.Visibility.MaxFeedAgeDays = 7
	c.batches = []custody.Account{{Batch: store.Batch{ID: "b1", Kind: "rules", Added: made1, By: evil, New: 2, Content: strings.Repeat("ab", 32)}}}
	return c
}

// TestControlsAreWrittenAsTheGoldenFileSays writes OSCAL, and sees that only what the gate lets
// through by itself is satisfied.
func TestControlsAreWrittenAsTheGoldenFileSays(t *testing.T) {
	s := sealedOf(t, compliance(t).document())
	b, err := OSCAL(&s)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "oscal.json", unrecorded(b))
	var d oscalDocument
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	r := d.Results.Results[0]
	for i, want := range []string{"satisfied", "not-satisfied", "not-satisfied", "not-satisfied"} {
		if f := r.Findings[i]; f.Target.Status.State != want || want != "satisfied" && len(f.Risks) == 0 {
			t.Errorf("%s is %s with %d risks, want %s", f.Target.ID, f.Target.Status.State, len(f.Risks), want)
		}
	}
	statuses := map[string]int{}
	for _, x := range r.Risks {
		statuses[x.Status]++
	}
	if statuses["open"] != 3 || statuses["deviation-approved"] != 2 {
		t.Errorf("the risks are %v", statuses)
	}
	if !strings.Contains(r.Remarks, "No incident is reviewed.") || r.Findings[0].Observations == nil {
		t.Errorf("limits or observations are missing: %s", r.Remarks)
	}
	for _, never := range []string{"<b>", `\\u003cb`, "[x](", "\u202e"} {
		if bytes.Contains(unrecorded(b), []byte(never)) {
			t.Errorf("OSCAL has %q", never)
		}
	}
}

// unrecorded leaves the record out of a file, whose bytes are of the whole document.
func unrecorded(b []byte) []byte {
	return regexp.MustCompile(`("value"|"candorReport"): "[A-Za-z0-9+/=]{200,}"`).ReplaceAll(b, []byte(`$1: "the record"`))
}

// detected is a report on three rules, of which one passes.
func detected(t *testing.T) Sealed {
	t.Helper()
	e := engineering()
	e.made.Rules[1].Counting, e.made.Rules[1].Claims = 1, []assessment.AnalyticClaim{{Analytic: "AN0003", Counts: true}}
	more := e.made.Rules[0]
	more.ID, more.Path, more.Claims = "R4", "../../etc/passwd", nil
	e.made.Rules = append(e.made.Rules, more)
	d := detectOf{*e, Repository{Under: "detections", Lines: map[string]int{"R1": 3}}}
	return sealedOf(t, d.document())
}

// TestRulesAreWrittenForBuilds writes JUnit XML and SARIF, and looks that only what was shown to
// work passes.
func TestRulesAreWrittenForBuilds(t *testing.T) {
	s := detected(t)
	junit, err := JUnit(&s)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "junit.xml", junit)
	var suites junitSuites
	if err := xml.Unmarshal(junit, &suites); err != nil {
		t.Fatal(err)
	}
	if c := suites.Suite.Cases; suites.Tests != 4 || suites.Failures != 2 || suites.Skipped != 1 || c[0].Failure != nil || c[0].Skipped != nil || c[0].Line != 3 || c[0].File != "detections/rules/good.yml" || c[3].File != "detections/etc/passwd" {
		t.Errorf("%+v", suites)
	}
	sarif, err := SARIF(&s)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sarif.json", unrecorded(sarif))
	var log sarifLog
	if err := json.Unmarshal(sarif, &log); err != nil {
		t.Fatal(err)
	}
	kinds := []string{}
	for _, r := range log.Runs[0].Results {
		kinds = append(kinds, r.Kind+" "+r.Level)
		if (r.Kind == "fail") != (r.Level != "none") || log.Runs[0].Tool.Driver.Rules[r.Index].ID != r.Rule {
			t.Errorf("%+v", r)
		}
	}
	if want := []string{"pass none", "fail error", "notApplicable none", "fail warning"}; !slices.Equal(kinds, want) {
		t.Errorf("%q, want %q", kinds, want)
	}
	for name, b := range map[string][]byte{"JUnit": junit, "SARIF": unrecorded(sarif)} {
		for _, never := range []string{"<b>", "\u202e", `"..`, "=\"../", map[string]string{"SARIF": "| [x]("}[name]} {
			if never != "" && bytes.Contains(b, []byte(never)) {
				t.Errorf("%s has %q", name, never)
			}
		}
	}
}

// TestAFileCarriesItsRecord reads the record that OSCAL and SARIF carry, and sees what was changed.
func TestAFileCarriesItsRecord(t *testing.T) {
	controls, rules := sealedOf(t, compliance(t).document()), detected(t)
	for name, of := range map[string]struct {
		write    func(*Sealed) ([]byte, error)
		s        *Sealed
		was, now string
	}{"OSCAL": {OSCAL, &controls, "not-satisfied", "satisfied"}, "SARIF": {SARIF, &rules, `"error"`, `"note"`}} {
		b, err := of.write(of.s)
		if err != nil {
			t.Fatal(err)
		}
		record, err := Carried(b)
		if err != nil {
			t.Fatal(err)
		}
		if s, _, err := Read(record); err != nil || s.Document.Title != of.s.Document.Title {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Carried(bytes.Replace(b, []byte(of.was), []byte(of.now), 1)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s that was changed: %v", name, err)
		}
		encoded := []byte(base64.StdEncoding.EncodeToString(record))
		if _, err := Carried(bytes.Replace(b, encoded, nil, 1)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s without its record: %v", name, err)
		}
	}
	if b, err := Carried([]byte("{}")); err != nil || string(b) != "{}" {
		t.Errorf("what carries nothing: %q, %v", b, err)
	}
	if _, err := OSCAL(&rules); fault.KindOf(err) != fault.Usage {
		t.Errorf("rules as OSCAL: %v", err)
	}
	if _, err := SARIF(&controls); fault.KindOf(err) != fault.Usage {
		t.Errorf("controls as SARIF: %v", err)
	}
}

// trestle has an independent tool read a file of OSCAL and validate it.
const trestle = `
import pathlib, sys
from trestle.oscal.assessment_results import AssessmentResults
from trestle.core.validator_factory import validator_factory
import trestle.common.const as const
from argparse import Namespace
for path in sys.argv[1:]:
    read = AssessmentResults.oscal_read(pathlib.Path(path))
    assert validator_factory.get(Namespace(mode=const.VAL_MODE_ALL)).model_is_valid(read, True, None), path
    version = read.metadata.oscal_version
    while hasattr(version, "root"):
        version = version.root
    print(version, len(read.results[0].findings), len(read.results[0].observations), len(read.results[0].risks))
`

func TestAnotherToolReadsOSCAL(t *testing.T) {
	s := sealedOf(t, compliance(t).document())
	b, err := OSCAL(&s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "results.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	python := os.Getenv("CANDOR_TEST_PYTHON")
	if python == "" {
		t.Skip("CANDOR_TEST_PYTHON names no Python with compliance-trestle")
	}
	out, err := exec.Command(python, "-c", trestle, path).CombinedOutput()
	if want := OSCALVersion + " 4 8 5\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant %s", err, out, want)
	}
}
