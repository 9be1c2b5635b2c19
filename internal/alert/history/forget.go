package history

// Forget drops arrivals of an ID, as if they had never been: all of them, or those that
// goes picks. It returns them.
func (b *Book) Forget(id string, goes func(a *Arrival) bool) (gone []Arrival) {
	p := b.lives[id]
	if p == nil {
		return nil
	}
	var left []Arrival
	for _, a := range p.arrivals {
		if goes == nil || goes(&a) {
			gone = append(gone, a)
		} else {
			left = append(left, a)
		}
	}
	delete(b.lives, id)
	if len(left) > 0 {
		b.lives[id] = &life{arrivals: left, Family: *FamilyOf(left)}
	}
	b.rules = nil
	return gone
}

// Of returns the states that count of the alerts that have an ID and of which an arrival
// goes that is picked; nil picks all.
func (b *Book) Of(id string, goes func(a *Arrival) bool) (list []State) {
	p := b.life(id)
	if p == nil {
		return nil
	}
	for n := range p.States {
		s := &p.States[n]
		for i := range p.arrivals {
			if s.Counts && p.Family.Of[i] == n && (goes == nil || goes(&p.arrivals[i])) {
				list = append(list, *s)
				break
			}
		}
	}
	return list
}
