package assessment

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/crew"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/measure"
	"candor/internal/near"
	"candor/internal/store"
	"candor/internal/visibility"
)

// Basis says as of when, over which days and by what something was measured.
type Basis struct {
	AsOf   time.Time         `json:"as_of"`
	Window visibility.Window `json:"window"`
	Policy assure.PolicyRef  `json:"policy"`
	// MinPrecision is what policy asks for and Confidence the level of intervals.
	MinPrecision float64 `json:"min_precision"`
	Confidence   float64 `json:"confidence"`
	// Site is the site whose evidence was measured; empty for the whole.
	Site string `json:"site,omitempty"`
}

func basisOf(r Request) Basis {
	return Basis{AsOf: r.AsOf, Window: assure.WindowOf(r.Policy, r.AsOf), MinPrecision: r.Policy.Measure.MinPrecision,
		Policy: r.Policy.Ref(), Confidence: r.Policy.Measure.Confidence, Site: r.Site}
}

func (b Basis) span() measure.Span { return measure.Span{From: b.Window.From, To: b.Window.To} }

// Measured is what the alerts of each rule say.
type Measured struct {
	Basis
	// Rules are those that raised alerts in the window: first those whose alerts
	// that are probably not true take the most time of people.
	Rules []measure.Detail `json:"rules"`
	// Silent are the enabled rules that raised none.
	Silent int `json:"silent_rules"`
	// Revisions are the changes within the window of the rules that raised alerts.
	Revisions []assure.Revision `json:"changed_rules"`
	// Waivers are those in force of rules.
	Waivers []assure.Waiver `json:"waivers"`
	Limits  []string        `json:"limits"`
}

// MeasuredRule is what the alerts of one rule say.
type MeasuredRule struct {
	Basis
	measure.Detail
	// Rule is the rule as the batch RuleBatch brought it; nil when only alerts name
	// it.
	Rule      *detection.Rule `json:"rule,omitempty"`
	RuleBatch string          `json:"rule_batch,omitempty"`
	// Text is the rule as its file has it, byte for byte; nil where it is not kept.
	Text []byte `json:"-"`
	// Days are those of the window on which it raised alerts, whatever became of them, and
	// Changes when it came to look for something else, oldest first.
	Days    []RuleDay          `json:"days"`
	Changes []detection.Change `json:"changes"`
	// Revision is its last change within the window, with what it raised before and since; nil
	// when it was not changed. Where that decides, Detail is of what it raised since.
	Revision *assure.Revision `json:"changed,omitempty"`
	// Operation is what is recorded of its runs; nil when nothing is.
	Operation *assure.Operation `json:"operation,omitempty"`
	// Exceptions are those of the rule that had begun.
	Exceptions []assure.Exempt `json:"exceptions"`
	// Waivers are those of the rule in force, and Evidence the batches that brought
	// its alerts.
	Waivers  []assure.Waiver `json:"waivers"`
	Evidence []evidence.Ref  `json:"evidence"`
	Limits   []string        `json:"limits"`
}

// MeasuredAnalytic is what the alerts of all rules that claim an analytic say
// together.
type MeasuredAnalytic struct {
	Analytic   assure.Name   `json:"analytic"`
	Techniques []assure.Name `json:"techniques"`
	Rung       assure.Rung   `json:"rung"`
	// Revisions are the changes of its rules within the window.
	Revisions []assure.Revision `json:"changed_rules"`
	Detail    measure.Detail    `json:"measurement"`
	// Rules are the statements of the claiming rules, each by itself.
	Rules []measure.Detail `json:"rules"`
	// Waivers are those in force of the analytic and of its rules, and Evidence the
	// batches that brought the alerts.
	Waivers  []assure.Waiver `json:"waivers"`
	Evidence []evidence.Ref  `json:"evidence"`
}

// MeasuredAnalytics is what the alerts say by analytic.
type MeasuredAnalytics struct {
	Basis
	Analytics []MeasuredAnalytic `json:"analytics"`
	Limits    []string           `json:"limits"`
}

// OneAnalytic is what the alerts say of one analytic.
type OneAnalytic struct {
	Basis
	MeasuredAnalytic
	Limits []string `json:"limits"`
}

// One returns what is said of the first analytic, of which there must be one.
func (m *MeasuredAnalytics) One() OneAnalytic { return OneAnalytic{m.Basis, m.Analytics[0], m.Limits} }

// Measure returns what the alerts of every rule say in the window that r.Policy
// and r.AsOf make; timed adds how long alerts wait, which takes the longest to
// count. It needs no ATT&CK release.
func (s *Service) Measure(ctx context.Context, r Request, timed bool) (Measured, error) {
	if timed {
		holds(ctx, r)
	}
	m, err := shared(ctx, s, r, func(ctx context.Context) (Measured, error) { return s.measureNow(ctx, r, timed) }, "measure", strconv.FormatBool(timed))
	m.AsOf = r.AsOf
	return m, err
}

func (s *Service) measureNow(ctx context.Context, r Request, timed bool) (Measured, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return Measured{}, err
	}
	m := Measured{Basis: basisOf(r), Rules: []measure.Detail{}, Limits: append(limitsOf(&ev), assure.ExpiredLimits(ev.Expired, nil)...)}
	var waited map[string][]alert.Duration
	if timed {
		if waited, err = s.durations(ctx, &ev, r); err != nil {
			return m, err
		}
	}
	byRule, err := s.sumsByRule(ctx, &ev, r)
	if err != nil {
		return m, err
	}
	names, lately := ruleNames(ev), ev.Lately(r.AsOf)
	m.Rules = each(slices.Collect(maps.Keys(byRule)), func(id string) measure.Detail {
		d := lately.Detailed(id, byRule[id], m.span(), r.Policy.Measure)
		d.RuleName = names[id]
		if timed {
			d.Times = times(r, waited[id])
		}
		return d
	})
	rank(m.Rules, r.Policy.Measure)
	m.Revisions = []assure.Revision{}
	for _, t := range ev.Revisions {
		if t.Before.Alerts+t.Since.Alerts > 0 {
			m.Revisions = append(m.Revisions, t)
		}
	}
	m.Waivers = waiversOf(&ev, r, func(id string) bool { return names[id] != "" || byRule[id] != nil })
	for i := range ev.Rules {
		if v := &ev.Rules[i].Value; v.Enabled && byRule[v.ID] == nil {
			m.Silent++
		}
	}
	return m, nil
}

// each returns what do makes of each of the list, in its order. It works on all
// processors.
func each[T, R any](list []T, do func(T) R) []R {
	results := make([]R, len(list))
	var next atomic.Int64
	var workers crew.Workers
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
				results[i] = do(list[i])
			}
		})
	}
	workers.Wait()
	return results
}

func measuredLimits() []string {
	return []string{
		"Precision says nothing of what was missed; exercises and incident reviews do (candor measure --recall).",
		"Alerts of one burst are not independent: judge by the clustered interval and by episodes.",
	}
}

// evidenceOf reads the evidence.
func (s *Service) evidenceOf(ctx context.Context, r Request) (assure.Evidence, error) {
	if r.AsOf.IsZero() {
		return assure.Evidence{}, fault.New(fault.Usage, "the day of judgement is not stated")
	}
	g, err := s.generation(ctx)
	if err != nil {
		return assure.Evidence{}, err
	}
	return s.read(ctx, g, r)
}

// ruleNames returns the names of rules by id: as the rules themselves have
// them, else as the alerts do.
func ruleNames(ev assure.Evidence) map[string]string {
	names := map[string]string{}
	for _, r := range ev.AlertRules {
		names[r.ID] = r.Name
	}
	for i := range ev.Rules {
		if v := &ev.Rules[i].Value; v.Name != "" {
			names[v.ID] = v.Name
		}
	}
	return names
}

// rank sorts by the minutes a day that go into alerts that are probably not
// true, the most first. The precision in it is shrunk, so that a rule with one
// label does not stand above one with hundreds; it is used here alone.
func rank(details []measure.Detail, p measure.Policy) {
	statements := make([]measure.Statement, len(details))
	for i := range details {
		statements[i] = details[i].Statement
	}
	wasted := map[string]float64{}
	for i, precision := range measure.Shrink(statements) {
		wasted[details[i].RuleID] = details[i].PerDay.Mean * max(p.MinutesPerAlert, 1) * (1 - precision)
	}
	slices.SortFunc(details, func(a, b measure.Detail) int {
		return cmp.Or(cmp.Compare(wasted[b.RuleID], wasted[a.RuleID]), cmp.Compare(b.Alerts, a.Alerts), strings.Compare(a.RuleID, b.RuleID))
	})
}

// MeasureRule returns what the alerts of one rule, named by its id or else by
// its name, say. A rule that is known and raised no alert is measured as such; an
// unknown one is fault.NotFound.
func (s *Service) MeasureRule(ctx context.Context, r Request, rule string) (MeasuredRule, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return MeasuredRule{}, err
	}
	id, err := findRule(ev, rule)
	if err != nil {
		return MeasuredRule{}, err
	}
	m := MeasuredRule{Basis: basisOf(r), Limits: append(limitsOf(&ev), assure.ExpiredLimits(ev.Expired, namedBy(&ev, id))...)}
	sums, err := s.sumsOf(ctx, &ev, r, []string{id})
	if err != nil {
		return m, err
	}
	m.Detail = ev.Lately(r.AsOf).Detailed(id, sums, m.span(), r.Policy.Measure)
	m.Revision = revisionOf(&ev, id)
	m.RuleName = ruleNames(ev)[id]
	for i := range ev.Rules {
		if x := &ev.Rules[i]; x.Value.ID == id {
			m.Rule, m.RuleBatch = &x.Value, x.Batch
		}
	}
	if m.Rule != nil {
		if m.Text, err = s.evidence.Text(ctx, store.KeyOf(m.Rule.Origin, cmp.Or(m.Rule.Bare, m.Rule.ID))); err != nil {
			return m, err
		}
	}
	m.Waivers = waiversOf(&ev, r, func(of string) bool { return of == id })
	m.Evidence = alertBatches(&ev, id)
	if o, ok := assure.Operations(&ev, r.Policy, r.AsOf)[id]; ok {
		m.Operation = &o
	}
	m.Exceptions = append([]assure.Exempt{}, assure.ExceptionsOf(&ev, day.Of(r.AsOf))[id]...)
	m.Changes = changesOf(&ev, id, m.Window.To)
	if m.Days, err = s.daysOf(ctx, &ev, r, id); err != nil {
		return m, err
	}
	waited, err := s.durations(ctx, &ev, r)
	m.Times = times(r, waited[id])
	return m, err
}

// findRule returns the id of the rule that name is the id of, in whatever case,
// or else the name of.
func findRule(ev assure.Evidence, name string) (string, error) {
	names := ruleNames(ev)
	for i := range ev.Rules {
		if _, ok := names[ev.Rules[i].Value.ID]; !ok {
			names[ev.Rules[i].Value.ID] = ""
		}
	}
	if _, ok := names[name]; ok {
		return name, nil
	}
	var found []string
	for id, n := range names {
		if strings.EqualFold(id, name) || strings.EqualFold(n, name) {
			found = append(found, id)
		}
	}
	if len(found) == 0 {
		found = called(ev, name)
	}
	switch slices.Sort(found); len(found) {
	case 1:
		return found[0], nil
	case 0:
		e := fault.New(fault.NotFound, "no rule and no alert names the rule %q", name)
		if rules := nearRules(ev, name); len(rules) > 0 {
			return "", e.Next("nearest: %s; candor measure lists the rules that raised alerts", strings.Join(rules, ", "))
		}
		return "", e.Next("candor measure lists the rules that raised alerts; a rule is named by its id or its full name")
	}
	return "", fault.New(fault.Usage, "%d rules are named %q", len(found), name).Next("use an id: %s", strings.Join(found[:min(5, len(found))], ", "))
}

// nearRules lists the rules whose ids or names are nearest to a name.
func nearRules(ev assure.Evidence, name string) []string {
	byName := map[string]string{}
	for id, n := range ruleNames(ev) {
		byName[id] = id
		if n != "" {
			byName[n] = fmt.Sprintf("%s (%s)", id, n)
		}
	}
	for i := range ev.Rules {
		byName[ev.Rules[i].Value.ID] = ev.Rules[i].Value.ID
	}
	var rules []string
	for _, n := range near.Words(name, slices.Sorted(maps.Keys(byName)), nearMost) {
		rules = append(rules, byName[n])
	}
	return rules
}

// called lists the rules that have the alias, in whatever case, or that alerts
// call so.
func called(ev assure.Evidence, name string) []string {
	var found []string
	is := func(s string) bool { return strings.EqualFold(s, name) }
	for i := range ev.Rules {
		if v := &ev.Rules[i].Value; slices.ContainsFunc(v.Aliases, is) {
			found = append(found, v.ID)
		}
	}
	for _, r := range ev.AlertRules {
		if slices.ContainsFunc(r.As, func(as assure.AlertName) bool { return is(as.ID) }) {
			found = append(found, r.ID)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// MeasureAnalytics returns what the alerts say of the analytic that id names or,
// when id is empty, of every applicable analytic whose claiming rules raised any.
func (s *Service) MeasureAnalytics(ctx context.Context, r Request, id string) (MeasuredAnalytics, error) {
	holds(ctx, r)
	m, err := shared(ctx, s, r, func(ctx context.Context) (MeasuredAnalytics, error) { return s.measureAnalyticsNow(ctx, r, id) }, "analytics", id)
	m.AsOf = r.AsOf
	return m, err
}

func (s *Service) measureAnalyticsNow(ctx context.Context, r Request, id string) (MeasuredAnalytics, error) {
	m := MeasuredAnalytics{Basis: basisOf(r), Analytics: []MeasuredAnalytic{}}
	verdicts, err := s.verdicts(ctx, r, id)
	if err != nil {
		return m, err
	}
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return m, err
	}
	m.Limits = append(limitsOf(&ev), "The alerts of several rules are pooled; each may be better or worse than all together.")
	m.Limits = append(m.Limits, assure.ExpiredLimits(ev.Expired, nil)...)
	waited, err := s.durations(ctx, &ev, r)
	if err != nil {
		return m, err
	}
	var of []*assure.Verdict
	var sets [][]string // of each, and of each of its rules
	for i := range verdicts {
		if v := &verdicts[i]; id != "" || v.Rung != assure.NotApplicable && v.Measurement != nil && v.Measurement.Alerts > 0 {
			of = append(of, v)
			sets = append(sets, countingRules(v))
			for _, rule := range countingRules(v) {
				sets = append(sets, []string{rule})
			}
		}
	}
	sums, err := s.sumsNow(ctx, &ev, r, sets)
	if err != nil {
		return m, err
	}
	pooled := pooling{r, ruleNames(ev), ev.Lately(r.AsOf)}
	for _, v := range of {
		rules := countingRules(v)
		m.Analytics = append(m.Analytics, pooled.of(v, rules, sums[:1+len(rules)]))
		sums = sums[1+len(rules):]
		a := &m.Analytics[len(m.Analytics)-1]
		a.time(r, waited)
		a.Waivers, a.Evidence = append([]assure.Waiver{}, v.Waivers...), alertBatches(&ev, rules...)
	}
	slices.SortStableFunc(m.Analytics, func(a, b MeasuredAnalytic) int { return cmp.Compare(b.Detail.Alerts, a.Detail.Alerts) })
	return m, nil
}

// verdicts returns the verdict on one analytic, or those on all.
func (s *Service) verdicts(ctx context.Context, r Request, id string) ([]assure.Verdict, error) {
	if id != "" {
		v, err := s.Verdict(ctx, r, id)
		return []assure.Verdict{v}, err
	}
	a, err := s.Assess(ctx, r)
	return a.Verdicts, err
}

// pooling is what the alerts of several rules are measured by.
type pooling struct {
	r      Request
	names  map[string]string // of rules
	lately measure.Lately
}

// of says what the alerts of the rules that claim an analytic say, whose sums are those of
// all together and then of each.
func (p *pooling) of(v *assure.Verdict, rules []string, sums []alert.Sums) MeasuredAnalytic {
	m := MeasuredAnalytic{Revisions: append([]assure.Revision{}, v.Revisions...), Analytic: v.Analytic, Techniques: v.Techniques, Rung: v.Rung, Rules: []measure.Detail{}}
	b, policy := basisOf(p.r), p.r.Policy.Measure
	for i, id := range rules {
		if sums[1+i].Alerts == 0 {
			continue
		}
		d := p.lately.Detailed(id, &sums[1+i], b.span(), policy)
		d.RuleName = p.names[id]
		m.Rules = append(m.Rules, d)
	}
	name := "no rule"
	if v.Measurement != nil {
		name = v.Measurement.RuleID
	}
	m.Detail = p.lately.Detailed(name, &sums[0], b.span(), policy)
	rank(m.Rules, policy)
	return m
}

// countingRules lists the rules whose claims on the analytic count.
func countingRules(v *assure.Verdict) []string {
	var ids []string
	for _, c := range v.Claims {
		if c.Enabled && c.Counts {
			ids = append(ids, c.RuleID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func values[T any](of []evidence.Of[T]) []T {
	out := make([]T, len(of))
	for i := range of {
		out[i] = of[i].Value
	}
	return out
}

// unlabelled reports whether policy counts no label of the alert.
func unlabelled(a *alert.Alert, p measure.Policy) bool {
	return a.Disposition == nil || a.Disposition.Class == alert.Unlabelled ||
		!slices.Contains(p.Provenances, string(a.Disposition.Provenance))
}
