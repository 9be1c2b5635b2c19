package export

// room is where the objects and lists of records lie, so that few of them are made one by
// one.
type room struct {
	members []Member
	values  []Value
	insides []inside
}

// roomSize is how many of each are made at once, at most.
const roomSize = 512

// again has the room used again for the next record: of what was read before, nothing may be
// asked any more.
func (r *room) again() {
	r.members, r.values, r.insides = r.members[:0], r.values[:0], r.insides[:0]
}

// some returns room for n behind what is taken of a room, which it takes.
func some[T any](of *[]T, n int) []T {
	if cap(*of)-len(*of) < n {
		if n > roomSize/4 {
			return make([]T, 0, n)
		}
		*of = make([]T, 0, min(roomSize, max(n, 2*cap(*of))))
	}
	at := len(*of)
	*of = (*of)[:at+n]
	return (*of)[at : at : at+n]
}

// object returns room for so many members, and for one that is set besides.
func (r *room) object(n int) Object { return some(&r.members, n+1) }

// list returns a list of its own with the same values.
func (r *room) list(all []Value) []Value { return append(some(&r.values, len(all)), all...) }

func (r *room) inside(in inside) *inside {
	one := append(some(&r.insides, 1), in)
	return &one[0]
}
