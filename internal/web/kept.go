package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"candor/internal/archive"
	"candor/internal/assure"
	"candor/internal/attack"
)

// Kept holds the assessments that were kept.
type Kept interface {
	List() ([]archive.Kept, error)
	Load(name string) (archive.Kept, assure.Assessment, error)
}

// keptView is the list of the assessments that were kept.
type keptView struct {
	frame
	Kept []archive.Kept
	// Trend draws those of the selected domain, and Points are what it draws.
	Trend  template.HTML
	Points []point
}

func (s *site) keptList(r *http.Request) (view, error) {
	fr, err := s.begin(r, "overview", "Over time")
	if err != nil {
		return view{}, err
	}
	ks, err := s.Kept.List()
	if err != nil {
		return view{}, err
	}
	gone, err := s.gone(r)
	if err != nil {
		return view{}, err
	}
	archive.Mark(ks, gone)
	slices.Reverse(ks) // the newest first
	v := keptView{frame: fr, Kept: ks, Points: points(ks, fr.Release.Domain)}
	v.Trend = trend(v.Points)
	return view{name: "kept", data: v}, nil
}

// movedView is what moved from a kept assessment to a later one.
type movedView struct {
	frame
	Kept archive.Kept
	// With is the name of the later assessment, empty for what holds as selected.
	With   string
	Others []choice
	C      assure.Comparison
	// Shifts are those of C that Paging shows.
	Shifts []assure.Shift
	Paging paging
}

// kept compares a kept assessment with another one, or with one made now.
func (s *site) kept(r *http.Request) (view, error) {
	sel, err := selected(r)
	if err != nil {
		return view{}, err
	}
	k, before, err := s.Kept.Load(r.PathValue("name"))
	if err != nil {
		return view{}, err
	}
	if sel.Domain == "" {
		sel.Domain = attack.ShortDomain(before.Release.Domain)
	}
	v := movedView{Kept: k, With: r.URL.Query().Get("with")}
	if v.frame, err = s.place(r, sel); err != nil {
		return view{}, err
	}
	v.Title, v.Here = "Since "+k.Name, "overview"
	after, err := s.later(r, &v)
	if err != nil {
		return view{}, err
	}
	gone, err := s.gone(r)
	if err != nil {
		return view{}, err
	}
	v.C = assure.Compare(before, after)
	v.C.Differences = archive.Differences(&v.C, gone)
	v.Shifts, v.Paging, err = onPage(r, v.C.Shifts)
	return view{name: "moved", data: v}, err
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
}

// Those returns verdicts as the page lists them.
func (v movedView) Those(all []assure.Verdicted, where string) those {
	return those{folded(all), where}
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
