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
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/profile"
	"candor/internal/store"
	"candor/internal/upgrade"
)

// UpgradeAsked is what an upgrade is planned from, by the evidence, day and policy of the
// request.
type UpgradeAsked struct {
	Request
	Old, New attack.ReleaseRef
	// Mapping says besides where IDs went.
	Mapping []attack.Rename
	// Choices are decisions that nobody recorded and that are supposed.
	Choices []attack.Decision
}

// Upgrade is what another release would do to what evidence names and to verdicts.
type Upgrade struct {
	upgrade.Plan
	AsOf   time.Time        `json:"as_of"`
	Policy assure.PolicyRef `json:"policy"`
	Site   string           `json:"site,omitempty"`
	// Judged says that verdicts were judged by both releases. They cannot be by one that is
	// not imported.
	Judged bool           `json:"judged"`
	Before assure.Totals  `json:"before"`
	After  assure.Totals  `json:"after"`
	Moves  []upgrade.Move `json:"moves"`
}

// Upgrade plans an upgrade. It changes nothing.
func (s *Service) Upgrade(ctx context.Context, q UpgradeAsked) (Upgrade, error) {
	out := Upgrade{AsOf: q.AsOf, Policy: basisOf(q.Request).Policy, Site: q.Site, Moves: []upgrade.Move{}}
	old, now, judged, err := s.sides(ctx, q)
	if err != nil {
		return out, err
	}
	decided, err := s.decisions(ctx)
	if err != nil {
		return out, err
	}
	for i := range q.Choices {
		d := &q.Choices[i]
		d.Domain, d.Release = now.Release.Domain, now.Release.Version
		if err := upgrade.Check(d, now); err != nil {
			return out, err
		}
	}
	named, err := s.namers(ctx, q.Request)
	if err != nil {
		return out, err
	}
	for i := range q.Choices {
		if err := upgrade.Concerns(&q.Choices[i], named); err != nil {
			return out, err
		}
	}
	kept, err := s.mappings(ctx, now.Release.Domain)
	if err != nil {
		return out, err
	}
	for _, r := range kept { // of IDs that the newer release does not know it is asked anyway
		if len(now.ByATTACKID(r.Old)) > 0 {
			q.Mapping = append(slices.Clip(q.Mapping), r)
		}
	}
	plan := func(more []attack.Decision) upgrade.Plan {
		now = now.WithDecisions(slices.Concat(decided, more))
		return upgrade.New(upgrade.Asked{Old: old, New: now, Mapping: q.Mapping, Named: named})
	}
	out.Plan = plan(q.Choices)
	if !judged {
		out.Limits = append(out.Limits, fmt.Sprintf("%s is not imported: what the mapping says of it is taken as it is, and no verdict can be judged by it.", now.Release))
		return out, nil
	}
	out.Judged = true
	return out, s.moves(ctx, q, &out, decided)
}

// sides returns the views of both releases, and whether verdicts can be judged by the newer:
// one that is not imported is known as far as a mapping tells it.
func (s *Service) sides(ctx context.Context, q UpgradeAsked) (old, now *attack.Library, judged bool, err error) {
	before, err := s.release(ctx, q.Old)
	if err != nil {
		return nil, nil, false, err
	}
	if old, err = s.library(ctx, before); err != nil {
		return nil, nil, false, err
	}
	ref := q.New
	ref.Domain = cmp.Or(ref.Domain, before.Domain)
	if ref.Version != "" && attack.CompareVersions(before.Version, ref.Version) >= 0 {
		return nil, nil, false, notLater(before, ref.Version)
	}
	after, err := s.release(ctx, ref)
	switch {
	case err == nil:
	case fault.KindOf(err) == fault.NotFound && len(q.Mapping) > 0 && ref.Version != "":
		return old, upgrade.Assumed(old, ref.Version, q.Mapping), false, nil
	default:
		return nil, nil, false, err
	}
	if attack.CompareVersions(before.Version, after.Version) >= 0 {
		return nil, nil, false, notLater(before, after.Version)
	}
	now, err = s.library(ctx, after)
	return old, now, true, err
}

func notLater(before attack.Release, version string) error {
	return fault.New(fault.Usage, "%s %s is not later than %s", attack.ShortDomain(before.Domain), version, before).At("new").Next("name the release in force first, and the later one second")
}

// moves judges by both releases, and by the newer with what is certain.
func (s *Service) moves(ctx context.Context, q UpgradeAsked, out *Upgrade, decided []attack.Decision) error {
	at := func(r attack.Release) Request {
		asked := q.Request
		asked.Release = attack.ReleaseRef{Domain: r.Domain, Version: r.Version}
		return asked
	}
	before, err := s.whole(ctx, at(out.Old))
	if err != nil {
		return err
	}
	undecided, err := s.whole(ctx, at(out.New))
	if err != nil {
		return err
	}
	after := undecided
	if supposed := append(out.Proposed(), q.Choices...); len(supposed) > 0 {
		for i := range supposed {
			d := &supposed[i]
			d.Domain, d.Release, d.By, d.At = out.New.Domain, out.New.Version, cmp.Or(d.By, "whoever applies this"), q.AsOf
		}
		if after, err = s.supposing(ctx, at(out.New), out.New, append(slices.Clone(decided), supposed...)); err != nil {
			return err
		}
	}
	out.Before, out.After, out.Moves = before.Totals, after.Totals, upgrade.Moves(before, undecided, after)
	return nil
}

// supposing assesses as if decisions had been recorded.
func (s *Service) supposing(ctx context.Context, r Request, rel attack.Release, ds []attack.Decision) (assure.Assessment, error) {
	lib, err := s.library(ctx, rel)
	if err != nil {
		return assure.Assessment{}, err
	}
	g, err := s.generation(ctx)
	if err != nil {
		return assure.Assessment{}, err
	}
	ev, err := s.read(ctx, g, r)
	if err != nil {
		return assure.Assessment{}, err
	}
	ground := assure.GroundOf(lib.WithDecisions(ds), ev, r.Policy, r.AsOf)
	if ev.Site != "" {
		ground = ground.At(ev)
	}
	if err := s.surround(ctx, ground, &ev); err != nil {
		return assure.Assessment{}, err
	}
	j := assure.Begin(ground, ev, r.AsOf)
	sums, err := s.sums(ctx, g, &ev, r, j.Sets())
	if err != nil {
		return assure.Assessment{}, err
	}
	j.Sum(sums)
	tallies, err := s.tallies(ctx, &ev, r, j.Supposed())
	if err != nil {
		return assure.Assessment{}, err
	}
	j.Tell(tallies)
	return j.Assessment(), nil
}

// Decide records what people decided of IDs that a release does not have in force, in one
// batch. Each holds from the release of q.New on. What says the same as before changes
// nothing; recorded are those that were new.
func (s *Service) Decide(ctx context.Context, q UpgradeAsked, ds []attack.Decision) (recorded []attack.Decision, batch string, err error) {
	_, now, judged, err := s.sides(ctx, q)
	if err != nil {
		return nil, "", err
	}
	if !judged {
		return nil, "", fault.New(fault.NotFound, "%s is not imported, and nothing can be decided of what is not known", now.Release).Next("import it first: candor attack import FILE")
	}
	have, err := s.decisions(ctx)
	if err != nil {
		return nil, "", err
	}
	named, err := s.namers(ctx, q.Request)
	if err != nil {
		return nil, "", err
	}
	for i := range ds {
		d := &ds[i]
		d.Domain, d.Release, d.At = now.Release.Domain, now.Release.Version, d.At.UTC()
		if d.To == nil {
			d.To = []string{}
		}
		if err := upgrade.Check(d, now); err != nil {
			return nil, "", err
		}
		if err := upgrade.Concerns(d, named); err != nil && !d.Withdrawn {
			return nil, "", err
		}
		k := slices.IndexFunc(have, func(h attack.Decision) bool { return h.Key() == d.Key() })
		if d.Withdrawn && (k < 0 || have[k].Withdrawn) {
			return nil, "", fault.New(fault.NotFound, "nothing is decided of %s from %s on", d.ID, now.Release).At("id").Next("candor attack upgrade shows what is decided")
		}
		if k < 0 || have[k].Withdrawn != d.Withdrawn || !slices.Equal(have[k].To, d.To) || have[k].Why != d.Why {
			recorded = append(recorded, *d)
		}
	}
	if len(recorded) == 0 {
		return recorded, "", nil
	}
	batch, err = s.enterDecisions(ctx, recorded)
	return recorded, batch, err
}

func (s *Service) enterDecisions(ctx context.Context, ds []attack.Decision) (string, error) {
	records := make([]store.Record, len(ds))
	sum := sha256.New()
	for i := range ds {
		body, err := json.Marshal(ds[i])
		if err != nil {
			return "", fmt.Errorf("encode the decision of %s: %w", ds[i].ID, err)
		}
		records[i] = store.Record{Kind: evidence.RecordDecision, Key: ds[i].Key(), Body: body}
		sum.Write(body)
	}
	hash := hex.EncodeToString(sum.Sum(nil))
	d := &ds[0]
	b := store.Batch{ID: evidence.Decisions + "-" + hash[:12], Kind: evidence.Decisions, Format: "candor-json",
		Paths: []string{"upgrade to " + attack.ShortDomain(d.Domain) + " " + d.Release}, Hash: hash, Added: d.At, By: cmp.Or(d.RecordedBy, d.By), First: d.At, Last: d.At}
	landed, _, err := s.evidence.Append(ctx, b, func(yield func(store.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	})
	return landed.ID, err
}

// namers lists what of evidence names ATT&CK IDs.
func (s *Service) namers(ctx context.Context, r Request) ([]upgrade.Named, error) {
	g, err := s.generation(ctx)
	if err != nil {
		return nil, err
	}
	ev, err := s.read(ctx, g, r)
	if err != nil {
		return nil, err
	}
	all := namedByEvidence(&ev)
	gaps, err := s.statedGaps(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range gaps {
		if x.Object != nil && !x.Closed {
			all = append(all, namer(attack.OfGap, x.ID, x.Title, x.Object.ATTACKID))
		}
	}
	profiles, err := s.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	for i := range profiles {
		ids := slices.Clone(profiles[i].Techniques)
		for _, m := range profiles[i].Members() {
			ids = append(ids, m.ATTACKID)
		}
		all = append(all, namer(attack.OfProfile, profile.Key(profiles[i].Name), profiles[i].Name, ids...))
	}
	annotated, err := s.Annotated(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range annotated {
		all = append(all, namer(attack.OfNote, n.StixID, "notes about "+cmp.Or(n.ATTACKID, n.Name), n.ATTACKID))
	}
	more, err := s.namedElsewhere(ctx)
	all = append(all, more...)
	return slices.DeleteFunc(all, func(n upgrade.Named) bool { return len(n.IDs) == 0 }), err
}

// namer is one that names IDs; what is none of ATT&CK's is left out.
func namer(kind, id, title string, ids ...string) upgrade.Named {
	return upgrade.Named{Holder: attack.Holder{Kind: kind, ID: id}, Title: cmp.Or(title, id),
		IDs: slices.DeleteFunc(slices.Clone(ids), func(s string) bool { return s == "" || strings.Contains(s, ":") })}
}

// namedByEvidence lists what judgement reads.
func namedByEvidence(ev *assure.Evidence) []upgrade.Named {
	var all []upgrade.Named
	for i := range ev.Rules {
		r := &ev.Rules[i].Value
		all = append(all, namer(attack.OfRule, r.ID, r.Name, slices.Concat(r.Techniques, r.Analytics)...))
	}
	for i := range ev.Exercises {
		e := &ev.Exercises[i].Value
		all = append(all, namer(attack.OfExercise, e.ID(), e.Test, cmp.Or(e.Analytic, e.Technique)))
	}
	for i := range ev.Runbooks {
		r := &ev.Runbooks[i].Value
		all = append(all, namer(attack.OfRunbook, r.ID, r.Title, r.AppliesTo...))
	}
	for i := range ev.Tunings {
		t := &ev.Tunings[i].Value
		all = append(all, namer(attack.OfTuning, t.Key(), t.Analytic+" "+t.Element, t.Analytic))
	}
	for i := range ev.Cases {
		c := &ev.Cases[i].Value
		all = append(all, namer(attack.OfCase, c.ID, c.Title, slices.Concat(c.Analytics, c.Techniques)...))
	}
	return all
}

// namedElsewhere lists definitions of chains and, by their sources, signals.
func (s *Service) namedElsewhere(ctx context.Context) ([]upgrade.Named, error) {
	kept, err := s.KeptDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	var all []upgrade.Named
	for i := range kept.Definitions {
		d := &kept.Definitions[i]
		var ids []string
		for _, stage := range d.Stages {
			if stage.Kind == "technique" || stage.Kind == "tactic" {
				ids = append(ids, attack.SpellID(stage.Name))
			}
		}
		all = append(all, namer(attack.OfChain, d.Key(), d.Title, ids...))
	}
	signals, err := s.signalsNow(ctx)
	if err != nil {
		return nil, err
	}
	by := map[string][]string{}
	for i := range signals {
		of := signalHolder(&signals[i].Value).ID
		for _, id := range signals[i].Value.Techniques {
			if !slices.Contains(by[of], id) {
				by[of] = append(by[of], id)
			}
		}
	}
	for of, ids := range by {
		all = append(all, namer(attack.OfSignal, of, "signals of "+of, ids...))
	}
	return all, nil
}
