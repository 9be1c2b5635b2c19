package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/control"
	"candor/internal/fault"
	"candor/internal/report"
)

// reportsPath is the page of the reports that there are.
const reportsPath = "/reports"

// maxMapping bounds a mapping of controls that is sent, in bytes, and maxReportForm all that
// goes with it.
const (
	maxMapping    = 4 << 20
	maxReportForm = 2*maxMapping + 1<<20
)

// Reporter makes reports.
type Reporter interface {
	Report(ctx context.Context, r assessment.Request, w report.Wanted, end string) (report.File, error)
}

// reportsView is the reports that there are, each with a form to ask for it.
type reportsView struct {
	frame
	Offers []report.Offer
	// Stated are the threat profiles, and Kept the assessments that are kept.
	Stated, Kept []string
	Tables       []string
	// Bare says that there is no evidence yet.
	Bare bool
	// Failed is the report that could not be made as it was asked for, Typed what was asked,
	// Wrong why and Hint what to do.
	Failed, Wrong, Hint string
	Typed               url.Values
}

// Given returns what a field of the form of a report holds.
func (v *reportsView) Given(o *report.Offer, name string) string {
	if o.Name != v.Failed && v.Failed != "" {
		return ""
	}
	if given := v.Typed.Get(name); given != "" || name != "form" || o.For != "a leader" && !o.One {
		return given
	}
	return "html" // what people read, where they chose nothing
}

// Narrowed returns the profile that a form has chosen.
func (v *reportsView) Narrowed(o *report.Offer) string {
	if o.Name == v.Failed {
		return v.Typed.Get("profile")
	}
	return v.Sel.Profile
}

// Place are the hidden fields of a form: release, day and site, and no more.
func (v *reportsView) Place() []field {
	return slices.DeleteFunc(v.Sel.Hidden(), func(f field) bool { return f.Name == "profile" })
}

// reportOn is what a report is about, for its links.
type reportOn struct {
	Sel selection
	ID  string
}

// OnReport returns what the links to a report on an analytic or a rule are made of.
func (s selection) OnReport(id string) reportOn { return reportOn{s, id} }

// Report returns the address of a report on an analytic or a rule.
func (s selection) Report(id, form string) string {
	s.Profile = ""
	return s.Link(reportsPath+"/"+report.OfVerdict, "of", id, "form", form)
}

// reportsPage is the page.
func (s *site) reportsPage(r *http.Request) (view, error) {
	v, err := s.reports(r)
	v.Typed = r.URL.Query()
	return view{name: "reports", data: &v}, err
}

func (s *site) reports(r *http.Request) (v reportsView, err error) {
	if v.frame, err = s.begin(r, "reports", "Reports"); err != nil {
		return v, err
	}
	v.Offers, v.Tables = report.Offers(), report.Tables()
	stated, err := s.Profiler.Profiles(r.Context())
	if err != nil {
		return v, err
	}
	for i := range stated {
		v.Stated = append(v.Stated, stated[i].Name)
	}
	kept, err := s.Kept.List()
	if err != nil {
		return v, err
	}
	for i := range slices.Backward(kept) {
		v.Kept = append(v.Kept, kept[i].Name)
	}
	all, err := s.batches(r.Context())
	v.Bare = len(all) == 0
	return v, err
}

// askReport answers who asks for a report by an address.
func (s *site) askReport(w http.ResponseWriter, r *http.Request) {
	s.handOver(w, r, func(r *http.Request) (url.Values, report.Wanted, error) {
		q := r.URL.Query()
		return q, wanted(r.PathValue("kind"), q), nil
	})
}

// askCompliance answers who sends a mapping of controls.
func (s *site) askCompliance(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	s.handOver(w, r, func(r *http.Request) (url.Values, report.Wanted, error) {
		f, name, data, err := mappingOf(w, r)
		want := wanted(report.OfCompliance, f)
		if err != nil {
			return f, want, err
		}
		if len(strings.TrimSpace(string(data))) == 0 {
			return f, want, fault.New(fault.Usage, "no mapping of controls was sent").Next("choose a file, or paste its text")
		}
		m, err := control.Decode(name, data)
		want.Controls = &m
		return f, want, err
	})
}

// wanted is a report as a form asks for it.
func wanted(kind string, f url.Values) report.Wanted {
	return report.Wanted{Report: kind, Of: strings.TrimSpace(f.Get("of")), Before: f.Get("before"), After: f.Get("after"),
		Table: f.Get("table"), At: report.Repository{Under: strings.TrimSpace(f.Get("under"))}, By: strings.TrimSpace(f.Get("by"))}
}

// mappingOf returns what a form sends with a mapping of controls: its file or its text.
func mappingOf(w http.ResponseWriter, r *http.Request) (f url.Values, name string, data []byte, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxReportForm)
	if err := r.ParseMultipartForm(maxReportForm); err != nil {
		return url.Values{}, "", nil, fault.New(fault.Usage, "what was sent cannot be read, or is longer than %s", size(maxReportForm)).Because(err).Next("use the form on the page, with a shorter file")
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	f, name = url.Values(r.MultipartForm.Value), "the text"
	data = []byte(f.Get("mapping"))
	for _, h := range r.MultipartForm.File["file"] {
		if h.Size == 0 {
			continue // the browser sends an empty part where none was chosen
		}
		file, err := h.Open()
		if err != nil {
			return f, "", nil, err
		}
		defer file.Close()
		name = plainFileName(h.Filename)
		if data, err = io.ReadAll(file); err != nil {
			return f, name, nil, err
		}
	}
	if len(data) > maxMapping {
		return f, name, nil, fault.New(fault.Usage, "the mapping is longer than %s", size(maxMapping)).Next("choose the file that is meant")
	}
	return f, name, data, nil
}

// handOver hands a report over as a file or, where that cannot be made, shows the page that
// says why, with what was asked for.
func (s *site) handOver(w http.ResponseWriter, r *http.Request, asked func(*http.Request) (url.Values, report.Wanted, error)) {
	var made report.File
	v := s.view(func(now *site, r *http.Request) (view, error) {
		return now.made(r, asked, &made)
	}, r)
	if v.name != "" {
		s.show(w, r, v)
		return
	}
	w.Header().Set("Content-Type", made.Media)
	w.Header().Set("Content-Disposition", `attachment; filename="`+made.Name+`"`)
	_, _ = w.Write(made.Body)
}

// made makes a report, or the page that says why there is none.
func (s *site) made(r *http.Request, asked func(*http.Request) (url.Values, report.Wanted, error), into *report.File) (view, error) {
	f, want, err := asked(r)
	o, unknown := report.Offered(want.Report)
	if unknown != nil {
		return view{}, unknown
	}
	at := r.Clone(r.Context()) // the page that says why leads to where another can be asked for
	at.URL.Path, at.URL.RawPath = reportsPath, ""
	v, broken := s.reports(at)
	if broken != nil {
		return view{}, broken
	}
	if v.Release.Version == "" {
		return view{}, fault.New(fault.NotFound, "there is no library yet, and so nothing to report").Next("import a release of ATT&CK")
	}
	if err == nil {
		req := s.requestFor(v.Sel, v.Release)
		req.Platform, req.Profile = strings.TrimSpace(f.Get("platform")), strings.TrimSpace(f.Get("profile"))
		end := o.Ends[0]
		if form := f.Get("form"); form != "" {
			end = "." + form
		}
		if *into, err = s.Reports.Report(r.Context(), req, want, end); err == nil {
			return view{}, nil
		}
	}
	if !forWhoTyped(err) && fault.KindOf(err) != fault.Unavailable && fault.KindOf(err) != fault.Invalid {
		return view{}, err
	}
	v.Failed, v.Typed = o.Name, f
	var wrong *fault.Error
	if errors.As(err, &wrong) {
		v.Wrong, v.Hint = sentence(strings.TrimSpace(wrong.What+" "+atOf(wrong.Where))), forPages(wrong.Hint)
	}
	return view{name: "reports", status: fault.HTTPStatus(err), data: &v}, nil
}

// atOf says where something is wrong in what somebody wrote, and nothing of flags.
func atOf(where string) string {
	if where == "" || strings.HasPrefix(where, "--") || strings.HasPrefix(where, "/") {
		return ""
	}
	return "(" + where + ")"
}
