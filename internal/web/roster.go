package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack/diff"
	"candor/internal/fault"
	"candor/internal/roster"
)

// Rosterer makes the lists of what there is.
type Rosterer interface {
	Roster(ctx context.Context, r assessment.Request, name string) (roster.List, error)
	Compare(ctx context.Context, r assessment.Request, ids []string) (roster.List, error)
	Changes(ctx context.Context, r assessment.Request, report diff.Report) ([]assessment.Change, error)
	Relations(ctx context.Context, r assessment.Request, id string, a assessment.Around) (assessment.Related, error)
	Records(ctx context.Context, batch string, first int) (roster.List, int, error)
	RuleNames(ctx context.Context) ([]assessment.RuleName, error)
}

// shelved is where a list stands among the pages.
type shelved struct {
	path string
	// here is the entry of the navigation that it belongs to.
	here string
}

// shelf says where the lists stand.
func shelf(name string) shelved {
	switch name {
	case "cases":
		return shelved{"/reviews", "reviews"}
	case "exercises":
		return shelved{"/exercises", "reviews"}
	case "measurements":
		return shelved{"/measurements", "measurements"}
	case "log-sources":
		return shelved{"/evidence/telemetry", "evidence"}
	case "external-sources":
		return shelved{"/evidence/externals", "evidence"}
	}
	for _, x := range assessment.Rosters() {
		if x.Name == name && x.Standing {
			return shelved{"/standing/" + name, "objects"}
		}
	}
	return shelved{"/evidence/" + name, "evidence"}
}

// List returns the address of a list.
func (s selection) List(name string, more ...string) string { return s.Link(shelf(name).path, more...) }

// rosterView is a list on a page.
type rosterView struct {
	frame
	L roster.List
	// Rows are those of L that Paging shows.
	Rows   []roster.Row
	Paging paging
	Asked  roster.Asked
	// Filters are the columns that the list can be narrowed by.
	Filters []filter
	// Others are the lists beside this one, and File where it is as a file.
	Others []choice
	File   string
	// Compared says that objects are side by side, and IDs which.
	Compared bool
	IDs      string
	// Bare says that there is no row at all, and Narrowed that some may be left out.
	Bare, Narrowed bool
	// Walked says that the list is beside a picture of the same, of which there are as many
	// as objects.
	Walked bool
	// Back is the way to the page, and Stretches the parts of a list that is too long to be
	// sorted whole.
	Back      []link
	Stretches []choice
	hidden    []field
	query     url.Values
	// rung says that a column of the list is how what a row is about stands.
	rung bool
}

// filter is a column by which a list is narrowed.
type filter struct {
	Key, Name string
	Choices   []choice
	Chosen    bool
}

// mostChoices is how many values a filter offers; others are typed into the field of words.
const mostChoices = 60

// rosterPage returns the page of a list.
func rosterPage(name string) func(*site, *http.Request) (view, error) {
	return func(s *site, r *http.Request) (view, error) {
		v, err := s.roster(r, name)
		if err != nil {
			return view{}, err
		}
		v.Rows, v.Paging, err = onPage(r, v.L.Rows)
		return view{name: "roster", data: v}, err
	}
}

// roster returns the list that a request asks for, narrowed and sorted as it says.
func (s *site) roster(r *http.Request, name string) (rosterView, error) {
	at := shelf(name)
	fr, req, err := s.asking(r, at.here, "")
	if err != nil {
		return rosterView{}, err
	}
	req.Platform = ""
	l, err := s.Rosterer.Roster(r.Context(), req, name)
	if err != nil {
		return rosterView{}, err
	}
	v, err := newRoster(r, fr, l)
	v.Others = shelves(fr.Sel, at.here, name)
	return v, err
}

// shelves are the lists that stand beside each other.
func shelves(sel selection, here, chosen string) []choice {
	var list []choice
	switch here {
	case "evidence":
		list = append(list, choice{Name: "Batches", URL: sel.Link("/evidence")})
	case "objects":
		list = append(list, choice{Name: "All objects", URL: sel.Link("/objects")}, choice{Name: "Side by side", URL: sel.Link("/compare"), Chosen: chosen == ""})
	}
	for _, x := range assessment.Rosters() {
		if to := shelf(x.Name); to.here == here || here == "measurements" && x.Name == "rules" {
			list = append(list, choice{Name: x.Title, URL: sel.List(x.Name), Chosen: x.Name == chosen})
		}
	}
	return list
}

// newRoster returns the view of a list, narrowed and sorted as a request says.
func newRoster(r *http.Request, fr frame, l roster.List) (v rosterView, err error) {
	fr.Title = l.Title
	v = rosterView{frame: fr, Asked: askedOf(r, &l), query: r.URL.Query(), Bare: len(l.Rows) == 0,
		rung: slices.ContainsFunc(l.Columns, func(c roster.Column) bool { return c.Kind == roster.Rung })}
	v.Narrowed = v.Asked.Text != "" || len(v.Asked.Where) > 0
	for _, c := range l.Columns {
		if c.Choice {
			v.Filters = append(v.Filters, filterOf(c, l.Choices(c.Key), v.Asked.Where[c.Key]))
		}
	}
	v.Filters = slices.DeleteFunc(v.Filters, func(f filter) bool { return len(f.Choices) < 2 && !f.Chosen })
	if v.L, err = l.Only(v.Asked); err != nil {
		return rosterView{}, err
	}
	v.File = fr.Path + "/table.csv"
	q := r.URL.Query()
	if q.Del("offset"); len(q) > 0 {
		v.File += "?" + q.Encode()
	}
	return v, nil
}

// records returns the records of the batch that a request asks for.
func (s *site) records(r *http.Request) (rosterView, error) {
	fr, err := s.begin(r, "evidence", "Records")
	if err != nil {
		return rosterView{}, err
	}
	id, first := r.PathValue("id"), 0
	if text := r.URL.Query().Get("from"); text != "" {
		if first, err = strconv.Atoi(text); err != nil || first < 0 {
			return rosterView{}, fault.New(fault.Usage, "%q is no number of records", text).At("from").Next("write a whole number from 0")
		}
	}
	l, all, err := s.Rosterer.Records(r.Context(), id, first)
	if err != nil {
		return rosterView{}, err
	}
	v, err := newRoster(r, fr, l)
	v.Back = []link{{Text: "Evidence", URL: fr.Sel.Link("/evidence")}, {Text: "Batch " + id, URL: fr.Sel.Batch(id)}}
	if first > 0 {
		v.hidden = append(v.hidden, field{"from", strconv.Itoa(first)})
	}
	path := "/evidence/" + url.PathEscape(id) + "/records"
	for from := 0; all > assessment.Stretch && from < all; from += assessment.Stretch {
		to := choice{Name: group(from+1) + "–" + group(min(from+assessment.Stretch, all)), Chosen: from == first}
		if to.URL = fr.Sel.Link(path); from > 0 {
			to.URL = fr.Sel.Link(path, "from", strconv.Itoa(from))
		}
		v.Stretches = append(v.Stretches, to)
	}
	return v, err
}

// recordsPage is the page of the records of a batch.
func (s *site) recordsPage(r *http.Request) (view, error) {
	v, err := s.records(r)
	if err != nil {
		return view{}, err
	}
	v.Rows, v.Paging, err = onPage(r, v.L.Rows)
	return view{name: "roster", data: v}, err
}

// askedOf reads which rows of a list are asked for.
func askedOf(r *http.Request, l *roster.List) roster.Asked {
	q := r.URL.Query()
	a := roster.Asked{Text: strings.TrimSpace(q.Get("text")), Sort: q.Get("sort"), Where: map[string]string{}}
	for _, c := range l.Columns {
		if v := strings.TrimSpace(q.Get(c.Key)); v != "" && c.Choice {
			a.Where[c.Key] = v
		}
	}
	if b := q.Get("batch"); b != "" { // where a batch leads
		a.Text = strings.TrimSpace(a.Text + " " + b)
	}
	return a
}

func filterOf(c roster.Column, choices []roster.Choice, chosen string) filter {
	f := filter{Key: c.Key, Name: c.Name, Chosen: chosen != ""}
	for i, x := range choices {
		is := strings.EqualFold(x.Value, chosen)
		if i < mostChoices || is {
			f.Choices = append(f.Choices, choice{Name: x.Name + " (" + group(x.Count) + ")", Value: x.Value, Chosen: is})
		}
	}
	if f.Chosen && !slices.ContainsFunc(f.Choices, func(c choice) bool { return c.Chosen }) {
		f.Choices = append(f.Choices, choice{Name: chosen, Value: chosen, Chosen: true})
	}
	return f
}

// head is the head of a column, with the address that sorts by it.
type head struct {
	roster.Column
	URL string
	// Sorted is "ascending", "descending" or empty.
	Sorted string
	Num    bool
}

// Heads are the heads of the columns.
func (v rosterView) Heads() []head {
	heads := make([]head, len(v.L.Columns))
	for i, c := range v.L.Columns {
		h := head{Column: c, Num: numeric(c.Kind)}
		to, q := c.Key, url.Values{}
		for k, values := range v.query {
			if k != "offset" {
				q[k] = values
			}
		}
		switch {
		case v.Asked.Sort == c.Key:
			h.Sorted, to = "ascending", "-"+c.Key
		case v.Asked.Sort == "-"+c.Key:
			h.Sorted = "descending"
		case h.Num || c.Kind == roster.Day || c.Kind == roster.Moment || c.Kind == roster.Spread:
			to = "-" + c.Key // the most, or the newest, first
		}
		q.Set("sort", to)
		h.URL = v.Path + "?" + q.Encode()
		heads[i] = h
	}
	return heads
}

func numeric(k roster.Kind) bool {
	return k == roster.Number || k == roster.Share || k == roster.Span
}

// cellView is a cell on a page.
type cellView struct {
	roster.Cell
	Kind roster.Kind
	Num  bool
	Row  bool // it names its row
	To   []link
}

// Cells are the cells of a row.
func (v rosterView) Cells(r roster.Row) []cellView {
	cells := make([]cellView, len(r.Cells))
	for i, c := range r.Cells {
		cells[i] = v.cell(c, v.L.Columns[i].Kind)
		if cells[i].Row = i == 0; cells[i].Row && v.rung {
			for j, l := range cells[i].To {
				cells[i].To[j] = l.plain()
			}
		}
	}
	return cells
}

func (v rosterView) cell(c roster.Cell, kind roster.Kind) cellView {
	w := cellView{Cell: c, Kind: kind, Num: numeric(kind)}
	for _, l := range c.Links {
		to := v.Sel.Target(l)
		if l.To == roster.ToChange {
			to.URL = v.Sel.Link("/changes/objects/"+url.PathEscape(l.ID), "from", v.query.Get("from"))
		}
		w.To = append(w.To, to)
	}
	return w
}

// besideView is what is to be known beside a list.
type besideView struct {
	Title string
	Lines []cellView
}

// Parts are what is to be known beside the list.
func (v rosterView) Parts() []besideView {
	var parts []besideView
	for _, p := range v.L.Parts {
		w := besideView{Title: p.Title}
		for _, c := range p.Lines {
			w.Lines = append(w.Lines, v.cell(c, roster.Text))
		}
		parts = append(parts, w)
	}
	return parts
}

// Moment returns a time of a cell.
func (c cellView) Moment() time.Time {
	t, err := time.Parse(time.RFC3339, c.Text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Rung is the rung that a cell says.
func (c cellView) Rung() assure.Rung { return assure.Rung(c.Text) }

// Spread is the distribution that a cell says.
func (c cellView) Spread() spread { return spreadOf(c.Rungs) }

// Target returns what a link of a list leads to.
func (s selection) Target(l roster.Link) link {
	to := link{Text: l.Text, Title: l.Title}
	switch l.To {
	case roster.ToRule:
		to.URL = s.Rule(l.ID)
	case roster.ToObject:
		to.URL, to.Chip = s.Object(l.ID), s.Chip(l.ID)
	case roster.ToReach:
		to.URL = s.Reach(l.ID)
	case roster.ToBatch:
		to.URL = s.Batch(l.ID)
	case roster.ToExercise:
		to.URL = s.Exercise(l.ID)
	case roster.ToCase:
		to.URL = s.Case(l.ID)
	}
	return to
}

// Hidden are the fields of the form that are not asked for in it.
func (v rosterView) Hidden() []field {
	fs := append(v.Sel.Hidden(), v.hidden...)
	if v.Asked.Sort != "" {
		fs = append(fs, field{"sort", v.Asked.Sort})
	}
	return fs
}

// Reset is the list as it is made.
func (v rosterView) Reset() string {
	var more []string
	for _, f := range v.hidden {
		more = append(more, f.Name, f.Value)
	}
	return v.Sel.Link(v.Path, more...)
}

// Long reports whether a cell has so much to say that it needs room.
func (c cellView) Long() bool { return len(c.Text)+len(c.Note) > 70 && !c.Num }

// Order says in which order the rows are.
func (v rosterView) Order() string {
	key, down := strings.CutPrefix(v.Asked.Sort, "-")
	at := slices.IndexFunc(v.L.Columns, func(c roster.Column) bool { return c.Key == key })
	if at < 0 {
		return cmp.Or(v.L.Order, "as it is made")
	}
	if down {
		return v.L.Columns[at].Name + ", from the last"
	}
	return v.L.Columns[at].Name
}

// rosterFile answers with the rows of a list that a request asks for, as delimited text.
func (s *site) rosterFile(list func(*site, *http.Request) (rosterView, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := *s
		var err error
		if now.inForce, err = s.Policy(); err != nil {
			s.show(w, r, now.failure(r, err))
			return
		}
		v, err := list(&now, r)
		if err != nil {
			s.show(w, r, now.failure(r, err))
			return
		}
		body, err := v.L.CSV()
		if err != nil {
			s.show(w, r, now.failure(r, fault.New(fault.Internal, "the list could not be written").Because(err)))
			return
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="candor-`+v.L.Name+`.csv"`)
		_, _ = w.Write(body)
	}
}
