//go:build cgo && (linux || darwin) && (amd64 || arm64)

package assessment_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/attack/stix"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/duckdb"
	"candor/internal/telemetry"
)

// made says which alerts BenchmarkJudge makes.
type made struct {
	alerts, rules, hosts, days int
	// burst is the mean number of alerts of one rule on one host and day.
	burst int
}

// asked reads what to make from the environment: CANDOR_BENCH_ALERTS (a million
// unless it is said) and CANDOR_BENCH_BURST (20).
func asked(b *testing.B) made {
	m := made{alerts: 1_000_000, rules: 500, hosts: 2000, days: 30, burst: 20}
	for name, at := range map[string]*int{"CANDOR_BENCH_ALERTS": &m.alerts, "CANDOR_BENCH_BURST": &m.burst} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				b.Fatalf("%s: %q is no number of things", name, text)
			}
			*at = n
		}
	}
	return m
}

// each makes the alerts of the named rules, burst by burst: three in ten are
// labelled, and bursts are alike in what they are labelled.
func (m made) each(ids []string) func(func(*alert.Alert, error) bool) {
	return func(yield func(*alert.Alert, error) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for n := 0; n < m.alerts; {
			rule, host := ids[r.IntN(len(ids))], fmt.Sprintf("host-%04d", r.IntN(m.hosts))
			from := asOf.AddDate(0, 0, -r.IntN(m.days)).Truncate(24 * time.Hour)
			class := alert.FalsePositive
			if r.Float64() < 0.5 {
				class = alert.TruePositive
			}
			for range min(1+r.IntN(2*m.burst-1), m.alerts-n) {
				a := alert.Alert{ID: strconv.Itoa(n), RuleID: rule, Entity: host, Time: from.Add(time.Duration(r.IntN(43_200)) * time.Second)}
				if r.Float64() < 0.3 {
					a.Disposition = &alert.Disposition{Class: class, Time: a.Time.Add(time.Duration(1+r.IntN(600)) * time.Minute), Provenance: alert.Analyst}
				}
				if n++; !yield(&a, nil) {
					return
				}
			}
		}
	}
}

// columnar is a service over Enterprise 18.1, the real rules of which the first
// hundreds raised the made alerts, and every log source measured.
func columnar(b *testing.B, m made) *bench {
	x := newBench(b)
	x.release("18.1", stix.Source{Name: "enterprise-attack-18.1", Reader: packed(b, "attack", "enterprise-attack-18.1.json.gz")})
	ids := sigmaIDs(b)
	if _, _, err := x.ev.Append(b.Context(), x.batch(evidence.RecordRule), sigmaRules(b, nil)); err != nil {
		b.Fatal(err)
	}
	folder := kept(b, m)
	al, err := batches.Open(b.Context(), folder, duckdb.Engine(folder+".index", folder), batches.Options{Write: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { al.Close() })
	start := time.Now()
	if _, fresh, err := al.Append(b.Context(), store.Batch{ID: "alerts-1", Kind: "alerts", Hash: "1", Added: asOf}, m.each(ids[:m.rules])); err != nil {
		b.Fatal(err)
	} else if fresh {
		b.Logf("%d alerts made and kept in %.1f s", m.alerts, time.Since(start).Seconds())
	}
	x.Service, x.alerts, x.raising = assessment.New(x.lib, x.ev, al), al, ids[:m.rules]
	x.arrive()
	return x
}

// kept returns a folder of this benchmark's own for its alerts: empty, or with a copy of what
// CANDOR_BENCH_KEPT names holds, a store of as many such alerts as another run made there
// when it found none.
func kept(b *testing.B, m made) string {
	folder := filepath.Join(b.TempDir(), "alerts")
	from := os.Getenv("CANDOR_BENCH_KEPT")
	if from == "" {
		return folder
	}
	from = filepath.Join(from, fmt.Sprint(m.alerts, "-", m.burst))
	if _, err := os.Stat(from); err != nil {
		ids := sigmaIDs(b)
		al, err := batches.Open(b.Context(), filepath.Join(from, "alerts"), duckdb.Engine(filepath.Join(from, "alerts.index"), filepath.Join(from, "alerts")), batches.Options{Write: true})
		if err == nil {
			_, _, err = al.Append(b.Context(), store.Batch{ID: "alerts-1", Kind: "alerts", Hash: "1", Added: asOf}, m.each(ids[:m.rules]))
		}
		if err == nil {
			err = al.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Dir(folder), os.DirFS(from)); err != nil {
		b.Fatal(err)
	}
	return folder
}

// sigmaIDs are the ids of the real rules.
func sigmaIDs(b *testing.B) (ids []string) {
	for r, err := range sigmaRules(b, nil) {
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, r.Key)
	}
	return ids
}

// arrive records that half of the log sources of the release arrive.
func (b *bench) arrive() {
	a, err := b.Assess(b.t.Context(), request())
	if err != nil {
		b.t.Fatal(err)
	}
	seen := map[string]bool{}
	var days []any
	for _, v := range a.Verdicts {
		for _, n := range v.Visibility.Needs {
			if seen[n.Name] || len(n.Name)%2 == 0 {
				continue
			}
			seen[n.Name] = true
			for i := range 5 {
				days = append(days, telemetry.Observation{Day: day.Of(asOf).Add(-i), Source: n.Name, Events: 9, Hosts: 2})
			}
		}
	}
	b.add(evidence.RecordFeed, days...)
	b.add(evidence.RecordExercise, exercise.Exercise{Technique: "T1059", Test: "t", Time: asOf.AddDate(0, 0, -9), Outcome: exercise.Alerted})
}

// trouble records exercises and incidents of the techniques that rules claim: six exercises
// in ten name a host, and so do all incidents, which a hunt found.
func (b *bench) trouble(m made, exercises, cases int) {
	a, err := b.Assess(b.t.Context(), request())
	if err != nil {
		b.t.Fatal(err)
	}
	var of []string
	for i := range a.Verdicts {
		if v := &a.Verdicts[i]; v.Claimed && len(v.Techniques) > 0 {
			of = append(of, v.Techniques[0].ATTACKID)
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	host := func() string { return fmt.Sprintf("host-%04d", r.IntN(m.hosts)) }
	at := func() time.Time { return asOf.Add(-time.Duration(1+r.IntN(m.days*24)) * time.Hour) }
	var tests, incidents []any
	for i := range exercises {
		e := exercise.Exercise{Technique: of[r.IntN(len(of))], Test: fmt.Sprint("test ", i), Time: at(), Outcome: exercise.Alerted}
		if i%10 < 6 {
			e.Host = host()
		}
		tests = append(tests, e)
	}
	for i := range cases {
		incidents = append(incidents, alert.Case{ID: fmt.Sprint("case-", i), Occurred: at(), Opened: asOf, Closed: asOf, Class: alert.TruePositive, FoundBy: alert.FoundByHunt,
			Techniques: []string{of[r.IntN(len(of))]}, Entities: []string{host()}})
	}
	b.add(evidence.RecordExercise, tests...)
	b.add(evidence.RecordCase, incidents...)
}

// run times a part, and how much of every core it takes, which says more on a
// machine that others use too.
func run(b *testing.B, name string, f func() error) {
	b.Run(name, func(b *testing.B) {
		before := cpu()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64((cpu()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
	})
}

// after times a part each time after something has landed, which is told apart.
func after(b *testing.B, name string, land, f func() error) {
	b.Run(name, func(b *testing.B) {
		var landed, took, busy time.Duration
		n := 0
		for ; b.Loop(); n++ {
			b.StopTimer()
			start := time.Now()
			if err := land(); err != nil {
				b.Fatal(err)
			}
			landed += time.Since(start)
			before := cpu()
			start = time.Now()
			b.StartTimer()
			if err := f(); err != nil {
				b.Fatal(err)
			}
			took, busy = took+time.Since(start), busy+cpu()-before
		}
		b.ReportMetric(float64(busy.Milliseconds())/float64(n), "cpu-ms/op")
		b.ReportMetric(float64(landed.Milliseconds())/float64(n), "landing-ms/op")
	})
}

// landing lands a batch, another one each time.
type landing struct {
	of   string
	land func() error
}

// landings are batches of each kind that changes what is judged: of rules, exercises and
// incidents, and alerts and labels of one rule, of all rules on one day, and of all rules and
// days.
func (x *bench) landings(ctx context.Context, m made) []landing {
	n := 0
	alerts := func(each func(yield func(*alert.Alert, error) bool)) error {
		n++
		batch := store.Batch{ID: fmt.Sprint("more-", n), Kind: "alerts", Hash: fmt.Sprint("more-", n), Added: asOf}
		_, _, err := x.alerts.Append(ctx, batch, each)
		return err
	}
	fired := func(rule string, at time.Time, i int) *alert.Alert {
		d := alert.Disposition{Class: alert.FalsePositive, Time: asOf, Provenance: alert.Analyst}
		return &alert.Alert{ID: fmt.Sprint("late-", n, "-", i), RuleID: rule, Entity: fmt.Sprintf("host-%04d", i%m.hosts), Time: at, Disposition: &d}
	}
	return []landing{
		{"a batch of rules", func() error {
			n++
			x.add(evidence.RecordRule, detection.Rule{ID: fmt.Sprint("newer-", n), Name: "new", Enabled: true})
			return nil
		}},
		{"a batch of exercises", func() error {
			n++
			x.add(evidence.RecordExercise, exercise.Exercise{Technique: "T1059", Test: fmt.Sprint("t ", n), Time: asOf.AddDate(0, 0, -1), Outcome: exercise.Alerted, Host: "host-0001"})
			return nil
		}},
		{"a batch of cases", func() error {
			n++
			x.add(evidence.RecordCase, alert.Case{ID: fmt.Sprint("late-", n), Occurred: asOf.AddDate(0, 0, -2), Opened: asOf, Closed: asOf, Class: alert.TruePositive,
				FoundBy: alert.FoundByHunt, Techniques: []string{"T1059"}, Entities: []string{"host-0002"}})
			return nil
		}},
		{"an alert", func() error {
			return alerts(func(yield func(*alert.Alert, error) bool) { yield(fired(x.raising[0], asOf.Add(-time.Hour), 0), nil) })
		}},
		{"alerts of every rule on one day", func() error {
			return alerts(func(yield func(*alert.Alert, error) bool) {
				for i := range 20 * len(x.raising) {
					if !yield(fired(x.raising[i%len(x.raising)], asOf.Add(-time.Duration(1+i%60)*time.Minute), i), nil) {
						return
					}
				}
			})
		}},
		{"labels of every rule and day", func() error {
			return alerts(func(yield func(*alert.Alert, error) bool) {
				for i := range min(m.alerts/100, 100_000) {
					d := alert.Disposition{Class: alert.FalsePositive, Time: asOf.Add(time.Duration(n) * time.Second), Provenance: alert.Analyst}
					if !yield(&alert.Alert{ID: strconv.Itoa(i * 97 % m.alerts), Disposition: &d}, nil) {
						return
					}
				}
			})
		}},
	}
}

// cpu is the time that all threads of this process have run.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkJudge times what doc/speed.md promises: an assessment, an explanation, a
// plan, and a measurement of every rule, over as many alerts as are asked for. The
// release, the rules and the file of alerts are warm; every assessment is new.
func BenchmarkJudge(b *testing.B) {
	m := asked(b)
	x := columnar(b, m)
	ctx, n := b.Context(), 0
	// fresh is a request that no earlier one answers: a policy that differs.
	fresh := func() assessment.Request {
		n++
		r := request()
		r.Policy.Version = fmt.Sprint("bench-", n)
		return r
	}
	assess := func() error {
		_, err := x.Assess(ctx, fresh())
		return err
	}
	measured := func(r assessment.Request, timed bool) error {
		got, err := x.Measure(ctx, r, timed)
		if err == nil && len(got.Rules) != m.rules {
			return fmt.Errorf("%d rules are measured, not %d", len(got.Rules), m.rules)
		}
		return err
	}
	run(b, "assess", assess)
	run(b, "assess after a batch", func() error {
		x.add(evidence.RecordRule, detection.Rule{ID: fmt.Sprint("new-", n), Name: "new", Enabled: true})
		return assess()
	})
	same := fresh()
	if _, err := x.Assess(ctx, same); err != nil {
		b.Fatal(err)
	}
	run(b, "explain", func() error {
		_, err := x.Explain(ctx, same, "AN1058")
		return err
	})
	run(b, "next", func() error {
		_, err := x.Next(ctx, fresh(), 20)
		return err
	})
	run(b, "measure", func() error { return measured(fresh(), false) })
	run(b, "measure with times", func() error {
		r := fresh()
		r.AsOf = r.AsOf.Add(time.Duration(n) * time.Minute)
		return measured(r, true)
	})
	run(b, "measure other days", func() error {
		r := fresh()
		r.Policy.WindowDays = 30 + n%300
		return measured(r, false)
	})
	x.trouble(m, 500, 200)
	run(b, "assess with 500 exercises and 200 cases, counted before", assess)
	for _, l := range x.landings(ctx, m) {
		after(b, "assess with 500 exercises and 200 cases, after "+l.of, l.land, assess)
	}
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	b.Logf("heap in use %d MB", mem.HeapInuse/1e6)
}
