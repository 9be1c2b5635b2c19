package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/prose"
	"candor/internal/library"
	"candor/internal/standing"
	"candor/internal/store"
)

// firstEdges is how many relations of one kind are shown before the fold.
const firstEdges = 12

// mostEdges is how many relations of one kind an object's page shows, those behind the fold
// among them: some objects have hundreds, with a text each.
const mostEdges = 50

// objectView is the page of one object.
type objectView struct {
	frame
	Page library.Page
	Kind string
	// Way leads from the object to its tactics, itself included.
	Way []waypoint

	// Text and Detection are MITRE's words, Notes their citations.
	Text, Detection template.HTML
	Notes           []prose.Note
	// Others are the citations that relations and the notes of people add.
	Others []prose.Note
	// Uncited are references that no text cites.
	Uncited  []attack.Reference
	Caveats  []caveat
	Logs     []logLine
	MoreLogs []logLine // behind the fold

	Groups []groupView
	// Upkeep are the relations to who made the object and what lists it.
	Upkeep  []groupView
	History []moment
	Earlier []moment // behind the fold
	Raw     string
	// Each are the bytes of every object with this STIX id, where they are several.
	Each     []link
	Past     string // the page of the object's history
	Reached  string // the picture of what it is related to; empty where it is of a kind without
	Analysis analysis
	Take     takeView
	board    *standing.Board
}

// logLine is one log source that an analytic or a data component names.
type logLine struct {
	Name, Channel string
	Component     store.Header
}

// groupView is the relations of one type and direction.
type groupView struct {
	Title       string
	First, More []edgeView
	Count       int
	// Beyond is how many more there are on a page of their own, at URL.
	Beyond int
	URL    string
}

// edgeView is one relation.
type edgeView struct {
	store.Edge
	Text template.HTML
}

func (s *site) object(r *http.Request) (view, error) {
	sel, err := selected(r)
	if err != nil {
		return view{}, err
	}
	p, err := s.Objects.Page(r.Context(), r.PathValue("id"), sel.ref())
	if err != nil {
		return view{}, err
	}
	fr, err := s.frame(r, sel, p.Release)
	if err != nil {
		return view{}, err
	}
	fr.Title, fr.Here = title(p.Object), "objects"
	fr.only(carriers(p.History))
	v := objectView{frame: fr, Page: p, Kind: kind(p.Object.Kind)}
	v.Raw = selection{Domain: attack.ShortDomain(p.Release.Domain), Release: p.Release.Version}.
		Link("/api/v1/objects/" + template.URLQueryEscaper(p.Object.ID) + "/raw")
	for n := 1; n <= p.Copies; n++ {
		v.Each = append(v.Each, link{Text: strconv.Itoa(n), URL: joinQuery(v.Raw, "nth", strconv.Itoa(n))})
	}
	v.Past = sel.Past(p.Object.ID)
	if assessment.Walkable(p.Object.Type) {
		v.Reached = v.Sel.Reach(headerID(p.Object.ATTACKID, p.Object.ID, p.Object.Live()))
	}
	v.Way = way(p)
	pr := s.write(r, &v)
	v.fold()
	v.Analysis = s.analyse(r, fr, p)
	v.Take = s.takeOf(r, fr, p, pr)
	v.Others = pr.Notes()[len(v.Notes):]
	v.board = s.board(r, fr, p)
	return view{name: "object", data: v}, nil
}

// joinQuery returns an address with one more value in its query.
func joinQuery(address, key, value string) string {
	sign := "?"
	if strings.Contains(address, "?") {
		sign = "&"
	}
	return address + sign + key + "=" + url.QueryEscape(value)
}

// spelled leads from an address that an object is named in as people write it, in parts
// or as the address of a page of ATT&CK's own site, to the page of the object.
func (s *site) spelled(w http.ResponseWriter, r *http.Request) {
	sel, err := selected(r)
	name := strings.Trim(r.PathValue("rest"), "/")
	to := sel.Link("/objects")
	if err == nil && name != "" {
		var p library.Page
		p, err = s.Objects.Page(r.Context(), name, sel.ref())
		to = sel.Object(p.Object.ID)
		if p.Object.Live() && p.Object.ATTACKID != "" {
			to = sel.Object(p.Object.ATTACKID)
		}
	}
	if err != nil {
		s.handle(func(*site, *http.Request) (view, error) { return view{}, err })(w, r)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// carriers names the releases that carry an object.
func carriers(ms []library.Moment) map[string]bool {
	named := map[string]bool{}
	for _, m := range ms {
		if m.ObjectHash != "" {
			named[attack.Release{Domain: m.Domain, Version: m.Release}.String()] = true
		}
	}
	return named
}

// title names an object for people; relationship objects and some old ones have
// no name.
func title(o attack.Object) string {
	switch {
	case o.ATTACKID != "" && o.Name != "":
		return o.ATTACKID + " " + o.Name
	case o.Name != "":
		return o.Name
	case o.ATTACKID != "":
		return o.ATTACKID
	}
	return o.ID
}

// waypoint is the objects of one step on the way from an object to its tactics.
type waypoint struct {
	Relation string
	Objects  []store.Header
}

// way returns the steps of a page that lead upward, each with its objects. A
// step to many objects is no way and is left to the relations.
func way(p library.Page) []waypoint {
	var ws []waypoint
	for _, relation := range []string{"detection strategy", "technique", "parent technique", "tactic", "data source"} {
		w := waypoint{Relation: relation}
		for _, st := range p.Context {
			if st.Relation == relation {
				w.Objects = append(w.Objects, st.Object)
			}
		}
		if n := len(w.Objects); n > 0 && n < firstEdges {
			ws = append(ws, w)
		}
	}
	return ws
}

// users returns the groups and campaigns that the way to the tactics passes, as
// a group of relations. A technique has them among its own.
func users(p library.Page) (library.Group, bool) {
	g := library.Group{Title: "Its technique is used by"}
	for _, st := range p.Context {
		if st.Relation == "used by" && st.Depth > 1 {
			g.Edges = append(g.Edges, store.Edge{Other: st.Object, Live: true, Text: st.Text, References: st.References})
		}
	}
	return g, len(g.Edges) > 0
}

// write renders the official texts of the page, which share one list of notes, and
// returns that list for whatever is rendered besides.
func (s *site) write(r *http.Request, v *objectView) *prose.Page {
	pr := &prose.Page{Link: s.linker(r, v.Sel, v.Page.Release)}
	o := &v.Page.Object
	v.Text = pr.HTML(o.Description, o.References)
	v.Detection = pr.HTML(o.Detection, o.References)
	own := len(pr.Notes())
	if g, ok := users(v.Page); ok {
		v.Groups = append(v.Groups, v.group(pr, g))
	}
	for _, g := range v.Page.Relations {
		if bookkeeping(g) {
			v.Upkeep = append(v.Upkeep, v.group(pr, g))
		} else {
			v.Groups = append(v.Groups, v.group(pr, g))
		}
	}
	v.Notes = pr.Notes()[:own]
	for _, ref := range o.References {
		cited := func(n prose.Note) bool { return n.Name == ref.SourceName && n.Text == ref.Description }
		if !slices.ContainsFunc(v.Notes, cited) {
			v.Uncited = append(v.Uncited, ref)
		}
	}
	v.Caveats = caveats(o)
	logs := folded(logLines(v.Page))
	v.Logs, v.MoreLogs = logs.First, logs.More
	return pr
}

// bookkeeping reports whether relations say who made an object, and what lists it.
func bookkeeping(g library.Group) bool {
	return slices.Contains([]string{attack.CreatedBy, attack.ModifiedBy, attack.MarkedBy, attack.Contains}, g.Type)
}

// group renders the texts of the first of a group of relations.
func (v *objectView) group(pr *prose.Page, g library.Group) groupView {
	gv := groupView{Title: g.Title, Count: len(g.Edges), Beyond: max(0, len(g.Edges)-mostEdges)}
	if gv.Beyond > 0 {
		gv.URL = v.Sel.Heading(headerID(v.Page.Object.ATTACKID, v.Page.Object.ID, v.Page.Object.Live()), g.Title)
	}
	shown := folded(edgesOf(pr, g.Edges[:min(len(g.Edges), mostEdges)]))
	gv.First, gv.More = shown.First, shown.More
	return gv
}

// edgesOf renders the texts of relations.
func edgesOf(pr *prose.Page, all []store.Edge) []edgeView {
	var vs []edgeView
	for _, e := range all {
		vs = append(vs, edgeView{Edge: e, Text: pr.HTML(e.Text, e.References)})
	}
	return vs
}

// caveat is one sentence in which the official text states limits.
type caveat struct {
	Quote, Field string
	Codes        []string
}

// caveats returns the sentences of an object that state limits, each once.
func caveats(o *attack.Object) []caveat {
	var cs []caveat
	for _, c := range attack.Caveats(o) {
		i := slices.IndexFunc(cs, func(have caveat) bool { return have.Quote == c.Quote && have.Field == c.Field })
		if i < 0 {
			i = len(cs)
			cs = append(cs, caveat{Quote: c.Quote, Field: c.Field})
		}
		cs[i].Codes = append(cs[i].Codes, words(string(c.Code)))
	}
	return cs
}

// linker makes links to attack.mitre.org local where they name an object of the
// release.
func (s *site) linker(r *http.Request, sel selection, rel attack.Release) prose.Linker {
	return func(path string) (string, bool) {
		id, ok := attack.SiteID(path)
		if !ok {
			return "", false
		}
		found, err := s.Index.Find(r.Context(), id, attack.ReleaseRef{Domain: rel.Domain, Version: rel.Version})
		return sel.Object(id), err == nil && len(found) > 0
	}
}

// logLines lists the log sources that an object names, with the components that
// its relations lead to.
func logLines(p library.Page) []logLine {
	headers := map[string]store.Header{}
	for _, g := range p.Relations {
		for _, e := range g.Edges {
			headers[e.Other.StixID] = e.Other
		}
	}
	var ls []logLine
	for _, l := range slices.Concat(p.Object.LogSources, p.Object.Channels) {
		ls = append(ls, logLine{Name: l.Name, Channel: l.Channel, Component: headers[l.Component]})
	}
	return ls
}

// moment is the object in one release, with what is new there and the address of
// its page, empty where the release lacks it.
type moment struct {
	library.Moment
	Note, URL string
}

// fold puts the releases that say nothing new behind a fold, newest first.
func (v *objectView) fold() {
	ms := v.Page.History
	for i, m := range slices.Backward(ms) {
		now := moment{Moment: m}
		if m.ObjectHash != "" {
			there := selection{Domain: attack.ShortDomain(m.Domain), Release: m.Release, AsOf: v.Sel.AsOf}
			now.URL = there.Object(v.Page.Object.ID)
		}
		switch {
		case m.Changed && (i == 0 || ms[i-1].Status == "absent"):
			now.Note = "first here"
		case m.Changed:
			now.Note = "changed"
		}
		told := i == 0 || i == len(ms)-1 || m.Changed || m.Release == v.Page.Release.Version
		if told || len(ms) <= 6 {
			v.History = append(v.History, now)
		} else {
			v.Earlier = append(v.Earlier, now)
		}
	}
}

// logLink is a log source with the address of its component. Ties says that the
// object's log sources have components at all.
type logLink struct {
	logLine
	Ties bool
	URL  string
}

// Log returns a log source with the address of its component.
func (v objectView) Log(l logLine) logLink {
	return logLink{logLine: l, Ties: len(v.Page.Object.LogSources) > 0, URL: v.Sel.Header(l.Component)}
}

// edgeLink is a relation with the address of its other end, which is empty when
// the release does not carry it.
type edgeLink struct {
	edgeView
	URL string
	// Chip is how a technique at the other end stands here; nil for anything else.
	Chip *chip
}

// Edge returns a relation with the address of its other end.
func (v objectView) Edge(e edgeView) edgeLink {
	l := edgeLink{edgeView: e}
	if e.Other.Type != "" {
		l.URL = v.Sel.Header(e.Other)
		l.Chip = chipOf(v.board, e.Other.StixID)
	}
	return l
}
