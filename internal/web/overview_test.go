package web

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"candor/internal/assure"
)

// TestTheOverviewListsAsManyVerdictsBySiteAsAPageHolds lists the first of them, which are on
// the highest rungs, and says how many it leaves out.
func TestTheOverviewListsAsManyVerdictsBySiteAsAPageHolds(t *testing.T) {
	for _, n := range []int{0, 1, mostApart, mostApart + 1, 3 * mostApart} {
		all := make([]assure.SiteVerdict, n)
		for i := range all {
			all[i] = assure.SiteVerdict{Analytic: assure.Name{ATTACKID: fmt.Sprintf("AN%04d", i)}, Site: "north", Whole: assure.Reliable, Rung: assure.Blind, Why: "Nothing is collected there."}
		}
		v := newOverview(frame{}, assure.Assessment{BySite: &assure.BySite{Sites: []assure.SiteTotals{{Site: "north", Apart: n}}, Apart: all}}, nil)
		shown := append(append([]assure.SiteVerdict{}, v.Apart.First...), v.Apart.More...)
		if len(shown) != min(n, mostApart) || v.Left != max(0, n-mostApart) {
			t.Errorf("of %d, %d are listed and %d said to be left out", n, len(shown), v.Left)
		}
		for i := range shown {
			if shown[i] != all[i] {
				t.Fatalf("%d: %+v in place of %+v", i, shown[i], all[i])
			}
		}
		var page bytes.Buffer
		if err := parse()["overview"].ExecuteTemplate(&page, "frame", v); err != nil {
			t.Fatal(err)
		}
		if rows := strings.Count(page.String(), "Nothing is collected there."); rows != len(shown) {
			t.Errorf("of %d, the page has %d", n, rows)
		}
		if left := strings.Contains(page.String(), fmt.Sprintf("%d more are not listed here", n-mostApart)); left != (n > mostApart) {
			t.Errorf("of %d, that some are left out is said: %v", n, left)
		}
	}
}
