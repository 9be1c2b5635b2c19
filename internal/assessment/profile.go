package assessment

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/profile"
	"candor/internal/store"
)

// Profiles returns the threat profiles as they were last stated, by name; without those
// that were removed.
func (s *Service) Profiles(ctx context.Context) ([]profile.Stated, error) {
	all, err := s.profiles(ctx)
	return slices.DeleteFunc(all, func(p profile.Stated) bool { return p.Removed }), err
}

// profiles returns those that were removed, too.
func (s *Service) profiles(ctx context.Context) ([]profile.Stated, error) {
	records, err := s.evidence.Current(ctx, evidence.RecordProfile)
	if err != nil {
		return nil, err
	}
	all, err := profilesOf(records)
	slices.SortFunc(all, func(a, b profile.Stated) int { return strings.Compare(profile.Key(a.Name), profile.Key(b.Name)) })
	return all, err
}

func profilesOf(records []store.Record) ([]profile.Stated, error) {
	of, err := decode[profile.Profile](records)
	stated := make([]profile.Stated, len(of))
	for i, p := range of {
		stated[i] = profile.Stated{Profile: p.Value, Batch: p.Batch}
	}
	return stated, err
}

// profile returns what was last stated of the profile of a name, if it is there.
func (s *Service) profile(ctx context.Context, name string) (profile.Stated, error) {
	all, err := s.Profiles(ctx)
	if err != nil {
		return profile.Stated{}, err
	}
	var names []string
	for _, p := range all {
		if profile.Key(p.Name) == profile.Key(name) {
			return p, nil
		}
		names = append(names, p.Name)
	}
	hint := "candor profile set NAME --group NAME --owner NAME --by NAME states one"
	if len(names) > 0 {
		hint = near.Hint(name, names, "candor profile list shows those that there are")
	}
	return profile.Stated{}, fault.New(fault.NotFound, "there is no profile %q", name).At("profile").Next("%s", hint)
}

// ProfileHistory returns everything that was ever stated of a profile, oldest first.
func (s *Service) ProfileHistory(ctx context.Context, name string) ([]profile.Stated, error) {
	records, err := s.evidence.History(ctx, evidence.RecordProfile, profile.Key(name))
	if err != nil {
		return nil, err
	}
	all, err := profilesOf(records)
	if err == nil && len(all) == 0 {
		_, err = s.profile(ctx, name)
	}
	return all, err
}

// StateProfile records what somebody states of a threat profile; its members are those
// that the release that r selects calls so. It is evidence, in a batch of its own; what
// says the same as before changes nothing, and fresh is false.
func (s *Service) StateProfile(ctx context.Context, r Request, c profile.Change) (stated profile.Profile, fresh bool, err error) {
	have, err := s.profile(ctx, c.Name)
	if err != nil && (fault.KindOf(err) != fault.NotFound || c.Remove) {
		return have.Profile, false, err
	}
	rel, err := s.release(ctx, r.Release.Or(r.Policy.Release))
	if err != nil {
		return have.Profile, false, err
	}
	lib, err := s.library(ctx, rel)
	if err != nil {
		return have.Profile, false, err
	}
	p, err := c.Apply(have.Profile, lib)
	if err != nil {
		return p, false, err
	}
	if have.Batch != "" && p.Same(&have.Profile) {
		return have.Profile, false, nil
	}
	key := profile.Key(p.Name)
	return p, true, s.state(ctx, statement{evidence.Profiles, "profile " + key, store.Record{Kind: evidence.RecordProfile, Key: key}, cmp.Or(p.RecordedBy, p.By), p.At}, p)
}

// Profiled is how a threat profile stands, with what it was judged by.
type Profiled struct {
	Release attack.Release   `json:"release"`
	AsOf    time.Time        `json:"as_of"`
	Policy  assure.PolicyRef `json:"policy"`
	Site    string           `json:"site,omitempty"`
	// Judged says that there is evidence of the organisation; without it nothing stands
	// anywhere.
	Judged bool `json:"judged"`
	profile.Reading
}

// Profile reads the threat profile of a name: how the techniques that its members use
// stand by the release and the evidence of r.
func (s *Service) Profile(ctx context.Context, r Request, name string) (Profiled, error) {
	p, err := s.profile(ctx, name)
	if err != nil {
		return Profiled{}, err
	}
	d, err := s.desk(ctx, r)
	if err != nil {
		return Profiled{}, err
	}
	a := d.Assessment
	return Profiled{Release: a.Release, AsOf: r.AsOf, Policy: a.Policy, Site: r.Site, Judged: d.Local,
		Reading: profile.Read(p.Profile, d.Library).On(d.Board(), p.Batch)}, nil
}

// profiled returns the profile that a request names, read by a release; nil where it
// names none.
func (s *Service) profiled(ctx context.Context, r Request, rel attack.Release) (*profile.Set, error) {
	if strings.TrimSpace(r.Profile) == "" {
		return nil, nil
	}
	p, err := s.profile(ctx, r.Profile)
	if err != nil {
		return nil, err
	}
	lib, err := s.library(ctx, rel)
	if err != nil {
		return nil, err
	}
	return profile.Read(p.Profile, lib), nil
}

// narrow returns an assessment with what a request asks for alone.
func (s *Service) narrow(ctx context.Context, r Request, a assure.Assessment) (assure.Assessment, error) {
	set, err := s.profiled(ctx, r, a.Release)
	if err != nil {
		return a, err
	}
	if set != nil {
		a = set.Narrow(a)
	}
	if r.Platform != "" {
		a = assure.Filter(a, r.Platform)
	}
	return a, nil
}

// ProfileUse says what the profile that r names is to the object that an id means: which
// of its techniques the members use. It is nil where r names none.
func (s *Service) ProfileUse(ctx context.Context, r Request, id string) (*profile.Use, error) {
	if strings.TrimSpace(r.Profile) == "" {
		return nil, nil
	}
	d, err := s.desk(ctx, r)
	if err != nil {
		return nil, err
	}
	o, err := meant(d, id)
	if err != nil {
		return nil, err
	}
	set, err := s.profiled(ctx, r, d.Library.Release)
	if err != nil {
		return nil, err
	}
	u := set.Use(o, d.Library)
	return &u, nil
}
