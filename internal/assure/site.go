package assure

import (
	"cmp"
	"slices"
	"strings"

	"candor/internal/alert"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/exercise"
	"candor/internal/figure"
	"candor/internal/telemetry"
)

// Here reports whether what names a site, or none, counts.
func (e *Evidence) Here(site string) bool { return e.Site == "" || site == "" || site == e.Site }

// At returns the evidence that counts for one site, without what names other sites alone.
// What names no site counts for every one; so do scope, external sources, rules, runbooks,
// tuning and waivers, which name none. The counts are those of the alerts of cases there.
func (e Evidence) At(site string, counts []alert.CaseCount) Evidence {
	e.Site, e.Revisions = site, nil
	var left [4]int
	t := &e.Telemetry
	t.Sources, left[0] = stay(t.Sources, func(s *telemetry.Source) bool { return len(s.Sites) == 0 || slices.Contains(s.Sites, site) })
	shared := 0
	for i := range t.Sources {
		if s := &t.Sources[i].Value; len(s.Sites) > 1 && s.Hosts > 0 {
			s.Hosts, shared = 0, shared+1
		}
	}
	t.Observations, left[1] = stay(t.Observations, func(o *telemetry.Observation) bool { return e.Here(o.Site) })
	e.Runs, left[2] = stay(e.Runs, func(r *detection.Run) bool { return e.Here(r.Site) })
	e.Fields, left[3] = stay(e.Fields, func(f *telemetry.FieldShare) bool { return e.Here(f.Site) })
	elsewhere := casesElsewhere(e.CaseCounts, counts)
	var cases, exercises int
	e.Cases, cases = stay(e.Cases, func(c *alert.Case) bool { return !elsewhere[c.ID] && e.Here(c.Site) })
	e.Away, _ = stay(e.Away, func(x *exercise.Exercise) bool { return e.Here(x.Site) })
	e.Exercises, exercises = stay(e.Exercises, func(x *exercise.Exercise) bool { return e.Here(x.Site) })
	e.CaseCounts = counts
	e.Tallies = slices.DeleteFunc(slices.Clone(e.Tallies), func(t alert.Tally) bool { return !e.Here(t.Site) })
	e.Left = figure.Sprintf("Judged for site %s: alerts, %s, %s, %s of fields, %s of rules, %s and %s that name other sites alone are left out. "+
		"What names no site counts for every site, as do scope, external sources, rules, runbooks, tuning and waivers.", site, count(int64(left[0]), "declared source"), count(int64(left[1]), "feed observation"),
		count(int64(left[3]), "measured share"), count(int64(left[2]), "run"), count(int64(exercises), "exercise"), count(int64(cases), "case"))
	if shared > 0 {
		e.Left += figure.Sprintf(" How many hosts of %s are there is not known, where several sites are named together.", count(int64(shared), "declared source"))
	}
	return e
}

// stay returns those of a list that stay, and how many do not.
func stay[T any](list []evidence.Of[T], stays func(*T) bool) ([]evidence.Of[T], int) {
	var out []evidence.Of[T]
	for i := range list {
		if stays(&list[i].Value) {
			out = append(out, list[i])
		}
	}
	return out, len(list) - len(out)
}

// casesElsewhere returns the cases that have alerts, none of which counts at a site.
func casesElsewhere(all, here []alert.CaseCount) map[string]bool {
	elsewhere := map[string]bool{}
	for i := range all {
		elsewhere[all[i].Case] = true
	}
	for i := range here {
		delete(elsewhere, here[i].Case)
	}
	return elsewhere
}

// Sites lists the sites that the evidence names, in order.
func (e *Evidence) Sites() []string {
	named := map[string]bool{}
	for i := range e.Telemetry.Sources {
		for _, s := range e.Telemetry.Sources[i].Value.Sites {
			named[s] = true
		}
	}
	for i := range e.Telemetry.Observations {
		named[e.Telemetry.Observations[i].Value.Site] = true
	}
	for i := range e.Fields {
		named[e.Fields[i].Value.Site] = true
	}
	for i := range e.Runs {
		named[e.Runs[i].Value.Site] = true
	}
	for i := range e.AlertRules {
		for _, s := range e.AlertRules[i].Sites {
			named[s] = true
		}
	}
	for i := range e.Exercises {
		named[e.Exercises[i].Value.Site] = true
	}
	for i := range e.Cases {
		named[e.Cases[i].Value.Site] = true
	}
	delete(named, "")
	sites := make([]string, 0, len(named))
	for s := range named {
		sites = append(sites, s)
	}
	slices.Sort(sites)
	return sites
}

// BySite is how the verdicts of a whole stand at its sites.
type BySite struct {
	// Sites are those that were judged, in order, of the Named that evidence names.
	Sites []SiteTotals `json:"sites"`
	Named int          `json:"named"`
	// Apart are the verdicts that do not hold at a site, the highest rungs first.
	Apart []SiteVerdict `json:"apart"`
}

// SiteTotals is what one site has.
type SiteTotals struct {
	Site    string `json:"site"`
	Claimed int    `json:"claimed"`
	Assured int    `json:"assured"`
	// Apart is how many verdicts of the whole do not hold there.
	Apart int `json:"apart"`
}

// SiteVerdict is a verdict of the whole that does not hold at a site.
type SiteVerdict struct {
	Analytic Name   `json:"analytic"`
	Site     string `json:"site"`
	Whole    Rung   `json:"whole"`
	Rung     Rung   `json:"rung"` // at the site
	// Why is the sentence of the verdict at the site.
	Why string `json:"why"`
}

// Add judges a site beside the whole: it takes in where the verdicts of the whole do not
// hold by those of the site. A verdict holds where the site's own stops at the same
// question or at a later one, and is not noisy or contradicted where the whole is not.
func (b *BySite) Add(site string, whole, at *Assessment) {
	t := SiteTotals{Site: site, Claimed: at.Totals.Claimed, Assured: at.Totals.Assured}
	there := make(map[string]*Verdict, len(at.Verdicts))
	for i := range at.Verdicts {
		there[at.Verdicts[i].Analytic.StixID] = &at.Verdicts[i]
	}
	for i := range whole.Verdicts {
		w := &whole.Verdicts[i]
		v := there[w.Analytic.StixID]
		if v == nil || holds(w.Rung, v.Rung) {
			continue
		}
		t.Apart++
		b.Apart = append(b.Apart, SiteVerdict{w.Analytic, site, w.Rung, v.Rung, v.Sentence})
	}
	b.Sites = append(b.Sites, t)
	rungs := Rungs()
	slices.SortStableFunc(b.Apart, func(x, y SiteVerdict) int {
		return cmp.Or(cmp.Compare(slices.Index(rungs, y.Whole), slices.Index(rungs, x.Whole)), compareNames(x.Analytic, y.Analytic), strings.Compare(x.Site, y.Site))
	})
}

// holds reports whether a verdict of the whole holds where a site stands on a rung.
func holds(whole, site Rung) bool {
	rungs := Rungs()
	if site == whole {
		return true
	}
	return slices.Index(rungs, site) > slices.Index(rungs, whole) && site != Noisy && site != Contradicted
}
