package assessment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/correlate/credit"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/gap"
	"candor/internal/near"
	"candor/internal/store"
)

// Gaps returns the register of gaps as it stands on the day of r.
func (s *Service) Gaps(ctx context.Context, r Request) (gap.Register, error) {
	a, err := s.Assess(ctx, r)
	if err != nil {
		return gap.Register{}, err
	}
	stated, err := s.statedGaps(ctx)
	if err != nil {
		return gap.Register{}, err
	}
	return s.register(ctx, r, &a, stated)
}

// register is the register of gaps with the chains that line what cannot be seen up with
// adjacent stages.
func (s *Service) register(ctx context.Context, r Request, a *assure.Assessment, stated []gap.Stated) (gap.Register, error) {
	lib, err := s.library(ctx, a.Release)
	if err != nil {
		return gap.Register{}, err
	}
	reg := gap.New(a, readGaps(lib, stated), day.Of(r.AsOf))
	lined, err := s.lined(ctx, r)
	if err == nil && lined != nil {
		reg.Line(lined)
	}
	return reg, err
}

// readGaps returns the gaps as the release reads what they are about: by decision, where the
// object is not in force.
func readGaps(lib *attack.Library, stated []gap.Stated) []gap.Stated {
	if !lib.Deciding() {
		return stated
	}
	read := slices.Clone(stated)
	for i := range read {
		g := &read[i]
		if g.Object == nil {
			continue
		}
		h := attack.Holder{Kind: attack.OfGap, ID: g.ID}
		if to := assure.ReadAs(lib, h, g.Object.ATTACKID); lib.Decided(h, g.Object.ATTACKID) != nil && lib.InForce(to) {
			o := lib.ByATTACKID(to)[0]
			g.Object = &assure.Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}
		}
	}
	return read
}

// statedGaps returns what was last stated of each gap.
func (s *Service) statedGaps(ctx context.Context) ([]gap.Stated, error) {
	records, err := s.evidence.Current(ctx, evidence.RecordGap)
	if err != nil {
		return nil, err
	}
	return gapsOf(records)
}

func gapsOf(records []store.Record) ([]gap.Stated, error) {
	of, err := decode[gap.Gap](records)
	stated := make([]gap.Stated, len(of))
	for i, g := range of {
		stated[i] = gap.Stated{Gap: g.Value, Batch: g.Batch}
	}
	return stated, err
}

// GapHistory returns everything that was ever stated of a gap, oldest first.
func (s *Service) GapHistory(ctx context.Context, id string) ([]gap.Stated, error) {
	g, err := s.gap(ctx, id)
	if err != nil {
		return nil, err
	}
	records, err := s.evidence.History(ctx, evidence.RecordGap, g.ID)
	if err != nil {
		return nil, err
	}
	return gapsOf(records)
}

// gap returns what was last stated of the gap with an id.
func (s *Service) gap(ctx context.Context, id string) (gap.Gap, error) {
	stated, err := s.statedGaps(ctx)
	if err != nil {
		return gap.Gap{}, err
	}
	var ids []string
	for _, g := range stated {
		if strings.EqualFold(g.ID, strings.TrimSpace(id)) {
			return g.Gap, nil
		}
		ids = append(ids, g.ID)
	}
	return gap.Gap{}, fault.New(fault.NotFound, "there is no gap %q", id).At("id").Next("%s", near.Hint(id, ids, "candor gap list shows those that there are"))
}

// State records what somebody states of a gap: one that is there is changed, else it is
// a new one, about the object that the id names if a verdict is about it. It is evidence,
// in a batch of its own; what says the same as before changes nothing, and fresh is false.
func (s *Service) State(ctx context.Context, r Request, c gap.Change) (stated gap.Gap, fresh bool, err error) {
	have, err := s.gap(ctx, c.Key())
	if known := err == nil; !known {
		if fault.KindOf(err) != fault.NotFound {
			return have, false, err
		}
		if c.Close {
			return have, false, err
		}
		if have, err = s.begun(ctx, r, &c); err != nil {
			return have, false, err
		}
	}
	g, err := c.Apply(have)
	if err != nil {
		return g, false, err
	}
	same := g
	same.At, same.By, same.RecordedBy = have.At, have.By, have.RecordedBy
	if same == have {
		return have, false, nil
	}
	return g, true, s.state(ctx, statement{evidence.Gaps, "gap " + g.ID, store.Record{Kind: evidence.RecordGap, Key: g.ID}, cmp.Or(g.RecordedBy, g.By), g.At}, g)
}

// statement is evidence that somebody states, in a batch of its own.
type statement struct {
	kind, path string
	record     store.Record // without a body
	by         string
	at         time.Time
}

// state records what somebody states.
func (s *Service) state(ctx context.Context, st statement, noun any) (err error) {
	if st.record.Body, err = json.Marshal(noun); err != nil {
		return fmt.Errorf("encode the %s: %w", st.path, err)
	}
	sum := sha256.Sum256(st.record.Body)
	hash := hex.EncodeToString(sum[:])
	b := store.Batch{ID: st.kind + "-" + hash[:12], Kind: st.kind, Format: "candor-json",
		Paths: []string{st.path}, Hash: hash, Added: st.at, By: st.by, First: st.at, Last: st.at}
	_, _, err = s.evidence.Append(ctx, b, one(st.record))
	return err
}

// begun returns a gap that nobody stated before: about the object that its id names, or
// about what its title says.
func (s *Service) begun(ctx context.Context, r Request, c *gap.Change) (gap.Gap, error) {
	a, err := s.Assess(ctx, r)
	if err != nil && c.Title == nil {
		return gap.Gap{}, err
	}
	if c.Target != "" {
		return stepOf(&a, c)
	}
	id := attack.SpellID(strings.TrimSpace(c.ID))
	var about *assure.Name
	action := false
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		for _, ns := range [][]assure.Name{{v.Analytic}, v.Strategies, v.Techniques, v.Parents, v.Tactics} {
			for k := range ns {
				if ns[k].ATTACKID == id || ns[k].StixID == c.ID {
					about = &ns[k]
					action = action || slices.ContainsFunc(v.Next, func(s assure.Step) bool { return s.Action == c.Action })
				}
			}
		}
	}
	switch {
	case c.ID == "":
		return gap.Gap{}, fault.New(fault.Usage, "the gap has no id").At("id").Next("name an analytic, strategy, technique or tactic, or give a name of its own")
	case about == nil && (c.Title == nil || c.Action != ""):
		return gap.Gap{}, fault.New(fault.NotFound, "no verdict of %s is about %s", a.Release, c.ID).At("id").
			Next("name an analytic, strategy, technique or tactic, or give a gap of another sort a title")
	case about == nil:
		return gap.Gap{ID: strings.TrimSpace(c.ID)}, nil
	case c.Action != "" && !action:
		return gap.Gap{}, fault.New(fault.NotFound, "no verdict on %s names the next step %q", about.ATTACKID, c.Action).At("action").
			Next("candor assess --explain shows the next steps of an analytic, each with its action in --json")
	}
	name := *about
	return gap.Gap{ID: (&gap.Change{ID: cmp.Or(name.ATTACKID, name.StixID), Action: c.Action}).Key(), Object: &name, Action: c.Action, Title: name.Name}, nil
}

// stepOf returns a gap that takes on a next step for every verdict that names it. What it
// is called and why it is to be done is what the verdicts say.
func stepOf(a *assure.Assessment, c *gap.Change) (gap.Gap, error) {
	g := gap.Gap{ID: c.Key(), Action: c.Action, Target: c.Target, Decision: gap.Fix}
	var of []string
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		step := gap.Asked(v, c.Action, c.Target)
		if step == nil {
			continue
		}
		of = append(of, v.Analytic.ATTACKID)
		switch {
		case g.Title != "":
		case strings.HasSuffix(c.Target, assure.EveryChannel):
			g.Title = fmt.Sprintf("Bring %s to full measure, with every channel that analytics need of it.", strings.TrimSuffix(c.Target, assure.EveryChannel))
		default:
			g.Title = step.Text
		}
	}
	switch {
	case c.ID != "":
		return g, fault.New(fault.Usage, "a step is taken on for one object or for all, and both an id and a target are given").At("target").Next("leave one of them out")
	case c.Action == "":
		return g, fault.New(fault.Usage, "a target without an action is no step").At("action").Next("candor next --json shows the steps, each with its action and targets")
	case len(of) == 0:
		return g, fault.New(fault.NotFound, "no verdict of %s names the next step %q for %q", a.Release, c.Action, c.Target).At("target").
			Next("candor next --json shows the steps, each with its action and targets")
	}
	more := ""
	if n := len(of) - fewNamed; n > 0 {
		of, more = of[:fewNamed], fmt.Sprintf(" and %d more", n)
	}
	g.Why = "It is a next step of " + strings.Join(of, ", ") + more + "."
	return g, nil
}

// fewNamed is how many analytics are named of those that a step is one of.
const fewNamed = 8

// Drafted is a gap as it stands, or as it could be stated first, with all that was said
// of it.
type Drafted struct {
	gap.Gap
	// Listed is how it stands; nil where nobody stated it.
	Listed *gap.Listed
	// History is everything that was stated of it, oldest first.
	History []gap.Stated
	// Chains are those that line what of it cannot be seen up with adjacent stages.
	Chains []credit.Lined
}

// Draft returns what is stated of the gap that a change is about or, where nobody stated
// it, what could be: about what, and why, as the verdict on it says whose case is worst.
func (s *Service) Draft(ctx context.Context, r Request, c gap.Change) (Drafted, error) {
	history, err := s.GapHistory(ctx, c.Key())
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return Drafted{}, err
	}
	if err != nil {
		a, failed := s.Assess(ctx, r)
		if failed != nil {
			return Drafted{}, failed
		}
		g, err := s.begun(ctx, r, &c)
		if err == nil && g.Why == "" {
			g.Why = worst(&a, &g)
		}
		if err != nil {
			return Drafted{Gap: g}, err
		}
		reg, err := s.register(ctx, r, &a, []gap.Stated{{Gap: g}})
		return Drafted{Gap: g, Chains: reg.Gaps[0].Chains}, err
	}
	d := Drafted{Gap: history[len(history)-1].Gap, History: history}
	reg, err := s.Gaps(ctx, r)
	if i := slices.IndexFunc(reg.Gaps, func(l gap.Listed) bool { return l.ID == d.ID }); i >= 0 {
		d.Listed, d.Chains = &reg.Gaps[i], reg.Gaps[i].Chains
	}
	return d, err
}

// worst returns what the verdict on a gap's object says whose case is worst or, where the
// gap takes on a next step, what that step is.
func worst(a *assure.Assessment, g *gap.Gap) (why string) {
	var rung assure.Rung
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		if g.Object == nil || v.Rung == assure.NotApplicable || !gap.Names(v, g.Object.StixID) {
			continue
		}
		for _, step := range v.Next {
			if step.Action == g.Action && g.Action != "" {
				return step.Text
			}
		}
		if why == "" || assure.CompareWorst(v.Rung, rung) < 0 {
			rung, why = v.Rung, v.Sentence
		}
	}
	return why
}
