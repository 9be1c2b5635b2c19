//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"context"
	"strings"
	"unicode/utf8"

	"candor/internal/alert"
)

// terms gives strings their numbers while a batch is read. A string that is not
// known gets a number that holds for the slice, and its own when the slice is
// settled.
type terms struct {
	known map[string]int32
	limit int
	next  int32 // the next number
	// whole says that known has all terms of the store, so that what is not known
	// is new.
	whole bool
	fresh []string // those that got the numbers before next in this slice
	// last has what each column had last, which many have again.
	last [numWords + 4]struct {
		text string
		id   int32
	}
}

// newTerms loads the terms of the store, unless they are more than limit.
func newTerms(ctx context.Context, e *entry, limit int) (*terms, error) {
	t := &terms{limit: limit}
	t.forget()
	var n int
	if err := e.tx.QueryRowContext(ctx, `SELECT count(*), max(id) + 1 FROM term`).Scan(&n, &t.next); err != nil {
		return nil, err
	}
	if t.whole = n < limit; !t.whole {
		return t, nil
	}
	return t, scan(ctx, e.conn, 2, func(v []value) {
		t.known[strings.Clone(v[1].(string))] = v[0].(int32)
	}, `SELECT id, text FROM term`)
}

// forget leaves only what every store has.
func (t *terms) forget() {
	t.known = map[string]int32{"": 0, string(alert.Unlabelled): unlabelled}
	clear(t.last[:])
}

// id returns text's number for this slice. It is of a column, counted from 0;
// field names it in an error.
func (t *terms) id(column int, field, text string) (int32, error) {
	last := &t.last[column]
	if last.text == text {
		return last.id, nil
	}
	id, ok := t.known[text]
	if !ok {
		if !utf8.ValidString(text) {
			return 0, notText(field, text)
		}
		id = t.next
		t.next++
		text = strings.Clone(text) // it may be part of something big
		t.known[text] = id
		t.fresh = append(t.fresh, text)
	}
	last.text, last.id = text, id
	return id, nil
}

// full reports whether it is time to settle, so that the terms stay within their
// bounds.
func (t *terms) full() bool { return len(t.fresh) >= t.limit }

// settle adds the strings that are new to the store. It returns the numbers that
// those of this slice have there instead of their own, from first on; or none
// when they are the same.
func (t *terms) settle(ctx context.Context, e *entry) (first int32, numbers []int32, err error) {
	first = t.next - int32(len(t.fresh))
	numbers = make([]int32, len(t.fresh))
	if err := t.find(ctx, e, numbers); err != nil {
		return 0, nil, err
	}
	added := t.number(first, numbers)
	if len(added) > 0 {
		fresh := t.fresh
		e.hold("term", &table{columns: columnsOf(`number, text`), rows: len(added), put: func(c *cells, i int) {
			put(c, numbers[added[i]])
			put(c, fresh[added[i]])
		}})
		if err := e.run(ctx, "add terms", `INSERT INTO term FROM held('term')`); err != nil {
			return 0, nil, err
		}
	}
	same := len(added) == len(numbers)
	t.fresh = nil
	if !same || len(t.known) >= t.limit {
		t.forget()
		t.whole = false
	}
	if same {
		return first, nil, nil
	}
	return first, numbers, nil
}

// number gives those strings of this slice that have no number the next ones from
// first on, and returns their places.
func (t *terms) number(first int32, numbers []int32) (added []int32) {
	t.next = first
	for i := range numbers {
		if numbers[i] == 0 {
			numbers[i] = t.next
			t.next++
			added = append(added, int32(i))
		}
	}
	return added
}

// find looks up the strings of this slice that the store may have, and puts their
// numbers in their places.
func (t *terms) find(ctx context.Context, e *entry, numbers []int32) error {
	if t.whole || len(t.fresh) == 0 {
		return nil
	}
	fresh := t.fresh
	e.hold("term", &table{columns: columnsOf(`place, text`), rows: len(fresh), put: func(c *cells, i int) {
		put(c, int32(i))
		put(c, fresh[i])
	}})
	return scan(ctx, e.conn, 2, func(v []value) {
		numbers[v[0].(int32)] = v[1].(int32)
	}, `SELECT h.place, t.id FROM held('term') h JOIN term t USING (text)`)
}
