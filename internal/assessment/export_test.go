package assessment

// Waiting returns how many wait for the question that the most wait for.
func (s *Service) Waiting() int { return max(s.under.Waiting(), s.answers.Waiting()) }
