package api

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/assessment"
	"candor/internal/policy"
)

func TestMeasurementsAreTheModelsOfTheService(t *testing.T) {
	d := newDesk(t)
	req := assessment.Request{AsOf: today, Policy: policy.Default()}
	const name, alone = "One source refused by many accounts", "AN1336"
	ctx := t.Context()
	measured := must(d.assess.Measure(ctx, req, false))(t)
	one := must(d.assess.MeasureAnalytics(ctx, req, alone))(t)
	if len(measured.Rules) < 5 || one.Analytics[0].Detail.Alerts == 0 {
		t.Fatalf("the demonstration measures %d rules, and %d alerts of %s", len(measured.Rules), one.Analytics[0].Detail.Alerts, alone)
	}
	for target, want := range map[string]any{
		"/api/v1/measurements":                                         measured,
		"/api/v1/measurements?times=true":                              must(d.assess.Measure(ctx, req, true))(t),
		"/api/v1/measurements/rules/" + url.PathEscape(name):           must(d.assess.MeasureRule(ctx, req, name))(t),
		"/api/v1/measurements/rules/" + url.PathEscape(name) + "/text": must(d.assess.RuleText(ctx, req, name))(t),
		"/api/v1/measurements/analytics":                               must(d.assess.MeasureAnalytics(ctx, req, ""))(t),
		"/api/v1/measurements/analytics/" + alone:                      one.One(),
		"/api/v1/recall":                                               must(d.assess.Recall(ctx, req, ""))(t),
		"/api/v1/recall?analytic=" + alone:                             must(d.assess.Recall(ctx, req, alone))(t),
		"/api/v1/tunings/" + url.PathEscape(name):                      must(d.assess.Tune(ctx, req, name))(t),
		"/api/v1/next?limit=3":                                         must(d.assess.Next(ctx, req, 3))(t),
		"/api/v1/rules":                                                must(d.assess.Rules(ctx, req))(t),
		"/api/v1/rules?basis=none":                                     must(must(d.assess.Rules(ctx, req))(t).Only(assessment.Narrow{Basis: "none"}))(t),
		"/api/v1/telemetry":                                            must(d.assess.Telemetry(ctx, req))(t),
		"/api/v1/telemetry?text=auditd":                                must(d.assess.Telemetry(ctx, req))(t).Only(assessment.Narrow{Text: "auditd"}),
		"/api/v1/next":                                                 must(d.assess.Next(ctx, req, 20))(t),
	} {
		var got any
		d.get(target, &got)
		if diff := cmp.Diff(asJSON(t, want), got); diff != "" {
			t.Errorf("GET %s: %s", target, diff)
		}
	}
}

func TestTheWindowOfAMeasurementIsTheRequests(t *testing.T) {
	d := newDesk(t)
	req := assessment.Request{AsOf: today, Policy: policy.Default()}
	req.Policy.WindowDays = 7
	var got any
	d.get("/api/v1/measurements?window=7", &got)
	if diff := cmp.Diff(asJSON(t, must(d.assess.Measure(t.Context(), req, false))(t)), got); diff != "" {
		t.Error(diff)
	}
}

func TestMeasurementsRefuseWhatCannotBeMeant(t *testing.T) {
	d := newDesk(t)
	for target, want := range map[string]int{
		"/api/v1/rules?basis=tecnique":             http.StatusBadRequest,
		"/api/v1/rules?wrong=1":                    http.StatusBadRequest,
		"/api/v1/measurements?window=-1":           http.StatusBadRequest,
		"/api/v1/measurements?window=5000":         http.StatusBadRequest,
		"/api/v1/measurements?as_of=soon":          http.StatusBadRequest,
		"/api/v1/measurements?rule=x":              http.StatusBadRequest,
		"/api/v1/measurements/rules/none":          http.StatusNotFound,
		"/api/v1/measurements/rules/none/text":     http.StatusNotFound,
		"/api/v1/measurements/analytics/AN9999":    http.StatusNotFound,
		"/api/v1/measurements/analytics/T1110.003": http.StatusNotFound,
		"/api/v1/recall?analytic=AN9999":           http.StatusNotFound,
		"/api/v1/tunings/none":                     http.StatusNotFound,
		"/api/v1/next?limit=-1":                    http.StatusBadRequest,
	} {
		if w := d.do(http.MethodGet, target); w.Code != want || w.Header().Get("Content-Type") != problemType {
			t.Errorf("GET %s: %d, want %d", target, w.Code, want)
		}
	}
}
