package api

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/door"
	"candor/internal/ledger"
	"candor/internal/policy"
)

// gated is the desk with gates.
func gated(t *testing.T) *desk {
	d := newDesk(t)
	d.Handler = New(Deps{Objects: d.service, Index: d.library, Assessor: d.assess, Gates: d.assess, Reviews: d.assess, Evidence: d.evidence, Alerts: d.evidence, Ledger: ledger.New(d.evidence.Ledger()), Door: door.New(door.Config{Now: clock}),
		Policy: byDefault, Clock: clock, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Version: "test"})
	return d
}

func TestAGateAnswersWhatTheServiceDecides(t *testing.T) {
	d := gated(t)
	a := must(d.assess.Assess(t.Context(), assessment.Request{AsOf: today, Policy: policy.Default()}))(t)
	open := map[bool]int{}
	for _, v := range a.Verdicts {
		id := v.Analytic.ATTACKID
		want := must(d.assess.Gate(t.Context(), assessment.Request{AsOf: today, Policy: policy.Default()}, id, assure.Reporting))(t)
		var got any
		d.get("/api/v1/gates/"+id+"?for=reporting", &got)
		if diff := cmp.Diff(asJSON(t, want), got); diff != "" {
			t.Fatalf("%s: %s", id, diff)
		}
		open[want.Allowed]++
	}
	if open[true] == 0 || open[false] == 0 {
		t.Errorf("of the demonstration's gates %d are open and %d closed; both kinds should be tried", open[true], open[false])
	}
}

func TestAGateRefusesWhatItDoesNotKnow(t *testing.T) {
	d := gated(t)
	for target, want := range map[string]int{
		"/api/v1/gates/AN9999?for=reporting":                http.StatusNotFound,
		"/api/v1/gates/AN0188":                              http.StatusBadRequest,
		"/api/v1/gates/AN0188?for=paging":                   http.StatusBadRequest,
		"/api/v1/gates/AN0188?for=reporting&as_of=tomorrow": http.StatusBadRequest,
		"/api/v1/gates/AN0188?for=automation&wat=1":         http.StatusBadRequest,
	} {
		if w := d.do(http.MethodGet, target); w.Code != want || w.Header().Get("Content-Type") != problemType {
			t.Errorf("GET %s: %d %s, want %d", target, w.Code, w.Header().Get("Content-Type"), want)
		}
	}
}
