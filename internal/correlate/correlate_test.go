package correlate_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/correlate"
	"candor/internal/correlate/definition"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// planOf compiles a file that has to be right.
func planOf(t testing.TB, text string) *correlate.Plan {
	t.Helper()
	d := definition.Decode("test.yml", []byte(text))
	p, rejects := correlate.Compile(d.Set)
	if rejects = append(d.Rejects, rejects...); len(rejects) > 0 {
		t.Fatalf("rejects %v of\n%s", rejects, text)
	}
	return p
}

// chain is a definition as the tests write one.
func chain(name, kind, span, condition string, rules ...string) string {
	if condition != "" {
		condition = "  condition: {" + condition + "}\n"
	}
	return fmt.Sprintf("title: %s\nname: %s\ncorrelation:\n  type: %s\n  rules: [%s]\n  group-by: [entity]\n  timespan: %s\n%s---\n",
		name, name, kind, strings.Join(rules, ", "), span, condition)
}

// sorts gives rules one Sort each, as whoever shows observations does.
type sorts map[string]*correlate.Sort

func (s sorts) of(rule string) *correlate.Sort {
	if s[rule] == nil {
		s[rule] = &correlate.Sort{Rule: rule}
	}
	return s[rule]
}

// at makes an observation: seconds after the start, rule, entity, value.
func (s sorts) at(seconds float64, rule, entity string, value ...string) correlate.Observation {
	o := correlate.Observation{Time: start.Add(time.Duration(seconds * float64(time.Second))), Sort: s.of(rule), Entity: entity}
	o.ID = fmt.Sprintf("%s-%s-%g", rule, entity, seconds)
	if len(value) > 0 {
		o.Fields = map[string]string{"value": value[0]}
		o.ID += "-" + value[0]
	}
	return o
}

// run shows a state everything, and returns the findings as they ended.
func run(s *correlate.State, list []correlate.Observation) []correlate.Finding {
	var ended []correlate.Finding
	for i := range list {
		ended = append(ended, correlate.Step(s, &list[i])...)
	}
	ended = append(ended, s.Flush()...)
	return over(ended)
}

// over returns what has ended, by definition, group and time.
func over(list []correlate.Finding) []correlate.Finding {
	list = slices.DeleteFunc(list, func(f correlate.Finding) bool { return f.Open })
	slices.SortFunc(list, func(a, b correlate.Finding) int {
		return cmp.Or(strings.Compare(a.Definition, b.Definition), strings.Compare(fmt.Sprint(a.Group), fmt.Sprint(b.Group)), a.At.Compare(b.At))
	})
	return list
}

// told is a finding in short: what it is of, and from when until when it held.
func told(list []correlate.Finding) (lines []string) {
	for _, f := range list {
		lines = append(lines, fmt.Sprintf("%s %s %g-%g", f.Definition, slices.Collect(maps.Values(f.Group)), f.At.Sub(start).Seconds(), f.Last.Sub(start).Seconds()))
	}
	return lines
}

// counted adds how many observations came after the definition first held.
func counted(list []correlate.Finding) []string {
	lines := told(list)
	for i, f := range list {
		lines[i] += fmt.Sprintf(" +%d", f.Observations-int64(len(f.Members)+f.More))
	}
	return lines
}

func wantFindings(t *testing.T, got []correlate.Finding, want ...string) {
	t.Helper()
	if !slices.Equal(told(got), want) {
		t.Errorf("got  %q\nwant %q", told(got), want)
	}
}

// TestFaultsOfOthers has what engines are known to get wrong.
func TestFaultsOfOthers(t *testing.T) {
	s := sorts{}
	for _, c := range []struct {
		name, plan string
		shown      []correlate.Observation
		want       []string
	}{
		{"events on both sides of a full hour are in one window", chain("c", "event_count", "1h", "gte: 3", "a"),
			[]correlate.Observation{s.at(3590, "a", "h"), s.at(3595, "a", "h"), s.at(3605, "a", "h")}, []string{"c [h] 3605-3605"}},
		{"the edges of a window are in it", chain("c", "temporal", "10s", "", "a", "b"),
			[]correlate.Observation{s.at(0, "a", "h"), s.at(10, "b", "h"), s.at(0, "a", "i"), s.at(10.001, "b", "i")}, []string{"c [h] 10-10"}},
		{"temporal looks at the group", chain("c", "temporal", "10s", "", "a", "b"),
			[]correlate.Observation{s.at(0, "a", "h"), s.at(1, "b", "i")}, nil},
		{"temporal_ordered looks at the order", chain("c", "temporal_ordered", "10s", "", "a", "b"),
			[]correlate.Observation{s.at(0, "b", "h"), s.at(1, "a", "h")}, nil},
		{"what comes at one time is in no order", chain("c", "temporal_ordered", "10s", "", "a", "b"),
			[]correlate.Observation{s.at(1, "a", "h"), s.at(1, "b", "h")}, nil},
		{"a later beginning takes over, and no partial chain is dropped", chain("c", "temporal_ordered", "10s", "", "a", "b", "d"),
			[]correlate.Observation{s.at(0, "a", "h"), s.at(5, "b", "h"), s.at(6, "a", "h"), s.at(9, "d", "h"), s.at(12, "b", "h"), s.at(16, "d", "h")},
			[]string{"c [h] 9-9", "c [h] 16-16"}},
		{"what is counted up to a bound waits until nothing more comes", chain("c", "event_count", "10s", "eq: 2", "a"),
			[]correlate.Observation{s.at(0, "a", "h"), s.at(1, "a", "h"), s.at(2, "a", "h"), s.at(30, "a", "h"), s.at(31, "a", "h")}, []string{"c [h] 31-31"}},
		{"a value that comes again is one value", chain("c", "value_count", "10s", "gte: 2, field: value", "a"),
			[]correlate.Observation{s.at(0, "a", "h", "x"), s.at(1, "a", "h", "x"), s.at(11, "a", "h", "y"), s.at(11.5, "a", "h", "z")}, []string{"c [h] 11-11.5"}},
		{"one observation of two stages is not two that line up", chain("c", "temporal", "10s", "", "a", "family:f") + "families: {f: [a, b]}\n",
			[]correlate.Observation{s.at(0, "a", "h"), s.at(20, "a", "i"), s.at(21, "a", "i"), s.at(40, "b", "j"), s.at(41, "a", "j")},
			[]string{"c [i] 21-21", "c [j] 41-41"}},
		{"a definition that goes on is a stage for as long as it does", chain("c", "temporal_ordered", "5s", "", "many", "b") + chain("many", "event_count", "5s", "gte: 2", "a"),
			[]correlate.Observation{s.at(0, "a", "h"), s.at(4, "a", "h"), s.at(8, "a", "h"), s.at(12, "a", "h"), s.at(16, "b", "h")},
			[]string{"c [h] 16-16", "many [h] 4-12"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := correlate.NewState(planOf(t, c.plan), correlate.Limits{})
			wantFindings(t, run(st, c.shown), c.want...)
		})
	}
}

// TestAFindingIsToldWhenItBegins: nobody waits for the end of an attack.
func TestAFindingIsToldWhenItBegins(t *testing.T) {
	s := sorts{}
	st := correlate.NewState(planOf(t, chain("c", "temporal", "10s", "", "a", "b")), correlate.Limits{})
	shown := []correlate.Observation{s.at(0, "a", "H"), s.at(3, "b", "h"), s.at(5, "a", "h")}
	var open []correlate.Finding
	for i := range shown {
		for _, f := range correlate.Step(st, &shown[i]) {
			if f.Open {
				open = append(open, f)
			}
		}
	}
	if len(open) != 1 || len(open[0].Members) != 2 || !open[0].From.Equal(start) || open[0].Amount != 2 {
		t.Fatalf("begun: %+v", open)
	}
	ended := st.Flush()
	if len(ended) != 1 || ended[0].ID != open[0].ID || ended[0].Observations != 3 || ended[0].Last.Sub(start) != 5*time.Second {
		t.Errorf("ended: %+v", ended)
	}
}

func TestWhatIsAmissIsCounted(t *testing.T) {
	s := sorts{}
	text := chain("c", "value_sum", "10s", "gte: 5, field: value", "a") + chain("e", "event_count", "10s", "gte: 2", "a")
	st := correlate.NewState(planOf(t, text), correlate.Limits{Lateness: 32 * time.Second, Until: start.Add(time.Hour), Groups: 2})
	long := s.at(101, "a", strings.Repeat("x", 1<<20), "1")
	shown := []correlate.Observation{s.at(100, "a", "h", "4"), s.at(101, "a", "h", "not a number"), s.at(102, "a", "", "4"), long,
		s.at(100, "a", "h", "4"), s.at(1e7, "a", "h", "1"), s.at(60, "a", "h", "1"), s.at(70, "a", "h", "1.5"), s.at(200, "a", "i", "1"), s.at(210, "a", "j", "1"),
		{ID: "old", Time: time.Unix(-1, 0), Sort: s.of("a"), Entity: "h"}}
	run(st, shown)
	got := st.Stats()
	want := map[correlate.Cause]int64{correlate.NoValue: 1, correlate.Ungrouped: 2, correlate.Duplicate: 1, correlate.Outside: 2, correlate.Late: 1}
	for _, c := range correlate.Causes() {
		if c != correlate.Evicted && got.Amiss[c] != want[c] {
			t.Errorf("%s: %d, want %d", c, got.Amiss[c], want[c])
		}
	}
	if got.Peak != 2 || got.Read != int64(len(shown)) || len(got.Examples) < 6 {
		t.Errorf("%+v", got)
	}
}

// TestStateIsBounded: one entity that is half of all, a million values, and more groups
// than are held.
func TestStateIsBounded(t *testing.T) {
	s := sorts{}
	text := chain("v", "value_count", "1d", "gte: 900, field: value", "a") + chain("n", "event_count", "1d", "gte: 9000", "a") +
		chain("s", "value_sum", "1d", "gte: 1000000, field: value", "a") + chain("o", "temporal_ordered", "1d", "", "a", "b")
	st := correlate.NewState(planOf(t, text), correlate.Limits{Groups: 100})
	for i := range 20_000 {
		entity := "one"
		if i%2 == 0 {
			entity = "h" + strconv.Itoa(i)
		}
		o := s.at(float64(i)/10, "a", entity, strconv.Itoa(i))
		correlate.Step(st, &o)
	}
	got := st.Stats()
	if got.Groups > 100 || got.Peak != 100 || got.Amiss[correlate.Evicted] == 0 || got.Amiss[correlate.Dropped] == 0 {
		t.Errorf("%+v", got)
	}
	if n := len(st.Save()); n > 2<<20 {
		t.Errorf("the state is %d bytes", n)
	}
}

func TestLoadRefusesWhatIsNoState(t *testing.T) {
	p, other := planOf(t, chain("c", "event_count", "10s", "gte: 2", "a")), planOf(t, chain("c", "event_count", "10s", "gte: 3", "a"))
	s := sorts{}
	st := correlate.NewState(p, correlate.Limits{Lateness: time.Minute})
	o := s.at(1, "a", "h")
	correlate.Step(st, &o)
	saved := st.Save()
	if _, err := correlate.Load(other, correlate.Limits{}, saved); !errors.Is(err, correlate.ErrOtherPlan) {
		t.Errorf("of other definitions: %v", err)
	}
	for _, bad := range [][]byte{nil, []byte("x"), saved[:len(saved)-1], append(slices.Clone(saved), 0)} {
		if _, err := correlate.Load(p, correlate.Limits{}, bad); !errors.Is(err, correlate.ErrNoState) {
			t.Errorf("of %d bytes: %v", len(bad), err)
		}
	}
}

// drawn are random definitions over rules a, b and c and random observations of them.
func drawn(t *rapid.T) (string, []correlate.Observation) {
	rules := []string{"a", "b", "c"}
	span := func(label string) string { return fmt.Sprint(rapid.IntRange(1, 12).Draw(t, label), "s") }
	two := rapid.Permutation(rules).Draw(t, "rules")
	n := rapid.IntRange(1, 4)
	upper := ""
	if rapid.Bool().Draw(t, "bounded") {
		upper = fmt.Sprintf(", lte: %d", rapid.IntRange(4, 6).Draw(t, "upper"))
	}
	text := "families: {f: [a, c], g: [b]}\n---\n" +
		chain("count", "event_count", span("1"), fmt.Sprintf("gte: %d", n.Draw(t, "n1")), two[0], two[1]) +
		chain("range", "event_count", span("2"), fmt.Sprintf("gte: %d%s", n.Draw(t, "n2"), upper), two[0]) +
		chain("values", "value_count", span("3"), fmt.Sprintf("gte: %d, field: value", n.Draw(t, "n3")), two[1], two[2]) +
		chain("sum", "value_sum", span("4"), fmt.Sprintf("gt: %d.5, field: value", n.Draw(t, "n4")), two[0]) +
		chain("near", "temporal", span("5"), "gte: 2", two[0], "family:f", "family:g") +
		chain("order", "temporal_ordered", span("6"), "", two...) +
		chain("both", "temporal_ordered", span("7"), "", two[0], two[1]) +
		chain("up", "temporal", span("8"), "", "chain:count", two[2]) +
		chain("top", "event_count", span("9"), "gte: 2", "up", "near")
	s := sorts{}
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Observation {
		o := s.at(float64(rapid.IntRange(0, 60).Draw(t, "at")), rapid.SampledFrom(rules).Draw(t, "rule"), rapid.SampledFrom([]string{"h", "I"}).Draw(t, "entity"),
			rapid.SampledFrom([]string{"1", "2", "-1.25"}).Draw(t, "value"))
		return o
	}), 0, 60).Draw(t, "observations")
	for i := range list {
		list[i].ID += fmt.Sprint("-", i) // none is a duplicate
	}
	return text, list
}

// TestEngineIsTheReference compares the engine with the definition of what it finds, in
// whatever order observations come within the lateness, through a restart, and split.
func TestEngineIsTheReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text, list := drawn(rt)
		p := planOf(t, text)
		want := reference(p, list)
		lateness := time.Duration(rapid.IntRange(0, 20).Draw(rt, "lateness")) * time.Second
		arrives := map[string]time.Time{}
		for i := range list {
			arrives[list[i].ID] = list[i].Time.Add(time.Duration(rapid.Int64Range(0, int64(lateness)).Draw(rt, "delay")))
		}
		shuffled := rapid.Permutation(list).Draw(rt, "order")
		slices.SortStableFunc(shuffled, func(a, b correlate.Observation) int { return arrives[a.ID].Compare(arrives[b.ID]) })
		whole := correlate.NewState(p, correlate.Limits{Lateness: lateness})
		got := run(whole, shuffled)
		if !slices.Equal(counted(got), want) {
			rt.Fatalf("got  %q\nwant %q\nof\n%s", counted(got), want, text)
		}
		if n := whole.Stats().Amiss[correlate.Late]; n > 0 {
			rt.Fatalf("%d were late", n)
		}
		if again := restarted(t, p, lateness, shuffled, rapid.IntRange(0, len(shuffled)).Draw(rt, "restart")); fmt.Sprint(again) != fmt.Sprint(got) {
			rt.Fatalf("through a restart %v\nwithout %v", again, got)
		}
		if parts := split(p, lateness, shuffled); fmt.Sprint(parts) != fmt.Sprint(got) {
			rt.Fatalf("split %v\nwhole %v", parts, got)
		}
	})
}

func restarted(t testing.TB, p *correlate.Plan, lateness time.Duration, list []correlate.Observation, at int) []correlate.Finding {
	t.Helper()
	st := correlate.NewState(p, correlate.Limits{Lateness: lateness})
	var all []correlate.Finding
	for i := range list {
		if i == at {
			saved := st.Save()
			again, err := correlate.Load(p, correlate.Limits{}, saved)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(again.Save(), saved) {
				t.Fatal("a state that was loaded is saved as another")
			}
			st = again
		}
		all = append(all, correlate.Step(st, &list[i])...)
	}
	return over(append(all, st.Flush()...))
}

// TestARunThatComesLateSkipsNothing: engines that ask about the last so many minutes each
// time they run miss what happened while they did not. Here runs come hours apart, each
// takes up what waits and saves its state, and what is found is what one run over all finds,
// and what is found as it happens.
func TestARunThatComesLateSkipsNothing(t *testing.T) {
	s := sorts{}
	p := planOf(t, chain("o", "temporal_ordered", "10m", "", "a", "b")+chain("n", "event_count", "10m", "gte: 2", "a"))
	const hour = 3600
	shown := []correlate.Observation{s.at(0, "a", "h"), // before the first run, and what follows after it
		s.at(60, "b", "h"), s.at(1*hour, "a", "i"), s.at(1*hour+300, "a", "i"), s.at(1*hour+400, "b", "i"), // between runs
		s.at(5*hour-200, "a", "h"), s.at(5*hour+200, "a", "h"), s.at(5*hour+201, "b", "h"), // on both sides of one
		s.at(9*hour, "b", "h")}
	for _, runs := range [][]float64{nil, {30, 5 * hour, 20 * hour}, {2 * hour}, {5*hour + 200.5}} {
		for _, entities := range [][]string{{"h", "i"}, {"h"}, {"i"}} {
			var found []correlate.Finding
			st, n := correlate.NewState(p, correlate.Limits{}), 0
			mine := slices.DeleteFunc(slices.Clone(shown), func(o correlate.Observation) bool { return !slices.Contains(entities, o.Entity) })
			for _, at := range append(runs, 30*hour) {
				for ; n < len(mine) && mine[n].Time.Sub(start).Seconds() < at; n++ {
					found = append(found, correlate.Step(st, &mine[n])...)
				}
				again, err := correlate.Load(p, correlate.Limits{}, st.Save())
				if err != nil {
					t.Fatal(err)
				}
				st = again
			}
			want := map[string][]string{"h": {"n [h] 18200-18200", "o [h] 60-60", "o [h] 18201-18201"}, "i": {"n [i] 3900-3900", "o [i] 4000-4000"}}
			var of []string
			for _, name := range []string{"n", "o"} {
				for _, e := range entities {
					of = append(of, slices.DeleteFunc(slices.Clone(want[e]), func(l string) bool { return l[:1] != name })...)
				}
			}
			wantFindings(t, over(append(found, st.Flush()...)), of...)
		}
	}
}

// TestLateRunsFindWhatOneRunFinds is the same of random streams, in the order of time.
func TestLateRunsFindWhatOneRunFinds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text, list := drawn(rt)
		p := planOf(t, text)
		slices.SortStableFunc(list, func(a, b correlate.Observation) int { return a.Time.Compare(b.Time) })
		want := run(correlate.NewState(p, correlate.Limits{}), list)
		at := rapid.SliceOfNDistinct(rapid.IntRange(0, len(list)), 0, 3, rapid.ID).Draw(rt, "runs")
		st := correlate.NewState(p, correlate.Limits{})
		var got []correlate.Finding
		for i := range list {
			if slices.Contains(at, i) {
				again, err := correlate.Load(p, correlate.Limits{}, st.Save())
				if err != nil {
					rt.Fatal(err)
				}
				st = again
			}
			got = append(got, correlate.Step(st, &list[i])...)
		}
		if got = over(append(got, st.Flush()...)); fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("late %v\nat once %v", got, want)
		}
		if parts := split(p, 0, list); fmt.Sprint(parts) != fmt.Sprint(want) {
			rt.Fatalf("split %v\nat once %v", parts, want)
		}
	})
}

func split(p *correlate.Plan, lateness time.Duration, list []correlate.Observation) []correlate.Finding {
	var all []correlate.Finding
	for _, entity := range []string{"h", "I"} {
		mine := slices.DeleteFunc(slices.Clone(list), func(o correlate.Observation) bool { return o.Entity != entity })
		all = append(all, run(correlate.NewState(p, correlate.Limits{Lateness: lateness}), mine)...)
	}
	return over(all)
}

// seen is an observation as the reference looks at it.
type seen struct {
	at     int64
	stages uint64
	value  string
}

// reference says what a plan finds, by asking every definition at every time of every
// group about every observation of the window. It knows the rules of drawn alone.
func reference(p *correlate.Plan, list []correlate.Observation) (lines []string) {
	held := map[string]map[string][]int64{} // definition -> entity -> times
	for _, name := range []string{"count", "range", "values", "sum", "near", "order", "both", "up", "top"} {
		defs := p.Definitions()
		d := defs[slices.IndexFunc(defs, func(d correlate.Definition) bool { return d.Name == name })]
		held[name] = map[string][]int64{}
		for _, entity := range []string{"h", "i"} {
			var of []seen
			for i := range list {
				if o := &list[i]; strings.ToLower(o.Entity) == entity {
					if m := fits(&d, o.Sort.Rule); m != 0 {
						of = append(of, seen{o.Time.UnixNano(), m, o.Fields["value"]})
					}
				}
			}
			for k, s := range d.Stages {
				for _, at := range held[s.Name][entity] {
					of = append(of, seen{at: at, stages: 1 << k})
				}
			}
			runs, times := runsOf(&d, of)
			held[name][entity] = times
			for _, r := range runs {
				after := len(slices.DeleteFunc(slices.Clone(of), func(o seen) bool { return o.at <= r[0] || o.at > r[1] }))
				lines = append(lines, fmt.Sprintf("%s [%s] %g-%g +%d", name, entity, time.Unix(0, r[0]).Sub(start).Seconds(), time.Unix(0, r[1]).Sub(start).Seconds(), after))
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b string) int {
		x, y := strings.Fields(a), strings.Fields(b)
		return cmp.Or(strings.Compare(x[0], y[0]), strings.Compare(x[1], y[1]))
	})
	return lines
}

func fits(d *correlate.Definition, rule string) (m uint64) {
	for k, s := range d.Stages {
		if s.Name == rule || s.Name == "f" && rule != "b" || s.Name == "g" && rule == "b" {
			m |= 1 << k
		}
	}
	return m
}

// runsOf returns the runs of times at which a definition holds, and all these times.
func runsOf(d *correlate.Definition, of []seen) (runs [][2]int64, times []int64) {
	var at []int64
	for _, o := range of {
		at = append(at, o.at)
	}
	slices.Sort(at)
	var most int64
	end := func() {
		if n := len(runs); n > 0 && most > d.Condition.Upper {
			runs = runs[:n-1]
		}
		most = 0
	}
	going := false
	for _, t := range slices.Compact(at) {
		var window []seen
		for _, o := range of {
			if o.at <= t && o.at >= t-int64(d.Span) {
				window = append(window, o)
			}
		}
		amount := amountOf(d, window)
		switch {
		case amount < d.Condition.Lower:
			going = false
			end()
			continue
		case going && t-times[len(times)-1] <= int64(d.Span):
			runs[len(runs)-1][1] = t
		default:
			end()
			runs, going = append(runs, [2]int64{t, t}), true
		}
		times, most = append(times, t), max(most, amount)
	}
	end()
	return runs, times
}

func amountOf(d *correlate.Definition, window []seen) int64 {
	switch d.Type {
	case correlate.EventCount:
		return int64(len(window))
	case correlate.ValueCount:
		values := map[string]bool{}
		for _, o := range window {
			values[o.value] = true
		}
		return int64(len(values))
	case correlate.ValueSum:
		sum := 0.0
		for _, o := range window {
			x, _ := strconv.ParseFloat(o.value, 64)
			sum += x * correlate.Milli
		}
		return int64(sum)
	case correlate.Temporal:
		return most(window, 0)
	}
	if ordered(window, 0, len(d.Stages), -1) {
		return int64(len(d.Stages))
	}
	return 0
}

// most tries every way to give observations to stages, each to one.
func most(window []seen, taken uint64) int64 {
	if len(window) == 0 {
		return int64(bits.OnesCount64(taken))
	}
	best := most(window[1:], taken)
	if len(window) > 12 && best == 3 {
		return best
	}
	for s := range 3 {
		if b := uint64(1) << s; window[0].stages&b != 0 && taken&b == 0 {
			best = max(best, most(window[1:], taken|b))
		}
	}
	return best
}

// ordered tries every chain of observations, each later than the one before.
func ordered(window []seen, stage, stages int, after int64) bool {
	if stage == stages {
		return true
	}
	return slices.ContainsFunc(window, func(o seen) bool {
		return o.stages&(1<<stage) != 0 && o.at > after && ordered(window, stage+1, stages, o.at)
	})
}

// FuzzObservations shows states anything, and asks that they say what they read.
func FuzzObservations(f *testing.F) {
	text := chain("c", "temporal_ordered", "10s", "", "a", "b") + chain("v", "value_count", "10s", "gte: 2, field: value", "a") +
		chain("s", "value_sum", "10s", "gte: 2, field: value", "a")
	p := planOf(f, text)
	f.Add(int64(0), "a", "h", "1", int64(5), "b")
	f.Add(int64(-1<<62), "a", "", "NaN", int64(1<<62), "a")
	f.Fuzz(func(t *testing.T, at int64, rule, entity, value string, later int64, second string) {
		st := correlate.NewState(p, correlate.Limits{Lateness: 5 * time.Second, Groups: 1})
		for _, o := range []correlate.Observation{
			{ID: value, Time: time.Unix(at, 0), Sort: &correlate.Sort{Rule: rule}, Entity: entity, Fields: map[string]string{"value": value}},
			{ID: rule, Time: time.Unix(at, later), Sort: &correlate.Sort{Rule: second}, Entity: entity, Fields: map[string]string{"value": rule}},
			{ID: value, Time: time.Unix(later, 0), Sort: &correlate.Sort{Rule: rule}, Entity: value},
		} {
			correlate.Step(st, &o)
		}
		saved := st.Save()
		again, err := correlate.Load(p, correlate.Limits{Groups: 1}, saved)
		if err != nil {
			t.Fatal(err)
		}
		a, b := run(again, nil), over(st.Flush())
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("%v, but %v from what was saved", b, a)
		}
	})
}

// FuzzLoad loads anything.
func FuzzLoad(f *testing.F) {
	p := planOf(f, chain("c", "temporal_ordered", "10s", "", "a", "b")+chain("v", "value_count", "10s", "gte: 2, field: value", "a"))
	s := sorts{}
	st := correlate.NewState(p, correlate.Limits{Lateness: time.Second})
	for i := range 8 {
		o := s.at(float64(i), []string{"a", "b"}[i%2], "h", strconv.Itoa(i))
		correlate.Step(st, &o)
	}
	saved := st.Save()
	f.Add(saved)
	for n := range saved {
		f.Add(saved[:n]) // cut short within a text
	}
	f.Fuzz(func(t *testing.T, saved []byte) {
		again, err := correlate.Load(p, correlate.Limits{}, saved)
		if err != nil {
			return
		}
		o := s.at(5, "b", "h")
		correlate.Step(again, &o)
		again.Flush()
	})
}
