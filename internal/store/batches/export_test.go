package batches

// Gather has a deep audit gather so many IDs at a time.
func (s *Store) Gather(n int) { s.gather = n }
