package detection

import (
	"slices"
	"testing"

	"candor/internal/day"
)

func TestWhatIsAChangeOfARule(t *testing.T) {
	type v struct{ logic, modified, recorded, fields string }
	for _, c := range []struct {
		name     string
		versions []v
		want     []Change
	}{
		{"one that says nothing of when", []v{{"a", "", "2026-06-01", ""}}, nil},
		{"its own date", []v{{"a", "2026/05/09", "2026-06-01", ""}}, []Change{{"2026-05-09", ByDate, "b0"}}},
		{"a date with a time", []v{{"a", "2026-05-09T10:00:00Z", "2026-06-01", ""}}, []Change{{"2026-05-09", ByDate, "b0"}}},
		{"a date that is none", []v{{"a", "9 May", "2026-06-01", ""}}, nil},
		{"another text, dated", []v{{"a", "", "2026-06-01", ""}, {"b", "2026-06-03", "2026-06-05", ""}}, []Change{{"2026-06-03", ByText, "b1"}}},
		{"another text under the old date", []v{{"a", "2026-05-01", "2026-06-01", ""}, {"b", "2026-05-01", "2026-06-05", ""}}, []Change{{"2026-05-01", ByDate, "b0"}, {"2026-06-05", ByText, "b1"}}},
		{"another text dated ahead", []v{{"a", "", "2026-06-01", ""}, {"b", "2027-01-01", "2026-06-05", ""}}, []Change{{"2026-06-05", ByText, "b1"}}},
		{"the same text under a new date", []v{{"a", "2026-05-01", "2026-06-01", ""}, {"a", "2026-06-04", "2026-06-05", ""}}, []Change{{"2026-05-01", ByDate, "b0"}}},
		{"there and back", []v{{"a", "", "2026-06-01", ""}, {"b", "", "2026-06-02", ""}, {"a", "", "2026-06-03", ""}}, []Change{{"2026-06-02", ByText, "b1"}, {"2026-06-03", ByText, "b2"}}},
		{"without a text, the same but for its date", []v{{"", "", "2026-06-01", "x"}, {"", "2026-06-04", "2026-06-05", "x"}}, nil},
		{"without a text, reading another field", []v{{"", "", "2026-06-01", "x"}, {"", "", "2026-06-05", "y"}}, []Change{{"2026-06-05", ByReading, "b1"}}},
		{"a text since, under the old date", []v{{"", "2026-05-01", "2026-06-01", ""}, {"a", "2026-05-01", "2026-06-05", ""}}, []Change{{"2026-05-01", ByDate, "b0"}}},
		{"a text since, under a new date", []v{{"", "2026-05-01", "2026-06-01", ""}, {"a", "2026-06-02", "2026-06-05", ""}}, []Change{{"2026-05-01", ByDate, "b0"}, {"2026-06-02", ByDate, "b1"}}},
	} {
		var versions []Version
		for i, s := range c.versions {
			versions = append(versions, Version{Rule{Name: s.logic, Logic: s.logic, Modified: s.modified, Fields: []string{s.fields}}, "b" + string(rune('0'+i)), day.Date(s.recorded)})
		}
		if got := Changes(versions); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
