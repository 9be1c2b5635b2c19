package matrix_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/correlate/credit"
	"candor/internal/detection/layer"
	"candor/internal/fault"
	"candor/internal/matrix"
	"candor/internal/measure"
	"candor/internal/visibility"
)

var asOf = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// shelf is a small release: two tactics, T1 in both with a sub-technique in each, T2 in the
// second, and a group that uses a sub-technique and T2.
func shelf() *attack.Library {
	tactic := func(id, short string) *attack.Object {
		return &attack.Object{ID: "x-mitre-tactic--" + id, Type: "x-mitre-tactic", Kind: attack.KindTactic, ATTACKID: id, Name: "Tactic " + short, ShortName: short}
	}
	technique := func(id, name string, platforms []string, tactics ...string) *attack.Object {
		o := &attack.Object{ID: "attack-pattern--" + id, Type: "attack-pattern", Kind: attack.KindOf("attack-pattern", strings.Contains(id, ".")), ATTACKID: id, Name: name, Platforms: platforms}
		for _, t := range tactics {
			o.Phases = append(o.Phases, attack.Phase{Chain: "mitre-attack", Name: t})
		}
		return o
	}
	relation := func(typ, from, to string) *attack.Object {
		return &attack.Object{ID: "relationship--" + typ + from + to, Type: "relationship", Kind: attack.KindRelationship,
			Relationship: &attack.Relationship{Type: typ, Source: from, Target: to}}
	}
	group := func(id, name string, aliases ...string) *attack.Object {
		return &attack.Object{ID: "intrusion-set--" + id, Type: "intrusion-set", Kind: attack.KindGroup, ATTACKID: id, Name: name, Aliases: aliases}
	}
	m := &attack.Object{ID: "x-mitre-matrix--1", Type: "x-mitre-matrix", Kind: attack.KindMatrix, Name: "Enterprise", Tactics: []string{"x-mitre-tactic--TA2", "x-mitre-tactic--TA1"}}
	both := []string{"Linux", "Windows"}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, []*attack.Object{
		tactic("TA1", "late"), tactic("TA2", "early"), m,
		technique("T1", "=Zeta <b>\u202e", both, "early", "late"), technique("T1.001", "Sub", both, "early", "late"),
		technique("T2", "alpha", []string{"Linux"}, "late"), technique("T3", "Beta", nil, "late"),
		relation(attack.SubtechniqueOf, "attack-pattern--T1.001", "attack-pattern--T1"),
		group("G1", "Snail", "Slug"), group("G2", "Snake", "Slug"), group("G3", "Idle"),
		relation(attack.Uses, "intrusion-set--G1", "attack-pattern--T1.001"), relation(attack.Uses, "intrusion-set--G1", "attack-pattern--T2"),
	})
}

func name(lib *attack.Library, id string) assure.Name {
	o := lib.ByATTACKID(id)[0]
	return assure.Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}
}

// verdict is one on an analytic of a technique.
func verdict(lib *attack.Library, id, technique string, rung assure.Rung, platform string) assure.Verdict {
	return assure.Verdict{Analytic: assure.Name{StixID: "x-mitre-analytic--" + id, ATTACKID: id}, Platforms: []string{platform}, Techniques: []assure.Name{name(lib, technique)}, Rung: rung}
}

func input(lib *attack.Library, vs ...assure.Verdict) matrix.Input {
	return matrix.Input{Library: lib, Assessment: &assure.Assessment{Release: lib.Release, AsOf: asOf, Verdicts: vs}, Sources: map[string]string{"r1": "sigma", "r2": "own"}}
}

func made(t testing.TB, in matrix.Input, a matrix.Asked) matrix.Matrix {
	t.Helper()
	m, err := matrix.New(in, a)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shown writes a matrix as lines: tactic, then its cells with worst case and what they say.
func shown(m *matrix.Matrix) string {
	var b strings.Builder
	var cells func(in string, cs []matrix.Cell)
	cells = func(in string, cs []matrix.Cell) {
		for i := range cs {
			fmt.Fprintf(&b, "%s%s %s; %s\n", in, cs[i].Of.ATTACKID, cs[i].Worst, m.Says(&cs[i]))
			cells(in+"  ", cs[i].Subs)
		}
	}
	for _, t := range m.Tactics {
		fmt.Fprintf(&b, "%s %d\n", t.Of.ATTACKID, t.Matching)
		cells("  ", t.Cells)
	}
	return b.String()
}

func sample() matrix.Input {
	lib := shelf()
	return input(lib,
		verdict(lib, "AN1", "T1", assure.Reliable, "Windows"), verdict(lib, "AN2", "T1", assure.Contradicted, "Windows"), verdict(lib, "AN3", "T1", assure.Observable, "Linux"),
		verdict(lib, "AN4", "T1", assure.NotApplicable, "Linux"), verdict(lib, "AN5", "T1.001", assure.Blind, "Linux"), verdict(lib, "AN6", "T3", assure.NotApplicable, "Linux"))
}

func TestCellsSayTheWorstCaseAndTheDistribution(t *testing.T) {
	m := made(t, sample(), matrix.Asked{})
	const want = `TA2 2
  T1 observable; of 3: observable 1, contradicted 1, reliable 1; not applicable 1
    T1.001 blind; of 1: blind 1
TA1 4
  T1 observable; of 3: observable 1, contradicted 1, reliable 1; not applicable 1
    T1.001 blind; of 1: blind 1
  T2 ; no analytic
  T3 ; none applies, of 1
`
	// T1's name begins with a sign, which sorts before letters.
	if got := shown(&m); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if m.Techniques != 3 || m.SubTechniques != 1 || m.Bare != 1 || m.Analytics != 6 {
		t.Errorf("totals %d %d %d %d", m.Techniques, m.SubTechniques, m.Bare, m.Analytics)
	}
	for _, l := range m.Legend {
		want := map[string][2]int{"observable": {1, 1}, "contradicted": {1, 0}, "reliable": {1, 0}, "blind": {1, 1}, "not_applicable": {2, 0}}[l.Key]
		if l.Analytics != want[0] || l.Techniques != want[1] {
			t.Errorf("%s: %d analytics, %d techniques, want %v", l.Key, l.Analytics, l.Techniques, want)
		}
	}
}

func TestNarrowing(t *testing.T) {
	in := sample()
	in.Assessment.Verdicts[0].Claims = []claim.Claim{{RuleID: "r1", Enabled: true, Counts: true}}
	in.Assessment.Verdicts[4].Claims = []claim.Claim{{RuleID: "r2", Enabled: true, Counts: true}, {RuleID: "r1", Misfit: "Windows"}}
	for _, c := range []struct {
		asked matrix.Asked
		want  string
	}{
		{matrix.Asked{Group: "snail"}, "TA2 1\n  T1 ; not among those asked for\n    T1.001 blind; of 1: blind 1\nTA1 2\n  T1 ; not among those asked for\n    T1.001 blind; of 1: blind 1\n  T2 ; no analytic\n"},
		{matrix.Asked{Group: "g1", Tactic: "late", Platform: "linux"}, "TA1 2\n  T1 ; not among those asked for\n    T1.001 blind; of 1: blind 1\n  T2 ; no analytic\n"},
		{matrix.Asked{Group: "G3"}, "TA2 0\nTA1 0\n"},
		{matrix.Asked{Tactic: "TA2", Platform: "Windows"}, "TA2 2\n  T1 contradicted; of 2: contradicted 1, reliable 1\n    T1.001 ; no analytic\n"},
		{matrix.Asked{Tactic: "Tactic early", Source: "SIGMA"}, "TA2 1\n  T1 reliable; of 1: reliable 1\n"},
		{matrix.Asked{Tactic: "early", Source: "own"}, "TA2 1\n  T1 ; not among those asked for\n    T1.001 blind; of 1: blind 1\n"},
	} {
		m := made(t, in, c.asked)
		if got := shown(&m); got != c.want {
			t.Errorf("%+v: got\n%swant\n%s", c.asked, got, c.want)
		}
	}
	for _, c := range []struct {
		asked matrix.Asked
		where string
		kind  fault.Kind
		next  string
	}{
		{matrix.Asked{View: "rung"}, "view", fault.Usage, "rungs"},
		{matrix.Asked{Platform: "Windoze"}, "platform", fault.NotFound, "Windows"},
		{matrix.Asked{Group: "Snial"}, "group", fault.NotFound, "Snail"},
		{matrix.Asked{Group: "slug"}, "group", fault.Usage, "G1 Snail, G2 Snake"},
		{matrix.Asked{Software: "G1"}, "software", fault.NotFound, ""},
		{matrix.Asked{Campaign: "x"}, "campaign", fault.NotFound, ""},
		{matrix.Asked{Tactic: "TA9"}, "tactic", fault.NotFound, "TA"},
		{matrix.Asked{Source: "elastic"}, "source", fault.NotFound, "own, sigma"},
	} {
		_, err := matrix.New(in, c.asked)
		var f *fault.Error
		if !errors.As(err, &f) || f.Where != c.where || f.Kind != c.kind || !strings.Contains(f.Hint, c.next) {
			t.Errorf("%+v: %v", c.asked, err)
		}
	}
}

// TestEveryViewTellsItsStatesApart makes an analytic of every state and looks for it.
func TestEveryViewTellsItsStatesApart(t *testing.T) {
	lib := shelf()
	on := func(change func(*assure.Verdict)) assure.Verdict {
		v := verdict(lib, "AN1", "T2", assure.Unproven, "Linux")
		change(&v)
		return v
	}
	day := func(d string) func(*assure.Verdict) { return func(v *assure.Verdict) { v.Runbook.Reviewed = d } }
	var counted, off claim.Claim
	counted.Enabled, counted.Counts, off.Counts = true, true, true
	for view, states := range map[matrix.View]map[string]func(*assure.Verdict){
		matrix.Claims: {
			"none": func(v *assure.Verdict) { v.Claims = []claim.Claim{{Misfit: "Windows"}} }, "not_counted": func(v *assure.Verdict) { v.Claims = []claim.Claim{off} },
			"one": func(v *assure.Verdict) { v.Claims = []claim.Claim{off, counted} }, "several": func(v *assure.Verdict) { v.Claims = []claim.Claim{counted, counted} },
		},
		matrix.Precision: {
			"none": func(v *assure.Verdict) { v.Measurement = &measure.Statement{Conclusion: measure.NotMeasurable} },
			"not_measurable": func(v *assure.Verdict) {
				v.Measurement = &measure.Statement{Alerts: 1, Conclusion: measure.NotMeasurable}
			},
			"undecided": func(v *assure.Verdict) { v.Measurement = &measure.Statement{Alerts: 1, Conclusion: measure.Undecided} },
			"not_good_enough": func(v *assure.Verdict) {
				v.Measurement = &measure.Statement{Alerts: 1, Conclusion: measure.NotGoodEnough}
			},
			"good_enough": func(v *assure.Verdict) { v.Measurement = &measure.Statement{Alerts: 1, Conclusion: measure.GoodEnough} },
		},
		matrix.Exercises: {
			"passed":       func(v *assure.Verdict) { v.Exercises.State = "passed" },
			"corroborated": func(v *assure.Verdict) { v.Exercises.State, v.Exercises.Corroborated = "passed", true },
			"failed":       func(v *assure.Verdict) { v.Exercises.State, v.Exercises.Corroborated = "failed", true },
			"expired":      func(v *assure.Verdict) { v.Exercises.State = "expired" }, "none": func(v *assure.Verdict) { v.Exercises.State = "none" },
			"inconclusive": func(v *assure.Verdict) { v.Exercises.State = "inconclusive" },
		},
		matrix.Age: {
			"none": day(""), "over_365": day("2025-06-29"), "365": day("2025-06-30"), "180": day("2026-01-01"), "90": day("2026-04-01"), "30": day("2026-05-31"),
			// of each kind the newest, of these the oldest
			"exercise": func(v *assure.Verdict) {
				v.Runbook = assure.Duty{Reviewed: "2026-06-29"}
				v.Exercises.LastTime = "2026-04-02T10:00:00Z"
				v.Measurement = &measure.Statement{LastLabelled: "2026-06-01"}
				v.Visibility.Needs = []visibility.Need{{LastSeen: "2026-06-30"}, {}}
			},
		},
	} {
		for state, change := range states {
			m := made(t, input(lib, on(change)), matrix.Asked{View: view})
			want := state
			if state == "exercise" {
				want = "90"
			}
			if got := m.Tactics[1].Cells[1].Worst; got != want {
				t.Errorf("%s: %q, want %q", view, got, want)
			}
			known := slices.ContainsFunc(m.Legend, func(l matrix.Line) bool { return l.Key == want && l.Analytics == 1 })
			if !known {
				t.Errorf("%s: %q is not in the legend", view, want)
			}
		}
	}
}

// TestStatesAreToldApart looks at what tells states apart without their colour.
func TestStatesAreToldApart(t *testing.T) {
	for _, v := range matrix.Views() {
		codes, patterns := map[string]bool{}, map[string]bool{}
		for _, l := range made(t, sample(), matrix.Asked{View: v}).Legend {
			p := matrix.Pattern(l.Paint)
			if codes[l.Code] || patterns[p] || l.Meaning == "" || l.Colour == "" || l.Name == "" {
				t.Errorf("%s: %+v is like another, or lacks something", v, l)
			}
			codes[l.Code], patterns[p] = true, true
		}
		if v.Hint() == "" || v.Title() == "" {
			t.Errorf("%s says nothing of itself", v)
		}
	}
	if got := matrix.Worst(); got[0] != assure.Outside || got[1] != assure.Blind || got[len(got)-1] != assure.Reliable || len(got) != len(assure.Rungs())-1 {
		t.Errorf("the worse cases come as %v", got)
	}
}

// TestEveryAnalyticCountsOnce draws verdicts and compares sums.
func TestEveryAnalyticCountsOnce(t *testing.T) {
	lib := shelf()
	states := []visibility.State{visibility.Outside, visibility.External, visibility.Blind, visibility.Declared, visibility.Partial, visibility.Stale, visibility.Verified}
	rapid.Check(t, func(t *rapid.T) {
		var vs []assure.Verdict
		for i := range rapid.IntRange(0, 8).Draw(t, "n") {
			v := verdict(lib, fmt.Sprint("AN", i), rapid.SampledFrom([]string{"T1", "T1.001", "T2", "T3"}).Draw(t, "of"),
				rapid.SampledFrom(assure.Rungs()).Draw(t, "rung"), rapid.SampledFrom([]string{"Linux", "Windows"}).Draw(t, "platform"))
			v.Visibility.State, v.Exercises.State = rapid.SampledFrom(states).Draw(t, "state"), "none"
			vs = append(vs, v)
		}
		m, err := matrix.New(input(lib, vs...), matrix.Asked{View: rapid.SampledFrom(matrix.Views()).Draw(t, "view")})
		if err != nil {
			t.Fatal(err)
		}
		sum, techniques := 0, 0
		for _, l := range m.Legend {
			sum += l.Analytics
			techniques += l.Techniques
		}
		if sum != len(vs) || m.Analytics != len(vs) {
			t.Errorf("%d of %d analytics are in the legend", sum, len(vs))
		}
		if techniques > m.Techniques+m.SubTechniques {
			t.Errorf("%d techniques have a worst case, of %d", techniques, m.Techniques+m.SubTechniques)
		}
		for _, c := range m.Tactics[1].Cells {
			own := 0
			for _, v := range vs {
				if v.Techniques[0] == c.Of {
					own++
				}
			}
			if c.Analytics != own || (c.Worst != "") != (c.Applicable > 0) {
				t.Errorf("%s has %d analytics, want %d: %+v", c.Of.ATTACKID, c.Analytics, own, c)
			}
		}
	})
}

func TestFilesSayWhatIsShown(t *testing.T) {
	m := made(t, sample(), matrix.Asked{Group: "G1"})
	b, err := m.Layer()
	if err != nil {
		t.Fatal(err)
	}
	var l struct {
		Versions   struct{ Attack, Layer string }
		Domain     string
		Techniques []map[string]any
	}
	if err := json.Unmarshal(b, &l); err != nil || l.Versions.Layer != "4.5" || l.Versions.Attack != "18" || l.Domain != "enterprise-attack" || len(l.Techniques) != 5 {
		t.Fatalf("%v %+v", err, l)
	}
	for _, e := range l.Techniques {
		if _, scored := e["score"]; scored {
			t.Errorf("%v has a score", e)
		}
		if e["techniqueID"] == "T1" && e["enabled"] != false || e["techniqueID"] == "T1.001" && (e["color"] != "#434c53" || e["tactic"] == "") {
			t.Errorf("%v is not what is shown", e)
		}
	}
	table, err := m.CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || len(rows) != 4 || rows[1][2] != "T1.001" || rows[1][4] != "T1" || rows[1][5] != "blind" {
		t.Errorf("%v %q", err, rows)
	}
}

// TestHostileNamesAreInert reads what a name with signs of its own becomes.
func TestHostileNamesAreInert(t *testing.T) {
	m := made(t, sample(), matrix.Asked{})
	table, err := m.CSV()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(table, []byte(",=Zeta")) || bytes.ContainsRune(table, '\u202e') {
		t.Errorf("a cell is a formula, or has what is not seen:\n%s", table)
	}
	svg := m.SVG()
	if bytes.Contains(svg, []byte("<b>")) || bytes.ContainsRune(svg, '\u202e') || bytes.Contains(svg, []byte("<script")) {
		t.Error("a name is markup, or has what is not seen")
	}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"<title>T1.001 Sub: of 1: blind 1</title>", "url(#p-blind)", ">BL<"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("the picture lacks %q", want)
		}
	}
}

// reader has MITRE's own library read a layer, the part of it that reads.
const reader = `
import importlib.metadata, sys, types
root = str(importlib.metadata.distribution("mitreattack-python").locate_file("mitreattack"))
for name, path in (("mitreattack", root), ("mitreattack.navlayers", root + "/navlayers")):
    sys.modules[name] = types.ModuleType(name)  # without what exports need
    sys.modules[name].__path__ = [path]
from mitreattack.navlayers.core.layer import Layer
for path in sys.argv[1:]:
    layer = Layer(strict=True)
    layer.from_file(path)
    read = layer.to_dict()
    print(read["versions"]["layer"], read["versions"]["attack"], read["domain"], read["hideDisabled"], len(read["legendItems"]), len(read["metadata"]))
    for t in read["techniques"]:
        print(t["techniqueID"], t.get("tactic", "any"), t["color"], t["enabled"], t["comment"], t.get("score", "unscored"))
`

func TestLayersAreReadByMITREsOwnLibrary(t *testing.T) {
	var paths []string
	dir := t.TempDir()
	write := func(l *matrix.Layer) {
		b, err := l.JSON()
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, filepath.Join(dir, strconv.Itoa(len(paths))+".json"))
		if err := os.WriteFile(paths[len(paths)-1], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := sample()
	seen := &in.Assessment.Verdicts[0]
	seen.Visibility.State, seen.Exercises.State = visibility.Verified, "passed"
	seen.Claims = []claim.Claim{{RuleID: "r1", Enabled: true, Counts: true}, {RuleID: "r2", Enabled: true, Counts: true}}
	seen.Measurement = &measure.Statement{Alerts: 3, Conclusion: measure.Undecided}
	for _, v := range matrix.Views() {
		m := made(t, in, matrix.Asked{View: v})
		write(m.Counted())
	}
	in.Profile = &matrix.Profile{Name: "retail", Techniques: []*attack.Object{in.Library.ByATTACKID("T2")[0]}}
	m := made(t, in, matrix.Asked{})
	write(m.Counted())
	before, after := sample().Assessment, sample().Assessment
	before.Verdicts[0].Rung, before.Verdicts[1].Rung = assure.Reliable, assure.Blind
	c := assure.Compare(*before, *after)
	write(matrix.Difference(before, after, &c))
	paths = append(paths, filepath.Join("..", "excerpt", "testdata", "strange.layer.json")) // what attack export writes
	python := os.Getenv("CANDOR_TEST_PYTHON")
	if python == "" {
		t.Skip("CANDOR_TEST_PYTHON names no Python with mitreattack-python")
	}
	out, err := exec.Command(python, append([]string{"-c", reader}, paths...)...).CombinedOutput()
	want, missing := os.ReadFile(filepath.Join("testdata", "layers.txt"))
	if err != nil || missing != nil || string(out) != string(want) {
		t.Errorf("%v %v\n%s\nwant\n%s", err, missing, out, want)
	}
}

// TestALayerOfClaimsIsReadBack reads the only layer that says what is claimed as claims: one for
// each technique that a rule claims.
func TestALayerOfClaimsIsReadBack(t *testing.T) {
	in := sample()
	in.Assessment.Verdicts[0].Claims = []claim.Claim{{RuleID: "r1", Enabled: true, Counts: true}}
	in.Assessment.Verdicts[4].Claims = []claim.Claim{{RuleID: "r2", Enabled: true, Counts: true}}
	for view, want := range map[matrix.View]int{matrix.Claims: 2, matrix.Rungs: 0} {
		m := made(t, in, matrix.Asked{View: view})
		b, err := m.Counted().JSON()
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(b, []byte(`"techniqueID": "T`), []byte(`"techniqueID": "T100`)) // as ATT&CK writes them
		if d := layer.Decode("layer.json", b); len(d.Records) != want {
			t.Errorf("%s is read back as %d claims, want %d: %+v", view, len(d.Records), want, d.Rejects)
		}
	}
}

func TestCellsOfWhatCannotBeSeenSayWhatChainsAreWorth(t *testing.T) {
	in := sample()
	in.Lined = func(of []string) []credit.Lined {
		return []credit.Lined{{Joined: credit.Joined{Definition: "of " + of[0], Why: "too few sites"}, With: []string{"T9"}}}
	}
	m := made(t, in, matrix.Asked{})
	if got := shown(&m); strings.Count(got, "chain ") != 2 || !strings.Contains(got, "T1.001 blind; of 1: blind 1; chain of attack-pattern--T1.001: no credit\n") {
		t.Errorf("got\n%s", got)
	}
	text, err := m.CSV()
	if err != nil || !strings.Contains(string(text), "chain of attack-pattern--T1.001 earned no credit: too few sites; it lines this up with T9") {
		t.Errorf("the table does not say it: %s %v", text, err)
	}
	layer, err := m.Layer()
	if err != nil || !strings.Contains(string(layer), "where to look instead") {
		t.Errorf("the layer does not say it: %v", err)
	}
}
