// Package profile holds threat profiles: named sets of groups, campaigns, software and
// techniques of a layer, for which verdicts are read.
//
// A profile narrows what is looked at and says who uses what. It refuses to weigh its
// members or to make a score of them, and it is no claim that any of them will come. Its
// functions are pure: the day is passed in.
package profile

import (
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
)

// The bounds of a profile: how many characters each of its texts has, and how many
// members and how many techniques of a layer it names.
const (
	MaxText       = 2000
	MaxName       = 80
	MaxMembers    = 200
	MaxTechniques = 2000
)

// Profile is what somebody stated of whom to look at. It is never changed; a later one of
// the same name takes its place.
type Profile struct {
	Name string `json:"name"`
	// Groups, Campaigns and Software are its members, as the release called them by which
	// they were named.
	Groups    []assure.Name `json:"groups"`
	Campaigns []assure.Name `json:"campaigns"`
	Software  []assure.Name `json:"software"`
	// Techniques are the ATT&CK IDs that a layer picks out, which Layer names.
	Techniques []string `json:"techniques"`
	Layer      string   `json:"layer,omitempty"`
	// Owner answers for it.
	Owner string `json:"owner"`
	Note  string `json:"note,omitempty"`
	// By says it, At; RecordedBy names the token through which it came, if through one.
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	RecordedBy string    `json:"recorded_by,omitempty"`
	// Removed says that it is none any more, for the reason in Note.
	Removed bool `json:"removed"`
}

// Stated is a profile with the batch that brought it.
type Stated struct {
	Profile
	Batch string `json:"batch"`
}

// Change is what somebody wants to state of a profile; what is nil stays as it is.
// Members are named by ATT&CK ID, STIX id, name or alias.
type Change struct {
	Name                        string
	Groups, Campaigns, Software *[]string
	// Techniques are ATT&CK IDs, and Layer names where they come from.
	Techniques     *[]string
	Layer          string
	Owner, Note    *string
	Remove         bool
	By, RecordedBy string
	At             time.Time
}

// Key is the name under which a profile is kept: a name is one however it is spelled.
func Key(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Apply returns a profile with a change made to it, its members resolved by a release,
// checked. It fails with fault.Usage or fault.NotFound, and says which field is wrong.
func (c *Change) Apply(p Profile, lib *attack.Library) (Profile, error) {
	for _, w := range []struct {
		asked *[]string
		field string
		kinds []attack.Kind
		to    *[]assure.Name
	}{
		{c.Groups, "group", []attack.Kind{attack.KindGroup}, &p.Groups},
		{c.Campaigns, "campaign", []attack.Kind{attack.KindCampaign}, &p.Campaigns},
		{c.Software, "software", []attack.Kind{attack.KindMalware, attack.KindTool}, &p.Software},
	} {
		if *w.to == nil {
			*w.to = []assure.Name{}
		}
		if w.asked == nil {
			continue
		}
		named, err := called(lib, w.field, *w.asked, w.kinds)
		if err != nil {
			return p, err
		}
		*w.to = named
	}
	if c.Techniques != nil {
		p.Techniques, p.Layer = sorted(*c.Techniques), strings.TrimSpace(c.Layer)
	}
	if p.Techniques == nil {
		p.Techniques = []string{}
	}
	for _, f := range []struct{ to, from *string }{{&p.Owner, c.Owner}, {&p.Note, c.Note}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(*f.from)
		}
	}
	if p.Name == "" {
		p.Name = strings.TrimSpace(c.Name)
	}
	p.By, p.RecordedBy, p.At, p.Removed = strings.TrimSpace(c.By), c.RecordedBy, c.At.UTC(), c.Remove
	return p, p.check(c)
}

// called returns the objects that words mean, each once, by ATT&CK ID.
func called(lib *attack.Library, field string, words []string, kinds []attack.Kind) ([]assure.Name, error) {
	names := []assure.Name{}
	for _, w := range words {
		if strings.TrimSpace(w) == "" {
			continue
		}
		o, err := lib.Called(field, w, kinds...)
		if err != nil {
			return nil, err
		}
		if n := nameOf(o); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(x, y assure.Name) int { return strings.Compare(x.ATTACKID, y.ATTACKID) })
	return names, nil
}

// sorted spells ATT&CK IDs alike and names each once.
func sorted(ids []string) []string {
	out := []string{}
	for _, id := range ids {
		if id = attack.SpellID(strings.TrimSpace(id)); id != "" {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Members lists all who are in it: groups, campaigns, software.
func (p *Profile) Members() []assure.Name {
	return slices.Concat(p.Groups, p.Campaigns, p.Software)
}

// Same reports whether two say the same of whom to look at, whoever said it when.
func (p *Profile) Same(q *Profile) bool {
	return p.Name == q.Name && p.Owner == q.Owner && p.Note == q.Note && p.Removed == q.Removed && p.Layer == q.Layer &&
		slices.Equal(p.Groups, q.Groups) && slices.Equal(p.Campaigns, q.Campaigns) && slices.Equal(p.Software, q.Software) &&
		slices.Equal(p.Techniques, q.Techniques)
}

// check is fault.Usage for a profile that cannot be meant.
func (p *Profile) check(c *Change) error {
	wrong := func(field, format string, args ...any) *fault.Error {
		return fault.New(fault.Usage, format, args...).At("%s", field)
	}
	for _, t := range []string{p.Owner, p.Note, p.By, p.Layer} {
		if n := len([]rune(t)); n > MaxText {
			return wrong("", "a text has %d characters, and %d is the most", n, MaxText).Next("say it in fewer words")
		}
	}
	n := len(p.Members())
	switch {
	case p.Name == "":
		return wrong("name", "the profile has no name").Next("give it one, such as retail-2027")
	case len([]rune(p.Name)) > MaxName:
		return wrong("name", "the name has %d characters, and %d is the most", len([]rune(p.Name)), MaxName).Next("shorten it")
	case p.By == "":
		return wrong("by", "it is not said who says so").Next("say who")
	case p.Removed && (c.Note == nil || p.Note == ""):
		return wrong("note", "it is not said why the profile is removed").Next("say why, as the note")
	case p.Removed:
		return nil
	case p.Owner == "":
		return wrong("owner", "nobody answers for the profile").Next("name an owner")
	case n == 0 && len(p.Techniques) == 0:
		return wrong("", "the profile names nobody and no technique").Next("name groups, campaigns or software, or a layer that scores techniques above zero")
	case n > MaxMembers:
		return wrong("", "the profile names %d members, and %d is the most", n, MaxMembers).Next("make several profiles of it")
	case len(p.Techniques) > MaxTechniques:
		return wrong("techniques", "the layer names %d techniques, and %d is the most", len(p.Techniques), MaxTechniques).Next("leave out what is not meant")
	}
	return nil
}

func nameOf(o *attack.Object) assure.Name {
	return assure.Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}
}
