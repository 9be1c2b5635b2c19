package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/fault"
)

// changedView is the list of what differs between two releases, with what it means here.
type changedView struct {
	rosterView
	From  string
	Older []choice
	// Ours is the list of what has to do with us, and Summary the page that counts by kind.
	Ours, Summary string
	// JSON is where the API has the same.
	JSON string
}

// changing returns the releases that a request compares: the frame of the newer one, the
// choices of older ones, and every object that differs.
func (s *site) changing(r *http.Request) (changesView, []assessment.Change, error) {
	fr, err := s.begin(r, "objects", "Changes")
	if err != nil {
		return changesView{}, nil, err
	}
	all, err := s.Index.Releases(r.Context())
	if err != nil {
		return changesView{}, nil, err
	}
	fr.only(later(all))
	v := changesView{frame: fr, From: strings.TrimSpace(r.URL.Query().Get("from"))}
	v.older(all)
	if len(v.Older) == 0 {
		return v, nil, fault.New(fault.NotFound, "there is no earlier release to compare with").Next("candor attack import FILE adds one")
	}
	report, err := s.Objects.Diff(r.Context(), v.From, fr.Release.Version, fr.Release.Domain)
	if err != nil {
		return v, nil, err
	}
	v.From = report.Old.Version
	changes, err := s.Rosterer.Changes(r.Context(), s.requestFor(fr.Sel, fr.Release), report)
	return v, changes, err
}

// later names the releases before which there is another of the domain.
func later(all []attack.Release) map[string]bool {
	named := map[string]bool{}
	for _, a := range all {
		named[a.String()] = slices.ContainsFunc(all, func(b attack.Release) bool {
			return a.Domain == b.Domain && attack.CompareVersions(b.Version, a.Version) < 0
		})
	}
	return named
}

// changedList returns the list of what differs.
func (s *site) changedList(r *http.Request) (changedView, error) {
	at, changes, err := s.changing(r)
	if err != nil {
		return changedView{}, err
	}
	v := changedView{From: at.From, Older: at.Older}
	l := assessment.ChangesRoster(changes, at.From, at.Release.String(), changed)
	if v.rosterView, err = newRoster(r, at.frame, l); err != nil {
		return v, err
	}
	if v.query.Get("from") == "" {
		v.query.Set("from", at.From)
	}
	v.hidden = []field{{"from", at.From}}
	v.Ours = v.Sel.Link("/changes/objects", "from", at.From, "touches", "anything")
	v.Summary = v.Sel.Link("/changes", "from", at.From)
	v.JSON = v.Sel.Link("/api/v1/changes", "from", at.From, "domain", attack.ShortDomain(at.Release.Domain), "release", at.Release.Version)
	return v, nil
}

// changedRows is changedList for files.
func (s *site) changedRows(r *http.Request) (rosterView, error) {
	v, err := s.changedList(r)
	return v.rosterView, err
}

// changedPage is the page of what differs between two releases.
func (s *site) changedPage(r *http.Request) (view, error) {
	v, err := s.changedList(r)
	if err != nil {
		return view{}, err
	}
	v.Rows, v.Paging, err = onPage(r, v.L.Rows)
	return view{name: "changed", data: v}, err
}

// sidesView is an object in two releases, side by side.
type sidesView struct {
	frame
	C     *assessment.Change
	From  string
	Name  string
	How   string
	Back  string
	Older string // the page of the object in the older release, empty where it is not there
	Newer string
	Parts []sideView
	Chip  *chip
	Was   *chip // in the older release
	Rules fold[link]
	Gaps  []link
}

// sideView is a field of an object in two releases.
type sideView struct {
	Name     string
	Old, New []run
}

// sides is the page of an object in two releases.
func (s *site) sides(r *http.Request) (view, error) {
	at, changes, err := s.changing(r)
	if err != nil {
		return view{}, err
	}
	c, err := assessment.ChangeOf(changes, r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	v := sidesView{frame: at.frame, C: c, From: at.From, How: changed(c.Category), Back: at.Sel.Link("/changes/objects", "from", at.From)}
	v.Name = cmp.Or(strings.TrimSpace(c.ATTACKID+" "+c.Name), c.ID)
	v.frame.Title = v.Name + " from " + at.From + " to " + at.Release.Version
	v.only(map[string]bool{at.Release.String(): true}) // of others it may not have changed
	there := at.Sel
	there.Domain = attack.ShortDomain(at.Release.Domain)
	if there.Release = at.From; c.Category != diff.Addition {
		v.Older = there.Object(c.ID)
	}
	if there.Release = at.Release.Version; c.Category != diff.Deletion {
		v.Newer = there.Object(c.ID)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		f := c.Fields[name]
		before, after := runs(readable(f.Old), readable(f.New))
		v.Parts = append(v.Parts, sideView{name, before, after})
	}
	if c.Touched.Rung != "" {
		v.Chip = &chip{look: lookOf(c.Touched.Rung)}
	}
	if c.Touched.Was != "" {
		v.Was = &chip{look: lookOf(c.Touched.Was)}
	}
	var rules []link
	for _, c := range c.Touched.Rules {
		rules = append(rules, link{Text: cmp.Or(c.Name, c.ID), Title: c.ID, URL: at.Sel.Rule(c.ID)})
	}
	v.Rules = folded(rules)
	for _, g := range c.Touched.Gaps {
		v.Gaps = append(v.Gaps, link{Text: g.Title, URL: at.Sel.Gap(g.ID, g.Action, g.Target)})
	}
	return view{name: "sides", data: v}, nil
}

// run is a stretch of a text that both sides have, or one alone.
type run struct {
	Text string
	// Alone says that the other side does not have it.
	Alone bool
}

// mostPairs bounds the work of comparing two texts, in pairs of words.
const mostPairs = 4_000_000

// runs compares two texts word by word.
func runs(before, after string) (old, now []run) {
	a, b := spaced(before), spaced(after)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	inA, inB := common(a[head:len(a)-tail], b[head:len(b)-tail])
	return joined(a, inA, head, tail), joined(b, inB, head, tail)
}

// spaced cuts a text into words, each with the space behind it.
func spaced(text string) []string {
	var words []string
	from, space := 0, false
	for i, c := range text {
		is := c == ' ' || c == '\n' || c == '\t'
		if space && !is {
			words = append(words, text[from:i])
			from = i
		}
		space = is
	}
	if from < len(text) {
		words = append(words, text[from:])
	}
	return words
}

// common says of each word of two texts whether it is in their longest common part; of
// texts that are too long to compare none is.
func common(a, b []string) (inA, inB []bool) {
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	if len(a)*len(b) > mostPairs {
		return inA, inB
	}
	wide := len(b) + 1
	most := make([]int32, (len(a)+1)*wide)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				most[i*wide+j] = most[(i+1)*wide+j+1] + 1
			} else {
				most[i*wide+j] = max(most[(i+1)*wide+j], most[i*wide+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			inA[i], inB[j] = true, true
			i++
			j++
		case most[(i+1)*wide+j] >= most[i*wide+j+1]:
			i++
		default:
			j++
		}
	}
	return inA, inB
}

// joined puts words together into runs; the first head and the last tail are common.
func joined(words []string, in []bool, head, tail int) []run {
	var rs []run
	for i, w := range words {
		alone := i >= head && i < len(words)-tail && !in[i-head]
		if n := len(rs); n > 0 && rs[n-1].Alone == alone {
			rs[n-1].Text += w
		} else {
			rs = append(rs, run{w, alone})
		}
	}
	return rs
}
