package storetest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/store"
)

// drawnQuestion draws a question about alerts such as drawnAlert draws.
func drawnQuestion() *rapid.Generator[*alert.Question] {
	return rapid.Custom(func(t *rapid.T) *alert.Question {
		date := func(name string) day.Date {
			return rapid.SampledFrom([]day.Date{"", "", "2026-05-03", "2026-05-04", "2026-05-05"}).Draw(t, name)
		}
		q := &alert.Question{From: date("from"), To: date("to"), Site: rapid.SampledFrom([]string{"", "", "", "s"}).Draw(t, "site asked")}
		q.Sets = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) alert.Set {
			s := alert.SetOf(rapid.SampledFrom([][]string{{"r1"}, {"r1", "r2"}, {"r2", "unknown"}, {"r1", alert.RuleKey("edr", "r1")}, {alert.RuleKey("siem", "r2")}, nil}).Draw(t, "rules")...)
			for i := range s {
				s[i].From, s[i].To = date("part from"), date("part to")
				s[i].Site = rapid.SampledFrom([]string{"", "", "", "s", "s\x1fh1"}).Draw(t, "part site")
			}
			if len(s) == 1 && s[0].To == "2026-05-04" && rapid.Bool().Draw(t, "two parts of a rule") {
				s = append(s, alert.Part{Rule: s[0].Rule, From: "2026-05-05", Site: s[0].Site})
			}
			return s
		}), 1, 3).Draw(t, "sets")
		q.Provenances = rapid.SampledFrom([][]alert.Provenance{nil, {alert.Analyst}, {alert.Analyst, alert.Incident}, {alert.Analyst, alert.Automation, alert.Incident}}).Draw(t, "provenances")
		q.Cases, q.Trials = drawnCases().Draw(t, "cases"), drawnTrials().Draw(t, "trials")
		return q
	})
}

// drawnCases draws what cases say.
func drawnCases() *rapid.Generator[alert.Legacy] {
	return rapid.Custom(func(t *rapid.T) alert.Legacy {
		l := alert.Legacy{}
		for _, id := range []string{"c1", "c2"} {
			if class := rapid.SampledFrom([]alert.Class{"", alert.TruePositive, alert.FalseLogic, alert.Unlabelled}).Draw(t, id); class != "" {
				l[id] = alert.Closing{Class: class, At: hours(rapid.IntRange(0, 3).Draw(t, id+" closed")), By: rapid.SampledFrom([]string{"", "ann", "eve"}).Draw(t, id+" owner")}
			}
		}
		return l
	})
}

// drawnTrials draws exercises.
func drawnTrials() *rapid.Generator[[]alert.Trial] {
	return rapid.Custom(func(t *rapid.T) (list []alert.Trial) {
		for i := range rapid.IntRange(0, 2).Draw(t, "exercises") {
			of := func(name string, values ...string) string {
				return rapid.SampledFrom(values).Draw(t, fmt.Sprintf("%s of exercise %d", name, i))
			}
			from := hours(rapid.IntRange(-30, 24).Draw(t, fmt.Sprintf("exercise %d", i)))
			list = append(list, alert.Trial{From: from, To: from.Add(time.Hour), Site: of("site", "", "S"), Entity: of("entity", "", "", "H1")})
		}
		return list
	})
}

// again are questions that are asked again after each change, and while cases and exercises
// change: whatever a store remembers must be what it would answer anew.
type again struct {
	sums []*alert.Question
	near []alert.Around
}

func drawnAgain(rt *rapid.T) *again {
	a := &again{rapid.SliceOfN(drawnQuestion(), 2, 2).Draw(rt, "sums asked again"), rapid.SliceOfN(drawnAround(), 2, 2).Draw(rt, "times asked again")}
	for _, q := range a.sums { // what rests on cases and exercises is among what is asked
		q.From, q.To, q.Site, q.Provenances = "2026-05-02", "2026-05-09", "", []alert.Provenance{alert.Analyst, alert.Automation, alert.AI, alert.Incident}
		q.Sets = append(q.Sets[:1], alert.SetOf("r1"), alert.SetOf("r2"))
	}
	a.near[0] = alert.Around{From: hours(-40), To: hours(40), Refuting: alert.Legacy{}}
	return a
}

// compare asks them.
func (a *again) compare(rt *rapid.T, t *testing.T, s store.Alerts, m *model) {
	if rapid.IntRange(0, 2).Draw(rt, "cases change at 0") == 0 {
		a.sums[0].Cases = drawnCases().Draw(rt, "cases now")
		a.near[0].Refuting = a.sums[0].Cases
	}
	a.sums[0].To = rapid.SampledFrom([]day.Date{"2026-05-04", "2026-05-09"}).Draw(rt, "to now")
	a.sums[1].Trials = rapid.SampledFrom([][]alert.Trial{nil, {{From: hours(-99), To: hours(99)}}}).Draw(rt, "exercises now")
	for i, q := range a.sums {
		got, err := s.Sums(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, fmt.Sprintf("sums %d asked again: %+v", i, *q), m.Sums(q), got)
		cases, err := s.CaseCounts(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, fmt.Sprintf("counts by case %d asked again: %+v", i, *q), m.CaseCounts(q), cases)
	}
	near, err := s.Near(t.Context(), a.near)
	if err != nil {
		rt.Fatal(err)
	}
	same(rt, "what lies near, asked again", m.Near(a.near), near)
	days, err := s.Presence(t.Context(), "2026-05-03", "2026-05-05")
	if err != nil {
		rt.Fatal(err)
	}
	same(rt, "presence, asked again", m.Presence("2026-05-03", "2026-05-05"), days)
}

// compareSums asks questions.
func (m *model) compareSums(rt *rapid.T, t *testing.T, s store.Alerts) {
	for i := range 3 {
		q := drawnQuestion().Draw(rt, fmt.Sprintf("question %d", i))
		got, err := s.Sums(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, fmt.Sprintf("sums of %+v", *q), m.Sums(q), got)
		cases, err := s.CaseCounts(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, fmt.Sprintf("counts by case of %+v", *q), m.CaseCounts(q), cases)
	}
}

// alertsSums asks about alerts whose sums are known: three clusters, two of them labelled,
// one by automation too.
func alertsSums(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	cased := func(id string, n int) *alert.Alert {
		return with(fired(id, n), func(a *alert.Alert) { a.RuleID, a.CaseID = "r2", "c1" })
	}
	appendAlerts(t, s, "b1",
		judged(fired("a1", 0), alert.TruePositive, 1), judged(fired("a2", 0), alert.BenignPositive, 1), judged(fired("a3", 1), alert.Test, 1), fired("a4", 2),
		with(judged(fired("a5", 0), alert.FalseData, 1), func(a *alert.Alert) { a.Entity, a.Disposition.Provenance = "h2", alert.Automation }),
		cased("a6", 24), cased("a7", 25), judged(cased("a8", 25), alert.Open, 48))
	q := &alert.Question{Sets: []alert.Set{alert.SetOf("r1", "r2"), alert.SetOf("r3"), {{Rule: "r1", From: "2026-05-05"}, {Rule: "r2", To: "2026-05-05"}}},
		Provenances: []alert.Provenance{alert.Analyst, alert.Incident}, Cases: alert.Legacy{"c1": {Class: alert.TruePositive, At: hours(30)}}}
	got, err := s.Sums(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	both := alert.Sums{Alerts: 8,
		Classes: []alert.ClassCount{{Class: alert.BenignPositive, Provenance: alert.Analyst, N: 1}, {Class: alert.FalseData, Provenance: alert.Automation, N: 1},
			{Class: alert.Test, Provenance: alert.Analyst, N: 1}, {Class: alert.TruePositive, Provenance: alert.Analyst, N: 1},
			{Class: alert.TruePositive, Provenance: alert.Incident, N: 2}, {Class: alert.Unlabelled, N: 2}},
		Days: []alert.DayCount{{Day: "2026-05-04", N: 5}, {Day: "2026-05-05", N: 3}}, Rules: []alert.RuleCount{{Rule: "r1", N: 5}, {Rule: "r2", N: 3}},
		Clusters: 3, Busiest: "site\x1fh1\x1f2026-05-04", Most: 4, Episodes: 2, Hits: 2, Largest: 2,
		N: 4, H: 3, NN: 8, NH: 6, HH: 5, Occasions: 3, LastLabelled: "2026-05-05"}
	cases := alert.Sums{Alerts: 3, Classes: []alert.ClassCount{{Class: alert.TruePositive, Provenance: alert.Incident, N: 2}, {Class: alert.Unlabelled, N: 1}},
		Days: []alert.DayCount{{Day: "2026-05-05", N: 3}}, Rules: []alert.RuleCount{{Rule: "r2", N: 3}}, Clusters: 1, Busiest: "case\x1fc1", Most: 3,
		Episodes: 1, Hits: 1, Largest: 2, N: 2, H: 2, NN: 4, NH: 4, HH: 4, Occasions: 2, LastLabelled: "2026-05-05"}
	both.Labelling = alert.Labelling{Named: 2, Persons: 1, Person: "ann", ByPerson: 2, Timed: 2, Minute: hours(1), InMinute: 2, Unexercised: 1,
		Strict: alert.Moments{Episodes: 2, Hits: 2, N: 4, H: 3, NN: 8, NH: 6, HH: 5}}
	both.Timed, cases.Timed, cases.Minute, cases.InMinute = 4, 2, hours(30), 2
	cases.Strict = alert.Moments{Episodes: 1, Hits: 1, N: 2, H: 2, NN: 4, NH: 4, HH: 4}
	same(t, "sums", []alert.Sums{both, {}, cases}, got)
	counts, err := s.CaseCounts(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "counts by case, in which one was opened again", []alert.CaseCount{{Case: "c1", Rule: "r2", Class: alert.TruePositive, Provenance: alert.Incident, N: 2},
		{Case: "c1", Rule: "r2", Class: alert.Unlabelled, Reopened: true, N: 1}}, counts)
}

// alertsLabels asks who labelled alerts, what others read in them, and which tests and
// duplicates are borne out.
func alertsLabels(t *testing.T, open OpenAlerts) {
	s := open(t, t.TempDir())
	on := func(id, host string, c alert.Class, by string) *alert.Alert {
		return with(judged(fired(id, 0), c, 1), func(a *alert.Alert) { a.Entity, a.Disposition.By = host, by })
	}
	of := func(id, host, original string) *alert.Alert {
		return with(on(id, host, alert.Duplicate, "ann"), func(a *alert.Alert) { a.Disposition.DuplicateOf = original })
	}
	read := func(id string, c alert.Class, by string, p alert.Provenance, hour int) *alert.Alert {
		return &alert.Alert{ID: id, Disposition: &alert.Disposition{Class: c, Time: hours(hour), By: by, Provenance: p, Second: true}}
	}
	timeless := with(on("a5", "h3", alert.FalseLogic, "ANN"), func(a *alert.Alert) { a.Disposition.Time = a.Time })
	owned := with(fired("case", 0), func(a *alert.Alert) { a.CaseID = "c1" })
	appendAlerts(t, s, "b1",
		on("a1", "h1", alert.TruePositive, "ann"), on("a2", "h1", alert.TruePositive, "ann"), on("a3", "h2", alert.FalseLogic, "bob"), on("a4", "h2", alert.TruePositive, ""), timeless,
		on("t1", "h1", alert.Test, "ann"), on("t2", "h2", alert.Test, "ann"),
		of("d1", "h1", "a1"), of("d2", "h1", "d1"), of("d3", "h1", "gone"), of("d4", "h1", ""), owned,
		read("a1", alert.FalsePositive, "bob", alert.Analyst, 2), // they differ
		read("a1", alert.TruePositive, "llm", alert.AI, 9),       // no machine takes a person's place
		read("a2", alert.TruePositive, "ann", alert.Analyst, 2),  // the same person
		read("a3", alert.FalseData, "ann", alert.Analyst, 2),     // read alike
		read("a4", alert.TruePositive, "llm", alert.AI, 2),       // does not count
		read("a5", alert.FalseLogic, "ann", alert.Analyst, 2),    // the same person, in small letters
		read("t1", alert.FalsePositive, "bob", alert.Analyst, 2), // left out, and should not be
	)
	q := &alert.Question{Sets: []alert.Set{alert.SetOf("r1")}, Provenances: []alert.Provenance{alert.Analyst, alert.Incident},
		Cases:  alert.Legacy{"c1": {Class: alert.TruePositive, At: hours(30), By: "eve"}},
		Trials: []alert.Trial{{From: hours(-1), To: hours(0), Entity: "H1"}, {From: hours(1), To: hours(2)}}}
	got, err := s.Sums(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	// In h1: a1 and a2, and strictly a1 and t1 as misses; in h2: a3 and a4; in h3: a5; and the case.
	same(t, "labelling", alert.Labelling{Named: 5, Persons: 3, Person: "ANN", ByPerson: 3, Timed: 5, Minute: hours(1), InMinute: 4, Unexercised: 1, Unoriginal: 3,
		Pairs:        []alert.PairCount{{First: alert.ReadFalse, Second: alert.ReadFalse, N: 1}, {First: alert.ReadOut, Second: alert.ReadFalse, N: 1}, {First: alert.ReadTrue, Second: alert.ReadFalse, N: 1}},
		PairClusters: 2, Strict: alert.Moments{Episodes: 4, Hits: 3, N: 7, H: 3, NN: 15, NH: 6, HH: 3}}, got[0].Labelling)
	if got[0].N != 6 || got[0].H != 4 {
		t.Errorf("a second reading changed a class: %d of %d", got[0].H, got[0].N)
	}
}
