package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/gap"
	"candor/internal/identity"
)

// gapPath is the page of one gap, on which it is stated and changed.
const gapPath = "/gap"

// Register says what is stated of a gap, or what could be.
type Register interface {
	Draft(ctx context.Context, r assessment.Request, c gap.Change) (assessment.Drafted, error)
}

// Registrar records what somebody states of a gap.
type Registrar interface {
	State(ctx context.Context, r assessment.Request, c gap.Change) (stated gap.Gap, fresh bool, err error)
}

// gapView is one gap: what is stated of it, everything that was, and the form to say more.
type gapView struct {
	frame
	D assessment.Drafted
	// New says that nobody stated it, and Own that it may be about anything.
	New, Own bool
	// F is what the form holds: what is stated, or what was typed and not taken.
	F gapForm
	// Wrong says why what was typed was not taken, and Field of which field.
	Wrong, Hint, Field string
	// Moved says that somebody else changed it meanwhile.
	Moved     bool
	Decisions []choice
}

// gapForm is the fields of the form, by the names of the gap's own.
type gapForm struct {
	ID, Action, Target, Title, Why, Owner, Decision, CompensatedBy, Until, Note string
	// Was is the batch of what was stated last when the person opened the page.
	Was string
}

// Now says what verdicts say of what the gap is about.
func (v gapView) Now() string { return nowOf(v.D.Listed) }

// Fault reports whether a field is what was wrong.
func (v gapView) Fault(name string) bool { return v.Field == name }

// About says what the step that a gap takes on is.
func (v gapView) About() *link {
	if v.D.Object == nil {
		return nil
	}
	l := v.Sel.Name(*v.D.Object)
	return &l
}

// asked reads which gap a request is about.
func askedGap(q url.Values) gap.Change {
	return gap.Change{ID: strings.TrimSpace(q.Get("id")), Action: q.Get("action"), Target: q.Get("target")}
}

// gap shows one gap.
func (s *site) gap(r *http.Request) (view, error) {
	v, err := s.gapOf(r, askedGap(r.URL.Query()))
	return view{name: "gap", data: v}, err
}

// gapOf makes the page of a gap as it is stated now.
func (s *site) gapOf(r *http.Request, c gap.Change) (gapView, error) {
	fr, err := s.begin(r, "gaps", "Gap")
	if err != nil {
		return gapView{}, err
	}
	v := gapView{frame: fr}
	if v.Own = c.ID == "" && c.Target == ""; v.Own {
		if !fr.Sign.May(identity.Gaps) {
			return v, fault.New(fault.NotFound, "no gap is named").Next("the page Gaps lists every gap")
		}
		v.New, v.frame.Title = true, "State a gap"
		v.fill("")
		return v, nil
	}
	if v.D, err = s.Register.Draft(r.Context(), s.requestFor(fr.Sel, fr.Release), c); err != nil {
		return v, err
	}
	v.New = v.D.Listed == nil
	v.frame.Title = "Gap " + v.D.ID
	g := &v.D.Gap
	was := ""
	if !v.New {
		was = v.D.Listed.Batch
	}
	v.F = gapForm{ID: g.ID, Action: g.Action, Target: g.Target, Title: g.Title, Why: g.Why, Owner: g.Owner, Decision: string(g.Decision),
		CompensatedBy: g.CompensatedBy, Until: string(g.Until), Note: g.Note}
	if g.Object != nil {
		v.F.ID = g.Object.ATTACKID
	}
	if g.Target != "" {
		v.F.ID = ""
	}
	v.fill(was)
	return v, nil
}

// fill readies the form.
func (v *gapView) fill(was string) {
	v.F.Was = was
	v.Decisions = nil
	for _, d := range gap.Decisions() {
		v.Decisions = append(v.Decisions, choice{Name: words(string(d)), Value: string(d), Chosen: string(d) == v.F.Decision})
	}
}

// stateGap takes what a person states of a gap.
func (s *site) stateGap(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	c := askedGap(f)
	c.At = s.Clock()
	name := door.Who(r.Context()).Name
	c.By, c.RecordedBy = name, door.Who(r.Context()).Author()
	own := c.ID == "" && c.Target == ""
	v := gapView{}
	if !own {
		v, err = s.gapOf(r, c)
	}
	if own || fault.KindOf(err) == fault.NotFound { // a name of its own, or nothing
		v, err = s.gapOf(r, gap.Change{})
	}
	if err != nil {
		return done{}, err
	}
	typed := gapForm{ID: c.ID, Action: c.Action, Target: c.Target, Title: f.Get("title"), Why: f.Get("why"), Owner: f.Get("owner"), Decision: f.Get("decision"),
		CompensatedBy: f.Get("compensated_by"), Until: f.Get("until"), Note: f.Get("note")}
	if !v.New && f.Get("was") != v.F.Was {
		if typed.says(&v.D.Gap) && f.Get("do") != "close" { // sent twice
			return done{to: v.Sel.Gap(v.D.ID, v.D.Action, v.D.Target)}, nil
		}
		v.Moved = true
		return v.refused(typed, http.StatusConflict), nil
	}
	typed.changes(&c, &v)
	c.Close = f.Get("do") == "close"
	made, _, err := s.Writing.Gaps.State(r.Context(), s.requestFor(v.Sel, v.Release), c)
	var wrong *fault.Error
	if fault.KindOf(err) == fault.Usage || fault.KindOf(err) == fault.NotFound || fault.KindOf(err) == fault.Conflict {
		errors.As(err, &wrong)
		v.Wrong, v.Hint, v.Field = sentence(wrong.What), forPages(wrong.Hint), wrong.Where
		return v.refused(typed, http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return done{}, err
	}
	return done{to: v.Sel.Gap(made.ID, made.Action, made.Target)}, nil
}

// changes sets what was typed and differs from what is stated.
func (f gapForm) changes(c *gap.Change, v *gapView) {
	for _, p := range []struct {
		typed, was string
		to         **string
	}{{f.Title, v.D.Gap.Title, &c.Title}, {f.Why, v.D.Gap.Why, &c.Why}, {f.Owner, v.D.Owner, &c.Owner}, {f.Decision, string(v.D.Decision), &c.Decision},
		{f.CompensatedBy, v.D.CompensatedBy, &c.CompensatedBy}, {f.Until, string(v.D.Until), &c.Until}, {f.Note, v.D.Note, &c.Note}} {
		text := plainLines(p.typed)
		if v.New && text != "" || !v.New && text != p.was || !v.New && p.to == &c.Note {
			*p.to = &text
		}
	}
}

// says reports whether what was typed is what is stated.
func (f gapForm) says(g *gap.Gap) bool {
	return !g.Closed && [...]string{f.Title, plainLines(f.Why), f.Owner, f.Decision, f.CompensatedBy, f.Until, plainLines(f.Note)} ==
		[...]string{g.Title, g.Why, g.Owner, string(g.Decision), g.CompensatedBy, string(g.Until), g.Note}
}

// plainLines ends lines as everything else does: browsers send them in another way.
func plainLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// refused is the page of a form that was not taken, with what was typed in it.
func (v gapView) refused(typed gapForm, status int) done {
	was := v.F.Was
	v.F = typed
	v.fill(was)
	return done{view: view{name: "gap", status: status, data: v}}
}

// MayGap reports whether a gap can be about the page's object: verdicts are.
func (v objectView) MayGap() bool {
	o := v.Page.Object
	return o.Live() && o.ATTACKID != "" && slices.Contains([]attack.Kind{attack.KindAnalytic, attack.KindStrategy, attack.KindTechnique, attack.KindSubTechnique, attack.KindTactic}, o.Kind)
}

// Gap returns the address of the page of a gap; see gap.Gap for what names one.
func (s selection) Gap(id, action, target string) string {
	if target != "" {
		return s.Link(gapPath, "action", action, "target", target)
	}
	return s.Link(gapPath, "id", strings.TrimSuffix(id, "/"+action), "action", action)
}
