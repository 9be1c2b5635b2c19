// Package assessment assesses a release against the evidence that the stores
// hold: it picks the release, reads what is current and hands it to package
// assure.
//
// It makes the one model that the command line, the API and the pages render. It
// refuses to judge anything itself, and it has no clock: the day of judgement
// comes with the request.
package assessment

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/archive"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/cache"
	"candor/internal/day"
	"candor/internal/detection"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/near"
	"candor/internal/store"
	"candor/internal/take"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

// Request says what to assess and by what.
type Request struct {
	// Release selects the release, as attack.MeantAlone does; where it names none of the
	// domain that Policy names one of, that one.
	Release attack.ReleaseRef
	// Platform narrows the result to one platform; empty means all.
	Platform string
	// Profile narrows it to the techniques of a threat profile; empty means all.
	Profile string
	// Site is whose evidence is judged, with what names no site; empty means all. Some
	// evidence must name it.
	Site string
	// AsOf is the day of judgement; required.
	AsOf   time.Time
	Policy assure.Policy
	// beside are the sites that are judged beside Site, which are counted together.
	beside []string
}

// Service assesses. It keeps what it has read of immutable releases and
// append-only evidence, and is safe for concurrent use.
type Service struct {
	lib      store.LibraryReader
	evidence store.Evidence
	alerts   store.Alerts
	// Kept lists the assessments that are kept, for what an earlier one had in scope; nil
	// for none. It is set before the first question.
	Kept func() ([]archive.Kept, error)

	libraries cache.Cache[*attack.Library]
	renames   cache.Cache[[]attack.Rename] // of a release, by what it revokes
	current   cache.Cache[assure.Evidence] // without what comes from alerts
	raised    cache.Cache[[]assure.AlertRule]
	ruleNames cache.Cache[[]RuleName]
	ready     cache.Cache[assure.Evidence] // joined
	summed    cache.Cache[*summed]
	waited    cache.Cache[[]alert.Duration]
	grounds   cache.Cache[*assure.Ground]
	earlier   cache.Cache[*assure.Ground] // of any generation, to make the next of
	fixed     cache.Cache[lasting]
	rules     remembered[detection.Rule]
	feeds     remembered[telemetry.Observation]
	ruled     ruled
	done      cache.Cache[assured]
	under     cache.Flight[assure.Assessment] // those under way
	desks     cache.Cache[*take.Desk]
	desking   cache.Flight[*take.Desk]
	answers   cache.Flight[any] // other answers under way
	notes     cache.Cache[map[string][]take.Said]
	chains    cache.Cache[ChainsStanding]
	back      lookback
}

// assured is an assessment with the policy that it was judged by.
type assured struct {
	policy     assure.Policy
	assessment assure.Assessment
}

// New returns a service that reads the given stores.
func New(lib store.LibraryReader, ev store.Evidence, al store.Alerts) *Service {
	s := &Service{lib: lib, evidence: ev, alerts: al}
	s.ready.Most, s.waited.Most = 2, 2
	s.renames.Most = 256
	s.grounds.Most, s.earlier.Most = 2+sitesMost, 2+sitesMost
	s.chains.Most = 2
	return s
}

// Assess returns the assessment of the release that r selects. What it returns
// is shared between callers, who must not change what it points to.
//
// It fails with fault.NotFound when the release is not in the library, with
// fault.Usage when the request cannot be meant, and otherwise as the stores do.
func (s *Service) Assess(ctx context.Context, r Request) (assure.Assessment, error) {
	if r.AsOf.IsZero() {
		return assure.Assessment{}, fault.New(fault.Usage, "the day of judgement is not stated")
	}
	a, err := s.whole(ctx, r)
	if err != nil {
		return a, err
	}
	known := assure.Platforms(a)
	if r.Platform != "" && !slices.ContainsFunc(known, func(p string) bool { return strings.EqualFold(p, r.Platform) }) {
		return assure.Assessment{}, fault.New(fault.NotFound, "no analytic of %s has the platform %q", a.Release, r.Platform).At("platform").
			Next("%s", near.Hint(r.Platform, known, ""))
	}
	return s.narrow(ctx, r, a)
}

// whole returns the assessment of all platforms. One that rests on the same
// release, batches, day and policy as an earlier one is that one, and those who ask at
// the same time wait for one and the same.
func (s *Service) whole(ctx context.Context, r Request) (assure.Assessment, error) {
	rel, err := s.release(ctx, r.Release.Or(r.Policy.Release))
	if err != nil {
		return assure.Assessment{}, err
	}
	g, err := s.generation(ctx)
	if err != nil {
		return assure.Assessment{}, err
	}
	domain, err := s.domainKey(ctx, rel.Domain)
	if err != nil {
		return assure.Assessment{}, err
	}
	key := join(libraryKey(rel), domain, g.evidence, g.alerts, string(day.Of(r.AsOf)), r.Site, r.Policy.Name, r.Policy.Version)
	if have, ok := s.done.Get(key); ok && reflect.DeepEqual(have.policy, r.Policy) {
		have.assessment.AsOf = r.AsOf
		return have.assessment, nil
	}
	a, err := s.under.Do(ctx, join(key, fmt.Sprintf("%+v", r.Policy)), func(ctx context.Context) (assure.Assessment, error) {
		j, ev, err := s.begin(ctx, rel, g, r)
		if err != nil {
			return assure.Assessment{}, err
		}
		tallies, err := s.tallies(ctx, &ev, r, j.Supposed())
		if err != nil {
			return assure.Assessment{}, err
		}
		j.Tell(tallies)
		a := j.Assessment()
		if err := s.narrowed(&a); err != nil {
			return assure.Assessment{}, err
		}
		s.done.Put(key, assured{r.Policy, a})
		return a, nil
	})
	a.AsOf = r.AsOf
	return a, err
}

// begin begins an assessment, and tells it the sums that it asks for.
func (s *Service) begin(ctx context.Context, rel attack.Release, g generation, r Request) (*assure.Judging, assure.Evidence, error) {
	lib, err := s.library(ctx, rel)
	if err != nil {
		return nil, assure.Evidence{}, err
	}
	ev, err := s.read(ctx, g, r)
	if err != nil {
		return nil, ev, err
	}
	ground, err := s.ground(ctx, g, lib, &ev, r)
	if err != nil {
		return nil, ev, err
	}
	if err := s.surround(ctx, ground, &ev); err != nil {
		return nil, ev, err
	}
	j := assure.Begin(ground, ev, r.AsOf)
	sums, err := s.sums(ctx, g, &ev, r, j.Sets())
	if err != nil {
		return nil, ev, err
	}
	j.Sum(sums)
	return j, ev, nil
}

// narrowed says beside an assessment that the scope leaves out what one that was kept
// earlier had in, the latest of them.
func (s *Service) narrowed(a *assure.Assessment) error {
	if s.Kept == nil {
		return nil
	}
	kept, err := s.Kept()
	if err != nil {
		return err
	}
	var last *archive.Kept
	for i := range kept {
		k := &kept[i]
		if k.Release == a.Release.String() && day.Of(k.AsOf) <= day.Of(a.AsOf) && k.Totals.Applicable > a.Totals.Applicable && (last == nil || k.At.After(last.At)) {
			last = k
		}
	}
	if last == nil {
		return nil
	}
	text := figure.Sprintf("%d of %d applicable: the scope leaves out what assessment %s of %s, which is kept, had in.",
		a.Totals.Applicable, last.Totals.Applicable, last.Name, day.Of(last.AsOf))
	a.Beside = append([]string{text}, a.Beside...)
	a.Limits = append([]string{text}, a.Limits...)
	return nil
}

// Explained is the verdict on one analytic with what it was judged by.
type Explained struct {
	Release attack.Release    `json:"release"`
	AsOf    time.Time         `json:"as_of"`
	Window  visibility.Window `json:"window"`
	Policy  assure.PolicyRef  `json:"policy"`
	Scope   assure.ScopeRef   `json:"scope"`
	assure.Verdict
}

// Explain returns the verdict on an analytic, as Verdict does, with what it was
// judged by.
func (s *Service) Explain(ctx context.Context, r Request, id string) (Explained, error) {
	v, err := s.Verdict(ctx, r, id)
	if err != nil {
		return Explained{}, err
	}
	a, err := s.Assess(ctx, r)
	return Explained{Release: a.Release, AsOf: a.AsOf, Window: a.Window, Policy: a.Policy, Scope: a.Scope, Verdict: v}, err
}

// Verdict returns the verdict on the live analytic that id, an ATT&CK ID or a
// STIX id as people spell it, names. It fails as Assess does, and with fault.NotFound when the
// release has no such analytic.
func (s *Service) Verdict(ctx context.Context, r Request, id string) (assure.Verdict, error) {
	a, err := s.Assess(ctx, r)
	if err != nil {
		return assure.Verdict{}, err
	}
	n, err := s.analytic(ctx, &a, id)
	if err != nil {
		return assure.Verdict{}, err
	}
	if n.verdict == nil {
		return assure.Verdict{}, n.missing(&a, id, "a verdict is on an analytic")
	}
	return *n.verdict, nil
}

func names(n assure.Name, id string) bool {
	return strings.EqualFold(n.ATTACKID, id) || strings.EqualFold(n.StixID, id)
}

// analyticsUnder lists the analytics of the strategy, technique or tactic named.
func analyticsUnder(verdicts []assure.Verdict, id string) []string {
	var ids []string
	for i := range verdicts {
		v := &verdicts[i]
		for _, n := range slices.Concat(v.Strategies, v.Techniques, v.Parents, v.Tactics) {
			if names(n, id) {
				ids = append(ids, v.Analytic.ATTACKID)
				break
			}
		}
	}
	if more := len(ids) - 20; more > 0 {
		return append(ids[:20:20], "and others")
	}
	return ids
}
