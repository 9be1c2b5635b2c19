package sigma

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/detection"
)

func TestFieldsAreThoseOfTheSelections(t *testing.T) {
	rule := func(rest string) string {
		return "title: T\nid: r\nstatus: stable\nlogsource: {product: windows, category: process_creation}\n" + rest
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"modifiers":          {"detection:\n  s:\n    Image|endswith: x\n    CommandLine|contains|all: [a, b]\n  condition: s\n", []string{"CommandLine", "Image"}},
		"filters read, too":  {"detection:\n  s: {Image: x}\n  filter: {User: y}\n  condition: s and not filter\n", []string{"Image", "User"}},
		"a list of mappings": {"detection:\n  s:\n    - Image: x\n    - ParentImage: y\n      Image: z\n  condition: s\n", []string{"Image", "ParentImage"}},
		"words alone":        {"detection:\n  s: [a, b]\n  timeframe: 5m\n  condition: s\n", nil},
		"no field's name":    {"detection:\n  s:\n    '|contains': x\n  condition: s\n", nil},
	} {
		d := Decode("r.yml", []byte(rule(test.text)))
		if len(d.Records) != 1 || !slices.Equal(d.Records[0].Fields, test.want) {
			t.Errorf("%s: %+v, want the fields %v", name, d, test.want)
		}
	}
}

// TestACorrelationReadsWhatItsRulesRead groups by one field what a rule reads another of.
func TestACorrelationReadsWhatItsRulesRead(t *testing.T) {
	text := strings.Join([]string{
		"title: Base\nid: base\nname: base\nlogsource: {product: windows, category: process_creation}\ndetection:\n  s: {Image: x}\n  condition: s\n",
		"title: Many\nid: many\ncorrelation:\n  type: event_count\n  rules: [base]\n  group-by: [User, Computer]\n  timespan: 5m\n  condition: {gte: 5}\n",
	}, "---\n")
	d := Decode("r.yml", []byte(text))
	if len(d.Records) != 2 {
		t.Fatalf("%+v", d)
	}
	rules := []*detection.Rule{&d.Records[0], &d.Records[1]}
	got := detection.NewCorrelations(rules).Joined(rules[1])
	if !slices.Equal(got.Fields, []string{"Computer", "Image", "User"}) || !slices.Equal(rules[1].Fields, []string{"Computer", "User"}) {
		t.Errorf("fields %v; the correlation's own are %v", got.Fields, rules[1].Fields)
	}
}
