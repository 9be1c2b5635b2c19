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

// BatchList is some of the imports of evidence, the newest first.
type BatchList struct {
	Batches []custody.Account `json:"batches"`
	Total   int               `json:"total" doc:"How many there are in all"`
	Next    string            `json:"next,omitempty" doc:"The place of the next older ones; left out where there are none"`
}

// ListedBatches says which of the imports are asked for.
type ListedBatches struct {
	Limit int    `query:"limit" doc:"At most this many" minimum:"1" maximum:"1000" default:"100"`
	From  string `query:"from" doc:"The place that an earlier answer gave as next; the newest without it" maxLength:"50"`
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
	huma.Register(h, operation(h, "list-batches", "/api/v1/batches", "The imports of evidence, the newest first"), s.batches)
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

func (s *server) batches(ctx context.Context, in *ListedBatches) (*batchesOutput, error) {
	l, err := store.NewestOf(ctx, s.Evidence, s.Alerts, in.From, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	ids := make([]string, len(l.Batches))
	for i := range l.Batches {
		ids[i] = l.Batches[i].ID
	}
	entries, err := s.Ledger.About(ctx, ids...)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &batchesOutput{Body: BatchList{Batches: custody.Accounts(l.Batches, entries), Total: l.Total, Next: l.Next}}, nil
}
