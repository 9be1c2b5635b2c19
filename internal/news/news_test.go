package news_test

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/assure"
	"candor/internal/news"
)

func standing() news.Standing {
	return news.Standing{Release: "enterprise 18.1", AsOf: "2026-03-10", Policy: "default 1", PolicyHash: "aa", All: 3, Soon: 30,
		Analytics: map[string]news.Stands{
			"AN1": {Name: "One", Rung: assure.Reliable, Allowed: []assure.Purpose{assure.Reporting}},
			"AN2": {Name: "Two", Rung: assure.Blind},
		},
		Ending: []news.Ending{{What: "runbook r", Until: "2026-03-20", Analytics: 1}},
		Silent: []news.Silent{{Source: "auditd", LastSeen: "2026-03-01"}},
	}
}

func TestNothingIsNewBetweenTheSame(t *testing.T) {
	a, b := standing(), standing()
	b.AsOf = "2026-03-11"
	if got := news.Between(&a, &b); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNewIsTold(t *testing.T) {
	before, after := standing(), standing()
	after.AsOf = "2026-03-21"
	after.Analytics["AN1"] = news.Stands{Name: "One", Rung: assure.Noisy, Why: "too many", Waived: []assure.Purpose{assure.Reporting}, Allowed: []assure.Purpose{assure.Reporting}}
	after.Analytics["AN2"] = news.Stands{Name: "Two", Rung: assure.Reliable, Allowed: []assure.Purpose{assure.Automation}}
	after.Analytics["AN3"] = news.Stands{Name: "Three", Rung: assure.Reliable}
	after.Ending = []news.Ending{{What: "exercise e", Until: "2026-04-01", Analytics: 2, Assured: 1}}
	after.Silent = []news.Silent{{Source: "Sysmon", Channel: "1", Site: "plant", LastSeen: "2026-03-09"}}
	after.PolicyHash = "bb"
	var got []string
	for _, c := range news.Between(&before, &after) {
		got = append(got, c.Kind+" "+c.ID+" "+c.For+" "+c.From+">"+c.To)
		if c.Text == "" || strings.Contains(c.Text, "%!") {
			t.Errorf("%+v", c)
		}
	}
	want := []string{
		"basis policy  default 1>default 1",
		"rung AN1  reliable>noisy", "rung AN2  blind>reliable",
		"gate AN1 reporting open>open by a waiver", "gate AN2 automation closed>open",
		"expiring exercise e  >expiring", "expiring runbook r  expiring>expired",
		"silent Sysmon 1 at plant  arriving>silent", "silent auditd  silent>arriving",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Gates of rules that open and close are news; a standing that did not look at rules is
// compared with none.
func TestGatesOfRulesAreNews(t *testing.T) {
	standing := func(rules map[string]news.Ruled) *news.Standing {
		return &news.Standing{Release: "r", Policy: "p", Analytics: map[string]news.Stands{}, Rules: rules}
	}
	open, waived := news.Ruled{Name: "One", Allowed: []assure.Purpose{assure.Reporting}}, news.Ruled{Name: "One", Allowed: []assure.Purpose{assure.Reporting}, Waived: []assure.Purpose{assure.Reporting}}
	none := map[string]news.Ruled{}
	for _, c := range []struct {
		before, after map[string]news.Ruled
		want          string
	}{
		{none, map[string]news.Ruled{"r1": open}, "the gate for reporting of rule r1 (One) is open now, and was closed"},
		{map[string]news.Ruled{"r1": open}, none, "the gate for reporting of rule r1 (One) is closed now, and was open"},
		{map[string]news.Ruled{"r1": open}, map[string]news.Ruled{"r1": waived}, "the gate for reporting of rule r1 (One) is open by a waiver now, and was open"},
		{map[string]news.Ruled{"r1": open}, map[string]news.Ruled{"r1": open}, ""},
		{nil, map[string]news.Ruled{"r1": open}, ""},
	} {
		got := news.Between(standing(c.before), standing(c.after))
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0].Text != c.want || got[0].Thing != "rule" || got[0].Kind != news.Gate) {
			t.Errorf("%+v, want %q", got, c.want)
		}
	}
}
