package api

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/policy"
)

func TestReviewsAndRollupsAreTheModelsOfTheServices(t *testing.T) {
	d := gated(t)
	req := assessment.Request{AsOf: today, Policy: policy.Default()}
	var got any
	d.get("/api/v1/reviews", &got)
	if diff := cmp.Diff(asJSON(t, must(d.assess.Reviews(t.Context(), req))(t)), got); diff != "" {
		t.Error(diff)
	}
	a := must(d.assess.Assess(t.Context(), req))(t)
	for _, by := range assure.Dimensions() {
		got = nil
		d.get("/api/v1/rollups/"+string(by), &got)
		if diff := cmp.Diff(asJSON(t, assure.RollUp(a, by)), got); diff != "" {
			t.Errorf("by %s: %s", by, diff)
		}
	}
	for target, want := range map[string]int{
		"/api/v1/reviews/none":               http.StatusNotFound,
		"/api/v1/reviews?as_of=soon":         http.StatusBadRequest,
		"/api/v1/reviews/none?as_of=soon":    http.StatusBadRequest,
		"/api/v1/rollups/moon":               http.StatusBadRequest,
		"/api/v1/rollups/tactic?as_of=never": http.StatusBadRequest,
	} {
		if w := d.do(http.MethodGet, target); w.Code != want || w.Header().Get("Content-Type") != problemType {
			t.Errorf("GET %s: %d, want %d", target, w.Code, want)
		}
	}
}
