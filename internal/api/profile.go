package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/door"
	"candor/internal/fault"
	"candor/internal/identity"
	"candor/internal/profile"
)

// Profiler reads threat profiles.
type Profiler interface {
	Profiles(ctx context.Context) ([]profile.Stated, error)
	Profile(ctx context.Context, r assessment.Request, name string) (assessment.Profiled, error)
	ProfileUse(ctx context.Context, r assessment.Request, id string) (*profile.Use, error)
}

// ProfileKeeper records what somebody states of a threat profile.
type ProfileKeeper interface {
	StateProfile(ctx context.Context, r assessment.Request, c profile.Change) (stated profile.Profile, fresh bool, err error)
}

// ProfileRecord is what is stated of a threat profile, as it is sent; of one that is there,
// what is left out stays as it is.
type ProfileRecord struct {
	Name       string    `json:"name" doc:"What it is called; its letters' case does not count" maxLength:"80"`
	Groups     *[]string `json:"groups,omitempty" doc:"ATT&CK IDs, names or aliases of groups: all of them" nullable:"false"`
	Campaigns  *[]string `json:"campaigns,omitempty" doc:"ATT&CK IDs or names of campaigns: all of them" nullable:"false"`
	Software   *[]string `json:"software,omitempty" doc:"ATT&CK IDs, names or aliases of software: all of it" nullable:"false"`
	Techniques *[]string `json:"techniques,omitempty" doc:"ATT&CK IDs of techniques that a layer picks out" nullable:"false"`
	Layer      string    `json:"layer,omitempty" doc:"What the layer is called that picks out the techniques" maxLength:"2000"`
	Owner      *string   `json:"owner,omitempty" doc:"Who answers for it"`
	Note       *string   `json:"note,omitempty"`
	Remove     bool      `json:"remove,omitempty" doc:"It is none any more, for the reason in note"`
	By         string    `json:"by" doc:"Who says so"`
}

// profilesPath is where threat profiles are.
const profilesPath = "/api/v1/profiles"

// maxProfileBody bounds a request that states a profile, in bytes.
const maxProfileBody = 256 << 10

type profilesOutput struct{ Body []profile.Stated }

type profileInput struct {
	Name string `path:"name" doc:"What the profile is called" maxLength:"80"`
	Release
	AtSite
	AsOf string `query:"as_of" doc:"The day as of which to judge, 2006-01-02; today (UTC) when left out" format:"date" pattern:"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$" patternDescription:"a day from 1900 to 2199, written as 2006-01-02"`
}

type profileOutput struct{ Body assessment.Profiled }

// registerProfiles adds the threat profiles, and where there is someone to record them,
// the address for what is stated.
func (s *server) registerProfiles(h huma.API, mux *door.Router) {
	huma.Register(h, operation(h, "list-profiles", profilesPath, "The threat profiles: named lists of adversaries for which verdicts are read"), s.profiles)
	huma.Register(h, operation(h, "get-profile", profilesPath+"/{name}", "How the techniques of a threat profile stand: a column for each member, and the first reliable chance to see them", 404), s.profile)
	if s.ReadOnly != nil {
		mux.Handle("POST "+profilesPath, identity.Read, identity.Profiles, func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.ReadOnly) })
	}
	if s.ProfileKeeper == nil {
		return
	}
	h.OpenAPI().AddOperation(profileOperation(h))
	mux.Handle("POST "+profilesPath, identity.Push, identity.Profiles, s.stateProfile)
}

func (s *server) profiles(ctx context.Context, _ *struct{}) (*profilesOutput, error) {
	all, err := s.Profiles.Profiles(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &profilesOutput{Body: all}, nil
}

func (s *server) profile(ctx context.Context, in *profileInput) (*profileOutput, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	r.Site = in.Site
	p, err := s.Profiles.Profile(ctx, r, in.Name)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &profileOutput{Body: p}, nil
}

// stateProfile answers a request of someone who may state profiles.
func (s *server) stateProfile(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxProfileBody)
	made, fresh, err := s.statedProfile(r)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case fresh:
		send(w, http.StatusCreated, "application/json", made)
	default:
		send(w, http.StatusOK, "application/json", made)
	}
}

func (s *server) statedProfile(r *http.Request) (made profile.Profile, fresh bool, err error) {
	var rec ProfileRecord
	if r.URL.RawQuery != "" {
		return made, false, fault.New(fault.Usage, "there are no parameters here").At("query %s", r.URL.RawQuery).Next("leave them out; the body says it all")
	}
	if err := body(r, &rec); err != nil {
		return made, false, err
	}
	of, err := s.asked(Release{}, "")
	if err != nil {
		return made, false, err
	}
	return s.ProfileKeeper.StateProfile(r.Context(), of, profile.Change{Name: rec.Name, Groups: rec.Groups, Campaigns: rec.Campaigns, Software: rec.Software,
		Techniques: rec.Techniques, Layer: rec.Layer, Owner: rec.Owner, Note: rec.Note, Remove: rec.Remove, By: rec.By, At: of.AsOf, RecordedBy: "token:" + door.Who(r.Context()).Name})
}

// profileOperation describes the address that profiles are stated at.
func profileOperation(h huma.API) *huma.Operation {
	schemas := h.OpenAPI().Components.Schemas
	op := operation(h, "state-profile", profilesPath, "State a threat profile, or change what is stated of one", 404, 409, 413, 415, 503)
	op.Method = http.MethodPost
	op.Description = "As candor profile set and remove: it is on the disk, in a batch of its own and in the ledger when the answer comes. What says the same as before changes nothing."
	op.Security = []map[string][]string{{scheme: {}}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[ProfileRecord](), true, "")}}}
	stated := map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[profile.Profile](), true, "")}}
	op.Responses["200"] = &huma.Response{Description: "It says this already", Content: stated}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: stated}
	for code, why := range map[int]string{413: "The body is too long", 415: "A content type that is not taken", 503: "The server cannot record it now; nothing was kept"} {
		op.Responses[strconv.Itoa(code)].Description = why
	}
	return &op
}
