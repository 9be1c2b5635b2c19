package assure

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"candor/internal/claim"
	"candor/internal/crew"
	"candor/internal/visibility"
)

// assessment sums the verdicts, which are in order.
func (a *assessor) assessment(verdicts []Verdict, asOf time.Time) Assessment {
	var both crew.Workers
	var steps []Lift
	var unmapped Unmapped
	both.Go(func() { steps = a.steps() })
	both.Go(func() { unmapped = a.unmapped() })
	both.Wait()
	return Assessment{
		Release:   a.lib.Release,
		AsOf:      asOf,
		Window:    a.window,
		Policy:    a.policy.Ref(),
		Scope:     a.scope,
		Totals:    totalsOf(pointers(verdicts)),
		Tactics:   tacticTotals(verdicts, namesOf(a.tactics)),
		Verdicts:  verdicts,
		NextSteps: steps,
		Unmapped:  unmapped,
		Reread:    orEmpty(a.claims.Reread),
		Limits:    append(a.beside(), a.wholeLimits()...),
		Beside:    a.beside(),
		Waivers:   a.inForce(),
	}
}

// totalsOf sums verdicts. What is not applicable is counted among Analytics and
// on its own rung, and in no other figure.
func totalsOf(verdicts []*Verdict) Totals {
	t := Totals{Analytics: len(verdicts), Rungs: DistributionOver(verdicts)}
	for _, v := range verdicts {
		if v.Rung == NotApplicable {
			continue
		}
		t.Applicable++
		if v.Claimed {
			t.Claimed++
		}
		if v.Rung == Reliable {
			t.Assured++
		}
		if v.Reportable {
			t.Reportable++
		}
		if len(v.Waivers) > 0 {
			t.Waived++
		}
		if v.Claimed && v.Rung != Reliable {
			t.Distance++
		}
		if len(v.Compensated) > 0 {
			t.Compensated++
		}
	}
	return t
}

// Distribution counts verdicts on every rung, in order.
func Distribution(verdicts []Verdict) []RungCount { return DistributionOver(pointers(verdicts)) }

// pointers are verdicts without copies of them.
func pointers(verdicts []Verdict) []*Verdict {
	ps := make([]*Verdict, len(verdicts))
	for i := range verdicts {
		ps[i] = &verdicts[i]
	}
	return ps
}

// DistributionOver is Distribution for verdicts of which others are between them.
func DistributionOver(verdicts []*Verdict) []RungCount {
	n := map[Rung]int{}
	short := map[Rung]map[visibility.Shortfall]int{Blind: {}, RuleOnly: {}}
	for _, v := range verdicts {
		n[v.Rung]++
		if of := short[v.Rung]; of != nil && v.Visibility.Shortfall != "" {
			of[v.Visibility.Shortfall]++
		}
	}
	counts := make([]RungCount, 0, len(Rungs()))
	for _, r := range Rungs() {
		c := RungCount{Rung: r, Count: n[r]}
		for _, s := range visibility.Shortfalls() {
			if k := short[r][s]; k > 0 {
				c.Shortfalls = append(c.Shortfalls, ShortfallCount{s, k})
			}
		}
		counts = append(counts, c)
	}
	return counts
}

// tacticTotals rolls verdicts up by the given tactics, in their order, those
// without an analytic included.
func tacticTotals(verdicts []Verdict, tactics []Name) []TacticTotals {
	rolled := map[Name]Group{}
	for _, g := range Roll(verdicts, ByTactic) {
		rolled[g.Of] = g
	}
	totals := make([]TacticTotals, len(tactics))
	for i, t := range tactics {
		totals[i] = TacticTotals{Tactic: t, Rungs: rolled[t].Rungs, Total: rolled[t].Analytics}
		if totals[i].Rungs == nil {
			totals[i].Rungs = Distribution(nil)
		}
	}
	return totals
}

// unmapped lists the evidence that no verdict could use.
func (a *assessor) unmapped() Unmapped {
	u := Unmapped{
		Rules:       orEmpty(a.claims.Unmapped),
		Nowhere:     orEmpty(a.claims.Nowhere),
		SilentRules: orEmpty(a.claims.Silent),
		AlertRules:  []AlertRule{},
		LogSources:  []string{},
		Tunings:     a.tunings.unmapped(a.subjects),

		UnknownSources: slices.Clone(a.unknown()),
		StoppedFeeds:   visibility.Stopped(a.ev.Telemetry, a.policy.Visibility, a.window),
	}
	known := make(map[string]bool, len(a.ev.Rules))
	for _, r := range a.ev.Rules {
		known[r.Value.ID] = true
	}
	for _, r := range a.ev.AlertRules {
		if !known[r.ID] {
			u.AlertRules = append(u.AlertRules, r)
		}
	}
	for _, s := range u.UnknownSources {
		u.LogSources = append(u.LogSources, s.Words())
	}
	slices.Sort(u.LogSources)
	u.LogSources = slices.Compact(u.LogSources)
	slices.SortFunc(u.Rules, func(x, y claim.Unmapped) int {
		return cmp.Or(strings.Compare(x.RuleID, y.RuleID), compareIDs(x.Names, y.Names), strings.Compare(x.Batch, y.Batch))
	})
	return u
}

// Platforms lists the platforms that the verdicts name, in order.
func Platforms(a Assessment) []string {
	var ps []string
	for i := range a.Verdicts {
		ps = append(ps, a.Verdicts[i].Platforms...)
	}
	slices.Sort(ps)
	return slices.Compact(ps)
}

// Filter returns a narrowed to the analytics that name the platform, whatever
// its case, with everything that is summed over them summed again. What is not
// about single analytics stays as it is. A platform that no verdict names gives
// an assessment without verdicts; see Platforms.
func Filter(a Assessment, platform string) Assessment {
	return Within(a, func(v *Verdict) bool {
		return slices.ContainsFunc(v.Platforms, func(p string) bool { return strings.EqualFold(p, platform) })
	}, "Narrowed to platform "+platform+": every figure is of its analytics alone.")
}

// Within returns an assessment with the verdicts alone that are meant, with everything
// that is summed over them summed again, and says so among its limits. What is not about
// single analytics stays as it is.
func Within(a Assessment, meant func(*Verdict) bool, limit string) Assessment {
	verdicts := []Verdict{}
	for i := range a.Verdicts {
		if meant(&a.Verdicts[i]) {
			verdicts = append(verdicts, a.Verdicts[i])
		}
	}
	tactics := make([]Name, len(a.Tactics))
	for i, t := range a.Tactics {
		tactics[i] = t.Tactic
	}
	a.Verdicts = verdicts
	a.Totals = totalsOf(pointers(verdicts))
	a.Tactics = tacticTotals(verdicts, tactics)
	a.NextSteps = narrowed(a.NextSteps, verdicts)
	a.Narrowed = append(slices.Clone(a.Narrowed), limit)
	a.Limits = append(slices.Clone(a.Limits), limit)
	return a
}
