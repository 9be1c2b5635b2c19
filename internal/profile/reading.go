package profile

import (
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/figure"
	"candor/internal/standing"
)

// Set is a profile as a release reads it: which live techniques it is about, and through
// whom.
type Set struct {
	Profile Profile
	Columns []Column
	// Techniques are those of all columns, each once, in the order of the release.
	Techniques []*attack.Object
	// Unknown are the ATT&CK IDs of the layer that no live technique of the release has.
	Unknown []string
	uses    map[string][]int // technique -> columns
}

// Column is a member of a profile, or its layer.
type Column struct {
	// Of is the member as the release calls it; of the layer only its name.
	Of   assure.Name `json:"of"`
	Kind attack.Kind `json:"kind,omitempty"`
	// Note says what is wrong with the member in this release; empty where nothing is.
	Note string `json:"note,omitempty"`
	// Techniques is how many live techniques it uses itself, by the release's relations.
	Techniques int `json:"techniques"`

	objects []*attack.Object
}

// Layer reports whether a column is that of the layer.
func (c *Column) Layer() bool { return c.Kind == "" }

// Label names a column in a heading: the ATT&CK ID, of the layer the word.
func (c *Column) Label() string {
	if c.Layer() {
		return "layer"
	}
	return c.Of.ATTACKID
}

// Read reads a profile by a release.
func Read(p Profile, lib *attack.Library) *Set {
	s := &Set{Profile: p, Unknown: []string{}, uses: map[string][]int{}}
	for _, m := range p.Members() {
		s.add(s.member(lib, m))
	}
	if len(p.Techniques) > 0 {
		s.add(s.layer(lib))
	}
	for _, o := range lib.Objects() {
		if len(s.uses[o.ID]) > 0 {
			s.Techniques = append(s.Techniques, o)
		}
	}
	return s
}

func (s *Set) add(c Column) {
	c.Techniques = len(c.objects)
	at := len(s.Columns)
	for _, o := range c.objects {
		s.uses[o.ID] = append(s.uses[o.ID], at)
	}
	s.Columns = append(s.Columns, c)
}

// member reads a member: one that was revoked is read as what took its place.
func (s *Set) member(lib *attack.Library, m assure.Name) Column {
	c := Column{Of: m, Kind: attack.KindGroup}
	if d := lib.Decided(s.holder(), m.ATTACKID); d != nil {
		c.Kind, c.Note = kindOf(m.ATTACKID), d.Says()
		if len(d.To) == 1 && lib.InForce(d.To[0]) {
			o := lib.ByATTACKID(d.To[0])[0]
			c.Kind, c.Of, c.objects = o.Kind, nameOf(o), standing.Techniques(lib, o)
		}
		return c
	}
	o, ok := lib.Object(m.StixID)
	if !ok {
		c.Kind = kindOf(m.ATTACKID)
		c.Note = "not in " + lib.Release.String()
		return c
	}
	if o.Revoked {
		by, _ := lib.Successor(o.ID)
		if several := lib.Successors(o.ID); len(several) > 1 {
			c.Kind, c.Note = o.Kind, "revoked in "+lib.Release.String()+" by several, of which a person has to choose"
			return c
		}
		if by == nil {
			c.Kind, c.Note = o.Kind, "revoked in "+lib.Release.String()+", and nothing took its place"
			return c
		}
		c.Note = "revoked: read as " + by.ATTACKID + " " + by.Name
		o = by
	}
	c.Kind, c.Of = o.Kind, nameOf(o)
	switch {
	case o.Deprecated:
		c.Note = "deprecated in " + lib.Release.String()
	default:
		c.objects = standing.Techniques(lib, o)
	}
	return c
}

// holder is the profile as decisions name it.
func (s *Set) holder() attack.Holder {
	return attack.Holder{Kind: attack.OfProfile, ID: Key(s.Profile.Name)}
}

// kindOf tells the kind of a member by its ATT&CK ID, where no object can.
func kindOf(id string) attack.Kind {
	switch {
	case strings.HasPrefix(id, "C"):
		return attack.KindCampaign
	case strings.HasPrefix(id, "S"):
		return attack.KindMalware
	}
	return attack.KindGroup
}

// layer reads the techniques of the layer; of one that was revoked that which took its
// place.
func (s *Set) layer(lib *attack.Library) Column {
	c := Column{Of: assure.Name{Name: s.Profile.Layer}}
	for _, id := range s.Profile.Techniques {
		to := []string{id}
		if d := lib.Decided(s.holder(), id); d != nil {
			to = d.To
		}
		for _, as := range to {
			o := technique(lib, as)
			switch {
			case o == nil:
				s.Unknown = append(s.Unknown, id)
			case !slices.Contains(c.objects, o):
				c.objects = append(c.objects, o)
			}
		}
	}
	return c
}

func technique(lib *attack.Library, id string) *attack.Object {
	for _, o := range lib.ByATTACKID(id) {
		if !o.Kind.Technique() {
			continue
		}
		if o.Revoked {
			o, _ = lib.Successor(o.ID)
		}
		if o != nil && o.Live() && o.Kind.Technique() {
			return o
		}
	}
	return nil
}

// UsedBy returns who of the profile uses a technique itself, and its layer if that picks
// it out.
func (s *Set) UsedBy(technique string) []Column {
	var cs []Column
	for _, at := range s.uses[technique] {
		cs = append(cs, s.Columns[at])
	}
	return cs
}

// Has reports whether the profile is about a technique.
func (s *Set) Has(technique string) bool { return len(s.uses[technique]) > 0 }

// Words says what the profile is of, for example "2 groups, 1 software".
func (s *Set) Words() string {
	var parts []string
	for _, w := range []struct {
		n         int
		one, many string
	}{{len(s.Profile.Groups), "group", "groups"}, {len(s.Profile.Campaigns), "campaign", "campaigns"}, {len(s.Profile.Software), "piece of software", "pieces of software"}} {
		if w.n > 0 {
			parts = append(parts, figure.Of(int64(w.n), w.one, w.many))
		}
	}
	if len(s.Profile.Techniques) > 0 {
		parts = append(parts, "1 layer")
	}
	return attack.Listed(parts)
}

// Narrow returns an assessment with the analytics of the profile's techniques alone, which
// it says.
func (s *Set) Narrow(a assure.Assessment) assure.Assessment {
	layered := ""
	if len(s.Profile.Techniques) > 0 {
		layered = ", or the layer picks out"
	}
	return assure.Within(a, func(v *assure.Verdict) bool {
		return slices.ContainsFunc(v.Techniques, func(t assure.Name) bool { return s.Has(t.StixID) })
	}, figure.Sprintf("Narrowed to profile %s (%s): every figure is of the analytics of %s alone, which they use themselves by the relations of %s%s. What is used and nobody reported is not among them.",
		s.Profile.Name, s.Words(), figure.Of(int64(len(s.Techniques)), "technique", "techniques"), a.Release, layered))
}

// Reading is how the techniques of a profile stand: a column for each member, and never a
// score.
type Reading struct {
	Stated
	// Columns are the members in the order of the rows' Uses, the layer last.
	Columns []Stand `json:"columns"`
	Rows    []Row   `json:"rows"`
	// Totals sum the analytics of all techniques, each analytic once.
	Totals assure.Totals    `json:"totals"`
	Stages []standing.Stage `json:"stages"`
	// First is the first reliable chance to see any of them by the order of tactics, nil
	// when there is none, and Unseen the stages before it (all of them without one) at
	// which no analytic that applies is seen at all.
	First   *standing.Chance `json:"first_reliable"`
	Unseen  []assure.Name    `json:"unseen_before"`
	Unknown []string         `json:"unknown_techniques"`
	Limits  []string         `json:"limits"`
}

// Stand is a column with how the techniques of its member stand.
type Stand struct {
	Column
	Totals assure.Totals    `json:"totals"`
	First  *standing.Chance `json:"first_reliable"`
	Unseen []assure.Name    `json:"unseen_before"`
}

// Row is a technique of a profile, and which of the columns it stands in.
type Row struct {
	standing.Technique
	Uses []bool `json:"used_by"`
}

// On reads how a profile stands on a board.
func (s *Set) On(b *standing.Board, batch string) Reading {
	whole := b.Over(assure.Name{Name: s.Profile.Name}, s.Techniques)
	r := Reading{Stated: Stated{s.Profile, batch}, Columns: []Stand{}, Rows: []Row{}, Totals: whole.Totals, Stages: whole.Stages,
		First: whole.First, Unseen: whole.Unseen, Unknown: s.Unknown}
	for _, c := range s.Columns {
		of := b.Over(c.Of, c.objects)
		r.Columns = append(r.Columns, Stand{c, of.Totals, of.First, of.Unseen})
	}
	place := func(n assure.Name) int {
		return slices.IndexFunc(whole.Stages, func(st standing.Stage) bool { return st.Of.StixID == n.StixID })
	}
	for _, t := range whole.Techniques {
		row := Row{t, make([]bool, len(s.Columns))}
		slices.SortStableFunc(row.Tactics, func(a, b assure.Name) int { return place(a) - place(b) }) // the rows are by their first
		for _, at := range s.uses[t.Of.StixID] {
			row.Uses[at] = true
		}
		r.Rows = append(r.Rows, row)
	}
	r.Limits = s.limits()
	return r
}

// limits says what a reading cannot show.
func (s *Set) limits() []string {
	out := []string{"Who uses what is what ATT&CK reports of them: what nobody reported is missing, and what they will do next is not known.",
		"A profile is a list that somebody chose. It moves no verdict, and its members are not weighed."}
	for i := range s.Columns {
		c := &s.Columns[i]
		switch {
		case c.Note != "":
			out = append(out, c.Label()+" "+c.Of.Name+" is "+c.Note+".")
		case c.Techniques == 0 && !c.Layer():
			out = append(out, c.Label()+" "+c.Of.Name+" uses no live technique itself by this release's relations.")
		}
	}
	if n := len(s.Unknown); n > 0 {
		const shown = 20
		text := "The layer names " + figure.Of(int64(n), "technique", "techniques") + " that this release does not have: " + strings.Join(s.Unknown[:min(n, shown)], ", ")
		if n > shown {
			text += " and more"
		}
		out = append(out, text+".")
	}
	return out
}

// Use is what a profile says of one object of the release: which of the techniques that
// it is about the members use.
type Use struct {
	Profile string      `json:"profile"`
	Owner   string      `json:"owner"`
	Of      assure.Name `json:"of"`
	// Member says that the object is in the profile itself.
	Member bool `json:"member"`
	// Techniques is how many live techniques the object is about, itself and its
	// sub-techniques where it is one, and Used are those that the profile has.
	Techniques int    `json:"techniques"`
	Used       []Used `json:"used"`
	Text       string `json:"text"`
}

// Used is a technique, and who of the profile uses it itself.
type Used struct {
	Technique assure.Name   `json:"technique"`
	By        []assure.Name `json:"by"`
}

// Use says what the profile is to an object of the release by which it was read.
func (s *Set) Use(o *attack.Object, lib *attack.Library) Use {
	u := Use{Profile: s.Profile.Name, Owner: s.Profile.Owner, Of: nameOf(o), Used: []Used{}}
	u.Member = slices.ContainsFunc(s.Columns, func(c Column) bool { return c.Of.StixID == o.ID })
	about := standing.Techniques(lib, o)
	u.Techniques = len(about)
	for _, t := range about {
		var by []assure.Name
		for _, c := range s.UsedBy(t.ID) {
			by = append(by, c.Of)
		}
		if len(by) > 0 {
			u.Used = append(u.Used, Used{nameOf(t), by})
		}
	}
	slices.SortFunc(u.Used, func(x, y Used) int { return strings.Compare(x.Technique.ATTACKID, y.Technique.ATTACKID) })
	u.Text = u.sentence(s.Words())
	return u
}

// sentence says it in words.
func (u *Use) sentence(of string) string {
	begin := "Profile " + u.Profile + " (" + of + ", owned by " + u.Owner + "): "
	switch {
	case u.Member:
		return begin + u.Of.ATTACKID + " is in it."
	case u.Techniques == 0:
		return begin + u.Of.ATTACKID + " is about no live technique."
	case len(u.Used) == 0:
		return begin + "by the release's relations none of it uses any of " + figure.Of(int64(u.Techniques), "technique", "techniques") + " here itself."
	}
	who := "members of it use"
	if s := slices.ContainsFunc(u.Used, func(t Used) bool {
		return slices.ContainsFunc(t.By, func(n assure.Name) bool { return n.StixID == "" })
	}); s {
		who = "members of it use, or its layer picks out,"
	}
	return begin + figure.Sprintf("%s %d of the %s here themselves.", who, len(u.Used), figure.Of(int64(u.Techniques), "technique", "techniques"))
}
