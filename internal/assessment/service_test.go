package assessment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/fault"
	"candor/internal/policy"
	"candor/internal/runbook"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
	"candor/internal/telemetry"
)

var asOf = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// bundle is a release of one technique with an analytic on Windows, and one
// that nobody can see.
const bundle = `{"type":"bundle","id":"bundle--1","objects":[
{"type":"x-mitre-matrix","id":"x-mitre-matrix--1","spec_version":"2.1","name":"Enterprise","tactic_refs":["x-mitre-tactic--1"],"external_references":[{"source_name":"mitre-attack","external_id":"enterprise-attack"}]},
{"type":"x-mitre-tactic","id":"x-mitre-tactic--1","spec_version":"2.1","name":"Initial Access","x_mitre_shortname":"initial-access","external_references":[{"source_name":"mitre-attack","external_id":"TA0001"}]},
{"type":"x-mitre-data-component","id":"x-mitre-data-component--1","spec_version":"2.1","name":"Application Log Content","external_references":[{"source_name":"mitre-attack","external_id":"DC0038"}]},
{"type":"attack-pattern","id":"attack-pattern--1","spec_version":"2.1","name":"Phishing","kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"initial-access"}],"external_references":[{"source_name":"mitre-attack","external_id":"T1566"}]},
{"type":"x-mitre-detection-strategy","id":"x-mitre-detection-strategy--1","spec_version":"2.1","name":"Detect phishing","x_mitre_analytic_refs":["x-mitre-analytic--1","x-mitre-analytic--2"],"external_references":[{"source_name":"mitre-attack","external_id":"DET0001"}]},
{"type":"x-mitre-analytic","id":"x-mitre-analytic--1","spec_version":"2.1","name":"Analytic 1","x_mitre_platforms":["Windows"],"x_mitre_log_source_references":[{"x_mitre_data_component_ref":"x-mitre-data-component--1","name":"mail","channel":"received"}],"external_references":[{"source_name":"mitre-attack","external_id":"AN0001"}]},
{"type":"x-mitre-analytic","id":"x-mitre-analytic--2","spec_version":"2.1","name":"Analytic 2","x_mitre_platforms":["PRE"],"external_references":[{"source_name":"mitre-attack","external_id":"AN1989"}]},
{"type":"relationship","id":"relationship--1","spec_version":"2.1","relationship_type":"detects","source_ref":"x-mitre-detection-strategy--1","target_ref":"attack-pattern--1"}
]}`

// bench is a service on real stores in a folder of its own.
type bench struct {
	*assessment.Service
	t       testing.TB
	lib     *sqlite.Library
	ev      *sqlite.Evidence
	alerts  *batches.Store
	raising []string // rules that made alerts name
	n       int
	from    string // the source of what lands
}

func newBench(t testing.TB) *bench {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	b := &bench{t: t}
	var err [3]error
	b.lib, err[0] = sqlite.OpenLibrary(ctx, filepath.Join(dir, "library.db"))
	b.ev, err[1] = sqlite.OpenEvidence(ctx, filepath.Join(dir, "evidence.db"))
	b.alerts, err[2] = scan.Open(ctx, filepath.Join(dir, "alerts"), batches.Options{Write: true})
	for _, err := range err {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { b.lib.Close(); b.ev.Close(); b.alerts.Close() })
	b.Service = assessment.New(b.lib, b.ev, b.alerts)
	return b
}

// release imports a bundle as a release of Enterprise.
func (b *bench) release(version string, src stix.Source) *bench {
	b.t.Helper()
	ctx := context.Background()
	w, err := b.lib.Begin(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	defer w.Rollback()
	sum, err := stix.Read(ctx, src, func(s *attack.Snapshot) error { return w.Add(ctx, s) })
	if err != nil {
		b.t.Fatal(err)
	}
	r := attack.Release{Domain: "enterprise-attack", Version: version, STIX: "2.1", FileHash: version, Objects: sum.Objects, Imported: asOf}
	if _, err := w.Commit(ctx, r, nil); err != nil {
		b.t.Fatal(err)
	}
	return b
}

func (b *bench) small() *bench {
	return b.release("18.1", stix.Source{Name: "small", Reader: strings.NewReader(bundle)})
}

func (b *bench) batch(kind string) store.Batch {
	b.n++
	id := fmt.Sprintf("%s-%d", kind, b.n)
	return store.Batch{ID: id, Kind: kind, Format: "test", Hash: id, Source: b.from, Added: asOf}
}

// add lands a batch of one kind of record, one record for each value.
func (b *bench) add(kind string, values ...any) string {
	b.t.Helper()
	landed, _, err := b.ev.Append(context.Background(), b.batch(kind), func(yield func(store.Record, error) bool) {
		for i, v := range values {
			body, err := json.Marshal(v)
			if !yield(store.Record{Kind: kind, Key: fmt.Sprintf("%s/%d", kind, i), Body: body}, err) {
				return
			}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return landed.ID
}

func (b *bench) feed() string {
	var days []any
	for i := range 5 {
		days = append(days, telemetry.Observation{Day: day.Of(asOf).Add(-i), Source: "mail", Channel: "received", Events: 9, Hosts: 2})
	}
	return b.add(evidence.RecordFeed, days...)
}

// raise lands labelled alerts of rule r1, each of an entity of its own.
func (b *bench) raise(ago, hits, misses int) string {
	b.t.Helper()
	var alerts iter.Seq2[*alert.Alert, error] = func(yield func(*alert.Alert, error) bool) {
		for i := range hits + misses {
			d := alert.Disposition{Class: alert.TruePositive, Time: asOf, Provenance: alert.Analyst}
			if i >= hits {
				d.Class = alert.FalsePositive
			}
			a := &alert.Alert{ID: fmt.Sprintf("%d-%d", ago, i), RuleID: "r1", Time: asOf.AddDate(0, 0, -ago).Add(-time.Duration(i%8) * time.Hour), Entity: fmt.Sprint(i), Disposition: &d}
			if !yield(a, nil) {
				return
			}
		}
	}
	landed, _, err := b.alerts.Append(context.Background(), b.batch("alert"), alerts)
	if err != nil {
		b.t.Fatal(err)
	}
	return landed.ID
}

func (b *bench) verdict(id string) assure.Verdict {
	b.t.Helper()
	v, err := b.Verdict(context.Background(), request(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func request() assessment.Request {
	p := policy.Default()
	p.Visibility.MinHostShare = 0 // nobody here declares hosts
	return assessment.Request{AsOf: asOf, Policy: p}
}

var rule = detection.Rule{ID: "r1", Name: "Phishing mail", Enabled: true, Analytics: []string{"AN0001"}}

func TestEveryNewBatchMovesTheVerdict(t *testing.T) {
	b := newBench(t).small()
	steps := []struct {
		name string
		do   func() string
		want assure.Rung
	}{
		{"nothing", func() string { return "" }, assure.Blind},
		{"scope", func() string {
			return b.add(evidence.RecordScope, telemetry.Scope{Organisation: "Org", Platforms: []string{"Windows"}})
		}, assure.Blind},
		{"feed", b.feed, assure.Observable},
		{"rule", func() string { return b.add(evidence.RecordRule, rule) }, assure.Unproven},
		{"false alerts before the window", func() string { return b.raise(90, 0, 50) }, assure.Unproven},
		{"true alerts", func() string { return b.raise(3, 40, 1) }, assure.Proven},
		{"runbook", func() string {
			return b.add(evidence.RecordRunbook, runbook.Runbook{Body: "Isolate the host, then ask its user.", ID: "rb", Owner: "me", Reviewed: "2026-06-01", AppliesTo: []string{"rule:r1"}})
		}, assure.Reliable},
		{"failed exercise", func() string {
			return b.add(evidence.RecordExercise, exercise.Exercise{Technique: "T1566", Test: "mail", Time: asOf, Outcome: exercise.None})
		}, assure.Contradicted},
		{"false alerts", func() string { return b.raise(2, 0, 200) }, assure.Noisy},
		{"the rule is switched off", func() string {
			off := rule
			off.Enabled = false
			return b.add(evidence.RecordRule, off)
		}, assure.Observable},
		{"another scope", func() string {
			return b.add(evidence.RecordScope, telemetry.Scope{Organisation: "Org", Platforms: []string{"Linux"}})
		}, assure.NotApplicable},
	}
	for _, s := range steps {
		batch := s.do()
		v := b.verdict("AN0001")
		// What is taken over from before each batch gives what a service gives that knows nothing.
		now, anew := must(b.Assess(t.Context(), request()))(t), must(assessment.New(b.lib, b.ev, b.alerts).Assess(t.Context(), request()))(t)
		if diff := cmp.Diff(anew, now); diff != "" {
			t.Fatalf("after %s:\n%s", s.name, diff)
		}
		if v.Rung != s.want {
			t.Fatalf("after %s: %s, want %s; %v", s.name, v.Rung, s.want, v.Reasons)
		}
		if batch != "" && s.want != assure.Blind && !rests(v, batch) && s.name != "false alerts before the window" {
			t.Errorf("after %s no reason rests on batch %s: %v", s.name, batch, v.Reasons)
		}
	}
}

func rests(v assure.Verdict, batch string) bool {
	for _, r := range v.Reasons {
		for _, ref := range r.Refs {
			if ref.Kind == "batch" && ref.ID == batch {
				return true
			}
		}
	}
	return false
}

func TestEveryPolicyKeyThatAReasonNamesExists(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	b.add(evidence.RecordRule, rule)
	b.add(evidence.RecordExternal, telemetry.External{ID: "x", Name: "X", Covers: []string{"AN1989"}, Reliability: "F", Credibility: 6, Expires: "2027-01-01"})
	b.add(evidence.RecordExercise, exercise.Exercise{Technique: "T1566", Test: "mail", Time: asOf, Outcome: exercise.None})
	b.raise(2, 3, 200)
	a, err := b.Assess(context.Background(), request())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range policy.Explain(policy.Default()) {
		known[s.Key] = true
	}
	for _, v := range a.Verdicts {
		rs := slices.Concat(v.Reasons, v.Visibility.Reasons)
		if v.Measurement != nil {
			rs = append(rs, v.Measurement.Reasons...)
		}
		for _, r := range rs {
			for _, ref := range r.Refs {
				if ref.Kind == "policy" && !known[ref.ID] {
					t.Errorf("%s: reason %s rests on policy %s, which is no key", v.Analytic.ATTACKID, r.Code, ref.ID)
				}
			}
		}
	}
}

func TestVerdictIsFoundByEitherID(t *testing.T) {
	b := newBench(t).small()
	for _, id := range []string{"AN1989", "an1989", " AN1989 ", "x-mitre-analytic--2"} {
		if v := b.verdict(id); v.Analytic.ATTACKID != "AN1989" || v.Rung != assure.Outside {
			t.Errorf("%q gives %s, %s", id, v.Analytic.ATTACKID, v.Rung)
		}
	}
	for id, hint := range map[string]string{"T1566": "AN0001, AN1989", "DET0001": "AN0001, AN1989", "AN9999": "candor assess", "": "candor assess"} {
		_, err := b.Verdict(context.Background(), request(), id)
		if fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), hint) {
			t.Errorf("%q: %v, hint %q; want the hint to name %q", id, err, fault.HintOf(err), hint)
		}
	}
}

func TestPlatformNarrowsAndAnUnknownOneIsRefused(t *testing.T) {
	b := newBench(t).small()
	r := request()
	r.Platform = "windows"
	a, err := b.Assess(context.Background(), r)
	if err != nil || len(a.Verdicts) != 1 || a.Totals.Analytics != 1 {
		t.Errorf("%d verdicts, %v", len(a.Verdicts), err)
	}
	r.Platform = "VMS"
	_, err = b.Assess(context.Background(), r)
	if fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "PRE, Windows") {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
}

func TestPolicyThatDiffersIsJudgedAgainWhateverItIsCalled(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	if v := b.verdict("AN0001"); v.Rung != assure.Observable {
		t.Fatalf("rung %s", v.Rung)
	}
	r := request()
	r.Policy.Visibility.MinFeedDays = 20
	v, err := b.Verdict(context.Background(), r, "AN0001")
	if err != nil || v.Rung != assure.Blind {
		t.Errorf("rung %s, %v; want %s under the stricter policy", v.Rung, err, assure.Blind)
	}
}

func TestWhatCannotBeAssessedIsSaid(t *testing.T) {
	ctx := context.Background()
	b := newBench(t)
	if _, err := b.Assess(ctx, request()); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "candor attack import") {
		t.Errorf("empty library: %v, hint %q", err, fault.HintOf(err))
	}
	b.small()
	if _, err := b.Assess(ctx, assessment.Request{Policy: policy.Default()}); fault.KindOf(err) != fault.Usage {
		t.Errorf("without a day: %v", err)
	}
	r := request()
	r.Release.Version = "99.0"
	if _, err := b.Assess(ctx, r); fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "enterprise 18.1") {
		t.Errorf("unknown release: %v", err)
	}
	batch := b.add(evidence.RecordRule, "not a rule")
	if _, err := b.Assess(ctx, request()); fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), batch) {
		t.Errorf("a record that is no rule: %v", err)
	}
}

func TestAssessMayBeCalledAtOnce(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	b.add(evidence.RecordRule, rule)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := request()
			r.AsOf = asOf.AddDate(0, 0, i%3)
			if v, err := b.Verdict(context.Background(), r, "AN0001"); err != nil || v.Rung != assure.Unproven {
				t.Errorf("%s, %v", v.Rung, err)
			}
		})
	}
	wg.Wait()
}

// TestRulesThatDidNotChangeAreNotReadAgain lands telemetry and rules: the rules are the very
// ones of before until one of them is another.
func TestRulesThatDidNotChangeAreNotReadAgain(t *testing.T) {
	b := newBench(t).small()
	other := rule
	other.ID = "r0"
	b.add(evidence.RecordRule, rule, other)
	read := func() []evidence.Of[detection.Rule] { return must(b.RulesRead(t.Context()))(t) }
	before := read()
	b.feed()
	if now := read(); len(before) != 2 || &now[0] != &before[0] {
		t.Errorf("after telemetry %d rules are read again", len(now))
	}
	off := rule
	off.Enabled = false
	b.add(evidence.RecordRule, off)
	now := read()
	if len(now) != 2 || &now[0] == &before[0] || now[0].Value.Enabled == now[1].Value.Enabled || before[0].Value.Enabled != before[1].Value.Enabled {
		t.Errorf("after one rule of them was switched off: %+v, before %+v", now, before)
	}
}

// must returns a value, and fails the test if it came with an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
