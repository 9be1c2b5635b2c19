package web

import (
	"net/http"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/store"
)

// verdictsView is the list of verdicts.
type verdictsView struct {
	frame
	Window    string
	Filter    verdictFilter
	Rungs     []choice
	Tactics   []choice
	Platforms []string
	Claimed   []choice
	// Spread is the distribution over all verdicts that match.
	Spread  spread
	Rows    []assure.Verdict
	Paging  paging
	AllOf   int
	Library bool // there is a release to judge
	Heads   []head
	// Sort is the order that was asked for, and File where the list is as a file.
	Sort, File string
}

// verdictFilter is what the list is narrowed to, apart from the platform.
type verdictFilter struct {
	Rung, Tactic, Claimed, Text string
}

func (s *site) verdicts(r *http.Request) (view, error) {
	v, kept, err := s.listVerdicts(r)
	if err != nil || !v.Library {
		return view{name: "verdicts", data: v}, err
	}
	v.Spread = spreadOver(kept)
	v.Rows, v.Paging, err = onPage(r, kept)
	return view{name: "verdicts", data: v}, err
}

// listVerdicts returns the verdicts that a request asks for, in its order; none without a
// library.
func (s *site) listVerdicts(r *http.Request) (v verdictsView, kept []assure.Verdict, err error) {
	fr, err := s.begin(r, "verdicts", "Verdicts")
	if err != nil {
		return v, nil, err
	}
	v = verdictsView{frame: fr, Library: fr.Release.Version != "", Heads: verdictHeads(r), Sort: r.URL.Query().Get("sort")}
	if !v.Library {
		return v, nil, nil
	}
	if v.Filter, err = verdictFilterOf(r); err != nil {
		return v, nil, err
	}
	named, err := s.Objects.Narrowing(r.Context(), store.Query{Release: fr.Release, Tactic: v.Filter.Tactic, Platform: fr.Sel.Platform})
	if err != nil {
		return v, nil, err
	}
	v.Filter.Tactic, v.Sel.Platform = named.Tactic, named.Platform
	whole := fr.Sel
	whole.Platform = "" // the list itself narrows, so that every platform stays on offer
	a, err := s.assess(r.Context(), whole, fr.Release)
	if err != nil {
		return v, nil, err
	}
	v.fill(a)
	v.File = "/verdicts/table.csv"
	q := r.URL.Query()
	if q.Del("offset"); len(q) > 0 {
		v.File += "?" + q.Encode()
	}
	kept, err = inOrder(r, v.narrow(a.Verdicts))
	return v, kept, err
}

func verdictFilterOf(r *http.Request) (verdictFilter, error) {
	q := r.URL.Query()
	f := verdictFilter{Rung: q.Get("rung"), Tactic: q.Get("tactic"), Claimed: q.Get("claimed"), Text: strings.TrimSpace(q.Get("text"))}
	if f.Rung != "" && !slices.Contains(assure.Rungs(), assure.Rung(f.Rung)) {
		return f, fault.New(fault.Usage, "there is no rung %q", f.Rung).At("rung").Next("%s", near.Hint(f.Rung, rungWords(), ""))
	}
	if f.Claimed != "" && f.Claimed != "yes" && f.Claimed != "no" {
		return f, fault.New(fault.Usage, "%q is neither yes nor no", f.Claimed).At("claimed").Next("choose yes or no")
	}
	return f, nil
}

func rungWords() []string {
	var words []string
	for _, r := range assure.Rungs() {
		words = append(words, string(r))
	}
	return words
}

// fill sets what the filters offer: what the assessment holds.
func (v *verdictsView) fill(a assure.Assessment) {
	v.AllOf = len(a.Verdicts)
	v.Window = string(a.Window.From) + " to " + string(a.Window.To)
	for _, r := range assure.Rungs() {
		v.Rungs = append(v.Rungs, choice{Name: lookOf(r).Name, Value: string(r), Chosen: v.Filter.Rung == string(r)})
	}
	for _, t := range a.Tactics {
		v.Tactics = append(v.Tactics, choice{Name: t.Tactic.Name, Value: t.Tactic.ATTACKID, Chosen: v.Filter.Tactic == t.Tactic.ATTACKID})
	}
	for _, c := range []string{"yes", "no"} {
		v.Claimed = append(v.Claimed, choice{Name: c, Value: c, Chosen: v.Filter.Claimed == c})
	}
	for _, vd := range a.Verdicts {
		v.Platforms = append(v.Platforms, vd.Platforms...)
	}
	v.Tactics = withChosen(v.Tactics, v.Filter.Tactic)
	if v.Sel.Platform != "" {
		v.Platforms = append(v.Platforms, v.Sel.Platform)
	}
	slices.Sort(v.Platforms)
	v.Platforms = slices.Compact(v.Platforms)
}

// narrow returns the verdicts that the filter lets through.
func (v *verdictsView) narrow(all []assure.Verdict) []assure.Verdict {
	var kept []assure.Verdict
	for i := range all {
		if v.Filter.lets(&all[i]) && (v.Sel.Platform == "" || foldIn(all[i].Platforms, v.Sel.Platform)) {
			kept = append(kept, all[i])
		}
	}
	return kept
}

func (f verdictFilter) lets(v *assure.Verdict) bool {
	switch {
	case f.Rung != "" && string(v.Rung) != f.Rung:
		return false
	case f.Claimed != "" && (f.Claimed == "yes") != v.Claimed:
		return false
	case f.Tactic != "" && !slices.ContainsFunc(v.Tactics, func(n assure.Name) bool { return n.ATTACKID == f.Tactic || n.StixID == f.Tactic }):
		return false
	}
	return f.Text == "" || says(v, f.Text)
}

// says reports whether a verdict names every word of text, whatever the case.
func says(v *assure.Verdict, text string) bool {
	var b strings.Builder
	for _, names := range [][]assure.Name{{v.Analytic}, v.Strategies, v.Techniques, v.Tactics} {
		for _, n := range names {
			b.WriteString(n.ATTACKID + " " + n.Name + "\n")
		}
	}
	for i := range v.Claims {
		if c := &v.Claims[i]; !c.Cannot() {
			b.WriteString(c.RuleID + " " + c.RuleName + "\n")
		}
	}
	for _, n := range v.Visibility.Needs {
		b.WriteString(n.Name + " " + n.ComponentName + "\n")
	}
	all := attack.Fold(b.String())
	for w := range strings.FieldsSeq(attack.Fold(text)) {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

func foldIn(list []string, s string) bool {
	return slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, s) })
}
