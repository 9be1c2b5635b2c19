package history

// Forget drops the whole history of an alert, as if nothing of it had ever arrived, and
// returns what there was.
func (b *Book) Forget(id string) []Arrival {
	p := b.lives[id]
	if p == nil {
		return nil
	}
	delete(b.lives, id)
	b.rules = nil
	return p.arrivals
}

// Of returns the state of the alert that counts under an ID, nil when none does.
func (b *Book) Of(id string) *State {
	p := b.life(id)
	if p == nil || !p.Counts {
		return nil
	}
	s := p.State
	return &s
}
