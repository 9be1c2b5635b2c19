package assessment

// Waiting returns how many wait for the question that the most wait for.
func (s *Service) Waiting() int { return max(most(&s.under), most(&s.answers)) }

func most[V any](f *flight[V]) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		n = max(n, c.waiting)
	}
	return n
}
