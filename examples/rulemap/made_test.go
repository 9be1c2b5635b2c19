package main

import (
	"testing"

	"candor/internal/detection"
	"candor/internal/evidence"
)

// made is a study of two rules, T1003.001 and T1059, and six tests.
func made(t *testing.T) *study {
	t.Helper()
	s := &study{byFile: map[string][]*detection.Rule{}, renamed: map[string]string{"T9003": "T1003.001"}}
	for _, r := range []detection.Rule{
		{ID: "id-1", Path: "rules/a.yml", Techniques: []string{"T1003.001"}},
		{ID: "id-2", Path: "rules/b.yml", Techniques: []string{"T1059", "T1003.002"}},
	} {
		s.rules = append(s.rules, evidence.Of[detection.Rule]{Value: r})
	}
	for i := range s.rules {
		r := &s.rules[i].Value
		s.byFile[r.Path[len("rules/"):]] = []*detection.Rule{r}
	}
	for _, test := range []struct{ technique, file string }{
		{"t9003", "a.yml"}, {"T1003.002", "a.yml"}, {"T1059", "a.yml"}, {"T1059", "gone.yml"}, {"T1059", ""}, {"T1105", "a.yml"},
	} {
		e := executed{Technique: test.technique}
		if test.file != "" {
			e.Fired = append(e.Fired, struct {
				Name string `json:"rule_name"`
				Link string `json:"rule_link"`
			}{"rule", "https://example.org/rules/" + test.file})
		}
		s.tests = append(s.tests, e)
	}
	return s
}
