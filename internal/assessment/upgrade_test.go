package assessment_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/rename"
	"candor/internal/attack/stix"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/policy"
	"candor/internal/runbook"
	"candor/internal/store"
	"candor/internal/upgrade"
)

// parted is a release that has T2566 and T3566 in the place of T1566; the analytics are T2566's.
var parted = strings.NewReplacer(
	`"id":"attack-pattern--1"`, `"id":"attack-pattern--2"`, `"external_id":"T1566"`, `"external_id":"T2566"`, `"target_ref":"attack-pattern--1"`, `"target_ref":"attack-pattern--2"`,
	`"objects":[`, `"objects":[{"type":"attack-pattern","id":"attack-pattern--3","spec_version":"2.1","name":"Vishing","external_references":[{"source_name":"mitre-attack","external_id":"T3566"}]},`,
).Replace(bundle)

func TestAnUpgradeIsPlannedDecidedAndTakenBack(t *testing.T) {
	b := newBench(t).small().release("19.0", stix.Source{Name: "parted", Reader: strings.NewReader(parted)})
	b.add(evidence.RecordRule, detection.Rule{ID: "r1", Name: "Mail", Enabled: true, Techniques: []string{"T1566"}, Platforms: []string{"Windows"}, Logs: []detection.Log{{Name: "mail", Channel: "received"}}},
		detection.Rule{ID: "r2", Enabled: true, Techniques: []string{"T2566"}, Platforms: []string{"Linux"}})
	b.add(evidence.RecordRunbook, runbook.Runbook{ID: "rb", Title: "Mail", AppliesTo: []string{"T1566", "rule:r1"}, Body: "Ask the user what came, and tell the others."})
	ask := func(mapping ...attack.Rename) assessment.UpgradeAsked {
		return assessment.UpgradeAsked{Request: assessment.Request{AsOf: asOf, Policy: policy.Default()}, Old: attack.ReleaseRef{Version: "18.1"}, New: attack.ReleaseRef{Version: "19.0"}, Mapping: mapping}
	}
	plan := func(q assessment.UpgradeAsked) assessment.Upgrade {
		t.Helper()
		u, err := b.Upgrade(t.Context(), q)
		if err != nil || !u.Judged || len(u.Items) != 1 {
			t.Fatalf("%+v, %v", u, err)
		}
		return u
	}
	claimed := func(version string) (rung assure.Rung, by []string) {
		t.Helper()
		v, err := b.Verdict(t.Context(), assessment.Request{AsOf: asOf, Policy: policy.Default(), Release: attack.ReleaseRef{Version: version}}, "AN0001")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range v.Claims {
			if c.Counts {
				by = append(by, c.RuleID+" "+c.Technique+" "+c.Via)
			}
		}
		return v.Rung, by
	}
	before, _ := claimed("18.1")
	lost, by := claimed("19.0")
	if len(by) != 0 || before == lost {
		t.Fatalf("before: %s, after: %s, claims %q", before, lost, by)
	}
	split := ask(attack.Rename{Old: "T1566", New: "T2566", By: "map"}, attack.Rename{Old: "T1566", New: "T3566", By: "map"})
	u := plan(split)
	if i := u.Items[0]; i.State != upgrade.Ambiguous || len(i.Named) != 2 || len(u.Proposed()) != 0 || len(u.Moves) != 1 || u.Moves[0].From != before || u.Moves[0].To != lost {
		t.Errorf("ambiguous: %+v", u)
	}
	split.Choices = []attack.Decision{{ID: "T1566", To: []string{"T2566"}, By: "Ann", Why: "mail", At: asOf}}
	if u = plan(split); u.Items[0].State != upgrade.Decided || len(u.Moves) != 0 {
		t.Errorf("supposed: %+v", u)
	}
	if _, by := claimed("19.0"); len(by) != 0 {
		t.Errorf("supposing recorded something: %q", by)
	}
	made, batch, err := b.Decide(t.Context(), ask(), split.Choices)
	if err != nil || len(made) != 1 || !strings.HasPrefix(batch, "decision-") {
		t.Fatalf("%+v in %q, %v", made, batch, err)
	}
	if rung, by := claimed("19.0"); rung != before || len(by) != 1 || by[0] != "r1 T2566 T1566" {
		t.Errorf("decided: %s, claims %q", rung, by)
	}
	if rung, by := claimed("18.1"); rung != before || by[0] != "r1 T1566 " {
		t.Errorf("by the older release: %s, claims %q", rung, by)
	}
	if made, batch, err = b.Decide(t.Context(), ask(), split.Choices); err != nil || len(made) != 0 || batch != "" {
		t.Errorf("again: %+v in %q, %v", made, batch, err)
	}
	back := []attack.Decision{{ID: "T1566", By: "Ann", Why: "wrong", At: asOf.Add(time.Hour), Withdrawn: true}}
	if made, _, err = b.Decide(t.Context(), ask(), back); err != nil || len(made) != 1 {
		t.Errorf("taken back: %+v, %v", made, err)
	}
	if rung, by := claimed("19.0"); rung != lost || len(by) != 0 {
		t.Errorf("taken back: %s, claims %q", rung, by)
	}
	if _, _, err = b.Decide(t.Context(), ask(), back); fault.KindOf(err) != fault.NotFound {
		t.Errorf("taken back twice: %v", err)
	}
	_, batch, err = b.Decide(t.Context(), ask(), []attack.Decision{{ID: "T1566", Holder: attack.Holder{Kind: attack.OfRule, ID: "r1"}, To: []string{"T2566"}, By: "Ann", Why: "mail", At: asOf.Add(2 * time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	if u := plan(ask()); u.Items[0].Open() != 1 || len(u.Moves) != 0 {
		t.Errorf("for one rule: %+v", u)
	}
	if err := b.ev.Withdraw(t.Context(), batch, store.Withdrawal{At: asOf, Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	if _, by := claimed("19.0"); len(by) != 0 {
		t.Errorf("with the batch withdrawn: %q", by)
	}
}

// TestAMappingThatIsKeptIsAsked: of an ID that the newer release has, and no longer in force,
// what was added as evidence is asked as a mapping file is.
func TestAMappingThatIsKeptIsAsked(t *testing.T) {
	gone := strings.Replace(parted, `"objects":[`, `"objects":[{"type":"attack-pattern","id":"attack-pattern--9","spec_version":"2.1","name":"Phishing","x_mitre_deprecated":true,"external_references":[{"source_name":"mitre-attack","external_id":"T1566"}]},`, 1)
	b := newBench(t).small().release("19.0", stix.Source{Name: "gone", Reader: strings.NewReader(gone)})
	b.add(evidence.RecordRule, detection.Rule{ID: "r1", Name: "Mail", Enabled: true, Techniques: []string{"T1566"}})
	state := func() upgrade.Item {
		t.Helper()
		u, err := b.Upgrade(t.Context(), assessment.UpgradeAsked{Request: assessment.Request{AsOf: asOf, Policy: policy.Default()}, Old: attack.ReleaseRef{Version: "18.1"}, New: attack.ReleaseRef{Version: "19.0"}})
		if err != nil || len(u.Items) != 1 {
			t.Fatalf("%+v, %v", u, err)
		}
		return u.Items[0]
	}
	if i := state(); i.State != upgrade.Ambiguous || len(i.To) != 0 {
		t.Fatalf("%+v", i)
	}
	batch := b.add(evidence.RecordRename, attack.Rename{Old: "T1566", New: "T2566", By: "our lab"})
	if i := state(); i.State != upgrade.Certain || !slices.Equal(i.To, []string{"T2566"}) || !strings.Contains(i.Why, "our lab in mapping "+batch) {
		t.Errorf("%+v", i)
	}
}

func TestAnUpgradeThatCannotBeMeantIsRefused(t *testing.T) {
	b := newBench(t).small()
	mapping := []attack.Rename{{Old: "T1566", New: "T2566", By: "map"}}
	for name, c := range map[string]struct {
		q    assessment.UpgradeAsked
		kind fault.Kind
	}{
		"itself":         {assessment.UpgradeAsked{Old: attack.ReleaseRef{Version: "18.1"}, New: attack.ReleaseRef{Version: "18.1"}}, fault.Usage},
		"not there":      {assessment.UpgradeAsked{Old: attack.ReleaseRef{Version: "18.1"}, New: attack.ReleaseRef{Version: "19.0"}}, fault.NotFound},
		"not in force":   {assessment.UpgradeAsked{Old: attack.ReleaseRef{Version: "18.1"}, New: attack.ReleaseRef{Version: "19.0"}, Mapping: mapping, Choices: []attack.Decision{{ID: "T1566", To: []string{"T9"}, By: "a", Why: "b"}}}, fault.Usage},
		"older unknown":  {assessment.UpgradeAsked{Old: attack.ReleaseRef{Version: "3.0"}, New: attack.ReleaseRef{Version: "18.1"}, Mapping: mapping}, fault.NotFound},
		"no why":         {assessment.UpgradeAsked{Old: attack.ReleaseRef{Version: "18.1"}, New: attack.ReleaseRef{Version: "19.0"}, Mapping: mapping, Choices: []attack.Decision{{ID: "T1566", To: []string{"T2566"}, By: "a"}}}, fault.Usage},
		"only a mapping": {assessment.UpgradeAsked{Old: attack.ReleaseRef{Version: "18.1"}, New: attack.ReleaseRef{Version: "19.0"}, Mapping: mapping}, ""},
	} {
		c.q.Request = assessment.Request{AsOf: asOf, Policy: policy.Default()}
		u, err := b.Upgrade(t.Context(), c.q)
		if (err != nil) != (c.kind != "") || err != nil && fault.KindOf(err) != c.kind || err == nil && (u.Judged || len(u.Limits) == 0) {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
		if _, _, err := b.Decide(t.Context(), c.q, nil); name == "only a mapping" && fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s is decided: %v", name, err)
		}
	}
}

// The public list of what 19 made of techniques of 18, over Enterprise 18.1: each ID that it
// names went where it says, three of them to one, and nothing else changed.
func TestThePublicMappingOverTheRealRelease(t *testing.T) {
	var objects []*attack.Object
	_, err := stix.Read(t.Context(), stix.Source{Name: "18.1", Reader: packed(t, "attack", "enterprise-attack-18.1.json.gz")}, func(s *attack.Snapshot) error {
		o := s.Object
		objects = append(objects, &o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(os.Getenv("CANDOR_TEST_DATA"), "attack", "v18-to-v19.csv"))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := rename.Strict("v18-to-v19.csv", text)
	if err != nil {
		t.Fatal(err)
	}
	old := attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
	all := upgrade.Named{Holder: attack.Holder{Kind: attack.OfRule, ID: "r"}}
	for _, o := range old.Objects() {
		if o.Live() && o.Kind.Technique() {
			all.IDs = append(all.IDs, o.ATTACKID)
		}
	}
	p := upgrade.New(upgrade.Asked{Old: old, New: upgrade.Assumed(old, "19.0", mapping), Mapping: mapping, Named: []upgrade.Named{all}})
	live, merged := 0, 0
	for _, r := range mapping {
		if !old.InForce(r.Old) { // T1547.011 gave way to T1647 before
			continue
		}
		live++
		i := slices.IndexFunc(p.Items, func(i upgrade.Item) bool { return i.ID == r.Old })
		if i < 0 || p.Items[i].State != upgrade.Certain || len(p.Items[i].To) != 1 || p.Items[i].To[0] != r.New {
			t.Errorf("%s to %s: %+v", r.Old, r.New, p.Items)
			continue
		}
		merged += len(p.Items[i].Merged)
	}
	if live != len(p.Items) || live != 11 || merged != 6 || len(all.IDs) != 691 {
		t.Errorf("%d of %d items are those that the mapping names, %d merged, of %d techniques", live, len(p.Items), merged, len(all.IDs))
	}
}

func TestAMappingWithAnythingWrongIsRefusedWhole(t *testing.T) {
	for text, says := range map[string]string{
		"old,new\nT1,T2\n":                   `m.csv:2: old: "T1"`,
		"old,new\nT1562,T1685\nT1562,AN1\n":  `m.csv:3: new: "AN1"`,
		"old,new,domian\nT1562,T1685,ics\n":  "domian",
		"old,new\n":                          "says nothing",
		"alt,neu\nT1562,T1685\n":             "old",
		"old,new\nT1562,T1685\nT1562,\n":     "m.csv:3: new",
		"old,new\nT1562,T1685\nT1562,T1686,": "m.csv:3",
	} {
		rs, err := rename.Strict("m.csv", []byte(text))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), says) || rs != nil {
			t.Errorf("%q: %+v, %v", text, rs, err)
		}
	}
}
