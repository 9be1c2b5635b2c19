package app

import (
	"cmp"
	"context"

	"candor/internal/assessment"
	"candor/internal/cli"
	"candor/internal/library"
	"candor/internal/press"
	"candor/internal/report"
	"candor/internal/store"
)

// reports makes what hands reports over. Where heads are not signed yet, and can be, a key is
// made before the first one.
func (s *stores) reports(lib *library.Service, judge *assessment.Service) *report.Counter {
	browser := cmp.Or(s.mode.Browser, press.Browser)
	of := &report.Service{
		Assessment: judge, Library: lib, Log: s.keeper.Log(), Sign: s.keeper.HeadOf, Kept: s.archive().List, Load: s.archive().Load, Now: s.mode.Now, Program: "candor " + cli.Version(),
		Batches: func(ctx context.Context) ([]store.Batch, error) { return store.Merged(ctx, s.evidence, s.alerts) },
	}
	return report.NewCounter(of,
		func(ctx context.Context, page []byte) ([]byte, error) { return press.Print(ctx, browser, page) },
		func(ctx context.Context) { _, _, _ = s.head(ctx) })
}
