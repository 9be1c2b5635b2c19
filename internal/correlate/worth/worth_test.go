package worth_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/correlate"
	"candor/internal/correlate/worth"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// seen makes an observation: seconds after the start, family, site, entity.
func seen(n int, at float64, rule, site, entity string, l worth.Label) worth.Seen {
	return worth.Seen{Label: l, Observation: correlate.Observation{ID: fmt.Sprint(n), Time: start.Add(time.Duration(at * float64(time.Second))),
		Sort: &correlate.Sort{Rule: rule}, Site: site, Entity: entity}}
}

// findings are those of the engine.
func findings(p *correlate.Plan, list []worth.Seen) []correlate.Finding {
	st := correlate.NewState(p, correlate.Limits{})
	var all []correlate.Finding
	for i := range list {
		all = append(all, correlate.Step(st, &list[i].Observation)...)
	}
	return append(all, st.Flush()...)
}

func TestWhatIsChainedAndWhatIsLost(t *testing.T) {
	p := planOf(t, letters+lined(2, "10m"))
	list := []worth.Seen{
		seen(1, 0, "A-1", "x", "h", worth.Hit), seen(2, 60, "S-1", "x", "h", worth.Miss), // a chain that is right
		seen(3, 5000, "A-1", "x", "h", worth.Miss), seen(4, 5600, "W-1", "x", "h", worth.Miss), // one that is wrong, edges included
		seen(5, 9000, "A-1", "x", "h", worth.Hit), seen(6, 9601, "W-1", "x", "i", worth.Miss), // none: another entity
		seen(7, 10000, "other", "x", "h", worth.Hit),                                                   // fits nothing
		seen(8, 0, "A-1", "y", "h", worth.Unlabelled), seen(9, 600, "W-1", "y", "h", worth.Unlabelled), // a chain that nobody labelled
		seen(10, 700, "W-1", "y", "h", worth.LeftOut),
	}
	slices.SortStableFunc(list, func(a, b worth.Seen) int { return a.Time.Compare(b.Time) })
	for _, c := range []struct {
		unit                                           worth.Unit
		chains                                         int64
		precision, recall, chained, unchained, reached string
	}{
		{worth.Sliding, 3, "1/2", "1/1", "1/4", "2/6", "1/3"},
		// Of the chains with edges on both sides of a window none is seen.
		{worth.Epoch, 1, "1/1", "1/2", "1/2", "2/6", "1/3"},
	} {
		w := worth.Of(p, list, findings(p, list), c.unit, policy)[0]
		ratio := func(s worth.Share) string { return fmt.Sprintf("%d/%d", s.Hits, s.Of) }
		got := []string{ratio(w.Precision), ratio(w.Recall), ratio(w.Chained), ratio(w.Unchained), ratio(w.Reached)}
		if want := []string{c.precision, c.recall, c.chained, c.unchained, c.reached}; w.Chains != c.chains || !slices.Equal(got, want) {
			t.Errorf("%s: %d chains, %q, want %d, %q", c.unit, w.Chains, got, c.chains, want)
		}
		if w.AlertsPerDay != 9 || w.MinutesSaved != float64(9-c.chains)*10 {
			t.Errorf("%s: %v alerts a day, %v minutes saved", c.unit, w.AlertsPerDay, w.MinutesSaved)
		}
		if w.Credit || !strings.Contains(w.Because, "5 are asked for") || w.Control != nil {
			t.Errorf("%s: %+v", c.unit, w)
		}
	}
}

// TestCreditIsEarned by many sites at which all chains are right and nothing is lost.
func TestCreditIsEarned(t *testing.T) {
	p := planOf(t, letters+lined(2, "10m"))
	var list []worth.Seen
	for i := range 100 {
		site := fmt.Sprint("site-", i)
		list = append(list, seen(2*i, float64(i), "A-1", site, "h", worth.Hit), seen(2*i+1, float64(i)+1, "S-1", site, "h", worth.Hit))
	}
	slices.SortStableFunc(list, func(a, b worth.Seen) int { return a.Time.Compare(b.Time) })
	if w := worth.Of(p, list, findings(p, list), worth.Sliding, policy)[0]; !w.Credit {
		t.Errorf("%s", w.Because)
	}
	list = append(list, seen(999, 5000, "A-1", "site-1", "alone", worth.Hit), seen(1000, 5001, "A-1", "site-1", "alone", worth.Hit))
	strict := policy
	strict.MostLost = 0.005
	if w := worth.Of(p, list, findings(p, list), worth.Sliding, strict)[0]; w.Credit || !strings.Contains(w.Because, "in no chain") {
		t.Errorf("%s", w.Because)
	}
}

func TestWhyThereIsNoNull(t *testing.T) {
	rule := func(correlation string) string {
		return "---\ntitle: t\ncorrelation: {group-by: [entity], timespan: 1h, " + correlation + "}\n"
	}
	for text, want := range map[string]string{
		rule("type: event_count, rules: [A-1], condition: {gte: 1}"):                "it counts",
		rule("type: temporal, rules: ['family:A', 'rule:A-1']"):                     "some observations fit two",
		rule("type: temporal, rules: ['rule:A-1', 'rule:A-2']"):                     "of one family",
		rule("type: temporal, rules: ['family:A', 'family:S'], condition: {eq: 2}"): "an upper bound",
		rule("type: temporal_ordered, rules: ['family:A', 'family:W', 'family:S']"): "",
		rule("type: temporal, rules: ['family:A', 'chain:u']") + strings.Replace(rule("type: event_count, rules: [S-1], condition: {gte: 1}"), "title: t", "title: u", 1): "another definition",
	} {
		p := planOf(t, letters+text)
		list := []worth.Seen{seen(1, 0, "A-1", "x", "h", worth.Hit), seen(2, 1, "A-2", "x", "h", worth.Hit), seen(3, 2, "S-1", "x", "h", worth.Hit), seen(4, 3, "W-1", "x", "h", worth.Hit)}
		w := worth.Of(p, list, findings(p, list), worth.Sliding, policy)[0]
		if (want == "") != (w.Chance.Expected != nil) || !strings.Contains(w.Chance.Why, want) {
			t.Errorf("%s: %q, want %q", text, w.Chance.Why, want)
		}
	}
}

// TestNullCountsAsTheEngine: what is outside incidents is counted by the null, and where
// incidents touch no chain it is what the engine found.
func TestNullCountsAsTheEngine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		order := "---\ntitle: o\ncorrelation: {type: temporal_ordered, rules: ['family:W', 'family:A', 'rule:S-1'], group-by: [site, entity], timespan: 9s}\n"
		p := planOf(t, letters+lined(2, "5s")+lined(3, "11s")+order)
		n := rapid.IntRange(1, 60).Draw(rt, "n")
		var list []worth.Seen
		for i := range n {
			list = append(list, seen(i, float64(rapid.IntRange(0, 50).Draw(rt, "at")), rapid.SampledFrom([]string{"A-1", "S-1", "W-1"}).Draw(rt, "rule"),
				rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "site"), "h", worth.Miss))
		}
		apart := seen(n, 25, "A-1", "x", "nobody else", worth.Miss)
		apart.Incident = true
		list = append(list, apart)
		slices.SortStableFunc(list, func(a, b worth.Seen) int { return a.Time.Compare(b.Time) })
		few := policy
		few.Repeats = 3
		for _, w := range worth.Of(p, list, findings(p, list), worth.Sliding, few) {
			if w.Chance.Why != "" {
				continue
			}
			if w.Control == nil || w.Control.Observed != w.Chance.Observed {
				rt.Fatalf("%s: %d by the engine, the control is %+v", w.Definition, w.Chance.Observed, w.Control)
			}
		}
	})
}
