package report

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/detection/layer"
	"candor/internal/detection/rulecsv"
	"candor/internal/gap"
	"candor/internal/inert"
	"candor/internal/ledger"
	"candor/internal/matrix"
	"candor/internal/measure"
	"candor/internal/visibility"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares what was written with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// evil is what others could write into a name: markup, a formula, a command of a build, the end of
// a cell, what turns the direction of writing.
const evil = "=HYPERLINK(\"http://evil.example/\",\"x\") <b>&amp;]]> | [x](javascript:1) ::error::x\u202e\n@SUM(1)"

var made1 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func name(id, text string) assure.Name {
	return assure.Name{StixID: "x--" + id, ATTACKID: id, Name: text}
}

// assessed is an assessment of four analytics: one that is reliable and let through, one that is
// proven and refused, one that is contradicted, one that is not applicable.
func assessed() *assure.Assessment {
	p, low := 0.9, measure.Interval{0.55, 0.99}
	m := &measure.Statement{RuleID: "R1", Alerts: 12, TruePositive: 9, FalsePositive: 1, Unlabelled: 2, Precision: &p, ClusteredInterval: &low, EpisodePrecision: &p, EpisodeInterval: &low, Episodes: 10, EpisodeHits: 9, Conclusion: measure.GoodEnough, WindowDays: 90}
	verdict := func(id string, rung assure.Rung, technique string) assure.Verdict {
		return assure.Verdict{Analytic: name(id, "Analytic "+id), Platforms: []string{"Windows"}, Strategies: []assure.Name{name("DET0001", "Strategy")}, Techniques: []assure.Name{name(technique, "Technique "+technique)},
			Tactics: []assure.Name{name("TA0002", "Execution")}, Rung: rung, Sentence: "It stands on " + string(rung) + ".", Limits: []string{"What was not looked at is not known."},
			Visibility: visibility.Statement{State: visibility.Verified, Sentence: "All of it is seen.", Needs: []visibility.Need{{LogSource: attack.LogSource{Name: "auditd:SYSCALL", Channel: "execve"}, State: visibility.Measured, LastSeen: "2026-02-28", Days: 80, Hosts: 4}}}}
	}
	good, refused, bad, off := verdict("AN0001", assure.Reliable, "T1001"), verdict("AN0002", assure.Proven, "T1002"), verdict("AN0003", assure.Contradicted, "T1003"), verdict("AN0004", assure.NotApplicable, "T1001")
	good.Claimed, good.Reportable, good.Measurement = true, true, m
	good.Claims = []claim.Claim{{RuleID: "R1", RuleName: "Good", Basis: claim.Explicit, Enabled: true, Counts: true, Batch: "b1"}}
	refused.Claimed, refused.Analytic.Name, refused.Sentence = true, evil, evil
	refused.Claims = []claim.Claim{{RuleID: "R2", RuleName: evil, Basis: claim.TechniquePlatform, Enabled: true, Counts: true, Batch: "b1"}}
	refused.Exercises = assure.Proof{State: "passed", Passed: 1, LastTime: "2026-01-15T10:00:00Z", LastTest: evil}
	bad.Claimed, bad.Exercises = true, assure.Proof{State: "failed", Failed: 2}
	bad.Claims = []claim.Claim{{RuleID: "R3", RuleName: "Bad", Basis: claim.TechniquePlatform, Enabled: true, Counts: true, Batch: "b2"}}
	a := &assure.Assessment{Release: attack.Release{Domain: "enterprise-attack", Version: "18.1"}, AsOf: made1, Window: visibility.Window{From: "2025-12-02", To: "2026-03-01"},
		Policy: assure.PolicyRef{Name: "default", Version: "1", SHA256: strings.Repeat("34", 32)}, Scope: assure.ScopeRef{Organisation: evil, Platforms: []string{}},
		Verdicts: []assure.Verdict{good, refused, bad, off}, Limits: []string{"No incident is reviewed."}}
	a.Totals = assure.Totals{Analytics: 4, Applicable: 3, Claimed: 3, Assured: 1, Reportable: 1, Distance: 2, Rungs: assure.Distribution(a.Verdicts)}
	a.Tactics = []assure.TacticTotals{{Tactic: name("TA0002", "Execution"), Rungs: a.Totals.Rungs, Total: 4}}
	a.NextSteps = []assure.Lift{{Action: "fix", Text: evil, Unlocks: "1 analytic", Lifted: 1}}
	return a
}

// sealedOf seals a document as a ledger would.
func sealedOf(t *testing.T, d Document) Sealed {
	t.Helper()
	if err := d.complete(); err != nil {
		t.Fatal(err)
	}
	return Sealed{Format: Format, By: evil, Made: made1, Program: "candor test", Head: ledger.Root{Size: 14}, Entries: []ledger.Inclusion{}, Document: d,
		Asked: Asked{Kind: d.Kind, Domain: "enterprise-attack", Version: "18.1", AsOf: "2026-03-01"}}
}

func engineering() *engineeringOf {
	a := assessed()
	return &engineeringOf{request: assessment.Request{AsOf: made1}, whole: a, measured: &assessment.Measured{Basis: assessment.Basis{Confidence: 0.95}, Rules: []measure.Detail{{Statement: *a.Verdicts[0].Measurement}}},
		made: &assessment.RulesMade{Rules: []assessment.RuleMade{
			{Rule: detection.Rule{ID: "R1", Name: "Good", Format: "sigma", Enabled: true, Techniques: []string{"T1001"}, Analytics: []string{"AN0001"}, Owner: "ann", Path: "rules/good.yml", Logs: []detection.Log{{Name: "auditd:SYSCALL", Channel: "execve"}, {Component: "Process Creation"}}}, Basis: claim.Explicit, Counting: 1, Claims: []assessment.AnalyticClaim{{Analytic: "AN0001", Basis: claim.Explicit, Counts: true}}},
			{Rule: detection.Rule{ID: "R2", Name: evil, Format: "sigma", Enabled: true, Techniques: []string{"T1002"}, Path: evil}, Basis: claim.TechniquePlatform, Why: []string{evil}},
			{Rule: detection.Rule{ID: "R3", Name: "Bad", Format: "sigma", Techniques: []string{"T1003"}}}}}}
}

// TestTablesAreWrittenAsTheGoldenFilesSay writes every table as CSV and as a workbook.
func TestTablesAreWrittenAsTheGoldenFilesSay(t *testing.T) {
	s := sealedOf(t, engineering().document())
	for _, title := range Tables() {
		b, err := CSV(&s, title)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, strings.ReplaceAll(title, " ", "-")+".csv", b)
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil || len(rows) != len(s.Document.section(title).Table.Rows)+1 {
			t.Errorf("%s: %d rows, %v", title, len(rows), err)
		}
		for _, row := range rows {
			for _, c := range row {
				if c != "" && strings.ContainsAny(c[:1], "=+-@") || strings.ContainsAny(c, "\n\u202e") {
					t.Errorf("%s has a cell that is obeyed: %q", title, c)
				}
			}
		}
	}
	if _, err := CSV(&s, "rulez"); err == nil || !strings.Contains(err.Error(), "rulez") {
		t.Errorf("a table that there is not: %v", err)
	}
	b, err := XLSX(&s)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "engineering.xlsx.txt", sheets(t, b))
}

// sheets are the cells of a workbook as text, with the type of each that is no text.
func sheets(t *testing.T, b []byte) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out strings.Builder
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c, text := range row {
				at, _ := excelize.CoordinatesToCellName(c+1, r+1)
				kind, err := f.GetCellType(sheet, at)
				formula, wrong := f.GetCellFormula(sheet, at)
				if err != nil || wrong != nil || formula != "" {
					t.Errorf("%s %s is the formula %q: %v %v", sheet, at, formula, err, wrong)
				}
				if text != "" {
					out.WriteString(sheet + " " + at + " " + map[bool]string{true: "text", false: "number"}[kind == excelize.CellTypeInlineString] + " " + strings.ReplaceAll(text, "\n", "\\n") + "\n")
				}
			}
		}
	}
	return []byte(out.String())
}

// TestRulesAreReadBack adds the table of rules again, as a file of Candor's CSV.
func TestRulesAreReadBack(t *testing.T) {
	e := engineering()
	s := sealedOf(t, e.document())
	b, err := CSV(&s, TableRules)
	if err != nil {
		t.Fatal(err)
	}
	d, err := rulecsv.Decode("rules.csv", bytes.NewReader(b))
	if err != nil || len(d.Rejects) > 0 || len(d.Records) != len(e.made.Rules) {
		t.Fatalf("%d rules of %d, %v, %+v", len(d.Records), len(e.made.Rules), err, d.Rejects)
	}
	for i := range d.Records {
		got, want := &d.Records[i], &e.made.Rules[i].Rule
		if got.Enabled != want.Enabled || !slices.Equal(got.Techniques, want.Techniques) || !slices.Equal(got.Analytics, want.Analytics) || got.ID != want.ID {
			t.Errorf("%+v was %+v", got, want)
		}
	}
}

// TestARecordIsReadBack writes records to a table and reads them.
func TestARecordIsReadBack(t *testing.T) {
	want := engineering().rules()
	if d := cmp.Diff(want, records[ruleRecord](table(want, "")), cmp.AllowUnexported(ruleRecord{})); d != "" {
		t.Error(d)
	}
	if got := records[stepRecord](table(want, "")); got != nil {
		t.Errorf("a table of rules is read as steps: %v", got)
	}
}

// TestStandingIsWrittenAsTheGoldenFileSays writes where things stand as Markdown.
func TestStandingIsWrittenAsTheGoldenFileSays(t *testing.T) {
	s := sealedOf(t, standingOf().standing())
	b := Markdown(&s)
	golden(t, "standing.md", b)
	page, err := HTML(&s)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "standing.html", page)
	for _, never := range []string{"<b>", `[^\\]\]\(`, "http://", "\u202e"} {
		if found := regexp.MustCompile(never).Find(b); found != nil {
			t.Errorf("the Markdown has %q", found)
		}
	}
}

func standingOf() *executiveOf {
	a := assessed()
	return &executiveOf{request: assessment.Request{AsOf: made1}, whole: a, gaps: &gap.Register{}, reporting: []assure.Decision{
		{Kind: "analytic", ID: "AN0001", Purpose: assure.Reporting, Allowed: true, Reason: "Every check holds."},
		{Kind: "analytic", ID: "AN0002", Purpose: assure.Reporting, Reason: evil}}}
}

// TestADifferenceIsALayer writes what moved, with one of each kind of move.
func TestADifferenceIsALayer(t *testing.T) {
	before, after := assessed(), assessed()
	before.AsOf = made1.AddDate(0, -1, 0)
	before.Verdicts[0].Rung, before.Verdicts[2].Rung = assure.Unproven, assure.Reliable
	before.Verdicts[3].Analytic = name("AN0009", "Gone")
	c := assure.Compare(*before, *after)
	l := matrix.Difference(before, after, &c)
	n := navigatorOf{whole: after, asked: Layered{Layer: LayerDifference}, layer: l, limits: c.Differences}
	s := sealedOf(t, n.document())
	for _, note := range s.notes() {
		l.Note(note[0], inert.Line(note[1]))
	}
	b, err := l.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "difference.json", b)
	if d := layer.Decode("difference.json", b); len(d.Records) > 0 {
		t.Errorf("what moved is read as %d claims", len(d.Records))
	}
}
