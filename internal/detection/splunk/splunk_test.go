package splunk

import (
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection/detectiontest"
)

func format() detectiontest.Format {
	return detectiontest.Format{Name: Format, Decode: Decode, Sniff: Sniff, Files: []string{"shell.yml", "cloud.yml", "newer.yml"}}
}

func TestRulesAsTheGoldenFilesSay(t *testing.T) { format().Golden(t) }

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	format().Others(t, map[string]string{"f.toml": "[tool]\nname = 1\n"})
}

func TestPlacesNameWhatATTACKHas(t *testing.T) {
	words := decodetest.Enterprise(t)
	for _, p := range sources {
		words.Check(t, p.prefix, "", "", p.platforms)
		for _, l := range p.logs {
			words.Check(t, p.prefix, l.Component, l.Name, nil)
		}
	}
}

func FuzzDecode(f *testing.F) { format().Fuzz(f) }
