package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/decode"
	"candor/internal/detection/layer"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/profile"
)

// ProfileKeeper records what somebody states of a threat profile.
type ProfileKeeper interface {
	StateProfile(ctx context.Context, r assessment.Request, c profile.Change) (stated profile.Profile, fresh bool, err error)
}

// profileForm is the fields of the form in which a profile is stated.
type profileForm struct {
	Name, Groups, Campaigns, Software, Techniques, Owner, Note string
	// Layer is what says where the techniques come from.
	Layer string
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
	return profileForm{p.Name, lines(p.Groups), lines(p.Campaigns), lines(p.Software), strings.Join(p.Techniques, "\n"), p.Owner, p.Note, p.Layer}
}

// typedProfile is what somebody typed.
func typedProfile(f url.Values) profileForm {
	return profileForm{"", f.Get("groups"), f.Get("campaigns"), f.Get("software"), f.Get("techniques"), f.Get("owner"), f.Get("note"), ""}
}

// mostLayer bounds the file of a layer, in bytes: one that says something of every
// technique has half a million.
const mostLayer = 4 << 20

// profileSent reads the form of a profile: what was typed, with the techniques of the
// layer that was chosen, if one was. What is wrong with those, unread says.
func profileSent(w http.ResponseWriter, r *http.Request) (f url.Values, typed profileForm, unread, err error) {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "multipart/form-data" {
		f, err = formOf(w, r)
		typed = typedProfile(f)
		return f, typed, typed.unwritten(), err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm+mostLayer)
	if err := r.ParseMultipartForm(maxForm + mostLayer); err != nil {
		return nil, profileForm{}, nil, fault.New(fault.Usage, "what was sent cannot be read, or is longer than %s", size(maxForm+mostLayer)).Because(err).Next("use the form on the page, with a smaller layer")
	}
	f = url.Values(r.MultipartForm.Value)
	typed = typedProfile(f)
	for _, sent := range r.MultipartForm.File["layer"] {
		if sent.Filename == "" {
			continue // the browser sends an empty part where none was chosen
		}
		ids, err := scoredIn(sent)
		if err != nil {
			return f, typed, err, nil
		}
		typed.Techniques, typed.Layer = strings.Join(ids, "\n"), plainFileName(sent.Filename)
	}
	return f, typed, typed.unwritten(), nil
}

// unwritten says which of the techniques is not written as one.
func (p profileForm) unwritten() error {
	for _, id := range listOfIDs(p.Techniques) {
		if !decode.TechniqueID(attack.SpellID(id)) {
			return fault.New(fault.Usage, "%q is not a technique's ATT&CK ID", id).At("techniques").Next("write techniques as T1059 or T1059.001")
		}
	}
	return nil
}

// scoredIn returns the techniques that a layer which was sent picks out.
func scoredIn(sent *multipart.FileHeader) ([]string, error) {
	file, err := sent.Open()
	if err != nil {
		return nil, fault.New(fault.Internal, "the layer cannot be read").Because(err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, fault.New(fault.Internal, "the layer cannot be read").Because(err)
	}
	ids, err := layer.Scored(plainFileName(sent.Filename), data)
	var wrong *fault.Error
	if errors.As(err, &wrong) {
		return nil, fault.New(fault.Usage, "%s: %s", wrong.Where, wrong.What).At("layer").Next("%s", wrong.Hint)
	}
	return ids, err
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
	if ids := listOfIDs(p.Techniques); p.Layer != "" || !slices.Equal(ids, listOfIDs(was.Techniques)) {
		c.Techniques, c.Layer = &ids, cmp.Or(p.Layer, editedLayer(was.Layer, ids))
	}
	if p.Owner != was.Owner {
		c.Owner = &p.Owner
	}
	note := plainLines(p.Note)
	c.Note = &note
	return c
}

// editedLayer is what techniques that were typed are said to come from.
func editedLayer(was string, ids []string) string {
	const typed, edited = "typed", ", edited"
	switch {
	case len(ids) == 0:
		return ""
	case was == "" || was == typed:
		return typed
	}
	return strings.TrimSuffix(was, edited) + edited
}

// forWhoTyped reports whether what went wrong is for the person who typed.
func forWhoTyped(err error) bool {
	k := fault.KindOf(err)
	return k == fault.Usage || k == fault.NotFound || k == fault.Conflict
}

// changeProfile takes what a person changes of a threat profile, or retires it.
func (s *site) changeProfile(w http.ResponseWriter, r *http.Request) (done, error) {
	f, typed, unread, err := profileSent(w, r)
	if err != nil {
		return done{}, err
	}
	v, err := s.profile(r)
	if err != nil {
		return done{}, err
	}
	typed.Name = v.P.Name
	again := func(status int) (done, error) {
		v.F = typed
		v.Techniques, v.Paging, err = onPage(r, v.Techniques)
		return done{view: view{name: "profile", status: status, data: v}}, err
	}
	if f.Get("was") != v.P.Batch {
		v.Moved = true
		return again(http.StatusConflict)
	}
	if unread != nil {
		v.refuse(unread)
		return again(http.StatusUnprocessableEntity)
	}
	c := typed.change(v.F)
	name := door.Who(r.Context()).Name
	c.By, c.RecordedBy, c.At, c.Remove = name, door.Who(r.Context()).Author(), s.Clock(), f.Get("do") == "remove"
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
	f, typed, unread, err := profileSent(w, r)
	if err != nil {
		return done{}, err
	}
	v, err := s.profiles(r)
	if err != nil {
		return done{}, err
	}
	typed.Name = f.Get("called")
	v.F = typed
	refused := func(why error) (done, error) {
		v.refuse(why)
		return done{view: view{name: "profiles", status: http.StatusUnprocessableEntity, data: v}}, nil
	}
	if unread != nil {
		return refused(unread)
	}
	for i := range v.All {
		if profile.Key(v.All[i].Name) == profile.Key(v.F.Name) {
			return refused(fault.New(fault.Conflict, "there is a profile %q already", v.All[i].Name).At("profile").Next("choose another name, or change that one on its page"))
		}
	}
	name := door.Who(r.Context()).Name
	c := v.F.change(profileForm{})
	c.By, c.RecordedBy, c.At = name, door.Who(r.Context()).Author(), s.Clock()
	made, _, err := s.Writing.Profiles.StateProfile(r.Context(), s.requestFor(v.Sel, v.Release), c)
	if forWhoTyped(err) {
		return refused(err)
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

// listOfIDs are the ATT&CK IDs of a field, however they are parted.
func listOfIDs(text string) []string {
	ids := []string{}
	return append(ids, strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })...)
}
