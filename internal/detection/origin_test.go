package detection

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// apart returns copies of rules with ids of their own.
func apart(rules []Rule) []Rule {
	out := slices.Clone(rules)
	var at []*Rule
	for i := range out {
		at = append(at, &out[i])
	}
	Apart(at)
	return out
}

func TestTheSameIDOfTwoSourcesIsTwoRules(t *testing.T) {
	rules := apart([]Rule{
		{ID: "1", Origin: "sigma", Name: "Encoded command"},
		{ID: "1", Origin: "elastic", Name: "Odd parent"},
		{ID: "2", Origin: "elastic", Name: "Alone"},
		{ID: "3", Origin: "a", Name: "Twin"}, {ID: "3", Origin: "b", Name: "Twin"},
	})
	for i, want := range []string{"sigma/1", "elastic/1", "2", "a/3", "b/3"} {
		if rules[i].ID != want {
			t.Errorf("rule %d is called %s, want %s", i, rules[i].ID, want)
		}
	}
	of := NewResolver(rules, Joins())
	for _, tt := range []struct {
		Called
		want      string
		ambiguous []string
	}{
		{Called{ID: "1", Source: "elastic"}, "elastic/1", nil},
		{Called{ID: "1", Source: "Elastic Security"}, "elastic/1", nil},
		{Called{ID: "1", Source: "SIGMA"}, "sigma/1", nil},
		{Called{ID: "1", Source: "splunk"}, "1", []string{"elastic/1", "sigma/1"}},
		{Called{ID: "1"}, "1", []string{"elastic/1", "sigma/1"}},
		{Called{ID: "1", Name: "Odd parent"}, "elastic/1", nil},
		{Called{ID: "1", Name: "Odd parent", Source: "sigma"}, "sigma/1", nil}, // the source counts for more
		{Called{ID: "sigma/1"}, "sigma/1", nil},
		{Called{ID: "2", Source: "splunk"}, "2", nil}, // of one rule alone
		{Called{ID: "3", Name: "Twin"}, "3", []string{"a/3", "b/3"}},
		{Called{ID: "9", Name: "Alone"}, "2", nil},
	} {
		got := of.Rule(tt.Called)
		if got.ID != tt.want || !slices.Equal(got.Ambiguous, tt.ambiguous) {
			t.Errorf("%+v: got %+v, want %s, ambiguous %v", tt.Called, got, tt.want, tt.ambiguous)
		}
	}
}

func TestEveryRuleHasAnIDOfItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type identity struct{ origin, id string }
		rules := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Rule {
			return Rule{Origin: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "origin"), ID: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id")}
		}), 0, 9, func(r Rule) identity { return identity{r.Origin, r.ID} }).Draw(t, "rules")
		seen := map[string]bool{}
		for _, r := range apart(rules) {
			if seen[r.ID] {
				t.Fatalf("%s twice among %v", r.ID, rules)
			}
			seen[r.ID] = true
		}
	})
}
