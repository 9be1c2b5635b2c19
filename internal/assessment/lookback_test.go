package assessment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/correlate"
	"candor/internal/evidence"
	"candor/internal/policy"
	"candor/internal/signal"
)

// watched are definitions of every type, of which pair can last over days.
const watched = `title: Pair
name: pair
correlation: {type: temporal_ordered, rules: [a, b], group-by: [entity], timespan: 1d}
---
title: Many
name: many
correlation: {type: event_count, rules: [a], group-by: [entity], timespan: 2d, condition: {gte: 3}}
---
title: Leaked
name: leaked
correlation: {type: temporal, rules: ["signal:leak", b], group-by: [entity], timespan: 6h}
---
title: Different
name: different
correlation: {type: value_count, rules: [a, b], group-by: [entity], timespan: 1h, condition: {field: user, gte: 2}}
`

// keeps keeps a file of definitions.
func (b *bench) keeps(text string) {
	b.t.Helper()
	if _, err := b.KeepDefinitions(b.t.Context(), assessment.DefinitionFile{Name: "chains.yml", Text: text, By: "test", At: asOf}); err != nil {
		b.t.Fatal(err)
	}
}

// looks is what a service finds that no alert says yet.
func looks(t testing.TB, s *assessment.Service, now time.Time) assessment.Unstored {
	t.Helper()
	u, err := s.UnstoredChains(t.Context(), assessment.Request{AsOf: now, Policy: policy.Default()}, now)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestALookThatReadsWhatCameFindsWhatAWholeOneFinds lets alerts, signals, labels, changed
// alerts and definitions arrive in batches, looks after each, and compares with a service
// that never looked before.
func TestALookThatReadsWhatCameFindsWhatAWholeOneFinds(t *testing.T) {
	for seed := range 4 {
		b := newBench(t).small()
		b.keeps(watched)
		now, shorter := asOf, 0
		for step := range 12 {
			arrive(b, now, seed, step)
			if step == 9 {
				now = now.AddDate(0, 0, 1)
			}
			got, want := looks(t, b.Service, now), looks(t, assessment.New(b.lib, b.ev, b.alerts), now)
			if got.Read < want.Read {
				shorter++
			}
			got.Read, want.Read = 0, 0
			if diff := cmp.Diff(got, want); diff != "" || step > 5 && len(want.Ready) == 0 {
				t.Fatalf("seed %d, after batch %d, %d findings: %s", seed, step, len(want.Ready), diff)
			}
		}
		if shorter < 4 {
			t.Errorf("seed %d: %d of 12 looks read less than all", seed, shorter)
		}
	}
}

// arrive lands something: mostly alerts of the last day, at times of before.
func arrive(b *bench, now time.Time, seed, step int) {
	switch step {
	case 3:
		b.add(evidence.RecordSignal, signal.Signal{ID: fmt.Sprint("s", seed), Name: "leak", Time: now.Add(-time.Hour), Entity: "h1"})
	case 7:
		b.keeps(watched + "---\ntitle: More\nname: more\ncorrelation: {type: event_count, rules: [b], group-by: [entity], timespan: 1d, condition: {gte: 2}}\n")
	case 8: // of long ago
		b.add(evidence.RecordSignal, signal.Signal{ID: fmt.Sprint("o", seed), Name: "leak", Time: now.AddDate(0, 0, -5), Entity: "h2"})
	}
	back := 20 * time.Hour
	if step == 0 || step == 5 {
		back = 6 * 24 * time.Hour
	}
	var list []alert.Alert
	for i := range 12 {
		draw := func(n int) int { return rapid.IntRange(0, n-1).Example(1000*seed + 50*step + i) }
		id := fmt.Sprintf("%d-%d", step, i)
		if step == 10 {
			id = fmt.Sprintf("0-%d", i) // an alert that was there says something else
		}
		ago := time.Duration(draw(1000)) * back / 1000
		list = append(list, alert.Alert{ID: id, RuleID: []string{"a", "b", "c"}[draw(3)], Time: now.Add(-ago).Truncate(time.Second), Entity: []string{"h1", "h2"}[draw(2)],
			Fields: map[string]string{"user": fmt.Sprint(draw(4))}})
	}
	b.land(list...)
}

// TestWhatIsLargeIsBoundedWhereItArrives: one host is half of all, one rule says tens of
// thousands of values, and one alert a value of a million letters, through what a server
// does with what arrives.
func TestWhatIsLargeIsBoundedWhereItArrives(t *testing.T) {
	b := newBench(t).small()
	b.keeps(watched)
	const n = 10_000
	list := make([]alert.Alert, n)
	for i := range list {
		entity := "busy"
		if i%2 == 0 {
			entity = fmt.Sprint("h", i)
		}
		list[i] = alert.Alert{ID: fmt.Sprint(i), RuleID: "a", Time: asOf.Add(-2*time.Hour + time.Duration(i)*100*time.Millisecond), Entity: entity, Fields: map[string]string{"user": fmt.Sprint("u", i)}}
	}
	list = append(list, alert.Alert{ID: "future", RuleID: "a", Time: asOf.AddDate(2, 0, 0), Entity: "busy"}, alert.Alert{ID: "epoch", RuleID: "a", Time: time.Unix(0, 0).UTC(), Entity: "busy"},
		alert.Alert{ID: "nobody", RuleID: "a", Time: asOf.Add(-time.Hour)}, alert.Alert{ID: "nothing", RuleID: "a", Time: asOf.Add(-time.Hour), Entity: "h3"},
		alert.Alert{ID: "long", RuleID: "a", Time: asOf.Add(-time.Hour), Entity: "busy", Fields: map[string]string{"user": strings.Repeat("x", 1_000_000)}})
	b.land(list...)
	u := looks(t, b.Service, asOf)
	of := map[string]int{}
	for _, a := range u.Ready {
		of[a.RuleID+" "+a.Entity]++
		if n := len(a.Fields["chain_members"]); n > correlate.MostMembers*100 {
			t.Errorf("%s says %d letters of members", a.ID, n)
		}
	}
	if of["chain:many busy"] != 1 || of["chain:different busy"] != 1 || len(of) != 2 || u.Read != n+3 {
		t.Errorf("%d observations read, found %v", u.Read, of)
	}
	c, err := b.Chains(t.Context(), assessment.Request{AsOf: asOf, Policy: policy.Default()})
	if err != nil {
		t.Fatal(err)
	}
	if c.Later != 1 || c.Stats.Amiss[correlate.Ungrouped] == 0 || c.Stats.Amiss[correlate.NoValue] == 0 || c.Stats.Peak > n {
		t.Errorf("%d later, %v amiss, %d groups", c.Later, c.Stats.Amiss, c.Stats.Peak)
	}
}
