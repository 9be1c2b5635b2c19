package ingest

import (
	"strings"
	"testing"
)

func TestAnIDOfTwoSitesIsTold(t *testing.T) {
	b := newBench(t)
	for text, told := range map[string]bool{
		"591,r1,2026-03-01,berlin\n591,r2,2026-03-02,paris\n":  true,
		"592,r1,2026-03-01,berlin\n592,r1,2026-03-02,paris\n":  false, // it moved, and is of its rule
		"593,r1,2026-03-01,berlin\n593,r2,2026-03-02,berlin\n": false,
		"594,r1,2026-03-01,\n594,r2,2026-03-02,paris\n":        false,
	} {
		res := b.add(b.request("alerts", b.write("a.csv", "id,rule_id,time,site\n"+text)))
		if got := strings.Contains(strings.Join(res.Warnings, "\n"), `1 alert came again under an id that was of another rule at another site, the first "591"`); got != told {
			t.Errorf("%s%q", text, res.Warnings)
		}
	}
}
