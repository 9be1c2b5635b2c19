package door

// Askers is how many askers are remembered.
func (t *Router) Askers() int {
	t.door.queues.mu.Lock()
	defer t.door.queues.mu.Unlock()
	return len(t.door.queues.of)
}
