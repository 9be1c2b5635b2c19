package assure

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/measure"
	"candor/internal/runbook"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// asOf is the day as of which the tests judge.
var asOf = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// testPolicy is the policy of the tests. Package policy has the defaults; it
// stands above this package.
func testPolicy() Policy {
	return Policy{
		Name: "test", Version: "7", WindowDays: 90,
		Visibility: visibility.Policy{
			OutsidePlatforms: []string{"PRE"}, JointNeed: "all", MaxFeedAgeDays: 7,
			MinFeedDays: 3, WorstReliability: "C", WorstCredibility: 3, MinFieldShare: 0.8, MaxLatencyMinutes: 60,
		},
		Claim: claim.Policy{Count: []claim.Basis{claim.Explicit, claim.TechniquePlatformLog, claim.TechniquePlatform}},
		Measure: measure.Policy{
			MinPrecision: 0.5, MinEpisodes: 5, MaxAlertsPerDay: 50, MaxMinutesPerDay: 240,
			MinutesPerAlert: 10, Provenances: []string{"analyst"}, Confidence: 0.95,
		},
		Readiness: Readiness{MaxExerciseAgeDays: 180, MaxRunbookAgeDays: 365, Passing: []string{"alerted"}, MaxRunAgeDays: 7, CorroborateHours: 24, MaxChance: 0.05, RequireOwner: true},
	}
}

// shelf makes a small release by hand.
type shelf struct{ objects []*attack.Object }

func (s *shelf) add(o attack.Object) string {
	o.ID = o.Type + "--" + o.ATTACKID
	o.Kind = attack.KindOf(o.Type, false)
	if o.Name == "" {
		o.Name = "Name of " + o.ATTACKID
	}
	s.objects = append(s.objects, &o)
	return o.ID
}

func (s *shelf) tactic(id, short string) string {
	return s.add(attack.Object{Type: "x-mitre-tactic", ATTACKID: id, ShortName: short})
}

func (s *shelf) technique(id, tactic string) string {
	return s.add(attack.Object{Type: "attack-pattern", ATTACKID: id, Phases: []attack.Phase{{Chain: "mitre-attack", Name: tactic}}})
}

// analytic adds an analytic, a strategy that holds it and the relation from the
// strategy to the technique. Each log source is a name; its channel is "c".
func (s *shelf) analytic(id, platform, technique string, logs ...string) {
	an := attack.Object{Type: "x-mitre-analytic", ATTACKID: id, Platforms: []string{platform}}
	for _, l := range logs {
		an.LogSources = append(an.LogSources, attack.LogSource{Component: "x-mitre-data-component--DC1", Name: l, Channel: "c"})
	}
	anID := s.add(an)
	det := s.add(attack.Object{Type: "x-mitre-detection-strategy", ATTACKID: "DET" + id[2:], Analytics: []string{anID}})
	s.relate(attack.Detects, det, technique)
}

func (s *shelf) relate(typ, from, to string) {
	s.add(attack.Object{Type: "relationship", ATTACKID: typ + from + to,
		Relationship: &attack.Relationship{Type: typ, Source: from, Target: to}})
}

// miniature is a release with one analytic that nobody can see (AN1989), two of
// one technique (AN0200, AN0201), one of the same tactic as AN1989 (AN0400), and
// others that share nothing (AN0100, AN0300). Its matrix has Initial Access last.
func miniature() *attack.Library {
	var s shelf
	recon, resource := s.tactic("TA0043", "reconnaissance"), s.tactic("TA0042", "resource-development")
	execution, initial := s.tactic("TA0002", "execution"), s.tactic("TA0001", "initial-access")
	s.tactic("TA0099", "nowhere")
	s.add(attack.Object{Type: "x-mitre-matrix", ATTACKID: "enterprise-attack", Tactics: []string{recon, resource, execution, initial}})
	s.add(attack.Object{Type: "x-mitre-data-component", ATTACKID: "DC1"})
	names := s.technique("T1589.003", "reconnaissance")
	phishing := s.technique("T1566", "initial-access")
	script := s.technique("T1059", "execution")
	alone := s.technique("T1200", "initial-access")
	asking := s.technique("T1598", "reconnaissance")
	old := s.add(attack.Object{Type: "attack-pattern", ATTACKID: "T1086", Revoked: true})
	s.relate(attack.RevokedBy, old, script)
	s.analytic("AN1989", "PRE", names)
	s.analytic("AN0100", "Windows", phishing, "mail")
	s.analytic("AN0200", "Windows", script, "process", "script")
	s.analytic("AN0201", "Linux", script, "audit")
	s.analytic("AN0300", "Windows", alone, "usb")
	s.analytic("AN0400", "Windows", asking, "portal")
	s.add(attack.Object{Type: "x-mitre-analytic", ATTACKID: "AN0999", Deprecated: true})
	group := s.add(attack.Object{Type: "intrusion-set", ATTACKID: "G0001"})
	campaign := s.add(attack.Object{Type: "campaign", ATTACKID: "C0001"})
	gone := s.add(attack.Object{Type: "intrusion-set", ATTACKID: "G0002", Revoked: true})
	tool := s.add(attack.Object{Type: "malware", ATTACKID: "S0001"})
	for _, user := range []string{group, campaign, gone, tool} {
		for _, t := range []string{names, phishing, script, asking} {
			s.relate(attack.Uses, user, t)
		}
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: "18.1"}, s.objects)
}

// world is an organisation's evidence in the making. Every piece has a batch of
// its own kind's name.
type world struct{ Evidence }

func (w *world) scope(platforms ...string) *world {
	w.Telemetry.Scope = append(w.Telemetry.Scope, evidence.Of[telemetry.Scope]{Batch: "b-scope", Value: telemetry.Scope{Organisation: "Org", Platforms: platforms}})
	return w
}

// feed records that log sources arrived on each of the days before ago.
func (w *world) feed(ago int, names ...string) *world {
	for _, n := range names {
		for i := range 5 {
			w.Telemetry.Observations = append(w.Telemetry.Observations, evidence.Of[telemetry.Observation]{Batch: "b-feed",
				Value: telemetry.Observation{Day: day.Of(asOf).Add(-ago - i), Source: n, Channel: "c", Events: 10, Hosts: 3}})
		}
	}
	return w
}

func (w *world) declare(names ...string) *world {
	for _, n := range names {
		w.Telemetry.Sources = append(w.Telemetry.Sources, evidence.Of[telemetry.Source]{Batch: "b-source", Value: telemetry.Source{Name: n, Channel: "c"}})
	}
	return w
}

// hear records a signal that came from a source so many days ago.
func (w *world) hear(source string, ago int) *world {
	w.Telemetry.Hearings = append(w.Telemetry.Hearings, evidence.Of[telemetry.Hearing]{Batch: "b-signal", Value: telemetry.Hearing{Source: source, Day: day.Of(asOf).Add(-ago)}})
	return w
}

func (w *world) external(covers, reliability string, credibility int) *world {
	id := fmt.Sprintf("x%d", len(w.Telemetry.Externals))
	w.Telemetry.Externals = append(w.Telemetry.Externals, evidence.Of[telemetry.External]{Batch: "b-external", Value: telemetry.External{
		ID: id, Name: "Brand watch", Provider: "Provider", Owner: "CTI", Covers: []string{covers},
		Reliability: reliability, Credibility: credibility, Expires: "2026-09-01"}})
	return w.hear(id, 3)
}

// rule adds an enabled rule that names analytics explicitly.
func (w *world) rule(id string, analytics ...string) *world {
	return w.add(detection.Rule{ID: id, Name: "Rule " + id, Enabled: true, Analytics: analytics})
}

func (w *world) add(r detection.Rule) *world {
	w.Rules = append(w.Rules, evidence.Of[detection.Rule]{Value: r, Batch: "b-rule"})
	return w
}

func (w *world) exercise(id string, ago int, o exercise.Outcome) *world {
	e := exercise.Exercise{Technique: id, Test: "test of " + id, Time: asOf.AddDate(0, 0, -ago), Outcome: o}
	if id[:2] == "AN" {
		e.Technique, e.Analytic = "", id
	}
	w.Exercises = append(w.Exercises, evidence.Of[exercise.Exercise]{Value: e, Batch: "b-exercise"})
	if o == exercise.Alerted {
		w.seen(e, "r", "r0", "r1", "r2", "r3", "tech")
	}
	return w
}

// seen records that each of the rules raised an alert an hour after an exercise, and at no
// other time, although alerts of them are known of 90 days before the day of judgement.
func (w *world) seen(e exercise.Exercise, rules ...string) *world {
	if w.Around.Seen == nil {
		w.Around.Seen = map[string][]Sighting{}
	}
	for _, r := range rules {
		of := ofExercise(e.ID())
		w.Around.Seen[of] = append(w.Around.Seen[of], Sighting{Near: alert.Near{RuleID: r, N: 1, First: e.Time.Add(time.Hour), ID: "a-" + r, Entity: "host-1"}, Wide: 1})
		for _, ago := range []int{400, 0} {
			at := asOf.AddDate(0, 0, -ago)
			w.Around.Presence = append(w.Around.Presence, alert.Presence{RuleID: r, Day: string(day.Of(at)), First: at, Last: at})
		}
	}
	return w
}

func (w *world) runbook(owner string, ago int, applies ...string) *world {
	w.Runbooks = append(w.Runbooks, evidence.Of[runbook.Runbook]{Batch: "b-runbook", Value: runbook.Runbook{
		ID: fmt.Sprintf("rb%d", len(w.Runbooks)), Title: "What to do", Body: "Isolate the host, then ask its user.", AppliesTo: applies, Owner: owner, Reviewed: day.Of(asOf).Add(-ago)}})
	return w
}

// alerts adds labelled alerts of a rule, each an episode of its own, over the
// ten days before the day of judgement.
func (w *world) alerts(rule string, hits, misses int) *world {
	for i := range hits + misses {
		class := alert.TruePositive
		if i >= hits {
			class = alert.FalsePositive
		}
		w.tally(rule, fmt.Sprintf("e%d", i), class, 1+i%10, 1)
	}
	w.raised(rule, 0)
	return w
}

// busy adds days of true alerts in bursts of n.
func (w *world) busy(rule string, days int, n int64) *world {
	for i := range days {
		w.tally(rule, fmt.Sprintf("b%d", i), alert.TruePositive, 1+i, n)
	}
	return w
}

func (w *world) unlabelled(rule string, n int64) *world {
	for i := range n {
		w.tally(rule, fmt.Sprint("u", i), alert.Unlabelled, 1+int(i)%10, 1)
	}
	return w
}

func (w *world) tally(rule, cluster string, c alert.Class, ago int, n int64) {
	p := alert.Analyst
	if c == alert.Unlabelled {
		p = ""
	}
	w.Tallies = append(w.Tallies, alert.Tally{RuleID: rule, Cluster: cluster, Day: string(day.Of(asOf).Add(-ago)), Class: c, Provenance: p,
		Hours: alert.HourSet(len(w.Tallies) % 24), N: n})
	w.raised(rule, n)
}

// raised says that alerts name a rule.
func (w *world) raised(rule string, n int64) {
	i := slices.IndexFunc(w.AlertRules, func(r AlertRule) bool { return r.ID == rule })
	if i < 0 {
		i = len(w.AlertRules)
		w.AlertRules = append(w.AlertRules, AlertRule{ID: rule, Batches: []string{"b-alert"}})
	}
	w.AlertRules[i].Alerts += n
}

// verdict returns the verdict on the analytic with ATT&CK ID id.
func verdict(t interface {
	Helper()
	Fatalf(string, ...any)
}, a Assessment, id string) Verdict {
	t.Helper()
	i := slices.IndexFunc(a.Verdicts, func(v Verdict) bool { return v.Analytic.ATTACKID == id })
	if i < 0 {
		t.Fatalf("no verdict on %s", id)
	}
	return a.Verdicts[i]
}

func codes(v Verdict) []string {
	var cs []string
	for _, r := range v.Reasons {
		cs = append(cs, r.Code)
	}
	return cs
}

func actions(v Verdict) []string {
	var as []string
	for _, s := range v.Next {
		as = append(as, s.Action+" "+s.Target)
	}
	return as
}

func assess(t *testing.T, w *world) Assessment {
	t.Helper()
	return Assess(miniature(), w.Evidence, testPolicy(), asOf)
}
