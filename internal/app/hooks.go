package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"candor/internal/assessment"
	"candor/internal/fault"
	"candor/internal/hook"
	"candor/internal/inert"
	"candor/internal/ledger"
	"candor/internal/metrics"
	"candor/internal/web"
)

// tellers makes what tells others what is new; who serves says how things stand by which
// policy.
func (s *stores) tellers(judge *assessment.Service) *hook.Service {
	dir := s.dir
	if at, err := filepath.Abs(dir); err == nil {
		dir = at
	}
	return &hook.Service{
		Dir: filepath.Join(dir, "hooks"), Now: s.mode.Now, Getenv: os.Getenv,
		Size: s.keeper.Log().Size, Head: s.head,
		Generation: func(ctx context.Context) (string, error) {
			g, err := judge.Generation(ctx)
			if err != nil {
				return "", err
			}
			library, err := s.library.Generation(ctx)
			return g + " " + library, err
		},
	}
}

// head signs the head of the ledger. Where it has no key yet, one is made while no command of
// the server's writes.
func (s *stores) head(ctx context.Context) (string, ledger.Root, error) {
	h, err := s.keeper.KnownHead(ctx)
	if kind := fault.KindOf(err); s.hold != nil && (kind == fault.NotFound || kind == fault.Conflict) {
		release, bad := s.takeTurn(ctx, "candor serve, for the key of heads")
		if bad != nil {
			return "", ledger.Root{}, bad
		}
		defer release()
		h, err = s.keeper.Head(ctx)
	}
	return h.Note, h.Root, err
}

// metrics measures the server.
func (s *stores) metrics(version string) *metrics.Server {
	of := metrics.Sources{Version: version, Standing: s.hooks.Peek, Waiting: s.hooks.Depths, Stores: map[string]string{}}
	for store, name := range map[string]string{"library": "library.db", "evidence": "evidence.db", "alerts": "alerts", "alerts_index": "alerts.index", "push": "push", "hooks": "hooks"} {
		of.Stores[store] = filepath.Join(s.dir, name)
	}
	if s.intake != nil {
		of.Pushed = s.intake.Standing
	}
	return metrics.New(of)
}

// heads are the signed head of the ledger now and where heads are sent. Nothing is written.
func (s *stores) heads(ctx context.Context) (h web.Heads, err error) {
	known, err := s.keeper.KnownHead(ctx)
	var why *fault.Error
	if errors.As(err, &why) {
		h.Missing, err = inert.Line(why.What)+".", nil
	}
	if err != nil {
		return h, err
	}
	h.Note, h.Key = known.Note, known.Key
	h.Places, err = s.hooks.Places()
	return h, err
}
