package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/library"
	"candor/internal/roster"
	"candor/internal/store"
)

// perPage is how many rows a list shows at once.
const perPage = 100

// fold is a list of which more is behind a fold.
type fold[T any] struct{ First, More []T }

// folded folds what is not among the first few of a list.
func folded[T any](all []T) fold[T] {
	n := min(firstEdges, len(all))
	return fold[T]{all[:n], all[n:]}
}

// most bounds lists that fill a choice of filters, such as the tactics.
const most = 1000

// objectsView is the list of objects and the answer to a search.
type objectsView struct {
	frame
	Filter    objectFilter
	Kinds     []choice
	Lifecycle []choice
	Tactics   []choice
	Platforms []string
	Sorts     []choice
	Found     []store.Located
	// Worst is the rung of analytics, and the worst case of those of strategies and
	// techniques, by STIX id, and Judged says that there is one of either among what was found.
	Worst  map[string]assure.Rung
	Judged bool
	Paging paging
	// File is where what was found is as a file.
	File string
}

// Shelves are the lists beside this one: of how objects stand.
func (v objectsView) Shelves() []choice { return shelves(v.Sel, "objects", "none") }

// objectFilter is what the list is narrowed to.
type objectFilter struct {
	Text, Kind, Tactic, LogSource, Lifecycle, Sort string
}

// paging is the place of a page within a list.
type paging struct {
	From, To, Total int
	Previous, Next  string // addresses, empty where there is none
}

// kinds are the kinds of object that the list shows when none is asked for, in the
// order of use: what has an ATT&CK meaning by itself.
func kinds() []attack.Kind {
	all := library.Kinds()
	return all[:slices.Index(all, attack.KindRelationship)]
}

// objectsPage is the page of the list.
func (s *site) objectsPage(r *http.Request) (view, error) {
	offset, err := offsetOf(r)
	if err != nil {
		return view{}, err
	}
	v, err := s.objects(r, offset, perPage)
	if err != nil || v.Release.Version == "" {
		return view{name: "objects", data: v}, err
	}
	return view{name: "objects", data: v}, s.choices(r, &v)
}

// mostObjects is how many rows a file of objects holds at most: more than there are in any
// release.
const mostObjects = 1 << 20

// objectsFile is what a request asks for, all of it, as it is written to a file.
func (s *site) objectsFile(r *http.Request) (rosterView, error) {
	v, err := s.objects(r, 0, mostObjects)
	if err != nil {
		return rosterView{}, err
	}
	l := roster.List{Name: "objects"}
	roster.Fill(&l, v.Found, []roster.Col[store.Located]{
		column("id", "ID", func(o *store.Located) string { return o.ATTACKID }),
		column("name", "Name", func(o *store.Located) string { return o.Name }),
		column("kind", "Kind", func(o *store.Located) string { return string(o.Kind) }),
		column("worst", "Worst case here", func(o *store.Located) string { return string(v.Worst[o.StixID]) }),
		kinded(roster.Column{Key: "platforms", Kind: roster.Text}, func(o *store.Located) roster.Cell { return roster.Several(o.Platforms) }),
		column("version", "Version", func(o *store.Located) string { return o.Version }),
		column("modified", "Modified", func(o *store.Located) string { return date(o.Modified) }),
		column("lifecycle", "Lifecycle", func(o *store.Located) string { return lifecycleOf(o.Header) }),
		column("stix_id", "STIX id", func(o *store.Located) string { return o.StixID }),
	})
	return rosterView{frame: v.frame, L: l}, nil
}

// lifecycleOf says whether an object is to be used.
func lifecycleOf(h store.Header) string {
	switch {
	case h.Revoked:
		return "revoked"
	case h.Deprecated:
		return "deprecated"
	}
	return "live"
}

// objects is limit of the objects that a request asks for, from offset.
func (s *site) objects(r *http.Request, offset, limit int) (v objectsView, err error) {
	fr, err := s.begin(r, "objects", "Objects")
	if err != nil {
		return v, err
	}
	q := r.URL.Query()
	v = objectsView{frame: fr, Filter: objectFilter{Text: strings.TrimSpace(q.Get("text")), Kind: q.Get("kind"), Tactic: q.Get("tactic"),
		LogSource: strings.TrimSpace(q.Get("log_source")), Lifecycle: q.Get("lifecycle"), Sort: q.Get("sort")}}
	v.Words = v.Filter.Text
	if v.Words != "" {
		v.Title = "Objects: " + v.Words
	}
	v.File = fr.Sel.Link("/objects/table.csv", "platform", fr.Sel.Platform, "text", v.Filter.Text, "kind", v.Filter.Kind, "tactic", v.Filter.Tactic,
		"log_source", v.Filter.LogSource, "lifecycle", v.Filter.Lifecycle, "sort", v.Filter.Sort)
	if fr.Release.Version == "" {
		return v, nil
	}
	query, err := s.narrowed(r, &v)
	if err != nil {
		return v, err
	}
	query.Offset, query.Limit = offset, limit
	found, total, err := s.Index.List(r.Context(), query)
	if err != nil {
		return v, err
	}
	v.Found, v.Paging = found, page(r, offset, perPage, total)
	return v, s.worst(r, &v)
}

// worst finds how the analytics, detection strategies and techniques among what was found
// stand.
func (s *site) worst(r *http.Request, v *objectsView) error {
	v.Worst = map[string]assure.Rung{}
	for _, f := range v.Found {
		v.Judged = v.Judged || f.Live() && (f.Kind.Technique() || f.Kind == attack.KindAnalytic || f.Kind == attack.KindStrategy)
	}
	if !v.Judged {
		return nil
	}
	board, err := s.Assessor.Board(r.Context(), s.requestFor(v.Sel, v.Release))
	if err != nil {
		return err
	}
	for _, f := range v.Found {
		v.Worst[f.StixID] = board.Worst(f.StixID)
	}
	return nil
}

// query returns the store's question. Relationship objects, identities and the
// like have no page to themselves in a list unless they are asked for.
func (f objectFilter) query(sel selection, rel attack.Release) store.Query {
	q := store.Query{Release: rel, Text: f.Text, Tactic: f.Tactic, Platform: sel.Platform, LogSource: f.LogSource,
		Lifecycle: f.Lifecycle, Sort: f.Sort, Kinds: kinds()}
	if q.Sort == "" && q.Text == "" {
		q.Sort = "id"
	}
	return q
}

// narrowed returns the store's question with each filter as the release spells it,
// which is how the form shows it, too.
func (s *site) narrowed(r *http.Request, v *objectsView) (store.Query, error) {
	q := v.Filter.query(v.Sel, v.Release)
	if v.Filter.Kind != "" {
		var err error
		if q.Kinds, err = library.KindsOf([]string{v.Filter.Kind}); err != nil {
			return q, err
		}
		v.Filter.Kind = library.Software
		if len(q.Kinds) == 1 {
			v.Filter.Kind = string(q.Kinds[0])
		}
	}
	q, err := s.Objects.Narrowing(r.Context(), q)
	v.Filter.Tactic, v.Filter.LogSource, v.Sel.Platform = q.Tactic, q.LogSource, q.Platform
	return q, err
}

// withChosen returns the choices and the one that was asked for by address and is
// not among them, so that the form shows what the list is narrowed to.
func withChosen(all []choice, value string) []choice {
	if value == "" || slices.ContainsFunc(all, func(c choice) bool { return c.Value == value }) {
		return all
	}
	return append(all, choice{Name: value, Value: value, Chosen: true})
}

// choices fills the filters with what the release holds.
func (s *site) choices(r *http.Request, v *objectsView) error {
	for _, k := range library.KindWords()[:slices.Index(library.KindWords(), string(attack.KindRelationship))] {
		v.Kinds = append(v.Kinds, choice{Name: kind(attack.Kind(k)), Value: k, Chosen: v.Filter.Kind == k})
	}
	v.Kinds = withChosen(v.Kinds, v.Filter.Kind)
	for _, l := range []string{"live", "deprecated", "revoked"} {
		v.Lifecycle = append(v.Lifecycle, choice{Name: l, Value: l, Chosen: v.Filter.Lifecycle == l})
	}
	for _, o := range [][2]string{{"id", "ID"}, {"name", "name"}, {"-modified", "newest change"}, {"modified", "oldest change"}, {"-id", "ID, last first"}, {"-name", "name, last first"}} {
		v.Sorts = append(v.Sorts, choice{Name: o[1], Value: o[0], Chosen: v.Filter.Sort == o[0]})
	}
	tactics, _, err := s.Index.List(r.Context(), store.Query{Release: v.Release, Kinds: []attack.Kind{attack.KindTactic}, Lifecycle: "live", Sort: "id", Limit: most})
	if err != nil {
		return err
	}
	for _, t := range tactics {
		v.Tactics = append(v.Tactics, choice{Name: t.Name, Value: t.ATTACKID, Chosen: v.Filter.Tactic == t.ATTACKID})
	}
	v.Tactics = withChosen(v.Tactics, v.Filter.Tactic)
	techniques, _, err := s.Index.List(r.Context(), store.Query{Release: v.Release, Kinds: []attack.Kind{attack.KindTechnique}, Lifecycle: "live", Sort: "id", Limit: most})
	if err != nil {
		return err
	}
	for _, t := range techniques {
		v.Platforms = append(v.Platforms, t.Platforms...)
	}
	if v.Sel.Platform != "" {
		v.Platforms = append(v.Platforms, v.Sel.Platform)
	}
	slices.Sort(v.Platforms)
	v.Platforms = slices.Compact(v.Platforms)
	return nil
}

// offsetOf reads how many rows of a list to pass over.
func offsetOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("offset")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Usage, "%q is no number of rows", text).At("offset").Next("write a whole number from 0")
	}
	return n, nil
}

// onPage returns the rows of a list that a request asks for, and their place in it.
func onPage[T any](r *http.Request, all []T) ([]T, paging, error) { return sheetOf(r, all, perPage) }

// sheetOf returns the rows of a list that a request asks for, most at once, and their place
// in it.
func sheetOf[T any](r *http.Request, all []T, most int) ([]T, paging, error) {
	offset, err := offsetOf(r)
	if err != nil {
		return nil, paging{}, err
	}
	rows := all[min(offset, len(all)):min(offset+most, len(all))]
	return rows, page(r, offset, most, len(all)), nil
}

// page returns the place of the rows from offset, most of them, within a list of total.
func page(r *http.Request, offset, most, total int) paging {
	p := paging{From: min(offset+1, total), To: max(offset, min(offset+most, total)), Total: total}
	to := func(offset int) string {
		q := r.URL.Query()
		q.Set("offset", strconv.Itoa(offset))
		if offset == 0 {
			q.Del("offset")
		}
		if len(q) == 0 {
			return r.URL.Path
		}
		return r.URL.Path + "?" + q.Encode()
	}
	if offset > 0 {
		p.Previous = to(max(0, min(offset, total)-most))
	}
	if offset+most < total {
		p.Next = to(offset + most)
	}
	return p
}
