package app

import (
	"context"
	"path/filepath"

	"candor/internal/ingest"
	"candor/internal/intake"
)

// takePushed makes what takes pushed evidence.
func (s *stores) takePushed(in *ingest.Evidence) {
	c := intake.Config{Dir: filepath.Join(s.dir, "push"), RejectsDir: filepath.Join(s.dir, "rejects"), Limits: intake.Usual(), Now: s.mode.Now}
	s.intake = intake.New(c, inTurn{s, in})
}

// inTurn lands batches of what was pushed while no command of the server's writes.
type inTurn struct {
	of *stores
	in *ingest.Evidence
}

// Add waits for its turn and lands a batch.
func (t inTurn) Add(ctx context.Context, r ingest.Request) (ingest.Result, error) {
	a := t.of.asking()
	a.Command, a.Meet = "candor serve, for what was pushed", nil
	release, err := t.of.turn.Take(ctx, a)
	if err != nil {
		return ingest.Result{}, err
	}
	defer release()
	return t.in.Add(ctx, r)
}
