package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"candor/internal/assessment"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/intake"
	"candor/internal/profile"
)

// ProfileKeeper records what somebody states of a threat profile.
type ProfileKeeper interface {
	StateProfile(ctx context.Context, r assessment.Request, c profile.Change) (stated profile.Profile, fresh bool, err error)
}

// profileForm is the fields of the form in which a profile is stated.
type profileForm struct {
	Name, Groups, Campaigns, Software, Owner, Note string
}

// Fault reports whether a field is what was wrong.
func (v profilesView) Fault(name string) bool { return v.Field == name }

// stateProfile takes a threat profile that a person states.
func (s *site) stateProfile(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	v, err := s.profiles(r)
	if err != nil {
		return done{}, err
	}
	v.F = profileForm{f.Get("called"), f.Get("groups"), f.Get("campaigns"), f.Get("software"), f.Get("owner"), f.Get("note")}
	for i := range v.All {
		if profile.Key(v.All[i].Name) == profile.Key(v.F.Name) {
			return v.refused(fault.New(fault.Conflict, "there is a profile %q already", v.All[i].Name).At("profile").Next("choose another name; candor profile set changes the one that there is")), nil
		}
	}
	name := door.Who(r.Context()).Name
	groups, campaigns, software, note := listOfNames(v.F.Groups), listOfNames(v.F.Campaigns), listOfNames(v.F.Software), plainLines(v.F.Note)
	made, _, err := s.Writing.Profiles.StateProfile(r.Context(), s.requestFor(v.Sel, v.Release), profile.Change{Name: v.F.Name, Groups: &groups, Campaigns: &campaigns, Software: &software,
		Owner: &v.F.Owner, Note: &note, By: name, RecordedBy: intake.Author + name, At: s.Clock()})
	if k := fault.KindOf(err); k == fault.Usage || k == fault.NotFound || k == fault.Conflict {
		return v.refused(err), nil
	}
	if err != nil {
		return done{}, err
	}
	return done{to: v.Sel.ProfilePage(made.Name)}, nil
}

// refused is the page of a form that was not taken, with what was typed in it.
func (v profilesView) refused(err error) done {
	var wrong *fault.Error
	if errors.As(err, &wrong) {
		v.Wrong, v.Hint, v.Field = sentence(wrong.What), forPages(wrong.Hint), wrong.Where
	}
	return done{view: view{name: "profiles", status: http.StatusUnprocessableEntity, data: v}}
}

// listOfNames are the names of a field, each on a line or between commas.
func listOfNames(text string) []string {
	names := []string{}
	for n := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
		if n = strings.TrimSpace(n); n != "" {
			names = append(names, n)
		}
	}
	return names
}
