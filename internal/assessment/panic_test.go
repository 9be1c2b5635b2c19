package assessment_test

import (
	"context"
	"strings"
	"testing"

	"candor/internal/alert"
	"candor/internal/assessment"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/policy"
	"candor/internal/store"
)

// panicking are stores of which one question panics.
type panicking struct {
	store.Evidence
	store.Alerts
	at string
}

func (p panicking) Current(ctx context.Context, kind string) ([]store.Record, error) {
	if p.at == kind {
		panic("boom")
	}
	return p.Evidence.Current(ctx, kind)
}

func (p panicking) Batches(ctx context.Context) ([]store.Batch, error) { return p.Evidence.Batches(ctx) }

func (p panicking) Tallies(ctx context.Context, from, to day.Date) ([]alert.Tally, error) {
	if p.at == "tallies" {
		panic("boom")
	}
	return p.Alerts.Tallies(ctx, from, to)
}

// The goroutines in which stores are asked must not end the process.
func TestAPanicOfAStoreIsAnError(t *testing.T) {
	b := newBench(t).small()
	b.feed()
	for _, at := range []string{store.KindRule, store.KindCase, "tallies"} {
		p := panicking{b.ev, b.alerts, at}
		s := assessment.New(b.lib, evidenceOf{p}, alertsOf{p})
		r := assessment.Request{AsOf: asOf, Policy: policy.Default()}
		_, assess := s.Assess(t.Context(), r)
		_, measured := s.Measure(t.Context(), r)
		_, recall := s.Recall(t.Context(), r, "")
		for what, err := range map[string]error{"assess": assess, "measure": measured, "recall": recall} {
			if fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "boom") {
				t.Errorf("%s, %s: %v", at, what, err)
			}
		}
	}
}

type evidenceOf struct{ panicking }

func (e evidenceOf) Append(ctx context.Context, b store.Batch, rs store.Records) (store.Batch, bool, error) {
	panic("not asked")
}

type alertsOf struct{ panicking }
