package app_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/attack"
	"candor/internal/cli"
	"candor/internal/take"
)

// BenchmarkTake times takes of Enterprise 18.1 with the evidence of the README: one of
// every live object in turn, once the release is judged, with the slowest of a fifth of
// them; and
// what candor take --all --json does, the judgement included.
func BenchmarkTake(b *testing.B) {
	w := newWalk(b, "enterprise-attack-18.1.json.gz")
	r := request(attack.Release{Domain: attack.DomainName("enterprise"), Version: "18.1"})
	var ids []string
	err := w.desk.Assessment.Takes(b.Context(), r, func(t take.Take) ([]byte, error) { return []byte(t.Object.StixID), nil },
		func(id []byte) error { ids = append(ids, string(id)); return nil })
	if err != nil {
		b.Fatal(err)
	}
	b.Run("one", func(b *testing.B) {
		n := 0
		for b.Loop() {
			if _, err := w.desk.Assessment.Take(b.Context(), r, ids[n%len(ids)]); err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
	b.Run("slowest", func(b *testing.B) {
		for b.Loop() {
			var most time.Duration
			for i := 0; i < len(ids); i += 5 {
				id, least := ids[i], time.Hour // of three, as the machine has other work
				for range 3 {
					from := time.Now()
					if _, err := w.desk.Assessment.Take(b.Context(), r, id); err != nil {
						b.Fatal(err)
					}
					least = min(least, time.Since(from))
				}
				most = max(most, least)
			}
			b.ReportMetric(float64(most.Microseconds()), "µs-slowest")
		}
	})
	b.Run("all", func(b *testing.B) {
		var bytes counter
		for b.Loop() {
			bytes = 0
			code := cli.Run(context.Background(), cli.Env{Args: []string{"take", "--all", "--json", "--as-of", "2022-01-31"}, Dir: w.dir, Out: &bytes, Err: io.Discard,
				In: strings.NewReader(""), Now: time.Now, Getenv: func(name string) string { return map[string]string{"CANDOR_DATA": "data"}[name] }, Engines: app.Engines()}, app.Open)
			if code != 0 {
				b.Fatal("exit code", code)
			}
		}
		b.ReportMetric(float64(bytes)/1e6, "MB")
	})
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
