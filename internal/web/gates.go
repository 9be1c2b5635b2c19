package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// Gatekeeper decides what may be used for what.
type Gatekeeper interface {
	Gate(ctx context.Context, r assessment.Request, id string, purpose assure.Purpose) (assure.Decision, error)
}

// gatesView is what an analytic or a rule may be used for.
type gatesView struct {
	frame
	Of    assure.Decision // whose kind, id and name head the page
	Gates []gateLine
	About link
}

// gateLine is one decision, for people.
type gateLine struct {
	assure.Decision
	sel selection // of the page
}

// State says how the gate stands.
func (g gateLine) State() string {
	switch {
	case g.Waived:
		return "open by waiver"
	case g.Allowed:
		return "open"
	}
	return "closed"
}

// Use says what the purpose is.
func (g gateLine) Use() string {
	if g.Purpose == assure.Automation {
		return "Automation: start a response without a person"
	}
	return "Reporting: told to executives as something that works"
}

// Rows returns the checks with links to what they rest on.
func (g gateLine) Rows() []checkLine {
	var rows []checkLine
	for _, c := range g.Checks {
		rows = append(rows, checkLine{Check: c, Links: g.sel.Refs(c.Refs)})
	}
	return rows
}

// checkLine is a check with links to what it rests on.
type checkLine struct {
	assure.Check
	Links []link
}

// decide asks the gates of one analytic or rule.
func (s *site) decide(ctx context.Context, sel selection, r assessment.Request, id string, purposes []assure.Purpose) ([]gateLine, error) {
	var gs []gateLine
	for _, p := range purposes {
		d, err := s.Gates.Gate(ctx, r, id, p)
		if err != nil {
			return nil, err
		}
		gs = append(gs, gateLine{d, sel})
	}
	return gs, nil
}

// gates is the page of what may be used for what.
func (s *site) gates(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "verdicts", "Gates")
	if err != nil {
		return view{}, err
	}
	asked := r.URL.Query().Get("for")
	if asked != "" && !slices.Contains(assure.Purposes(), assure.Purpose(asked)) {
		return view{}, fault.New(fault.Usage, "there is no gate for %q", asked).At("for").Next("leave it out to see every gate")
	}
	purposes := assure.Purposes()
	if asked != "" {
		purposes = []assure.Purpose{assure.Purpose(asked)}
	}
	v := gatesView{frame: fr}
	if v.Gates, err = s.decide(r.Context(), fr.Sel, req, r.PathValue("id"), purposes); err != nil {
		return view{}, err
	}
	v.Of = v.Gates[0].Decision
	if v.Of.Kind == "analytic" {
		if err := s.onlyWith(r.Context(), &v.frame, v.Of.ID); err != nil {
			return view{}, err
		}
	}
	v.Title = "Gates of " + strings.TrimSpace(v.Of.ID+" "+v.Of.Name)
	v.About = link{Text: v.Of.ID, URL: fr.Sel.Object(v.Of.ID)}
	if v.Of.Kind == "rule" {
		v.About.URL = fr.Sel.Rule(v.Of.ID)
	}
	return view{name: "gates", data: v}, nil
}

// onlyWith leaves an address to the releases alone that have a live object with
// an ATT&CK ID.
func (s *site) onlyWith(ctx context.Context, f *frame, id string) error {
	all, err := s.Index.Releases(ctx)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, rel := range all {
		found, err := s.Index.Find(ctx, id, attack.ReleaseRef{Domain: rel.Domain, Version: rel.Version})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(found, func(l store.Located) bool { return l.ATTACKID == id && l.Live() }) {
			named[rel.String()] = true
		}
	}
	f.only(named)
	return nil
}
