package assessment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/correlate"
	"candor/internal/correlate/worth"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/store"
)

// MeasuredWorth is what the chains of a definition were worth when somebody measured it,
// and kept it.
type MeasuredWorth struct {
	worth.Worth
	// Print tells the definition, with all that it is made of, from others.
	Print string `json:"print"`
	// From and To are the window, and Alerts and Signals what was seen in it.
	From    day.Date `json:"from"`
	To      day.Date `json:"to"`
	Alerts  int64    `json:"alerts"`
	Signals int64    `json:"signals"`
	Repeats int      `json:"repeats"`
	// Incidents says what the time of incidents was, which the control leaves out.
	Incidents string           `json:"incidents"`
	Policy    assure.PolicyRef `json:"policy"`
	By        string           `json:"by"`
	At        time.Time        `json:"at"`
	// Batch is the batch that holds it. The store sets it.
	Batch string `json:"batch,omitempty"`
	// Void says why it does not count any more; empty where it does.
	Void string `json:"void,omitempty"`
}

// KeepWorth keeps what the definitions of a question turned out to be worth: those that are
// kept, of all sites, counted by findings.
func (s *Service) KeepWorth(ctx context.Context, c Correlation, w *ChainsWorth, by string, at time.Time) error {
	if strings.TrimSpace(by) == "" {
		return fault.New(fault.Usage, "it is not said who measured it").At("by").Next("say who did with --by")
	}
	if c.Unit != worth.Sliding || c.Site != "" {
		return fault.New(fault.Usage, "what is kept is of all sites and counted by findings").Next("leave out --unit and --site")
	}
	k, err := s.KeptDefinitions(ctx)
	if err != nil {
		return err
	}
	for i := range w.Worth {
		m := MeasuredWorth{Worth: w.Worth[i], From: w.Window.From, To: w.Window.To, Alerts: w.Alerts, Signals: w.Signals, Repeats: w.Repeats, Incidents: w.Incidents,
			Policy: c.Policy.Ref(), By: by, At: at}
		if m.Print = printOf(&k.Set, m.Definition); m.Print == "" {
			return fault.New(fault.Usage, "the definition %s is not kept", m.Definition).Next("keep it first, with candor correlate set, and leave out --definitions")
		}
		st := statement{evidence.Chains, "worth of " + m.Definition, store.Record{Kind: evidence.RecordWorth, Key: m.Definition}, by, at}
		if err := s.state(ctx, st, m); err != nil {
			return err
		}
	}
	return nil
}

// printOf is a hash of a definition and of those that it is made of, with the families;
// where they stand and what they are called for people does not count. It is empty where
// there is no such definition.
func printOf(set *correlate.Set, name string) string {
	var parts []correlate.Definition
	for wanted := []string{name}; len(wanted) > 0; wanted = wanted[1:] {
		i := slices.IndexFunc(set.Definitions, func(d correlate.Definition) bool { return d.Key() == wanted[0] || d.ID == wanted[0] })
		if i < 0 || slices.ContainsFunc(parts, func(d correlate.Definition) bool { return d.Key() == set.Definitions[i].Key() }) {
			continue
		}
		d := set.Definitions[i]
		d.Title, d.Description, d.Level, d.Off, d.File, d.Line, d.Lines = "", "", "", false, "", 0, nil
		d.Name, d.ID, d.Stages = d.Key(), "", slices.Clone(d.Stages)
		for n := range d.Stages {
			d.Stages[n].Line = 0
			if d.Stages[n].Kind == "" || d.Stages[n].Kind == correlate.OfChain {
				wanted = append(wanted, d.Stages[n].Name)
			}
		}
		parts = append(parts, d)
	}
	if len(parts) == 0 {
		return ""
	}
	families := slices.Clone(set.Families)
	for i := range families {
		families[i].File, families[i].Line = "", 0
	}
	body, err := json.Marshal(struct {
		Definitions []correlate.Definition
		Families    []correlate.Family
	}{parts, families})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// MeasuredWorths returns what the definitions that are kept were last measured to be worth,
// by their names. One does not count whose definition is off or was changed since, or that
// is older than the window.
func (s *Service) MeasuredWorths(ctx context.Context, r Request) ([]MeasuredWorth, error) {
	records, err := s.evidence.Current(ctx, evidence.RecordWorth)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	of, err := decode[MeasuredWorth](records)
	if err != nil {
		return nil, err
	}
	k, err := s.KeptDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	w := assure.WindowOf(r.Policy, r.AsOf)
	var list []MeasuredWorth
	for i := range of {
		m := of[i].Value
		m.Batch = of[i].Batch
		at := slices.IndexFunc(k.Definitions, func(d correlate.Definition) bool { return d.Key() == m.Definition })
		switch {
		case at < 0:
			m.Void = "no such definition is kept any more"
		case printOf(&k.Set, m.Definition) != m.Print:
			m.Void = "the definition was changed since it was measured"
		case k.Definitions[at].Off:
			m.Void = "the definition is off"
		case m.To < w.From:
			m.Void = "it was measured before the window"
		case m.From > w.To:
			m.Void = "it was measured after the day of judgement"
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b MeasuredWorth) int { return strings.Compare(a.Definition, b.Definition) })
	return list, nil
}

// Earned reports whether the chains may stand in for what cannot be seen, and why or why
// not: only where their worth was measured beside a null that has power and a control
// outside incidents.
func (m *MeasuredWorth) Earned() (bool, string) {
	switch {
	case m.Void != "":
		return false, m.Void
	case m.Chance.Expected == nil:
		return false, "there is no null: " + m.Chance.Why
	case m.Chance.Powerless:
		return false, "the null has no power: the window is a tenth of the span or more"
	case m.Control == nil || m.Control.Expected == nil:
		return false, "there is no control outside incidents"
	}
	return m.Credit, m.Because
}

// String says what was measured, in a sentence.
func (m *MeasuredWorth) String() string {
	text := figure.Sprintf("Chain %s, measured %s on %s to %s: %d found", m.Definition, day.Of(m.At), m.From, m.To, m.Chance.Observed)
	if m.Chance.Expected != nil {
		text += ", " + figure.Fixed(*m.Chance.Expected, 2) + " expected by chance"
	}
	if m.Precision.Of > 0 {
		text += figure.Sprintf("; %d of %d labelled ones true", m.Precision.Hits, m.Precision.Of)
	}
	return text + "."
}
