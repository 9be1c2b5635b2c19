package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/attack"
	"candor/internal/custody"
	"candor/internal/policy"
	"candor/internal/store"
)

// Health says that the server answers.
type Health struct {
	// Status is "ok": a server that cannot answer gives no such answer.
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version" doc:"The version of the program"`
	// Releases is how many releases the library holds.
	Releases int `json:"releases" doc:"How many releases the library holds"`
}

// ReleaseList is the releases of the library.
type ReleaseList struct {
	Releases []attack.Release `json:"releases"`
	// Removed are the removals on record, those of releases that are there again too.
	Removed []attack.Removal `json:"removed" nullable:"false" doc:"The releases that were removed, the latest last; one may be there again"`
}

// BatchList is the imports of evidence, oldest first.
type BatchList struct {
	Batches []custody.Account `json:"batches"`
}

// PolicyInForce is the thresholds that verdicts are judged by.
type PolicyInForce struct {
	Settings []policy.Setting `json:"settings"`
}

type (
	policyOutput   struct{ Body PolicyInForce }
	nothing        struct{}
	healthOutput   struct{ Body Health }
	releasesOutput struct{ Body ReleaseList }
	batchesOutput  struct{ Body BatchList }
)

func (s *server) registerOthers(h huma.API) {
	huma.Register(h, operation(h, "list-releases", "/api/v1/releases", "The releases of the library"), s.releases)
	huma.Register(h, operation(h, "list-batches", "/api/v1/batches", "The imports of evidence, oldest first"), s.batches)
	huma.Register(h, operation(h, "get-policy", "/api/v1/policy", "The policy in force, every setting explained"), s.policy)
	huma.Register(h, operation(h, "health", healthPath, "Whether the server answers and reads its library"), s.health)
}

func (s *server) health(ctx context.Context, _ *nothing) (*healthOutput, error) {
	rs, err := s.Index.Releases(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &healthOutput{Body: Health{Status: "ok", Version: s.Version, Releases: len(rs)}}, nil
}

func (s *server) policy(ctx context.Context, _ *nothing) (*policyOutput, error) {
	pol, err := s.Policy()
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &policyOutput{Body: PolicyInForce{Settings: policy.Explain(pol)}}, nil
}

func (s *server) releases(ctx context.Context, _ *nothing) (*releasesOutput, error) {
	rs, err := s.Index.Releases(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	removed, err := s.Index.Removals(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &releasesOutput{Body: ReleaseList{Releases: append([]attack.Release{}, rs...), Removed: append([]attack.Removal{}, removed...)}}, nil
}

func (s *server) batches(ctx context.Context, _ *nothing) (*batchesOutput, error) {
	all, err := store.Merged(ctx, s.Evidence, s.Alerts)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	entries, err := s.Ledger.Entries(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &batchesOutput{Body: BatchList{Batches: custody.Accounts(all, entries)}}, nil
}
