package web

import (
	"context"
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"candor/internal/assessment"
	"candor/internal/correlate"
	"candor/internal/correlate/draw"
	"candor/internal/correlate/worth"
	"candor/internal/door"
	"candor/internal/evidence"
	"candor/internal/figure"
	"candor/internal/lookout"
)

// Chainer says how chains stand.
type Chainer interface {
	Chains(ctx context.Context, r assessment.Request) (assessment.ChainsStanding, error)
	Chain(ctx context.Context, r assessment.Request, id string) (assessment.FindingStanding, error)
	MeasuredWorths(ctx context.Context, r assessment.Request) ([]assessment.MeasuredWorth, error)
}

// The addresses of chains: of definitions and findings, of one finding, and of what
// definitions were measured to be worth.
const (
	chainsPath  = "/chains"
	findingPath = chainsPath + "/findings"
	worthPath   = chainsPath + "/worth"
)

// mostFindings is how many findings a page lists.
const mostFindings = 200

// Finding returns the address of a finding.
func (s selection) Finding(id string) string { return s.Link(findingPath + "/" + url.PathEscape(id)) }

// ChainRule returns the address of what the alerts say that a definition's findings are.
func (s selection) ChainRule(definition string) string {
	return s.Rule(assessment.ChainSource + "\x1f" + assessment.ChainRule(definition))
}

// chainsView is how chains stand.
type chainsView struct {
	frame
	C assessment.ChainsStanding
	// Look is how the server looks at what arrives; nil where it does not.
	Look *lookout.Standing
	// Switches says that definitions can be turned on and off here.
	Switches bool
	// Only is the definition whose findings are listed; empty for all.
	Only string
}

// chains is never kept by itself, as it says when the server looked last.
func (s *site) chains(r *http.Request) (view, error) {
	fr, err := s.begin(r, "chains", "Chains")
	if err != nil {
		return view{}, err
	}
	v := chainsView{frame: fr, Only: r.URL.Query().Get("definition"), Switches: s.Writing.Chains != nil}
	if s.Lookout != nil {
		v.Look = new(s.Lookout())
	}
	v.C, err = s.Chainer.Chains(r.Context(), s.requestFor(fr.Sel, fr.Release))
	return view{name: "chains", data: v}, err
}

// Listed are the findings that the page lists, the newest first.
func (v chainsView) Listed() []assessment.FindingStanding {
	all := v.C.Findings
	if v.Only != "" {
		all = slices.DeleteFunc(slices.Clone(all), func(f assessment.FindingStanding) bool { return f.Definition != v.Only })
	}
	return all[:min(len(all), mostFindings)]
}

// All is how many findings there are of what the page lists.
func (v chainsView) All() int {
	n := 0
	for i := range v.C.Findings {
		if v.Only == "" || v.C.Findings[i].Definition == v.Only {
			n++
		}
	}
	return n
}

// Amiss lists what was not read, or not for all that it could have been.
func (v chainsView) Amiss() (list []string) {
	list = append(list, v.C.Reread...)
	if n := v.C.Later; n > 0 {
		list = append(list, figure.Of(n, "observation is", "observations are")+" of a later day than that of judgement, and not read")
	}
	for _, c := range correlate.Causes() {
		if n := v.C.Stats.Amiss[c]; n > 0 {
			list = append(list, figure.Count(n)+" "+c.Words())
		}
	}
	return list
}

// Of says of what a finding is.
func (chainsView) Of(f assessment.FindingStanding) string { return draw.GroupOf(&f.Finding) }

// By names what a finding was found by.
func (chainsView) By(f assessment.FindingStanding) string {
	return strings.Join(draw.By(&f.Finding), ", ")
}

// Said is what was said of a finding.
func saidOf(f *assessment.FindingStanding) string {
	switch {
	case !f.Kept:
		return "not kept as an alert"
	case f.Disposition == nil || !f.Disposition.Class.Labels():
		return "unlabelled"
	}
	return strings.ReplaceAll(string(f.Disposition.Class), "_", " ")
}

// Said is what was said of a finding.
func (chainsView) Said(f assessment.FindingStanding) string { return saidOf(&f) }

// Worth says in short what a definition was measured to be worth.
func (chainsView) Worth(m *assessment.MeasuredWorth) string {
	text := figure.Sprintf("%d found", m.Chance.Observed)
	if m.Chance.Expected != nil {
		text += ", " + figure.Fixed(*m.Chance.Expected, 2) + " by chance"
	}
	return text + figure.Sprintf("; %d of %d labelled true", m.Precision.Hits, m.Precision.Of)
}

// findingView is one finding.
type findingView struct {
	frame
	F assessment.FindingStanding
	// Name is who labels, empty for whoever may not.
	Name string
	// Once tells one form from another, so that what is sent twice counts once.
	Once string
}

func (s *site) finding(r *http.Request) (view, error) {
	fr, err := s.begin(r, "chains", "Chain")
	if err != nil {
		return view{}, err
	}
	v := findingView{frame: fr, Once: rand.Text()}
	if fr.Sign.May(evidence.Dispositions) {
		v.Name = door.Who(r.Context()).Name
	}
	v.F, err = s.Chainer.Chain(r.Context(), s.requestFor(fr.Sel, fr.Release), r.PathValue("id"))
	v.Title = v.F.Title
	return view{name: "finding", data: v}, err
}

// Why says why the finding is one.
func (v findingView) Why() string { return draw.Words(&v.F.Finding) }

// At writes a time to the second: within a chain that tells.
func (findingView) At(t time.Time) string { return t.UTC().Format(draw.ToTheSecond) }

// Drawn is the time line of the finding.
func (v findingView) Drawn() template.HTML {
	return template.HTML(draw.TimeLine(&v.F.Finding, false))
}

// Said is what was said of the finding.
func (v findingView) Said() string { return saidOf(&v.F) }

// Source is whose alerts findings are.
func (findingView) Source() string { return assessment.ChainSource }

// Keys are the labels that can be given.
func (findingView) Keys() []choice {
	return slices.DeleteFunc(labelKeys(), func(k choice) bool { return k.Value == "duplicate" })
}

// worthView is what definitions were measured to be worth.
type worthView struct {
	frame
	All []assessment.MeasuredWorth
}

func (s *site) worth(r *http.Request) (view, error) {
	fr, err := s.begin(r, "chains", "What chains are worth")
	if err != nil {
		return view{}, err
	}
	v := worthView{frame: fr}
	v.All, err = s.Chainer.MeasuredWorths(r.Context(), s.requestFor(fr.Sel, fr.Release))
	return view{name: "worth", data: v}, err
}

// Drawn is the drawing of what a definition was measured to be worth.
func (worthView) Drawn(m assessment.MeasuredWorth) template.HTML {
	return template.HTML(draw.Worth([]worth.Worth{m.Worth}, false))
}

// Verdict says whether chains earned credit, and why or why not.
func (worthView) Verdict(m assessment.MeasuredWorth) string {
	earned, why := m.Earned()
	if earned {
		return "Earns credit: " + why + "."
	}
	return "No credit: " + why + "."
}

// chanceRow is a row of the table beside the drawing.
type chanceRow struct {
	Where           string
	C               *worth.Chance
	Expected, Ratio string
	P               string
}

// Chances are the rows of chance: over all, outside incidents, and by site.
func (worthView) Chances(m assessment.MeasuredWorth) []chanceRow {
	rows := []chanceRow{rowOf("all", &m.Chance)}
	if m.Control != nil {
		rows = append(rows, rowOf("outside incidents", m.Control))
	}
	if len(m.Sites) > 1 {
		for i := range m.Sites {
			name := m.Sites[i].Site
			if name == "" {
				name = "no site named"
			}
			rows = append(rows, rowOf("site "+name, &m.Sites[i].Chance))
		}
	}
	return rows
}

func rowOf(where string, c *worth.Chance) chanceRow {
	r := chanceRow{where, c, "–", "–", "–"}
	if c.Expected != nil {
		r.Expected = figure.Fixed(*c.Expected, 2)
	}
	if c.Ratio != nil {
		r.Ratio = figure.Fixed(*c.Ratio, 2)
	}
	if c.P != nil {
		r.P = figure.Fixed(*c.P, 3)
	}
	return r
}

// shareRow is a row of the table of shares.
type shareRow struct {
	What string
	S    *worth.Share
}

// Shares are the rows of how often chains are right, and what they reach.
func (worthView) Shares(m assessment.MeasuredWorth) []shareRow {
	return []shareRow{{"labelled chains that are true", &m.Precision}, {"labelled alerts in chains that are true", &m.Chained},
		{"labelled alerts that fit, chained or not, that are true", &m.Unchained}, {"true positives of all alerts that are in chains", &m.Reached},
		{"days of an entity with a true positive that a chain reaches", &m.Recall}}
}

// Rule is the rule of the alerts that findings like it are.
func (v findingView) Rule() string { return v.F.Rule() }
