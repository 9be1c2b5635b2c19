package evidence

import (
	"slices"
	"testing"
)

// TestKindsSayAllThatTheHouseAsks holds that no kind is told half.
func TestKindsSayAllThatTheHouseAsks(t *testing.T) {
	names, records := map[string]bool{}, map[string]bool{}
	for _, k := range Kinds() {
		if k.Name == "" || names[k.Name] || k.One == "" {
			t.Errorf("%q: known already, or what one of its records is called is not said", k.Name)
		}
		names[k.Name] = true
		for _, r := range k.Records {
			if r == "" || records[r] {
				t.Errorf("%s: records of kind %q are of two kinds of evidence", k.Name, r)
			}
			records[r] = true
		}
		if file := k.Files != ""; file != (k.Help != "") || file != (len(k.Endings) > 0) || !file && (k.Sourced || k.Mapped || k.Pushed) {
			t.Errorf("%s: files %q, endings %q, help %q", k.Name, k.Files, k.Endings, k.Help)
		}
		if len(k.Records) == 0 && k.Name != Alerts && k.Name != Dispositions {
			t.Errorf("%s: its batches hold no records", k.Name)
		}
		if got := KindOf(k.Name); got.Name != k.Name {
			t.Errorf("%s is found as %q", k.Name, got.Name)
		}
	}
	if k := KindOf("gossip"); k.Name != "" {
		t.Errorf("gossip is %+v", k)
	}
	if order := Pushed(); slices.Index(order, Alerts) > slices.Index(order, Dispositions) {
		t.Errorf("what is said of alerts becomes a batch before them: %s", order)
	}
	if all := Names(func(*Kind) bool { return true }); !slices.Equal(all[:len(Added())], Added()) {
		t.Errorf("kinds that no file holds stand among the others: %s", all)
	}
}
