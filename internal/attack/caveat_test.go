package attack_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"github.com/google/go-cmp/cmp"
)

func TestCaveatsQuoteTheirSentence(t *testing.T) {
	o := &attack.Object{
		Description: "Scanners may help.(Citation: X)\nMuch of this may have a Very  High occurrence and an associated false positive rate. Look elsewhere.",
		Detection:   "Some of this takes place outside the visibility of the target, e.g. at home. It has a very high occurrence.",
	}
	first := "Much of this may have a Very  High occurrence and an associated false positive rate."
	want := []attack.Caveat{
		{Code: attack.VeryHighOccurrence, Field: "description", Quote: first},
		{Code: attack.ManyFalsePositives, Field: "description", Quote: first},
		{Code: attack.MostlyOutside, Field: "x_mitre_detection", Quote: "Some of this takes place outside the visibility of the target, e.g."},
	}
	if diff := cmp.Diff(want, attack.Caveats(o)); diff != "" {
		t.Error(diff)
	}
	if cs := attack.Caveats(&attack.Object{Description: "Process creation with rare arguments."}); len(cs) != 0 {
		t.Errorf("caveats from nothing: %v", cs)
	}
}

func TestCaveatsOfEnterprise181(t *testing.T) {
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: caveats are not counted in enterprise 18.1")
	}
	f, err := os.Open(filepath.Join(dir, "attack", "enterprise-attack-18.1.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	counts := map[attack.CaveatCode]int{}
	var names attack.Object
	_, err = stix.Read(context.Background(), stix.Source{Name: f.Name(), Reader: f}, func(s *attack.Snapshot) error {
		if s.Object.Kind != attack.KindAnalytic {
			return nil
		}
		for _, c := range attack.Caveats(&s.Object) {
			counts[c.Code]++
		}
		if s.Object.ATTACKID == "AN1989" {
			names = s.Object
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[attack.CaveatCode]int{
		attack.VeryHighOccurrence: 34, attack.ManyFalsePositives: 34, attack.MayBeOutside: 34,
		attack.MostlyOutside: 39, attack.RelatedStages: 80,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("analytics by caveat (-want +got):\n%s", diff)
	}
	var codes []attack.CaveatCode
	for _, c := range attack.Caveats(&names) {
		codes = append(codes, c.Code)
	}
	all := []attack.CaveatCode{attack.VeryHighOccurrence, attack.ManyFalsePositives, attack.MayBeOutside, attack.RelatedStages}
	if diff := cmp.Diff(all, codes); diff != "" {
		t.Errorf("caveats of AN1989 (-want +got):\n%s", diff)
	}
}
