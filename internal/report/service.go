package report

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/library"
	"candor/internal/store"
)

// Service makes reports of what the stores hold.
type Service struct {
	Assessment *assessment.Service
	Library    *library.Service
	Log        *ledger.Log
	// Batches lists the batches of every kind.
	Batches func(ctx context.Context) ([]store.Batch, error)
	// Kept lists the assessments that are kept.
	Kept func() ([]archive.Kept, error)
	// Sign signs a head of the ledger's tree; it returns nothing where no key is at hand, and
	// may be nil. Key, if it is not empty, is what verifies heads, as somebody noted it.
	Sign func(ctx context.Context, r ledger.Root) (string, error)
	Key  string
	// Load returns one of them.
	Load func(name string) (archive.Kept, assure.Assessment, error)
	// Now is when a report is made, and Program by what.
	Now     func() time.Time
	Program string
}

// mostProved bounds for how many batches a report has proofs, those that the ledger had first.
// The head of the tree pins the others as well.
const mostProved = 500

// made is a document with what it rests on.
type made struct {
	document Document
	asked    Asked
	batches  []custody.Account
	all      bool   // it rests on every batch there is, instead of on some
	policy   string // its SHA-256
	release  string // as the ledger names it
}

// Verdict reports on one analytic or, where id names none, on the rule that it names. It fails
// as assessment.Service.Gate does.
func (s *Service) Verdict(ctx context.Context, r assessment.Request, id, by string) (Sealed, error) {
	m, err := s.verdict(ctx, r, id)
	if fault.KindOf(err) == fault.NotFound {
		m, err = s.gate(ctx, r, id)
	}
	if err != nil {
		return Sealed{}, err
	}
	return s.seal(ctx, m, by)
}

// Executive reports on where things stand.
func (s *Service) Executive(ctx context.Context, r assessment.Request, by string) (Sealed, error) {
	m, err := s.executive(ctx, r)
	if err != nil {
		return Sealed{}, err
	}
	return s.seal(ctx, m, by)
}

// Standing reports on where things stand for a repository or a ticket.
func (s *Service) Standing(ctx context.Context, r assessment.Request, by string) (Sealed, error) {
	m, err := s.standing(ctx, r)
	if err != nil {
		return Sealed{}, err
	}
	return s.seal(ctx, m, by)
}

// Engineering reports all that is judged and measured, as tables.
func (s *Service) Engineering(ctx context.Context, r assessment.Request, by string) (Sealed, error) {
	m, err := s.engineering(ctx, r)
	if err != nil {
		return Sealed{}, err
	}
	return s.seal(ctx, m, by)
}

// again derives what was asked for anew.
func (s *Service) again(ctx context.Context, r assessment.Request, a Asked) (made, error) {
	r.Release = attack.ReleaseRef{Domain: a.Domain, Version: a.Version}
	r.AsOf, r.Platform, r.Profile, r.Site = endOf(a.AsOf), a.Platform, a.Profile, a.Site
	switch a.Kind {
	case KindVerdict:
		return s.verdict(ctx, r, a.ID)
	case KindGate:
		return s.gate(ctx, r, a.ID)
	case KindExecutive:
		return s.executive(ctx, r)
	case KindStanding:
		return s.standing(ctx, r)
	case KindEngineering:
		return s.engineering(ctx, r)
	case KindNavigator:
		m, _, err := s.navigator(ctx, r, Layered{a.Layer, a.Before, a.After})
		return m, err
	case KindCompliance:
		return s.compliance(ctx, r, a.Controls)
	case KindDetect:
		at := Repository{}
		if a.Repository != nil {
			at = *a.Repository
		}
		return s.detect(ctx, r, at)
	case KindDeTTECT:
		return s.dettect(ctx, r, a.ID)
	}
	return made{}, fault.New(fault.Invalid, "the report is of kind %q, which this candor does not make", a.Kind).Next("use the candor that made it, or a newer one")
}

// endOf is the last second of a day: a report is of a whole day, so that it can be made again.
func endOf(d day.Date) time.Time { return d.Time().Add(24*time.Hour - time.Second) }

func (s *Service) verdict(ctx context.Context, r assessment.Request, id string) (made, error) {
	r.AsOf = endOf(day.Of(r.AsOf))
	v, err := s.Assessment.Verdict(ctx, r, id)
	if err != nil {
		return made{}, err
	}
	whole, err := s.Assessment.Assess(ctx, r)
	if err != nil {
		return made{}, err
	}
	f := verdictOf{request: r, whole: &whole, verdict: &v}
	if f.official, err = s.Library.Page(ctx, v.Analytic.StixID, attack.ReleaseRef{Domain: whole.Release.Domain, Version: whole.Release.Version}); err != nil {
		return made{}, err
	}
	if v.Measurement != nil {
		m, err := s.Assessment.MeasureAnalytics(ctx, r, v.Analytic.ATTACKID)
		if err != nil {
			return made{}, err
		}
		one := m.One()
		f.measured = &one
	}
	if f.gates, err = s.gates(ctx, r, v.Analytic.ATTACKID); err != nil {
		return made{}, err
	}
	if f.batches, err = s.accounts(ctx, f.restsOn()); err != nil {
		return made{}, err
	}
	return made{document: f.document(), asked: askedOf(KindVerdict, v.Analytic.ATTACKID, &whole, r), batches: f.batches, policy: whole.Policy.SHA256, release: custody.ReleaseID(whole.Release)}, nil
}

// gates are the answers for every purpose.
func (s *Service) gates(ctx context.Context, r assessment.Request, id string) (all []assure.Decision, err error) {
	for _, p := range assure.Purposes() {
		d, err := s.Assessment.Gate(ctx, r, id, p)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

func (s *Service) gate(ctx context.Context, r assessment.Request, id string) (made, error) {
	r.AsOf = endOf(day.Of(r.AsOf))
	f := gateOf{request: r}
	var err error
	if f.gates, err = s.gates(ctx, r, id); err != nil {
		return made{}, err
	}
	whole, err := s.Assessment.Assess(ctx, r)
	if err != nil {
		return made{}, err
	}
	f.whole = &whole
	if f.measured, err = s.Assessment.MeasureRule(ctx, r, f.gates[0].ID); err != nil {
		return made{}, err
	}
	rests := []string{f.measured.RuleBatch}
	for _, ref := range f.measured.Evidence {
		rests = append(rests, ref.ID)
	}
	if f.batches, err = s.accounts(ctx, rests); err != nil {
		return made{}, err
	}
	return made{document: f.document(), asked: askedOf(KindGate, f.gates[0].ID, &whole, r), batches: f.batches, policy: whole.Policy.SHA256, release: custody.ReleaseID(whole.Release)}, nil
}

// restsOn lists the batches that anything in the report leads to.
func (f *verdictOf) restsOn() []string {
	var all []evidence.Ref
	v := f.verdict
	for _, r := range slices.Concat(v.Reasons, v.Bounds, v.Visibility.Reasons) {
		all = append(all, r.Refs...)
	}
	for i := range v.Visibility.Needs {
		all = append(all, v.Visibility.Needs[i].Refs...)
	}
	for i := range f.gates {
		for j := range f.gates[i].Checks {
			all = append(all, f.gates[i].Checks[j].Refs...)
		}
	}
	if f.measured != nil {
		all = append(all, f.measured.Evidence...)
	}
	var ids []string
	for _, r := range all {
		if r.Kind == "batch" {
			ids = append(ids, r.ID)
		}
	}
	for i := range v.Claims {
		if !v.Claims[i].Cannot() {
			ids = append(ids, v.Claims[i].Batch)
		}
	}
	for i := range v.Exercises.Trials {
		ids = append(ids, v.Exercises.Trials[i].Batch)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

// accounts are batches with their entries, in the order in which the ledger has them.
func (s *Service) accounts(ctx context.Context, ids []string) ([]custody.Account, error) {
	all, err := s.Batches(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(b store.Batch) bool { return !slices.Contains(ids, b.ID) })
	entries, err := s.Log.About(ctx, ids...)
	list := custody.Accounts(all, entries)
	slices.SortStableFunc(list, func(a, b custody.Account) int { return cmp.Compare(placeOf(&a), placeOf(&b)) })
	return list, err
}

// placeOf is the place of the first entry of a batch, behind all others where it has none yet.
func placeOf(a *custody.Account) int64 {
	if len(a.Ledger) == 0 {
		return math.MaxInt64
	}
	return a.Ledger[0].Seq
}

// every is the places of the entries of every batch, of those that the ledger has first, and
// what has no entry. Which are first stays so: entries come to the ledger's end, and none goes.
func (s *Service) every(ctx context.Context) (seqs []int64, unrecorded []string, err error) {
	entries, err := s.Log.Where(ctx, func(k ledger.Kind, _ string) bool {
		return k == ledger.Batch || k == ledger.Withdrawal || k == ledger.Merge || k == ledger.Expiry
	})
	if err != nil {
		return nil, nil, err
	}
	recorded, proved := map[string]bool{}, map[string]bool{}
	for i := range entries {
		if e := &entries[i]; e.Kind == ledger.Batch {
			recorded[e.ID] = true
			if len(proved) < mostProved {
				proved[e.ID] = true
			}
		}
	}
	for i := range entries {
		e := &entries[i]
		of := proved[e.ID]
		for id := range e.Batches {
			of = of || proved[id]
		}
		if of {
			seqs = append(seqs, e.Seq)
		}
	}
	all, err := s.Batches(ctx)
	for i := range all {
		if !recorded[all[i].ID] {
			unrecorded = append(unrecorded, "batch "+all[i].ID)
		}
	}
	return seqs, unrecorded, err
}

func (s *Service) executive(ctx context.Context, r assessment.Request) (made, error) {
	e, err := s.stand(ctx, r)
	if err != nil {
		return made{}, err
	}
	return e.made(KindExecutive, e.document()), nil
}

func (s *Service) standing(ctx context.Context, r assessment.Request) (made, error) {
	e, err := s.stand(ctx, r)
	if err != nil {
		return made{}, err
	}
	return e.made(KindStanding, e.standing()), nil
}

func (e *executiveOf) made(kind string, d Document) made {
	return made{document: d, asked: askedOf(kind, "", e.whole, e.request), all: true, policy: e.whole.Policy.SHA256, release: custody.ReleaseID(e.whole.Release)}
}

func (s *Service) engineering(ctx context.Context, r assessment.Request) (made, error) {
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
	e := engineeringOf{request: r, whole: &whole, measured: &measured, made: &rules}
	return made{document: e.document(), asked: askedOf(KindEngineering, "", &whole, r), all: true, policy: whole.Policy.SHA256, release: custody.ReleaseID(whole.Release)}, nil
}

// stand gathers where things stand.
func (s *Service) stand(ctx context.Context, r assessment.Request) (*executiveOf, error) {
	r.AsOf = endOf(day.Of(r.AsOf))
	whole, err := s.Assessment.Assess(ctx, r)
	if err != nil {
		return nil, err
	}
	e := &executiveOf{request: r, whole: &whole, ending: assure.Endings(&whole, r.Policy.Readiness, soonDays)}
	gaps, err := s.Assessment.Gaps(ctx, r)
	if err != nil {
		return nil, err
	}
	e.gaps = &gaps
	if e.kept, err = s.Kept(); err != nil {
		return nil, err
	}
	for i := range whole.Verdicts {
		v := &whole.Verdicts[i]
		if v.Rung != assure.Proven && v.Rung != assure.Reliable && !slices.Contains(r.Policy.Gates.Reporting.Rungs, v.Rung) && len(v.Waivers) == 0 {
			continue
		}
		d, err := s.Assessment.Gate(ctx, r, v.Analytic.ATTACKID, assure.Reporting)
		if err != nil {
			return nil, err
		}
		e.reporting = append(e.reporting, d)
		if v.Rung != assure.Reliable {
			continue
		}
		if d, err = s.Assessment.Gate(ctx, r, v.Analytic.ATTACKID, assure.Automation); err != nil {
			return nil, err
		}
		e.automatic = append(e.automatic, d)
	}
	return e, nil
}

func askedOf(kind, id string, a *assure.Assessment, r assessment.Request) Asked {
	return Asked{Kind: kind, ID: id, Domain: a.Release.Domain, Version: a.Release.Version, AsOf: day.Of(r.AsOf), Platform: r.Platform, Profile: r.Profile, Site: r.Site}
}

// seal puts beside a document the head of the tree and the proofs of what it rests on.
func (s *Service) seal(ctx context.Context, m made, by string) (Sealed, error) {
	out := Sealed{Format: Format, By: by, Made: s.Now().UTC().Truncate(time.Second), Program: s.Program, Asked: m.asked, Entries: []ledger.Inclusion{}, Document: m.document}
	if err := m.document.complete(); err != nil {
		return out, err
	}
	size, err := s.Log.Size(ctx)
	if err != nil || size == 0 {
		return out, err
	}
	if out.Head, err = s.Log.RootOf(ctx, size); err != nil {
		return out, err
	}
	if s.Sign != nil {
		if out.Signed, err = s.Sign(ctx, out.Head); err != nil {
			return out, err
		}
	}
	seqs, unrecorded, err := s.places(ctx, &m)
	if err != nil {
		return out, err
	}
	out.Unrecorded = unrecorded
	for _, seq := range seqs {
		if seq >= size { // recorded since
			continue
		}
		p, err := s.Log.IncludeIn(ctx, seq, size)
		if err != nil {
			return out, err
		}
		out.Entries = append(out.Entries, p)
	}
	return out, nil
}

// places are those of the entries of what a document rests on, in order.
func (s *Service) places(ctx context.Context, m *made) (seqs []int64, unrecorded []string, err error) {
	of, err := s.Log.Where(ctx, func(k ledger.Kind, id string) bool {
		return k == ledger.Policy || k == ledger.Release && id == m.release
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Reverse(of) // the newest of each
	policy := slices.IndexFunc(of, func(e ledger.Entry) bool { return e.Kind == ledger.Policy && e.SHA256 == m.policy })
	release := slices.IndexFunc(of, func(e ledger.Entry) bool { return e.Kind == ledger.Release })
	if policy >= 0 { // the built-in one has none
		seqs = append(seqs, of[policy].Seq)
	}
	if release >= 0 {
		seqs = append(seqs, of[release].Seq)
	} else {
		unrecorded = append(unrecorded, "release "+m.release)
	}
	if m.all {
		all, without, err := s.every(ctx)
		if err != nil {
			return nil, nil, err
		}
		seqs, unrecorded = append(seqs, all...), append(unrecorded, without...)
	}
	for i := range m.batches[:min(mostProved, len(m.batches))] {
		b := &m.batches[i]
		if len(b.Ledger) == 0 {
			unrecorded = append(unrecorded, "batch "+b.ID)
		}
		for _, e := range b.Ledger {
			seqs = append(seqs, e.Seq)
		}
	}
	slices.Sort(seqs)
	return slices.Compact(seqs), unrecorded, nil
}
