package rulecsv

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/fault"
)

func TestRulesAsTheGoldenFileSays(t *testing.T) {
	d, err := Decode("rules.csv", bytes.NewReader(decodetest.Load(t, "testdata/rules.csv")))
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/rules.csv.golden", d)
}

func TestAMissingColumnIsNamed(t *testing.T) {
	_, err := Decode("f.csv", strings.NewReader("rule_id,name\n"))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"enabled"`) {
		t.Errorf("%v", err)
	}
}

func TestARuleMayHaveAliases(t *testing.T) {
	d, err := Decode("f.csv", strings.NewReader("rule_id,name,enabled,techniques,analytics,log_sources,owner,aliases\nr,n,yes,,,,,a b; c\n"))
	if err != nil || len(d.Records) != 1 || !slices.Equal(d.Records[0].Aliases, []string{"a b", "c"}) || len(d.Warnings) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/rules.csv"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, _ := Decode("f.csv", bytes.NewReader(data))
		for _, r := range d.Records {
			if r.ID == "" || r.Path != "f.csv" {
				t.Fatalf("a rule that should have been rejected: %+v", r)
			}
			for _, l := range r.Logs {
				if l.Name == "" {
					t.Fatalf("a log source without a name: %+v", r)
				}
			}
		}
	})
}
