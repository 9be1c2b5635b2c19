package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
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

// profileSheet is the form with what it holds; Wrong says why that was not taken, and Field
// of which field.
type profileSheet struct {
	F                  profileForm
	Wrong, Hint, Field string
	// Moved says that somebody else changed the profile meanwhile.
	Moved bool
}

// Fault reports whether a field is what was wrong.
func (p profileSheet) Fault(name string) bool { return p.Field == name }

// refuse notes why what was typed was not taken.
func (p *profileSheet) refuse(err error) {
	var wrong *fault.Error
	if errors.As(err, &wrong) {
		p.Wrong, p.Hint, p.Field = sentence(wrong.What), forPages(wrong.Hint), wrong.Where
	}
}

// formFor is what the form holds of a profile as it is stated.
func formFor(p *profile.Profile) profileForm {
	lines := func(names []assure.Name) string {
		var ids []string
		for _, n := range names {
			ids = append(ids, n.ATTACKID)
		}
		return strings.Join(ids, "\n")
	}
	return profileForm{p.Name, lines(p.Groups), lines(p.Campaigns), lines(p.Software), p.Owner, p.Note}
}

// typedProfile is what somebody typed.
func typedProfile(f url.Values, name string) profileForm {
	return profileForm{name, f.Get("groups"), f.Get("campaigns"), f.Get("software"), f.Get("owner"), f.Get("note")}
}

// change is what is stated, of what differs from the form before.
func (p profileForm) change(was profileForm) profile.Change {
	c := profile.Change{Name: p.Name}
	for _, l := range []struct {
		typed, was string
		to         **[]string
	}{{p.Groups, was.Groups, &c.Groups}, {p.Campaigns, was.Campaigns, &c.Campaigns}, {p.Software, was.Software, &c.Software}} {
		if names := listOfNames(l.typed); !slices.Equal(names, listOfNames(l.was)) {
			*l.to = &names
		}
	}
	if p.Owner != was.Owner {
		c.Owner = &p.Owner
	}
	note := plainLines(p.Note)
	c.Note = &note
	return c
}

// forWhoTyped reports whether what went wrong is for the person who typed.
func forWhoTyped(err error) bool {
	k := fault.KindOf(err)
	return k == fault.Usage || k == fault.NotFound || k == fault.Conflict
}

// changeProfile takes what a person changes of a threat profile, or retires it.
func (s *site) changeProfile(w http.ResponseWriter, r *http.Request) (done, error) {
	f, err := formOf(w, r)
	if err != nil {
		return done{}, err
	}
	v, err := s.profile(r)
	if err != nil {
		return done{}, err
	}
	typed := typedProfile(f, v.P.Name)
	again := func(status int) (done, error) {
		v.F = typed
		v.Techniques, v.Paging, err = onPage(r, v.Techniques)
		return done{view: view{name: "profile", status: status, data: v}}, err
	}
	if f.Get("was") != v.P.Batch {
		v.Moved = true
		return again(http.StatusConflict)
	}
	c := typed.change(v.F)
	name := door.Who(r.Context()).Name
	c.By, c.RecordedBy, c.At, c.Remove = name, intake.Author+name, s.Clock(), f.Get("do") == "remove"
	made, _, err := s.Writing.Profiles.StateProfile(r.Context(), s.requestFor(v.Sel, v.Release), c)
	if forWhoTyped(err) {
		v.refuse(err)
		return again(http.StatusUnprocessableEntity)
	}
	if err != nil {
		return done{}, err
	}
	if c.Remove {
		return done{to: v.Sel.Link(profilesPath)}, nil
	}
	return done{to: v.Sel.ProfilePage(made.Name)}, nil
}

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
	v.F = typedProfile(f, f.Get("called"))
	for i := range v.All {
		if profile.Key(v.All[i].Name) == profile.Key(v.F.Name) {
			v.refuse(fault.New(fault.Conflict, "there is a profile %q already", v.All[i].Name).At("profile").Next("choose another name, or change that one on its page"))
			return done{view: view{name: "profiles", status: http.StatusUnprocessableEntity, data: v}}, nil
		}
	}
	name := door.Who(r.Context()).Name
	c := v.F.change(profileForm{})
	c.By, c.RecordedBy, c.At = name, intake.Author+name, s.Clock()
	made, _, err := s.Writing.Profiles.StateProfile(r.Context(), s.requestFor(v.Sel, v.Release), c)
	if forWhoTyped(err) {
		v.refuse(err)
		return done{view: view{name: "profiles", status: http.StatusUnprocessableEntity, data: v}}, nil
	}
	if err != nil {
		return done{}, err
	}
	return done{to: v.Sel.ProfilePage(made.Name)}, nil
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
