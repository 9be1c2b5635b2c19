package defender

import (
	"testing"

	"candor/internal/alert/export/exporttest"
)

// TestWhatAnAlertIsAbout: the primary entity first, each with its type.
func TestWhatAnAlertIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`{"id":"a","detectorId":"d","title":"t","createdDateTime":"2026-05-01T00:00:00Z","evidence":[{"deviceDnsName":"web-01.corp.example","hostName":"web-01"},{"userAccount":{"userPrincipalName":"jdoe@corp.example","accountName":"jdoe"}},{"ipAddress":"192.0.2.7"},{"primaryAddress":"m@corp.example"},{"resourceId":"/subscriptions/1"}]}`: `host:web-01.corp.example account:jdoe@corp.example address:192.0.2.7 mail:m@corp.example resource:/subscriptions/1`,
	} {
		if got := exporttest.About(t, Alerts, text); got != want {
			t.Errorf("%s is about %s, want %s", text, got, want)
		}
	}
}
