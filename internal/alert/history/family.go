package history

import (
	"cmp"
	"slices"

	"candor/internal/alert"
)

// Family is what the arrivals of one ID come to: the states of the alerts that have it, in
// the order in which something arrived of them first.
type Family struct {
	States []State
	// Of says, of each arrival in turn, the place of the state that it is of; None of one
	// that is void or ambiguous.
	Of []int
}

// None is the place of no state.
const None = -1

// FamilyOf returns what follows from the arrivals of an ID, which are in their order.
func FamilyOf(arrivals []Arrival) *Family {
	f := &Family{}
	for i := range arrivals {
		f.Add(&arrivals[i])
	}
	return f
}

// Add takes what arrives next, unless it is void.
func (f *Family) Add(a *Arrival) Outcome {
	if a.Void {
		f.Of = append(f.Of, None)
		return Waits
	}
	n, exact, several := f.place(a.Alert)
	if several {
		f.Of = append(f.Of, None)
		return Ambiguous
	}
	another := slices.ContainsFunc(f.States, func(s State) bool { return s.Counts })
	if n == None {
		n = len(f.States)
		f.States = append(f.States, State{Alert: alert.Alert{ID: a.ID}})
	}
	f.Of = append(f.Of, n)
	s := &f.States[n]
	rule := s.Alert.RuleID
	switch o := s.Take(a.Batch, a.Alert); {
	case o == New && another:
		return Another
	case o == Updated && !exact && !a.Partial() && s.Alert.RuleID != rule:
		return Moved
	default:
		return o
	}
}

// place returns the place of the state that an arrival is of, None where it is of a new one,
// and whether it has that one's identity; or that it could be of several alerts.
func (f *Family) place(a *alert.Alert) (n int, exact, several bool) {
	if len(f.States) == 0 {
		return None, false, false
	}
	var counting, waiting []int
	for i := range f.States {
		switch s := &f.States[i]; {
		case s.identity().Is(a.Identity()):
			if s.Counts {
				return i, true, false
			}
			waiting = slices.Insert(waiting, 0, i)
		case !s.fits(a) || f.another(i, a):
		case s.Counts:
			counting = append(counting, i)
		default:
			waiting = append(waiting, i)
		}
	}
	named := len(waiting) > 0 && f.States[waiting[0]].identity().Is(a.Identity())
	if named && !a.Partial() {
		return waiting[0], true, false
	}
	fit := counting
	if len(fit) == 0 {
		if fit = waiting; named {
			fit = fit[:1]
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], false, false
	case len(fit) > 1 && a.Partial():
		return None, false, true
	}
	return None, false, false
}

// another reports whether an arrival that fits an alert which counts says of whom and where
// it is what another alert is known by: two would have one identity then.
func (f *Family) another(n int, a *alert.Alert) bool {
	s := &f.States[n]
	if !s.Counts || a.Partial() {
		return false
	}
	grown := alert.Alert{ID: a.ID, Source: cmp.Or(a.Source, s.Alert.Source), Origin: cmp.Or(s.Alert.Origin, a.Origin), Site: cmp.Or(a.Site, s.Alert.Site)}
	return slices.ContainsFunc(f.States, func(o State) bool {
		return o.Counts && o.Alert.Identity().Is(grown.Identity()) && !s.identity().Is(grown.Identity())
	})
}

// identity is that of the alert, as far as it is known.
func (s *State) identity() alert.Identity {
	if s.Counts {
		return s.Alert.Identity()
	}
	return s.Named
}

// fits reports whether an arrival can be of the alert.
func (s *State) fits(a *alert.Alert) bool {
	if s.Counts && !a.Partial() {
		return s.Alert.Same(a)
	}
	return s.identity().Fits(a.Identity())
}

// Counting returns the states that count.
func (f *Family) Counting() (list []*State) {
	for i := range f.States {
		if f.States[i].Counts {
			list = append(list, &f.States[i])
		}
	}
	return list
}

// Finds reports whether a partial arrival would find one alert that counts, or several that
// it fits: it would be of none then.
func (f *Family) Finds(a *alert.Alert) (one, several bool) {
	n, _, several := f.place(a)
	return n != None && f.States[n].Counts, several
}

// Named returns the states that count and that an identity can mean: the one that has it, or
// else all that it fits.
func (f *Family) Named(of alert.Identity) (list []*State) {
	for _, s := range f.Counting() {
		switch id := s.Alert.Identity(); {
		case id.Is(of):
			return []*State{s}
		case id.Fits(of):
			list = append(list, s)
		}
	}
	return list
}

// About returns the arrivals that tell of what an identity means: those of the states that
// it means, counting or not, and of those that are void or ambiguous all that it fits.
func (f *Family) About(of alert.Identity, arrivals []Arrival) (list []Arrival) {
	meant := map[int]bool{}
	for i := range f.States {
		if f.States[i].identity().Is(of) {
			meant = map[int]bool{i: true}
			break
		}
		meant[i] = f.States[i].identity().Fits(of)
	}
	for i, a := range arrivals {
		switch n := f.Of[i]; {
		case n != None && !meant[n], n == None && len(f.States) > 1 && !a.Identity().Fits(of):
			continue
		case n == None:
			a.Astray = !a.Void
		}
		list = append(list, a)
	}
	return list
}
