package assessment_test

import (
	"context"
	"iter"
	"runtime"
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
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/policy"
	"candor/internal/store"
)

// watch is told what stores are asked that takes long.
type watch interface{ asked(what string) }

// The stores, watched.
type (
	watchedLibrary struct {
		store.LibraryReader
		watch
	}
	watchedEvidence struct {
		store.Evidence
		watch
	}
	watchedAlerts struct {
		store.Alerts
		watch
	}
)

func (w watchedLibrary) Load(ctx context.Context, r attack.Release, types ...string) (*attack.Library, error) {
	w.asked("library")
	return w.LibraryReader.Load(ctx, r, types...)
}

func (w watchedEvidence) Current(ctx context.Context, kind string) ([]store.Record, error) {
	w.asked(kind)
	return w.Evidence.Current(ctx, kind)
}

func (w watchedAlerts) Sums(ctx context.Context, q *alert.Question) ([]alert.Sums, error) {
	w.asked("sums")
	return w.Alerts.Sums(ctx, q)
}

func (w watchedAlerts) Tallies(ctx context.Context, q *alert.Question) ([]alert.Tally, error) {
	w.asked("tallies")
	return w.Alerts.Tallies(ctx, q)
}

func (w watchedAlerts) Durations(ctx context.Context, q *alert.Waits) ([]alert.Duration, error) {
	w.asked("durations")
	return w.Alerts.Durations(ctx, q)
}

func (w watchedAlerts) Each(ctx context.Context, rule string, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	w.asked("each")
	return w.Alerts.Each(ctx, rule, from, to)
}

func (w watchedAlerts) All(ctx context.Context, from, to day.Date) iter.Seq2[*alert.Alert, error] {
	w.asked("all")
	return w.Alerts.All(ctx, from, to)
}

func (b *bench) watched(w watch) *assessment.Service {
	return assessment.New(watchedLibrary{b.lib, w}, watchedEvidence{b.ev, w}, watchedAlerts{b.alerts, w})
}

// questions are what is asked of a service that works.
func questions() map[string]func(context.Context, *assessment.Service, assessment.Request) (any, error) {
	type ctx = context.Context
	type service = *assessment.Service
	type request = assessment.Request
	return map[string]func(ctx, service, request) (any, error){
		"assess":    func(c ctx, s service, r request) (any, error) { return s.Assess(c, r) },
		"measure":   func(c ctx, s service, r request) (any, error) { return s.Measure(c, r, true) },
		"analytics": func(c ctx, s service, r request) (any, error) { return s.MeasureAnalytics(c, r, "") },
		"recall":    func(c ctx, s service, r request) (any, error) { return s.Recall(c, r, "") },
		"tune":      func(c ctx, s service, r request) (any, error) { return s.Tune(c, r, "r1") },
		"next":      func(c ctx, s service, r request) (any, error) { return s.Next(c, r, 3) },
		"gate":      func(c ctx, s service, r request) (any, error) { return s.Gate(c, r, "r1", assure.Purposes()[0]) },
		"reviews":   func(c ctx, s service, r request) (any, error) { return s.Reviews(c, r) },
		"review":    func(c ctx, s service, r request) (any, error) { return s.Review(c, r, "c1") },
	}
}

// crowded is a bench on which every question has an answer.
func crowded(t *testing.T) *bench {
	b := newBench(t).small()
	b.feed()
	b.add(evidence.RecordRule, rule)
	b.add(evidence.RecordCase, incident("c1", 5, alert.FoundByHunt))
	landed(t, b.alerts, "b1", []alert.Alert{{ID: "a1", RuleID: "r1", Time: asOf.AddDate(0, 0, -3), Entity: "h"}, {ID: "a2", RuleID: "r1", Time: asOf.AddDate(0, 0, -2), Entity: "i"}})
	return b
}

// bomb panics when something is asked.
type bomb string

func (b bomb) asked(what string) {
	if what == string(b) {
		panic("boom")
	}
}

// The goroutines in which stores are asked must not end the process.
func TestAPanicOfAStoreIsAnError(t *testing.T) {
	b := crowded(t)
	for _, at := range []string{"library", evidence.RecordRule, "sums"} {
		s := b.watched(bomb(at))
		for what, ask := range questions() {
			if at == "library" && (what == "measure" || what == "reviews") {
				continue // which need no library
			}
			if at == "sums" && slices.Contains([]string{"recall", "review", "reviews"}, what) {
				continue // which rest on no sums
			}
			if _, err := ask(t.Context(), s, assessment.Request{AsOf: asOf, Policy: policy.Default()}); fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "boom") {
				t.Errorf("%s, %s: %v", at, what, err)
			}
		}
	}
}

// gate counts what is asked, and lets nobody have an answer before it is opened.
type gate struct {
	open chan struct{}
	mu   sync.Mutex
	n    map[string]int
}

func newGate() *gate { return &gate{open: make(chan struct{}), n: map[string]int{}} }

func (g *gate) asked(what string) {
	g.mu.Lock()
	g.n[what]++
	g.mu.Unlock()
	<-g.open
}

func TestTwelveColdReadersCostWhatOneCosts(t *testing.T) {
	b := crowded(t)
	for what, ask := range questions() {
		t.Run(what, func(t *testing.T) {
			r := assessment.Request{AsOf: asOf, Policy: policy.Default()}
			one := newGate()
			close(one.open)
			want, err := ask(t.Context(), b.watched(one), r)
			if err != nil || len(one.n) == 0 {
				t.Fatal(err, one.n)
			}
			twelve := newGate()
			s := b.watched(twelve)
			var all sync.WaitGroup
			for range 12 {
				all.Go(func() {
					if got, err := ask(t.Context(), s, r); err != nil || !cmp.Equal(want, got) {
						t.Errorf("%v:\n%s", err, cmp.Diff(want, got))
					}
				})
			}
			for end := time.Now().Add(time.Minute); s.Waiting() < 12; runtime.Gosched() {
				if time.Now().After(end) {
					t.Error("they do not wait for one and the same")
					break
				}
			}
			close(twelve.open)
			all.Wait()
			if diff := cmp.Diff(one.n, twelve.n); diff != "" {
				t.Errorf("one reader and twelve ask the stores otherwise:\n%s", diff)
			}
		})
	}
}

// landed lands alerts as a batch of a store, which may keep and change them.
func landed(t *testing.T, s store.Alerts, batch string, as []alert.Alert) {
	t.Helper()
	_, _, err := s.Append(t.Context(), store.Batch{ID: batch, Kind: "alerts", Hash: batch, Added: asOf}, func(yield func(*alert.Alert, error) bool) {
		for _, a := range as {
			if !yield(&a, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
