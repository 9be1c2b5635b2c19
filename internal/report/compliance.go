package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/control"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/gap"
)

// The parts of a report on controls, by their titles.
const (
	partControls     = "Controls"
	partObservations = "Observations"
	partRisks        = "Risks"
	partEvidence     = "The evidence that it rests on"
)

// complianceOf is what a report on controls is made of.
type complianceOf struct {
	request   assessment.Request
	whole     *assure.Assessment
	mapping   *control.Mapping
	members   [][]*assure.Verdict // of each control
	bare      [][]string          // what each control names of which ATT&CK has no analytic
	decisions map[string]*assure.Decision
	gaps      *gap.Register
	batches   []custody.Account
}

// controlRecord is one control with whether what bears on it may be told to work.
type controlRecord struct {
	ID        string   `col:"control"`
	Title     string   `col:"title"`
	Satisfied bool     `col:"satisfied"`
	Why       string   `col:"why"`
	Let       int      `col:"analytics_let_through"`
	Apply     int      `col:"analytics_that_apply"`
	Apart     int      `col:"analytics_that_do_not_apply"`
	Analytics []string `col:"analytics"`
	Bare      []string `col:"without_analytic"`
}

// observedRecord is one thing that was looked at.
type observedRecord struct {
	Analytic  string   `col:"analytic"`
	Methods   []string `col:"methods"`
	Title     string   `col:"title"`
	Says      string   `col:"says"`
	Collected string   `col:"collected"`
	Expires   string   `col:"expires"`
	Evidence  []string `col:"evidence"`
}

// riskRecord is what stands against a control.
type riskRecord struct {
	Control   string `col:"control"`
	Title     string `col:"title"`
	Statement string `col:"statement"`
	Status    string `col:"status"`
	Deadline  string `col:"deadline"`
}

// Compliance reports on the controls of a mapping: what was observed of the analytics that bear on
// each, and whether the gate for reporting lets every one of them through.
func (s *Service) Compliance(ctx context.Context, r assessment.Request, m *control.Mapping, by string) (Sealed, error) {
	c, err := s.compliance(ctx, r, m)
	if err != nil {
		return Sealed{}, err
	}
	return s.seal(ctx, c, by)
}

func (s *Service) compliance(ctx context.Context, r assessment.Request, m *control.Mapping) (made, error) {
	if m == nil {
		return made{}, fault.New(fault.Invalid, "the report does not say by which mapping of controls it was made").Next("get the file as it was written")
	}
	r.AsOf = endOf(day.Of(r.AsOf))
	whole, err := s.Assessment.Assess(ctx, r)
	if err != nil {
		return made{}, err
	}
	c := complianceOf{request: r, whole: &whole, mapping: m, decisions: map[string]*assure.Decision{}}
	if err := s.resolve(ctx, &c); err != nil {
		return made{}, err
	}
	gaps, err := s.Assessment.Gaps(ctx, r)
	if err != nil {
		return made{}, err
	}
	c.gaps = &gaps
	rests := []string{}
	for _, v := range c.analytics() {
		one := verdictOf{verdict: v}
		if d := c.decisions[v.Analytic.ATTACKID]; d != nil {
			one.gates = []assure.Decision{*d}
		}
		rests = append(rests, one.restsOn()...)
	}
	if c.batches, err = s.accounts(ctx, rests); err != nil {
		return made{}, err
	}
	asked := askedOf(KindCompliance, "", &whole, r)
	asked.Controls = m
	return made{document: c.document(), asked: asked, batches: c.batches, policy: whole.Policy.SHA256, release: custody.ReleaseID(whole.Release)}, nil
}

// resolve finds the analytics of each control, and what the gate for reporting says of each that
// it could let through.
func (s *Service) resolve(ctx context.Context, c *complianceOf) error {
	by := map[string][]*assure.Verdict{}
	for i := range c.whole.Verdicts {
		v := &c.whole.Verdicts[i]
		for _, n := range slices.Concat([]assure.Name{v.Analytic}, v.Strategies, v.Techniques, v.Parents) {
			if !slices.Contains(by[n.ATTACKID], v) {
				by[n.ATTACKID] = append(by[n.ATTACKID], v)
			}
		}
	}
	for i := range c.mapping.Controls {
		var of []*assure.Verdict
		bare := []string{}
		for _, ref := range c.mapping.Controls[i].Refs {
			if len(by[ref.ID]) > 0 {
				of = append(of, by[ref.ID]...)
				continue
			}
			page, err := s.Library.Page(ctx, ref.ID, attack.ReleaseRef{Domain: c.whole.Release.Domain, Version: c.whole.Release.Version})
			if fault.KindOf(err) == fault.NotFound || err == nil && page.Lifecycle != "live" {
				return c.mapping.Unknown(ref, c.whole.Release.String())
			}
			if err != nil {
				return err
			}
			bare = append(bare, ref.ID)
		}
		slices.SortFunc(of, func(a, b *assure.Verdict) int { return strings.Compare(a.Analytic.ATTACKID, b.Analytic.ATTACKID) })
		c.members, c.bare = append(c.members, slices.Compact(of)), append(c.bare, bare)
	}
	return s.decide(ctx, c)
}

// decide asks the gate for reporting of each analytic.
func (s *Service) decide(ctx context.Context, c *complianceOf) error {
	for _, v := range c.analytics() {
		if v.Rung == assure.NotApplicable || !slices.Contains(c.request.Policy.Gates.Reporting.Rungs, v.Rung) && len(v.Waivers) == 0 {
			continue
		}
		d, err := s.Assessment.Gate(ctx, c.request, v.Analytic.ATTACKID, assure.Reporting)
		if err != nil {
			return err
		}
		c.decisions[d.ID] = &d
	}
	return nil
}

// analytics are those of all controls, each once.
func (c *complianceOf) analytics() []*assure.Verdict {
	all := slices.Concat(c.members...)
	slices.SortFunc(all, func(a, b *assure.Verdict) int { return strings.Compare(a.Analytic.ATTACKID, b.Analytic.ATTACKID) })
	return slices.Compact(all)
}

// lets reports whether the gate for reporting lets an analytic through by itself, and what it says.
func (c *complianceOf) lets(v *assure.Verdict) (bool, string) {
	d := c.decisions[v.Analytic.ATTACKID]
	if d == nil {
		return false, "It stands on " + plainRung(v.Rung) + ", on which policy opens the gate for reporting for none. " + v.Sentence
	}
	if d.Waived {
		return false, "The gate for reporting opens by waiver alone: " + d.Reason
	}
	return d.Allowed, d.Reason
}

func plainRung(r assure.Rung) string { return strings.ReplaceAll(string(r), "_", " ") }

// document is the report.
func (c *complianceOf) document() Document {
	controls := c.controls()
	satisfied := 0
	for _, r := range controls {
		if r.Satisfied {
			satisfied++
		}
	}
	title := strings.TrimSpace(c.mapping.Standard + " " + c.mapping.Version)
	d := Document{Kind: KindCompliance, Title: "Detection for the controls of " + title, Basis: basisOf(c.whole, c.request)}
	d.Lead = []string{figure.Sprintf("Of %d controls that the mapping of %s names, for %d the gate for reporting lets every analytic that applies through by itself. For %d it refuses at least one, or nothing of them can be judged.",
		len(controls), c.mapping.By, satisfied, len(controls)-satisfied)}
	d.Limits = together(c.whole.Limits, c.gaps.Limits,
		"That a control is satisfied says here that detection of what the mapping names was shown to work, and nothing of the rest of the control.",
		"Which techniques bear on a control is what "+c.mapping.By+" says in "+c.mapping.File+"; nobody else has looked at that here.",
		"What a waiver opens is not satisfied: it stands among the risks, with its end.")
	d.Sections = []Section{
		{Title: partControls, Table: table(controls, "The mapping names no control.")},
		{Title: partObservations, Table: table(c.observations(), "Nothing was observed of any of them.")},
		{Title: partRisks, Table: table(c.risks(), "Nothing stands against any of them.")},
		evidenceSection(c.batches),
	}
	return d
}

func (c *complianceOf) controls() []controlRecord {
	list := make([]controlRecord, len(c.mapping.Controls))
	for i := range c.mapping.Controls {
		of := &c.mapping.Controls[i]
		r := controlRecord{ID: of.ID, Title: of.Title, Bare: c.bare[i]}
		for _, v := range c.members[i] {
			r.Analytics = append(r.Analytics, v.Analytic.ATTACKID)
			if v.Rung == assure.NotApplicable {
				r.Apart++
				continue
			}
			r.Apply++
			if ok, _ := c.lets(v); ok {
				r.Let++
			}
		}
		r.Satisfied = r.Apply > 0 && r.Let == r.Apply && len(r.Bare) == 0
		r.Why = figure.Sprintf("The gate for reporting lets %d of %d analytics that apply through by itself.", r.Let, r.Apply)
		if len(r.Bare) > 0 {
			r.Why += " ATT&CK has no analytic of " + strings.Join(r.Bare, ", ") + ", so that nothing can be judged of it."
		}
		list[i] = r
	}
	return list
}

// observations are what was looked at of each analytic, by which method, when, and until when it
// counts.
func (c *complianceOf) observations() []observedRecord {
	var list []observedRecord
	for _, v := range c.analytics() {
		if v.Rung == assure.NotApplicable {
			continue
		}
		list = append(list, c.observed(v)...)
	}
	for i := range list {
		list[i].Collected = cmp.Or(list[i].Collected, c.request.AsOf.UTC().Format(time.RFC3339))
		slices.Sort(list[i].Evidence)
		list[i].Evidence = slices.DeleteFunc(slices.Compact(list[i].Evidence), func(id string) bool { return id == "" })
	}
	return list
}

// noon is a moment of a day, in the form of times.
func noon(d day.Date) string {
	if d == "" {
		return ""
	}
	return string(d) + "T12:00:00Z"
}

// observed are the observations of one analytic.
func (c *complianceOf) observed(v *assure.Verdict) []observedRecord {
	p, id := &c.request.Policy, v.Analytic.ATTACKID
	list := []observedRecord{c.telemetry(v)}
	if m := v.Measurement; m != nil {
		o := observedRecord{Analytic: id, Methods: []string{"EXAMINE"}, Title: "Alerts of its rules", Collected: noon(m.LastLabelled), Evidence: claimBatches(v)}
		for _, row := range measureRows(m) {
			o.Says += row[0] + ": " + row[1] + ". "
		}
		if age := p.Gates.Reporting.MaxAgeDays; age > 0 && m.LastLabelled != "" {
			o.Expires = noon(m.LastLabelled.Add(age))
		}
		list = append(list, o)
	}
	if t, err := time.Parse(time.RFC3339, v.Exercises.LastTime); err == nil {
		o := observedRecord{Analytic: id, Methods: []string{"TEST"}, Title: "Exercises", Collected: v.Exercises.LastTime, Expires: noon(day.Of(t).Add(p.Readiness.MaxExerciseAgeDays)),
			Says: figure.Sprintf("%s: %d of %d that say whether it works passed; the last was %s.", v.Exercises.State, v.Exercises.Passed, v.Exercises.Passed+v.Exercises.Failed, v.Exercises.LastTest)}
		for i := range v.Exercises.Trials {
			o.Evidence = append(o.Evidence, v.Exercises.Trials[i].Batch)
		}
		list = append(list, o)
	}
	if r := &v.Runbook; r.ID != "" {
		o := observedRecord{Analytic: id, Methods: []string{"EXAMINE"}, Title: "Runbook", Says: fmt.Sprintf("%s: %s, owner %s.", plainRung(assure.Rung(r.State)), r.ID, cmp.Or(r.Owner, "nobody")), Evidence: reasonBatches(v, "runbook_")}
		if d, err := day.Parse(r.Reviewed); err == nil {
			o.Collected, o.Expires = noon(d), noon(d.Add(p.Readiness.MaxRunbookAgeDays))
		}
		list = append(list, o)
	}
	for i := range v.Visibility.Externals {
		x := &v.Visibility.Externals[i]
		o := observedRecord{Analytic: id, Methods: []string{"INTERVIEW"}, Title: "External source " + x.Source.Name, Expires: noon(x.Source.Expires), Collected: noon(x.Heard),
			Says: fmt.Sprintf("%s of %s, rated %s%d; counts: %s.", x.Source.ID, x.Source.Provider, x.Source.Reliability, x.Source.Credibility, yes(x.Counts))}
		for _, ref := range x.Refs {
			o.Evidence = append(o.Evidence, ref.ID)
		}
		list = append(list, o)
	}
	_, says := c.lets(v)
	return append(list, observedRecord{Analytic: id, Methods: []string{"EXAMINE"}, Title: "Gate for reporting", Says: says})
}

// telemetry is what is seen of what an analytic needs.
func (c *complianceOf) telemetry(v *assure.Verdict) observedRecord {
	o := observedRecord{Analytic: v.Analytic.ATTACKID, Methods: []string{"EXAMINE"}, Title: "Log sources", Says: v.Visibility.Sentence}
	var first day.Date
	for i := range v.Visibility.Needs {
		n := &v.Visibility.Needs[i]
		if n.LastSeen != "" && (first == "" || n.LastSeen < first) {
			first = n.LastSeen
		}
		for _, ref := range n.Refs {
			if ref.Kind == "batch" {
				o.Evidence = append(o.Evidence, ref.ID)
			}
		}
	}
	if first != "" {
		o.Collected, o.Expires = noon(first), noon(first.Add(c.request.Policy.Visibility.MaxFeedAgeDays))
	}
	return o
}

func claimBatches(v *assure.Verdict) []string {
	list := reasonBatches(v, "measured_")
	for i := range v.Claims {
		if v.Claims[i].Counts {
			list = append(list, v.Claims[i].Batch)
		}
	}
	return list
}

func reasonBatches(v *assure.Verdict, prefix string) (list []string) {
	for _, r := range v.Reasons {
		for _, ref := range r.Refs {
			if ref.Kind == "batch" && strings.HasPrefix(r.Code, prefix) {
				list = append(list, ref.ID)
			}
		}
	}
	return list
}

// risks are what stands against each control: what the gate refuses, what waivers open, gaps that
// are stated.
func (c *complianceOf) risks() []riskRecord {
	var list []riskRecord
	for i := range c.mapping.Controls {
		id := c.mapping.Controls[i].ID
		named := map[string]bool{}
		waived := map[string]bool{}
		for _, v := range c.members[i] {
			for _, n := range slices.Concat([]assure.Name{v.Analytic}, v.Strategies, v.Techniques, v.Parents) {
				named[n.ATTACKID] = true
			}
			if ok, why := c.lets(v); !ok && v.Rung != assure.NotApplicable {
				list = append(list, riskRecord{id, v.Analytic.ATTACKID + " may not be told to work", why, "open", ""})
			}
			for k := range v.Waivers {
				if w := &v.Waivers[k]; w.For == assure.Reporting && !waived[w.Key()] {
					waived[w.Key()] = true
					list = append(list, riskRecord{id, "Waiver of " + w.ID, fmt.Sprintf("%s, by %s and %s.", w.Reason, w.By, w.Second), "deviation-approved", noon(w.Until)})
				}
			}
		}
		for _, bare := range c.bare[i] {
			named[bare] = true
			list = append(list, riskRecord{id, bare + " cannot be judged", "ATT&CK has no analytic of it, so that nothing shows whether it would be seen.", "open", ""})
		}
		for k := range c.gaps.Gaps {
			if g := &c.gaps.Gaps[k]; g.Object != nil && named[g.Object.ATTACKID] && !g.Closed && g.State != gap.Done {
				list = append(list, riskRecord{id, "Gap " + g.Title, fmt.Sprintf("%s Owner %s, decision %s, %s.", g.Why, cmp.Or(g.Owner, "nobody"), g.Decision, strings.ReplaceAll(string(g.State), "_", " ")), gapStatus(g), noon(g.Until)})
			}
		}
	}
	return list
}

// gapStatus says how a gap stands in OSCAL's words.
func gapStatus(g *gap.Listed) string {
	switch {
	case g.State == gap.Overdue, g.Decision == gap.Undecided:
		return "open"
	case g.Decision == gap.Fix:
		return "remediating"
	}
	return "deviation-approved"
}
