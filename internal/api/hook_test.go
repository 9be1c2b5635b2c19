package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"candor/internal/intake"
)

func TestHooksTakeWhatProductsSend(t *testing.T) {
	d := newPushDesk(t, intake.Usual())
	send := func(path, authorization, kind, body string) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	secret := d.secrets["all"]
	const event = `{"time":1772359200,"host":"h","event":{"id":"a","rule_id":"r"}}`
	for _, c := range []struct {
		path, authorization, kind, body string
		want                            int
	}{
		{"/services/collector/event?channel=x", "Splunk " + secret, "", event, 200},
		{"/services/collector", "Splunk " + secret, "application/json", event, 200},
		{"/api/v1/alerts/from/splunk-hec", "Bearer " + secret, "text/plain", event, 200},
		{"/api/v1/alerts/from/cloudevents", "Bearer " + secret, "application/cloudevents+json", `{"id":"b","time":"2026-03-01","data":{"rule_id":"r"}}`, 200},
		{"/api/v1/alerts/from/wazuh", "Bearer " + secret, "application/json", `{"timestamp":"2026-03-01","rule":{"id":"1"}}`, 422},
		{"/services/collector/event", "Splunk nobody", "", event, 401},
		{"/services/collector/event", "", "", event, 401},
		{"/api/v1/alerts/from/nobody", "Bearer " + secret, "application/json", event, 404},
	} {
		if got := send(c.path, c.authorization, c.kind, c.body); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.path, c.kind, got, c.want)
		}
	}
}
