package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"candor/internal/attack/prose"
	"candor/internal/correlate/credit"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/library"
	"candor/internal/profile"
	"candor/internal/standing"
	"candor/internal/take"
)

// takeView is Candor's context of an object: for leaders first, engineers one step
// below, and what each sentence rests on one more.
type takeView struct {
	frame
	// Problem says why there is none; empty and without Take where the object is of a
	// kind of which none is written.
	Problem string
	Take    *take.Take
	// Use is what the threat profile that is read for says of the object; nil for none.
	Use *profile.Use
	API string
	// written are the words of people, by the ID of the note.
	written map[string]noteView
}

// noteView is what a person wrote.
type noteView struct {
	take.Noted
	Text template.HTML
	// Section is the title of the part of the take that it belongs to; empty for none.
	Section string
	Batch   link
}

// sectionView is a part of the take, with the note that is shown in its place if there
// is one.
type sectionView struct {
	take.Section
	Note *noteView
}

// takeOf writes the take of the page's object. A failure leaves the rest whole.
func (s *site) takeOf(r *http.Request, fr frame, p library.Page, pr *prose.Page) takeView {
	v := takeView{frame: fr, API: fr.Sel.Link("/api/v1/objects/" + p.Object.ID + "/take")}
	if !take.Written(p.Object.Kind) {
		return v
	}
	v.Use = s.usedBy(r, fr, p.Object.ID)
	t, err := s.Assessor.Take(r.Context(), s.requestFor(fr.Sel, p.Release), p.Object.ID)
	switch {
	case err == nil:
		v.Take, v.written = &t, map[string]noteView{}
		for _, n := range t.Notes {
			view := noteView{Noted: n, Text: pr.HTML(n.Markdown, p.Object.References), Batch: link{Text: n.Batch, URL: fr.Sel.Link("/evidence/" + n.Batch)}}
			if n.Section != "" {
				view.Section = n.Section.Title()
			}
			v.written[n.ID] = view
		}
	case fault.KindOf(err) == fault.Internal:
		if r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "take for an object's page", "id", p.Object.ID, "error", err)
		}
		v.Problem = "The take could not be written; the server's log says why."
	default:
		v.Problem = "There is no take: " + err.Error() + "."
	}
	return v
}

// For returns the sections of which an audience hears something.
func (v takeView) For(a string) []take.Section {
	t := v.Take.For(take.Audience(a))
	var out []take.Section
	for _, s := range t.Sections {
		if s.Name != take.Confident && len(s.Statements) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// Plain are the sections that a leader reads: what it is, and what to decide.
func (v takeView) Plain() []sectionView {
	return v.parts(take.Leader, func(n take.SectionName) bool { return n == take.Summary || n == take.Executive })
}

// Deep are the sections that an engineer reads, without what stands above them.
func (v takeView) Deep() []sectionView {
	return v.parts(take.Engineer, func(n take.SectionName) bool { return n != take.Summary && n != take.Executive })
}

// parts are those sections of which an audience hears something, derived or of a person.
func (v takeView) parts(a take.Audience, of func(take.SectionName) bool) []sectionView {
	t := v.Take.For(a)
	var out []sectionView
	for _, s := range t.Sections {
		part := sectionView{Section: s}
		if n := t.Instead(s); n != nil {
			part.Note = new(v.written[n.ID])
		}
		if of(s.Name) && s.Name != take.Confident && (part.Note != nil || len(s.Statements) > 0) {
			out = append(out, part)
		}
	}
	return out
}

// Sure is the section that says how sure the take is.
func (v takeView) Sure() sectionView {
	s := v.Take.Section(take.Confident)
	if n := v.Take.Instead(s); n != nil {
		return sectionView{s, new(v.written[n.ID])}
	}
	return sectionView{Section: s}
}

// Beside are the notes of people that stand in no section's place.
func (v takeView) Beside() []noteView {
	var out []noteView
	for _, n := range v.Take.Beside() {
		out = append(out, v.written[n.ID])
	}
	return out
}

// Text is the sentences of a section, one after the other.
func (v takeView) Text(s sectionView) string {
	var texts []string
	for _, st := range s.Statements {
		texts = append(texts, st.Text)
	}
	return strings.Join(texts, " ")
}

// ground is one thing that a sentence rests on, with its address where it has one.
type ground struct {
	link
	Refs []link
}

// Grounds are what a sentence rests on.
func (v takeView) Grounds(st take.Statement) []ground {
	var out []ground
	for _, s := range st.Sources {
		g := ground{Refs: v.Sel.Refs(s.Refs)}
		switch s.Kind {
		case take.Field:
			g.Text, g.URL = s.Field+" of the object", v.Sel.Object(s.ID)
			if s.ID != v.Take.Object.StixID {
				g.Text = s.Field + " of " + named(s)
			}
		case take.Relation:
			g.Text, g.URL = "relation "+s.Field, v.Sel.Object(s.ID)
		case take.Setting:
			g.Text, g.URL = "policy "+s.ID+" "+s.Value, v.Sel.Link("/policy")
		case take.Computation:
			g.Text = s.ID + " " + s.Value
			if len(s.Inputs) > 0 {
				g.Text += " of " + cut(strings.Join(s.Inputs, ", "), 80)
			}
		default:
			g.Text, g.Title = "judgement "+words(s.ID), s.Value
			if s.Field != "" {
				g.Text += " of " + s.Field
			}
		}
		out = append(out, g)
	}
	return out
}

// named is what a field of another object says, which for names names it.
func named(s take.Source) string {
	if s.Value != "" {
		return cut(s.Value, 60)
	}
	return "another object"
}

// cut shortens a text to at most n runes.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// nextStage is a stage next to the object's technique.
type nextStage struct {
	take.Adjacent
	Technique link
	Here      []hereView
}

// hereView is how a stage stands on one platform.
type hereView struct {
	Platform string
	Rungs    []tally
}

// firstStages is how many stages are shown before the fold.
const firstStages = 6

// Stages are the stages next to the object's technique, those to show and those
// behind the fold.
func (v takeView) Stages(folded bool) []nextStage {
	all := v.Take.Adjacent
	if n := min(firstStages, len(all)); folded {
		all = all[n:]
	} else {
		all = all[:n]
	}
	var out []nextStage
	for _, a := range all {
		st := nextStage{Adjacent: a, Technique: v.Sel.Name(a.Technique)}
		for _, p := range a.Here {
			h := hereView{Platform: p.Platform}
			for _, c := range p.Rungs {
				h.Rungs = append(h.Rungs, tally{look: lookOf(c.Rung), Count: c.Count})
			}
			st.Here = append(st.Here, h)
		}
		out = append(out, st)
	}
	return out
}

// Share is the share of the known users who also use it, and Times how often that is
// what chance would give.
func (n nextStage) Share() string { return figure.Percent(n.Confidence) }

// Chained says what chains are worth that line it up with the object's technique.
func (n nextStage) Chained() string { return credit.Words(n.Chains) }

// Times is the lift with one decimal.
func (n nextStage) Times() string { return figure.Fixed(n.Lift, 1) }

// standingRow is a tactic of what an object is about, with how it stands.
type standingRow struct {
	standing.Stage
	Spread spread
}

// Present are the rungs on which some analytic stands.
func (r standingRow) Present() []tally {
	return slices.DeleteFunc(slices.Clone(r.Spread.Rungs), func(t tally) bool { return t.Count == 0 })
}

// Standing is how the techniques of an actor, a mitigation or an asset stand by
// tactic; nothing for what the analysis beside it sums already.
func (v takeView) Standing() []standingRow {
	s := v.Take.Standing
	if s == nil || judged(v.Take.Kind) || !v.Take.Local {
		return nil
	}
	var rows []standingRow
	for _, st := range s.Stages {
		rows = append(rows, standingRow{st, spreadOf(st.Rungs)})
	}
	return rows
}

// board returns how everything in the page's release stands; nil without evidence or
// when it cannot be judged, which the analysis says.
func (s *site) board(r *http.Request, fr frame, p library.Page) *standing.Board {
	b, err := s.Assessor.Board(r.Context(), s.requestFor(fr.Sel, p.Release))
	if err != nil {
		return nil
	}
	return b
}
