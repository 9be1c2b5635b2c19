package sentinel

import (
	"slices"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/detection/detectiontest"
)

func format() detectiontest.Format {
	return detectiontest.Format{Name: Format, Decode: Decode, Sniff: Sniff, Files: []string{"signin.yaml", "hunts.yaml", "template.json", "list.json"}}
}

func TestRulesAsTheGoldenFilesSay(t *testing.T) { format().Golden(t) }

func TestOtherFilesAreNotTakenForIt(t *testing.T) {
	format().Others(t, map[string]string{"f.toml": "[tool]\nname = 1\n"})
}

func TestPlacesNameWhatATTACKHas(t *testing.T) {
	words := decodetest.Enterprise(t)
	for _, p := range facts {
		words.Check(t, p.table, "", "", p.platforms)
		for _, l := range p.logs {
			words.Check(t, p.table, l.Component, l.Name, nil)
		}
	}
}

func FuzzDecode(f *testing.F) { format().Fuzz(f) }

func TestADeployedRuleIsAlsoCalledByItsTemplate(t *testing.T) {
	d := Decode("f", []byte("id: d-1\nname: Odd\nkind: Scheduled\nquery: x\nalertRuleTemplateName: t-1\n"))
	if len(d.Records) != 1 || !slices.Equal(d.Records[0].Aliases, []string{"t-1", "Odd"}) || len(d.Warnings) != 0 {
		t.Errorf("%+v", d)
	}
}
