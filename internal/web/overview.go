package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/gap"
	"candor/internal/store"
	"candor/internal/visibility"
)

// firstSteps is how many next steps the overview shows before the fold, each in one of
// its own.
const firstSteps = 5

// soon is how many days ahead the overview looks for evidence that ends.
const soon = 30

// overviewView is the first page.
type overviewView struct {
	frame
	A          assure.Assessment
	Spread     spread
	ByStage    []stage
	ByPlatform []platformView
	// Apart are the verdicts that do not hold at a site.
	Apart fold[assure.SiteVerdict]
	// Left is how many of them the page leaves to the pages of the sites.
	Left int
	// Steps are the first of the next steps, and More the others.
	Steps, More []assure.Lift
	// Ending is what stops counting within Soon days.
	Ending fold[assure.Ending]
	Soon   int
	// Moved is what kept assessments of days before say, the newest first, and Trend
	// draws them and the present.
	Moved []point
	Trend template.HTML
	// Call is whom to call in an incident.
	Call string
	// Stopped are the feeds that no longer arrive.
	Stopped  fold[visibility.StoppedFeed]
	Evidence []pile
	// Bare says that there is no evidence at all.
	Bare bool
	// Newest is the day of the newest alert or feed observation, where it lies before
	// the evidence window, and Back the address of the overview as of that day.
	Newest, Back string
	// Overdue are the gaps whose day has passed.
	Overdue []gap.Listed
	// Unused is how much evidence no verdict could use.
	Unused int
}

// platformView is the distribution over one platform's analytics, with the worst
// case.
type platformView struct {
	assure.Group
	Spread spread
	URL    string
}

// stage is the distribution over the analytics of one tactic.
type stage struct {
	assure.Name
	Spread spread
	URL    string
}

// pile is the evidence of one kind.
type pile struct {
	Kind     string
	Batches  int
	Records  int64
	Rejected int64
}

// At returns the address of the overview of a site.
func (s selection) At(site string) string {
	s.Site = site
	return s.Link("/")
}

// Pile returns the address of the batches of one kind.
func (s selection) Pile(kind string) string { return s.Link("/evidence", "kind", kind) }

// emptyView is the first page of a data folder without a library.
type emptyView struct {
	frame
	Evidence []pile
}

func (s *site) overview(r *http.Request) (view, error) {
	fr, err := s.begin(r, "overview", "Overview")
	if err != nil {
		return view{}, err
	}
	bs, err := s.batches(r.Context())
	if err != nil {
		return view{}, err
	}
	if fr.Release.Version == "" {
		return view{name: "empty", data: emptyView{frame: fr, Evidence: piles(bs)}}, nil
	}
	asked := s.requestFor(fr.Sel, fr.Release)
	asked.Platform, asked.Profile = fr.Sel.Platform, fr.Sel.Profile
	a, err := s.Assessor.Overview(r.Context(), asked)
	if err != nil {
		return view{}, err
	}
	v := newOverview(fr, a, bs)
	gaps, err := s.Assessor.Gaps(r.Context(), s.requestFor(fr.Sel, fr.Release))
	if err != nil {
		return view{}, err
	}
	v.Overdue = gaps.Gaps[:min(gaps.Overdue, len(gaps.Gaps))]
	v.Call = s.Call
	v.Ending, v.Soon = folded(assure.Endings(&a, s.inForce.Readiness, soon)), soon
	if fr.Sel.Platform == "" && fr.Sel.Site == "" && fr.Sel.Profile == "" { // what is kept is of all
		err = v.move(s.Kept)
	}
	return view{name: "overview", data: v}, err
}

// mostMoved is how many kept assessments the overview sets beside the present.
const mostMoved = 5

// move tells how the totals came to be what they are, from the assessments that are kept
// of days before.
func (v *overviewView) move(kept Kept) error {
	all, err := kept.List()
	if err != nil {
		return err
	}
	before := points(all, v.Release.Domain)
	before = before[:len(before)-countFrom(before, day.Date(v.Day))]
	if len(before) == 0 {
		return nil
	}
	now := point{Day: day.Date(v.Day), Claimed: v.A.Totals.Claimed, Assured: v.A.Totals.Assured, Reportable: v.A.Totals.Reportable,
		Applicable: v.A.Totals.Applicable, By: judgedBy(v.A.Release.String(), v.A.Policy)}
	now.Changed = now.By != before[len(before)-1].By
	v.Trend = trend(append(slices.Clone(before), now))
	v.Moved = append(slices.Clone(before[max(0, len(before)-mostMoved):]), now)
	slices.Reverse(v.Moved)
	return nil
}

// countFrom returns how many points are of a day or later ones.
func countFrom(ps []point, d day.Date) (n int) {
	for i := range ps {
		if ps[i].Day >= d {
			n++
		}
	}
	return n
}

func newOverview(fr frame, a assure.Assessment, bs []store.Batch) overviewView {
	v := overviewView{frame: fr, A: a, Spread: spreadOf(a.Totals.Rungs), Evidence: piles(bs), Bare: len(bs) == 0}
	for _, t := range a.Tactics {
		v.ByStage = append(v.ByStage, stage{Name: t.Tactic, Spread: spreadOf(t.Rungs),
			URL: fr.Sel.Link("/verdicts", "tactic", t.Tactic.ATTACKID, "platform", fr.Sel.Platform)})
	}
	for _, g := range assure.Roll(a.Verdicts, assure.ByPlatform) {
		v.ByPlatform = append(v.ByPlatform, platformView{Group: g, Spread: spreadOf(g.Rungs), URL: fr.Sel.Link("/verdicts", "platform", g.Of.Name)})
	}
	n := min(firstSteps, len(a.NextSteps))
	v.Steps, v.More = a.NextSteps[:n], a.NextSteps[n:]
	if a.BySite != nil {
		n := min(mostApart, len(a.BySite.Apart))
		v.Apart, v.Left = folded(a.BySite.Apart[:n]), len(a.BySite.Apart)-n
	}
	u := a.Unmapped
	v.Stopped = folded(u.StoppedFeeds)
	if d := newest(bs); d != "" && d < a.Window.From {
		then := fr.Sel
		then.AsOf = string(d)
		v.Newest, v.Back = string(d), then.Link("/", "platform", then.Platform)
	}
	v.Unused = len(u.Rules) + u.RulesNowhere() + len(u.SilentRules) + len(u.AlertRules) + len(u.UnknownSources) + len(u.Tunings)
	return v
}

// mostApart is how many verdicts that do not hold at a site the overview lists: each comes
// with its sentence.
const mostApart = 50

// apartView is a verdict that does not hold at a site, with links.
type apartView struct {
	assure.SiteVerdict
	Of link
	At string
}

// ApartOf returns a verdict that does not hold at a site with links.
func (v overviewView) ApartOf(a assure.SiteVerdict) apartView {
	return apartView{a, v.Sel.Name(a.Analytic), v.Sel.At(a.Site)}
}

// newest returns the day of the newest alert or feed observation that counts,
// empty without one.
func newest(bs []store.Batch) day.Date {
	var last time.Time
	for _, b := range bs {
		if b.Withdrawn == nil && evidence.KindOf(b.Kind).Flows && b.Last.After(last) {
			last = b.Last
		}
	}
	if last.IsZero() {
		return ""
	}
	return day.Of(last)
}

// piles sums the batches that count by kind, in alphabetical order.
func piles(bs []store.Batch) []pile {
	var ps []pile
	for _, b := range bs {
		if b.Withdrawn != nil || b.Format == store.CaseAlerts { // those bring nothing of their own
			continue
		}
		i := slices.IndexFunc(ps, func(p pile) bool { return p.Kind == b.Kind })
		if i < 0 {
			i = len(ps)
			ps = append(ps, pile{Kind: b.Kind})
		}
		p := &ps[i]
		p.Batches++
		p.Records += b.New
		p.Rejected += b.Rejected
	}
	slices.SortFunc(ps, func(a, b pile) int { return strings.Compare(a.Kind, b.Kind) })
	return ps
}

// feedLine is a feed that stopped, with the address of the batch that saw it last.
type feedLine struct {
	visibility.StoppedFeed
	URL string
}

// Feed returns a feed that stopped with the address of its batch.
func (v overviewView) Feed(f visibility.StoppedFeed) feedLine {
	return feedLine{f, v.Sel.Batch(f.Batch)}
}

// liftView is a next step with links to some of those that it is about.
type liftView struct {
	assure.Lift
	Links []link
	More  int
}

// mostExamples is how many analytics the overview names for a step.
const mostExamples = 5

// Lift returns a next step with links to some of those that it lifts, or that need it.
func (v overviewView) Lift(l assure.Lift) liftView {
	names := l.Needing()
	for _, m := range l.Moves() {
		names = append(names, m.Analytic)
	}
	n := min(len(names), mostExamples)
	return liftView{Lift: l, Links: v.Sel.Names(names[:n]), More: len(names) - n}
}

// endingView is evidence that ends, with links to some of those that rest on it.
type endingView struct {
	assure.Ending
	Links []link
	More  int
}

// Count is how many analytics rest on it.
func (e endingView) Count() int { return len(e.Analytics) }

// End returns evidence that ends with links to some of those that rest on it.
func (v overviewView) End(e assure.Ending) endingView {
	n := min(len(e.Analytics), mostExamples)
	return endingView{Ending: e, Links: v.Sel.Names(e.Analytics[:n]), More: len(e.Analytics) - n}
}
