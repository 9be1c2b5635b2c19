package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/profile"
	"candor/internal/sample"
	"candor/internal/store"
)

// selection is what the reader chose to look at: it follows every link.
type selection struct {
	// Domain and Release are as asked for; empty means the newest.
	Domain, Release string
	// Platform and AsOf narrow verdicts; empty means all, and today. Site is whose evidence
	// is judged; empty means all.
	Platform, AsOf, Site string
	// Profile is the threat profile for which the pages that can be are read; empty means
	// all techniques.
	Profile string
	// rungs are how what the page names stands here.
	rungs *rungs
}

// selected reads the selection of a request.
func selected(r *http.Request) (selection, error) {
	q := r.URL.Query()
	s := selection{
		Domain:   attack.ShortDomain(attack.DomainName(q.Get("domain"))),
		Release:  strings.TrimSpace(q.Get("release")),
		Platform: strings.TrimSpace(q.Get("platform")),
		AsOf:     strings.TrimSpace(q.Get("as_of")),
		Site:     q.Get("site"),
		Profile:  strings.TrimSpace(q.Get("profile")),
	}
	if s.AsOf == "" {
		return s, nil
	}
	if _, err := day.Parse(s.AsOf); err != nil {
		return selection{}, fault.New(fault.Usage, "%q is no day", s.AsOf).At("as_of").Next("write it as 2006-01-02")
	}
	return s, nil
}

func (s selection) ref() attack.ReleaseRef {
	return attack.ReleaseRef{Domain: attack.DomainName(s.Domain), Version: s.Release}
}

// values returns the selection as query parameters, without the platform, which
// is a filter of some pages and no place.
func (s selection) values() url.Values {
	v := url.Values{}
	for _, p := range [][2]string{{"domain", s.Domain}, {"release", s.Release}, {"as_of", s.AsOf}, {"site", s.Site}, {"profile", s.Profile}} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	return v
}

// Link returns the address of a page with the selection and further parameters,
// given as names and values in turn; empty values are left out.
func (s selection) Link(path string, more ...string) string {
	v := s.values()
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			v.Set(more[i], more[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// Object returns the address of the page of the object with id.
func (s selection) Object(id string) string {
	return s.Link("/objects/" + url.PathEscape(id))
}

// Case returns the address of the review of a case.
func (s selection) Case(id string) string { return s.Link("/reviews/" + url.PathEscape(id)) }

// Past returns the address of the history of the object with id.
func (s selection) Past(id string) string {
	return s.Link("/objects/" + url.PathEscape(id) + "/history")
}

// Reach returns the address of what the object with id is related to.
func (s selection) Reach(id string, more ...string) string {
	return s.Link("/objects/"+url.PathEscape(id)+"/relations", more...)
}

// Heading returns the address of all relations of the object with id under one title.
func (s selection) Heading(id, title string) string {
	return s.Link("/objects/" + url.PathEscape(id) + "/relations/" + headingKey(title))
}

// Header returns the address of the page of an object in a list. An ATT&CK ID
// is readable and may be shared by a dead object, which therefore goes by its
// STIX id.
func (s selection) Header(h store.Header) string {
	if h.ATTACKID != "" && h.Live() {
		return s.Object(h.ATTACKID)
	}
	return s.Object(h.StixID)
}

// Batch returns the address of a batch.
func (s selection) Batch(id string) string { return s.Link("/evidence/" + url.PathEscape(id)) }

// Rule returns the address of what the alerts of a rule say, or of a page beneath.
func (s selection) Rule(id string, beneath ...string) string {
	path := "/measurements/rules/" + url.PathEscape(id)
	for _, b := range beneath {
		path += "/" + b
	}
	return s.Link(path)
}

// Gates returns the address of what an analytic or a rule may be used for.
func (s selection) Gates(id string) string { return s.Link("/gates/" + url.PathEscape(id)) }

// Hidden returns the selection for the hidden fields of a form.
func (s selection) Hidden() []field {
	var fs []field
	for name, values := range s.values() {
		fs = append(fs, field{name, values[0]})
	}
	slices.SortFunc(fs, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return fs
}

// field is one hidden field of a form.
type field struct{ Name, Value string }

// frame is what every page has around its content.
type frame struct {
	Title string
	// Here is the entry of the navigation that the page belongs to.
	Here string
	Sel  selection
	// Day is the day as of which verdicts are judged.
	Day     string
	Release attack.Release
	// Miniature says that Release is the embedded sample.
	Miniature bool
	Releases  []choice
	// Sites are those whose evidence can be judged alone.
	Sites []string
	// Profiles are the threat profiles for which the page can be read.
	Profiles []string
	// Words is what the search field holds.
	Words   string
	Policy  assure.PolicyRef
	Version string
	// Path is the page's own path, for forms that change the selection, and Self its whole
	// address.
	Path, Self string
	// Sign says what may be written.
	Sign sign
	// Operated says that there is a page about the installation.
	Operated bool
}

// choice is one entry of a list of which one is chosen.
type choice struct {
	Name, Value, URL string
	Chosen           bool
}

// frame returns the frame of a page about rel, the zero release when the page is
// about none.
func (s *site) frame(r *http.Request, sel selection, rel attack.Release) (frame, error) {
	all, err := s.Index.Releases(r.Context())
	if err != nil {
		return frame{}, err
	}
	f := frame{Sel: sel, Day: sel.AsOf, Release: rel, Policy: s.inForce.Ref(),
		Version: s.Version, Path: r.URL.EscapedPath(), Self: r.URL.RequestURI(), Sign: s.signOf(r), Operated: s.Operation != nil, Miniature: rel.Domain == sample.Domain && rel.Version == sample.Version}
	if f.Day == "" {
		f.Day = string(day.Of(s.Clock()))
	}
	f.Sel.rungs = s.rungs(r, sel, rel)
	if rel.Domain != "" && several(all) {
		f.Sel.Domain = attack.ShortDomain(rel.Domain)
	}
	for _, a := range slices.Backward(all) {
		to := selection{Domain: attack.ShortDomain(a.Domain), Release: a.Version, AsOf: sel.AsOf, Site: sel.Site, Profile: sel.Profile}
		f.Releases = append(f.Releases, choice{Name: a.String(), URL: to.Link(r.URL.EscapedPath()),
			Chosen: a.Domain == rel.Domain && a.Version == rel.Version})
	}
	return f, nil
}

// only takes the address from every release but those named: the others do not
// have what the page is about.
func (f *frame) only(named map[string]bool) {
	for i := range f.Releases {
		if c := &f.Releases[i]; !named[c.Name] {
			c.URL = ""
		}
	}
}

// several reports whether the releases are of more than one domain.
func several(all []attack.Release) bool {
	return len(all) > 0 && slices.ContainsFunc(all, func(r attack.Release) bool { return r.Domain != all[0].Domain })
}

// assess judges a release as the selection says.
func (s *site) assess(ctx context.Context, sel selection, rel attack.Release) (assure.Assessment, error) {
	r := s.requestFor(sel, rel)
	r.Platform, r.Profile = sel.Platform, sel.Profile
	return s.Assessor.Assess(ctx, r)
}

// requestFor asks about a release, of every platform.
func (s *site) requestFor(sel selection, rel attack.Release) assessment.Request {
	asOf := s.Clock()
	if sel.AsOf != "" {
		asOf = day.Date(sel.AsOf).Time()
	}
	return assessment.Request{Release: attack.ReleaseRef{Domain: rel.Domain, Version: rel.Version}, AsOf: asOf, Site: sel.Site, Policy: s.inForce}
}

// batches lists every import of evidence, oldest first, without the folders of its files.
func (s *site) batches(ctx context.Context) ([]store.Batch, error) {
	all, err := store.Merged(ctx, s.Evidence, s.Alerts)
	for i := range all {
		all[i] = all[i].Outside()
	}
	return all, err
}

// begin reads the selection of a request and returns the frame of a page about a
// whole release: the entry of the navigation that it belongs to, and its title.
func (s *site) begin(r *http.Request, here, title string) (frame, error) {
	sel, err := selected(r)
	if err != nil {
		return frame{}, err
	}
	fr, err := s.place(r, sel)
	fr.Here, fr.Title = here, title
	if err == nil && slices.Contains([]string{"overview", "matrix", "gaps", "verdicts", "measurements", "reports"}, here) {
		fr.Sites, err = s.Assessor.Sites(r.Context())
	}
	if err == nil && slices.Contains([]string{"overview", "matrix", "verdicts", "next"}, here) {
		var all []profile.Stated
		all, err = s.Profiler.Profiles(r.Context())
		for i := range all {
			fr.Profiles = append(fr.Profiles, all[i].Name)
		}
	}
	return fr, err
}

// place returns the frame of a page about a whole release: the selected one, and
// without a selection the one of the policy, or that the library takes for meant. Its Release is zero when the library is empty.
func (s *site) place(r *http.Request, sel selection) (frame, error) {
	all, err := s.Index.Releases(r.Context())
	if err != nil {
		return frame{}, err
	}
	own := slices.IndexFunc(all, func(r attack.Release) bool { return !r.IsOwn() }) < 0
	if own && sel.Domain == "" { // none is meant unless it is named
		return s.frame(r, sel, attack.Release{})
	}
	ref := sel.ref().Or(s.inForce.Release)
	rel, err := s.Objects.Release(r.Context(), ref)
	if err != nil {
		return frame{}, err
	}
	if ref != sel.ref() { // what the policy chose the links of the page say
		sel.Domain, sel.Release = attack.ShortDomain(rel.Domain), rel.Version
	}
	return s.frame(r, sel, rel)
}
