package assessment

import (
	"context"
	"slices"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate"
	"candor/internal/correlate/credit"
	"candor/internal/detection"
)

// creditable returns the definitions whose worth was measured and counts, with what their
// stages see of techniques and tactics.
func (s *Service) creditable(ctx context.Context, r Request, ev *assure.Evidence) ([]credit.Chain, error) {
	worths, err := s.MeasuredWorths(ctx, r)
	if err != nil || len(worths) == 0 {
		return nil, err
	}
	k, err := s.KeptDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	x := expanding{set: &k.Set, families: correlate.NewFamilies(k.Families), ev: ev}
	if rel, err := s.release(ctx, r.Release.Or(r.Policy.Release)); err == nil {
		if x.lib, err = s.library(ctx, rel); err != nil {
			return nil, err
		}
	}
	var list []credit.Chain
	for i := range worths {
		m := &worths[i]
		if m.Void != "" {
			continue
		}
		c := credit.Chain{Definition: m.Definition, Measured: m.String(), Batch: m.Batch}
		c.Earned, c.Why = m.Earned()
		at := slices.IndexFunc(k.Definitions, func(d correlate.Definition) bool { return d.Key() == m.Definition })
		for _, st := range k.Definitions[at].Stages {
			c.Stages = append(c.Stages, x.seen(&k.Definitions[at], st, 0))
		}
		list = append(list, c)
	}
	return list, nil
}

// lined returns what says which chains line techniques up with what is adjacent to them;
// nil where no worth was measured that counts.
func (s *Service) lined(ctx context.Context, r Request) (func(techniques []string) []credit.Lined, error) {
	worths, err := s.MeasuredWorths(ctx, r)
	if err != nil || !slices.ContainsFunc(worths, func(m MeasuredWorth) bool { return m.Void == "" }) {
		return nil, err
	}
	d, err := s.desk(ctx, r)
	if err != nil {
		return nil, err
	}
	return d.Lined, nil
}

// expanding turns what stages name into the techniques and tactics that they see.
type expanding struct {
	set      *correlate.Set
	families correlate.Families
	ev       *assure.Evidence
	lib      *attack.Library // nil without a release
}

// deepest bounds definitions of definitions; those that name themselves are refused before.
const deepest = 16

// seen returns the techniques and tactics that a stage sees: what it names itself, those of
// the rules that it names or that are of its family, and what a definition that it names
// sees.
func (x *expanding) seen(by *correlate.Definition, st correlate.Selector, deep int) (list []correlate.Selector) {
	switch {
	case st.Kind == correlate.OfTechnique || st.Kind == correlate.OfTactic:
		for _, id := range decided(x.lib, attack.Holder{Kind: attack.OfChain, ID: by.Key()}, []string{st.Name}) {
			list = append(list, correlate.Selector{Kind: st.Kind, Name: id})
		}
		return list
	case deep > deepest:
		return nil
	}
	for i := range x.set.Definitions {
		if d := &x.set.Definitions[i]; (st.Kind == "" || st.Kind == correlate.OfChain) && (d.Key() == st.Name || d.ID == st.Name) {
			for _, of := range d.Stages {
				list = append(list, x.seen(d, of, deep+1)...)
			}
			return list
		}
	}
	for i := range x.ev.Rules {
		if r := &x.ev.Rules[i].Value; x.means(&st, r) {
			for _, t := range decided(x.lib, attack.Holder{Kind: attack.OfRule, ID: r.ID}, r.Techniques) {
				list = append(list, correlate.Selector{Kind: correlate.OfTechnique, Name: t})
			}
			for _, t := range r.Tactics {
				list = append(list, correlate.Selector{Kind: correlate.OfTactic, Name: t})
			}
		}
	}
	return list
}

// means reports whether a stage sees the alerts of a rule.
func (x *expanding) means(st *correlate.Selector, r *detection.Rule) bool {
	switch st.Kind {
	case "", correlate.OfRule:
		return st.Name == r.ID || st.Name == r.Name
	case correlate.OfFamily:
		return x.families.Of(&correlate.Sort{Rule: r.ID, Name: r.Name}) == st.Name
	}
	return false
}
