package matrix

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/fault"
	"candor/internal/near"
)

// Asked is what matrix is asked for. What is empty narrows nothing, and an empty view is
// that of rungs. Objects may be named by ATT&CK ID, STIX id, name or alias.
type Asked struct {
	View                                                View
	Platform, Group, Software, Campaign, Tactic, Source string
}

// narrowing is what a matrix is narrowed to, resolved.
type narrowing struct {
	view View
	of   Narrowed
	// techniques are those that may match by what uses them or their tactic; nil for all.
	techniques map[string]bool
	sources    map[string]string
}

func (in *Input) narrow(a Asked) (*narrowing, error) {
	n := &narrowing{view: a.View, sources: in.Sources}
	if n.view == "" {
		n.view = Rungs
	}
	if !slices.Contains(Views(), n.view) {
		return nil, fault.New(fault.Usage, "there is no view %q", a.View).At("view").Next("%s", near.Hint(string(a.View), viewWords(), ""))
	}
	var err error
	if n.of.Platform, err = in.platform(a.Platform); err != nil {
		return nil, err
	}
	if n.of.Source, err = in.source(a.Source); err != nil {
		return nil, err
	}
	for _, w := range []struct {
		asked, field string
		kinds        []attack.Kind
		to           **assure.Name
		relation     string
	}{
		{a.Group, "group", []attack.Kind{attack.KindGroup}, &n.of.Group, attack.Uses},
		{a.Software, "software", []attack.Kind{attack.KindMalware, attack.KindTool}, &n.of.Software, attack.Uses},
		{a.Campaign, "campaign", []attack.Kind{attack.KindCampaign}, &n.of.Campaign, attack.Uses},
		{a.Tactic, "tactic", []attack.Kind{attack.KindTactic}, &n.of.Tactic, attack.InTactic},
	} {
		if strings.TrimSpace(w.asked) == "" {
			continue
		}
		o, err := in.Library.Called(w.field, w.asked, w.kinds...)
		if err != nil {
			return nil, err
		}
		name := nameOf(o)
		*w.to = &name
		about := in.Library.Targets(o.ID, w.relation)
		if w.relation == attack.InTactic {
			about = in.Library.Sources(o.ID, w.relation)
		}
		n.only(about)
	}
	if in.Profile != nil {
		n.of.Profile = in.Profile.Name
		n.only(in.Profile.Techniques)
	}
	return n, nil
}

// only narrows to the objects, of what it was narrowed to before.
func (n *narrowing) only(objects []*attack.Object) {
	kept := map[string]bool{}
	for _, o := range objects {
		if n.techniques == nil || n.techniques[o.ID] {
			kept[o.ID] = true
		}
	}
	n.techniques = kept
}

// analytic reports whether an analytic is counted.
func (n *narrowing) analytic(v *assure.Verdict) bool {
	return (n.of.Platform == "" || slices.Contains(v.Platforms, n.of.Platform)) && (n.of.Source == "" || n.claimedBy(v))
}

func (n *narrowing) claimedBy(v *assure.Verdict) bool {
	for i := range v.Claims {
		if c := &v.Claims[i]; !c.Cannot() && n.sources[c.RuleID] == n.of.Source {
			return true
		}
	}
	return false
}

// technique reports whether a technique matches, of which analytics were counted or not.
func (n *narrowing) technique(t *attack.Object, counted bool) bool {
	return (n.techniques == nil || n.techniques[t.ID]) && (n.of.Platform == "" || slices.Contains(t.Platforms, n.of.Platform)) &&
		(n.of.Source == "" || counted)
}

func viewWords() []string {
	var words []string
	for _, v := range Views() {
		words = append(words, string(v))
	}
	return words
}

// Platforms lists the platforms of the release's techniques, in order.
func (in *Input) Platforms() []string {
	var ps []string
	for _, o := range in.Library.Objects() {
		if o.Kind.Technique() && o.Live() {
			ps = append(ps, o.Platforms...)
		}
	}
	slices.Sort(ps)
	return slices.Compact(ps)
}

// RuleSources lists the sources of rules, in order.
func (in *Input) RuleSources() []string {
	var ss []string
	for _, s := range in.Sources {
		if s != "" {
			ss = append(ss, s)
		}
	}
	slices.Sort(ss)
	return slices.Compact(ss)
}

func (in *Input) platform(asked string) (string, error) {
	return oneOf("platform", asked, in.Platforms, "techniques of "+in.Library.Release.String()+" name no platform %q")
}

func (in *Input) source(asked string) (string, error) {
	return oneOf("source", asked, in.RuleSources, "no rule is of a source %q")
}

// oneOf returns a word as it is spelled among those that there are.
func oneOf(field, asked string, all func() []string, missing string) (string, error) {
	asked = strings.TrimSpace(asked)
	if asked == "" {
		return "", nil
	}
	words := all()
	for _, w := range words {
		if strings.EqualFold(w, asked) {
			return w, nil
		}
	}
	hint := "there is none"
	if len(words) > 0 {
		hint = near.Hint(asked, words, "choose one of those that there are")
	}
	return "", fault.New(fault.NotFound, "%s", fmt.Sprintf(missing, asked)).At("%s", field).Next("%s", hint)
}

// Choices are what a matrix can be narrowed to, for those who choose.
type Choices struct {
	Platforms, Sources                   []string
	Groups, Software, Campaigns, Tactics []assure.Name
}

// Choices lists what a matrix can be narrowed to: live objects that techniques belong to,
// by name, and tactics in their order.
func (in *Input) Choices() Choices {
	c := Choices{Platforms: in.Platforms(), Sources: in.RuleSources()}
	for _, o := range in.Library.Objects() {
		if !o.Live() {
			continue
		}
		switch o.Kind {
		case attack.KindGroup:
			c.Groups = append(c.Groups, nameOf(o))
		case attack.KindMalware, attack.KindTool:
			c.Software = append(c.Software, nameOf(o))
		case attack.KindCampaign:
			c.Campaigns = append(c.Campaigns, nameOf(o))
		}
	}
	for _, ns := range [][]assure.Name{c.Groups, c.Software, c.Campaigns} {
		slices.SortFunc(ns, func(x, y assure.Name) int { return strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) })
	}
	for _, t := range adjacency.Tactics(in.Library) {
		c.Tactics = append(c.Tactics, nameOf(t))
	}
	return c
}
