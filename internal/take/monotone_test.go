package take_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/policy"
	"candor/internal/runbook"
	"candor/internal/take"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

var asOf = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// shelf makes a small release by hand.
type shelf struct{ objects []*attack.Object }

func (s *shelf) add(o attack.Object) *attack.Object {
	o.ID = o.Type + "--" + o.ATTACKID
	o.Kind = attack.KindOf(o.Type, false)
	if o.Name == "" {
		o.Name = "Name of " + o.ATTACKID
	}
	s.objects = append(s.objects, &o)
	return &o
}

func (s *shelf) relate(typ string, from, to *attack.Object) {
	s.add(attack.Object{Type: "relationship", ATTACKID: typ + from.ID + to.ID,
		Relationship: &attack.Relationship{Type: typ, Source: from.ID, Target: to.ID}})
}

// small is a release with one analytic that reads two log sources, its technique,
// and a group that uses it and software.
func small() *attack.Library {
	var s shelf
	tactic := s.add(attack.Object{Type: "x-mitre-tactic", ATTACKID: "TA0007", Name: "Discovery", ShortName: "discovery"})
	s.add(attack.Object{Type: "x-mitre-matrix", ATTACKID: "enterprise-attack", Tactics: []string{tactic.ID}})
	component := s.add(attack.Object{Type: "x-mitre-data-component", ATTACKID: "DC0032"})
	t := s.add(attack.Object{Type: "attack-pattern", ATTACKID: "T1046", Phases: []attack.Phase{{Chain: "mitre-attack", Name: "discovery"}}})
	a := s.add(attack.Object{Type: "x-mitre-analytic", ATTACKID: "AN1058", Platforms: []string{"Linux"}, LogSources: []attack.LogSource{
		{Component: component.ID, Name: "auditd", Channel: "execve"}, {Component: component.ID, Name: "flow", Channel: "out"}},
		Mutable: []attack.MutableElement{{Field: "Threshold", Description: "how many ports"}}})
	strategy := s.add(attack.Object{Type: "x-mitre-detection-strategy", ATTACKID: "DET0376", Analytics: []string{a.ID}})
	s.relate(attack.Detects, strategy, t)
	group := s.add(attack.Object{Type: "intrusion-set", ATTACKID: "G0001"})
	tool := s.add(attack.Object{Type: "tool", ATTACKID: "S0001"})
	s.relate(attack.Uses, group, t)
	s.relate(attack.Uses, group, tool)
	old := s.add(attack.Object{Type: "attack-pattern", ATTACKID: "T1423", Revoked: true})
	s.relate(attack.RevokedBy, old, t)
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "99.0"}, s.objects)
}

func of[T any](v T) evidence.Of[T] { return evidence.Of[T]{Value: v, Batch: "b"} }

// draw makes evidence about the small release.
func draw(t *rapid.T) assure.Evidence {
	var ev assure.Evidence
	some := func(label string, most int) int { return rapid.IntRange(0, most).Draw(t, label) }
	if rapid.Bool().Draw(t, "scoped") {
		ev.Telemetry.Scope = append(ev.Telemetry.Scope, of(telemetry.Scope{Platforms: []string{"Linux"}}))
	}
	for _, name := range [][2]string{{"auditd", "execve"}, {"flow", "out"}} {
		for d := range some("days of "+name[0], 6) {
			ev.Telemetry.Observations = append(ev.Telemetry.Observations, of(telemetry.Observation{Source: name[0], Channel: name[1],
				Day: day.Of(asOf).Add(-d - some("late "+name[0], 12)), Events: 10, Hosts: 1}))
		}
	}
	for i := range some("rules", 2) {
		ev.Rules = append(ev.Rules, of(detection.Rule{ID: fmt.Sprint("r", i), Name: fmt.Sprint("rule ", i), Enabled: true, Analytics: []string{"AN1058"}}))
	}
	for i := range some("clusters", 12) {
		class := rapid.SampledFrom([]alert.Class{alert.TruePositive, alert.TruePositive, alert.FalsePositive}).Draw(t, "class")
		ev.Tallies = append(ev.Tallies, alert.Tally{RuleID: "r0", Cluster: fmt.Sprint("c", i), Day: asOf.AddDate(0, 0, -i).Format(time.DateOnly),
			Class: class, Provenance: alert.Analyst, N: int64(1 + some("alerts", 9))})
	}
	for i := range some("exercises", 3) {
		ev.Exercises = append(ev.Exercises, of(exercise.Exercise{Technique: "T1046", Test: fmt.Sprint("test ", i), Analytic: "AN1058",
			Time: asOf.AddDate(0, 0, -some("age", 200)), Outcome: rapid.SampledFrom([]exercise.Outcome{exercise.Alerted, exercise.None, exercise.Logged}).Draw(t, "outcome")}))
	}
	if rapid.Bool().Draw(t, "runbook") {
		ev.Runbooks = append(ev.Runbooks, of(runbook.Runbook{ID: "rb", Title: "Do", Body: "Isolate the host, then ask its user.", Owner: "soc", Reviewed: day.Of(asOf).Add(-some("review", 400)), AppliesTo: []string{"AN1058"}}))
	}
	return ev
}

// without returns the evidence without one supporting item, and whether there was one.
func without(t *rapid.T, ev assure.Evidence) (assure.Evidence, bool) {
	switch rapid.IntRange(0, 3).Draw(t, "what goes") {
	case 0:
		i := slices.IndexFunc(ev.Tallies, func(x alert.Tally) bool { return x.Class == alert.TruePositive })
		if i < 0 {
			return ev, false
		}
		ev.Tallies = slices.Delete(slices.Clone(ev.Tallies), i, i+1)
	case 1:
		i := slices.IndexFunc(ev.Exercises, func(x evidence.Of[exercise.Exercise]) bool {
			return x.Value.Outcome == exercise.Alerted && asOf.Sub(x.Value.Time) < 179*24*time.Hour
		})
		if i < 0 {
			return ev, false
		}
		ev.Exercises = slices.Delete(slices.Clone(ev.Exercises), i, i+1)
	case 2:
		if len(ev.Runbooks) == 0 || ev.Runbooks[0].Value.Reviewed < day.Of(asOf).Add(-365) {
			return ev, false
		}
		ev.Runbooks = nil
	default:
		// A feed that counts is measured: one that is stale anyway supports nothing.
		n := len(ev.Telemetry.Observations)
		if n == 0 || ev.Telemetry.Observations[n-1].Value.Day < day.Of(asOf).Add(-6) {
			return ev, false
		}
		name := ev.Telemetry.Observations[n-1].Value.Source
		ev.Telemetry.Observations = slices.DeleteFunc(slices.Clone(ev.Telemetry.Observations), func(o evidence.Of[telemetry.Observation]) bool { return o.Value.Source == name })
	}
	return ev, true
}

func written(lib *attack.Library, ev assure.Evidence, id string) take.Take {
	a := assure.Assess(lib, ev, policy.Default(), asOf)
	d := take.NewDesk(take.Input{Library: lib, Assessment: &a, Policy: policy.Default(), Local: true})
	t, _ := d.Write(lib.ByATTACKID(id)[0].ID)
	return t
}

// promise is the most that a section promises, and by which statements.
type promise struct {
	most  int
	codes []string
}

func promises(t take.Take) map[take.SectionName]promise {
	all := map[take.SectionName]promise{}
	for _, s := range t.Sections {
		var p promise
		for _, st := range s.Statements {
			if st.Weight > 0 {
				p.most, p.codes = max(p.most, st.Weight), append(p.codes, st.Code)
			}
		}
		all[s.Name] = p
	}
	return all
}

// TestNoTakePromisesMoreForLessEvidence: what supports it is taken away, and nothing
// is promised that was not before, nor is the take surer.
func TestNoTakePromisesMoreForLessEvidence(t *testing.T) {
	lib := small()
	levels := []take.Level{take.Low, take.Medium, take.High}
	rapid.Check(t, func(t *rapid.T) {
		ev := draw(t)
		less, ok := without(t, ev)
		if !ok {
			t.Skip("nothing supports it")
		}
		for _, id := range []string{"AN1058", "T1046", "DET0376", "G0001", "TA0007", "DC0032"} {
			before, after := written(lib, ev, id), written(lib, less, id)
			had := promises(before)
			for section, p := range promises(after) {
				if p.most > had[section].most || p.most == had[section].most && len(p.codes) > len(had[section].codes) {
					t.Fatalf("%s promises %v in %s, and with more evidence %v", id, p.codes, section, had[section].codes)
				}
			}
			// That true alerts are fewer may settle that a rule is bad, and of that a take is
			// rightly surer.
			settled := len(less.Tallies) < len(ev.Tallies)
			if !settled && slices.Index(levels, after.Confidence.Level) > slices.Index(levels, before.Confidence.Level) {
				t.Fatalf("%s: confidence %s with less evidence, %s with more: %v, %v", id, after.Confidence.Level, before.Confidence.Level, after.Confidence, before.Confidence)
			}
		}
	})
}

func TestWithoutEvidenceATakeSpeaksOfTheObjectAlone(t *testing.T) {
	lib := small()
	a := assure.Assess(lib, assure.Evidence{}, policy.Default(), asOf)
	d := take.NewDesk(take.Input{Library: lib, Assessment: &a, Policy: policy.Default()})
	for _, id := range []string{"AN1058", "T1046", "G0001"} {
		tk, ok := d.Write(lib.ByATTACKID(id)[0].ID)
		if !ok || !says(tk, "nothing_judged") {
			t.Errorf("%s does not say that nothing is judged", id)
		}
		if code := map[bool]string{true: "named_sources", false: "named_data"}[id == "AN1058"]; !says(tk, code) {
			t.Errorf("%s does not say what would show it (%s)", id, code)
		}
		for _, s := range tk.Sections {
			for _, st := range s.Statements {
				for _, src := range st.Sources {
					if src.Kind == take.Reason {
						t.Errorf("%s: %q rests on a judgement, and there is no evidence", id, st.Text)
					}
				}
			}
		}
	}
}

// TestNoWorkIsAdvisedOnWhatIsNotOperated: of a platform out of scope a take says so, and
// neither what to do about detection nor who does it.
func TestNoWorkIsAdvisedOnWhatIsNotOperated(t *testing.T) {
	ev := assure.Evidence{Telemetry: visibility.Telemetry{Scope: []evidence.Of[telemetry.Scope]{of(telemetry.Scope{Platforms: []string{"Windows"}})}}}
	for _, id := range []string{"AN1058", "T1046"} {
		tk := written(small(), ev, id)
		if s := tk.Section(take.Direction); len(s.Statements) > 0 || !strings.Contains(s.Empty, "in scope here") {
			t.Errorf("%s: %+v", id, s)
		}
		if says(tk, "public_users") || says(tk, "what_it_takes") || !says(tk, map[bool]string{true: "not_concerned", false: "none_applies"}[id == "AN1058"]) {
			t.Errorf("%s: %+v", id, tk.Sections)
		}
	}
}

func says(t take.Take, code string) bool {
	for _, s := range t.Sections {
		if slices.ContainsFunc(s.Statements, func(st take.Statement) bool { return st.Code == code }) {
			return true
		}
	}
	return false
}

// TestATakeSaysWhatAChainWasMeasuredToBeWorth: of a stage next to the technique, with what
// is next to which it was lined up; what earned nothing is said only where nothing did, and
// what was not measured is not known.
func TestATakeSaysWhatAChainWasMeasuredToBeWorth(t *testing.T) {
	var s shelf
	for i, name := range []string{"reconnaissance", "initial-access"} {
		tactic := s.add(attack.Object{Type: "x-mitre-tactic", ATTACKID: fmt.Sprintf("TA000%d", i), ShortName: name})
		tech := s.add(attack.Object{Type: "attack-pattern", ATTACKID: fmt.Sprintf("T100%d", i), Phases: []attack.Phase{{Chain: "mitre-attack", Name: name}}})
		if i == 0 {
			s.add(attack.Object{Type: "x-mitre-matrix", ATTACKID: "enterprise-attack", Tactics: []string{tactic.ID, "x-mitre-tactic--TA0001"}})
		}
		for g := range 6 {
			id := fmt.Sprintf("G000%d", g)
			if i == 0 {
				s.add(attack.Object{Type: "intrusion-set", ATTACKID: id})
			}
			s.relate(attack.Uses, &attack.Object{ID: "intrusion-set--" + id}, tech)
		}
	}
	lib := attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "99.0"}, s.objects)
	chain := func(name string, earned bool, to string) credit.Chain {
		return credit.Chain{Definition: name, Earned: earned, Why: "why of " + name, Measured: "18 found", Batch: "b-" + name, Stages: [][]correlate.Selector{
			{{Kind: correlate.OfTactic, Name: "reconnaissance"}}, {{Kind: correlate.OfTechnique, Name: to}}}}
	}
	a := assure.Assess(lib, assure.Evidence{}, policy.Default(), asOf)
	for name, tt := range map[string]struct {
		chains           []credit.Chain
		earned, unearned bool
	}{
		"none":             {nil, false, false},
		"earned":           {[]credit.Chain{chain("c", true, "T1001")}, true, false},
		"not earned":       {[]credit.Chain{chain("c", false, "T1001")}, false, true},
		"both":             {[]credit.Chain{chain("c", false, "T1001"), chain("d", true, "T1001")}, true, false},
		"of another stage": {[]credit.Chain{chain("c", true, "T1002")}, false, false},
	} {
		tk, _ := take.NewDesk(take.Input{Library: lib, Assessment: &a, Policy: policy.Default(), Local: true, Chains: tt.chains}).Write(lib.ByATTACKID("T1000")[0].ID)
		if len(tk.Adjacent) != 1 || says(tk, "chain_earned") != tt.earned || says(tk, "chain_unearned") != tt.unearned {
			t.Errorf("%s: %d stages; %+v", name, len(tk.Adjacent), tk.Section(take.Direction))
		}
		for _, st := range tk.Section(take.Direction).Statements {
			if strings.HasPrefix(st.Code, "chain_") && (st.Weight != 0 || !slices.ContainsFunc(st.Sources, func(s take.Source) bool { return s.Kind == take.Batch && strings.HasPrefix(s.ID, "b-") })) {
				t.Errorf("%s: %q rests on %+v, with weight %d", name, st.Text, st.Sources, st.Weight)
			}
		}
	}
}

func TestARevokedObjectSaysWhatTookItsPlaceAndNoMore(t *testing.T) {
	tk := written(small(), assure.Evidence{}, "T1423")
	var said []string
	for _, s := range tk.Sections {
		for _, st := range s.Statements {
			said = append(said, st.Text)
		}
	}
	if len(said) != 2 || said[0] != "It is revoked: T1046 Name of T1046 took its place." {
		t.Errorf("it says %q", said)
	}
}

// TestReadersHearWhatIsForThem: a leader reads no engineer's statement, and both
// readings together are the whole.
func TestReadersHearWhatIsForThem(t *testing.T) {
	tk := written(small(), assure.Evidence{Rules: []evidence.Of[detection.Rule]{of(detection.Rule{ID: "r", Name: "r", Enabled: true, Analytics: []string{"AN1058"}})}}, "AN1058")
	count := func(t take.Take) (n, shared int) {
		for _, s := range t.Sections {
			for _, st := range s.Statements {
				n++
				if st.Audience == take.Both {
					shared++
				}
			}
		}
		return n, shared
	}
	all, shared := count(tk)
	leader, _ := count(tk.For(take.Leader))
	engineer, _ := count(tk.For(take.Engineer))
	if leader+engineer-shared != all || leader == all || engineer == all {
		t.Errorf("%d statements, %d for leaders, %d for engineers, %d for both", all, leader, engineer, shared)
	}
}

// TestRulesForWhatIsRare has each rule that the demonstration has no occasion for speak.
func TestRulesForWhatIsRare(t *testing.T) {
	lib := small()
	seen := func(name, channel string, ago int, events int64) evidence.Of[telemetry.Observation] {
		return of(telemetry.Observation{Source: name, Channel: channel, Day: day.Of(asOf).Add(-ago), Events: events, Hosts: 1})
	}
	scope := func(platform string) visibility.Telemetry {
		return visibility.Telemetry{Scope: []evidence.Of[telemetry.Scope]{of(telemetry.Scope{Platforms: []string{platform}})}}
	}
	silent := visibility.Telemetry{Observations: []evidence.Of[telemetry.Observation]{seen("auditd", "execve", 1, 0), seen("flow", "out", 1, 5)}}
	expired := detection.Exception{ID: "e1", RuleID: "r", Condition: "a exists", Expires: day.Of(asOf).Add(-3)}
	obstructed := func(e assure.Exempt, fields []evidence.Of[telemetry.FieldShare]) assure.Evidence {
		ev := assure.Evidence{Exceptions: []assure.Exempt{e}, Fields: fields}
		ev.Telemetry.Observations = []evidence.Of[telemetry.Observation]{seen("auditd", "execve", 0, 5), seen("auditd", "execve", 1, 5), seen("auditd", "execve", 2, 5),
			seen("flow", "out", 0, 5), seen("flow", "out", 1, 5), seen("flow", "out", 2, 5)}
		ev.Rules = []evidence.Of[detection.Rule]{of(detection.Rule{ID: "r", Name: "Rule r", Enabled: true, Analytics: []string{"AN1058"}, Fields: []string{"exe"}, Logs: []detection.Log{{Name: "auditd", Channel: "execve"}}})}
		return ev
	}
	replayed := obstructed(assure.Exempt{}, nil)
	replayed.Away = []evidence.Of[exercise.Exercise]{of(exercise.Exercise{Test: "a recording", Time: asOf, Provenance: exercise.Replay, RuleID: "r", Outcome: exercise.Alerted})}
	waiver := assure.Waiver{ID: "AN1058", For: assure.Reporting, Reason: "vendor", By: "ciso", Second: "audit", Made: asOf, Until: day.Of(asOf).Add(9)}
	for _, c := range []struct {
		code, id string
		ev       assure.Evidence
	}{
		{"none_applies", "T1046", assure.Evidence{Telemetry: scope("Windows")}},
		{"not_concerned", "AN1058", assure.Evidence{Telemetry: scope("Windows")}},
		{"scope_unstated", "AN1058", assure.Evidence{}},
		{"waived", "AN1058", assure.Evidence{Waivers: []evidence.Of[assure.Waiver]{of(waiver)}}},
		{"no_reliable_chance", "G0001", assure.Evidence{}},
		{"tools_of", "G0001", assure.Evidence{}},
		{"tools_of", "S0001", assure.Evidence{}},
		{"through_software", "G0001", assure.Evidence{}},
		{"no_adjacent", "AN1058", assure.Evidence{}},
		{"silent", "AN1058", assure.Evidence{Telemetry: silent}},
		{"exception_wanting", "AN1058", obstructed(assure.Exempt{Exception: expired}, nil)},
		{"exception_hides", "AN1058", obstructed(assure.Exempt{Exception: expired, True: 4, Hides: 2, Alerts: []string{"a", "b"}}, nil)},
		{"claim_without_sight", "AN1058", obstructed(assure.Exempt{Exception: expired, True: 4, Hides: 2, Alerts: []string{"a", "b"}}, nil)},
		{"replay_limit", "AN1058", replayed},
		{"field_missing", "AN1058", obstructed(assure.Exempt{}, []evidence.Of[telemetry.FieldShare]{of(telemetry.FieldShare{Source: "auditd", Field: "exe", Share: 0.04, Day: day.Of(asOf)})})},
	} {
		if tk := written(lib, c.ev, c.id); !says(tk, c.code) {
			t.Errorf("the take of %s does not say %s", c.id, c.code)
		}
	}
}
