package thehive

import (
	"testing"

	"candor/internal/alert/export/exporttest"
)

func format() exporttest.Format {
	return exporttest.Format{Alerts: Alerts, Sniff: Sniff, Files: []string{"alerts.json", "older.json"}}
}

func TestAlertsAsTheGoldenFilesSay(t *testing.T) { format().Golden(t) }

func TestOtherFilesAreNotTakenForIt(t *testing.T) { format().Others(t) }

func FuzzAlerts(f *testing.F) { format().Fuzz(f) }
