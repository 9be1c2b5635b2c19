package take

import "testing"

func TestListCountsTheRest(t *testing.T) {
	parts := each([]string{"a", "b", "c", "d", "e"}, func(s string) words { return words{text: s} })
	for _, tt := range []struct {
		n, most int
		want    string
	}{
		{1, 3, "a"}, {2, 3, "a and b"}, {3, 3, "a, b and c"}, {4, 3, "a, b, c and d"}, {5, 3, "a, b, c and 2 more"}, {0, 3, ""},
	} {
		if got := list(parts[:tt.n], tt.most).text; got != tt.want {
			t.Errorf("list of %d, at most %d: %q, want %q", tt.n, tt.most, got, tt.want)
		}
	}
	if from := list(parts, 3).from; len(from) != 1 || from[0].Value != "2" || len(from[0].Inputs) != 2 {
		t.Errorf("the rest rests on %v", from)
	}
}
