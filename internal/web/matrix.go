package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/matrix"
)

// matrixView is the matrix of a release.
type matrixView struct {
	frame
	M       matrix.Matrix
	Choices matrix.Choices
	Asked   matrix.Asked
	Library bool
	// Open says that sub-techniques are not folded.
	Open  bool
	Views []choice
	// Query is what the page shows, as parameters: the addresses of the files have the same.
	Query string
	// Unfold is the address of the page with sub-techniques the other way round.
	Unfold string
	Tiles  template.HTML
}

// matrixAsked reads what a request asks of a matrix. The platform is the selection's.
func matrixAsked(r *http.Request, sel selection) matrix.Asked {
	q := r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return matrix.Asked{View: matrix.View(get("view")), Platform: sel.Platform, Group: get("group"), Software: get("software"),
		Campaign: get("campaign"), Tactic: get("tactic"), Source: get("source")}
}

// matrixOf returns the matrix that a request asks for, with the frame of its page; without
// a library the frame alone.
func (s *site) matrixOf(r *http.Request) (frame, matrix.Asked, matrix.Matrix, error) {
	fr, err := s.begin(r, "matrix", "Matrix")
	if err != nil {
		return fr, matrix.Asked{}, matrix.Matrix{}, err
	}
	asked := matrixAsked(r, fr.Sel)
	if fr.Release.Version == "" {
		return fr, asked, matrix.Matrix{}, nil
	}
	req := s.requestFor(fr.Sel, fr.Release)
	req.Profile = fr.Sel.Profile
	m, err := s.Assessor.Matrix(r.Context(), req, asked)
	return fr, asked, m, err
}

func (s *site) matrix(r *http.Request) (view, error) {
	fr, asked, m, err := s.matrixOf(r)
	if err != nil {
		return view{}, err
	}
	v := matrixView{frame: fr, Asked: asked, M: m, Library: fr.Release.Version != "", Open: r.URL.Query().Get("subs") == "open"}
	if !v.Library {
		return view{name: "matrix", data: &v}, nil
	}
	if v.Choices, err = s.Assessor.MatrixChoices(r.Context(), s.requestFor(fr.Sel, fr.Release)); err != nil {
		return view{}, err
	}
	v.Title = "Matrix: " + m.View.Title()
	v.Sel.Platform = m.Of.Platform
	v.Query = v.query(m.View, v.Open)
	v.Unfold = v.at(m.View, !v.Open)
	for _, w := range matrix.Views() {
		v.Views = append(v.Views, choice{Name: w.Title(), Value: string(w), URL: v.at(w, v.Open), Chosen: w == m.View})
	}
	var tiles strings.Builder
	for _, l := range m.Legend {
		tiles.WriteString(matrix.Tile(l.Paint, "var(--c)", "var(--on)"))
	}
	v.Tiles = classed(tiles.String())
	return view{name: "matrix", data: &v}, nil
}

// classed gives each pattern the class of its rung, which holds its colours in light and
// in dark.
func classed(tiles string) template.HTML {
	tiles = strings.ReplaceAll(tiles, `<pattern id="p-`, `<pattern class="r-`)
	for _, r := range assure.Rungs() {
		tiles = strings.ReplaceAll(tiles, `class="r-`+string(r)+`"`, `class="r-`+string(r)+`" id="p-`+string(r)+`"`)
	}
	return template.HTML(tiles)
}

// query returns the parameters of a matrix in another view.
func (v *matrixView) query(w matrix.View, open bool) string {
	q := v.Sel.values()
	a := v.Asked
	for _, p := range [][2]string{{"platform", v.Sel.Platform}, {"group", a.Group}, {"software", a.Software}, {"campaign", a.Campaign}, {"tactic", a.Tactic}, {"source", a.Source}} {
		if p[1] != "" {
			q.Set(p[0], p[1])
		}
	}
	if w != matrix.Rungs {
		q.Set("view", string(w))
	}
	if open {
		q.Set("subs", "open")
	}
	return q.Encode()
}

func (v *matrixView) at(w matrix.View, open bool) string {
	return addressed("/matrix", v.query(w, open))
}

// addressed joins a path and its parameters, if there are any.
func addressed(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// File returns the address of a file of what the page shows.
func (v *matrixView) File(path string) string { return addressed(path, v.query(v.M.View, false)) }

// Narrow says that something narrows the matrix.
func (v *matrixView) Narrow() string { return v.M.Of.Words() }

// Options are the choices of objects by id, with that which is chosen.
func (v *matrixView) Options(all []assure.Name, chosen *assure.Name) []choice {
	cs := make([]choice, len(all))
	for i, n := range all {
		cs[i] = choice{Name: n.Name, Value: cmp.Or(n.ATTACKID, n.StixID), Chosen: chosen != nil && chosen.StixID == n.StixID}
	}
	return cs
}

// Cells prints the cells of a column. A whole matrix has a thousand of them, which a
// template would take most of the page's time for.
func (v *matrixView) Cells(c matrix.Column) template.HTML {
	p := cellPrinter{v: v, query: v.Sel.values().Encode(), tactic: template.HTMLEscapeString(c.Of.Name), place: map[string]int{}}
	for i, l := range v.M.Legend {
		p.place[l.Key] = i
	}
	for i := range c.Cells {
		p.cell(&c.Cells[i])
	}
	return template.HTML(p.String())
}

// cellPrinter prints cells.
type cellPrinter struct {
	strings.Builder
	v *matrixView
	// query is what follows every link.
	query, tactic string
	place         map[string]int // states, the worst first
}

func (p *cellPrinter) cell(c *matrix.Cell) {
	says := template.HTMLEscapeString(p.v.M.Says(c))
	class, badge := "other", ""
	if c.Matches {
		class, badge = "none", "<b>–</b> "
	}
	if c.Worst != "" {
		s := p.v.M.State(c.Worst)
		class, badge = "r-"+string(s.Paint), "<b>"+s.Code+"</b> "
	}
	to := addressed("/objects/"+url.PathEscape(cmp.Or(c.Of.ATTACKID, c.Of.StixID)), p.query)
	fmt.Fprintf(p, `<li class="%s"><a href="%s">%s<small>%s</small> %s</a>`, class, template.HTMLEscapeString(to), badge,
		template.HTMLEscapeString(c.Of.ATTACKID), template.HTMLEscapeString(c.Of.Name))
	if c.Applicable > 0 {
		p.bar(c, says)
	} else {
		p.WriteString(`<small class="bare">` + says + `</small>`)
	}
	if s := credit.Shortly(c.Chains); s != "" {
		fmt.Fprintf(p, `<small class="bare" title="%s">%s</small>`, template.HTMLEscapeString(credit.Looked(c.Chains)), template.HTMLEscapeString(s))
	}
	if len(c.Subs) > 0 {
		p.below(c)
	}
	p.WriteString("</li>\n")
}

// below prints the sub-techniques of a cell, behind a fold that says the worst case of
// them.
func (p *cellPrinter) below(c *matrix.Cell) {
	open, badge, worst := "", "", len(p.place)
	if p.v.Open {
		open = " open"
	}
	for i := range c.Subs {
		if at, ok := p.place[c.Subs[i].Worst]; ok && at < worst {
			worst = at
			s := p.v.M.Legend[at]
			badge = fmt.Sprintf(`<b class="r-%s">%s</b> `, s.Paint, s.Code)
		}
	}
	fmt.Fprintf(p, `<details%s><summary>%s%s<span class="unseen"> of %s, %s</span></summary><ul>`, open, badge, plural(len(c.Subs), "sub-technique", "sub-techniques"),
		template.HTMLEscapeString(c.Of.ATTACKID), p.tactic)
	for i := range c.Subs {
		p.cell(&c.Subs[i])
	}
	p.WriteString("</ul></details>")
}

// bar draws the distribution of a cell, with a pattern for each state.
func (p *cellPrinter) bar(c *matrix.Cell, says string) {
	p.WriteString(`<svg role="img" aria-label="` + says + `" width="100%" height="7">`)
	at := 0.0
	for _, n := range c.States {
		s := p.v.M.State(n.State)
		if s.Paint == assure.NotApplicable {
			continue
		}
		share := float64(n.Count) / float64(c.Applicable)
		fmt.Fprintf(p, `<rect fill="url(#p-%s)" x="%s" width="%s" height="7"/>`, s.Paint, percent(at), percent(share))
		at += share
	}
	p.WriteString("</svg>")
}

// percent is along, shorter.
func percent(share float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(100*share, 'f', 1, 64), ".0") + "%"
}

// download is a file that a request gets.
type download struct {
	kind, name string
	body       []byte
}

// file returns the handler of a file, which answers with a page where it cannot be made.
func (s *site) file(make func(*site, *http.Request) (download, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var d download
		page := func(now *site, r *http.Request) (_ view, err error) {
			d, err = make(now, r)
			return view{}, err
		}
		v := s.view(page, r)
		if v.name != "" {
			s.show(w, r, v)
			return
		}
		w.Header().Set("Content-Type", d.kind)
		w.Header().Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		_, _ = w.Write(d.body)
	}
}

// matrixFile returns the handler of a file of the matrix.
func (s *site) matrixFile(kind, ending string, write func(*matrix.Matrix) ([]byte, error)) http.HandlerFunc {
	return s.file(func(s *site, r *http.Request) (download, error) {
		fr, _, m, err := s.matrixOf(r)
		if err != nil {
			return download{}, err
		}
		if fr.Release.Version == "" {
			return download{}, fault.New(fault.NotFound, "there is no library yet, and so no matrix").Next("import a release of ATT&CK")
		}
		body, err := write(&m)
		name := fmt.Sprintf("matrix-%s-%s-%s-%s.%s", attack.ShortDomain(m.Release.Domain), m.Release.Version, m.View, day.Of(m.AsOf), ending)
		return download{kind, anchor(name), body}, err
	})
}
