package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/profile"
	"candor/internal/roster"
	"candor/internal/standing"
)

// Profiler reads threat profiles.
type Profiler interface {
	Profiles(ctx context.Context) ([]profile.Stated, error)
	Profile(ctx context.Context, r assessment.Request, name string) (assessment.Profiled, error)
	ProfileUse(ctx context.Context, r assessment.Request, id string) (*profile.Use, error)
}

// profilesPath is where the list of threat profiles is.
const profilesPath = "/profiles"

// profilesFile is the list as a file: beneath the path are names that people gave.
const profilesFile = "/profiles.csv"

// Profile returns the address of how the profile of a name stands.
func (s selection) ProfilePage(name string) string {
	return s.Link(profilesPath + "/" + url.PathEscape(name))
}

// For returns the address of a page read for a profile; for all where name is empty.
func (s selection) For(path, name string) string {
	s.Profile = name
	return s.Link(path)
}

// profilesView is the list of threat profiles.
type profilesView struct {
	rosterView
	profileSheet
	All []profile.Stated
}

// profilesPage is the page of the threat profiles.
func (s *site) profilesPage(r *http.Request) (view, error) {
	v, err := s.profiles(r)
	if err != nil {
		return view{}, err
	}
	v.All, v.Paging, err = onPage(r, v.All)
	return view{name: "profiles", data: v}, err
}

// profiles is the threat profiles as a request asks for them, narrowed and sorted.
func (s *site) profiles(r *http.Request) (v profilesView, err error) {
	fr, err := s.begin(r, "profiles", "Threat profiles")
	if err != nil {
		return v, err
	}
	t := listing[profile.Stated]{List: roster.List{Name: "profiles", Title: "Threat profiles", Order: "name"}, Cols: profileColumns()}
	if t.Items, err = s.Profiler.Profiles(r.Context()); err != nil {
		return v, err
	}
	v.rosterView, v.All, err = listed(r, fr, t)
	v.File = strings.Replace(v.File, profilesPath+"/table.csv", profilesFile, 1)
	return v, err
}

// profileColumns are the columns of the threat profiles.
func profileColumns() []roster.Col[profile.Stated] {
	return []roster.Col[profile.Stated]{
		noted("note", kinded(roster.Column{Key: "called", Name: "Profile", Kind: roster.Text}, func(p *profile.Stated) roster.Cell { return roster.Words(p.Name).With(p.Note) })),
		kinded(roster.Column{Key: "members", Name: "Members", Kind: roster.Text}, func(p *profile.Stated) roster.Cell {
			var names []string
			for _, m := range p.Members() {
				names = append(names, strings.TrimSpace(m.ATTACKID+" "+m.Name))
			}
			if n := len(p.Techniques); n > 0 {
				names = append(names, plural(n, "technique", "techniques")+" of a layer")
			}
			return roster.Several(names)
		}),
		chosen(column("owner", "Owner", func(p *profile.Stated) string { return p.Owner })),
		noted("batch", kinded(roster.Column{Key: "by", Name: "Stated by", Kind: roster.Text}, func(p *profile.Stated) roster.Cell { return roster.Words(p.By).With(p.Batch) })),
		kinded(roster.Column{Key: "on", Name: "On", Kind: roster.Day}, func(p *profile.Stated) roster.Cell { return roster.On(day.Of(p.At)) }),
	}
}

// Members are the links to who is in a profile.
func (v profilesView) Members(p profile.Stated) []link { return v.Sel.Names(p.Members()) }

// profileView is how a threat profile stands.
type profileView struct {
	rosterView
	profileSheet
	P assessment.Profiled
	// Techniques are the rows of P as they are asked for.
	Techniques []profile.Row
}

// profilePage is the page of a threat profile.
func (s *site) profilePage(r *http.Request) (view, error) {
	v, err := s.profile(r)
	if err != nil {
		return view{}, err
	}
	v.Techniques, v.Paging, err = onPage(r, v.Techniques)
	return view{name: "profile", data: v}, err
}

// profile is a threat profile, with its techniques as a request asks for them.
func (s *site) profile(r *http.Request) (v profileView, err error) {
	fr, err := s.begin(r, "profiles", "Threat profile")
	if err != nil {
		return v, err
	}
	if fr.Release.Version == "" {
		return v, fault.New(fault.NotFound, "a profile is read by a release, and the library has none").Next("import one with: candor attack import FILE")
	}
	if v.P, err = s.Profiler.Profile(r.Context(), s.requestFor(fr.Sel, fr.Release), r.PathValue("id")); err != nil {
		return v, err
	}
	fr.Title = "Threat profile " + v.P.Name
	v.F = formFor(&v.P.Profile)
	v.rosterView, v.Techniques, err = listed(r, fr, listing[profile.Row]{List: roster.List{Name: "profile", Title: "Techniques", Order: "the first tactic, then the ATT&CK ID"}, Items: v.P.Rows, Cols: useColumns(v.P.Columns)})
	return v, err
}

// useColumns are the columns of the techniques of a profile.
func useColumns(members []profile.Stand) []roster.Col[profile.Row] {
	cols := []roster.Col[profile.Row]{
		noted("name", kinded(roster.Column{Key: "technique", Name: "Technique", Kind: roster.Text}, func(t *profile.Row) roster.Cell {
			return roster.Words(t.Of.ATTACKID).With(t.Of.Name)
		})),
		chosen(kinded(roster.Column{Key: "tactics", Name: "Tactics", Kind: roster.Text}, func(t *profile.Row) roster.Cell {
			var names []string
			for _, n := range t.Tactics {
				names = append(names, n.Name)
			}
			return roster.Several(names)
		})),
		chosen(kinded(roster.Column{Key: "worst", Name: "Worst case", Kind: roster.Rung}, func(t *profile.Row) roster.Cell { return roster.Stands(t.Worst) })),
		kinded(roster.Column{Key: "own", Name: "Its own analytics", Kind: roster.Spread}, func(t *profile.Row) roster.Cell {
			return roster.Cell{Rungs: t.Totals.Rungs}
		}),
	}
	for i, m := range members {
		cols = append(cols, kinded(roster.Column{Key: "by_" + anchor(strings.ToLower(m.Label())), Name: m.Label(), Hint: m.Of.Name, Kind: roster.Text}, func(t *profile.Row) roster.Cell {
			if t.Uses[i] {
				return roster.Words("yes")
			}
			return roster.Cell{}
		}))
	}
	return cols
}

// Cell is how a column is read aloud in a row.
func (v profileView) Cell(at int, used bool) string {
	c := &v.P.Columns[at]
	switch {
	case c.Layer() && used:
		return "in the layer"
	case used:
		return "used by " + c.Of.Name
	}
	return "not by " + c.Label()
}

// Chance says where a chance stands in the order of tactics.
func (v profileView) Chance(c *standing.Chance) []link {
	return v.Sel.Names([]assure.Name{c.Tactic, c.Technique, c.Analytic})
}

// Present are the rungs that analytics of a row stand on, the best last.
func (v profileView) Present(t assure.Totals) []assure.RungCount {
	var out []assure.RungCount
	for _, c := range t.Rungs {
		if c.Count > 0 {
			out = append(out, c)
		}
	}
	return out
}

// usedBy says of the page's object what the profile that is read for says of it. A failure
// leaves the page whole.
func (s *site) usedBy(r *http.Request, fr frame, id string) *profile.Use {
	if strings.TrimSpace(fr.Sel.Profile) == "" {
		return nil
	}
	req := s.requestFor(fr.Sel, fr.Release)
	req.Profile = fr.Sel.Profile
	u, err := s.Profiler.ProfileUse(r.Context(), req, id)
	if err != nil && r.Context().Err() == nil {
		return &profile.Use{Profile: req.Profile, Text: err.Error() + "."}
	}
	return u
}
