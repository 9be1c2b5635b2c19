package api

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/fault"
)

type changesInput struct {
	From   string `query:"from" doc:"The older release; the one before when empty" maxLength:"20"`
	Offset int    `query:"offset" doc:"How many objects to pass over" minimum:"0" maximum:"10000000"`
	Limit  int    `query:"limit" doc:"How many objects to list at most" default:"1000" minimum:"1" maximum:"10000"`
	Ours   bool   `query:"ours" doc:"Only what rules, exercises, runbooks, gaps or notes here name or claim"`
	Asked
	AtSite
}

// Changes is what differs between two releases, object by object.
type Changes struct {
	From attack.Release `json:"from"`
	To   attack.Release `json:"to"`
	// All is how many objects differ, of those that are asked for.
	All     int            `json:"all"`
	Objects []ObjectChange `json:"objects"`
}

// ObjectChange is an object that differs, and what has to do with it here.
type ObjectChange struct {
	ID         string        `json:"id"`
	ATTACKID   string        `json:"attack_id"`
	Name       string        `json:"name"`
	Kind       string        `json:"kind"`
	Category   diff.Category `json:"category" doc:"How it changed"`
	OldVersion string        `json:"old_version"`
	NewVersion string        `json:"new_version"`
	Lifecycle  string        `json:"lifecycle"`
	Fields     []string      `json:"fields" doc:"Those that differ; the history of the object has their values"`
	Rules      []RuleNamed   `json:"rules" doc:"Those in force that name it or claim its analytics in either release"`
	Exercises  int           `json:"exercises" doc:"How many name it"`
	Runbooks   []string      `json:"runbooks"`
	Gaps       []string      `json:"gaps" doc:"Those stated about it, by ID"`
	Notes      bool          `json:"notes" doc:"Whether somebody wrote about it"`
	// Was and Is are the rung of an analytic, and of a strategy or technique the worst case
	// of its own analytics that apply.
	Was assure.Rung `json:"worst_before" doc:"By the older release, on the same day and evidence; empty where no verdict is about it"`
	Is  assure.Rung `json:"worst_now" doc:"By the newer release"`
}

// RuleNamed is a rule.
type RuleNamed struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type changesOutput struct{ Body Changes }

func (s *server) registerChanges(h huma.API) {
	huma.Register(h, operation(h, "list-changes", "/api/v1/changes", "What differs between two releases, object by object, with what has to do with each here and how it stands by either; relationships apart", 404, 409), s.changes)
}

func (s *server) changes(ctx context.Context, in *changesInput) (*changesOutput, error) {
	m, err := s.changed(ctx, in)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &changesOutput{m}, nil
}

func (s *server) changed(ctx context.Context, in *changesInput) (Changes, error) {
	r, err := s.asked(in.Release, in.AsOf)
	if err != nil {
		return Changes{}, err
	}
	to, err := s.Objects.Release(ctx, r.Release)
	if err != nil {
		return Changes{}, err
	}
	report, err := s.Objects.Diff(ctx, in.From, to.Version, to.Domain)
	if err != nil {
		return Changes{}, err
	}
	if in.From != "" && report.Old.Version == report.New.Version {
		return Changes{}, fault.New(fault.Usage, "a release does not differ from itself").At("from").Next("name an older one")
	}
	r.Site, r.Release = in.Site, attack.ReleaseRef{Domain: to.Domain, Version: to.Version}
	all, err := s.Assessor.Changes(ctx, r, report)
	if err != nil {
		return Changes{}, err
	}
	if in.Ours {
		all = slices.DeleteFunc(all, func(c assessment.Change) bool { return len(c.Touched.Ways()) == 0 })
	}
	out := Changes{From: report.Old, To: report.New, All: len(all), Objects: []ObjectChange{}}
	for i := min(in.Offset, len(all)); i < min(in.Offset+in.Limit, len(all)); i++ {
		out.Objects = append(out.Objects, changeOf(&all[i]))
	}
	return out, nil
}

func changeOf(c *assessment.Change) ObjectChange {
	o := ObjectChange{ID: c.ID, ATTACKID: c.ATTACKID, Name: c.Name, Kind: c.Kind, Category: c.Category, OldVersion: c.OldVersion, NewVersion: c.NewVersion,
		Lifecycle: c.Lifecycle, Fields: slices.Sorted(maps.Keys(c.Fields)), Rules: []RuleNamed{}, Exercises: c.Touched.Exercises,
		Runbooks: append([]string{}, c.Touched.Runbooks...), Gaps: []string{}, Notes: c.Touched.Notes, Was: c.Touched.Was, Is: c.Touched.Rung}
	if o.Fields == nil {
		o.Fields = []string{}
	}
	for _, x := range c.Touched.Rules {
		o.Rules = append(o.Rules, RuleNamed{x.ID, cmp.Or(x.Name, x.ID)})
	}
	for _, g := range c.Touched.Gaps {
		o.Gaps = append(o.Gaps, g.ID)
	}
	return o
}
