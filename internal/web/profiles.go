package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/profile"
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
	frame
	All []profile.Stated
}

func (s *site) profiles(r *http.Request) (view, error) {
	fr, err := s.begin(r, "profiles", "Threat profiles")
	if err != nil {
		return view{}, err
	}
	v := profilesView{frame: fr}
	v.All, err = s.Profiler.Profiles(r.Context())
	return view{name: "profiles", data: v}, err
}

// Members are the links to who is in a profile.
func (v profilesView) Members(p profile.Stated) []link { return v.Sel.Names(p.Members()) }

// profileView is how a threat profile stands.
type profileView struct {
	frame
	P assessment.Profiled
}

func (s *site) profile(r *http.Request) (view, error) {
	fr, err := s.begin(r, "profiles", "Threat profile")
	if err != nil {
		return view{}, err
	}
	if fr.Release.Version == "" {
		return view{}, fault.New(fault.NotFound, "a profile is read by a release, and the library has none").Next("import one with: candor attack import FILE")
	}
	v := profileView{frame: fr}
	if v.P, err = s.Profiler.Profile(r.Context(), s.requestFor(fr.Sel, fr.Release), r.PathValue("id")); err != nil {
		return view{}, err
	}
	v.Title = "Threat profile " + v.P.Name
	return view{name: "profile", data: v}, nil
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
