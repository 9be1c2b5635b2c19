package assessment_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/telemetry"
)

// atSite lands alerts of rule r1 at a site, of which hits are right and misses wrong.
func (b *bench) atSite(site string, hits, misses int) {
	b.t.Helper()
	var list []alert.Alert
	for i := range hits + misses {
		d := alert.Disposition{Class: alert.TruePositive, Time: asOf, Provenance: alert.Analyst}
		if i >= hits {
			d.Class = alert.FalsePositive
		}
		list = append(list, alert.Alert{ID: site + string(rune('a'+i)), RuleID: "r1", Site: site, Time: asOf.AddDate(0, 0, -1-i), Entity: "host", Disposition: &d})
	}
	b.land(list...)
}

// TestASiteIsJudgedByItsOwnEvidence has a feed at one of two sites, and alerts that are
// right there and wrong at the other.
func TestASiteIsJudgedByItsOwnEvidence(t *testing.T) {
	b := newBench(t).small()
	b.add(evidence.RecordRule, rule)
	var days []any
	for i := range 5 {
		days = append(days, telemetry.Observation{Day: day.Of(asOf).Add(-i), Source: "mail", Channel: "received", Events: 9, Hosts: 2, Site: "west"})
	}
	b.add(evidence.RecordFeed, days...)
	b.atSite("west", 24, 0)
	b.atSite("east", 0, 24)
	ctx := context.Background()
	at := func(site string) (assure.Verdict, int64) {
		t.Helper()
		r := request()
		r.Site = site
		v, err := b.Verdict(ctx, r, "AN0001")
		if err != nil {
			t.Fatal(err)
		}
		m, err := b.MeasureRule(ctx, r, "r1")
		if err != nil || m.Site != site {
			t.Fatal(m.Basis, err)
		}
		return v, m.Detail.Alerts
	}
	whole, all := at("")
	west, right := at("west")
	east, wrong := at("east")
	if all != 48 || right != 24 || wrong != 24 {
		t.Errorf("%d alerts on the whole, %d west, %d east", all, right, wrong)
	}
	if whole.Rung == assure.RuleOnly || west.Rung == assure.RuleOnly || east.Rung != assure.RuleOnly {
		t.Errorf("%s on the whole, %s west, %s east", whole.Rung, west.Rung, east.Rung)
	}
	a, err := b.Overview(ctx, request())
	if err != nil || a.BySite == nil || len(a.BySite.Sites) != 2 || a.BySite.Sites[0].Site != "east" || a.BySite.Named != 2 {
		t.Fatalf("%+v, %v", a.BySite, err)
	}
	i := slices.IndexFunc(a.BySite.Apart, func(v assure.SiteVerdict) bool { return v.Site == "east" && v.Analytic.ATTACKID == "AN0001" })
	if i < 0 || a.BySite.Apart[i].Whole != whole.Rung || a.BySite.Apart[i].Rung != east.Rung || a.BySite.Apart[i].Why != east.Sentence {
		t.Errorf("%+v", a.BySite.Apart)
	}
	r := request()
	r.Site = "west"
	one, err := b.Overview(ctx, r)
	if err != nil || one.BySite != nil || one.Scope.Site != "west" || !slices.ContainsFunc(one.Beside, func(s string) bool { return strings.Contains(s, "site west") }) {
		t.Errorf("%+v %q, %v", one.Scope, one.Beside, err)
	}
	d, err := b.Gate(ctx, r, "AN0001", assure.Reporting)
	if err != nil || !slices.ContainsFunc(d.Limits, func(s string) bool { return strings.Contains(s, "site west") }) {
		t.Errorf("a gate of a site does not say so: %q, %v", d.Limits, err)
	}
	r.Site = "wets"
	if _, err := b.Assess(ctx, r); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "west") || !strings.Contains(fault.HintOf(err), "east") {
		t.Errorf("an unknown site: %v, %s", err, fault.HintOf(err))
	}
}

// TestWhatNamesNoSiteCountsForEach judges a site beside evidence that names none.
func TestWhatNamesNoSiteCountsForEach(t *testing.T) {
	b := newBench(t).small()
	b.add(evidence.RecordRule, rule)
	b.feed()
	b.raise(3, 30, 0)
	b.atSite("west", 1, 0)
	whole := b.verdict("AN0001")
	r := request()
	r.Site = "west"
	v, err := b.Verdict(context.Background(), r, "AN0001")
	if err != nil || v.Rung != whole.Rung || v.Measurement.Alerts != whole.Measurement.Alerts {
		t.Errorf("%s with %d alerts, and on the whole %s with %d; %v", v.Rung, v.Measurement.Alerts, whole.Rung, whole.Measurement.Alerts, err)
	}
}

// tally counts what is asked.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (t *tally) asked(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[what]++
}

// TestTheSitesOfAnOverviewAreCountedTogether has three sites, each of which stands beside
// the whole as it does by itself.
func TestTheSitesOfAnOverviewAreCountedTogether(t *testing.T) {
	b := newBench(t).small()
	b.add(evidence.RecordRule, rule)
	b.atSite("west", 24, 0)
	b.atSite("east", 0, 24)
	b.atSite("south", 12, 12)
	asked := &tally{n: map[string]int{}}
	s := b.watched(asked)
	a, err := s.Overview(t.Context(), request())
	if err != nil || a.BySite == nil || len(a.BySite.Sites) != 3 {
		t.Fatal(a.BySite, err)
	}
	if asked.n["sums"] != 2 {
		t.Errorf("alerts were summed %d times, and twice would do: for the whole, and for all sites", asked.n["sums"])
	}
	by := &assure.BySite{Named: 3, Apart: []assure.SiteVerdict{}}
	for _, site := range []string{"east", "south", "west"} {
		r := request()
		r.Site = site
		alone, err := b.Assess(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		by.Add(site, &a, &alone)
	}
	if diff := cmp.Diff(by, a.BySite); diff != "" {
		t.Error(diff)
	}
}
