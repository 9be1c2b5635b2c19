package assessment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"candor/internal/alert"
	"candor/internal/correlate"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/near"
)

// DefinitionStanding is how a definition of chains stands.
type DefinitionStanding struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type"`
	Rules       []string `json:"rules"`
	Group       []string `json:"group_by"`
	Window      string   `json:"timespan"`
	On          bool     `json:"on"`
	File        string   `json:"file"`
	Line        int      `json:"line"`
	// Found is how many of its chains lie in the window, Kept how many of these are alerts,
	// and True and False how many of those were labelled true and otherwise.
	Found int `json:"found"`
	Kept  int `json:"kept"`
	True  int `json:"true"`
	False int `json:"false"`
	// Worth is what it was last measured to be worth; nil: nobody measured it.
	Worth *MeasuredWorth `json:"worth"`
}

// FindingStanding is a finding with what was said of it.
type FindingStanding struct {
	correlate.Finding
	// Kept says that it is an alert, and Disposition what was said of that last.
	Kept        bool               `json:"kept"`
	Disposition *alert.Disposition `json:"disposition,omitempty"`
	// Identity is what that alert is known by.
	Identity alert.Identity `json:"-"`
}

// Rule is the rule of the alerts that findings like it are.
func (f *FindingStanding) Rule() string { return alert.RuleKey(ChainSource, ChainRule(f.Definition)) }

// ChainsStanding is how the definitions of chains that are kept stand, and what those that
// are on find in the window.
type ChainsStanding struct {
	Basis
	// Alerts and Signals are how many were looked at, and Renamed how many of their
	// entities an alias file calls something else; Later ones are of a later day than that
	// of judgement, and were not.
	Alerts  int64 `json:"alerts"`
	Signals int64 `json:"signals"`
	Renamed int64 `json:"entities_by_alias"`
	// Reread is as in ChainsFound.
	Reread      []string             `json:"reread,omitempty"`
	Later       int64                `json:"after_the_day"`
	Stats       correlate.Stats      `json:"read"`
	Definitions []DefinitionStanding `json:"definitions"`
	Families    []string             `json:"families"`
	// Rejects say why definitions cannot run; none does then.
	Rejects  []evidence.Reject `json:"rejects"`
	Findings []FindingStanding `json:"findings"`
	// Gone is how many alerts of the window are findings of definitions that are on and that
	// are not found any more, as other things arrived since.
	Gone int `json:"kept_and_not_found"`
}

// Chains says how the definitions of chains stand. The same evidence, day and policy give
// what was found before.
func (s *Service) Chains(ctx context.Context, r Request) (ChainsStanding, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return ChainsStanding{}, err
	}
	key := join(g.evidence, g.alerts, r.AsOf.UTC().Format(time.DateOnly), fmt.Sprintf("%+v", r.Release), r.Site, fmt.Sprintf("%+v", r.Policy))
	out, err := s.chains.Of(ctx, key, func(ctx context.Context) (ChainsStanding, error) { return s.chainsNow(ctx, r) })
	out.AsOf = r.AsOf
	return out, err
}

func (s *Service) chainsNow(ctx context.Context, r Request) (ChainsStanding, error) {
	out := ChainsStanding{Basis: basisOf(r), Definitions: []DefinitionStanding{}, Families: []string{}, Rejects: []evidence.Reject{}, Findings: []FindingStanding{}}
	k, err := s.KeptDefinitions(ctx)
	if err != nil {
		return out, err
	}
	worths, err := s.MeasuredWorths(ctx, r)
	if err != nil {
		return out, err
	}
	out.define(&k, worths)
	plan, rejects := k.Plan()
	if out.Rejects = append(out.Rejects, rejects...); len(rejects) > 0 || len(plan.Definitions()) == 0 {
		return out, nil
	}
	found, err := s.Correlate(ctx, Correlation{Request: r, Plan: plan, Aliases: k.Aliases})
	if err != nil {
		return out, err
	}
	stored, err := s.storedChains(ctx, r)
	if err != nil {
		return out, err
	}
	out.Alerts, out.Signals, out.Renamed, out.Later, out.Stats = found.Alerts, found.Signals, found.Renamed, found.Later, found.Stats
	out.Reread = found.Reread
	out.find(found.Found, stored)
	return out, nil
}

// define lists the definitions that are kept.
func (c *ChainsStanding) define(k *KeptDefinitions, worths []MeasuredWorth) {
	for i := range k.Definitions {
		d := &k.Definitions[i]
		one := DefinitionStanding{Name: d.Key(), Title: d.Title, Description: d.Description, Type: string(d.Type), Rules: []string{}, Group: d.GroupBy,
			Window: correlate.Spell(d.Span), On: !d.Off, File: d.File, Line: d.Line}
		for _, st := range d.Stages {
			one.Rules = append(one.Rules, st.String())
		}
		if at := slices.IndexFunc(worths, func(m MeasuredWorth) bool { return m.Definition == one.Name }); at >= 0 {
			one.Worth = &worths[at]
		}
		c.Definitions = append(c.Definitions, one)
	}
	for _, f := range k.Families {
		c.Families = append(c.Families, f.Name)
	}
}

// find lists findings, the newest first, with what was said of them.
func (c *ChainsStanding) find(found []correlate.Finding, stored map[string]*alert.Alert) {
	by := map[string]*DefinitionStanding{}
	for i := range c.Definitions {
		by[c.Definitions[i].Name] = &c.Definitions[i]
	}
	known := map[string]bool{}
	for _, f := range slices.Backward(found) {
		one := FindingStanding{Finding: f}
		known[f.ID] = true
		d := by[f.Definition]
		d.Found++
		if a := stored[f.ID]; a != nil {
			one.Kept, one.Disposition, one.Identity = true, a.Disposition, a.Identity()
			d.Kept++
			if a.Disposition != nil && a.Disposition.Class == alert.TruePositive {
				d.True++
			} else if a.Disposition != nil && a.Disposition.Class.Judges() {
				d.False++
			}
		}
		c.Findings = append(c.Findings, one)
	}
	for id, a := range stored {
		if d := by[definitionOf(a)]; d != nil && d.On && !known[id] {
			c.Gone++
		}
	}
}

// definitionOf is the definition of which an alert is a finding.
func definitionOf(a *alert.Alert) string { return a.RuleID[min(len(a.RuleID), len(ChainRule(""))):] }

// Chain returns a finding of the window by its id.
func (s *Service) Chain(ctx context.Context, r Request, id string) (FindingStanding, error) {
	all, err := s.Chains(ctx, r)
	if err != nil {
		return FindingStanding{}, err
	}
	var ids []string
	for i := range all.Findings {
		if all.Findings[i].ID == id {
			return all.Findings[i], nil
		}
		ids = append(ids, all.Findings[i].ID)
	}
	return FindingStanding{}, fault.New(fault.NotFound, "there is no finding %q among %d", id, len(ids)).Next("%s", near.Hint(id, ids, "the list of chains has those that there are"))
}
