package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/fault"
)

func TestReadKeepsDefaultsOfKeysThatAreLeftOut(t *testing.T) {
	got, err := Read(strings.NewReader("version: 3\nmeasure:\n  min_precision: 0.9\nclaim: {count: [analytic]}\n"), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Name, want.Version, want.SHA256 = "unnamed", "3", got.SHA256
	want.Looser = []string{}
	got.Looser = append([]string{}, got.Looser...)
	want.Measure.MinPrecision = 0.9
	want.Claim.Count = []claim.Basis{claim.Explicit}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadNamesLineAndNearestKey(t *testing.T) {
	tests := []struct{ name, in, want, hint string }{
		{"empty", "", "p.yaml: the policy is empty", "candor policy show"},
		{"only comments", "# nothing\n", "p.yaml: the policy is empty", "candor policy show"},
		{"null", "~\n", "p.yaml:1: a policy must be a mapping", "candor policy show"},
		{"not YAML", "version: [1\n", "p.yaml: the policy is not YAML", ""},
		{"no version", "window_days: 30\n", "p.yaml: the policy has no version", "version"},
		{"unknown key", "version: 1\nmeasure:\n  min_precison: 0.9\n", "p.yaml:3: measure.min_precison is not a key", "measure.min_precision"},
		{"key in the wrong section", "version: 1\nmin_precision: 0.9\n", "p.yaml:2: min_precision is not a key", "measure.min_precision"},
		{"unknown section", "version: 1\nmesure:\n  min_precision: 0.9\n", "p.yaml:2: mesure is not a key", "candor policy show"},
		{"section without keys", "version: 1\nmeasure: 3\n", "p.yaml:2: measure must be a mapping", "candor policy show"},
		{"number out of range", "version: 1\nmeasure:\n  min_precision: 90\n", `p.yaml:3: measure.min_precision is "90" and must be a number from 0 to 1`, "measure.min_precision"},
		{"not a number", "version: 1\nmeasure:\n  confidence: .nan\n", `p.yaml:3: measure.confidence is ".nan"`, "candor policy show"},
		{"part of a day", "version: 1\nwindow_days: 1.5\n", `p.yaml:2: window_days is "1.5" and must be a whole number from 1 to 3660`, ""},
		{"word not allowed", "version: 1\nvisibility:\n  joint_need: some\n", `p.yaml:3: visibility.joint_need is "some" and must be one of all, component, any`, ""},
		{"list expected", "version: 1\nclaim:\n  count: analytic\n", `p.yaml:3: claim.count is "analytic" and must be a list`, ""},
		{"item not allowed", "version: 1\nreadiness:\n  passing: [alerted, blocked]\n", `p.yaml:3: readiness.passing is "a list" and has "blocked"`, ""},
		{"truth expected", "version: 1\nreadiness:\n  require_owner: maybe\n", `p.yaml:3: readiness.require_owner is "maybe" and must be true or false`, ""},
		{"too few episodes for a gate", "version: 1\ngate:\n  automation:\n    min_episodes: 4\n", `p.yaml:4: gate.automation.min_episodes is "4" and must be a whole number from 5`, ""},
		{"unknown key of a gate", "version: 1\ngate:\n  automation:\n    precision: 1\n", "p.yaml:4: gate.automation.precision is not a key", "gate.automation"},
		{"unknown gate", "version: 1\ngate:\n  paging:\n    rungs: []\n", "p.yaml:3: gate.paging is not a key", ""},
		{"given twice", "version: 1\nversion: 2\n", "p.yaml:2: version is given twice; the first is on line 1", "remove"},
		{"alias", "version: &v 1\nname: *v\n", "p.yaml:2: name is a YAML alias", "write the value out"},
		{"two documents", "version: 1\n---\nversion: 2\n", "p.yaml: the file holds more than one YAML document", "one policy"},
		{"more feed days than days", "version: 1\nwindow_days: 2\n", "p.yaml:2: visibility.min_feed_days is 3, and the window has 2 days", "min_feed_days"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.in), "p.yaml")
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("error %v, want one of kind %s", err, fault.Invalid)
			}
			if !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %q, want it to begin %q", err, tt.want)
			}
			if !strings.Contains(fault.HintOf(err), tt.hint) {
				t.Errorf("hint %q, want it to name %q", fault.HintOf(err), tt.hint)
			}
		})
	}
}

func TestWrittenDefaultIsWhatIsShown(t *testing.T) {
	var b bytes.Buffer
	if err := WriteYAML(&b, Default()); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "default.yaml")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestEveryKeyIsWrittenWithMeaningAndDefault(t *testing.T) {
	var b bytes.Buffer
	if err := WriteYAML(&b, Default()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	for _, s := range Explain(Default()) {
		name := s.Key[strings.LastIndexByte(s.Key, '.')+1:] + ":"
		found := false
		for i, l := range lines {
			if strings.HasPrefix(strings.TrimSpace(l), name) && i >= 2 {
				found = found || strings.HasPrefix(strings.TrimSpace(lines[i-1]), "# Default: ") && strings.TrimSpace(lines[i-2]) == "# "+s.Meaning
			}
		}
		if !found {
			t.Errorf("%s is not written with its meaning and default above it", s.Key)
		}
	}
}

func TestDocumentHasTheKeysOfTheFile(t *testing.T) {
	out, err := json.Marshal(DocumentOf(Default()))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	settings := Explain(Default())
	if n := leaves(doc); n != len(settings) {
		t.Errorf("%d keys in JSON, %d settings", n, len(settings))
	}
	for _, s := range settings {
		var at any = doc
		for part := range strings.SplitSeq(s.Key, ".") {
			section, _ := at.(map[string]any)
			at = section[part]
		}
		if at == nil {
			t.Errorf("%s is not in JSON", s.Key)
		}
	}
}

// leaves counts the values in doc that are no sections.
func leaves(doc map[string]any) int {
	n := 0
	for _, v := range doc {
		if section, ok := v.(map[string]any); ok {
			n += leaves(section)
		} else {
			n++
		}
	}
	return n
}

func policies() *rapid.Generator[assure.Policy] {
	return rapid.Custom(func(t *rapid.T) assure.Policy {
		p := builtIn()
		word := rapid.StringMatching(`[^\pC\pZ][ -~]{0,12}[^\pC\pZ]`)
		p.Name = word.Draw(t, "name")
		p.Version = word.Draw(t, "version")
		p.KeepDaily = rapid.IntRange(0, 36600).Draw(t, "keep daily")
		if rapid.Bool().Draw(t, "of a release") {
			p.Release = attack.ReleaseRef{Domain: "ics-attack", Version: rapid.StringMatching(`[0-9]{1,2}\.[0-9]`).Draw(t, "release")}
		}
		p.WindowDays = rapid.IntRange(3, 3660).Draw(t, "window")
		p.Visibility.OutsidePlatforms = rapid.SliceOfDistinct(word, rapid.ID).Draw(t, "outside")
		p.Visibility.JointNeed = rapid.SampledFrom([]string{"all", "component", "any"}).Draw(t, "joint")
		p.Visibility.MinHostShare = rapid.Float64Range(0, 1).Draw(t, "share")
		p.Visibility.WorstReliability = rapid.SampledFrom([]string{"A", "F"}).Draw(t, "reliability")
		p.Claim.Count = rapid.SliceOfDistinct(rapid.SampledFrom(claim.Countable()), rapid.ID).Draw(t, "count")
		p.Claim.Statuses = rapid.SliceOfDistinct(word, rapid.ID).Draw(t, "statuses")
		p.Measure.MaxAlertsPerDay = rapid.Float64Range(0, 1e9).Draw(t, "alerts")
		p.Measure.Confidence = rapid.Float64Range(0.5, 0.9999).Draw(t, "confidence")
		p.Readiness.RequireOwner = rapid.Bool().Draw(t, "owner")
		p.Gates.Automation.MinPrecision = rapid.Float64Range(0, 1).Draw(t, "gate precision")
		p.Gates.Reporting.Rungs = rapid.SliceOfDistinct(rapid.SampledFrom(assure.Rungs()), rapid.ID).Draw(t, "gate rungs")
		return p
	})
}

func TestReadingAWrittenPolicyGivesTheSamePolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policies().Draw(t, "policy")
		var b bytes.Buffer
		if err := WriteYAML(&b, p); err != nil {
			t.Fatal(err)
		}
		got, err := Read(bytes.NewReader(b.Bytes()), "p.yaml")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		got.SHA256, got.Looser = "", nil
		if diff := cmp.Diff(p, got); diff != "" {
			t.Fatalf("%s\n%s", diff, b.String())
		}
	})
}

func TestDefaultIsReadableAndExplainShowsWhatDiffers(t *testing.T) {
	p := Default()
	p.Measure.MinPrecision = 0.8
	for _, s := range Explain(p) {
		differs := !cmp.Equal(s.Value, s.Default)
		if differs != (s.Key == "measure.min_precision") {
			t.Errorf("%s: value %v, default %v", s.Key, s.Value, s.Default)
		}
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := WriteYAML(&b, Default()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	for _, s := range []string{"", "version: 1", "version: &a [*a]", "version: 1\nmeasure: {min_precision: 1e-1}", "- 1", "\xff", "version: !!binary aGk=\n", "? {a: b}\n: c\n", "<<: {version: 1}\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(bytes.NewReader(data), "f.yaml")
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Conflict {
				t.Fatalf("kind %s of %v", fault.KindOf(err), err)
			}
			return
		}
		var out bytes.Buffer
		if err := WriteYAML(&out, p); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&out, "again.yaml")
		if err != nil {
			t.Fatalf("a policy that was read cannot be read again: %v", err)
		}
		again.SHA256 = p.SHA256 // of other bytes
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheReleaseToJudgeBy(t *testing.T) {
	for text, want := range map[string]attack.ReleaseRef{
		"newest": {}, "18.1": {Domain: "enterprise-attack", Version: "18.1"}, "ICS 17.0": {Domain: "ics-attack", Version: "17.0"},
		"enterprise-attack 18.0": {Domain: "enterprise-attack", Version: "18.0"}, "own-acme-1234abcd 1.0": {Domain: "own-acme-1234abcd", Version: "1.0"},
	} {
		p, err := Read(strings.NewReader("version: \"2\"\nrelease: "+text+"\n"), "policy.yaml")
		if err != nil || p.Release != want {
			t.Errorf("%q is %+v, %v", text, p.Release, err)
		}
	}
	for _, text := range []string{"enterprise", "enterprise newest", "a b c", "[18.1]", "\"\""} {
		if p, err := Read(strings.NewReader("version: \"2\"\nrelease: "+text+"\n"), "policy.yaml"); err == nil || !strings.Contains(err.Error(), "must be a release like enterprise 18.1") {
			t.Errorf("%q is %+v, %v", text, p.Release, err)
		}
	}
}

func TestNobodyPassesForTheBuiltInPolicy(t *testing.T) {
	var b bytes.Buffer
	if err := WriteYAML(&b, Default()); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	p, err := Read(bytes.NewReader(b.Bytes()), "p.yaml")
	if err != nil || p.SHA256 != hex.EncodeToString(sum[:]) || p.SHA256 != Default().SHA256 || len(p.Looser) > 0 {
		t.Fatalf("the built-in itself: %v %+v", err, p.Ref())
	}
	for _, text := range []string{
		"name: default\nversion: \"1\"\nmeasure: {min_precision: 0.01}\n",
		"name: default\nversion: \"2\"\n",
		"name: default\nversion: \"1\"\ngate: {automation: {max_age_days: 0}}\n",
	} {
		if _, err := Read(strings.NewReader(text), "p.yaml"); fault.KindOf(err) != fault.Conflict || !strings.HasPrefix(err.Error(), "p.yaml:1: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if p, err := Read(strings.NewReader("version: \"1\"\nwindow_days: 30\n"), "p.yaml"); err != nil || p.Name == Default().Name {
		t.Errorf("without a name it is called %q (%v)", p.Name, err)
	}
}

func TestWhatAsksLessIsListed(t *testing.T) {
	text := `name: ours
version: "1"
window_days: 1
visibility: {joint_need: any, max_feed_age_days: 3650, min_feed_days: 1, min_host_share: 0.9, worst_reliability: F, outside_platforms: []}
measure: {min_precision: 0.01, max_alerts_per_day: 0, provenances: [analyst, automation], confidence: 0.99}
readiness: {passing: [alerted, logged], require_owner: false, max_runbook_age_days: 30}
gate: {automation: {rungs: [reliable, proven], max_age_days: 0}}
`
	p, err := Read(strings.NewReader(text), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"window_days 1 (built-in 90)", "visibility.outside_platforms [] (built-in [PRE])", `visibility.joint_need "any" (built-in "all")`,
		"visibility.max_feed_age_days 3650 (built-in 7)", "visibility.min_feed_days 1 (built-in 3)", `visibility.worst_reliability "F" (built-in "C")`, "measure.min_precision 0.01 (built-in 0.5)",
		"measure.max_alerts_per_day 0 (built-in 50)", "measure.provenances [analyst, automation] (built-in [analyst, incident, exercise])",
		"readiness.passing [alerted, logged] (built-in [alerted])", "readiness.require_owner false (built-in true)",
		"gate.automation.rungs [reliable, proven] (built-in [reliable])", "gate.automation.max_age_days 0 (built-in 30)"}
	if diff := cmp.Diff(want, p.Looser); diff != "" {
		t.Error(diff)
	}
}

// A setting that a verdict or a gate depends on says which way it asks less; what is
// left out here is left out on purpose.
func TestEverySettingSaysWhichWayItAsksLess(t *testing.T) {
	way := ways()
	p := builtIn()
	for _, k := range keys(&p) {
		_, told := way[k.name]
		free := k.name == "name" || k.name == "version" || k.name == "release" || k.name == "keep_daily" || k.name == "entities" || k.name == "claim.statuses" || k.name == "claim.join_alerts_by" ||
			strings.HasPrefix(k.name, "costs.") || strings.HasPrefix(k.name, "take.")
		if told == free {
			t.Errorf("%s: which way it asks less is told %t", k.name, told)
		}
		delete(way, k.name)
	}
	for name := range way {
		t.Errorf("%s is no setting", name)
	}
}
