package web_test

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/web"
)

// TestTheOverviewSaysWhatEndsWhatMovedAndWhomToCall compares each with what it is derived
// from.
func TestTheOverviewSaysWhatEndsWhatMovedAndWhomToCall(t *testing.T) {
	d := demonstration(t, func(_ *desk, deps *web.Deps) { deps.Call = "the <desk>, 4711" })
	now := d.assessment()
	before := must(d.assess.Assess(t.Context(), assessment.Request{AsOf: today.Add(-40 * 24 * time.Hour), Policy: d.policy}))(t)
	if _, _, err := d.archive.Keep("earlier", today, before); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.archive.Keep("later", today, now); err != nil { // of the day itself, which the page shows
		t.Fatal(err)
	}
	got := d.get("/").body
	for _, want := range []string{"In an incident:</strong> the &lt;desk&gt;, 4711", "How that moved", `href="/kept/earlier"`,
		fmt.Sprintf(`<td class="num">%d</td><td class="num">%d</td><td class="num">%d</td>`, before.Totals.Claimed, before.Totals.Assured, before.Totals.Reportable),
		fmt.Sprintf(`, this page</th><td class="num">%d</td><td class="num">%d</td><td class="num">%d</td>`, now.Totals.Claimed, now.Totals.Assured, now.Totals.Reportable)} {
		if !strings.Contains(got, want) {
			t.Errorf("the overview does not have %s", want)
		}
	}
	if strings.Contains(got, "/kept/later") {
		t.Error("an assessment of the day itself stands beside it")
	}
	first, _, _ := strings.Cut(got, "</ol>")
	if n := strings.Count(first, "<li><details><summary>"); n != min(5, len(now.NextSteps)) {
		t.Errorf("%d of %d steps are before the fold", n, len(now.NextSteps))
	}
	if plain := demonstration(t).get("/").body; strings.Contains(plain, "In an incident:") || strings.Contains(plain, "How that moved") {
		t.Error("the overview says whom to call, or what moved, though nobody said and nothing is kept")
	}
	if at := d.get("/?platform=Windows").body; strings.Contains(at, "How that moved") {
		t.Error("one platform stands beside what is kept of all")
	}
}

// TestTheOverviewSaysWhatEvidenceEndsSoon goes on to the day on which some does.
func TestTheOverviewSaysWhatEvidenceEndsSoon(t *testing.T) {
	d := demonstration(t)
	for days := 0; days < 100; days += 10 {
		at := today.Add(time.Duration(days) * 24 * time.Hour)
		a := must(d.assess.Assess(t.Context(), assessment.Request{AsOf: at, Policy: d.policy}))(t)
		ending := assure.Endings(&a, d.policy.Readiness, 30)
		got := html.UnescapeString(d.get("/?as_of=" + string(day.Of(at))).body)
		if said := strings.Contains(got, "Evidence about to expire"); said != (len(ending) > 0) {
			t.Errorf("after %d days, of %d the page says that they expire: %v", days, len(ending), said)
		}
		for _, e := range ending {
			if !strings.Contains(got, e.What) || !strings.Contains(got, string(e.Until)) {
				t.Errorf("the overview does not say that %s ends on %s", e.What, e.Until)
			}
		}
		if len(ending) > 0 {
			return
		}
	}
	t.Fatal("nothing ever ends")
}

// TestEvidenceCountsUntilTheDayThatIsSaid judges on that day and on the next.
func TestEvidenceCountsUntilTheDayThatIsSaid(t *testing.T) {
	d := demonstration(t)
	a := must(d.assess.Assess(t.Context(), assessment.Request{AsOf: today, Policy: d.policy}))(t)
	kinds := map[string]bool{}
	for _, e := range assure.Endings(&a, d.policy.Readiness, 10_000) {
		kind, _, _ := strings.Cut(e.What, " ")
		kinds[kind] = true
		if !d.counts(&e, e.Until) || d.counts(&e, e.Until.Add(1)) {
			t.Errorf("%s does not count until %s", e.What, e.Until)
		}
	}
	for _, kind := range []string{"exercise", "external", "runbook"} {
		if !kinds[kind] {
			t.Errorf("no %s was looked at", kind)
		}
	}
}

// counts reports whether evidence still counts on a day, by a judgement of that day.
func (d *desk) counts(e *assure.Ending, on day.Date) bool {
	d.t.Helper()
	a := must(d.assess.Assess(d.t.Context(), assessment.Request{AsOf: on.Time().Add(12 * time.Hour), Policy: d.policy}))(d.t)
	return slices.ContainsFunc(assure.Endings(&a, d.policy.Readiness, 10_000), func(o assure.Ending) bool { return o.What == e.What })
}
