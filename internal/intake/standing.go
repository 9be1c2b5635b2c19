package intake

import "maps"

// Standing is how the intake stands.
type Standing struct {
	// Waiting is how many bytes are not in a batch yet, in so many Segments.
	Waiting  int64
	Segments int
	// Kinds are the records that came since the intake was made, by kind of evidence.
	Kinds map[string]Counted
}

// Counted is what came of records.
type Counted struct{ Accepted, Rejected int64 }

// Standing says how the intake stands.
func (s *Service) Standing() Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Standing{Waiting: s.waiting, Segments: len(s.open) + len(s.ready), Kinds: maps.Clone(s.counted)}
}

// count counts what came of a request.
func (s *Service) count(kind string, r Receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counted == nil {
		s.counted = map[string]Counted{}
	}
	c := s.counted[kind]
	s.counted[kind] = Counted{c.Accepted + int64(r.Accepted), c.Rejected + int64(r.Rejected)}
}
