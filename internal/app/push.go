package app

import (
	"context"
	"path/filepath"
	"time"

	"candor/internal/assessment"
	"candor/internal/attack"
	"candor/internal/custody"
	"candor/internal/gap"
	"candor/internal/ingest"
	"candor/internal/intake"
	"candor/internal/lookout"
	"candor/internal/profile"
	"candor/internal/pull"
	"candor/internal/retention"
	"candor/internal/store"
	"candor/internal/take"
)

// takePushed makes what takes pushed evidence.
func (s *stores) takePushed(in *ingest.Evidence) {
	c := intake.Config{Dir: filepath.Join(s.dir, "push"), RejectsDir: filepath.Join(s.dir, "rejects"), Limits: intake.Usual(), Now: s.mode.Now}
	c.Compact, c.Veil = s.compact, s.veil.InForce
	s.intake = intake.New(c, inTurn{s, in})
}

// lookOut makes what finds chains in what arrives; who serves says by which policy.
func (s *stores) lookOut(in *ingest.Evidence, judge *assessment.Service) {
	s.lookout = &lookout.Service{Dir: s.dir, RejectsDir: filepath.Join(s.dir, "rejects"), Now: s.mode.Now, Generation: judge.Generation, In: inTurn{s, in}}
}

// compact merges what was pushed, a file after the other, each while no command of the
// server's writes and unless a backup is being made.
func (s *stores) compact(ctx context.Context) error {
	for {
		release, err := s.takeTurn(ctx, "candor serve, to merge what was pushed")
		if err != nil {
			return err
		}
		m := intake.Merging(intake.Enough)
		m.Files = 1
		made, err := s.keeper.Compact(ctx, custody.Compaction{Merging: m, Now: true})
		release()
		if err != nil || len(made) == 0 {
			return err
		}
	}
}

// pulls makes what collects from sources.
func (s *stores) pulls(in *ingest.Evidence) *pull.Service {
	dir := s.dir
	if at, err := filepath.Abs(dir); err == nil {
		dir = at
	}
	return pull.New(filepath.Join(dir, "pull"), filepath.Join(dir, "rejects"), s.mode.Now, in)
}

// inTurn lands batches of what was pushed or pulled while no command of the server's writes.
type inTurn struct {
	of *stores
	in *ingest.Evidence
}

// Add waits for its turn and lands a batch.
func (t inTurn) Add(ctx context.Context, r ingest.Request) (ingest.Result, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for what was pushed or pulled")
	if err != nil {
		return ingest.Result{}, err
	}
	defer release()
	return t.in.Add(ctx, r)
}

// takeTurn waits until no command of the server's writes.
func (s *stores) takeTurn(ctx context.Context, command string) (release func(), err error) {
	a := s.asking()
	a.Command, a.Meet = command, nil
	return s.turn.Take(ctx, a)
}

// notesInTurn records notes while no command of the server's writes.
type notesInTurn struct {
	of    *stores
	judge *assessment.Service
}

// Annotate waits for its turn and records a note.
func (t notesInTurn) Annotate(ctx context.Context, of assessment.Subject, n take.Note) (take.Noted, bool, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for a note")
	if err != nil {
		return take.Noted{}, false, err
	}
	defer release()
	return t.judge.Annotate(ctx, of, n)
}

// Retire waits for its turn and takes a note back.
func (t notesInTurn) Retire(ctx context.Context, of assessment.Subject, id string, r take.Retirement) (take.Noted, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for a note")
	if err != nil {
		return take.Noted{}, err
	}
	defer release()
	return t.judge.Retire(ctx, of, id, r)
}

// tiesInTurn records which alerts are part of incidents while no command of the server's
// writes.
type tiesInTurn struct {
	of    *stores
	judge *assessment.Service
}

// Tie waits for its turn and records what is said of alerts.
func (t tiesInTurn) Tie(ctx context.Context, r assessment.Request, said assessment.Tying) (assessment.Tied, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for a review")
	if err != nil {
		return assessment.Tied{}, err
	}
	defer release()
	return t.judge.Tie(ctx, r, said)
}

// gapsInTurn records what is stated of gaps while no command of the server's writes.
type gapsInTurn struct {
	of    *stores
	judge *assessment.Service
}

// State waits for its turn and records what is stated of a gap.
func (t gapsInTurn) State(ctx context.Context, r assessment.Request, c gap.Change) (gap.Gap, bool, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for a gap")
	if err != nil {
		return gap.Gap{}, false, err
	}
	defer release()
	return t.judge.State(ctx, r, c)
}

// chainsInTurn turns definitions of chains on and off while no command of the server's
// writes.
type chainsInTurn struct {
	of    *stores
	judge *assessment.Service
}

// Switch waits for its turn and turns a definition on or off.
func (t chainsInTurn) Switch(ctx context.Context, name string, on bool, by string, at time.Time) (bool, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for a definition of chains")
	if err != nil {
		return false, err
	}
	defer release()
	return t.judge.Switch(ctx, name, on, by, at)
}

// profilesInTurn records what is stated of threat profiles while no command of the
// server's writes.
type profilesInTurn struct {
	of    *stores
	judge *assessment.Service
}

// StateProfile waits for its turn and records what is stated of a profile.
func (t profilesInTurn) StateProfile(ctx context.Context, r assessment.Request, c profile.Change) (profile.Profile, bool, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for a profile")
	if err != nil {
		return profile.Profile{}, false, err
	}
	defer release()
	return t.judge.StateProfile(ctx, r, c)
}

// decisionsInTurn records what is decided in upgrades while no command of the server's writes.
type decisionsInTurn struct {
	of    *stores
	judge *assessment.Service
}

// Decide waits for its turn and records what was decided.
func (t decisionsInTurn) Decide(ctx context.Context, q assessment.UpgradeAsked, ds []attack.Decision) ([]attack.Decision, string, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for decisions")
	if err != nil {
		return nil, "", err
	}
	defer release()
	return t.judge.Decide(ctx, q, ds)
}

// bringInTurn checks files of evidence, and lands them as inTurn does.
type bringInTurn struct{ inTurn }

// Check says what landing would come to.
func (t bringInTurn) Check(ctx context.Context, r ingest.Request) (ingest.Check, error) {
	return t.in.Check(ctx, r)
}

// Add waits for its turn and lands a batch.
func (t bringInTurn) Add(ctx context.Context, r ingest.Request) (ingest.Result, error) {
	r.RejectsDir = filepath.Join(t.of.dir, "rejects")
	return t.inTurn.Add(ctx, r)
}

// labelsInTurn takes labels as they are pushed, and withdraws them while no command of the
// server's writes.
type labelsInTurn struct {
	*intake.Service
	of *stores
}

// Withdraw waits for its turn and withdraws a batch.
func (t labelsInTurn) Withdraw(ctx context.Context, batch string, w store.Withdrawal) (store.Batch, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, to undo labels")
	if err != nil {
		return store.Batch{}, err
	}
	defer release()
	return t.of.keeper.Withdraw(ctx, batch, w)
}

// expiryInTurn removes alerts while no command of the server's writes.
type expiryInTurn struct{ of *stores }

// Expire waits for its turn and removes alerts.
func (t expiryInTurn) Expire(ctx context.Context, r retention.Request) (retention.Expired, error) {
	release, err := t.of.takeTurn(ctx, "candor serve, for retention")
	if err != nil {
		return retention.Expired{}, err
	}
	defer release()
	return t.of.retention().Expire(ctx, r)
}

// filesInTurn lands files of evidence that are brought, and keeps what is rejected of them.
type filesInTurn struct {
	in      pull.Adder
	rejects string
}

// Add waits for its turn and lands a batch.
func (f filesInTurn) Add(ctx context.Context, r ingest.Request) (ingest.Result, error) {
	r.RejectsDir = f.rejects
	return f.in.Add(ctx, r)
}
