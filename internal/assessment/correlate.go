package assessment

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate"
	"candor/internal/correlate/worth"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/signal"
	"candor/internal/store"
	"candor/internal/visibility"
)

// Correlation asks for chains.
type Correlation struct {
	Request
	Plan *correlate.Plan
	// Aliases says which names are of one entity; nil for none.
	Aliases correlate.Aliases
	// Unit and Repeats are how worth is counted.
	Unit    worth.Unit
	Repeats int
}

// ChainsFound is what correlation found in the history of alerts and signals.
type ChainsFound struct {
	Basis
	// Alerts and Signals are how many were looked at, and Renamed how many of their
	// entities an alias file calls something else.
	Alerts  int64 `json:"alerts"`
	Signals int64 `json:"signals"`
	Renamed int64 `json:"entities_by_alias"`
	// Later is how many say that they are of a later day than that of judgement, and were
	// not looked at.
	Later int64 `json:"after_the_day"`
	// Reread says of the IDs that definitions and signals name what people decided that they
	// mean in the release.
	Reread []string            `json:"reread,omitempty"`
	Stats  correlate.Stats     `json:"read"`
	Found  []correlate.Finding `json:"findings"`
}

// ChainsWorth is what the chains of definitions are worth on that history.
type ChainsWorth struct {
	Basis
	Alerts  int64           `json:"alerts"`
	Signals int64           `json:"signals"`
	Stats   correlate.Stats `json:"read"`
	Repeats int             `json:"repeats"`
	// Reread is as in ChainsFound.
	Reread []string `json:"reread,omitempty"`
	// Incidents says what the time of incidents is, which the control leaves out.
	Incidents string        `json:"incidents"`
	Worth     []worth.Worth `json:"definitions"`
	// Beside is the same of the engine's findings, whose windows slide, where Worth counts
	// windows of fixed edges.
	Beside []worth.Worth `json:"sliding_beside,omitempty"`
}

// Correlate runs definitions over the alerts and signals of the window. It reads them once,
// in the order of time, and holds a portion of them at a time.
func (s *Service) Correlate(ctx context.Context, c Correlation) (ChainsFound, error) {
	out := ChainsFound{Basis: basisOf(c.Request), Found: []correlate.Finding{}}
	h, err := s.observing(ctx, &c)
	if err != nil {
		return out, err
	}
	r := newRun(c.Plan)
	if err := s.observe(ctx, h, h.window.From, func(o *worth.Seen) { r.see(&o.Observation) }); err != nil {
		return out, err
	}
	out.Alerts, out.Signals, out.Renamed = h.alerts, int64(len(h.signals)), h.renamed
	out.Reread = h.reread
	out.Found, out.Stats = r.end()
	out.Later, err = s.later(ctx, h)
	return out, err
}

// lastDay is a day that no alert is after.
const lastDay = day.Date("9999-12-31")

// later counts what is of a later day than that of judgement: by a clock that runs ahead.
func (s *Service) later(ctx context.Context, h *observing) (int64, error) {
	n := h.later
	for a, err := range s.alerts.All(ctx, h.window.To.Add(1), lastDay) {
		if err != nil {
			return n, fmt.Errorf("read the alerts after the window: %w", err)
		}
		if h.ev.Here(a.Site) && a.Source != ChainSource {
			n++
		}
	}
	return n, nil
}

// WorthOf says what definitions are worth on the alerts and signals of the window.
func (s *Service) WorthOf(ctx context.Context, c Correlation) (ChainsWorth, error) {
	out := ChainsWorth{Basis: basisOf(c.Request), Repeats: c.Repeats, Worth: []worth.Worth{}}
	h, err := s.observing(ctx, &c)
	if err != nil {
		return out, err
	}
	var list []worth.Seen
	if err := s.observe(ctx, h, h.window.From, func(o *worth.Seen) { list = append(list, *o) }); err != nil {
		return out, err
	}
	slices.SortStableFunc(list, func(a, b worth.Seen) int { return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID)) })
	out.Alerts, out.Signals, out.Incidents = h.alerts, int64(len(h.signals)), incident(list)
	out.Reread = h.reread
	r := newRun(c.Plan)
	for i := range list {
		r.see(&list[i].Observation)
	}
	var found []correlate.Finding
	found, out.Stats = r.end()
	m := c.Policy.Measure
	p := worth.Policy{Repeats: c.Repeats, Seed: "1", Confidence: m.Confidence, MinutesPerAlert: m.MinutesPerAlert, MinPrecision: m.MinPrecision, MinSites: leastSites, MostLost: mostLost}
	out.Worth = worth.Of(c.Plan, list, found, c.Unit, p)
	if c.Unit == worth.Epoch {
		out.Beside = worth.Of(c.Plan, list, found, worth.Sliding, p)
	}
	return out, ctx.Err()
}

// leastSites is from how many sites labelled chains have to come that are to stand in for
// what cannot be seen, and mostLost the largest share of true positives that may be lost
// by it (doc/correlate.md).
const (
	leastSites = 5
	mostLost   = 0.05
)

// observing is a history on its way to be observations.
type observing struct {
	later   int64 // signals of a later day than that of judgement
	c       *Correlation
	ev      assure.Evidence
	lib     *attack.Library // nil without a release
	rules   map[string][]*detection.Rule
	sorts   map[string]*correlate.Sort
	texts   map[string]string // what many observations say, once
	window  visibility.Window
	signals []worth.Seen // in the order of time
	alerts  int64
	renamed int64
	reread  []string // what was decided of IDs that definitions and signals name
}

// observing reads what the observations of the window are made with, and the signals.
func (s *Service) observing(ctx context.Context, c *Correlation) (*observing, error) {
	ev, err := s.evidenceOf(ctx, c.Request)
	if err != nil {
		return nil, err
	}
	h := &observing{c: c, ev: ev, rules: map[string][]*detection.Rule{}, sorts: map[string]*correlate.Sort{}, texts: map[string]string{}, window: assure.WindowOf(c.Policy, c.AsOf)}
	if rel, err := s.release(ctx, c.Release.Or(c.Policy.Release)); err == nil {
		if h.lib, err = s.library(ctx, rel); err != nil {
			return nil, err
		}
		h.read()
	}
	for i := range ev.Rules {
		r := &ev.Rules[i].Value
		h.rules[r.ID] = append(h.rules[r.ID], r)
	}
	if err := s.signalsInto(ctx, h); err != nil {
		return nil, err
	}
	slices.SortStableFunc(h.signals, func(a, b worth.Seen) int { return a.Time.Compare(b.Time) })
	return h, nil
}

// read has the definitions mean what people decided of the IDs that they name.
func (h *observing) read() {
	if h.c.Plan == nil {
		return
	}
	h.c.Plan = h.c.Plan.ReadAs(func(d *correlate.Definition, s correlate.Selector) []string {
		of := attack.Holder{Kind: attack.OfChain, ID: d.Key()}
		h.note(d.Key(), of, s.Name)
		return assure.Decides(h.lib, of, s.Name)
	})
}

// note keeps what was decided of IDs as somebody names them.
func (h *observing) note(who string, of attack.Holder, ids ...string) {
	if h.lib == nil {
		return
	}
	for _, id := range ids {
		if d := h.lib.Decided(of, id); d != nil {
			if text := who + ": " + d.Says(); !slices.Contains(h.reread, text) {
				h.reread = append(h.reread, text)
			}
		}
	}
}

// decided returns the ATT&CK IDs that IDs stand for where a holder names them, as
// assure.Decides has it; themselves without a release.
func decided(lib *attack.Library, of attack.Holder, ids []string) []string {
	if lib == nil {
		return slices.Clone(ids)
	}
	var as []string
	for _, id := range ids {
		as = append(as, assure.Decides(lib, of, id)...)
	}
	return as
}

// signalHolder is whose naming of an ID a decision about a signal is of: its source's.
func signalHolder(g *signal.Signal) attack.Holder {
	return attack.Holder{Kind: attack.OfSignal, ID: cmp.Or(g.Source, g.Name)}
}

// observe shows the alerts of the window from a day on and its signals, in the order of time.
// An alert that is a finding itself is none of them.
func (s *Service) observe(ctx context.Context, h *observing, first day.Date, see func(*worth.Seen)) error {
	legacy, n := alert.LegacyOf(values(h.ev.Cases), string(h.window.To)), 0
	for a, err := range s.alerts.All(ctx, first, h.window.To) {
		if err != nil {
			return fmt.Errorf("read the alerts of the window: %w", err)
		}
		if !h.ev.Here(a.Site) || a.Source == ChainSource {
			continue
		}
		for ; n < len(h.signals) && h.signals[n].Time.Before(a.Time); n++ {
			see(&h.signals[n])
		}
		o := h.alert(legacy.Alert(a))
		see(&o)
	}
	for ; n < len(h.signals); n++ {
		see(&h.signals[n])
	}
	return ctx.Err()
}

// engineRun is a run of the engine over a history.
type engineRun struct {
	state *correlate.State
	found []correlate.Finding
}

func newRun(p *correlate.Plan) *engineRun {
	return &engineRun{correlate.NewState(p, correlate.Limits{}), []correlate.Finding{}}
}

func (r *engineRun) see(o *correlate.Observation) { r.add(correlate.Step(r.state, o)) }

// add keeps what has ended.
func (r *engineRun) add(of []correlate.Finding) {
	for i := range of {
		if !of[i].Open {
			r.found = append(r.found, of[i])
		}
	}
}

// end returns what was found, by time.
func (r *engineRun) end() ([]correlate.Finding, correlate.Stats) {
	r.add(r.state.Flush())
	slices.SortFunc(r.found, byTimeOf)
	return r.found, r.state.Stats()
}

// text is a text that many observations say, held once.
func (h *observing) text(s string) string {
	one, known := h.texts[s]
	if !known {
		one = strings.Clone(s)
		h.texts[one] = one
	}
	return one
}

// alert is an alert as an observation.
func (h *observing) alert(a *alert.Alert) worth.Seen {
	o := correlate.Observation{ID: a.Identity().String(), Time: a.Time, Site: h.text(a.Site), Entity: h.entity(h.text(a.Entity)), Fields: a.Fields}
	key := join(a.Rule(), a.RuleName, a.Tactic, strings.Join(a.Techniques, " "))
	if o.Sort = h.sorts[key]; o.Sort == nil {
		o.Sort = &correlate.Sort{Rule: strings.Clone(a.RuleID), Name: strings.Clone(a.RuleName)}
		var analytics []string
		o.Sort.Techniques, o.Sort.Tactics = decided(h.lib, attack.Holder{}, a.Techniques), nonEmpty(a.Tactic)
		for _, r := range h.rules[a.RuleID] {
			of := attack.Holder{Kind: attack.OfRule, ID: r.ID}
			o.Sort.Techniques = append(o.Sort.Techniques, decided(h.lib, of, r.Techniques)...)
			o.Sort.Tactics, analytics = append(o.Sort.Tactics, r.Tactics...), append(analytics, decided(h.lib, of, r.Analytics)...)
		}
		h.place(o.Sort, analytics)
		h.sorts[key] = o.Sort
	}
	h.alerts++
	return worth.Seen{Observation: o, Label: h.label(a)}
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// place adds the techniques of analytics and the tactics of techniques, as the release has
// them.
func (h *observing) place(of *correlate.Sort, analytics []string) {
	if h.lib == nil {
		return
	}
	for _, id := range analytics {
		for _, o := range h.lib.ByATTACKID(id) {
			for _, t := range h.lib.TechniquesOf(o.ID) {
				of.Techniques = append(of.Techniques, t.ATTACKID)
			}
		}
	}
	for _, id := range of.Techniques {
		for _, o := range h.lib.ByATTACKID(id) {
			for _, t := range h.lib.TacticsOf(o.ID) {
				of.Tactics = append(of.Tactics, t.ATTACKID, t.ShortName)
			}
		}
	}
	slices.Sort(of.Techniques)
	of.Techniques = slices.Compact(of.Techniques)
	slices.Sort(of.Tactics)
	of.Tactics = slices.Compact(of.Tactics)
}

// entity is what an alias file calls an entity.
func (h *observing) entity(name string) string {
	as, renamed := h.c.Aliases.Of(name)
	if renamed {
		h.renamed++
	}
	return as
}

// label is what an alert counts as, by the provenances that policy counts.
func (h *observing) label(a *alert.Alert) worth.Label {
	d := a.Disposition
	switch {
	case d == nil || !slices.Contains(h.c.Policy.Measure.Provenances, string(d.Provenance)):
		return worth.Unlabelled
	case d.Class == alert.TruePositive:
		return worth.Hit
	case d.Class.Judges():
		return worth.Miss
	case d.Class.Labels():
		return worth.LeftOut
	}
	return worth.Unlabelled
}

// signalsInto takes the signals of the window in.
func (s *Service) signalsInto(ctx context.Context, h *observing) error {
	records, err := s.evidence.Current(ctx, evidence.RecordSignal)
	if err != nil {
		return err
	}
	signals, err := decode[signal.Signal](records)
	if err != nil {
		return err
	}
	for i := range signals {
		g := &signals[i].Value
		d := day.Of(g.Time)
		if d > h.window.To && h.ev.Here(g.Site) {
			h.later++
		}
		if d < h.window.From || d > h.window.To || !h.ev.Here(g.Site) {
			continue
		}
		of := signalHolder(g)
		key := join("signal", of.ID, g.Name, g.Tactic, strings.Join(g.Techniques, " "))
		if h.sorts[key] == nil {
			h.sorts[key] = &correlate.Sort{Signal: g.Name, Techniques: decided(h.lib, of, g.Techniques), Tactics: nonEmpty(g.Tactic)}
			h.note("signals of "+of.ID, of, g.Techniques...)
			h.place(h.sorts[key], nil)
		}
		h.signals = append(h.signals, worth.Seen{Observation: correlate.Observation{ID: "signal/" + g.ID, Time: g.Time, Sort: h.sorts[key], Site: g.Site,
			Entity: h.entity(g.Entity), Fields: g.Fields}})
	}
	return nil
}

// incident marks what fell into the time of incidents: at each site the hours in which
// there was a true positive. It says how many.
func incident(list []worth.Seen) string {
	type hour struct {
		site string
		at   int64
	}
	hours := map[hour]bool{}
	of := func(o *worth.Seen) hour { return hour{o.Site, o.Time.Truncate(time.Hour).Unix()} }
	for i := range list {
		if list[i].Label == worth.Hit {
			hours[of(&list[i])] = true
		}
	}
	n := int64(0)
	for i := range list {
		if hours[of(&list[i])] {
			list[i].Incident, n = true, n+1
		}
	}
	return figure.Sprintf("%s, of each site by itself, in which there was a true positive, with %d of %d observations",
		figure.Of(int64(len(hours)), "hour", "hours"), n, len(list))
}

// Kept by name are files of definitions: what somebody stated, in a batch of its own.

// DefinitionFile is a file of correlation definitions that is kept in the data folder.
type DefinitionFile struct {
	Name string    `json:"name"`
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	// Switched says which of its definitions somebody turned on or off since, by name.
	Switched map[string]bool `json:"switched,omitempty"`
	// Batch is the batch that holds it. The store sets it.
	Batch string `json:"batch,omitempty"`
}

// DefinitionFiles lists the files of definitions that are kept, by name.
func (s *Service) DefinitionFiles(ctx context.Context) ([]DefinitionFile, error) {
	records, err := s.evidence.Current(ctx, evidence.RecordChain)
	if err != nil {
		return nil, err
	}
	of, err := decode[DefinitionFile](records)
	list := make([]DefinitionFile, len(of))
	for i := range of {
		list[i] = of[i].Value
		list[i].Batch = of[i].Batch
	}
	return list, err
}

// KeepDefinitions keeps a file of definitions under its name, in the place of one that has
// it. What says the same as before changes nothing, and fresh is false.
func (s *Service) KeepDefinitions(ctx context.Context, f DefinitionFile) (fresh bool, err error) {
	if f.Name == "" || f.By == "" {
		return false, fault.New(fault.Usage, "a file of definitions is kept under a name, by somebody").Next("say --by who states it")
	}
	have, err := s.DefinitionFiles(ctx)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(have, func(o DefinitionFile) bool {
		return o.Name == f.Name && o.Text == f.Text && maps.Equal(o.Switched, f.Switched)
	}) {
		return false, nil
	}
	f.Batch = ""
	return true, s.state(ctx, statement{evidence.Chains, "definitions " + f.Name, store.Record{Kind: evidence.RecordChain, Key: f.Name}, f.By, f.At}, f)
}
