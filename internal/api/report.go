package api

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/control"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/report"
)

// Reporter makes reports.
type Reporter interface {
	Report(ctx context.Context, r assessment.Request, w report.Wanted, end string) (report.File, error)
}

// reportsPath is where reports are made.
const reportsPath = "/api/v1/reports/"

// maxMapping bounds a mapping of controls, in bytes.
const maxMapping = 4 << 20

type reportInput struct {
	Kind string `path:"kind" doc:"Which report" enum:"verdict,executive,markdown,engineering,navigator,detect,dettect"`
	Form string `query:"form" doc:"Its form, as the end of a file's name without the dot; the first that the report has when left out" enum:"md,html,pdf,json,csv,xlsx,sarif,xml,yaml"`
	Of   string `query:"of" doc:"What it is about: of verdict an analytic or a rule, of markdown one of them or nothing, of navigator a layer, of dettect data-sources or techniques" maxLength:"400"`
	Judged
	Before string `query:"before" doc:"Of the layer difference: the kept assessment from which it is" maxLength:"200"`
	After  string `query:"after" doc:"Of the layer difference: the kept assessment to which it is; the assessment now when left out" maxLength:"200"`
	Table  string `query:"table" doc:"Of engineering as csv: which table" enum:"analytics,rules,log sources,next steps"`
	Under  string `query:"under" doc:"Of detect: the folder of the repository that the rules were added from" maxLength:"400"`
	By     string `query:"by" doc:"Who makes the report" maxLength:"200"`
}

type reportOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// registerReports adds the reports where there is someone to make them.
func (s *server) registerReports(h huma.API, mux *door.Router) {
	if s.Reports == nil {
		return
	}
	op := operation(h, "make-report", reportsPath+"{kind}", "A report as candor report writes it, to the byte: its limits, the head of the ledger's tree, proofs", 404, 409, 503)
	op.Description = "One is made at a time. What each has, for whom and in which forms stands in doc/report.md. It is made of the evidence, policy and release of the request; candor report verify says later whether it is what was written."
	op.Responses["200"] = &huma.Response{Description: "The report, as a file", Content: reportMedia()}
	op.Responses["503"].Description = "Other reports are being made, or no browser is there that could print this one"
	huma.Register(h, op, s.report)
	h.OpenAPI().AddOperation(complianceOperation(h))
	mux.Handle("POST "+reportsPath+report.OfCompliance, identity.Read, reportsPath+report.OfCompliance, s.compliance)
}

// reportMedia are the types of media of reports.
func reportMedia() map[string]*huma.MediaType {
	of := map[string]*huma.MediaType{}
	for _, o := range report.Offers() {
		for _, end := range o.Ends {
			of[report.Media(end)] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
	}
	return of
}

func (s *server) report(ctx context.Context, in *reportInput) (*reportOutput, error) {
	r, err := s.judged(in.Judged)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	f, err := s.reported(ctx, r, in.Form, report.Wanted{Report: in.Kind, Of: in.Of, Before: in.Before, After: in.After, Table: in.Table, At: report.Repository{Under: in.Under}, By: in.By})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reportOutput{ContentType: f.Media, Disposition: `attachment; filename="` + f.Name + `"`, Body: f.Body}, nil
}

// reported makes a report in the form that is named, or in its usual one.
func (s *server) reported(ctx context.Context, r assessment.Request, form string, w report.Wanted) (report.File, error) {
	o, err := report.Offered(w.Report)
	if err != nil {
		return report.File{}, err
	}
	end := o.Ends[0]
	if form != "" {
		end = "." + form
	}
	return s.Reports.Report(ctx, r, w, end)
}

// compliance answers a request for a report on the controls of the mapping in its body.
func (s *server) compliance(w http.ResponseWriter, r *http.Request) {
	f, err := s.complied(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", f.Media)
	w.Header().Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
	_, _ = w.Write(f.Body)
}

func (s *server) complied(w http.ResponseWriter, r *http.Request) (report.File, error) {
	q := r.URL.Query()
	if err := only(q, "form", "site", "domain", "release", "as_of", "by", "file"); err != nil {
		return report.File{}, err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMapping))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return report.File{}, fault.New(fault.Usage, "the mapping is longer than %d bytes", long.Limit).Because(errLong).Next("name the file that is meant")
	}
	if err != nil {
		return report.File{}, fault.New(fault.Usage, "the mapping cannot be read").Because(err).Next("send it again")
	}
	m, err := control.Decode(cmp.Or(q.Get("file"), "mapping"), data)
	if err != nil {
		return report.File{}, err
	}
	req, err := s.asked(Release{Domain: q.Get("domain"), Release: q.Get("release")}, q.Get("as_of"))
	if err != nil {
		return report.File{}, err
	}
	req.Site = q.Get("site")
	return s.reported(r.Context(), req, q.Get("form"), report.Wanted{Report: report.OfCompliance, Controls: &m, By: q.Get("by")})
}

// only is fault.Usage for parameters of other names, and for one that is there twice.
func only(q url.Values, names ...string) error {
	for name, values := range q {
		if !slices.Contains(names, name) || len(values) != 1 {
			return fault.New(fault.Usage, "the parameter %q is none of those that are here, or is there twice", name).At("query").Next("the API's description at %s names them", documentPath)
		}
	}
	return nil
}

// complianceOperation describes the address of reports on controls.
func complianceOperation(h huma.API) *huma.Operation {
	op := operation(h, "make-compliance-report", reportsPath+report.OfCompliance, "A report on the controls of a mapping, as candor report compliance writes it", 404, 409, 413, 503)
	op.Method = http.MethodPost
	op.Description = "The body is the mapping of controls, YAML or JSON, as doc/report.md says. Nothing is kept of it but in the report."
	text := func(most int) *huma.Schema { return &huma.Schema{Type: huma.TypeString, MaxLength: &most} }
	op.Parameters = []*huma.Param{
		{Name: "form", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"json", "html", "md", "pdf"}}, Description: "Its form; OSCAL as json when left out"},
		{Name: "domain", In: "query", Schema: text(80), Description: "Domain: enterprise, mobile or ics"},
		{Name: "release", In: "query", Schema: text(20), Description: "Release, for example 18.1"},
		{Name: "as_of", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Format: "date"}, Description: "The day as of which to judge, 2006-01-02; today (UTC) when left out"},
		{Name: "site", In: "query", Schema: text(200), Description: "Judge the evidence of this site, with what names no site"},
		{Name: "file", In: "query", Schema: text(200), Description: "What the mapping is called, for the report"},
		{Name: "by", In: "query", Schema: text(200), Description: "Who makes the report"},
	}
	op.RequestBody = &huma.RequestBody{Required: true, Description: "At most 4 MiB", Content: map[string]*huma.MediaType{
		"application/yaml": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}, "application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}}
	op.Responses["200"] = &huma.Response{Description: "The report, as a file", Content: reportMedia()}
	for code, why := range map[int]string{413: "The mapping is too long", 503: "Other reports are being made, or no browser is there that could print this one"} {
		op.Responses[strconv.Itoa(code)].Description = why
	}
	return &op
}
