package thehive

import (
	"testing"

	"candor/internal/alert/export/exporttest"
)

// TestWhatAnAlertIsAbout: the primary entity first, each with its type.
func TestWhatAnAlertIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`{"_id":"a","_type":"Alert","sourceRef":"x","source":"siem","title":"t","date":1777593600000,"observables":[{"dataType":"ip","data":"192.0.2.7"},{"dataType":"hostname","data":"web-01"},{"dataType":"mail","data":"m@corp.example"},{"dataType":"hash","data":"00"}]}`: `host:web-01 address:192.0.2.7 mail:m@corp.example`,
	} {
		if got := exporttest.About(t, Alerts, text); got != want {
			t.Errorf("%s is about %s, want %s", text, got, want)
		}
	}
}
