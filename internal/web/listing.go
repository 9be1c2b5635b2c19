package web

import (
	"net/http"
	"strings"

	"candor/internal/roster"
)

// listing is a list whose rows a page sets by itself, with the columns by which it is
// narrowed and sorted, and written to a file: the page's own columns are the first of them,
// in their order.
type listing[T any] struct {
	roster.List
	Items []T
	Cols  []roster.Col[T]
	// All, where it is not zero, is how many there are of which Items are those that are
	// shown. They come as they are.
	All int
	// Kept are the fields of the address that say which list it is.
	Kept []field
}

// listed returns the items that a request asks for, in its order, and the list of them.
func listed[T any](r *http.Request, fr frame, t listing[T]) (rosterView, []T, error) {
	title := fr.Title
	roster.Fill(&t.List, t.Items, t.Cols)
	v, err := newRoster(r, fr, t.List)
	if err != nil {
		return rosterView{}, nil, err
	}
	if v.hidden, v.frame.Title = t.Kept, title; t.All > 0 {
		v.Bare, v.L.All = false, t.All
	}
	items := make([]T, len(v.L.Rows))
	for i := range v.L.Rows {
		items[i] = t.Items[v.L.Rows[i].Of]
	}
	return v, items, nil
}

// hasList is a view with a list, which a file holds.
type hasList interface{ list() rosterView }

func (v rosterView) list() rosterView { return v }

// listOf returns what makes the list of a view.
func listOf[V hasList](of func(*site, *http.Request) (V, error)) func(*site, *http.Request) (rosterView, error) {
	return func(s *site, r *http.Request) (rosterView, error) {
		v, err := of(s, r)
		return v.list(), err
	}
}

// asIs reports whether a request asks for a list as it is made: in its own order, and all
// of it.
func asIs(r *http.Request, narrowing ...string) bool {
	q := r.URL.Query()
	for _, name := range append(narrowing, "text", "sort", "batch") {
		if strings.TrimSpace(q.Get(name)) != "" {
			return false
		}
	}
	return true
}

// toFile reports whether a request asks for a list as a file.
func toFile(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".csv") }

// offered are the values of a column by which a list is narrowed whose rows are not all at
// hand.
func (v *rosterView) offered(key string, values []string) {
	f := filter{Key: key, Name: key, Chosen: v.Asked.Where[key] != ""}
	for _, c := range v.L.Columns {
		if c.Key == key {
			f.Name = c.Name
		}
	}
	known := false
	for _, x := range values {
		is := strings.EqualFold(x, v.Asked.Where[key])
		known = known || is
		f.Choices = append(f.Choices, choice{Name: words(x), Value: x, Chosen: is})
	}
	if !known && f.Chosen {
		f.Choices = append(f.Choices, choice{Name: v.Asked.Where[key], Value: v.Asked.Where[key], Chosen: true})
	}
	v.Filters = []filter{f}
}

// column is a column of text.
func column[T any](key, name string, of func(*T) string) roster.Col[T] {
	return roster.Col[T]{Column: roster.Column{Key: key, Name: name, Kind: roster.Text}, Cell: func(x *T) roster.Cell { return roster.Words(of(x)) }}
}

// counted is a column of numbers.
func counted[T any](key, name string, of func(*T) int) roster.Col[T] {
	return roster.Col[T]{Column: roster.Column{Key: key, Name: name, Kind: roster.Number}, Cell: func(x *T) roster.Cell { return roster.Count(int64(of(x))) }}
}

// kinded is a column of another kind.
func kinded[T any](c roster.Column, of func(*T) roster.Cell) roster.Col[T] {
	return roster.Col[T]{Column: c, Cell: of}
}

// chosen makes a column one by which the list can be narrowed.
func chosen[T any](c roster.Col[T]) roster.Col[T] {
	c.Choice = true
	return c
}

// noted names in files the notes of a column.
func noted[T any](key string, c roster.Col[T]) roster.Col[T] {
	c.NoteKey = key
	return c
}
