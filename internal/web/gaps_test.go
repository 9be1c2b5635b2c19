package web_test

import (
	"strings"
	"testing"

	"candor/internal/assessment"
	"candor/internal/gap"
)

// TestGapsAreShownWithOwnerAndDay states gaps and reads the pages that show them.
func TestGapsAreShownWithOwnerAndDay(t *testing.T) {
	d := demonstration(t)
	if got := d.get("/gaps").body; !strings.Contains(got, "Nobody stated a gap yet") {
		t.Error("nobody is told what to do first")
	}
	str := func(s string) *string { return &s }
	r := assessment.Request{AsOf: today, Policy: d.policy}
	state := func(c gap.Change) {
		c.By, c.At = "Ann", today
		if _, _, err := d.assess.State(t.Context(), r, c); err != nil {
			t.Fatal(err)
		}
	}
	state(gap.Change{ID: "T1589.003", Why: str(`<script>alert("x")</script>`), Decision: str("accept"), Owner: str("CISO"), Until: str("2026-11-30")})
	state(gap.Change{ID: "own", Title: str("No sensor in the plant"), Why: str("no agents")})
	got := d.get("/gaps").body
	for _, want := range []string{"T1589.003", "ends soon", "CISO", "&lt;script&gt;", "No sensor in the plant", "no verdict is about it", "of 1: 1 unseen"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(d.get("/").body, "overdue") {
		t.Error("the overview calls a gap overdue that is not")
	}
	for place, want := range map[string]string{"/?as_of=2026-12-01": "1 gap is overdue", "/gaps?as_of=2026-12-01": "1 overdue"} {
		if got := d.get(place).body; !strings.Contains(got, want) {
			t.Errorf("%s does not say %q", place, want)
		}
	}
	if got := d.get("/gaps?show=unstated").body; strings.Contains(got, ">T1589.003<") || !strings.Contains(got, "candor gap set") {
		t.Error("what is stated is among what nobody stated")
	}
}
