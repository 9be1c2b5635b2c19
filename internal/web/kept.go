package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/archive"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/roster"
)

// Kept holds the assessments that were kept.
type Kept interface {
	List() ([]archive.Kept, error)
	Load(name string) (archive.Kept, assure.Assessment, error)
}

// keptView is the list of the assessments that were kept.
type keptView struct {
	rosterView
	Kept []archive.Kept
	// Trend draws those of the selected domain, and Points are what it draws.
	Trend  template.HTML
	Points []point
}

// keptPage is the page of the assessments that were kept.
func (s *site) keptPage(r *http.Request) (view, error) {
	v, err := s.keptList(r)
	if err != nil {
		return view{}, err
	}
	v.Kept, v.Paging, err = onPage(r, v.Kept)
	return view{name: "kept", data: v}, err
}

// keptList is those as a request asks for them, narrowed and sorted.
func (s *site) keptList(r *http.Request) (v keptView, err error) {
	fr, err := s.begin(r, "overview", "Over time")
	if err != nil {
		return v, err
	}
	ks, err := s.Kept.List()
	if err != nil {
		return v, err
	}
	gone, err := s.gone(r)
	if err != nil {
		return v, err
	}
	archive.Mark(ks, gone)
	slices.Reverse(ks) // the newest first
	v.Points = points(ks, fr.Release.Domain)
	v.Trend = trend(v.Points)
	v.rosterView, v.Kept, err = listed(r, fr, listing[archive.Kept]{List: roster.List{Name: "kept", Title: "Kept assessments", Order: "when they were kept, the newest first"}, Items: ks, Cols: keptColumns()})
	v.File = strings.Replace(v.File, keptPath+"/table.csv", keptFile, 1)
	return v, err
}

// keptPath is where the kept assessments are, and keptFile the list as a file: beneath the
// path are names that people gave.
const keptPath, keptFile = "/kept", "/kept.csv"

// keptColumns are the columns of the kept assessments.
func keptColumns() []roster.Col[archive.Kept] {
	return []roster.Col[archive.Kept]{
		column("name", "Name", func(k *archive.Kept) string { return k.Name }),
		kinded(roster.Column{Key: "kept", Name: "Kept", Kind: roster.Moment}, func(k *archive.Kept) roster.Cell { return roster.At(k.At) }),
		kinded(roster.Column{Key: "on", Name: "As of", Kind: roster.Day}, func(k *archive.Kept) roster.Cell { return roster.On(day.Of(k.AsOf)) }),
		chosen(column("of", "Release", func(k *archive.Kept) string { return k.Release })),
		chosen(column("policy", "Policy", func(k *archive.Kept) string { return k.Policy.String() })),
		counted("applicable", "Applicable", func(k *archive.Kept) int { return k.Totals.Applicable }),
		counted("claimed", "Claimed", func(k *archive.Kept) int { return k.Totals.Claimed }),
		counted("assured", "Assured", func(k *archive.Kept) int { return k.Totals.Assured }),
		column("sha256", "SHA-256", func(k *archive.Kept) string { return k.SHA256 }),
	}
}

// movedView is what moved from a kept assessment to a later one.
type movedView struct {
	rosterView
	Kept archive.Kept
	// With is the name of the later assessment, empty for what holds as selected.
	With   string
	Others []choice
	C      assure.Comparison
	// Shifts are those of C that Paging shows.
	Shifts []assure.Shift
}

// movedPage is the page of what moved.
func (s *site) movedPage(r *http.Request) (view, error) {
	v, err := s.moved(r)
	if err != nil {
		return view{}, err
	}
	v.Shifts, v.Paging, err = onPage(r, v.Shifts)
	return view{name: "moved", data: v}, err
}

// moved compares a kept assessment with another one, or with one made now. What moved is
// as a request asks for it.
func (s *site) moved(r *http.Request) (v movedView, err error) {
	sel, err := selected(r)
	if err != nil {
		return v, err
	}
	k, before, err := s.Kept.Load(r.PathValue("name"))
	if err != nil {
		return v, err
	}
	if sel.Domain == "" {
		sel.Domain = attack.ShortDomain(before.Release.Domain)
	}
	v = movedView{Kept: k, With: r.URL.Query().Get("with")}
	fr, err := s.place(r, sel)
	if err != nil {
		return v, err
	}
	fr.Title, fr.Here = "Since "+k.Name, "overview"
	v.frame = fr
	after, err := s.later(r, &v)
	if err != nil {
		return v, err
	}
	gone, err := s.gone(r)
	if err != nil {
		return v, err
	}
	v.C = assure.Compare(before, after)
	v.C.Differences = archive.Differences(&v.C, gone)
	t := listing[assure.Shift]{List: roster.List{Name: "moved", Title: "Analytics that moved", Order: "as they are compared"}, Items: v.C.Shifts, Cols: shiftColumns()}
	if v.With != "" {
		t.Kept = []field{{"with", v.With}}
	}
	v.rosterView, v.Shifts, err = listed(r, fr, t)
	return v, err
}

// shiftColumns are the columns of what moved.
func shiftColumns() []roster.Col[assure.Shift] {
	return []roster.Col[assure.Shift]{
		column("analytic", "Analytic", func(s *assure.Shift) string { return s.Analytic.ATTACKID }),
		chosen(kinded(roster.Column{Key: "was", Name: "From", Kind: roster.Rung}, func(s *assure.Shift) roster.Cell { return roster.Stands(s.From) })),
		chosen(kinded(roster.Column{Key: "is", Name: "To", Kind: roster.Rung}, func(s *assure.Shift) roster.Cell { return roster.Stands(s.To) })),
		kinded(roster.Column{Key: "because", Name: "Because", Kind: roster.Text}, func(s *assure.Shift) roster.Cell {
			var why []string
			for _, c := range s.Because {
				why = append(why, c.Text)
			}
			return roster.Several(why)
		}),
	}
}

// gone returns the releases that were removed and are not there now.
func (s *site) gone(r *http.Request) (map[string]attack.Removal, error) {
	have, err := s.Index.Releases(r.Context())
	if err != nil {
		return nil, err
	}
	removals, err := s.Index.Removals(r.Context())
	return attack.Gone(have, removals), err
}

// later returns what a kept assessment is compared with, and sets what else it
// may be compared with.
func (s *site) later(r *http.Request, v *movedView) (assure.Assessment, error) {
	ks, err := s.Kept.List()
	if err != nil {
		return assure.Assessment{}, err
	}
	for _, k := range ks {
		if k.Name != v.Kept.Name {
			v.Others = append(v.Others, choice{Name: k.Name, Value: k.Name, Chosen: k.Name == v.With})
		}
	}
	if v.With != "" {
		_, a, err := s.Kept.Load(v.With)
		return a, err
	}
	whole := v.Sel
	whole.Platform, whole.Site, whole.Profile = "", "", "" // what is kept is of every platform, site and technique
	return s.assess(r.Context(), whole, v.Release)
}

// those is verdicts of which the first are before the fold, and where they are, which
// the fold says.
type those struct {
	fold[assure.Verdicted]
	Where string
	// Beyond is how many the page does not list.
	Beyond int
}

// mostThose is how many analytics that one of two assessments has not a page lists.
const mostThose = 200

// Those returns verdicts as the page lists them.
func (v movedView) Those(all []assure.Verdicted, where string) those {
	return those{folded(all[:min(len(all), mostThose)]), where, max(0, len(all)-mostThose)}
}

// KeptAs returns the address of what moved since an assessment that is kept.
func (s selection) KeptAs(name string) string { return s.Link("/kept/" + url.PathEscape(name)) }

// Batches returns the links to batches.
func (s selection) Batches(ids []string) []link {
	var ls []link
	for _, id := range ids {
		ls = append(ls, link{Text: id, URL: s.Batch(id)})
	}
	return ls
}
