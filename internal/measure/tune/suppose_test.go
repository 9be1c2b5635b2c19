package tune_test

import (
	"fmt"
	"iter"
	"reflect"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/measure"
	"candor/internal/measure/tune"
)

// A threshold that is supposed comes to what the sweep says of it, and an exclusion to
// what is left where the alerts that have the value were never raised.
func TestWhatIsSupposedIsWhatTryFinds(t *testing.T) {
	var rows []*tune.Row
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 400 {
		score := float64(i % 20)
		class := []alert.Class{alert.TruePositive, alert.BenignPositive, alert.Unlabelled}[i*7%3]
		at := start.Add(time.Duration(i) * time.Hour)
		rows = append(rows, &tune.Row{ID: fmt.Sprint(i), Time: at, Cluster: fmt.Sprint("c", i/3), Site: "s", Case: "case", Class: class, Score: &score,
			Doubted: i%11 == 0 && class == alert.Unlabelled, Fields: map[string]string{"user": fmt.Sprint("u", i%4)}})
	}
	of := func(keep func(*tune.Row) bool) iter.Seq2[*tune.Row, error] {
		return func(yield func(*tune.Row, error) bool) {
			for _, r := range rows {
				if keep(r) && !yield(r, nil) {
					return
				}
			}
		}
	}
	all := of(func(*tune.Row) bool { return true })
	span, p := measure.Span{From: "2026-03-01", To: "2026-03-17"}, tune.Policy{MinPrecision: 0.3, Confidence: 0.95, MinEpisodes: 5, FalseDiscovery: 0.05}
	tried, err := tune.Try(all, span, p)
	if err != nil || len(tried.Thresholds) != 20 {
		t.Fatalf("%d thresholds, error %v", len(tried.Thresholds), err)
	}
	for _, want := range tried.Thresholds {
		got, err := tune.Suppose(all, span, p, tune.Supposed{Below: &want.At})
		for _, o := range []*tune.Outcome{&got.Older, &got.Newer, &want.Older, &want.Newer} {
			o.Lost.Alerts = nil // some of them, in whatever order they are met
		}
		if err != nil || !reflect.DeepEqual(got, want.Both) {
			t.Errorf("at %g: %+v, want %+v (%v)", want.At, got, want.Both, err)
		}
	}
	got, err := tune.Suppose(all, span, p, tune.Supposed{Field: "user", Value: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Older.Removed+got.Newer.Removed != 100 || got.Older.Lost.TruePositives == 0 {
		t.Errorf("%+v", got)
	}
	if none, _ := tune.Suppose(all, span, p, tune.Supposed{}); !reflect.DeepEqual(none, tried.Now) {
		t.Errorf("nothing is supposed, and %+v is not %+v", none, tried.Now)
	}
}
