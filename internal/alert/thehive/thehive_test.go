package thehive

import (
	"path"
	"testing"

	"candor/internal/alert/export/exporttest"
	"candor/internal/decode/decodetest"
)

func TestAlertsAsTheGoldenFilesSay(t *testing.T) {
	for _, file := range []string{
		"testdata/alerts.json", "testdata/older.json",
	} {
		text := decodetest.Load(t, file)
		if !Sniff(text, file) {
			t.Errorf("%s is not taken for what it is", file)
		}
		said := exporttest.Read(Alerts, path.Base(file), string(text))
		exporttest.Check(t, said)
		decodetest.Golden(t, file+".golden", said)
	}
}

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	for _, text := range []string{"", "{", `{"id":"a","rule_id":"r","time":"2026-03-01"}`, "id,rule_id,time\n", "\xff\xfe"} {
		if Sniff([]byte(text), "f.json") {
			t.Errorf("%q is taken for an export", text)
		}
	}
}

func FuzzAlerts(f *testing.F) {
	exporttest.Fuzz(f, Alerts, Sniff, string(decodetest.Load(f, "testdata/alerts.json")))
}
