package assessment

import (
	"context"

	"candor/internal/detection"
	"candor/internal/evidence"
)

// Waiting returns how many wait for the question that the most wait for.
func (s *Service) Waiting() int { return max(s.under.Waiting(), s.answers.Waiting()) }

// RulesRead returns the rules as they are read.
func (s *Service) RulesRead(ctx context.Context) ([]evidence.Of[detection.Rule], error) {
	ev, err := s.recordsNow(ctx)
	return ev.Rules, err
}
