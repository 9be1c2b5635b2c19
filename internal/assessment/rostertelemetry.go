package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/roster"
	"candor/internal/signal"
	"candor/internal/visibility"
)

// sourced is a log source of a list: one that is declared, or one that analytics wait for
// and nobody declares.
type sourced struct {
	SourceMade
	declared bool
}

// sourcesRoster lists the declared log sources, and those that nobody declares of which
// analytics that apply here are in need.
func (s *Service) sourcesRoster(ctx context.Context, r Request) (roster.List, error) {
	m, err := s.Telemetry(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	rows := make([]sourced, len(m.Sources))
	for i := range m.Sources {
		rows[i] = sourced{m.Sources[i], true}
	}
	if m.Release.Version != "" {
		a, err := s.Assess(ctx, r)
		if err != nil {
			return roster.List{}, err
		}
		rows = append(rows, wanted(&a)...)
	}
	scope := cmp.Or(strings.Join(m.Platforms, ", "), "not stated, every platform counts")
	l := roster.List{Order: "as they are declared, then what nobody declares by how many analytics need it",
		Empty: "No log source is declared. candor evidence add telemetry PATH adds some.",
		About: fmt.Sprintf("Each declared log source, and each that analytics of %s which apply here need and nobody declares: how it arrives from %s to %s, and what waits for it. Scope: %s.",
			releaseWords(m.Release.String(), m.Release.Version), m.Window.From, m.Window.To, scope),
		Terms: sourceTerms(rows)}
	roster.Fill(&l, rows, sourceColumns())
	for i := range rows {
		l.Rows[i].Words = append(slices.Clone(rows[i].Techniques), rows[i].Analytics...)
	}
	return l, nil
}

// wanted lists the log sources that nobody declares and of which analytics that apply and
// are not seen are in need, those that most need first.
func wanted(a *assure.Assessment) []sourced {
	by := map[string]*sourced{}
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		if v.Rung == assure.NotApplicable || v.Visibility.State.Seen() {
			continue
		}
		for j := range v.Visibility.Needs {
			if n := &v.Visibility.Needs[j]; n.State == visibility.Missing {
				want(by, v, n)
			}
		}
	}
	list := make([]sourced, 0, len(by))
	for _, w := range by {
		w.Unseen = len(w.Analytics)
		slices.Sort(w.Techniques)
		w.Techniques = slices.Compact(w.Techniques)
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b sourced) int { return cmp.Or(b.Unseen-a.Unseen, strings.Compare(a.Name, b.Name)) })
	return list
}

// want notes that an analytic is in need of a log source.
func want(by map[string]*sourced, v *assure.Verdict, n *visibility.Need) {
	w := by[attack.Fold(n.Name)]
	if w == nil {
		w = &sourced{SourceMade: SourceMade{State: visibility.Missing}}
		w.Name, w.Component = n.Name, n.ComponentName
		by[attack.Fold(n.Name)] = w
	}
	if n.ComponentName != w.Component {
		w.Component = "several"
	}
	for _, p := range v.Platforms {
		if !slices.Contains(w.Platforms, p) {
			w.Platforms = append(w.Platforms, p)
		}
	}
	if !slices.Contains(w.Analytics, v.Analytic.ATTACKID) {
		w.Analytics = append(w.Analytics, v.Analytic.ATTACKID)
	}
	for _, t := range v.Techniques {
		w.Techniques = append(w.Techniques, t.ATTACKID)
	}
}

// arrival says in words how a source arrives.
func (s *sourced) arrival() (word, meaning string) {
	switch s.State {
	case visibility.Missing:
		return "not declared", "analytics need it, and nobody says that it is collected"
	case visibility.Unmeasured:
		return "never measured", "it is declared, and never was observed to arrive"
	case visibility.Silent:
		return "silent", "it was looked for in the window and did not arrive"
	case visibility.Old:
		return "stale", "it arrived once, and not lately enough for policy"
	case visibility.Thin:
		return "thin", "it arrives on fewer days or from fewer hosts than policy asks"
	case visibility.Measured:
		return "measured", "it arrives as policy asks"
	}
	return "by its component", "a data component is declared, whose log sources are measured by their names"
}

func sourceTerms(rows []sourced) []roster.Term {
	var terms []roster.Term
	for i := range rows {
		word, meaning := rows[i].arrival()
		at := slices.IndexFunc(terms, func(t roster.Term) bool { return t.Name == word })
		if at < 0 {
			at, terms = len(terms), append(terms, roster.Term{Name: word, Meaning: meaning})
		}
		terms[at].Count++
	}
	return terms
}

func sourceColumns() []roster.Col[sourced] {
	return []roster.Col[sourced]{
		words("source", "Log source", func(s *sourced) string { return s.Title() }),
		{Column: roster.Column{Key: "component", Name: "Data component", Kind: roster.Text, NoteKey: "read_as"}, Cell: func(s *sourced) roster.Cell {
			c := roster.Words(s.Component)
			if s.ReadAs != "" {
				c.Note = "read as " + s.ReadAs
			}
			return c
		}},
		choice("state", "State", func(s *sourced) roster.Cell { word, _ := s.arrival(); return roster.Words(word) }),
		choice("platforms", "Platforms", func(s *sourced) roster.Cell { return roster.Several(s.Platforms) }),
		choice("sites", "Sites", func(s *sourced) roster.Cell { return roster.Several(s.Sites) }),
		{Column: roster.Column{Key: "last_seen", Name: "Last seen", Kind: roster.Day}, Cell: func(s *sourced) roster.Cell { return roster.Words(cmp.Or(string(s.LastSeen), "never")) }},
		count("days", "Days", "of the evidence window on which it arrived", func(s *sourced) int { return s.Days }),
		{Column: roster.Column{Key: "hosts", Name: "Hosts", Hint: "the most on one day, of those that should send it", Kind: roster.Number}, Cell: func(s *sourced) roster.Cell {
			if s.Hosts > 0 {
				return roster.Of(int64(s.Seen), int64(s.Hosts))
			}
			return roster.Count(int64(s.Seen))
		}},
		{Column: roster.Column{Key: "p95_latency", Name: "95 % within", Kind: roster.Span, NoteKey: "latency_day"}, Cell: func(s *sourced) roster.Cell {
			return roster.Cell{Text: assure.Lasting(s.P95Latency), Number: s.P95Latency, Note: string(s.LatencyDay)}
		}},
		count("analytics", "Analytics", "of which it covers a need, or that need it", func(s *sourced) int { return len(s.Analytics) }),
		count("not_seen", "Of these not seen", "they apply here, and wait for this log source or for others besides", func(s *sourced) int { return s.Unseen }),
		count("techniques", "Techniques", "", func(s *sourced) int { return len(s.Techniques) }),
		{Column: roster.Column{Key: "why", Name: "Why not", Kind: roster.Text, NoteKey: "nearest"}, Cell: func(s *sourced) roster.Cell {
			c := roster.Words(s.Why)
			if len(s.Nearest) > 0 {
				c.Note = "nearest: " + strings.Join(s.Nearest, ", ")
			}
			return c
		}},
		{Column: roster.Column{Key: "product", Name: "Product and note", Kind: roster.Text, NoteKey: "note"}, Cell: func(s *sourced) roster.Cell { return roster.Words(s.Product).With(s.Note) }},
		words("owner", "Owner", func(s *sourced) string { return s.Owner }),
		batchColumn(func(s *sourced) string { return s.Batch }),
	}
}

// fieldsRoster lists the measured shares of fields.
func (s *Service) fieldsRoster(ctx context.Context, r Request) (roster.List, error) {
	m, err := s.Telemetry(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	l := roster.List{Order: "newest first", Empty: "No share of a field was measured. candor evidence add fields FILE adds some.",
		About: "In what share of events fields arrive, as measured. A rule that needs one which too few events carry does not see."}
	roster.Fill(&l, m.Fields, []roster.Col[FieldMade]{
		words("field", "Field", func(f *FieldMade) string { return f.Field }),
		words("source", "Log source", func(f *FieldMade) string {
			if f.Channel != "" {
				return f.Source + " / " + f.Channel
			}
			return f.Source
		}),
		choice("at_site", "Site", func(f *FieldMade) roster.Cell { return roster.Words(f.Site) }),
		{Column: roster.Column{Key: "share", Name: "Share", Kind: roster.Share}, Cell: func(f *FieldMade) roster.Cell { return roster.Proportion(&f.Share) }},
		{Column: roster.Column{Key: "events", Name: "Events", Kind: roster.Number}, Cell: func(f *FieldMade) roster.Cell {
			if f.Events == 0 {
				return roster.Cell{}
			}
			return roster.Count(f.Events)
		}},
		{Column: roster.Column{Key: "day", Name: "Day", Kind: roster.Day}, Cell: func(f *FieldMade) roster.Cell { return roster.Words(cmp.Or(string(f.Day), "not said")) }},
		count("rules", "Rules that need it", "enabled ones", func(f *FieldMade) int { return f.Rules }),
		batchColumn(func(f *FieldMade) string { return f.Batch }),
	})
	return l, nil
}

// heard is an external source with what came from it.
type heard struct {
	ExternalMade
	expired bool
	// why says why it counts for no analytic; counts for how many it does.
	why     string
	counts  int
	signals int
	last    day.Date
}

// externalsRoster lists the external sources.
func (s *Service) externalsRoster(ctx context.Context, r Request) (roster.List, error) {
	m, err := s.Telemetry(ctx, r)
	if err != nil {
		return roster.List{}, err
	}
	signals, err := s.signalsNow(ctx)
	if err != nil {
		return roster.List{}, err
	}
	today := day.Of(r.AsOf)
	rows := make([]heard, len(m.Externals))
	for i, x := range m.Externals {
		rows[i] = heard{ExternalMade: x, expired: x.Expires < today}
		for j := range signals {
			if g := &signals[j].Value; day.Of(g.Time) <= today && (attack.Fold(g.Source) == attack.Fold(x.ID) || attack.Fold(g.Source) == attack.Fold(x.Name)) {
				rows[i].signals++
				rows[i].last = max(rows[i].last, day.Of(g.Time))
			}
		}
	}
	if m.Release.Version != "" {
		a, err := s.Assess(ctx, r)
		if err != nil {
			return roster.List{}, err
		}
		sights(rows, &a)
	}
	l := roster.List{Order: "as they are registered", Empty: "No external source is registered. A telemetry file registers some, under external_sources: candor evidence template telemetry prints one.",
		About: "What others see for the organisation: how it is rated on the Admiralty scale (reliability A to F, credibility 1 to 6), until when, for how many analytics it counts, and what came from it."}
	roster.Fill(&l, rows, externalColumns())
	return l, nil
}

// sights says for how many analytics external sources count, why they do not, and when
// something came from them last.
func sights(rows []heard, a *assure.Assessment) {
	for i := range a.Verdicts {
		for _, x := range a.Verdicts[i].Visibility.Externals {
			at := slices.IndexFunc(rows, func(h heard) bool { return h.ID == x.Source.ID })
			if at < 0 {
				continue
			}
			rows[at].last = max(rows[at].last, x.Heard)
			if x.Counts {
				rows[at].counts++
			} else {
				rows[at].why = x.Why
			}
		}
	}
}

func externalColumns() []roster.Col[heard] {
	return []roster.Col[heard]{
		{Column: roster.Column{Key: "source", Name: "Source", Kind: roster.Text, NoteKey: "id"}, Cell: func(h *heard) roster.Cell { return roster.Words(cmp.Or(h.Name, h.ID)).With(h.ID) }},
		choice("provider", "Provider", func(h *heard) roster.Cell { return roster.Words(h.Provider) }),
		choice("owner", "Owner", func(h *heard) roster.Cell { return roster.Words(cmp.Or(h.Owner, "nobody")) }),
		choice("rated", "Rated", func(h *heard) roster.Cell {
			return roster.Words(fmt.Sprintf("%s%d", h.Reliability, h.Credibility)).With(cmp.Or(h.RatedBy, h.Owner))
		}),
		{Column: roster.Column{Key: "covers", Name: "Covers", Kind: roster.Text}, Cell: func(h *heard) roster.Cell { return roster.ToAll(roster.ToObject, h.Covers) }},
		{Column: roster.Column{Key: "since", Name: "Since", Kind: roster.Day}, Cell: func(h *heard) roster.Cell { return roster.On(h.Since) }},
		{Column: roster.Column{Key: "expires", Name: "Expires", Kind: roster.Day}, Cell: func(h *heard) roster.Cell {
			if h.expired {
				return roster.On(h.Expires).With("expired")
			}
			return roster.On(h.Expires)
		}},
		count("counts", "Counts for analytics", "in date and rated within policy", func(h *heard) int { return h.counts }),
		words("why", "Why not", func(h *heard) string {
			if h.counts > 0 {
				return ""
			}
			return h.why
		}),
		count("signals", "Signals", "that name it as their source", func(h *heard) int { return h.signals }),
		{Column: roster.Column{Key: "last", Name: "Last heard", Hint: "a signal, or events of a feed", Kind: roster.Day}, Cell: func(h *heard) roster.Cell { return roster.Words(cmp.Or(string(h.last), "never")) }},
		words("note", "Note", func(h *heard) string { return h.Note }),
		batchColumn(func(h *heard) string { return h.Batch }),
	}
}

// signalsNow returns the signals in force.
func (s *Service) signalsNow(ctx context.Context) ([]evidence.Of[signal.Signal], error) {
	records, err := s.evidence.Current(ctx, evidence.RecordSignal)
	if err != nil {
		return nil, err
	}
	return decode[signal.Signal](records)
}

// signalsRoster lists the signals up to the day.
func (s *Service) signalsRoster(ctx context.Context, r Request) (roster.List, error) {
	all, err := s.signalsNow(ctx)
	if err != nil {
		return roster.List{}, err
	}
	today := day.Of(r.AsOf)
	all = slices.DeleteFunc(all, func(g evidence.Of[signal.Signal]) bool { return day.Of(g.Value.Time) > today })
	slices.SortStableFunc(all, func(a, b evidence.Of[signal.Signal]) int {
		return cmp.Or(b.Value.Time.Compare(a.Value.Time), strings.Compare(a.Value.ID, b.Value.ID))
	})
	type row = evidence.Of[signal.Signal]
	l := roster.List{Order: "newest first", Empty: "No signal is known. candor evidence add signals FILE adds some.",
		About: figure.Sprintf("Weak and external observations up to %s. None of them is an alert by itself, and no verdict rests on one alone.", string(today))}
	roster.Fill(&l, all, []roster.Col[row]{
		{Column: roster.Column{Key: "signal", Name: "Signal", Kind: roster.Text, NoteKey: "id"}, Cell: func(g *row) roster.Cell { return roster.Words(g.Value.Name).With(g.Value.ID) }},
		{Column: roster.Column{Key: "time", Name: "Time", Kind: roster.Moment}, Cell: func(g *row) roster.Cell { return roster.At(g.Value.Time) }},
		words("entity", "Entity", func(g *row) string { return g.Value.Entity }),
		choice("source", "Source", func(g *row) roster.Cell { return roster.Words(g.Value.Source) }),
		choice("rated", "Rated", func(g *row) roster.Cell {
			if g.Value.Reliability == "" && g.Value.Credibility == 0 {
				return roster.Words("not rated")
			}
			return roster.Words(fmt.Sprintf("%s%d", g.Value.Reliability, g.Value.Credibility))
		}),
		{Column: roster.Column{Key: "names", Name: "Techniques", Kind: roster.Text}, Cell: func(g *row) roster.Cell { return roster.ToAll(roster.ToObject, g.Value.Techniques) }},
		choice("tactic", "Tactic", func(g *row) roster.Cell { return roster.Words(g.Value.Tactic) }),
		choice("at_site", "Site", func(g *row) roster.Cell { return roster.Words(g.Value.Site) }),
		{Column: roster.Column{Key: "score", Name: "Score", Hint: "the source's own", Kind: roster.Number}, Cell: func(g *row) roster.Cell {
			if g.Value.Score == nil {
				return roster.Cell{}
			}
			return roster.Cell{Text: fmt.Sprintf("%g", *g.Value.Score), Number: g.Value.Score}
		}},
		batchColumn(func(g *row) string { return g.Batch }),
	})
	return l, nil
}
