package sentinel

import (
	"testing"

	"candor/internal/alert/export/exporttest"
)

// TestWhatAnAlertIsAbout: the primary entity first, each with its type.
func TestWhatAnAlertIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		`{"SystemAlertId":"a","AlertName":"n","TimeGenerated":"2026-05-01T00:00:00Z","CompromisedEntity":"WEB-01","Entities":"[{\"Type\":\"host\",\"HostName\":\"web-01\"},{\"Type\":\"account\",\"Name\":\"jdoe\",\"UserPrincipalName\":\"jdoe@corp.example\"},{\"Type\":\"ip\",\"Address\":\"192.0.2.7\"},{\"Type\":\"mailbox\",\"MailboxPrimaryAddress\":\"m@corp.example\"},{\"Type\":\"azure-resource\",\"ResourceId\":\"/subscriptions/1\"},{\"Type\":\"url\",\"Url\":\"http://x.example\"},{\"Type\":\"process\",\"ProcessId\":\"7\"}]"}`: `host:WEB-01 account:jdoe@corp.example address:192.0.2.7 mail:m@corp.example resource:/subscriptions/1 other:http://x.example`,
	} {
		if got := exporttest.About(t, Alerts, text); got != want {
			t.Errorf("%s is about %s, want %s", text, got, want)
		}
	}
}
