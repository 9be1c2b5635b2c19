// Package lookout shows what arrives at a server to the definitions of chains that are on,
// and keeps what they find as alerts.
//
// It has no state that could be lost or be wrong: what is found follows from the history,
// whichever way that arrived and in whichever order, as it does for a command that is asked
// once. A finding has one id, so that a server that is killed between finding and keeping
// finds the same again, and keeps it once.
//
// It has no clock but the one that it is given, and refuses to judge what a finding is worth.
package lookout

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/scratch"
)

// Ripe is how long ago a finding has to have begun before it is kept: observations that
// are on their way can still change where it begins.
const Ripe = time.Minute

// patience is how many times as long as a look took the next one waits, so that looking
// takes no more than a fifth of a core.
const patience = 4

// By is who adds what is found.
const By = "candor serve, chains"

// prefix begins the names of the folders in which alerts are written on their way.
const prefix = "chains-"

// Adder lands batches.
type Adder interface {
	Add(ctx context.Context, r ingest.Request) (ingest.Result, error)
}

// Service looks out. Its fields are set before it runs.
type Service struct {
	// Dir is the folder for what is on its way, and RejectsDir that of rejected records.
	Dir, RejectsDir string
	Now             func() time.Time
	// Generation names the evidence that there is.
	Generation func(ctx context.Context) (string, error)
	// Find returns what was found until a moment and is not kept yet, and how much more is
	// found after it.
	Find func(ctx context.Context, now, until time.Time) (found []*alert.Alert, waiting int, err error)
	In   Adder

	mu       sync.Mutex
	standing Standing
	seen     string    // the generation that was looked at last
	pending  time.Time // when to look again although nothing arrives; the zero time: never
	rest     time.Time // until when it rests
}

// Standing is how the looking stands.
type Standing struct {
	// At is when it last looked, and Took how long that was; the zero time: not yet.
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took"`
	// Looks and Kept count since the server started.
	Looks int64 `json:"looks"`
	Kept  int64 `json:"kept"`
	// Failed says why the last look did not succeed; empty where it did.
	Failed string `json:"failed,omitempty"`
}

// Standing returns how the looking stands.
func (s *Service) Standing() Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing
}

// Run looks whenever it is woken and something arrived, until ctx ends. What goes wrong is
// told once, until something else does or nothing.
func (s *Service) Run(ctx context.Context, wake <-chan time.Time, tell func(error)) {
	last := ""
	for {
		_, err := s.Once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			last = ""
		case err.Error() != last:
			last = err.Error()
			tell(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
	}
}

// Once looks, unless nothing arrived since it last did, and keeps what is new. It returns
// how much that was.
func (s *Service) Once(ctx context.Context) (kept int64, err error) {
	now := s.Now()
	if now.Before(s.rest) {
		return 0, nil
	}
	g, err := s.Generation(ctx)
	if err != nil {
		return 0, err
	}
	g += string(day.Of(now))
	if g == s.seen && (s.pending.IsZero() || now.Before(s.pending)) {
		return 0, nil
	}
	found, waiting, err := s.Find(ctx, now, now.Add(-Ripe))
	if err == nil && len(found) > 0 {
		kept, err = s.keep(ctx, found)
	}
	s.looked(now, kept, err)
	if err != nil {
		return kept, err
	}
	if s.seen, s.pending = g, (time.Time{}); waiting > 0 {
		s.pending = now.Add(Ripe)
	}
	return kept, nil
}

// looked notes a look.
func (s *Service) looked(began time.Time, kept int64, err error) {
	took := s.Now().Sub(began)
	s.rest = began.Add(took * (1 + patience))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing.At, s.standing.Took, s.standing.Failed = began, took, ""
	s.standing.Looks, s.standing.Kept = s.standing.Looks+1, s.standing.Kept+kept
	if err != nil {
		s.standing.Failed = err.Error()
	}
}

// keep lands findings as alerts.
func (s *Service) keep(ctx context.Context, found []*alert.Alert) (int64, error) {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, a := range found {
		if err := enc.Encode(a); err != nil {
			return 0, fmt.Errorf("encode the finding %s: %w", a.ID, err)
		}
	}
	folder, err := scratch.Make(s.Dir, prefix)
	if err != nil {
		return 0, unwritten(s.Dir, err)
	}
	defer folder.Remove()
	const name = "chains.jsonl"
	if err := os.WriteFile(filepath.Join(folder.Path(), name), lines.Bytes(), 0o600); err != nil {
		return 0, unwritten(folder.Path(), err)
	}
	res, err := s.In.Add(ctx, ingest.Request{Kind: evidence.Alerts, Paths: []string{name}, Dir: folder.Path(), Format: "candor-jsonl", Text: true,
		By: By, RejectsDir: s.RejectsDir})
	if err != nil {
		return 0, err
	}
	return res.New, nil
}

func unwritten(at string, err error) error {
	return fault.New(fault.Unavailable, "what was found cannot be written").At("%s", at).Because(err).Next("make room, or check the rights of the data folder; the same is found again")
}
