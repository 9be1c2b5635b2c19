package report

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/figure"
	"candor/internal/measure"
)

// partRules is the part of a report for the CI of a rules repository.
const partRules = "Rules"

// What is said of a rule. Only a rule all of whose analytics were shown to work passes.
const (
	resultPass    = "pass"
	resultFail    = "fail"
	resultWarning = "warning"
	resultOpen    = "open" // nothing shows whether it works
	resultOff     = "off"  // it is not judged
)

// Repository says where rules stand in a repository: the folder of it that they were added from,
// and the line of each rule, by its id, where that is known.
type Repository struct {
	Under string         `json:"under,omitempty"`
	Lines map[string]int `json:"lines,omitempty"`
}

// detectedRecord is one rule with what is said of it.
type detectedRecord struct {
	Path      string   `col:"path"`
	Line      *int     `col:"line"`
	Rule      string   `col:"rule_id"`
	Name      string   `col:"name"`
	Result    string   `col:"result"`
	Code      string   `col:"code"`
	Says      string   `col:"says"`
	Analytics []string `col:"analytics"`
	Alerts    *int64   `col:"alerts"`
	True      *int64   `col:"true_positive"`
	Labelled  *int64   `col:"labelled"`
}

// finding is what can be said of a rule, by its code.
type finding struct{ code, result, means string }

// findings lists them.
func findings() []finding {
	return []finding{
		{"shown-to-work", resultPass, "Every analytic that it claims was shown to work."},
		{"contradicted", resultFail, "An exercise or an incident shows that an analytic that it claims does not work."},
		{"noisy", resultWarning, "Its alerts are outside policy: precision, volume or workload."},
		{"not-seen", resultWarning, "What it reads does not arrive, or something is in its way."},
		{"claims-nothing", resultWarning, "It names nothing that the release has an analytic of where it looks."},
		{"does-not-count", resultWarning, "None of its claims counts by policy."},
		{"unproven", resultOpen, "Nothing shows whether it works."},
		{"disabled", resultOff, "It does not run."},
		{"not-applicable", resultOff, "What it claims is not in scope."},
	}
}

// Detect reports on every rule for the CI of the repository that has them.
func (s *Service) Detect(ctx context.Context, r assessment.Request, at Repository, by string) (Sealed, error) {
	m, err := s.detect(ctx, r, at)
	if err != nil {
		return Sealed{}, err
	}
	return s.seal(ctx, m, by)
}

func (s *Service) detect(ctx context.Context, r assessment.Request, at Repository) (made, error) {
	r.AsOf = endOf(day.Of(r.AsOf))
	whole, err := s.Assessment.Assess(ctx, r)
	if err != nil {
		return made{}, err
	}
	measured, err := s.Assessment.Measure(ctx, r, false)
	if err != nil {
		return made{}, err
	}
	rules, err := s.Assessment.Rules(ctx, r)
	if err != nil {
		return made{}, err
	}
	d := detectOf{engineeringOf{request: r, whole: &whole, measured: &measured, made: &rules}, at}
	asked := askedOf(KindDetect, "", &whole, r)
	if at.Under != "" || len(at.Lines) > 0 {
		asked.Repository = &at
	}
	return made{document: d.document(), asked: asked, all: true, policy: whole.Policy.SHA256, release: custody.ReleaseID(whole.Release)}, nil
}

// detectOf is what a report for the CI of a rules repository is made of.
type detectOf struct {
	engineeringOf
	at Repository
}

func (d *detectOf) document() Document {
	list := d.rules()
	n := map[string]int{}
	for i := range list {
		n[list[i].Result]++
	}
	doc := Document{Kind: KindDetect, Title: "What is shown of each rule", Basis: basisOf(d.whole, d.request)}
	doc.Lead = []string{figure.Sprintf("Of %d rules %d pass: every analytic that they claim was shown to work. %d fail, of %d something is in the way, and of %d nothing shows whether they work. %d are not judged.",
		len(list), n[resultPass], n[resultFail], n[resultWarning], n[resultOpen], n[resultOff])}
	doc.Limits = together(d.whole.Limits, d.measured.Limits, "A rule is judged by the analytics that it claims: another rule of the same analytic can be why that works, or does not.",
		"A rule of which nothing shows whether it works is neither good nor bad; it is skipped, and does not pass.")
	legend := Section{Title: "Codes"}
	for _, f := range findings() {
		legend.Items = append(legend.Items, f.code+" ("+f.result+"): "+f.means)
	}
	doc.Sections = []Section{{Title: partRules, Table: table(list, "No rule is in force.")}, legend}
	return doc
}

func (d *detectOf) rules() []detectedRecord {
	of, said := map[string]*assure.Verdict{}, map[string]*measure.Detail{}
	for i := range d.whole.Verdicts {
		of[d.whole.Verdicts[i].Analytic.ATTACKID] = &d.whole.Verdicts[i]
	}
	for i := range d.measured.Rules {
		said[d.measured.Rules[i].RuleID] = &d.measured.Rules[i]
	}
	list := make([]detectedRecord, len(d.made.Rules))
	for i := range d.made.Rules {
		m := &d.made.Rules[i]
		r := detectedRecord{Path: d.path(m.Path), Rule: m.ID, Name: m.Name}
		if line := d.at.Lines[m.ID]; line > 0 {
			r.Line = &line
		}
		if x := said[m.ID]; x != nil {
			n := labelled(&x.Statement)
			r.Alerts, r.True, r.Labelled = &x.Alerts, &x.TruePositive, &n
		}
		var counting []*assure.Verdict
		for _, c := range m.Claims {
			if v := of[c.Analytic]; v != nil && c.Counts {
				counting = append(counting, v)
				r.Analytics = append(r.Analytics, v.Analytic.ATTACKID+" "+plainRung(v.Rung))
			}
		}
		f, says := judged(m, counting, said[m.ID])
		r.Code, r.Says = f, says
		r.Result = findings()[slices.IndexFunc(findings(), func(x finding) bool { return x.code == f })].result
		list[i] = r
	}
	return list
}

// path is where a rule's file stands in the repository; it never leaves that.
func (d *detectOf) path(of string) string {
	if of == "" {
		return ""
	}
	return strings.TrimPrefix(path.Join("/", d.at.Under, path.Join("/", strings.ReplaceAll(of, "\\", "/"))), "/")
}

// judged says what is shown of a rule: the first that holds, the worst first.
func judged(m *assessment.RuleMade, counting []*assure.Verdict, said *measure.Detail) (code, says string) {
	on := func(rungs ...assure.Rung) *assure.Verdict {
		i := slices.IndexFunc(counting, func(v *assure.Verdict) bool { return slices.Contains(rungs, v.Rung) })
		if i < 0 {
			return nil
		}
		return counting[i]
	}
	tell := func(v *assure.Verdict) string { return v.Analytic.ATTACKID + ": " + v.Sentence }
	why := strings.Join(m.Why, "; ")
	for _, n := range m.Nowhere {
		why = strings.TrimLeft(why+"; "+n.Why, "; ")
	}
	applies := slices.ContainsFunc(counting, func(v *assure.Verdict) bool { return v.Rung != assure.NotApplicable })
	switch {
	case !m.Enabled:
		return "disabled", "The rule does not run as its source has it."
	case len(m.Claims) == 0:
		return "claims-nothing", "It claims no analytic of the release. " + why
	case len(counting) == 0:
		return "does-not-count", fmt.Sprintf("None of its %d claims counts. %s", len(m.Claims), why)
	case !applies:
		return "not-applicable", "No analytic that it claims is in scope."
	}
	if v := on(assure.Contradicted); v != nil {
		return "contradicted", tell(v)
	}
	if said != nil && said.Noisy {
		return "noisy", figure.Sprintf("%d of %d labelled alerts are true, of %d alerts.", said.TruePositive, labelled(&said.Statement), said.Alerts)
	}
	if v := on(assure.Noisy); v != nil {
		return "noisy", tell(v)
	}
	if v := on(assure.RuleOnly, assure.Blind, assure.Outside); v != nil {
		return "not-seen", tell(v)
	}
	if v := on(assure.Unproven, assure.Observable); v != nil {
		return "unproven", tell(v)
	}
	let := 0
	for _, v := range counting {
		if v.Reportable {
			let++
		}
	}
	return "shown-to-work", figure.Sprintf("Of %d analytics that it claims all were shown to work; %d of them are reliable and let through by the gate for reporting.", len(counting), let)
}

// RuleFiles are the files of rules in the repository, by the ids of the rules.
func (s *Sealed) RuleFiles() map[string]string {
	files := map[string]string{}
	for _, r := range recordsOf[detectedRecord](&s.Document, partRules) {
		if r.Path != "" {
			files[r.Rule] = r.Path
		}
	}
	return files
}
