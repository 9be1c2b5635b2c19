package claim_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/detection"
)

// split holds techniques of which another release made T50 (of T10, T20 and T30,
// each with an analytic on Windows that reads its own channel) and T60 (of T10).
func split() *attack.Library {
	var objects []*attack.Object
	for i, id := range []string{"T10", "T20", "T30"} {
		an := &attack.Object{ID: "an--" + id, Kind: attack.KindAnalytic, ATTACKID: "AN" + id, Platforms: []string{"Windows"},
			LogSources: []attack.LogSource{{Name: "Log", Channel: fmt.Sprint(i)}, {Name: "Every", Channel: "None"}}}
		objects = append(objects, an,
			&attack.Object{ID: "t--" + id, Kind: attack.KindTechnique, ATTACKID: id},
			&attack.Object{ID: "det--" + id, Kind: attack.KindStrategy, Analytics: []string{an.ID}},
			&attack.Object{ID: "r--" + id, Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: attack.Detects, Source: "det--" + id, Target: "t--" + id}})
	}
	lib := attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, objects)
	return lib.WithRenames(attack.Lineage{{
		{Old: "T10", New: "T50", By: "enterprise 19.0"}, {Old: "T20", New: "T50", By: "enterprise 19.0"}, {Old: "T30", New: "T50", By: "enterprise 19.0"},
		{Old: "T10", New: "T60", By: "enterprise 19.0"}, {Old: "T60", New: "T61", By: "enterprise 20.0"}, {Old: "T5", New: "T10", By: "enterprise 6.3"},
	}})
}

func TestIDsOfOtherReleasesAreReadForwardsAndBackwards(t *testing.T) {
	log := func(name, channel string) []detection.Log { return []detection.Log{{Name: name, Channel: channel}} }
	for _, c := range []struct {
		name, id string
		logs     []detection.Log
		as, how  string
		why      string
	}{
		{"one step back", "T60", nil, "T10", "T60 is read as T10: by enterprise 19.0 T60 took the place of T10", ""},
		{"two steps back", "T61", nil, "T10", "T61 is read as T10: by enterprise 20.0 T61 took the place of T60; by enterprise 19.0 T60 took the place of T10", ""},
		{"forwards", "T5", nil, "T10", "T5 is read as T10: by enterprise 6.3 T10 took the place of T5", ""},
		{"the log source decides", "T50", log("Log", "1"), "T20",
			"T50 is read as T20: by enterprise 19.0 T50 took the place of T10, T20 and T30; of these only T20 has an analytic of the rule's platform and log source", ""},
		{"the log source fits none", "T50", log("Other", ""), "", "",
			"T50 may be T10, T20 or T30: by enterprise 19.0 T50 took the place of T10, T20 and T30; the rule's log source fits none of them"},
		{"the log source fits all", "T50", log("Every", ""), "", "",
			"T50 may be T10, T20 or T30: by enterprise 19.0 T50 took the place of T10, T20 and T30; the rule's log source fits T10, T20 and T30 of them"},
		{"only the parent is known", "T60.001", nil, "", "",
			"T60.001 is unknown to enterprise 18.1, and nothing says what it was or became; of its parent, by enterprise 19.0 T60 took the place of T10"},
		{"nothing is known", "T99", nil, "", "", "T99 is unknown to enterprise 18.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := claim.Judge(split(), rulesOf(detection.Rule{ID: "r", Name: "Rule", Enabled: true, Techniques: []string{c.id}, Platforms: []string{"Windows"}, Logs: c.logs}), policy())
			if c.as == "" {
				want := []claim.Unmapped{{RuleID: "r", RuleName: "Rule", Names: c.id, Why: c.why, Batch: "b1"}}
				if d := cmp.Diff(want, got.Unmapped); d != "" || len(got.ByAnalytic) > 0 || len(got.Reread) > 0 {
					t.Errorf("%d claims, %d reread (-want +got)\n%s", len(got.ByAnalytic), len(got.Reread), d)
				}
				return
			}
			want := []claim.Reread{{RuleID: "r", RuleName: "Rule", Names: c.id, As: c.as, How: c.how, Batch: "b1"}}
			if d := cmp.Diff(want, got.Reread); d != "" || len(got.Unmapped) > 0 {
				t.Errorf("unmapped %v (-want +got)\n%s", got.Unmapped, d)
			}
			claims := got.ByAnalytic["an--"+c.as]
			if len(got.ByAnalytic) != 1 || len(claims) != 1 || claims[0].Via != c.id || claims[0].Reading != c.how || !claims[0].Counts {
				t.Errorf("claims %+v", got.ByAnalytic)
			}
		})
	}
}

func TestAnalyticsOfAnotherReleaseAreReadToo(t *testing.T) {
	lib := split().WithRenames(attack.Lineage{{{Old: "ANT10", New: "AN50", By: "x 2.0"}}})
	got := claim.Judge(lib, rulesOf(detection.Rule{ID: "r", Name: "Rule", Enabled: true, Analytics: []string{"AN50", "AN51"}}), policy())
	const how = "AN50 is read as ANT10: by x 2.0 AN50 took the place of ANT10"
	want := claim.Claims{
		ByAnalytic: map[string][]claim.Claim{"an--T10": {{RuleID: "r", RuleName: "Rule", Basis: claim.Explicit, Via: "AN50", Reading: how, Enabled: true, Counts: true, Batch: "b1"}}},
		Unmapped:   []claim.Unmapped{{RuleID: "r", RuleName: "Rule", Names: "AN51", Why: "AN51 is unknown to enterprise 18.1", Batch: "b1"}},
		Reread:     []claim.Reread{{RuleID: "r", RuleName: "Rule", Names: "AN50", As: "ANT10", How: how, Batch: "b1"}},
		Narrowed:   []claim.Narrowed{},
		Nowhere:    []claim.Nowhere{},
		Silent:     []string{},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestRenamesThatLeadInACircleEnd(t *testing.T) {
	lib := attack.NewLibrary(attack.Release{Domain: "x-attack", Version: "1.0"}, []*attack.Object{
		{ID: "t--1", Kind: attack.KindTechnique, ATTACKID: "T1", Deprecated: true}, {ID: "t--2", Kind: attack.KindTechnique, ATTACKID: "T2", Deprecated: true},
	}).WithRenames(attack.Lineage{{{Old: "T1", New: "T2", By: "x 2.0"}, {Old: "T2", New: "T1", By: "x 3.0"}, {Old: "T8", New: "T9", By: "x 2.0"}, {Old: "T9", New: "T8", By: "x 2.0"}}})
	got := claim.Judge(lib, rulesOf(detection.Rule{ID: "r", Techniques: []string{"T1", "T2", "T8"}}), policy())
	if len(got.Unmapped) != 3 || len(got.Reread) != 0 {
		t.Errorf("got %+v", got)
	}
}

// What becomes of the references of the public rules, of August 2026, to
// techniques that 19 made.
func TestPublicRulesOfALaterReleaseAreRead(t *testing.T) {
	lib, rules := publicRules(t)
	got := claim.Judge(lib, rules, policy())
	if read, left := len(got.Reread), len(got.Unmapped); read != 124 || left != 115 {
		t.Errorf("%d are read and %d are not, want 124 and 115", read, left)
	}
}
