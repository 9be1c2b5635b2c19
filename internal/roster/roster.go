// Package roster holds lists of what an organisation has and of how things stand: its
// rules, its log sources, its exercises, the groups of a release. A list is columns and
// rows of plain cells, which every face narrows, sorts and writes alike: a page, a file
// of delimited text, JSON.
//
// The package knows no kind of evidence and judges nothing: whoever makes a list says
// what its cells say. Its functions are pure.
package roster

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/near"
)

// Kind says what the cells of a column are, and with that how they are sorted and set.
type Kind string

// The kinds of column.
const (
	Text   Kind = "text"   // words, links among them; sorted as people sort names
	Number Kind = "number" // how many; sorted by Cell.Number
	Share  Kind = "share"  // a proportion from 0 to 1; sorted by Cell.Number
	Span   Kind = "span"   // a time that something takes, Cell.Number in seconds
	Day    Kind = "day"    // a calendar day, 2006-01-02
	Moment Kind = "moment" // a time in RFC 3339, UTC
	Rung   Kind = "rung"   // Cell.Text is a rung; sorted by the order of rungs
	Spread Kind = "spread" // Cell.Rungs is a distribution; sorted by the share that is reliable
)

// Column is one column of a list.
type Column struct {
	// Key names the column in addresses, files and JSON: lower case and underscores.
	Key string `json:"key"`
	// Name is its head, and Hint what the head does not say.
	Name string `json:"name"`
	Hint string `json:"hint,omitempty"`
	Kind Kind   `json:"kind"`
	// NoteKey names in files what the notes of its cells are; empty where files go without.
	NoteKey string `json:"note_key,omitempty"`
	// Choice says that the list can be narrowed to single values of the column.
	Choice bool `json:"choice,omitempty"`
}

// Link is a thing that a cell leads to.
type Link struct {
	Text string `json:"text"`
	// To says what sort of thing it is, and ID which.
	To Target `json:"to,omitempty"`
	ID string `json:"id,omitempty"`
	// Title says more of it; it may be empty.
	Title string `json:"title,omitempty"`
}

// Target is the sort of thing that a link leads to.
type Target string

// The targets.
const (
	ToRule     Target = "rule"
	ToObject   Target = "object"
	ToBatch    Target = "batch"
	ToExercise Target = "exercise"
	ToCase     Target = "case"
	ToStanding Target = "standing" // how the techniques of an object stand
	ToReach    Target = "reach"    // what an object is related to
	ToChange   Target = "change"   // what changed in an object between two releases
)

// Cell is what a row says in a column. An empty cell says that it is not known, or that
// there is none, as the column's hint has it.
type Cell struct {
	Text string `json:"text"`
	// Number is what is sorted and written to files in columns of numbers; nil for none.
	Number *float64 `json:"number,omitempty"`
	// Note is said beside it, in smaller letters.
	Note string `json:"note,omitempty"`
	// Links are what Text names, where it leads somewhere.
	Links []Link `json:"links,omitempty"`
	// Values are what the row can be narrowed by where that is not Text: the single
	// entries, in the words of machines.
	Values []string           `json:"values,omitempty"`
	Rungs  []assure.RungCount `json:"rungs,omitempty"`
}

// Row is one row of a list, with a cell for each column.
type Row struct {
	Cells []Cell `json:"cells"`
	// Words are found by a search besides what the cells say.
	Words []string `json:"-"`
	// Of is which of the items the list was filled with it was made of.
	Of int `json:"-"`
}

// Term explains a word of a list, with how many rows it is true of.
type Term struct {
	Name    string `json:"name"`
	Count   int    `json:"count"`
	Meaning string `json:"meaning"`
}

// Part is something to be known beside a list, line by line.
type Part struct {
	Title string `json:"title"`
	Lines []Cell `json:"lines"`
}

// List is a list, or the part of it that somebody asked for.
type List struct {
	// Name names it in addresses and commands, Title on pages.
	Name  string `json:"name"`
	Title string `json:"title"`
	// About says what the rows are and where from.
	About   string   `json:"about"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	// Order says by what the rows come as they are made.
	Order string `json:"order"`
	// All is how many rows there are before the list is narrowed.
	All int `json:"all"`
	// Doubt says what may have been meant where a value was asked for that no row has.
	Doubt string `json:"doubt,omitempty"`
	// Empty says what to do where there is no row at all.
	Empty string `json:"empty,omitempty"`
	Terms []Term `json:"terms,omitempty"`
	// Parts are what is to be known beside the rows.
	Parts  []Part   `json:"parts,omitempty"`
	Limits []string `json:"limits,omitempty"`
}

// Col describes a column and how its cells are made of a T.
type Col[T any] struct {
	Column
	Cell func(*T) Cell
}

// Fill sets the columns of a list and makes a row of each item.
func Fill[T any](l *List, items []T, cols []Col[T]) {
	l.Columns, l.Rows = make([]Column, len(cols)), make([]Row, len(items))
	for i := range cols {
		l.Columns[i] = cols[i].Column
	}
	for i := range items {
		cells := make([]Cell, len(cols))
		for j := range cols {
			cells[j] = cols[j].Cell(&items[i])
		}
		l.Rows[i].Cells, l.Rows[i].Of = cells, i
	}
	l.All = len(l.Rows)
}

// Words is a cell of text.
func Words(text string) Cell { return Cell{Text: text} }

// Several is a cell of several words, each of which the list can be narrowed to.
func Several(words []string) Cell { return Cell{Text: strings.Join(words, ", "), Values: words} }

// To is a cell that leads to one thing.
func To(t Target, id, text string) Cell {
	if id == "" {
		return Cell{Text: text}
	}
	text = cmp.Or(text, id)
	return Cell{Text: text, Links: []Link{{Text: text, To: t, ID: id}}}
}

// ToAll is a cell that leads to several things of one sort.
func ToAll(t Target, ids []string) Cell {
	c := Several(ids)
	for _, id := range ids {
		c.Links = append(c.Links, Link{Text: id, To: t, ID: id})
	}
	return c
}

// Count is a cell of a whole number.
func Count(n int64) Cell {
	x := float64(n)
	return Cell{Text: figure.Count(n), Number: &x}
}

// Of is a cell of a whole number out of another.
func Of(n, of int64) Cell {
	c := Count(n)
	c.Text += " of " + figure.Count(of)
	return c
}

// Proportion is a cell of a share; nil is none.
func Proportion(p *float64) Cell {
	if p == nil {
		return Cell{}
	}
	return Cell{Text: figure.Percent(*p), Number: p}
}

// On is a cell of a day.
func On(d day.Date) Cell { return Cell{Text: string(d)} }

// At is a cell of a moment.
func At(t time.Time) Cell {
	if t.IsZero() {
		return Cell{}
	}
	return Cell{Text: t.UTC().Format(time.RFC3339)}
}

// Stands is a cell of a rung.
func Stands(r assure.Rung) Cell { return Cell{Text: string(r)} }

// With returns the cell with a note.
func (c Cell) With(note string) Cell {
	c.Note = note
	return c
}

// As returns the cell with what it can be narrowed by.
func (c Cell) As(values ...string) Cell {
	c.Values = values
	return c
}

// values are what a row can be narrowed by in a column.
func (c *Cell) values() []string {
	if c.Values != nil {
		return c.Values
	}
	return []string{c.Text}
}

// Asked is which rows of a list are asked for, and in what order.
type Asked struct {
	// Text is words, each of which a row must say somewhere.
	Text string
	// Where narrows columns that have choices, by their keys, to one value each.
	Where map[string]string
	// Sort is the key of a column, behind "-" from the last; empty for the order in which
	// the list was made.
	Sort string
}

// Where reads what a list is narrowed to from "column=value" entries.
func Where(entries []string) (map[string]string, error) {
	where := map[string]string{}
	for _, e := range entries {
		key, value, ok := strings.Cut(e, "=")
		if !ok || key == "" {
			return nil, fault.New(fault.Usage, "%q does not say which column has which value", e).At("where").Next("write it as column=value, for example state=enabled")
		}
		where[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return where, nil
}

// Only returns the rows of l that are asked for. A column that there is not is fault.Usage;
// a value that no row has leaves none, as it may be another day's.
func (l List) Only(a Asked) (List, error) {
	words := strings.Fields(strings.ToLower(a.Text))
	at := map[int]string{}
	for key, value := range a.Where {
		i := l.column(key)
		if i < 0 || !l.Columns[i].Choice {
			return l, fault.New(fault.Usage, "the list %s cannot be narrowed by %q", l.Name, key).At("where").Next("%s", near.Hint(key, l.narrowing(), ""))
		}
		if value == "" {
			continue
		}
		at[i] = value
		l.Doubt = cmp.Or(l.Doubt, l.doubted(i, value))
	}
	kept := make([]Row, 0, len(l.Rows))
	for i := range l.Rows {
		if l.Rows[i].is(at) && l.Rows[i].says(words) {
			kept = append(kept, l.Rows[i])
		}
	}
	l.Rows = kept
	return l.sorted(a.Sort)
}

// is reports whether a row has the values by column.
func (r *Row) is(at map[int]string) bool {
	for i, value := range at {
		if !slices.ContainsFunc(r.Cells[i].values(), func(v string) bool { return strings.EqualFold(v, value) }) {
			return false
		}
	}
	return true
}

// says reports whether a row says every word, in any case.
func (r *Row) says(words []string) bool {
	if len(words) == 0 {
		return true
	}
	var b strings.Builder
	for i := range r.Cells {
		c := &r.Cells[i]
		b.WriteString(strings.ToLower(c.Text + "\n" + c.Note + "\n"))
		for _, l := range c.Links {
			b.WriteString(strings.ToLower(l.ID + "\n" + l.Title + "\n"))
		}
	}
	b.WriteString(strings.ToLower(strings.Join(r.Words, "\n")))
	all := b.String()
	for _, w := range words {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

// doubted says what may have been meant by a value of a column that no row has; empty
// where one has it.
func (l *List) doubted(column int, value string) string {
	var known []string
	for _, c := range l.Choices(l.Columns[column].Key) {
		known = append(known, c.Value)
	}
	if slices.ContainsFunc(known, func(v string) bool { return strings.EqualFold(v, value) }) {
		return ""
	}
	return figure.Sprintf("No row has %q under %s: ", value, l.Columns[column].Name) + near.Hint(value, known, "the list shows which there are")
}

// column returns the place of the column with a key, -1 for none.
func (l *List) column(key string) int {
	return slices.IndexFunc(l.Columns, func(c Column) bool { return c.Key == key })
}

// narrowing are the keys of the columns that have choices.
func (l *List) narrowing() []string {
	var keys []string
	for _, c := range l.Columns {
		if c.Choice {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

// keys are those of all columns that can be sorted by.
func (l *List) keys() []string {
	keys := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		keys[i] = c.Key
	}
	return keys
}

// Choice is a value to which a list can be narrowed, with how many rows have it.
type Choice struct {
	Value, Name string
	Count       int
}

// Choices returns the values of a column, those that most rows have first.
func (l *List) Choices(key string) []Choice {
	at := l.column(key)
	if at < 0 {
		return nil
	}
	by := map[string]*Choice{}
	for i := range l.Rows {
		c := &l.Rows[i].Cells[at]
		for _, v := range c.values() {
			if v == "" {
				continue
			}
			if by[v] == nil {
				by[v] = &Choice{Value: v, Name: v}
				if len(c.Values) == 1 && c.Text != "" && l.Columns[at].Kind == Text && len(c.Links) == 0 {
					by[v].Name = c.Text
				}
			}
			by[v].Count++
		}
	}
	list := make([]Choice, 0, len(by))
	for _, c := range by {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Choice) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value)) })
	return list
}

// sorted returns l in the order asked for. Rows that do not say what is sorted by come
// last in either direction.
func (l List) sorted(by string) (List, error) {
	if by == "" {
		return l, nil
	}
	key, down := strings.CutPrefix(by, "-")
	at := l.column(key)
	if at < 0 {
		return l, fault.New(fault.Usage, "the list %s has no column %q", l.Name, key).At("sort").
			Next("%s; a minus before it sorts from the last", near.Hint(key, l.keys(), ""))
	}
	kind := l.Columns[at].Kind
	l.Rows = slices.Clone(l.Rows)
	slices.SortStableFunc(l.Rows, func(x, y Row) int {
		a, b := &x.Cells[at], &y.Cells[at]
		switch na, nb := none(a, kind), none(b, kind); {
		case na && nb:
			return 0
		case na:
			return 1
		case nb:
			return -1
		}
		n := compare(a, b, kind)
		if down {
			return -n
		}
		return n
	})
	return l, nil
}

// none reports whether a cell says nothing that can be sorted by.
func none(c *Cell, kind Kind) bool {
	switch kind {
	case Number, Share, Span:
		return c.Number == nil
	case Day, Moment:
		return c.Text == "" || c.Text[0] < '0' || c.Text[0] > '9'
	case Spread:
		return c.applicable() == 0
	}
	return c.Text == ""
}

func compare(a, b *Cell, kind Kind) int {
	switch kind {
	case Number, Share, Span:
		return cmp.Compare(*a.Number, *b.Number)
	case Day, Moment:
		return strings.Compare(a.Text, b.Text)
	case Rung:
		order := assure.Rungs()
		return slices.Index(order, assure.Rung(a.Text)) - slices.Index(order, assure.Rung(b.Text))
	case Spread:
		return cmp.Or(cmp.Compare(a.reliable(), b.reliable()), cmp.Compare(a.applicable(), b.applicable()))
	}
	return natural(strings.ToLower(a.Text), strings.ToLower(b.Text))
}

func (c *Cell) applicable() (n int) {
	for _, r := range c.Rungs {
		if r.Rung != assure.NotApplicable {
			n += r.Count
		}
	}
	return n
}

func (c *Cell) reliable() float64 {
	for _, r := range c.Rungs {
		if r.Rung == assure.Reliable {
			return float64(r.Count) / float64(c.applicable())
		}
	}
	return 0
}

// natural compares texts as people do: numbers in them by how much they are.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := cmp.Or(len(m)-len(n), strings.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits is how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// written is what a file has of a cell.
func (c *Cell) written(kind Kind) string {
	switch {
	case (kind == Number || kind == Share || kind == Span) && c.Number != nil:
		return strconv.FormatFloat(*c.Number, 'f', -1, 64)
	case kind == Spread:
		var parts []string
		for _, r := range c.Rungs {
			if r.Count > 0 {
				parts = append(parts, string(r.Rung)+"="+strconv.Itoa(r.Count))
			}
		}
		return strings.Join(parts, ";")
	case len(c.Links) > 1:
		ids := make([]string, len(c.Links))
		for i, l := range c.Links {
			ids[i] = cmp.Or(l.ID, l.Text)
		}
		return strings.Join(ids, ";")
	case len(c.Values) > 1:
		return strings.Join(c.Values, ";")
	}
	return c.Text
}

// Excerpt is a stretch of the rows of a list.
type Excerpt struct {
	List
	// Total is how many rows were asked for, of which Rows is a stretch.
	Total int `json:"total"`
}

// Excerpt returns at most limit rows from an offset; 0 is no limit.
func (l List) Excerpt(offset, limit int) Excerpt {
	x := Excerpt{l, len(l.Rows)}
	x.Rows = x.Rows[min(offset, x.Total):]
	if limit > 0 {
		x.Rows = x.Rows[:min(limit, len(x.Rows))]
	}
	return x
}
