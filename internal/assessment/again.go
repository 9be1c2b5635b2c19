package assessment

import (
	"bytes"
	"context"
	"reflect"
	"sync"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/store"
)

// remembered is what the records of one kind were decoded to when they were last read: with
// a batch few of thousands differ. The zero value remembers nothing.
type remembered[T any] struct {
	mu      sync.Mutex
	at      map[[2]string]int // by batch and key
	records []store.Record
	values  []evidence.Of[T]
	// turn counts how often what was read was not what had been read before.
	turn int
}

// decode decodes records but those that are, byte for byte, what they were when it was last
// asked; turn is the same where all of them are. What the values point to must not be
// changed.
func (m *remembered[T]) decode(records []store.Record) (values []evidence.Of[T], turn int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values = make([]evidence.Of[T], len(records))
	var fresh []int
	for i := range records {
		r := &records[i]
		if was, ok := m.at[[2]string{r.Batch, r.Key}]; ok && bytes.Equal(m.records[was].Body, r.Body) {
			values[i] = m.values[was]
			continue
		}
		fresh = append(fresh, i)
	}
	if len(fresh) == 0 && len(records) == len(m.records) {
		return values, m.turn, nil
	}
	list := make([]store.Record, len(fresh))
	for i, n := range fresh {
		list[i] = records[n]
	}
	decoded, err := decode[T](list)
	if err != nil {
		return nil, 0, err
	}
	for i, n := range fresh {
		values[n] = decoded[i]
	}
	m.at, m.records, m.values = make(map[[2]string]int, len(records)), records, own(values)
	for i := range records {
		m.at[[2]string{records[i].Batch, records[i].Key}] = i
	}
	m.turn++
	return values, m.turn, nil
}

// own returns a copy of a list, which whoever has the list may change.
func own[T any](list []T) []T { return append(make([]T, 0, len(list)), list...) }

// ruled is the rules as they were last read, each apart and in order, with their changes.
type ruled struct {
	mu      sync.Mutex
	turn    int
	rules   []evidence.Of[detection.Rule]
	changes map[string][]detection.Change
}

// same returns the rules and their changes as they are given, and the very lists of before
// where they say the same, so that what was made of those can be told to be right still.
func (l *ruled) same(turn int, rules []evidence.Of[detection.Rule], changes map[string][]detection.Change) ([]evidence.Of[detection.Rule], map[string][]detection.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn != turn || len(l.rules) != len(rules) || !reflect.DeepEqual(l.changes, changes) {
		l.turn, l.rules, l.changes = turn, rules, changes
	}
	return l.rules, l.changes
}

// lasting is what of a release no evidence moves.
type lasting struct {
	hashes map[string]string // of objects, by STIX id
	near   *adjacency.Index
}

// lasting returns what of a release no evidence moves.
func (s *Service) lasting(ctx context.Context, rel attack.Release) (lasting, error) {
	return s.fixed.Of(ctx, libraryKey(rel), func(ctx context.Context) (lasting, error) {
		lib, err := s.bare(ctx, rel)
		if err != nil {
			return lasting{}, err
		}
		hashes, err := s.lib.Hashes(ctx, rel)
		if err != nil {
			return lasting{}, err
		}
		l := lasting{make(map[string]string, len(hashes)), adjacency.NewIndex(lib)}
		for id, h := range hashes {
			l.hashes[id] = h.String()
		}
		return l, nil
	})
}

// grounded makes a ground, of an earlier one where that is of the same release, day and policy.
func (s *Service) grounded(key string, lib *attack.Library, ev *assure.Evidence, r Request) *assure.Ground {
	g, ok := s.earlier.Get(key)
	if ok && g.Of(lib) {
		g = g.After(*ev)
	} else {
		g = assure.GroundOf(lib, *ev, r.Policy, r.AsOf)
	}
	s.earlier.Put(key, g)
	return g
}

// groundedAt does so for one site, on the ground of the whole.
func (s *Service) groundedAt(key string, whole *assure.Ground, ev *assure.Evidence) *assure.Ground {
	g, ok := s.earlier.Get(key)
	if ok {
		g = whole.AtAfter(g, *ev)
	} else {
		g = whole.At(*ev)
	}
	s.earlier.Put(key, g)
	return g
}
