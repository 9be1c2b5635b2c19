package splunk

import (
	"testing"

	"candor/internal/alert/export/exporttest"
)

// TestWhatAnAlertIsAbout: the primary entity first, each with its type.
func TestWhatAnAlertIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`[{"event_id":"a","search_name":"s","_time":"2026-05-01T00:00:00Z","risk_object":["jdoe","web-01"],"risk_object_type":["user","system"],"src":"192.0.2.7","dest":["web-01","db-02"],"user":"asmith"}]`: `account:jdoe host:web-01 host:db-02 address:192.0.2.7 account:asmith`,
	} {
		if got := exporttest.About(t, Alerts, text); got != want {
			t.Errorf("%s is about %s, want %s", text, got, want)
		}
	}
}
