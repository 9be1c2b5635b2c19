package web

import (
	"cmp"
	"html/template"
	"net/http"
	"strconv"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/reach"
	"candor/internal/fault"
)

// reachView is what an object is related to: a picture, and the list that it is of.
type reachView struct {
	rosterView
	M assessment.Related
	// Folds is what of it the picture shows, and Picture the picture.
	Folds   reach.Picture
	Picture template.HTML
	// Ways are the headings of the object's relations to choose from, Under the key of the
	// chosen one, and Steps how far the picture goes.
	Ways  []choice
	Under string
	Steps int
	// First is how many objects of a heading the picture passes over; Earlier and Later lead
	// to those before and after, where there are any.
	First          int
	Earlier, Later string
	// Signs explain the shapes and the lines of the picture.
	Signs []mark
	JSON  string
	id    string
}

// reach returns what the object that a request names is related to.
func (s *site) reach(r *http.Request) (reachView, error) {
	sel, err := selected(r)
	if err != nil {
		return reachView{}, err
	}
	at, carriers, err := s.Objects.Locate(r.Context(), r.PathValue("id"), sel.ref())
	if err != nil {
		return reachView{}, err
	}
	fr, err := s.frame(r, sel, at.Release)
	if err != nil {
		return reachView{}, err
	}
	named := map[string]bool{}
	for _, c := range carriers {
		named[c.String()] = true
	}
	fr.only(named)
	fr.Here, fr.Title = "objects", "Relations"
	v := reachView{rosterView: rosterView{frame: fr}, Steps: 2, Under: r.URL.Query().Get("relation"), id: headerID(at.ATTACKID, at.StixID, at.Live())}
	if err := v.asked(r); err != nil {
		return v, err
	}
	if v.M, err = s.Rosterer.Relations(r.Context(), s.requestFor(fr.Sel, at.Release), at.StixID, assessment.Around{Steps: v.Steps, Under: v.Under}); err != nil {
		return v, err
	}
	v.rosterView, err = newRoster(r, fr, v.M.List)
	v.Walked = true
	v.hidden = []field{{"relation", v.Under}, {"steps", r.URL.Query().Get("steps")}}
	v.Back = []link{{Text: "Objects", URL: fr.Sel.Link("/objects")}, {Text: cmp.Or(at.ATTACKID, at.Name, at.StixID), URL: fr.Sel.Object(v.id)}}
	return v, err
}

// headerID names an object in addresses, as selection.Header does.
func headerID(attackID, stixID string, live bool) string {
	if attackID != "" && live {
		return attackID
	}
	return stixID
}

// asked reads how far a picture goes, and where in a heading it begins.
func (v *reachView) asked(r *http.Request) error {
	for _, p := range []struct {
		name        string
		to          *int
		least, most int
	}{{"steps", &v.Steps, 1, 2}, {"first", &v.First, 0, 1_000_000}} {
		text := r.URL.Query().Get(p.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < p.least || n > p.most {
			return fault.New(fault.Usage, "%q is none of the numbers that may stand there", text).At("%s", p.name).Next("write a whole number from %d to %d", p.least, p.most)
		}
		*p.to = n
	}
	return nil
}

// reachPage is the page of what an object is related to.
func (s *site) reachPage(r *http.Request) (view, error) {
	v, err := s.reach(r)
	if err != nil {
		return view{}, err
	}
	if v.Rows, v.Paging, err = onPage(r, v.L.Rows); err != nil {
		return view{}, err
	}
	v.Folds = v.M.Graph.Fold(v.First)
	for _, h := range v.M.Graph.Headings {
		v.Ways = append(v.Ways, choice{Name: h.Title + " (" + group(h.Count) + ")", Value: h.Key(), Chosen: h.Key() == v.Under})
	}
	v.stretch()
	v.JSON = v.Sel.Link("/api/v1/objects/"+template.URLQueryEscaper(v.id)+"/relations", "steps", strconv.Itoa(v.Steps), "under", v.Under)
	p := painter{v: &v}
	v.Picture = p.paint()
	v.Signs = p.signs()
	return view{name: "reach", data: v}, nil
}

// stretch sets where the objects before and after those of the picture are.
func (v *reachView) stretch() {
	most, shown := 0, 0
	for _, c := range v.Folds.Clusters {
		most, shown = max(most, c.Total), max(shown, len(c.Nodes))
	}
	if v.First > 0 {
		v.Earlier = v.at(v.Under, v.Steps, max(0, v.First-max(shown, 1)))
	}
	if v.Under != "" && v.First+shown < most && shown > 0 {
		v.Later = v.at(v.Under, v.Steps, v.First+shown)
	}
}

// at is the address of the page under another heading, of other steps, from another object.
func (v *reachView) at(under string, steps, first int) string {
	more := []string{"relation", under}
	if steps != 2 {
		more = append(more, "steps", strconv.Itoa(steps))
	}
	if first > 0 {
		more = append(more, "first", strconv.Itoa(first))
	}
	return v.Sel.Reach(v.id, more...)
}

// address leads to what a node of the picture is related to.
func (v *reachView) address(o *attack.Object) string {
	return v.Sel.Reach(headerID(o.ATTACKID, o.ID, o.Live()))
}

// One and Two are how many objects are so many steps away.
func (v reachView) One() int { return v.M.Graph.Within(1) }

// Two is how many objects are two steps away.
func (v reachView) Two() int { return v.M.Graph.Within(2) }
