package assessment

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/assure"
	"candor/internal/correlate"
	"candor/internal/correlate/definition"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/near"
)

// ChainSource is whose alerts findings are; what is of it is no observation, so that what
// is found does not depend on what was found before.
const ChainSource = "candor correlate"

// ChainRule is the rule of the alerts that the findings of a definition are.
func ChainRule(definition string) string { return "chain:" + definition }

// FindingAlert is a finding as an alert of the rule that its definition is. It is the same
// for a finding that goes on and for one that has ended.
func FindingAlert(f *correlate.Finding) *alert.Alert {
	a := &alert.Alert{ID: f.ID, RuleID: ChainRule(f.Definition), RuleName: f.Title, Time: f.At, Severity: f.Level, Source: ChainSource,
		Site: f.Group["site"], Entity: f.Group["entity"], Fields: map[string]string{}}
	for k, v := range f.Group {
		if k != "site" && k != "entity" {
			a.Fields[k] = v
		}
	}
	var ids []string
	for _, m := range f.Members {
		ids = append(ids, m.ID)
	}
	a.Fields["chain_members"], a.Fields["chain_from"] = strings.Join(ids, "; "), f.From.Format("2006-01-02T15:04:05Z")
	return a
}

// KeptDefinitions is what the files say that are kept in the data folder.
type KeptDefinitions struct {
	definition.Decoded
	Files []DefinitionFile
	// Aliases says which names are of one entity, as the alias files that are kept do.
	Aliases correlate.Aliases
}

// KeptDefinitions reads the files of definitions and aliases that are kept.
func (s *Service) KeptDefinitions(ctx context.Context) (k KeptDefinitions, err error) {
	if k.Files, err = s.DefinitionFiles(ctx); err != nil {
		return k, err
	}
	for i := range k.Files {
		k.add(&k.Files[i])
	}
	return k, nil
}

// add takes in what a file says. What somebody switched since counts for more.
func (k *KeptDefinitions) add(f *DefinitionFile) {
	if definition.IsAliases(f.Name, []byte(f.Text)) {
		k.alias(f)
		return
	}
	d := definition.Decode(f.Name, []byte(f.Text))
	for i := range d.Definitions {
		if on, is := f.Switched[d.Definitions[i].Key()]; is {
			d.Definitions[i].Off = !on
		}
	}
	k.Add(d)
}

func (k *KeptDefinitions) alias(f *DefinitionFile) {
	as, err := definition.Aliases(f.Name, []byte(f.Text))
	if err != nil {
		k.Rejects = append(k.Rejects, evidence.Reject{File: f.Name, Line: 1, Field: "entities", Reason: err.Error()})
		return
	}
	if k.Aliases == nil {
		k.Aliases = correlate.Aliases{}
	}
	for _, name := range slices.Sorted(maps.Keys(as)) {
		if have, is := k.Aliases[name]; is && have != as[name] {
			k.Rejects = append(k.Rejects, evidence.Reject{File: f.Name, Line: 1, Field: "entities", Value: name,
				Reason: "another file that is kept says that it is a name of " + have})
			continue
		}
		k.Aliases[name] = as[name]
	}
}

// Plan returns the plan of the definitions that are on, and what is wrong with those of
// all that cannot be run; none of them runs then.
func (k *KeptDefinitions) Plan() (*correlate.Plan, []evidence.Reject) {
	plan, rejects := correlate.Compile(k.Set)
	return plan, append(slices.Clone(k.Rejects), rejects...)
}

// Refused says that definitions cannot be run, by the first of what is wrong with them.
func Refused(rejects []evidence.Reject) error {
	r := rejects[0]
	more := ""
	if len(rejects) > 1 {
		more = " (and more)"
	}
	return fault.New(fault.Invalid, "%s: %s%s", r.Field, r.Reason, more).At("%s:%d", r.File, r.Line).Next("candor correlate check lists everything that is wrong")
}

// Switch turns a definition that is kept on or off. What is so already changes nothing,
// and fresh is false.
func (s *Service) Switch(ctx context.Context, name string, on bool, by string, at time.Time) (fresh bool, err error) {
	if strings.TrimSpace(by) == "" {
		return false, fault.New(fault.Usage, "it is not said who switches %s", name).At("by").Next("say who does")
	}
	k, err := s.KeptDefinitions(ctx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(k.Definitions, func(d correlate.Definition) bool { return d.Key() == name })
	if i < 0 {
		var known []string
		for i := range k.Definitions {
			known = append(known, k.Definitions[i].Key())
		}
		return false, fault.New(fault.NotFound, "no definition %q is kept", name).Next("%s", near.Hint(name, known, "candor correlate list shows those that there are"))
	}
	if k.Definitions[i].Off == !on {
		return false, nil
	}
	k.Definitions[i].Off = !on
	if _, rejects := k.Plan(); len(rejects) > 0 {
		return false, Refused(rejects)
	}
	f := k.Files[slices.IndexFunc(k.Files, func(f DefinitionFile) bool { return f.Name == k.Definitions[i].File })]
	switched := maps.Clone(f.Switched)
	if switched == nil {
		switched = map[string]bool{}
	}
	switched[name] = on
	f.Switched, f.By, f.At = switched, by, at
	return s.KeepDefinitions(ctx, f)
}

// Generation names all evidence that counts: what follows from it is the same for as long
// as it is.
func (s *Service) Generation(ctx context.Context) (string, error) {
	g, err := s.generation(ctx)
	return join(g.evidence, g.alerts), err
}

// Unstored are findings that no alert says yet.
type Unstored struct {
	// Ready are those that first held until the moment that was asked for, as alerts.
	Ready []*alert.Alert
	// Waiting is how many first held after it.
	Waiting int
	// Read is how many observations had to be read: those of the days in which something
	// arrived since the look before, or all of the window.
	Read int64
}

// UnstoredChains returns what the definitions that are on find in the window and no alert
// says yet: what first held until a moment, so that what is on its way can still change
// where it begins. Where older alerts are out of the window, what begins at its edge may be
// the rest of a chain that began before, and is left out.
func (s *Service) UnstoredChains(ctx context.Context, r Request, until time.Time) (u Unstored, err error) {
	k, err := s.KeptDefinitions(ctx)
	if err != nil || len(k.Definitions) == 0 {
		return u, err
	}
	plan, rejects := k.Plan()
	if len(rejects) > 0 {
		return u, Refused(rejects)
	}
	if len(plan.Definitions()) == 0 {
		return u, nil
	}
	found, read, err := s.looked(ctx, Correlation{Request: r, Plan: plan, Aliases: k.Aliases})
	if err != nil {
		return u, err
	}
	u.Read = read
	stored, err := s.storedChains(ctx, r)
	if err != nil {
		return u, err
	}
	from, err := s.knownFrom(ctx, plan, r)
	if err != nil {
		return u, err
	}
	for i := range found {
		f := &found[i]
		switch {
		case stored[f.ID] != nil || f.At.Before(from):
		case f.At.After(until):
			u.Waiting++
		default:
			u.Ready = append(u.Ready, FindingAlert(f))
		}
	}
	return u, nil
}

// knownFrom is from when findings begin in the window and not before it.
func (s *Service) knownFrom(ctx context.Context, p *correlate.Plan, r Request) (time.Time, error) {
	w := assure.WindowOf(r.Policy, r.AsOf)
	from, err := time.Parse(time.DateOnly, string(w.From))
	if err != nil {
		return from, err
	}
	batches, err := s.alerts.Batches(ctx)
	if err != nil {
		return from, err
	}
	for i := range batches {
		if b := &batches[i]; !b.First.IsZero() && b.First.Before(from) {
			long := time.Duration(0)
			for _, d := range p.Definitions() {
				long += d.Span
			}
			return from.Add(2 * long), nil
		}
	}
	return from, nil
}

// storedChains returns the alerts of the window that are findings, by their ids, as they
// count.
func (s *Service) storedChains(ctx context.Context, r Request) (map[string]*alert.Alert, error) {
	ev, err := s.evidenceOf(ctx, r)
	if err != nil {
		return nil, err
	}
	stored := map[string]*alert.Alert{}
	w := assure.WindowOf(r.Policy, r.AsOf)
	for i := range ev.AlertRules {
		if _, id := alert.CutRule(ev.AlertRules[i].ID); !strings.HasPrefix(id, ChainRule("")) {
			continue
		}
		for a, err := range s.alertsOf(ctx, &ev, ev.AlertRules[i].ID, w) {
			if err != nil {
				return nil, err
			}
			if a.Source == ChainSource {
				kept := *a
				stored[a.ID] = &kept
			}
		}
	}
	return stored, nil
}

// byTimeOf orders findings as they are listed.
func byTimeOf(a, b correlate.Finding) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Definition, b.Definition), strings.Compare(a.ID, b.ID))
}
