// Package export reads the records of a file, however they are wrapped, as JSON
// or as delimited text, and through a product's own reading the alerts that they
// speak of.
//
// Records are streamed: one is held at a time. The package knows no product. It
// refuses JSON that says two things of one key, and it goes on behind a record
// that is broken wherever the next one can be found.
package export

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// Input is a file of records and where to say what is wrong with it.
type Input struct {
	// File names the file in messages.
	File string
	// Text is the content, not compressed.
	Text io.Reader
	// Reject is told each record that is refused, and Warn what was passed over
	// or taken for granted.
	Reject func(evidence.Reject)
	Warn   func(text string)
	// Dates has the order of day and month in the file's dates; see decode.Dates.
	Dates *decode.Dates
}

// Format is how one product's records become alerts.
type Format struct {
	// Read returns the alerts that a record speaks of, and says through the
	// record what is wrong with it.
	Read func(r *Record) []alert.Draft
	// Unit is that in which the product writes times as numbers; 0 where it does not.
	Unit time.Duration
	// Names are the product's names for the fields of a draft, for messages.
	Names map[string]string
	// Table says that the product exports delimited text as well as JSON.
	Table bool
	// Lists are names of the product's own under which a file's list of records may
	// stand at the top, and Within those of objects at the top that such a list may be in.
	Lists, Within []string
}

// Alerts reads the alerts of a file, in its order, on all processors. JSON may be one
// object, a list, an object that holds the list as "value", "results" or "hits", JSON Lines,
// or a query's answer of columns and rows. An error ends the sequence: fault.Invalid when the
// file cannot be read on, or the reader's own.
//
// The strings of an alert are parts of a block of the file: whoever keeps one for long
// clones it, or keeps the block.
func Alerts(in Input, f Format) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		shape := Shape{Tables: f.Table, Lists: f.Lists, Within: f.Within}
		err := Stream(in, shape, func(in Input, _ func(string)) Reader[[]*alert.Alert] {
			a := newReading(in, f)
			return Reader[[]*alert.Alert]{Use: a.record, Take: a.take}
		}, Handing(yield))
		if err != nil {
			yield(nil, err)
		}
	}
}

// Handing returns what hands alerts on one by one, until nobody asks for more.
func Handing(yield func(*alert.Alert, error) bool) func([]*alert.Alert) bool {
	return func(all []*alert.Alert) bool {
		for _, a := range all {
			if !yield(a, nil) {
				return false
			}
		}
		return true
	}
}

// Order returns the dates of a file with their order of day and month, which it reads
// the alerts for. Say is what to do where they do not tell it; see decode.Dates.Tell.
func Order(in Input, alerts func(Input) iter.Seq2[*alert.Alert, error], say string) (*decode.Dates, error) {
	in.Reject, in.Warn, in.Dates = func(evidence.Reject) {}, func(string) {}, decode.NewDates(decode.Untold)
	for _, err := range alerts(in) {
		if err != nil {
			return nil, err
		}
	}
	return in.Dates.Tell(in.File, say)
}

// reading makes alerts of records.
type reading struct {
	format Format
	check  alert.Checker
	out    []*alert.Alert
	now    *Record
}

func newReading(in Input, f Format) *reading {
	a := &reading{format: f}
	a.check = alert.Checker{
		When: func(_, text string) (time.Time, bool) { return a.now.When(text) },
		Help: decode.TimeHelp, Fail: a.fail, Warn: in.Warn,
	}
	return a
}

// take returns the alerts that were made since it was called last.
func (a *reading) take() []*alert.Alert {
	out := a.out
	a.out = make([]*alert.Alert, 0, len(out))
	return out
}

// record reads the alerts of one record.
func (a *reading) record(r *Record) {
	a.now = r
	r.Numbers(a.format.Unit)
	drafts := a.format.Read(r)
	if r.rejected() {
		return
	}
	for i := range drafts {
		if drafts[i].Entity == "" { // what alerts are about besides makes no clusters
			drafts[i].Entities = nil
		}
		if found := a.check.Alert(&drafts[i]); !r.rejected() {
			a.out = append(a.out, found)
		}
	}
}

// fail is told what is wrong with a draft, under Candor's name of the field.
func (a *reading) fail(field, value, reason string) {
	if name, ok := a.format.Names[field]; ok {
		field = name
	}
	a.now.Fail(field, value, reason)
}

// Records calls use for every record of a file, in its order, until it returns
// false. What use says is wrong with a record through its Fail is that record's
// reject. The file is JSON as Alerts reads it or, where tables are asked for too,
// delimited text. The error is fault.Invalid when the file cannot be read on, or
// the reader's own.
func Records(in Input, tables bool, use func(*Record) bool) error {
	return newPump(in, Shape{Tables: tables}, use).run()
}

// Collect reads every record of a file that one function turns into something;
// it returns false for a record to pass over. File names the input in messages.
// It fails as Records does, and with fault.Invalid for delimited text that has not
// every one of the columns.
func Collect[T any](file string, text io.Reader, columns []string, read func(*Record) (T, bool)) (evidence.Decoded[T], error) {
	return collect(file, text, Shape{Tables: true, Columns: columns}, read)
}

// CollectLists is Collect for files whose list of records may stand under other names,
// too.
func CollectLists[T any](file string, text io.Reader, lists []string, read func(*Record) (T, bool)) (evidence.Decoded[T], error) {
	return collect(file, text, Shape{Tables: true, Lists: lists}, read)
}

// CollectLines is Collect for text that is JSON Lines whatever it looks like: each
// line is an object, or a reject that says nothing of the lines behind it.
func CollectLines[T any](file string, text io.Reader, read func(*Record) (T, bool)) (evidence.Decoded[T], error) {
	return collect(file, text, Shape{Lines: true}, read)
}

// collect reads a text, and once more where it has dates whose order the first reading
// told.
func collect[T any](file string, text io.Reader, shape Shape, read func(*Record) (T, bool)) (evidence.Decoded[T], error) {
	return decode.Dated(file, text, func(text io.Reader, dates *decode.Dates) (out evidence.Decoded[T], err error) {
		err = gather(&out, Input{File: file, Text: text, Dates: dates}, shape, read).run()
		return out, err
	})
}

// gather returns what keeps the records of a text in out.
func gather[T any](out *evidence.Decoded[T], in Input, shape Shape, read func(*Record) (T, bool)) *pump {
	in.Reject = func(r evidence.Reject) { out.Rejects = append(out.Rejects, r) }
	in.Warn = func(w string) { out.Warnings = append(out.Warnings, in.File+": "+w) }
	return newPump(in, shape, func(r *Record) bool {
		if v, ok := read(r); ok && !r.rejected() {
			out.Records = append(out.Records, v)
		}
		return true
	})
}

// pump finds the items of a file.
type pump struct {
	in    Input
	shape Shape
	// give is given each, until it returns false.
	give    func(item) bool
	lane    *lane // that reads them, where one does
	stopped bool
}

// newPump returns a pump whose records one function reads.
func newPump(in Input, shape Shape, use func(*Record) bool) *pump {
	p := &pump{in: in, shape: shape, lane: newLane(in, &notes{}, in.Warn, use)}
	p.give = func(it item) bool {
		p.stopped = !p.lane.read(it)
		return !p.stopped
	}
	return p
}

// run reads the file, and tells the notes at its end.
func (p *pump) run() error {
	err := p.read()
	if err == nil && !p.stopped {
		p.lane.notes.tell(p.in.Warn)
	}
	return err
}

func (p *pump) read() error {
	text := bufio.NewReaderSize(p.in.Text, 1<<16)
	if head, _ := text.Peek(3); string(head) == "\ufeff" {
		text.Discard(3) // cannot fail: the bytes were peeked
	}
	if p.shape.Lines {
		return newSplitter(p, text).lines(1, 0)
	}
	head, _ := text.Peek(512)
	head = bytes.TrimLeft(head, " \t\r\n")
	if p.shape.Tables && startsHeaded(head) {
		return p.headed(text)
	}
	if p.shape.Tables && len(head) > 0 && head[0] != '{' && head[0] != '[' {
		return p.table(text)
	}
	return newSplitter(p, text).run()
}

// table reads the rows of delimited text as records.
func (p *pump) table(text io.Reader) error {
	t, err := decode.NewTable(p.in.File, text, ',')
	if err != nil {
		return err
	}
	if err := t.Require(p.shape.Columns...); err != nil {
		return err
	}
	columns := NewColumns(t.Header())
	for {
		row, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if r, bad := row.Bad(); bad {
			if !p.give(item{line: row.Line, bad: &r}) {
				return nil
			}
			continue
		}
		if !p.give(item{line: row.Line, object: columns.Row(row.Cells), spell: t.Spell}) {
			return nil
		}
	}
}

// reject gives a record that is none, of which only a reason is told.
func (p *pump) reject(line int, reason string) bool {
	return p.give(item{line: line, bad: &evidence.Reject{File: p.in.File, Line: line, Reason: reason}})
}

// Record is one record of a file, with its place.
type Record struct {
	Object
	File   string
	Line   int
	bad    *evidence.Reject
	notes  *notes
	clock  *decode.Clock
	reject func(evidence.Reject)
	spell  func(name string) string
	paths  *Paths // that are read, and their texts; there is no Object then
	slots  []slot
	plans  *plans // of Fields; nil for a record that stands alone, as is
	quick  *quickReader
	only   *[1]alert.Draft // where a draft lies that is valid as long as the record; nil for none
}

// rejected tells what is wrong with the record, if anything is, and forgets it.
func (r *Record) rejected() bool {
	bad := r.bad
	if bad == nil {
		return false
	}
	r.bad = nil
	r.reject(*bad)
	return true
}

// Refused tells what is wrong with a part of the record, if anything is, so that the
// rest of it can be read.
func (r *Record) Refused() bool { return r.rejected() }

// Only returns a draft as the only one of the record, valid until the next record is read.
func (r *Record) Only(d *alert.Draft) []alert.Draft {
	if r.only == nil {
		return []alert.Draft{*d}
	}
	r.only[0] = *d
	return r.only[:]
}

// Need returns the text at a path, without which the record is a reject.
func (r *Record) Need(path string) string {
	v := r.Text(path)
	if v == "" {
		r.Fail(path, "", "is missing or empty")
	}
	return v
}

// When returns the time that a text of the record says, and whether it is one.
func (r *Record) When(text string) (time.Time, bool) { return r.clock.Time(text) }

// Numbers says in which unit the product writes times as numbers, so that nothing is
// noted of those.
func (r *Record) Numbers(unit time.Duration) { r.clock.Unit = unit }

// Time returns the time at the first of the paths that has one, and the zero time where
// none has.
func (r *Record) Time(paths ...string) time.Time {
	for _, path := range paths {
		v := r.Text(path)
		if v == "" {
			continue
		}
		t, ok := r.When(v)
		if !ok {
			r.Fail(path, v, decode.TimeHelp)
		}
		return t
	}
	return time.Time{}
}

// Day returns the day of a date or time at a path; empty where there is none.
func (r *Record) Day(path string) day.Date { return r.DayOf(r.Object, path) }

// DayOf returns the day of a date or time at a path of an object that is a part of the
// record; empty where there is none.
func (r *Record) DayOf(o Object, path string) day.Date {
	v := o.Text(path)
	if v == "" {
		return ""
	}
	if d, err := day.Parse(v); err == nil {
		return d
	}
	t, ok := r.When(v)
	if !ok {
		r.Fail(path, v, "not a day such as 2026-06-30, and not a time")
		return ""
	}
	return day.Of(t)
}

// List returns the entries of the list under a name at the top, or of a text
// that is joined by semicolons, each once.
func (r *Record) List(path string) []string {
	if v, ok := r.Get(path); ok {
		if _, listed := v.List(); listed {
			return r.Texts(path)
		}
	}
	var out []string
	for _, text := range r.Texts(path) {
		for _, e := range decode.List(text) {
			if !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return out
}

// IDs returns the ATT&CK IDs in a list at a path, in upper case. One that is not
// valid makes the record a reject; help says what it is not.
func (r *Record) IDs(path string, valid func(string) bool, help string) []string {
	ids := r.List(path)
	for i, id := range ids {
		if ids[i] = strings.ToUpper(id); !valid(ids[i]) {
			r.Fail(path, id, help)
		}
	}
	return ids
}

// Bad reports whether something is wrong with the record.
func (r *Record) Bad() bool { return r.bad != nil }

// Unknown notes the names at the top that are not among the known ones.
func (r *Record) Unknown(known ...string) {
	for _, m := range r.Sorted() {
		if name := m.Name; !slices.Contains(known, name) {
			if r.spell != nil {
				name = r.spell(name)
			}
			r.Note("%s is not known and was passed over", name)
		}
	}
}

// Fail makes the record a reject, unless it is one already.
func (r *Record) Fail(field, value, reason string) {
	if r.bad == nil {
		if r.spell != nil {
			field = r.spell(field)
		}
		r.bad = &evidence.Reject{File: r.File, Line: r.Line, Field: field, Value: value, Reason: reason}
	}
}

// Note says something of the record that is no fault. The same note is told once
// for a file, with the number of records that it is about.
func (r *Record) Note(format string, args ...any) { r.notes.add(fmt.Sprintf(format, args...)) }

// maxNotes bounds how many different notes are kept of a file.
const maxNotes = 50

// notes are counted by their text, in the order in which they came up.
type notes struct {
	all   bool // no bound is kept
	texts []string
	count map[string]int
	more  int
}

func (n *notes) add(text string) {
	if n.count == nil {
		n.count = map[string]int{}
	}
	if n.count[text] == 0 {
		if len(n.texts) == maxNotes && !n.all {
			n.more++
			return
		}
		n.texts = append(n.texts, text)
	}
	n.count[text]++
}

// merge adds what was noted, without a bound, of the records behind those that n is about.
func (n *notes) merge(behind *notes) {
	for _, text := range behind.texts {
		k := behind.count[text]
		if n.count[text] == 0 && len(n.texts) == maxNotes {
			n.more += k
			continue
		}
		n.add(text)
		n.count[text] += k - 1
	}
}

func (n *notes) tell(warn func(string)) {
	for _, t := range n.texts {
		warn(fmt.Sprintf("%s (%s)", t, records(n.count[t])))
	}
	if n.more > 0 {
		warn("other notes were left out (" + records(n.more) + ")")
	}
}

func records(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}
