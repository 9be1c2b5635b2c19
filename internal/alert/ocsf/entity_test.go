package ocsf

import (
	"testing"

	"candor/internal/alert/export/exporttest"
)

// TestWhatAnAlertIsAbout: the primary entity first, each with its type.
func TestWhatAnAlertIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`{"class_uid":2004,"finding_info":{"uid":"a","analytic":{"uid":"r"},"first_seen_time_dt":"2026-05-01T00:00:00Z"},"device":{"hostname":"web-01","ip":"10.0.0.1"},"evidences":[{"actor":{"user":{"name":"jdoe"}},"src_endpoint":{"ip":"192.0.2.7"}}],"resources":[{"uid":"arn:x","name":"bucket-1"}],"observables":[{"type_id":5,"name":"email","value":"m@corp.example"},{"type_id":1,"name":"device.hostname","value":"WEB-01"}],"time":1777593600000}`: `host:web-01 resource:bucket-1 account:jdoe address:10.0.0.1 address:192.0.2.7 mail:m@corp.example`,
	} {
		if got := exporttest.About(t, Alerts, text); got != want {
			t.Errorf("%s is about %s, want %s", text, got, want)
		}
	}
}
