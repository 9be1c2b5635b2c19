package measure_test

import (
	"testing"

	"candor/internal/measure"
)

func TestWhatIsLabelledAlreadyIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		name       string
		unlabelled int64
		episodes   int
		hits       int64
		more       int64
		want       string
	}{
		{"nothing would settle it", 5, 10, 40, 0, ""},
		{"there are enough to label", 60, 10, 40, 54, "label 54 more alerts, chosen at random"},
		{"one", 1, 10, 40, 1, "label 1 more alert, chosen at random"},
		{"nothing is left to label", 0, 13, 66, 54, "wait for about 11 more episodes (every alert is labelled)"},
		{"too few are left", 14, 13, 66, 54, "label the 14 alerts that are left, and wait for about 8 more episodes"},
		{"a part of an episode is one", 0, 1, 66, 1, "wait for about 1 more episode (every alert is labelled)"},
		{"nothing is labelled at all", 0, 0, 0, 9, ""},
	} {
		s := measure.Statement{Unlabelled: c.unlabelled, Episodes: c.episodes, TruePositive: c.hits}
		if got := s.Settling(c.more).Words(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
