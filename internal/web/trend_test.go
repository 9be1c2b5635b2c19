package web

import (
	"strings"
	"testing"
	"time"

	"candor/internal/archive"
	"candor/internal/assure"
)

func keptOn(name, release, asOf string, hour, claimed, assured int) archive.Kept {
	at, err := time.Parse(time.DateOnly, asOf)
	if err != nil {
		panic(err)
	}
	return archive.Kept{Name: name, At: at.Add(time.Duration(hour) * time.Hour), Release: release, AsOf: at.Add(20 * time.Hour),
		Policy: assure.PolicyRef{Name: "default", Version: "1"}, Totals: assure.Totals{Applicable: 2000, Claimed: claimed, Assured: assured}}
}

func TestTheTrendHasOnePointADayOfOneDomain(t *testing.T) {
	ps := points([]archive.Kept{
		keptOn("late", "enterprise 18.1", "2026-05-03", 30, 12, 4), keptOn("early", "enterprise 18.1", "2026-05-03", 21, 11, 3),
		keptOn("first", "enterprise 18.1", "2026-05-01", 21, 10, 0), keptOn("of ics", "ics 18.1", "2026-05-02", 21, 1, 1),
		keptOn("after", "enterprise 19.0", "2026-05-11", 21, 1740, 5),
	}, "enterprise-attack")
	var names []string
	for _, p := range ps {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, " "); got != "first late after" {
		t.Fatalf("points %s", got)
	}
	if ps[0].Changed || ps[1].Changed || !ps[2].Changed {
		t.Errorf("changed: %+v; want the last alone, of another release", ps)
	}
	svg := string(trend(ps))
	for _, want := range []string{
		`aria-label="From 2026-05-01 to 2026-05-11, on 3 days: claimed from 10 to 1,740, assured from 0 to 5"`,
		`<circle cx="24.200%" cy="149.1" r="3"><title>2026-05-03: 12 claimed</title>`, // a fifth of the way from 6 to 97 %
		`<circle cx="6.000%" cy="150.0" r="3"><title>2026-05-01: 0 assured</title>`,
		`from here judged by enterprise 19.0, policy default 1`, ">1,740</text>",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in %s", want, svg)
		}
	}
	if trend(ps[:1]) != "" || trend(nil) != "" {
		t.Error("one point is drawn as a trend")
	}
}
