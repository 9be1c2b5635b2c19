package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/visibility"
)

// AtSite is the parameter that selects whose evidence is judged.
type AtSite struct {
	Site string `query:"site" doc:"Judge the evidence of this site, with what names no site" maxLength:"200"`
}

// Judged is the parameters that select what is judged, and as of when.
type Judged struct {
	Release
	AtSite
	Platform string `query:"platform" doc:"Judge only the analytics of this platform" maxLength:"100"`
	Profile  string `query:"profile" doc:"Judge only the analytics of the techniques of this threat profile" maxLength:"80"`
	AsOf     string `query:"as_of" doc:"The day as of which to judge, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
}

type verdictsInput struct {
	Judged
	Rung string `query:"rung" doc:"Keep only the verdicts on this rung; the totals stay those of all" enum:"not_applicable,outside_visibility,blind,observable,rule_only,unproven,noisy,contradicted,proven,reliable"`
}

type verdictsOutput struct{ Body assure.Assessment }

type verdictInput struct {
	ID string `path:"id" doc:"ATT&CK ID or STIX id of an analytic, detection strategy, technique or tactic" maxLength:"200"`
	Judged
}

// VerdictsOf is the verdicts on the analytics of one object.
type VerdictsOf struct {
	Release attack.Release    `json:"release"`
	AsOf    time.Time         `json:"as_of"`
	Window  visibility.Window `json:"window"`
	Policy  assure.PolicyRef  `json:"policy"`
	Scope   assure.ScopeRef   `json:"scope"`
	Object  assure.Name       `json:"object"`
	// Rungs is how many of the verdicts stand on each rung.
	Rungs []assure.RungCount `json:"rungs"`
	// Rollup sums them, with the worst case; of a technique with sub-techniques, whose
	// verdicts are among them, together and apart.
	Rollup   assure.Group     `json:"rollup"`
	Verdicts []assure.Verdict `json:"verdicts"`
}

type rollupInput struct {
	By string `path:"by" doc:"What to roll up by" enum:"tactic,platform,technique,strategy"`
	Judged
}

type rollupOutput struct{ Body assure.Rollup }

func (s *server) rollup(ctx context.Context, in *rollupInput) (*rollupOutput, error) {
	a, err := s.assess(ctx, in.Judged)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &rollupOutput{Body: assure.RollUp(a, assure.Dimension(in.By))}, nil
}

type verdictOutput struct{ Body VerdictsOf }

func (s *server) registerVerdicts(h huma.API) {
	huma.Register(h, operation(h, "assess", "/api/v1/verdicts", "The verdict on every analytic of a release", 404), s.verdicts)
	huma.Register(h, operation(h, "roll-up", "/api/v1/rollups/{by}", "The distribution over rungs, and the worst case, by tactic, platform, technique or strategy", 404), s.rollup)
	huma.Register(h, operation(h, "get-verdicts", "/api/v1/verdicts/{id}", "The verdicts on one object's analytics", 404), s.verdict)
}

func (s *server) assess(ctx context.Context, in Judged) (assure.Assessment, error) {
	r, err := s.judged(in)
	if err != nil {
		return assure.Assessment{}, err
	}
	return s.Assessor.Assess(ctx, r)
}

// judged makes the request that the parameters stand for.
func (s *server) judged(in Judged) (assessment.Request, error) {
	r, err := s.asked(in.Release, in.AsOf)
	r.Platform, r.Profile, r.Site = in.Platform, in.Profile, in.AtSite.Site
	return r, err
}

// asked makes the request about a release as of a day, by the policy in force now.
func (s *server) asked(of Release, asOf string) (assessment.Request, error) {
	r := assessment.Request{Release: of.ref(), AsOf: s.Clock()}
	if asOf != "" {
		d, err := day.Parse(asOf)
		if err != nil {
			return r, fault.New(fault.Usage, "%q is no day", asOf).At("query as_of").Next("write it as 2006-01-02")
		}
		r.AsOf = d.Add(1).Time().Add(-time.Second) // as the command line has it
	}
	var err error
	r.Policy, err = s.Policy()
	return r, err
}

func (s *server) verdicts(ctx context.Context, in *verdictsInput) (*verdictsOutput, error) {
	r, err := s.judged(in.Judged)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	a, err := s.Assessor.Overview(ctx, r)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if in.Rung != "" {
		rung, err := rungNamed(in.Rung)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		a.Verdicts = keep(a.Verdicts, func(v *assure.Verdict) bool { return v.Rung == rung })
	}
	return &verdictsOutput{Body: a}, nil
}

func rungNamed(name string) (assure.Rung, error) {
	for _, r := range assure.Rungs() {
		if string(r) == name {
			return r, nil
		}
	}
	return "", fault.New(fault.Usage, "%q is no rung", name).At("query rung").Next("choose one of %v", assure.Rungs())
}

// keep returns the verdicts for which f holds, in a slice of its own.
func keep(vs []assure.Verdict, f func(*assure.Verdict) bool) []assure.Verdict {
	kept := []assure.Verdict{}
	for i := range vs {
		if f(&vs[i]) {
			kept = append(kept, vs[i])
		}
	}
	return kept
}

func (s *server) verdict(ctx context.Context, in *verdictInput) (*verdictOutput, error) {
	a, err := s.assess(ctx, in.Judged)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	object := assure.Name{}
	vs := keep(a.Verdicts, func(v *assure.Verdict) bool {
		n, ok := about(v, in.ID)
		if ok {
			object = n
		}
		return ok
	})
	if len(vs) == 0 {
		return nil, s.problem(ctx, fault.New(fault.NotFound, "no verdict of %s is about %s", a.Release, in.ID).
			At("path id").Next("verdicts are about analytics, and about the strategies, techniques and tactics that have one"))
	}
	return &verdictOutput{Body: VerdictsOf{Release: a.Release, AsOf: a.AsOf, Window: a.Window, Policy: a.Policy,
		Scope: a.Scope, Object: object, Rungs: assure.Distribution(vs), Rollup: assure.GroupOf(object, vs), Verdicts: vs}}, nil
}

// about returns the name under which a verdict is about the object with id.
func about(v *assure.Verdict, id string) (assure.Name, bool) {
	for _, names := range [][]assure.Name{{v.Analytic}, v.Strategies, v.Techniques, v.Parents, v.Tactics} {
		for _, n := range names {
			if n.ATTACKID == id || n.StixID == id {
				return n, true
			}
		}
	}
	return assure.Name{}, false
}
