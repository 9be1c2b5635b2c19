package elastic

import (
	"testing"

	"candor/internal/alert/export/exporttest"
)

// TestWhatAnAlertIsAbout: the primary entity first, each with its type.
func TestWhatAnAlertIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`{"kibana.alert.uuid":"a","kibana.alert.rule.rule_id":"r","@timestamp":"2026-05-01T00:00:00Z","host":{"name":"web-01","ip":["10.0.0.1","fe80::1"]},"user":{"name":"jdoe"},"source":{"ip":"192.0.2.7"}}`: `host:web-01 account:jdoe address:192.0.2.7 address:10.0.0.1 address:fe80::1`,
		`{"kibana.alert.uuid":"a","kibana.alert.rule.rule_id":"r","@timestamp":"2026-05-01T00:00:00Z","destination":{"ip":"192.0.2.7"}}`:                                                                        ``,
	} {
		if got := exporttest.About(t, Alerts, text); got != want {
			t.Errorf("%s is about %s, want %s", text, got, want)
		}
	}
}
