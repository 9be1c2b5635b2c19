package batches

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/fault"
	"candor/internal/store"
)

// roll is what a store holds, by number. What was added is added behind; readers keep
// what they were given.
type roll struct {
	held    []Held
	batches []store.Batch
	places  map[string]int // by ID, whose case some systems do not tell apart
	inputs  map[string]int // those that count, by the hash of their input
}

func newRoll(held []Held) *roll {
	r := &roll{places: map[string]int{}, inputs: map[string]int{}}
	for _, h := range held {
		r.add(h)
	}
	return r
}

// list returns the batches.
func (r *roll) list() []store.Batch { return slices.Clip(r.batches) }

// add adds what comes next.
func (r *roll) add(h Held) {
	r.held, r.batches = append(r.held, h), append(r.batches, h.Batch)
	r.note(len(r.held) - 1)
}

func (r *roll) note(i int) {
	b := &r.held[i].Batch
	r.places[strings.ToLower(b.ID)] = i
	if b.Withdrawn == nil {
		r.inputs[b.Hash] = i
	}
}

// withdraw returns a roll in which a batch is withdrawn.
func (r *roll) withdraw(i int, w *store.Withdrawal) *roll {
	fresh := &roll{held: slices.Clone(r.held), batches: slices.Clone(r.batches), places: r.places, inputs: maps.Clone(r.inputs)}
	fresh.held[i].Batch.Withdrawn, fresh.batches[i].Withdrawn = w, w
	if b := &r.held[i].Batch; fresh.inputs[b.Hash] == i {
		delete(fresh.inputs, b.Hash)
	}
	return fresh
}

// move returns a roll in which batches, by place, lie elsewhere.
func (r *roll) move(moved map[int]Held) *roll {
	fresh := &roll{held: slices.Clone(r.held), batches: slices.Clone(r.batches), places: r.places, inputs: r.inputs}
	for i, h := range moved {
		fresh.held[i], fresh.batches[i] = h, h.Batch
	}
	return fresh
}

// input returns the batch that counts of an input, nil when there is none.
func (r *roll) input(hash string) *store.Batch {
	if i, ok := r.inputs[hash]; ok {
		return &r.held[i].Batch
	}
	return nil
}

// find returns the place of the batch with an ID, or of one whose ID differs in case
// alone.
func (r *roll) find(id string) (place int, exact bool, err error) {
	i, ok := r.places[strings.ToLower(id)]
	if !ok {
		return 0, false, fault.New(fault.NotFound, "there is no batch %s of alerts", id)
	}
	return i, r.held[i].Batch.ID == id, nil
}

// known returns what is held, or why that is not to be used.
func (s *Store) known(ctx context.Context) (*roll, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil || s.roll != nil {
		return s.view(), s.refuse
	}
	held, err := s.index.Held(ctx)
	if err != nil {
		return nil, err
	}
	s.roll = newRoll(held)
	return s.view(), nil
}

// noted is the roll as it is now; nil where nothing had to read it yet.
func (s *Store) noted() *roll {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view()
}

// view is the roll as it is now: what is added later is not in it, but for the maps,
// which only the one that writes uses.
func (s *Store) view() *roll {
	if s.roll == nil {
		return nil
	}
	now := *s.roll
	return &now
}

// fit is why questions are not to be answered.
func (s *Store) fit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuse
}

// Generation names the state of what this store has taken in; see store.Generations.
func (s *Store) Generation(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d.%d.%d.%d", s.at.Number, s.at.Withdrawals, s.at.Merges, s.at.Expiries), nil
}
