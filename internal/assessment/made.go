package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// RulesMade is what was made of the rules that are in force.
type RulesMade struct {
	// Release is zero where the library holds none: what rules claim is then not told.
	Release attack.Release   `json:"release"`
	AsOf    time.Time        `json:"as_of"`
	Policy  assure.PolicyRef `json:"policy"`
	// Bases says of how many rules each basis is the strongest, strongest first.
	Bases []BasisCount `json:"bases"`
	Rules []RuleMade   `json:"rules"`
}

// BasisCount is how many rules have a basis.
type BasisCount struct {
	// Basis is empty for rules that claim no analytic.
	Basis claim.Basis `json:"basis"`
	Rules int         `json:"rules"`
	// Enabled are those of them that are enabled and raise alerts.
	Enabled int `json:"enabled"`
}

// RuleMade is one rule with what was made of it.
type RuleMade struct {
	detection.Rule
	Batch string `json:"batch"`
	// Basis is the strongest on which the rule claims an analytic; empty where it
	// claims none.
	Basis claim.Basis `json:"basis,omitempty"`
	// Claims are the analytics that it claims, those that count first.
	Claims []AnalyticClaim `json:"claims"`
	// Counting is how many of the claims count.
	Counting int `json:"counting"`
	// Nowhere are the techniques that it names and that have no analytic where it looks.
	Nowhere []claim.Nowhere `json:"nowhere"`
	// Why says what keeps claims from counting, and references from being claims, each
	// reason once.
	Why []string `json:"why"`
	// Exceptions are those that had begun by the day; what they would have hidden stands
	// with the measurement of the rule.
	Exceptions []assure.Exempt `json:"exceptions,omitempty"`
}

// AnalyticClaim is a rule's claim on one analytic.
type AnalyticClaim struct {
	Analytic  string      `json:"analytic"`
	Technique string      `json:"technique,omitempty"`
	Basis     claim.Basis `json:"basis"`
	Counts    bool        `json:"counts"`
	Why       string      `json:"why,omitempty"`
}

// Rules returns what was made of the rules that are in force. It fails as Assess does,
// but where the library holds no release at all.
func (s *Service) Rules(ctx context.Context, r Request) (RulesMade, error) {
	ev, a, err := s.held(ctx, r)
	if err != nil {
		return RulesMade{}, err
	}
	m := RulesMade{Release: a.Release, AsOf: r.AsOf, Policy: a.Policy, Rules: make([]RuleMade, len(ev.Rules))}
	at := make(map[string]*RuleMade, len(ev.Rules))
	list := make([]*detection.Rule, len(ev.Rules))
	for i := range ev.Rules {
		list[i] = &ev.Rules[i].Value
	}
	among := detection.NewCorrelations(list) // a correlation reads what its rules read
	for i := range ev.Rules {
		m.Rules[i] = RuleMade{Rule: *among.Joined(list[i]), Batch: ev.Rules[i].Batch, Claims: []AnalyticClaim{}, Nowhere: []claim.Nowhere{}, Why: []string{}}
		at[m.Rules[i].ID] = &m.Rules[i]
	}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		for _, c := range v.Claims {
			if rule := at[c.RuleID]; rule != nil {
				rule.claim(v.Analytic.ATTACKID, &c)
			}
		}
	}
	reasons(at, &a)
	exceptions, err := exceptionsIn(&ev, r.Policy.Claim.JoinAlertsBy, day.Of(r.AsOf))
	if err != nil {
		return RulesMade{}, err
	}
	for rule, list := range exceptions {
		if m := at[rule]; m != nil {
			m.Exceptions = list
		}
	}
	for i := range m.Rules {
		m.Rules[i].conclude(a.Release.Version != "")
	}
	slices.SortFunc(m.Rules, func(a, b RuleMade) int { return strings.Compare(a.ID, b.ID) })
	m.Bases = countBases(m.Rules)
	return m, nil
}

// Narrow says which of the rules or sources that were made something of are meant.
// Empty fields are wild.
type Narrow struct {
	// Text stands in the id or name, or is a technique, a platform or a log source.
	Text string
	// Source is the source of a rule, Batch what brought it, Basis its strongest one,
	// "none" for none.
	Source, Batch, Basis string
}

// Only returns m with the rules that are meant alone; the counts are of those. A basis
// that there is not is fault.Usage.
func (m RulesMade) Only(n Narrow) (RulesMade, error) {
	var bases []string
	for _, b := range claim.Bases() {
		bases = append(bases, string(b))
	}
	if bases = append(bases, "none"); n.Basis != "" && !slices.Contains(bases, n.Basis) {
		return m, fault.New(fault.Usage, "there is no basis %q", n.Basis).At("basis").Next("%s", near.Hint(n.Basis, bases, ""))
	}
	rules := []RuleMade{}
	for i := range m.Rules {
		if m.Rules[i].meant(n) {
			rules = append(rules, m.Rules[i])
		}
	}
	m.Rules, m.Bases = rules, countBases(rules)
	return m, nil
}

func (m *RuleMade) meant(n Narrow) bool {
	words := []string{m.ID, m.Name}
	words = append(append(words, m.Techniques...), m.Platforms...)
	for _, l := range m.Logs {
		words = append(words, l.Name, l.Component)
	}
	return mentions(words, n.Text) && (n.Source == "" || strings.EqualFold(n.Source, m.Origin)) &&
		(n.Batch == "" || strings.HasPrefix(m.Batch, n.Batch)) &&
		(n.Basis == "" || n.Basis == string(m.Basis) || n.Basis == "none" && m.Basis == "")
}

// mentions reports whether one of the words holds a text, in any case.
func mentions(words []string, text string) bool {
	text = attack.Fold(text)
	return text == "" || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(attack.Fold(w), text) })
}

// Only returns m with the sources that are meant alone. Only Text and Batch narrow.
func (m TelemetryMade) Only(n Narrow) TelemetryMade {
	sources := []SourceMade{}
	for _, s := range m.Sources {
		words := append([]string{s.Name, s.Channel, s.Component, s.Product, s.Owner}, s.Platforms...)
		if mentions(append(words, s.Techniques...), n.Text) && (n.Batch == "" || strings.HasPrefix(s.Batch, n.Batch)) {
			sources = append(sources, s)
		}
	}
	m.Sources = sources
	return m
}

// held returns the evidence in force and the assessment of all platforms; one without
// a release where the library holds none.
func (s *Service) held(ctx context.Context, r Request) (assure.Evidence, assure.Assessment, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return assure.Evidence{}, assure.Assessment{}, err
	}
	ev, err := s.records(ctx, g.evidence)
	if err != nil {
		return assure.Evidence{}, assure.Assessment{}, err
	}
	releases, err := s.lib.Releases(ctx)
	if err != nil || len(releases) == 0 {
		return ev, assure.Assessment{}, err
	}
	r.Platform = ""
	a, err := s.Assess(ctx, r)
	return ev, a, err
}

// claim adds a claim to a rule.
func (m *RuleMade) claim(analytic string, c *claim.Claim) {
	m.Claims = append(m.Claims, AnalyticClaim{Analytic: analytic, Technique: c.Technique, Basis: c.Basis, Counts: c.Counts, Why: c.Why})
	if c.Counts {
		m.Counting++
	}
	if bases := claim.Bases(); m.Basis == "" || slices.Index(bases, c.Basis) < slices.Index(bases, m.Basis) {
		m.Basis = c.Basis
	}
}

// reasons tells rules what of them the release could not map.
func reasons(at map[string]*RuleMade, a *assure.Assessment) {
	for _, u := range a.Unmapped.Rules {
		if m := at[u.RuleID]; m != nil {
			m.because(u.Why)
		}
	}
	for _, n := range a.Unmapped.Nowhere {
		if m := at[n.RuleID]; m != nil {
			m.Nowhere = append(m.Nowhere, n)
		}
	}
	for _, id := range a.Unmapped.SilentRules {
		if m := at[id]; m != nil {
			m.because("it names no technique and no analytic")
		}
	}
}

func (m *RuleMade) because(why string) {
	if why != "" && !slices.Contains(m.Why, why) {
		m.Why = append(m.Why, why)
	}
}

// conclude puts claims in order and says why none counts where none does.
func (m *RuleMade) conclude(judged bool) {
	slices.SortStableFunc(m.Claims, func(a, b AnalyticClaim) int {
		return cmp.Or(cmp.Compare(truth(b.Counts), truth(a.Counts)), strings.Compare(a.Analytic, b.Analytic))
	})
	for _, c := range m.Claims {
		m.because(c.Why)
	}
	if !judged {
		m.because("no release of ATT&CK is imported, so that what it claims is not known")
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// countBases counts rules by their strongest basis.
func countBases(rules []RuleMade) []BasisCount {
	counts := []BasisCount{}
	for _, b := range append(claim.Bases(), "") {
		n := BasisCount{Basis: b}
		for i := range rules {
			if rules[i].Basis == b {
				n.Rules++
				if rules[i].Enabled && rules[i].Role == detection.Alerts {
					n.Enabled++
				}
			}
		}
		counts = append(counts, n)
	}
	return counts
}

// TelemetryMade is what was made of the telemetry that is in force.
type TelemetryMade struct {
	Release attack.Release    `json:"release"`
	AsOf    time.Time         `json:"as_of"`
	Window  visibility.Window `json:"window"`
	Policy  assure.PolicyRef  `json:"policy"`
	// Platforms are those that the scopes state; none where none does.
	Platforms []string       `json:"platforms"`
	Sources   []SourceMade   `json:"sources"`
	Externals []ExternalMade `json:"externals"`
	// Fields are the shares of events that carry fields, as far as they were measured up
	// to the day, the newest first.
	Fields []FieldMade `json:"fields"`
}

// FieldMade is a field's share with the batch that brought it and how many enabled rules
// need the field.
type FieldMade struct {
	telemetry.FieldShare
	Batch string `json:"batch"`
	Rules int    `json:"rules"`
}

// SourceMade is a declared log source with what was made of it.
type SourceMade struct {
	telemetry.Source
	Batch string `json:"batch"`
	// Analytics and Techniques are those of which it covers a need.
	Analytics  []string `json:"analytics"`
	Techniques []string `json:"techniques"`
	// LastSeen is the last day on which it arrived, and Days on how many days of the
	// window it did.
	LastSeen day.Date `json:"last_seen,omitempty"`
	Days     int      `json:"days"`
	// State is how it arrives, as in visibility.Need, and Seen the most hosts that sent it
	// on one day of the window; State is empty for a data component alone.
	State visibility.NeedState `json:"state,omitempty"`
	Seen  int                  `json:"hosts_seen"`
	// Unseen is how many of Analytics apply here and are not seen as they ask for.
	Unseen int `json:"analytics_not_seen"`
	// MedianLatency and P95Latency are within how many seconds half and 95 % of its events
	// arrived on LatencyDay, the newest on which that was measured; nil for never.
	MedianLatency *float64 `json:"latency_median,omitempty"`
	P95Latency    *float64 `json:"latency_p95,omitempty"`
	LatencyDay    day.Date `json:"latency_day,omitempty"`
	// Why says why it covers nothing; empty where it does.
	Why string `json:"why,omitempty"`
	// ReadAs is the data component that the declared one is taken for, and Nearest what
	// may have been meant where the release does not know a name.
	ReadAs  string   `json:"read_as,omitempty"`
	Nearest []string `json:"nearest,omitempty"`
}

// ExternalMade is an external source with the batch that brought it.
type ExternalMade struct {
	telemetry.External
	Batch string `json:"batch"`
}

// Telemetry returns what was made of the telemetry that is in force. It fails as
// Rules does.
func (s *Service) Telemetry(ctx context.Context, r Request) (TelemetryMade, error) {
	ev, a, err := s.held(ctx, r)
	if err != nil {
		return TelemetryMade{}, err
	}
	t := ev.Telemetry
	m := TelemetryMade{Release: a.Release, AsOf: r.AsOf, Window: assure.WindowOf(r.Policy, r.AsOf), Policy: a.Policy,
		Platforms: stated(t.Scope), Sources: make([]SourceMade, len(t.Sources)), Externals: []ExternalMade{}}
	for i := range t.Sources {
		m.Sources[i] = SourceMade{Source: t.Sources[i].Value, Batch: t.Sources[i].Batch, Analytics: []string{}, Techniques: []string{}}
	}
	for _, x := range t.Externals {
		m.Externals = append(m.Externals, ExternalMade{x.Value, x.Batch})
	}
	m.Fields = fieldsMade(&ev, day.Of(r.AsOf))
	if a.Release.Version == "" {
		for i := range m.Sources {
			m.Sources[i].Why = "no release of ATT&CK is imported, so that what it is good for is not known"
		}
		return m, nil
	}
	lib, err := s.library(ctx, a.Release)
	if err != nil {
		return TelemetryMade{}, err
	}
	m.serve(&a, visibility.Serve(lib, t, r.Policy.Visibility, m.Window))
	m.suggest(visibility.Unknown(lib, t))
	return m, nil
}

// fieldsMade lists the measured shares of fields, the newest first, with how many
// enabled rules need each.
func fieldsMade(ev *assure.Evidence, on day.Date) []FieldMade {
	need := map[string]int{}
	for i := range ev.Rules {
		if r := &ev.Rules[i].Value; r.Enabled {
			for _, f := range r.Needed() {
				need[attack.Fold(f)]++
			}
		}
	}
	out := []FieldMade{}
	for _, f := range ev.Fields {
		if f.Value.Day <= on {
			out = append(out, FieldMade{f.Value, f.Batch, need[attack.Fold(f.Value.Field)]})
		}
	}
	slices.SortFunc(out, func(a, b FieldMade) int {
		return cmp.Or(strings.Compare(string(b.Day), string(a.Day)), strings.Compare(a.Source, b.Source), strings.Compare(a.Channel, b.Channel),
			strings.Compare(a.Field, b.Field), strings.Compare(a.Site, b.Site))
	})
	return out
}

func stated(scopes []evidence.Of[telemetry.Scope]) []string {
	platforms := []string{}
	for _, s := range scopes {
		for _, p := range s.Value.Platforms {
			if !slices.Contains(platforms, p) {
				platforms = append(platforms, p)
			}
		}
	}
	slices.Sort(platforms)
	return platforms
}

// serve says what the sources are good for.
func (m *TelemetryMade) serve(a *assure.Assessment, served []visibility.Served) {
	verdicts := make(map[string]*assure.Verdict, len(a.Verdicts))
	for i := range a.Verdicts {
		verdicts[a.Verdicts[i].Analytic.StixID] = &a.Verdicts[i]
	}
	for i := range served {
		out := &m.Sources[i]
		out.LastSeen, out.Days, out.Why = served[i].LastSeen, served[i].Days, served[i].Note
		out.MedianLatency, out.P95Latency, out.LatencyDay = served[i].MedianLatency, served[i].P95Latency, served[i].LatencyDay
		out.State, out.Seen = served[i].State, served[i].Hosts
		seen := map[string]bool{}
		for _, id := range served[i].Analytics {
			v := verdicts[id]
			if v == nil {
				continue
			}
			if v.Rung != assure.NotApplicable && !v.Visibility.State.Seen() {
				out.Unseen++
			}
			out.Analytics = append(out.Analytics, v.Analytic.ATTACKID)
			for _, t := range v.Techniques {
				if !seen[t.ATTACKID] {
					seen[t.ATTACKID] = true
					out.Techniques = append(out.Techniques, t.ATTACKID)
				}
			}
		}
		slices.Sort(out.Techniques)
		if len(out.Analytics) == 0 && out.Why == "" {
			out.Why = fmt.Sprintf("no analytic of %s names it", a.Release)
		}
	}
}

// suggest says what may have been meant by names that the release does not know.
func (m *TelemetryMade) suggest(unknown []visibility.Suggestion) {
	for _, u := range unknown {
		for i := range m.Sources {
			s := &m.Sources[i]
			switch {
			case u.Component != "" && attack.Fold(s.Component) == attack.Fold(u.Component):
				s.ReadAs = u.ReadAs
			case u.Component == "" && attack.Fold(s.Name) == attack.Fold(u.Name) && (u.OfName || attack.Fold(s.Channel) == attack.Fold(u.Channel)):
			default:
				continue
			}
			if len(s.Analytics) == 0 {
				s.Nearest = u.Nearest
			}
		}
	}
}

// Title names a source for people: its log source and channel, else its component.
func (s *SourceMade) Title() string {
	name := s.Name
	if s.Channel != "" {
		name += " / " + s.Channel
	}
	return cmp.Or(name, s.Component)
}
