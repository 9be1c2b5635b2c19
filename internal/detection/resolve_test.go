package detection

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAlertsFindTheirRule(t *testing.T) {
	rules := []Rule{
		{ID: "u1", Name: "Encoded command", Aliases: []string{"1001", "shared", "u2"}},
		{ID: "u2", Name: "Odd parent", Aliases: []string{"1002", "shared"}},
		{ID: "u3", Name: "Twin"}, {ID: "u4", Name: "Twin"}, {ID: "u5"},
	}
	tests := []struct {
		id, name  string
		joins     []Join
		want      string
		by        Join
		ambiguous []string
	}{
		{"u1", "Odd parent", Joins(), "u1", ByID, nil},
		{"1002", "", Joins(), "u2", ByAlias, nil},
		{"u2", "", Joins(), "u2", ByID, nil}, // an id before the alias of another rule
		{"shared", "Odd parent", Joins(), "shared", "", []string{"u1", "u2"}},
		{"9", "Odd parent", Joins(), "u2", ByName, nil},
		{"9", "odd parent", Joins(), "9", "", nil},
		{"9", "Twin", Joins(), "9", "", []string{"u3", "u4"}},
		{"9", "", Joins(), "9", "", nil}, // no name is no name
		{"1002", "", []Join{ByID}, "1002", "", nil},
		{"9", "Odd parent", []Join{ByID, ByAlias}, "9", "", nil},
	}
	for _, tt := range tests {
		got := NewResolver(rules, tt.joins).Rule(Called{ID: tt.id, Name: tt.name})
		if got.ID != tt.want || got.By != tt.by || !slices.Equal(got.Ambiguous, tt.ambiguous) {
			t.Errorf("%q %q by %v: got %+v, want %s by %q", tt.id, tt.name, tt.joins, got, tt.want, tt.by)
		}
	}
}

// TestAnAlertIsOfTheSourceThatItNames has the id R of two sources, and S of one.
func TestAnAlertIsOfTheSourceThatItNames(t *testing.T) {
	rules := []Rule{{ID: "R", Origin: "sigma", Name: "Ours"}, {ID: "R", Origin: "elastic", Name: "Theirs"}, {ID: "S", Origin: "sigma", Name: "Alone", Aliases: []string{"s-1"}}}
	all := make([]*Rule, len(rules))
	for i := range rules {
		all[i] = &rules[i]
	}
	Apart(all)
	tests := []struct {
		called               Called
		want                 string
		by                   Join
		ambiguous, elsewhere []string
	}{
		{Called{ID: "R"}, "R", "", []string{"elastic/R", "sigma/R"}, nil},
		{Called{ID: "R", Own: "sigma"}, "sigma/R", ByID, nil, nil},
		{Called{ID: "R", Own: "Elastic"}, "elastic/R", ByID, nil, nil},
		{Called{ID: "R", Own: "Elastic Security"}, "elastic/R", ByID, nil, nil},
		{Called{ID: "R", Own: "Wazuh"}, "R", "", []string{"elastic/R", "sigma/R"}, nil},
		{Called{ID: "R", Own: "sigma", Source: "elastic"}, "sigma/R", ByID, nil, nil}, // its own word before the input's
		{Called{ID: "R", Own: "sigma", Name: "Theirs"}, "sigma/R", ByID, nil, nil},    // and before a name
		{Called{ID: "R", Own: "Wazuh", Source: "elastic"}, "elastic/R", ByID, nil, nil},
		{Called{ID: "elastic/R", Own: "sigma"}, "sigma/elastic/R", "", nil, []string{"elastic/R"}},
		{Called{ID: "S"}, "S", ByID, nil, nil},
		{Called{ID: "S", Own: "elastic"}, "elastic/S", "", nil, []string{"S"}},
		{Called{ID: "S", Own: "Elastic Security"}, "S", ByID, nil, nil}, // a product's name, under which a rule of another source can run
		{Called{ID: "s-1", Own: "elastic"}, "s-1", "", nil, []string{"S"}},
		{Called{ID: "s-1", Own: "sigma"}, "S", ByAlias, nil, nil},
		{Called{ID: "9", Own: "elastic", Name: "Alone"}, "9", "", nil, []string{"S"}},
		{Called{ID: "9", Own: "elastic"}, "9", "", nil, nil},
	}
	for _, tt := range tests {
		got := NewResolver(rules, Joins()).Rule(tt.called)
		if got.ID != tt.want || got.By != tt.by || !slices.Equal(got.Ambiguous, tt.ambiguous) || !slices.Equal(got.Elsewhere, tt.elsewhere) {
			t.Errorf("%+v: got %+v, want %s by %q, ambiguous %v, elsewhere %v", tt.called, got, tt.want, tt.by, tt.ambiguous, tt.elsewhere)
		}
	}
}

func TestTheOrderOfRulesDoesNotMatterToAlerts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"", "a", "b", "c", "d"})
		rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Rule {
			return Rule{ID: word.Draw(t, "id"), Name: word.Draw(t, "name"), Aliases: rapid.SliceOfN(word, 0, 3).Draw(t, "aliases")}
		}), 0, 5).Draw(t, "rules")
		id, name := word.Draw(t, "alert id"), word.Draw(t, "alert name")
		a := NewResolver(rules, Joins()).Rule(Called{ID: id, Name: name})
		b := NewResolver(rapid.Permutation(rules).Draw(t, "other order"), Joins()).Rule(Called{ID: id, Name: name})
		if a.ID != b.ID || a.By != b.By || !slices.Equal(a.Ambiguous, b.Ambiguous) {
			t.Fatalf("%+v, in another order %+v", a, b)
		}
		if a.By == "" && a.ID != id {
			t.Fatalf("%q was renamed to %q and joined to nothing", id, a.ID)
		}
	})
}
