package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/claim"
	"candor/internal/detection"
)

// rulesMadeView is what was made of the rules.
type rulesMadeView struct {
	frame
	M      assessment.RulesMade
	Narrow assessment.Narrow
	Bases  []choice
	Rules  []assessment.RuleMade // those of M that Paging shows
	Paging paging
}

func (s *site) rulesMade(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "evidence", "What was made of the rules")
	if err != nil {
		return view{}, err
	}
	v := rulesMadeView{frame: fr, Narrow: narrowed(r)}
	if v.M, err = s.Measurer.Rules(r.Context(), req); err != nil {
		return view{}, err
	}
	if v.M, err = v.M.Only(v.Narrow); err != nil {
		return view{}, err
	}
	for _, b := range append(claim.Bases(), "") {
		value := cmp.Or(string(b), "none")
		v.Bases = append(v.Bases, choice{Name: b.Words(), Value: value, Chosen: value == v.Narrow.Basis})
	}
	v.Rules, v.Paging, err = onPage(r, v.M.Rules)
	return view{name: "rulesmade", data: v}, err
}

// narrowed reads what a list is narrowed to.
func narrowed(r *http.Request) assessment.Narrow {
	q := r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return assessment.Narrow{Text: get("text"), Source: get("source"), Batch: get("batch"), Basis: get("basis")}
}

// Named returns the links to what a rule names; what the release does not know has no
// address.
func (v rulesMadeView) Named(r assessment.RuleMade) []link {
	var ls []link
	for _, id := range append(append([]string{}, r.Techniques...), r.Analytics...) {
		l := link{Text: id}
		if slices.ContainsFunc(r.Claims, func(c assessment.AnalyticClaim) bool { return c.Technique == id || c.Analytic == id }) {
			l.URL = v.Sel.Object(id)
		}
		ls = append(ls, l)
	}
	return ls
}

// Logs says what a rule reads.
func (v rulesMadeView) Logs(logs []detection.Log) []string {
	var out []string
	for _, l := range logs {
		name := cmp.Or(l.Name, l.Component)
		if l.Channel != "" {
			name += " / " + l.Channel
		}
		out = append(out, name)
	}
	return out
}

// exceptionsMadeView is what was made of the exceptions.
type exceptionsMadeView struct {
	frame
	M          assessment.ExceptionsMade
	Narrow     assessment.Narrow
	Exceptions []assessment.ExceptionMade // those of M that Paging shows
	Paging     paging
}

func (s *site) exceptionsMade(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "evidence", "Exceptions of rules")
	if err != nil {
		return view{}, err
	}
	v := exceptionsMadeView{frame: fr, Narrow: narrowed(r)}
	if v.M, err = s.Measurer.Exceptions(r.Context(), req); err != nil {
		return view{}, err
	}
	v.M = v.M.Only(v.Narrow)
	v.Exceptions, v.Paging, err = onPage(r, v.M.Exceptions)
	return view{name: "exceptionsmade", data: v}, err
}

// telemetryMadeView is what was made of the telemetry.
type telemetryMadeView struct {
	frame
	M       assessment.TelemetryMade
	Narrow  assessment.Narrow
	Sources []assessment.SourceMade // those of M that Paging shows
	Paging  paging
}

func (s *site) telemetryMade(r *http.Request) (view, error) {
	fr, req, err := s.asking(r, "evidence", "What was made of the telemetry")
	if err != nil {
		return view{}, err
	}
	v := telemetryMadeView{frame: fr, Narrow: narrowed(r)}
	if v.M, err = s.Measurer.Telemetry(r.Context(), req); err != nil {
		return view{}, err
	}
	v.M = v.M.Only(v.Narrow)
	v.Sources, v.Paging, err = onPage(r, v.M.Sources)
	return view{name: "telemetrymade", data: v}, err
}
