package app_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/assure"
	"candor/internal/cli"
	"candor/internal/door"
	"candor/internal/policy"
)

// TestAnswersAreOfTheirDay asks a server before and after midnight, and for what is of a
// minute before and after that, and looks which answers are the same one.
func TestAnswersAreOfTheirDay(t *testing.T) {
	now := today
	clock := func() time.Time { return now }
	d, err := app.Open(t.Context(), demonstration(t), cli.Mode{Write: true, Serve: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	h := d.Handler(door.New(door.Config{Now: clock}), func() (assure.Policy, error) { return policy.Default(), nil }, slog.New(slog.DiscardHandler))
	get := func(path string) string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code)
		}
		return w.Body.String()
	}
	const whole, timed = "/api/v1/verdicts/AN1989", "/api/v1/measurements?times=true" // each says when it was made
	at := func(path string) string {
		_, rest, _ := strings.Cut(get(path), `"as_of":"`)
		said, _, _ := strings.Cut(rest, `"`)
		return said
	}
	for i, step := range []struct {
		later        time.Duration
		whole, timed string
	}{
		{0, "2026-11-20T15:00:00Z", "2026-11-20T15:00:00Z"},
		{30 * time.Second, "2026-11-20T15:00:00Z", "2026-11-20T15:00:00Z"},
		{30 * time.Second, "2026-11-20T15:00:00Z", "2026-11-20T15:01:00Z"},
		{9*time.Hour - time.Minute - time.Second, "2026-11-20T15:00:00Z", "2026-11-20T23:59:59Z"},
		{time.Second, "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z"},
		{time.Minute, "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z"}, // by a day's first moment the whole day is meant
	} {
		now = now.Add(step.later)
		if w, m := at(whole), at(timed); w != step.whole || m != step.timed {
			t.Errorf("step %d, at %s: as of %s and %s, want %s and %s", i, now.Format(time.RFC3339), w, m, step.whole, step.timed)
		}
	}
	if page := get("/"); !strings.Contains(page, "2026-11-21") {
		t.Error("the overview is not of today")
	}
}
